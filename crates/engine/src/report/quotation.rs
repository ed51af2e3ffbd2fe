//! Short quotations of flagged text, for formats with one line per finding.

use super::excerpt::fit;
use super::printable;
use dechaff_text::{Document, Span, trim};

/// Width of a quotation in columns, without its quotation marks.
const COLUMNS: usize = 60;

/// Returns the first line of the flagged text in quotation marks, clipped to a few words. Flagged
/// punctuation is quoted with the rest of its line. Returns `None` if nothing visible is flagged.
pub(super) fn quotation(document: &Document<'_>, span: Span) -> Option<String> {
    let span = trim(document.text(), span);
    if span.is_empty() {
        return None;
    }
    let line_end =
        document.lines().get(document.line_at(span.start)).map_or(span.end, |line| line.end);
    let line_end = line_end.max(span.start);
    let is_words = |text: &str| text.chars().take(COLUMNS).any(char::is_alphanumeric);
    // A marker such as `##` is meaningless without the words after it.
    let end = match span.end.min(line_end) {
        end if is_words(document.slice(Span::new(span.start, end))) => end,
        _ => line_end,
    };
    let line = document.slice(Span::new(span.start, end));
    let fitted = fit(line.chars(), COLUMNS, None);
    let ellipsis = if fitted.is_complete && span.end <= end { "" } else { "…" };
    Some(format!("“{}{ellipsis}”", printable(line[..fitted.bytes].trim_end())))
}
