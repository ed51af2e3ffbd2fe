//! How many words of a document its fixes would remove.

use crate::finding::{Applicability, Finding};
use crate::text::{Document, Span, words};

/// The words of a document, and those that its fixes remove. What several fixes remove counts once.
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
        let safe = deletions(findings, Applicability::Safe);
        let all = deletions(findings, Applicability::Unsafe);
        let (mut at_safe, mut at_all) = (0, 0);
        let mut counts = Self::default();
        for word in words(document.text()) {
            counts.words += 1;
            counts.safe += u64::from(is_in(&safe, &mut at_safe, word.start));
            counts.all += u64::from(is_in(&all, &mut at_all, word.start));
        }
        counts
    }
}

/// Returns the bytes that fixes up to `max` delete, as disjoint spans in order.
fn deletions(findings: &[Finding], max: Applicability) -> Vec<Span> {
    let fixes = findings.iter().filter_map(|finding| finding.applicable_fix(max));
    let edits = fixes.flat_map(|fix| &fix.edits).filter(|edit| edit.is_deletion());
    let mut spans: Vec<Span> = edits.map(|edit| edit.span).collect();
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut().filter(|last| last.end >= span.start) {
            Some(last) => last.end = last.end.max(span.end),
            None => merged.push(span),
        }
    }
    merged
}

/// Whether `offset` is in one of `spans`. Offsets must not decrease between calls.
fn is_in(spans: &[Span], at: &mut usize, offset: usize) -> bool {
    while spans.get(*at).is_some_and(|span| span.end <= offset) {
        *at += 1;
    }
    spans.get(*at).is_some_and(|span| span.start <= offset)
}
