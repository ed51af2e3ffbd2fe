//! Applying fixes: which edits go together, and what the text is afterwards. Nothing here touches a file.

use std::collections::BTreeMap;

use crate::engine::Linter;
use crate::finding::{Applicability, Edit, Finding};
use crate::text::{Document, Span};

/// A text after its fixes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fixed {
    /// The text.
    pub text: String,
    /// Findings whose fixes were applied, over all rounds.
    pub applied: usize,
}

/// Fixes that undo each other: the text never comes to rest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fixes keep changing the text after {rounds} rounds; last applied: {}", codes.join(" -> "))]
pub struct Unstable {
    /// Rounds of linting and fixing.
    pub rounds: usize,
    /// The rules whose fixes the last round applied.
    pub codes: Vec<String>,
}

/// Lints and fixes `text` until nothing changes. Fixes are applied up to and including `most`.
///
/// # Errors
///
/// The fixes never come to rest.
pub fn fix(linter: &Linter, document: &Document<'_>, most: Applicability) -> Result<Fixed, Unstable> {
    const ROUNDS: usize = 10;
    let mut text = document.text().to_owned();
    let mut applied = 0;
    let mut codes = Vec::new();
    for _ in 0..ROUNDS {
        let current = Document::parse(std::sync::Arc::clone(document.origin()), &text);
        let findings = linter.check(&current);
        let (next, count) = apply(&current, &findings, most);
        if next == text {
            return Ok(Fixed { text, applied });
        }
        codes = findings.iter().map(|finding| finding.rule.code.clone()).collect();
        applied += count;
        text = next;
    }
    codes.dedup();
    Err(Unstable { rounds: ROUNDS, codes })
}

/// The text of `document` after the fixes of `findings`, and how many were applied.
///
/// A fix is applied whole or not at all. Deletions that touch or overlap become one, so that no gap is left between them;
/// an edit that several fixes have in common is made once; of other edits that overlap, or insert at one place, the first
/// in order of place wins and the next round sees to the rest.
pub fn apply(document: &Document<'_>, findings: &[Finding], most: Applicability) -> (String, usize) {
    let mut chosen: Vec<Edit> = Vec::new();
    let mut occupied = Occupied::default();
    let mut applied = 0;
    for finding in findings {
        let Some(fix) = &finding.fix else { continue };
        if fix.applicability == Applicability::Unsafe && most == Applicability::Safe {
            continue;
        }
        if fix.edits.iter().any(|edit| occupied.clashes(edit)) {
            continue;
        }
        for edit in &fix.edits {
            if occupied.add(edit) {
                chosen.push(edit.clone());
            }
        }
        applied += 1;
    }
    (splice(document, merge(document, chosen)), applied)
}

/// The bytes that chosen edits change, as disjoint ranges from start to end.
#[derive(Default)]
struct Occupied {
    /// The chosen edits that put something in, by what they replace.
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

    /// Adds `edit`; returns whether it was not among the chosen ones yet.
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

/// Joins deletions that touch, and widens what they take together as a single removal would be.
fn merge(document: &Document<'_>, mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|edit| (edit.span, edit.is_deletion()));
    let mut merged: Vec<Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match merged.last_mut() {
            Some(last) if last.is_deletion() && edit.is_deletion() && edit.span.start <= last.span.end => {
                let union = last.span.cover(edit.span);
                last.span = union.cover(document.removal(union));
            }
            _ => merged.push(edit),
        }
    }
    merged
}

fn splice(document: &Document<'_>, edits: Vec<Edit>) -> String {
    let text = document.text();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        let start = edit.span.start.max(at);
        result.push_str(document.slice(Span::new(at, start)));
        result.push_str(&edit.content);
        at = edit.span.end.max(at);
    }
    result.push_str(&text[at..]);
    result
}
