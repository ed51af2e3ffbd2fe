//! What to cut so that a passage is gone and no gap is left.

use super::block::BULLETS;
use super::span::{is_blank, trim};
use super::{Document, Span};

/// The span to delete so that `passage` goes and the text around it reads on.
///
/// - Whole lines go with their line end, and with blank lines on one side, so that the larger of the two gaps remains.
/// - At the end of the text the blank lines before the passage go; how the text ended, with or without a line end, stays.
/// - Part of a line goes with the blanks on one side of it.
///
/// Applied to the union of two adjoining removals it gives what removing them together takes, and it never joins two
/// paragraphs.
pub(super) fn removal(document: &Document<'_>, passage: Span) -> Span {
    let text = document.text();
    let passage = trim(text, passage);
    if passage.is_empty() {
        return passage;
    }
    let first = document.line_at(passage.start);
    let last = document.line_from(first, passage.end);
    let lines = document.lines();
    let line = Span::new(lines[first].start.min(passage.start), lines[last].end.max(passage.end));
    let before = trim(text, Span::new(line.start, passage.start));
    let after = trim(text, Span::new(passage.end, line.end));
    match (is_marker(&text[before.range()]), after.is_empty()) {
        (true, true) => whole_lines(document, first, last),
        (_, true) => Span::new(before.end, passage.end),
        (_, false) => Span::new(passage.start, after.start),
    }
}

/// Whether `rest` is nothing, or what is left of a list item, quotation or heading when its content is gone.
fn is_marker(rest: &str) -> bool {
    const LONGEST: usize = 24;
    rest.is_empty()
        || rest.len() <= LONGEST
            && (rest.chars().all(|character| character == '>' || character == '#' || BULLETS.contains(character))
                || super::list_marker(&format!("{rest} x")).is_some_and(|length| length > rest.len()))
}

/// What to delete so that the lines `first` to `last` go.
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
        (Some(_), Some(after)) if gap_before >= gap_after => Span::new(lines[first].start, after.start),
        (Some(_), Some(_)) => Span::new(lines[first - gap_before].start, lines[last + 1].start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, passage: &str) -> String {
        let start = text.find(passage).unwrap();
        let document = Document::parse(std::sync::Arc::new(crate::text::Origin::file("a.txt")), text);
        let cut = document.removal(Span::new(start, start + passage.len()));
        format!("{}{}", &text[..cut.start], &text[cut.end..])
    }

    #[test]
    fn a_line_goes_with_its_gap() {
        assert_eq!(without("a\nX\nb\n", "X"), "a\nb\n");
        assert_eq!(without("a\n\nX\n\nb\n", "X"), "a\n\nb\n");
        assert_eq!(without("a\n\nX\nb\n", "X"), "a\n\nb\n");
        assert_eq!(without("a\nX\n\nb\n", "X"), "a\n\nb\n");
        assert_eq!(without("a\r\n\r\nX\r\n\r\nb\r\n", "X"), "a\r\n\r\nb\r\n");
    }

    #[test]
    fn the_ends_of_a_text_stay_as_they_were() {
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
    fn part_of_a_line_goes_with_one_gap() {
        assert_eq!(without("One. X. Two.", "X."), "One. Two.");
        assert_eq!(without("One. X.", "X."), "One.");
        assert_eq!(without("X. Two.", "X."), "Two.");
        assert_eq!(without("a\n- X\nb", "X"), "a\nb");
    }
}
