//! Measures the running text of a document that earlier findings leave.

use crate::coverage::covered_by_evidence;
use dechaff_findings::Finding;
use dechaff_text::{BlockKind, Document};

/// The amount of running text in a document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prose {
    /// Number of blocks of running text.
    pub blocks: usize,
    /// Their share of all bytes, from 0 to 1.
    pub share: f32,
}

impl Prose {
    /// Counts the running text of `document` among the blocks that are not flagged.
    pub(super) fn among(document: &Document<'_>, is_flagged: &[bool]) -> Self {
        let (mut blocks, mut prose, mut all) = (0, 0, 0);
        for (index, block) in document.blocks().iter().enumerate() {
            if block.kind == BlockKind::Blank || is_flagged[index] {
                continue;
            }
            let is_prose = document.is_prose(index);
            blocks += usize::from(is_prose);
            prose += if is_prose { block.content.len() } else { 0 };
            all += block.content.len();
        }
        Self { blocks, share: prose as f32 / all.max(1) as f32 }
    }

    /// Whether a document has so little running text that its short lines are likely its content.
    pub fn is_little(self) -> bool {
        const MIN_BLOCKS: usize = 2;
        const MIN_SHARE: f32 = 0.2;
        self.blocks < MIN_BLOCKS || self.share < MIN_SHARE
    }
}

/// Returns whether each block is removed by findings that count against its neighbors.
pub(super) fn flagged<'f>(
    document: &Document<'_>,
    findings: impl IntoIterator<Item = &'f Finding>,
) -> Vec<bool> {
    covered_by_evidence(document.blocks(), |block| block.content, findings)
}
