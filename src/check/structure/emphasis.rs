//! Strong emphasis with one of its marks lost.

use super::{Found, Line, code_spans, is_within, lines_with};
use crate::text::{Document, Span};

pub(super) fn find(document: &Document<'_>, found: &mut Vec<Found>) {
    let lines = lines_with(document, "**");
    let odd: Vec<Option<usize>> = lines.iter().map(lone).collect();
    let mut refers: Option<bool> = None;
    for (index, (line, mark)) in lines.iter().zip(&odd).enumerate() {
        let Some(mark) = *mark else { continue };
        // `Price**` and below it `**Without tax.`: a note and what it is about.
        if mark == 0 && *refers.get_or_insert_with(|| lines.iter().any(is_reference)) {
            continue;
        }
        // Emphasis may run over a line end, and then the line beside this one is odd as well.
        let is_beside = |other: usize| {
            lines
                .get(other)
                .is_some_and(|beside| beside.index.abs_diff(line.index) <= 4 && marks(beside).len() % 2 == 1)
        };
        if is_beside(index + 1) || index.checked_sub(1).is_some_and(is_beside) {
            continue;
        }
        let at = line.span.start + mark;
        let opens = line.text[mark + 2..].starts_with(char::is_alphanumeric);
        let label = if opens { "never closed" } else { "never opened" };
        found.push(Found::new(Span::new(at, at + 2)).label(label));
    }
}

/// Whether the line holds a mark behind a word that is the only one.
fn is_reference(line: &Line<'_, '_>) -> bool {
    let [only] = marks(line)[..] else { return false };
    let after = line.text[only + 2..].chars().next();
    only > 0 && !line.text[..only].ends_with(char::is_whitespace) && after.is_none_or(|c| !c.is_alphanumeric())
}

/// Where exactly two asterisks stand, outside code.
fn marks(line: &Line<'_, '_>) -> Vec<usize> {
    let bytes = line.text.as_bytes();
    let code = code_spans(line.text);
    let mut marks = Vec::new();
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'*', &bytes[at..]) {
        let start = at + offset;
        let length = bytes[start..].iter().take_while(|&&byte| byte == b'*').count();
        let escaped = start > 0 && bytes[start - 1] == b'\\';
        // Three marks are two and one.
        if (length == 2 || length == 3) && !escaped && !is_within(&code, start) {
            marks.push(start);
        }
        at = start + length;
    }
    marks
}

/// The mark that has no other half, where the line decides that: the last opener, or a closer after a colon.
fn lone(line: &Line<'_, '_>) -> Option<usize> {
    let marks = marks(line);
    if marks.len().is_multiple_of(2) {
        return None;
    }
    let text = line.text;
    let begins = |mark: usize| {
        let before = text[..mark].chars().next_back();
        before.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '"' | '“'))
    };
    let opens = |mark: usize| begins(mark) && is_phrase(&text[mark + 2..]);
    let closes = |mark: usize| {
        let after = text[mark + 2..].chars().next();
        text[..mark].ends_with([':', '.', '!', '?']) && after.is_none_or(char::is_whitespace)
    };
    // With all marks before it in pairs the last is alone.
    let pairs = marks.chunks_exact(2).all(|pair| begins(pair[0]));
    let last = *marks.last()?;
    match marks.as_slice() {
        [only] if closes(*only) && !opens(*only) && only + 2 < text.len() => Some(*only),
        _ if pairs && opens(last) => Some(last),
        _ => None,
    }
}

/// Words, not a pattern, a power or the name of an argument.
fn is_phrase(after: &str) -> bool {
    const LONGEST_WORD: usize = 40;
    let mut word = after.chars().take(LONGEST_WORD).take_while(|c| !c.is_whitespace());
    let is_word = after.starts_with(char::is_alphabetic)
        && word.all(|c| !matches!(c, '/' | '*' | '(' | '=' | '_' | '<' | '{' | '\\'));
    is_word && after.chars().take(LONGEST_WORD).any(char::is_whitespace)
}
