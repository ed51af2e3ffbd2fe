//! The parts of a document that earlier findings delete.

use dechaff_findings::{Edit, Finding};
use dechaff_text::Span;

/// Like [`covered_by_fixes`], but only counts findings that are evidence against neighboring lines.
pub(super) fn covered_by_evidence<'f, T>(
    parts: &[T],
    span: impl Fn(&T) -> Span,
    findings: impl IntoIterator<Item = &'f Finding>,
) -> Vec<bool> {
    covered_by_fixes(parts, span, findings.into_iter().filter(|finding| !finding.rule.amid_content))
}

/// Returns, for each of `parts`, which must be in document order, whether the fixes of `findings`
/// delete at least four fifths of it.
pub(super) fn covered_by_fixes<'f, T>(
    parts: &[T],
    span: impl Fn(&T) -> Span,
    findings: impl IntoIterator<Item = &'f Finding>,
) -> Vec<bool> {
    let mut is_covered = vec![false; parts.len()];
    for finding in findings {
        let edits =
            finding.fix.iter().flat_map(|fix| &fix.edits).filter(|edit| Edit::is_deletion(edit));
        for edit in edits {
            let first = parts.partition_point(|part| span(part).end <= edit.span.start);
            let overlapping =
                parts[first..].iter().map(&span).take_while(|span| span.start < edit.span.end);
            for (span, is_covered) in overlapping.zip(&mut is_covered[first..]) {
                let shared = span.end.min(edit.span.end) - span.start.max(edit.span.start);
                *is_covered |= 5 * shared >= 4 * span.len();
            }
        }
    }
    is_covered
}
