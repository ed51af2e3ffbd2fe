//! Which edits of many findings go together, the same way every time.

use std::collections::BTreeMap;

use super::pieces::Attributed;
use crate::finding::{Applicability, Edit, Finding};
use crate::text::{Document, Span};

/// Edits to be made at once.
pub(super) struct Choice {
    /// In order of place, disjoint.
    pub(super) edits: Vec<Attributed>,
    /// The code of each finding whose fix was chosen.
    pub(super) codes: Vec<String>,
}

/// Chooses among the fixes of `findings`, in their order.
///
/// A fix is applied whole or not at all. Deletions that touch or overlap become one, so that no gap is left between them;
/// an edit that several fixes have in common is made once; of other edits that overlap, or insert at one place, those of
/// the first finding win, and the next round sees to the rest.
pub(super) fn choose(document: &Document<'_>, findings: &[Finding], most: Applicability) -> Choice {
    let mut chosen: Vec<Attributed> = Vec::new();
    let mut occupied = Occupied::default();
    let mut codes = Vec::new();
    for finding in findings {
        let Some(fix) = finding.applicable_fix(most) else { continue };
        if fix.edits.iter().any(|edit| occupied.clashes(edit)) {
            continue;
        }
        for edit in &fix.edits {
            if occupied.add(edit) {
                chosen.push(Attributed { edit: edit.clone(), code: finding.rule.code.clone() });
            }
        }
        codes.push(finding.rule.code.clone());
    }
    Choice { edits: merge(document, chosen), codes }
}

/// The bytes that chosen edits change, as disjoint ranges from start to end.
#[derive(Default)]
struct Occupied {
    /// What the chosen edits put in, by what they replace.
    contents: BTreeMap<Span, String>,
    deletions: BTreeMap<usize, usize>,
    replacements: BTreeMap<usize, usize>,
}

impl Occupied {
    /// Whether `edit` changes what another edit changes, unless both only delete or both are the same.
    fn clashes(&self, edit: &Edit) -> bool {
        if let Some(content) = self.contents.get(&edit.span) {
            return *content != edit.content;
        }
        overlaps(&self.replacements, edit.span) || !edit.is_deletion() && overlaps(&self.deletions, edit.span)
    }

    /// Adds `edit`; returns whether it was not among the chosen ones already.
    fn add(&mut self, edit: &Edit) -> bool {
        if !edit.is_deletion() && self.contents.insert(edit.span, edit.content.clone()).is_some() {
            return false;
        }
        let ranges = if edit.is_deletion() { &mut self.deletions } else { &mut self.replacements };
        let mut span = edit.span;
        while let Some((&start, &end)) = ranges.range(..=span.end).next_back().filter(|(_, end)| **end >= span.start) {
            ranges.remove(&start);
            span = span.cover(Span::new(start, end));
        }
        ranges.insert(span.start, span.end);
        true
    }
}

/// Whether `span` shares a byte with one of `ranges`, or inserts within it.
fn overlaps(ranges: &BTreeMap<usize, usize>, span: Span) -> bool {
    let last = if span.is_empty() { span.start } else { span.end - 1 };
    ranges.range(..=last).next_back().is_some_and(|(&start, &end)| {
        Span::new(start, end).overlaps(span) || span.is_empty() && start < span.start && span.start < end
    })
}

/// Joins deletions that touch, and widens what they take together as a single removal would.
fn merge(document: &Document<'_>, mut edits: Vec<Attributed>) -> Vec<Attributed> {
    edits.sort_by_key(|one| (one.edit.span, one.edit.is_deletion()));
    let mut merged: Vec<Attributed> = Vec::with_capacity(edits.len());
    let replacements: Vec<Span> = edits.iter().filter(|one| !one.edit.is_deletion()).map(|one| one.edit.span).collect();
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
        while let Some((next, others)) =
            rest.split_first().filter(|(next, _)| next.edit.is_deletion() && next.edit.span.start <= union.end)
        {
            rest = others;
            parts.push(next);
            union = union.cover(next.edit.span);
            // Removing two neighbours leaves one gap where each alone would leave its own.
            let widened = union.cover(document.deletion_span(union));
            if floor <= widened.start && widened.end <= ceiling {
                union = widened;
            }
        }
        merged.extend(shares(union, &parts));
    }
    merged
}

/// Cuts a joint deletion into what each of its parts takes; bytes that none asked for go to the next.
fn shares(union: Span, parts: &[&Attributed]) -> Vec<Attributed> {
    let mut at = union.start;
    let mut shares: Vec<Attributed> = Vec::with_capacity(parts.len());
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

fn deletion(span: Span, code: &str) -> Attributed {
    Attributed { edit: Edit { span, content: String::new() }, code: code.to_owned() }
}
