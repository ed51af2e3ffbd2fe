//! Byte ranges in a document's text.

use std::ops::Range;

use serde::Serialize;

/// A half-open byte range, `start..end`, of one document's text.
///
/// Both ends lie on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Creates the span from `start` up to, but not including, `end`.
    #[inline]
    pub fn new(start: usize, end: usize) -> Self {
        debug_assert!(start <= end, "start after end: {start}..{end}");
        Self { start, end }
    }

    /// Returns the length in bytes.
    #[inline]
    pub fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether the span is empty.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns the span as a range, for slicing.
    #[inline]
    pub fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether this span contains all of `other`.
    #[inline]
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two spans share a byte.
    #[inline]
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Returns the smallest span that contains both.
    #[inline]
    pub fn cover(self, other: Span) -> Span {
        Span::new(self.start.min(other.start), self.end.max(other.end))
    }

    /// Returns this span moved right by `bytes`.
    #[inline]
    pub fn shift(self, bytes: usize) -> Span {
        Span::new(self.start + bytes, self.end + bytes)
    }
}

/// Trims blank characters from both ends of `span`. An all-blank span becomes empty, at its start.
pub fn trim(text: &str, span: Span) -> Span {
    let slice = &text[span.range()];
    let bytes = slice.as_bytes();
    let is_shown = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_shown(bytes.first()) && is_shown(bytes.last()) {
        return span;
    }
    let trimmed = slice.trim_matches(is_blank);
    if trimmed.is_empty() {
        return Span::new(span.start, span.start);
    }
    let start = span.start + (slice.len() - slice.trim_start_matches(is_blank).len());
    Span::new(start, start + trimmed.len())
}

/// Whether a character is invisible: whitespace, a byte order mark or a zero-width character.
pub fn is_blank(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_whitespace() || character == '\u{B}';
    }
    character.is_whitespace()
        || matches!(character, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{00AD}')
}
