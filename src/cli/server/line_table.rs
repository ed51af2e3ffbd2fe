//! Converts between byte offsets and the positions of the protocol.
//!
//! The protocol ends lines at `\n`, `\r\n` and a lone `\r`, and counts characters in units that
//! client and server agree on. dechaff's own lines and columns are different.

use serde::{Deserialize, Serialize};

use crate::text::Span;

/// The units in which a client counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PositionEncoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, which every client knows.
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

/// A position as a 0-based line and the number of units before it in that line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct LspPosition {
    pub(super) line: usize,
    pub(super) character: usize,
}

/// The text between two positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LspRange {
    pub(super) start: LspPosition,
    pub(super) end: LspPosition,
}

/// The lines of a text, with the number of units before each step of bytes, so that looking up a
/// position in a long line does not scan it.
#[derive(Debug)]
pub(super) struct LineTable {
    encoding: PositionEncoding,
    /// The content of each line, without its line ending.
    lines: Vec<Span>,
    /// The number of units before each multiple of [`STEP`] bytes.
    checkpoints: Vec<usize>,
}

const STEP: usize = 1024;

impl PositionEncoding {
    /// Returns the first known encoding of a client's list, or UTF-16 if there is none.
    pub(super) fn negotiate<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        let known = [Self::Utf8, Self::Utf16, Self::Utf32];
        let find = |name: &str| known.into_iter().find(|encoding| encoding.name() == name);
        names.into_iter().find_map(find).unwrap_or(Self::Utf16)
    }

    /// Returns the name in the protocol.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        }
    }

    /// Counts the units of the characters that start in `bytes`.
    fn count(self, bytes: &[u8]) -> usize {
        let starts = || bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        match self {
            Self::Utf8 => bytes.len(),
            Self::Utf16 => starts() + bytes.iter().filter(|&&byte| byte >= 0xF0).count(),
            Self::Utf32 => starts(),
        }
    }

    fn units(self, character: char) -> usize {
        match self {
            Self::Utf8 => character.len_utf8(),
            Self::Utf16 => character.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

impl LineTable {
    pub(super) fn new(text: &str, encoding: PositionEncoding) -> Self {
        let mut total = 0;
        let checkpoints = text.as_bytes().chunks(STEP).map(|chunk| {
            let before = total;
            total += encoding.count(chunk);
            before
        });
        Self { encoding, checkpoints: checkpoints.collect(), lines: split_lines(text.as_bytes()) }
    }

    pub(super) fn encoding(&self) -> PositionEncoding {
        self.encoding
    }

    /// Returns the position of a byte offset. `text` is that of the table.
    pub(super) fn position(&self, text: &str, offset: usize) -> LspPosition {
        let offset = offset.min(text.len());
        let line = self.lines.partition_point(|line| line.start <= offset).saturating_sub(1);
        let start = self.lines.get(line).map_or(0, |line| line.start);
        let character = self.units_before(text, offset) - self.units_before(text, start);
        LspPosition { line, character }
    }

    pub(super) fn range(&self, text: &str, span: Span) -> LspRange {
        LspRange { start: self.position(text, span.start), end: self.position(text, span.end) }
    }

    /// Returns the byte offset of a position. A position beyond the end of its line becomes the end
    /// of the line, and one within a character becomes the start of the character.
    pub(super) fn offset(&self, text: &str, position: LspPosition) -> usize {
        let Some(line) = self.lines.get(position.line) else { return text.len() };
        let target = self.units_before(text, line.start).saturating_add(position.character);
        // Skip whole steps, then count single characters.
        let step = self.checkpoints.partition_point(|before| *before <= target).saturating_sub(1);
        let mut offset = (step * STEP).clamp(line.start, line.end);
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let mut units = self.units_before(text, offset);
        for character in text[offset..line.end].chars() {
            units += self.encoding.units(character);
            if units > target {
                break;
            }
            offset += character.len_utf8();
        }
        offset
    }

    /// Returns the span of a range, whose ends may be in the wrong order.
    pub(super) fn span(&self, text: &str, range: LspRange) -> Span {
        let (start, end) = (self.offset(text, range.start), self.offset(text, range.end));
        Span::new(start.min(end), start.max(end))
    }

    fn units_before(&self, text: &str, offset: usize) -> usize {
        let step = (offset / STEP).min(self.checkpoints.len().saturating_sub(1));
        let before = self.checkpoints.get(step).copied().unwrap_or(0);
        before + self.encoding.count(&text.as_bytes()[step * STEP..offset])
    }
}

/// Returns the content of each line. A line ending at the end of the text starts an empty line.
fn split_lines(bytes: &[u8]) -> Vec<Span> {
    let mut lines = Vec::new();
    let mut start = 0;
    for end in memchr::memchr2_iter(b'\n', b'\r', bytes) {
        // The `\n` of a `\r\n`.
        if end < start {
            continue;
        }
        lines.push(Span::new(start, end));
        start = end + if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
    }
    lines.push(Span::new(start, bytes.len()));
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the position of an offset by counting from the start.
    fn counted(text: &str, offset: usize, encoding: PositionEncoding) -> LspPosition {
        let (mut line, mut start) = (0, 0);
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next().filter(|(at, _)| *at < offset) {
            let next = characters.peek().map(|(_, next)| *next);
            if character == '\n' || character == '\r' && next != Some('\n') {
                (line, start) = (line + 1, at + 1);
            }
        }
        let units = text[start..offset].chars().map(|character| encoding.units(character));
        LspPosition { line, character: units.sum() }
    }

    proptest! {
        #[test]
        fn positions_are_those_of_counting(
            parts in prop::collection::vec(
                prop::sample::select(vec!["a", "e\u{301}", "é", "中", "😀", "👩‍🚀", "\n", "\r\n", "\r", " "]),
                0..900,
            ),
        ) {
            let text = parts.concat();
            for encoding in [PositionEncoding::Utf8, PositionEncoding::Utf16, PositionEncoding::Utf32] {
                let table = LineTable::new(&text, encoding);
                for (offset, _) in text.char_indices().step_by(7) {
                    let position = table.position(&text, offset);
                    prop_assert_eq!(position, counted(&text, offset, encoding));
                    // An offset within a line ending has no position.
                    if !text[..offset].ends_with('\r') || !text[offset..].starts_with('\n') {
                        prop_assert_eq!(table.offset(&text, position), offset);
                    }
                }
            }
        }
    }

    #[test]
    fn positions_outside_the_text_are_clamped() {
        let text = "a😀b\r\ncd\re";
        let at = |line, character| {
            LineTable::new(text, PositionEncoding::Utf16)
                .offset(text, LspPosition { line, character })
        };
        assert_eq!([at(0, 1), at(0, 2), at(0, 3), at(0, 99)], [1, 1, 5, 6]);
        assert_eq!([at(1, 2), at(1, usize::MAX), at(2, 1), at(3, 0)], [10, 10, 12, 12]);
    }
}
