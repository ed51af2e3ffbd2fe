//! Excerpts of long lines, clipped around a highlighted span by display width. The cost does not
//! depend on the length of the line.

use std::ops::Range;

use super::sanitize::{push_printable, width};
use dechaff_text::{Document, Span};

/// A clipped line and the highlighted part of it.
pub(super) struct Excerpt {
    /// The visible part, printable, with `…` where it was clipped.
    pub(super) text: String,
    /// The highlighted bytes of `text`.
    pub(super) highlight: Range<usize>,
}

impl Excerpt {
    /// Clips the first line of `span` to `columns` around the span.
    pub(super) fn new(document: &Document<'_>, span: Span, columns: usize) -> Self {
        const MIN_COLUMNS: usize = 20;
        /// Context kept before a span that is itself clipped.
        const MIN_LEAD: usize = 12;
        let columns = columns.max(MIN_COLUMNS);
        let line = document.lines().get(document.line_at(span.start)).copied().unwrap_or_default();
        let span =
            Span::new(span.start.clamp(line.start, line.end), span.end.clamp(line.start, line.end));
        let from_span = document.slice(Span::new(span.start, line.end));

        let highlight = fit(from_span.chars(), columns, Some(span.len()));
        let is_clipped = highlight.bytes < span.len();
        let before = document.slice(Span::new(line.start, span.start));
        let after = document.slice(Span::new(span.start + highlight.bytes, line.end));

        let lead = if is_clipped {
            MIN_LEAD
        } else {
            let spare = columns.saturating_sub(highlight.width);
            let tail = fit(after.chars(), columns, None);
            (spare / 2).max(spare.saturating_sub(tail.width + usize::from(!tail.is_complete)))
        };
        let lead = fit(before.chars().rev(), lead, None);
        let highlight = match is_clipped {
            // Leave room for the lead and for an ellipsis on both sides.
            true => {
                fit(from_span.chars(), columns.saturating_sub(lead.width + 2), Some(span.len()))
            }
            false => highlight,
        };

        let mut text = String::new();
        let mut push = |part: &str| {
            for character in part.chars() {
                push_printable(&mut text, character);
            }
            text.len()
        };
        if !lead.is_complete {
            push("…");
        }
        let start = push(&before[before.len() - lead.bytes..]);
        let mut end = push(document.slice(Span::new(span.start, span.start + highlight.bytes)));
        if is_clipped {
            end = push("…");
        } else {
            let used = lead.width + usize::from(!lead.is_complete) + highlight.width;
            let tail = fit_with_ellipsis(after, columns.saturating_sub(used));
            push(&after[..tail.bytes]);
            if !tail.is_complete {
                push("…");
            }
        }
        Self { text, highlight: start..end }
    }
}

/// How much of a text fits.
pub(super) struct Fitted {
    pub(super) bytes: usize,
    width: usize,
    /// Whether all of the text fits.
    pub(super) is_complete: bool,
}

/// Measures how many characters fit into `columns` and `limit` bytes.
pub(super) fn fit(
    characters: impl Iterator<Item = char>,
    columns: usize,
    limit: Option<usize>,
) -> Fitted {
    /// Maximum number of characters, to bound zero-width characters such as combining marks.
    const MAX_CHARACTERS: usize = 4_000;
    let mut bytes = 0;
    let mut used = 0;
    for (count, character) in characters.enumerate() {
        if limit.is_some_and(|limit| bytes >= limit) {
            return Fitted { bytes, width: used, is_complete: true };
        }
        let width = width(character);
        if used + width > columns || count >= MAX_CHARACTERS {
            return Fitted { bytes, width: used, is_complete: false };
        }
        bytes += character.len_utf8();
        used += width;
    }
    Fitted { bytes, width: used, is_complete: true }
}

/// Like [`fit`], but leaves a column for an ellipsis if `text` does not fit.
fn fit_with_ellipsis(text: &str, columns: usize) -> Fitted {
    let fitted = fit(text.chars(), columns, None);
    if fitted.is_complete { fitted } else { fit(text.chars(), columns.saturating_sub(1), None) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dechaff_text::Origin;
    use proptest::prelude::*;
    use std::sync::Arc;
    use unicode_width::UnicodeWidthStr;

    fn excerpt(text: &str, highlighted: &str, columns: usize) -> (String, String) {
        let start = text.find(highlighted).unwrap();
        let document = Document::parse(Arc::new(Origin::file("a")), text);
        let excerpt = Excerpt::new(&document, Span::new(start, start + highlighted.len()), columns);
        let highlight = excerpt.text[excerpt.highlight.clone()].to_owned();
        (excerpt.text, highlight)
    }

    #[test]
    fn clips_a_long_line_around_the_span() {
        let text = format!("{} MARK {}", "before ".repeat(1_000), "after ".repeat(1_000));
        let (line, highlight) = excerpt(&text, "MARK", 40);
        assert_eq!(highlight, "MARK");
        assert!(line.starts_with('…') && line.ends_with('…') && line.width() <= 40, "{line}");
    }

    #[test]
    fn counts_wide_characters_as_two_columns() {
        let text = format!("{}标记{}", "中文".repeat(500), "中文".repeat(500));
        let (line, highlight) = excerpt(&text, "标记", 30);
        assert_eq!(highlight, "标记");
        assert!(line.width() <= 30, "{line}");
    }

    proptest! {
        #[test]
        fn shows_any_span_of_any_line(
            before in "[a中😀\t\u{301}\u{1b}]{0,60}", marked in "[b漢\u{200d}]{0,60}", after in "[c\u{7}é]{0,60}",
            columns in 0_usize..80,
        ) {
            let text = format!("{before}{marked}{after}");
            let document = Document::parse(Arc::new(Origin::file("a")), &text);
            let excerpt = Excerpt::new(&document, Span::new(before.len(), before.len() + marked.len()), columns);
            prop_assert!(excerpt.text.get(excerpt.highlight.clone()).is_some());
            prop_assert!(!excerpt.text.contains(char::is_control));
        }
    }
}
