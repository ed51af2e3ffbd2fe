//! Strong emphasis with one of its markers missing.

use super::detection::{DetectionSink, StructureDetection};
use super::text_lines::{Line, lines_containing};
use crate::code_spans::{code_spans, is_within};
use dechaff_text::{Document, Span};

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    let lines = lines_containing(document, "**");
    let odd: Vec<Option<usize>> = lines.iter().map(unbalanced_marker).collect();
    let mut has_references: Option<bool> = None;
    for (index, (line, mark)) in lines.iter().zip(&odd).enumerate() {
        let Some(mark) = *mark else { continue };
        // `Price**` with `**Without tax.` below it is a footnote reference and its note.
        if mark == 0 && *has_references.get_or_insert_with(|| lines.iter().any(is_reference)) {
            continue;
        }
        // Emphasis may span a line end. Then a neighbouring line has an odd number of markers as
        // well.
        let has_odd_markers = |other: usize| {
            lines.get(other).is_some_and(|beside| {
                beside.index.abs_diff(line.index) <= 4 && markers(beside).len() % 2 == 1
            })
        };
        if has_odd_markers(index + 1) || index.checked_sub(1).is_some_and(has_odd_markers) {
            continue;
        }
        let at = line.span.start + mark;
        let opens = line.text[mark + 2..].starts_with(char::is_alphanumeric);
        let label = if opens { "never closed" } else { "never opened" };
        detections.push(StructureDetection::new(Span::new(at, at + 2)).with_label(label));
    }
}

/// Whether the only marker of the line follows a word.
fn is_reference(line: &Line<'_, '_>) -> bool {
    let [only] = markers(line)[..] else { return false };
    let after = line.text[only + 2..].chars().next();
    only > 0
        && !line.text[..only].ends_with(char::is_whitespace)
        && after.is_none_or(|c| !c.is_alphanumeric())
}

/// Returns the offsets of two or three consecutive asterisks outside code.
fn markers(line: &Line<'_, '_>) -> Vec<usize> {
    let bytes = line.text.as_bytes();
    let code = code_spans(line.text);
    let mut markers = Vec::new();
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'*', &bytes[at..]) {
        let start = at + offset;
        let length = bytes[start..].iter().take_while(|&&byte| byte == b'*').count();
        let escaped = start > 0 && bytes[start - 1] == b'\\';
        // Three asterisks are strong emphasis plus emphasis.
        if (length == 2 || length == 3) && !escaped && !is_within(&code, start) {
            markers.push(start);
        }
        at = start + length;
    }
    markers
}

/// Returns the marker without a partner, if it can be identified from the line: an opener at the
/// end, or a closer after punctuation.
fn unbalanced_marker(line: &Line<'_, '_>) -> Option<usize> {
    let markers = markers(line);
    if markers.len().is_multiple_of(2) {
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
    // If all markers before it are pairs, the last one is unbalanced.
    let pairs = markers.chunks_exact(2).all(|pair| begins(pair[0]));
    let last = *markers.last()?;
    match markers.as_slice() {
        [only] if closes(*only) && !opens(*only) && only + 2 < text.len() => Some(*only),
        _ if pairs && opens(last) => Some(last),
        _ => None,
    }
}

/// Whether words follow, and not a glob pattern, a power or the name of an argument.
fn is_phrase(after: &str) -> bool {
    const MAX_WORD_LENGTH: usize = 40;
    let mut word = after.chars().take(MAX_WORD_LENGTH).take_while(|c| !c.is_whitespace());
    let is_word = after.starts_with(char::is_alphabetic)
        && word.all(|c| !matches!(c, '/' | '*' | '(' | '=' | '_' | '<' | '{' | '\\'));
    is_word && after.chars().take(MAX_WORD_LENGTH).any(char::is_whitespace)
}
