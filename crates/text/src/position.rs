//! Line and column numbers.

use std::sync::OnceLock;

use serde::Serialize;

/// A position in a document, as byte offset and as line and column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Byte offset from the start of the document.
    pub offset: usize,
    /// 1-based line.
    pub line: usize,
    /// 1-based column, in Unicode scalar values.
    pub column: usize,
}

/// Counts characters between two offsets of a text in constant time, so that many findings in one
/// long line do not each scan it.
#[derive(Debug, Default)]
pub struct CharacterIndex {
    /// Number of characters before each multiple of [`STEP`] bytes. Built when a column far into a
    /// line is first requested.
    checkpoints: OnceLock<Vec<usize>>,
}

const STEP: usize = 1024;

impl CharacterIndex {
    /// Counts the Unicode scalar values of `text` between two byte offsets. The text must be the
    /// same in each call.
    pub fn count_characters(&self, text: &str, start: usize, end: usize) -> usize {
        let bytes = text.as_bytes();
        if end - start <= 4 * STEP {
            return count_char_starts(&bytes[start..end]);
        }
        let checkpoints = self.checkpoints.get_or_init(|| {
            let mut total = 0;
            let chunks = bytes.chunks(STEP).map(|chunk| {
                let before = total;
                total += count_char_starts(chunk);
                before
            });
            chunks.collect()
        });
        let before = |offset: usize| {
            let step = (offset / STEP).min(checkpoints.len() - 1);
            checkpoints[step] + count_char_starts(&bytes[step * STEP..offset])
        };
        before(end) - before(start)
    }
}

/// Counts the bytes that start a character.
fn count_char_starts(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoints_agree_with_counting() {
        let text = "aé中😀".repeat(3_000);
        let columns = CharacterIndex::default();
        for (end, _) in text.char_indices().step_by(777) {
            for start in [0, 10, 6_000] {
                if start <= end {
                    assert_eq!(
                        columns.count_characters(&text, start, end),
                        text[start..end].chars().count()
                    );
                }
            }
        }
    }
}
