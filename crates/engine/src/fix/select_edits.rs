//! Deterministic selection of edits that can be applied together.

use std::collections::BTreeMap;

use super::edit_history::AttributedEdit;
use dechaff_findings::{Applicability, Edit, Finding};
use dechaff_text::{Document, Span};

/// Edits to apply in one round.
pub(super) struct SelectedEdits {
    /// Disjoint edits in order of position.
    pub(super) edits: Vec<AttributedEdit>,
    /// Rule code of each selected fix.
    pub(super) codes: Vec<String>,
}

/// Selects fixes of `findings`, in their order.
///
/// A fix is selected as a whole or not at all. Deletions that touch or overlap are merged, so that
/// they leave no gap; an edit shared by several fixes is applied once. Of other edits that overlap,
/// or that insert at the same position, the first wins and the next round handles the rest.
pub(super) fn select_edits(
    document: &Document<'_>,
    findings: &[Finding],
    max: Applicability,
) -> SelectedEdits {
    let mut selected: Vec<AttributedEdit> = Vec::new();
    let mut claimed = ClaimedRanges::default();
    let mut codes = Vec::new();
    for finding in findings {
        let Some(fix) = finding.applicable_fix(max) else { continue };
        if fix.edits.iter().any(|edit| claimed.conflicts_with(edit)) {
            continue;
        }
        for edit in &fix.edits {
            if claimed.add(edit) {
                selected
                    .push(AttributedEdit { edit: edit.clone(), code: finding.rule.code.clone() });
            }
        }
        codes.push(finding.rule.code.clone());
    }
    SelectedEdits { edits: merge_deletions(document, selected), codes }
}

/// The bytes changed by selected edits, as disjoint ranges from start to end.
#[derive(Default)]
struct ClaimedRanges {
    /// Replacement text by replaced span.
    contents: BTreeMap<Span, String>,
    deletions: BTreeMap<usize, usize>,
    replacements: BTreeMap<usize, usize>,
}

impl ClaimedRanges {
    /// Whether `edit` overlaps a selected edit, unless both are deletions or both are equal.
    fn conflicts_with(&self, edit: &Edit) -> bool {
        if let Some(content) = self.contents.get(&edit.span) {
            return *content != edit.content;
        }
        overlaps(&self.replacements, edit.span)
            || !edit.is_deletion() && overlaps(&self.deletions, edit.span)
    }

    /// Adds `edit`. Returns false if an equal edit has already been added.
    fn add(&mut self, edit: &Edit) -> bool {
        if !edit.is_deletion() && self.contents.insert(edit.span, edit.content.clone()).is_some() {
            return false;
        }
        let ranges = if edit.is_deletion() { &mut self.deletions } else { &mut self.replacements };
        let mut span = edit.span;
        while let Some((&start, &end)) =
            ranges.range(..=span.end).next_back().filter(|(_, end)| **end >= span.start)
        {
            ranges.remove(&start);
            span = span.cover(Span::new(start, end));
        }
        ranges.insert(span.start, span.end);
        true
    }
}

/// Whether `span` overlaps one of `ranges`, or is an insertion inside one.
fn overlaps(ranges: &BTreeMap<usize, usize>, span: Span) -> bool {
    let last = if span.is_empty() { span.start } else { span.end - 1 };
    ranges.range(..=last).next_back().is_some_and(|(&start, &end)| {
        Span::new(start, end).overlaps(span)
            || span.is_empty() && start < span.start && span.start < end
    })
}

/// Merges adjacent deletions, and widens the result to the span of a single deletion of both.
fn merge_deletions(document: &Document<'_>, mut edits: Vec<AttributedEdit>) -> Vec<AttributedEdit> {
    edits.sort_by_key(|one| (one.edit.span, one.edit.is_deletion()));
    let mut merged: Vec<AttributedEdit> = Vec::with_capacity(edits.len());
    let replacements: Vec<Span> =
        edits.iter().filter(|one| !one.edit.is_deletion()).map(|one| one.edit.span).collect();
    let mut passed = 0;
    let mut rest = edits.as_slice();
    while let Some((first, others)) = rest.split_first() {
        rest = others;
        if !first.edit.is_deletion() {
            passed += 1;
            merged.push(first.clone());
            continue;
        }
        let floor = merged.last().map_or(0, |one| one.edit.span.end);
        let ceiling = replacements.get(passed).map_or(usize::MAX, |span| span.start);
        let mut union = first.edit.span;
        let mut parts = vec![first];
        while let Some((next, others)) = rest
            .split_first()
            .filter(|(next, _)| next.edit.is_deletion() && next.edit.span.start <= union.end)
        {
            rest = others;
            parts.push(next);
            union = union.cover(next.edit.span);
            // Two adjacent deletions must leave one gap, not one each.
            let widened = union.cover(document.deletion_span(union));
            if floor <= widened.start && widened.end <= ceiling {
                union = widened;
            }
        }
        merged.extend(split_by_rule(union, &parts));
    }
    merged
}

/// Splits a merged deletion so that each rule is credited with its part. Bytes that no rule
/// requested go to the next part.
fn split_by_rule(union: Span, parts: &[&AttributedEdit]) -> Vec<AttributedEdit> {
    let mut at = union.start;
    let mut shares: Vec<AttributedEdit> = Vec::with_capacity(parts.len());
    for part in parts {
        let end = part.edit.span.end.clamp(at, union.end);
        if end > at {
            shares.push(deletion(Span::new(at, end), &part.code));
            at = end;
        }
    }
    if at < union.end
        && let Some(last) = shares.last_mut()
    {
        last.edit.span.end = union.end;
    }
    shares
}

fn deletion(span: Span, code: &str) -> AttributedEdit {
    AttributedEdit { edit: Edit { span, content: String::new() }, code: code.to_owned() }
}
