//! The part of a line that is shown: clipped around what is marked, by display width, at a cost that does not depend on the
//! line's length.

use std::ops::Range;

use super::sanitize::{push_printable, width};
use crate::text::{Document, Span};

/// A line as it is shown, and where in it the mark stands.
pub(super) struct Window {
    /// The shown part, printable, with `…` where it was clipped.
    pub(super) text: String,
    /// The marked bytes of `text`.
    pub(super) mark: Range<usize>,
}

/// The part of the line around `span` that fits into `columns`; of a span over several lines, its first line.
pub(super) fn window(document: &Document<'_>, span: Span, columns: usize) -> Window {
    const LEAST: usize = 20;
    /// Columns of context kept before a mark that does not fit with it.
    const LEAD: usize = 12;
    let columns = columns.max(LEAST);
    let line = document.lines().get(document.line_at(span.start)).copied().unwrap_or_default();
    let mark = Span::new(span.start.clamp(line.start, line.end), span.end.clamp(line.start, line.end));

    let marked = take(document.slice(Span::new(mark.start, line.end)).chars(), columns, Some(mark.len()));
    let spare = columns.saturating_sub(marked.width);
    let before = document.slice(Span::new(line.start, mark.start));
    let after = document.slice(Span::new(mark.start + marked.bytes, line.end));

    let behind = take(after.chars(), columns, None);
    let lead = if marked.bytes < mark.len() {
        LEAD
    } else {
        (spare / 2).max(spare.saturating_sub(behind.width + usize::from(!behind.complete)))
    };
    let ahead = take(before.chars().rev(), lead, None);
    let marked = match marked.bytes < mark.len() {
        // The mark does not fit: make room for what stands before it and for the sign of the cut.
        true => {
            let room = columns.saturating_sub(ahead.width + 2);
            take(document.slice(Span::new(mark.start, line.end)).chars(), room, Some(mark.len()))
        }
        false => marked,
    };
    let used = ahead.width + usize::from(!ahead.complete) + marked.width;
    let behind = match marked.bytes < mark.len() {
        true => Taken { bytes: 0, width: 0, complete: false },
        false => {
            let room = columns.saturating_sub(used);
            let fits = take(after.chars(), room, None);
            if fits.complete { fits } else { take(after.chars(), room.saturating_sub(1), None) }
        }
    };

    let mut text = String::new();
    let mut push = |part: &str| {
        for character in part.chars() {
            push_printable(&mut text, character);
        }
        text.len()
    };
    if !ahead.complete {
        push("…");
    }
    let start = push(&before[before.len() - ahead.bytes..]);
    let shown_end = mark.start + marked.bytes;
    let mut end = push(document.slice(Span::new(mark.start, shown_end)));
    if shown_end < mark.end {
        end = push("…");
    } else {
        push(&after[..behind.bytes]);
        if !behind.complete {
            push("…");
        }
    }
    Window { text, mark: start..end }
}

/// How much of a text was taken.
struct Taken {
    bytes: usize,
    width: usize,
    /// Nothing was left over.
    complete: bool,
}

/// Takes characters while they fit into `columns` and, if given, within `limit` bytes.
fn take(characters: impl Iterator<Item = char>, columns: usize, limit: Option<usize>) -> Taken {
    /// Characters without width, such as combining marks, are taken with their base, but not without end.
    const MOST_CHARACTERS: usize = 4_000;
    let (mut bytes, mut taken) = (0, 0);
    for (count, character) in characters.enumerate() {
        if limit.is_some_and(|limit| bytes >= limit) {
            return Taken { bytes, width: taken, complete: true };
        }
        let wide = width(character);
        if taken + wide > columns || count >= MOST_CHARACTERS {
            return Taken { bytes, width: taken, complete: false };
        }
        bytes += character.len_utf8();
        taken += wide;
    }
    Taken { bytes, width: taken, complete: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Origin;
    use proptest::prelude::*;
    use std::sync::Arc;
    use unicode_width::UnicodeWidthStr;

    fn shown(text: &str, marked: &str, columns: usize) -> (String, String) {
        let start = text.find(marked).unwrap();
        let document = Document::parse(Arc::new(Origin::file("a")), text);
        let window = window(&document, Span::new(start, start + marked.len()), columns);
        let mark = window.text[window.mark.clone()].to_owned();
        (window.text, mark)
    }

    #[test]
    fn a_long_line_is_clipped_around_the_mark() {
        let text = format!("{} MARK {}", "before ".repeat(1_000), "after ".repeat(1_000));
        let (line, mark) = shown(&text, "MARK", 40);
        assert_eq!(mark, "MARK");
        assert!(line.starts_with('…') && line.ends_with('…') && line.width() <= 40, "{line}");
    }

    #[test]
    fn wide_characters_take_their_room() {
        let text = format!("{}标记{}", "中文".repeat(500), "中文".repeat(500));
        let (line, mark) = shown(&text, "标记", 30);
        assert_eq!(mark, "标记");
        assert!(line.width() <= 30, "{line}");
    }

    proptest! {
        #[test]
        fn any_mark_on_any_line_is_shown(
            before in "[a中😀\t\u{301}\u{1b}]{0,60}", marked in "[b漢\u{200d}]{0,60}", after in "[c\u{7}é]{0,60}",
            columns in 0_usize..80,
        ) {
            let text = format!("{before}{marked}{after}");
            let document = Document::parse(Arc::new(Origin::file("a")), &text);
            let window = window(&document, Span::new(before.len(), before.len() + marked.len()), columns);
            prop_assert!(window.text.get(window.mark.clone()).is_some());
            prop_assert!(!window.text.contains(char::is_control));
        }
    }
}
