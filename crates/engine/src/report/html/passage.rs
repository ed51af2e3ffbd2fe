//! Bounded extracts of documents, with what a fix changes marked.

use std::fmt::Write as _;

use super::escape::{counted, push_lines};
use dechaff_findings::{Edit, Finding};
use dechaff_text::{Document, Span};

/// Bytes of context on each side, and lines before the finding.
const CONTEXT_BYTES: usize = 160;
const CONTEXT_LINES: usize = 2;
/// Maximum length of a part of a passage. Longer parts lose their middle.
const MAX_PART_BYTES: usize = 700;
/// Maximum number of parts of a passage, such as the edits of a table.
const MAX_PARTS: usize = 24;
/// Words up to this length are not cut.
const MAX_WORD_BYTES: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PassagePart {
    Context,
    /// Flagged, but not changed by the fix.
    Flagged,
    Removed,
    Inserted,
}

/// A passage as HTML, for a `pre` element.
#[derive(Debug, Clone, Default)]
pub struct Passage {
    /// The passage, escaped.
    pub html: String,
}

impl Passage {
    /// Creates the passage of a finding, with the edits of its fix, or else with the flagged bytes
    /// marked.
    pub(super) fn of_finding(document: &Document<'_>, finding: &Finding) -> Self {
        let edits = finding.fix.as_ref().map_or(&[][..], |fix| &fix.edits);
        Self::new(document, finding.span, edits)
    }

    /// Creates the passage at `span` with the `marks` in it.
    pub(super) fn with_marks(document: &Document<'_>, span: Span, marks: &[Span]) -> Self {
        let mut passage = Self::default();
        let mut at = span.start;
        for mark in marks.iter().filter(|mark| span.contains(**mark)) {
            if mark.start >= at {
                passage.push(PassagePart::Context, document, at, mark.start);
                passage.push(PassagePart::Flagged, document, mark.start, mark.end);
                at = mark.end;
            }
        }
        passage.push(PassagePart::Context, document, at, span.end);
        passage
    }

    fn new(document: &Document<'_>, span: Span, edits: &[Edit]) -> Self {
        let text = document.text();
        let covered = edits.iter().fold(span, |covered, edit| covered.cover(edit.span));
        let (before, after) = context(text, covered);
        let mut passage = Self::default();
        if before > 0 && text.as_bytes().get(before - 1) != Some(&b'\n') {
            passage.html.push('…');
        }
        passage.push(PassagePart::Context, document, before, covered.start);
        let mut at = covered.start;
        for edit in edits.iter().take(MAX_PARTS) {
            passage.push_unchanged(document, span, at, edit.span.start);
            passage.push(PassagePart::Removed, document, edit.span.start, edit.span.end);
            passage.push_part(PassagePart::Inserted, &edit.content);
            at = edit.span.end.max(at);
        }
        if edits.len() > MAX_PARTS {
            let more = counted((edits.len() - MAX_PARTS) as u64, "more change");
            let _ = write!(passage.html, "<span class=\"gap\"> … {more}</span>");
            return passage;
        }
        passage.push_unchanged(document, span, at, covered.end);
        passage.push(PassagePart::Context, document, covered.end, after);
        if after < text.len() && text.as_bytes().get(after) != Some(&b'\n') {
            passage.html.push('…');
        }
        passage
    }

    /// Appends text that the fix keeps, part of which may be flagged.
    fn push_unchanged(&mut self, document: &Document<'_>, flagged: Span, start: usize, end: usize) {
        let inner = Span::new(
            flagged.start.clamp(start, end.max(start)),
            flagged.end.clamp(start, end.max(start)),
        );
        self.push(PassagePart::Context, document, start, inner.start);
        self.push(PassagePart::Flagged, document, inner.start, inner.end);
        self.push(PassagePart::Context, document, inner.end, end);
    }

    fn push(&mut self, part: PassagePart, document: &Document<'_>, start: usize, end: usize) {
        self.push_part(part, document.text().get(start..end).unwrap_or_default());
    }

    fn push_part(&mut self, part: PassagePart, text: &str) {
        if text.is_empty() {
            return;
        }
        let (open, close) = match part {
            PassagePart::Context => ("", ""),
            PassagePart::Flagged => ("<mark>", "</mark>"),
            PassagePart::Removed => ("<del>", "</del>"),
            PassagePart::Inserted => ("<ins>", "</ins>"),
        };
        let shows_ends = matches!(part, PassagePart::Removed | PassagePart::Inserted);
        self.html.push_str(open);
        if text.len() <= MAX_PART_BYTES {
            push_lines(&mut self.html, text, shows_ends);
        } else {
            let head = word_end(text, MAX_PART_BYTES * 2 / 3);
            let tail = word_start(text, text.len() - MAX_PART_BYTES / 5);
            push_lines(&mut self.html, &text[..head], shows_ends);
            let left_out = counted((tail - head) as u64, "byte");
            let _ = write!(self.html, "<span class=\"gap\"> … {left_out} … </span>");
            push_lines(&mut self.html, &text[tail..], shows_ends);
        }
        self.html.push_str(close);
    }
}

/// Returns where the context of `span` starts and ends.
fn context(text: &str, span: Span) -> (usize, usize) {
    let mut before = word_start(text, span.start.saturating_sub(CONTEXT_BYTES));
    let lead = text.get(before..span.start).unwrap_or_default();
    if let Some((newline, _)) = lead.rmatch_indices('\n').nth(CONTEXT_LINES) {
        before += newline + 1;
    }
    let mut after = word_end(text, span.end.saturating_add(CONTEXT_BYTES));
    let tail = text.get(span.end..after).unwrap_or_default();
    if let Some((newline, _)) = tail.match_indices('\n').nth(CONTEXT_LINES) {
        after = span.end + newline;
    }
    (before.min(span.start), after.max(span.end))
}

/// Returns the start of the next word after `at`, or `at` itself if a long word or the text starts
/// there.
fn word_start(text: &str, at: usize) -> usize {
    let at = text.ceil_char_boundary(at);
    let end = text.floor_char_boundary(at.saturating_add(MAX_WORD_BYTES).min(text.len()));
    if at == 0 {
        return at;
    }
    // A word may start here, after a space.
    let from = text.floor_char_boundary(at - 1);
    let blank = text[from..end.max(at)].char_indices().find(|(_, c)| c.is_whitespace());
    blank.map_or(at, |(blank, character)| from + blank + character.len_utf8())
}

/// Returns the end of the last word before `at`, or `at` itself if a long word or the text ends
/// there.
fn word_end(text: &str, at: usize) -> usize {
    if at >= text.len() {
        return text.len();
    }
    let at = text.floor_char_boundary(at);
    let start = text.floor_char_boundary(at.saturating_sub(MAX_WORD_BYTES));
    let end = text.ceil_char_boundary(at + 1);
    text[start..end].rfind(char::is_whitespace).map_or(at, |blank| start + blank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extracts_are_cut_between_words() {
        let text = "one two\u{2003}three";
        let cuts =
            |cut: fn(&str, usize) -> usize| [0, 1, 3, 4, 5, 7, 10, 13, 15].map(|at| cut(text, at));
        assert_eq!(cuts(word_start), [0, 4, 4, 4, 10, 10, 10, 13, 15]);
        assert_eq!(cuts(word_end), [0, 1, 3, 3, 3, 7, 7, 7, 15]);
        let long = "é".repeat(100);
        assert_eq!([word_start(&long, 51), word_end(&long, 51)], [52, 50]);
    }
}
