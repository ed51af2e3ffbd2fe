//! Of things that stand in several places, one always stays.

use std::collections::HashMap;
use std::sync::Arc;

use crate::finding::{Applicability, Finding};
use crate::text::{Origin, Span};

/// Takes the fix from each finding whose other copy, which its first label names, goes by the fix of an earlier one.
///
/// `findings` come from comparing documents and are in order of document and place. A near-duplicate of a near-duplicate
/// need not be one itself: without this, a chain of them would lose its last copy.
pub fn keep_one_copy(findings: &mut [Finding], most: Applicability) {
    let mut going: HashMap<Arc<Origin>, Vec<Span>> = HashMap::new();
    for finding in findings {
        let Some(fix) = finding.applicable_fix(most) else { continue };
        let other = finding.labels.first().map(|label| (label.origin.as_ref().unwrap_or(&finding.origin), label.span));
        let goes = |(origin, span): (&Arc<Origin>, Span)| {
            // Spans are added in order of place, so that those that can reach `span` are among the last before it.
            going.get(origin).is_some_and(|spans| {
                let before = spans.partition_point(|one| one.start < span.end);
                spans[..before].last().is_some_and(|last| last.overlaps(span))
            })
        };
        if other.is_some_and(goes) {
            finding.fix = None;
            finding.help = None;
            continue;
        }
        let spans = going.entry(Arc::clone(&finding.origin)).or_default();
        spans.extend(fix.edits.iter().map(|edit| edit.span));
    }
}
