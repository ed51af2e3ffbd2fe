//! The span to delete so that removing a passage leaves no gap.

use super::block::BULLETS;
use super::span::{is_blank, trim};
use super::{Document, Span};

/// Returns the span to delete so that the text around `passage` still reads well.
///
/// - Whole lines are deleted with their line ending and the blank lines on the side with fewer of
///   them, so that the larger gap remains.
/// - At the end of the text, the blank lines before the passage are deleted. The text still ends
///   with or without a line ending, as before.
/// - Part of a line is deleted with the whitespace on one side.
///
/// Applied to the union of two adjoining deletions, it returns what deleting both passages together
/// would delete. It never joins two paragraphs.
pub(super) fn deletion_span(document: &Document<'_>, passage: Span) -> Span {
    let text = document.text();
    let passage = trim(text, passage);
    if passage.is_empty() {
        return passage;
    }
    let first = document.line_at(passage.start);
    let last = document.line_at_or_after(first, passage.end);
    let lines = document.lines();
    let line = Span::new(lines[first].start.min(passage.start), lines[last].end.max(passage.end));
    let before = trim(text, Span::new(line.start, passage.start));
    let after = trim(text, Span::new(passage.end, line.end));
    match (is_leftover_marker(&text[before.range()]), after.is_empty()) {
        (true, true) => whole_lines(document, first, last),
        (_, true) => Span::new(before.end, passage.end),
        (_, false) => Span::new(passage.start, after.start),
    }
}

/// Whether `rest` is empty or the marker of a list item, quotation or heading without content.
fn is_leftover_marker(rest: &str) -> bool {
    const MAX_BYTES: usize = 24;
    rest.is_empty()
        || rest.len() <= MAX_BYTES
            && (rest.chars().all(|character| {
                character == '>' || character == '#' || BULLETS.contains(character)
            }) || super::list_marker(&format!("{rest} x"))
                .is_some_and(|length| length > rest.len()))
}

/// Returns the span to delete so that the lines `first` to `last` leave no gap.
fn whole_lines(document: &Document<'_>, first: usize, last: usize) -> Span {
    let (text, lines) = (document.text(), document.lines());
    let is_empty = |line: &Span| text[line.range()].chars().all(is_blank);
    let gap_before = lines[..first].iter().rev().take_while(|line| is_empty(line)).count();
    let gap_after = lines[last + 1..].iter().take_while(|line| is_empty(line)).count();
    let kept_before = (first - gap_before).checked_sub(1).map(|kept| lines[kept]);
    let kept_after = lines.get(last + 1 + gap_after);
    match (kept_before, kept_after) {
        (None, None) => Span::new(lines[0].start, text.len()),
        (Some(before), None) => Span::new(before.end, lines[last].end),
        (None, Some(after)) => Span::new(lines[0].start, after.start),
        (Some(_), Some(after)) if gap_before >= gap_after => {
            Span::new(lines[first].start, after.start)
        }
        (Some(_), Some(_)) => Span::new(lines[first - gap_before].start, lines[last + 1].start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, passage: &str) -> String {
        let start = text.find(passage).unwrap();
        let document = Document::parse(std::sync::Arc::new(crate::Origin::file("a.txt")), text);
        let cut = document.deletion_span(Span::new(start, start + passage.len()));
        format!("{}{}", &text[..cut.start], &text[cut.end..])
    }

    #[test]
    fn deletes_a_line_with_the_smaller_gap() {
        assert_eq!(without("a\nX\nb\n", "X"), "a\nb\n");
        assert_eq!(without("a\n\nX\n\nb\n", "X"), "a\n\nb\n");
        assert_eq!(without("a\n\nX\nb\n", "X"), "a\n\nb\n");
        assert_eq!(without("a\nX\n\nb\n", "X"), "a\n\nb\n");
        assert_eq!(without("a\r\n\r\nX\r\n\r\nb\r\n", "X"), "a\r\n\r\nb\r\n");
    }

    #[test]
    fn keeps_how_the_text_starts_and_ends() {
        assert_eq!(without("a\n\nX", "X"), "a");
        assert_eq!(without("a\n\nX\n", "X"), "a\n");
        assert_eq!(without("a\n\nX\n\n\n", "X"), "a\n\n\n");
        assert_eq!(without("X\n\na\n", "X"), "a\n");
        assert_eq!(without("\u{FEFF}X\n\na", "X"), "\u{FEFF}a");
        assert_eq!(without("X\n", "X"), "");
        assert_eq!(without("X\n\n    code\n", "X"), "    code\n");
        assert_eq!(without("a\u{200b}\n\nX", "X"), "a\u{200b}");
    }

    #[test]
    fn deletes_part_of_a_line_with_one_space() {
        assert_eq!(without("One. X. Two.", "X."), "One. Two.");
        assert_eq!(without("One. X.", "X."), "One.");
        assert_eq!(without("X. Two.", "X."), "Two.");
        assert_eq!(without("a\n- X\nb", "X"), "a\nb");
    }
}
