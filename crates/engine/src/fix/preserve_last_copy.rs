//! Keeps fixes from deleting every copy of a duplicate.

use std::collections::HashMap;
use std::sync::Arc;

use dechaff_findings::{Applicability, Finding};
use dechaff_text::{Origin, Span};

/// Drops the fix of each finding whose other copy, named by its first label, is deleted by an
/// earlier fix.
///
/// `findings` are corpus findings in order of document and position. A near-duplicate of a
/// near-duplicate need not resemble the original, so a chain of them could otherwise lose its last
/// copy.
pub fn preserve_last_copy(findings: &mut [Finding], max: Applicability) {
    let mut deleted: HashMap<Arc<Origin>, Vec<Span>> = HashMap::new();
    for finding in findings {
        let Some(fix) = finding.applicable_fix(max) else { continue };
        let other = finding
            .labels
            .first()
            .map(|label| (label.origin.as_ref().unwrap_or(&finding.origin), label.span));
        let is_deleted = |(origin, span): (&Arc<Origin>, Span)| {
            // Spans are added in order of position, so only the last one before `span` can overlap
            // it.
            deleted.get(origin).is_some_and(|spans| {
                let before = spans.partition_point(|one| one.start < span.end);
                spans[..before].last().is_some_and(|last| last.overlaps(span))
            })
        };
        if other.is_some_and(is_deleted) {
            finding.fix = None;
            finding.help = None;
            continue;
        }
        let spans = deleted.entry(Arc::clone(&finding.origin)).or_default();
        spans.extend(fix.edits.iter().map(|edit| edit.span));
    }
}
