//! How many words of a document its fixes remove.
//!
//! Every report uses this definition: a word is removed if it starts in a passage that a fix
//! deletes. A word that several fixes delete counts once, and one that a fix replaces does not.

use super::span_cursor::SpanCursor;
use dechaff_findings::{Applicability, Finding};
use dechaff_text::{Document, words};

/// Upper bounds of the bins of histograms, as shares of a document's words in thousandths.
pub(super) const SHARE_BINS: [u64; 9] = [10, 20, 50, 100, 200, 350, 500, 750, 1_000];

/// The words of a document, and those that its fixes remove.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct RemovedWords {
    pub(super) words: u64,
    /// Removed by safe fixes.
    pub(super) safe: u64,
    /// Removed by safe and unsafe fixes.
    pub(super) all: u64,
}

impl RemovedWords {
    /// Counts in one pass over the text.
    pub(super) fn new(document: &Document<'_>, findings: &[Finding]) -> Self {
        let mut safe = deletions(findings, Applicability::Safe);
        let mut all = deletions(findings, Applicability::Unsafe);
        let mut counts = Self::default();
        for word in words(document.text()) {
            counts.words += 1;
            counts.safe += safe.count(word.start) as u64;
            counts.all += all.count(word.start) as u64;
        }
        counts
    }
}

/// Returns the share of `words` that is removed, in millionths.
pub(super) fn millionths(removed: u64, words: u64) -> u64 {
    removed.saturating_mul(1_000_000) / words.max(1)
}

/// Returns the index of the bin in [`SHARE_BINS`], or `None` if nothing is removed.
pub(super) fn share_bin(removed: u64, words: u64) -> Option<usize> {
    let share = millionths(removed, words);
    let bin = SHARE_BINS.iter().position(|bound| share <= bound * 1_000);
    (removed > 0).then(|| bin.unwrap_or(SHARE_BINS.len() - 1))
}

/// Returns the passages that the fixes up to `max` delete.
pub(super) fn deletions(findings: &[Finding], max: Applicability) -> SpanCursor {
    let fixes = findings.iter().filter_map(|finding| finding.applicable_fix(max));
    let edits = fixes.flat_map(|fix| &fix.edits).filter(|edit| edit.is_deletion());
    SpanCursor::new(edits.map(|edit| edit.span).collect())
}
