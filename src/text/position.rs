//! Lines and columns for people and for other tools.

use std::sync::OnceLock;

use serde::Serialize;

/// A place in a document, in the three ways that readers of a finding count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Bytes from the start of the document's text.
    pub offset: usize,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in Unicode scalar values, counted from 1.
    pub column: usize,
}

/// Counts characters between two offsets without reading a long line anew for each finding in it.
#[derive(Debug, Default)]
pub(super) struct Columns {
    /// Characters before each multiple of [`STEP`] bytes; made when a column far into a line is first asked for.
    checkpoints: OnceLock<Vec<usize>>,
}

const STEP: usize = 1024;

impl Columns {
    pub(super) fn characters_between(&self, text: &str, start: usize, end: usize) -> usize {
        let bytes = text.as_bytes();
        if end - start <= 4 * STEP {
            return count(&bytes[start..end]);
        }
        let checkpoints = self.checkpoints.get_or_init(|| {
            let mut total = 0;
            let chunks = bytes.chunks(STEP).map(|chunk| {
                let before = total;
                total += count(chunk);
                before
            });
            chunks.collect()
        });
        let before = |offset: usize| {
            let step = (offset / STEP).min(checkpoints.len() - 1);
            checkpoints[step] + count(&bytes[step * STEP..offset])
        };
        before(end) - before(start)
    }
}

/// Bytes that begin a character.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_columns_are_counted_like_near_ones() {
        let text = "aé中😀".repeat(3_000);
        let columns = Columns::default();
        for (end, _) in text.char_indices().step_by(777) {
            for start in [0, 10, 6_000] {
                if start <= end {
                    assert_eq!(columns.characters_between(&text, start, end), text[start..end].chars().count());
                }
            }
        }
    }
}
