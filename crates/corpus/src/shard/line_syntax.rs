//! The syntax of formats with a line per record, used to edit a text without touching the bytes
//! around it.

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

    /// Whether a line can be parsed without its file.
    fn is_self_contained(&self) -> bool;

    /// Edits the text of `literal`, and keeps all other bytes. With `ascii_only`, inserted text is
    /// escaped to ASCII if the format supports it.
    fn edit(&self, literal: &str, edits: &[(Span, &str)], ascii_only: bool) -> Option<String>;

    /// Returns the spelling of the passages at `spans` in `literal`, for [`Replacement::raw`]. It
    /// is `None` for a passage that [`LineSyntax::restore`] would spell the same way.
    fn spellings(&self, literal: &str, spans: &[Span]) -> Option<Vec<Option<String>>>;

    /// Restores passages.
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

/// The relevant fields of a line.
pub(super) struct RecordFields {
    /// The ID, as JSON.
    pub(super) id: Option<String>,
    /// The labels that are strings or numbers.
    pub(super) labels: RecordLabels,
    /// The text, or why there is none.
    pub(super) text: Result<TextField, String>,
}
