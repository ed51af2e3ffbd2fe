//! Fields: `label : value` in the layouts that generators and their templates write.

use crate::text::{Span, list_marker, trim, words};

/// A label and its value, as spans into the document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) label: Span,
    pub(super) value: Span,
}

/// Bytes of the longest label; Cyrillic and Thai letters take two and three.
const LONGEST_LABEL: usize = 60;
/// Bytes of the longest line that is looked at; a record's biography may run long.
const LONGEST_LINE: usize = 1_000;

/// The fields on one line: one, or several separated by ` | ` or `; `.
pub(super) fn fields(text: &str, line: Span) -> Vec<Field> {
    if line.len() > LONGEST_LINE {
        return Vec::new();
    }
    let marker = list_marker(&text[line.range()]).unwrap_or(0);
    let line = trim(text, Span::new(line.start + marker, line.end));
    let content = &text[line.range()];
    if content.starts_with('|') {
        return cells(text, line).into_iter().collect();
    }
    let parts = split(text, line, " | ").or_else(|| split(text, line, "; "));
    match parts {
        Some(parts) => parts.into_iter().filter_map(|part| field(text, part)).collect(),
        None => field(text, line).into_iter().collect(),
    }
}

/// The parts of a line between separators, if it has some and each is a field.
fn split(text: &str, line: Span, separator: &str) -> Option<Vec<Span>> {
    let content = &text[line.range()];
    if !content.contains(separator) {
        return None;
    }
    let mut at = line.start;
    let mut parts = Vec::new();
    for part in content.split(separator) {
        parts.push(trim(text, Span::new(at, at + part.len())));
        at += part.len() + separator.len();
    }
    parts.iter().all(|&part| field(text, part).is_some()).then_some(parts)
}

/// A table row of two cells.
fn cells(text: &str, line: Span) -> Option<Field> {
    let inner = text[line.range()].strip_prefix('|')?.trim_end().strip_suffix('|')?;
    let pipe = inner.find('|')?;
    if inner[pipe + 1..].contains('|') {
        return None;
    }
    let start = line.start + 1;
    let label = trim(text, Span::new(start, start + pipe));
    let value = trim(text, Span::new(start + pipe + 1, start + inner.len()));
    (!label.is_empty() && label.len() <= LONGEST_LABEL && !value.is_empty()).then_some(Field { label, value })
}

fn field(text: &str, span: Span) -> Option<Field> {
    let content = &text[span.range()];
    let (at, length) = separator(content)?;
    let label = trim(text, Span::new(span.start, span.start + at));
    let value = trim(text, Span::new(span.start + at + length, span.end));
    // Emphasis that closes after the colon belongs to the label.
    let stripped = text[value.range()].trim_start_matches(['*', '_', ' ']);
    let value = trim(text, Span::new(value.end - stripped.len(), value.end));
    (!label.is_empty() && label.len() <= LONGEST_LABEL && !value.is_empty()).then_some(Field { label, value })
}

/// Place and length of what stands between label and value: a colon in any width, a tab, an equals sign or a dash.
fn separator(content: &str) -> Option<(usize, usize)> {
    let mut end = content.len().min(LONGEST_LABEL + 4);
    while !content.is_char_boundary(end) {
        end -= 1;
    }
    let head = &content[..end];
    let of = |mark: &str| head.find(mark).map(|at| (at, mark.len()));
    of(":").or_else(|| of("：")).or_else(|| of("\t")).or_else(|| of(" = ")).or_else(|| of(" – ")).or_else(|| of(" - "))
}

/// The words of a label, lower case, joined by single spaces.
pub(super) fn key(label: &str) -> String {
    let separated = label.replace(['_', '-'], " ");
    let words: Vec<String> = words(&separated).map(|word| separated[word.range()].to_lowercase()).collect();
    words.join(" ")
}
