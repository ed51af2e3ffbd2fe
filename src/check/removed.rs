//! What earlier findings leave of a document.

use crate::finding::{Edit, Finding};
use crate::text::Span;

/// Of each of the `parts` of a document, which are in order, whether the fixes of `findings` remove it: four fifths of it or more.
pub(super) fn removed<'f, T>(
    parts: &[T],
    span: impl Fn(&T) -> Span,
    findings: impl IntoIterator<Item = &'f Finding>,
) -> Vec<bool> {
    let mut is_removed = vec![false; parts.len()];
    for finding in findings {
        let edits = finding.fix.iter().flat_map(|fix| &fix.edits).filter(|edit| Edit::is_deletion(edit));
        for edit in edits {
            let first = parts.partition_point(|part| span(part).end <= edit.span.start);
            let reached = parts[first..].iter().map(&span).take_while(|span| span.start < edit.span.end);
            for (span, is_removed) in reached.zip(&mut is_removed[first..]) {
                let shared = span.end.min(edit.span.end) - span.start.max(edit.span.start);
                *is_removed |= 5 * shared >= 4 * span.len();
            }
        }
    }
    is_removed
}
