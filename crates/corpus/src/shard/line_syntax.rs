//! How a format with a line per record writes the fields of a record, so that its text can be
//! edited without touching the bytes around it.

use std::fmt::Debug;
use std::ops::Range;

use super::ReadOptions;
use super::json_string::LoneSurrogates;
use super::labels::RecordLabels;
use crate::undo_log::Replacement;
use dechaff_text::Span;

/// Parses the lines of a shard, and edits the literal of the text in them.
///
/// The edits of the methods are spans of the text, sorted and disjoint. A result of `None` means
/// that the literal is malformed or the edits do not fit it.
pub(super) trait LineSyntax: Debug + Send + Sync {
    /// Parses a line without a byte order mark.
    fn parse(&self, line: &str, read_options: &ReadOptions) -> RecordFields;

    /// Whether a line can be parsed without knowing the file that it is from.
    fn is_self_contained(&self) -> bool;

    /// Edits the text of `literal`, and keeps the bytes of the rest. With `ascii_only`, inserted
    /// text is escaped to ASCII if the format can do that.
    fn edit(&self, literal: &str, edits: &[(Span, &str)], ascii_only: bool) -> Option<String>;

    /// Returns how `literal` writes the passages at `spans`, for [`Replacement::raw`]. A passage
    /// that [`LineSyntax::restore`] writes the same way is `None`.
    fn spellings(&self, literal: &str, spans: &[Span]) -> Option<Vec<Option<String>>>;

    /// Puts passages back.
    fn restore(
        &self,
        literal: &str,
        replacements: &[Replacement],
        ascii_only: bool,
    ) -> Option<String>;
}

/// The text field of a line.
pub(super) struct TextField {
    /// The range of the literal in the line, including any quotes.
    pub(super) literal: Range<usize>,
    pub(super) text: String,
    pub(super) lone_surrogates: Option<LoneSurrogates>,
}

/// The fields of a line that are read.
pub(super) struct RecordFields {
    /// The ID, as JSON.
    pub(super) id: Option<String>,
    /// The labels that are strings or numbers.
    pub(super) labels: RecordLabels,
    /// The text, or why there is none.
    pub(super) text: Result<TextField, String>,
}
