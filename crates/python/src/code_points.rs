//! Converts byte offsets to code points, in which Python counts.

use std::cell::OnceCell;

/// Converts offsets in one text. Many offsets in a long text take linear time.
pub(crate) struct CodePoints<'t> {
    text: &'t str,
    /// The number of code points before each multiple of [`STEP`] bytes.
    checkpoints: OnceCell<Vec<usize>>,
}

const STEP: usize = 1024;

impl<'t> CodePoints<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, checkpoints: OnceCell::new() }
    }

    /// Returns the number of code points before byte `offset`.
    pub(crate) fn before(&self, offset: usize) -> usize {
        let bytes = self.text.as_bytes();
        let checkpoints = self.checkpoints.get_or_init(|| {
            let mut total = 0;
            let before = bytes.chunks(STEP).map(|chunk| {
                let before = total;
                total += count(chunk);
                before
            });
            before.collect()
        });
        let offset = offset.min(bytes.len());
        let step = (offset / STEP).min(checkpoints.len().saturating_sub(1));
        let start = (step * STEP).min(offset);
        checkpoints.get(step).copied().unwrap_or(0) + count(bytes.get(start..offset).unwrap_or_default())
    }
}

/// Counts the bytes that start a code point.
fn count(bytes: &[u8]) -> usize {
    bytes.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}
