//! Values that are read from a record in addition to its text and its ID.

use super::ReadOptions;

/// Values of a record that describe its document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordLabels {
    /// The value by which records are grouped, see [`ReadOptions::group_by`].
    pub group: Option<String>,
    /// The language as written in the record, see [`ReadOptions::language_fields`].
    pub language: Option<String>,
}

/// The maximum number of fields that labels are read from.
pub(super) const MAX_LABEL_FIELDS: usize = 3;

impl RecordLabels {
    /// Creates the labels from the values of [`ReadOptions::label_fields`].
    pub(super) fn new([group, language, other]: [Option<String>; MAX_LABEL_FIELDS]) -> Self {
        let is_filled = |language: &String| !language.trim().is_empty();
        Self { group, language: language.filter(is_filled).or(other.filter(is_filled)) }
    }
}

impl ReadOptions {
    /// Returns the fields or columns that labels are read from: that of the group, then those of
    /// the language.
    pub(super) fn label_fields(&self) -> [Option<&str>; MAX_LABEL_FIELDS] {
        let mut languages = self.language_fields.iter().map(String::as_str);
        [self.group_field(), languages.next(), languages.next()]
    }
}
