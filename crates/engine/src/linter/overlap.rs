//! Decides which of several findings at the same place is reported.

use std::sync::Arc;

use dechaff_findings::{Applicability, Finding};

/// Sorts the findings of a document by position.
pub(super) fn sort_by_position(findings: &mut [Finding]) {
    findings.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
}

/// Merges the findings from comparison into those of the document itself. Each place is reported
/// once; the latter win.
///
/// Both are sorted by position.
pub(super) fn merge_compared(findings: Vec<Finding>, compared: Vec<Finding>) -> Vec<Finding> {
    if findings.is_empty() {
        return compared;
    }
    let mut all = findings;
    let alone = all.len();
    let (mut next, mut widest) = (0, None::<usize>);
    for finding in compared {
        while next < alone && all[next].span.start <= finding.span.start {
            let is_wider = widest.is_none_or(|widest| all[widest].span.end <= all[next].span.end);
            if is_wider && all[next].is_pure_deletion() {
                widest = Some(next);
            }
            next += 1;
        }
        match widest.and_then(|widest| all.get_mut(widest)) {
            Some(outer) if supersedes(outer, &finding) => add_alias(outer, &finding),
            _ => all.push(finding),
        }
    }
    sort_by_position(&mut all);
    all
}

/// Whether `outer` is reported instead of `inner`: it deletes all that `inner` deletes, as safely,
/// and does not hide a user-defined rule behind a built-in one.
fn supersedes(outer: &Finding, inner: &Finding) -> bool {
    let hides_custom = inner.rule.is_custom && !outer.rule.is_custom;
    outer.span.contains(inner.span) && is_as_safe(outer, inner) && !hides_custom
}

fn is_as_safe(outer: &Finding, inner: &Finding) -> bool {
    let is_safe = |finding: &Finding| {
        finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe)
    };
    is_safe(outer) || !is_safe(inner)
}

/// If several rules would delete the same bytes, keeps the finding that deletes most, which lists
/// the others.
pub(super) fn dedupe(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut last_deletion: Option<usize> = None;
    for finding in findings {
        if !finding.is_pure_deletion() {
            kept.push(finding);
            continue;
        }
        match last_deletion.and_then(|index| kept.get_mut(index)) {
            // Of two deletions of the same bytes, the safer one is reported.
            Some(last) if supersedes(last, &finding) => add_alias(last, &finding),
            Some(last) if supersedes(&finding, last) => {
                let inner = std::mem::replace(last, finding);
                add_alias(last, &inner);
            }
            // Within a wider deletion, only user-defined rules are also reported.
            Some(last)
                if finding.rule.is_custom
                    && last.span.contains(finding.span)
                    && last.span != finding.span =>
            {
                kept.push(finding);
            }
            _ => {
                last_deletion = Some(kept.len());
                kept.push(finding);
            }
        }
    }
    kept
}

/// Records that `inner`, and the findings it supersedes, reported the same bytes as `finding`.
fn add_alias(finding: &mut Finding, inner: &Finding) {
    let own = (!Arc::ptr_eq(&finding.rule, &inner.rule))
        .then(|| (inner.rule.code.clone(), inner.message().to_owned()));
    for other in own.into_iter().chain(inner.also_reported_by.iter().cloned()) {
        if !finding.also_reported_by.contains(&other) {
            finding.also_reported_by.push(other);
        }
    }
    if inner.unlisted > 0 {
        finding.add_unlisted(&inner.rule.code, inner.unlisted);
    }
}
