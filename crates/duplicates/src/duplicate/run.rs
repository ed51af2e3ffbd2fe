//! Runs the finders over the sketches of a corpus, one kind of duplicate after the other. Each
//! skips what earlier ones have claimed.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::findings::DuplicateFindings;
use super::matches::{DocSpan, Match, MatchEvidence, extra_copies, for_each_copy};
use super::text_cache::TextCache;
use super::units::{Units, equal_units};
use super::{
    DuplicateCheck, ExactParameters, near_duplicate, recurring_line, repeated_sentence,
    shared_passage,
};
use crate::{Corpus, PendingFindings, store};
use dechaff_findings::RuleInfo;

pub(super) fn run<'d>(
    check: &'d DuplicateCheck,
    corpus: &Corpus<'_, 'd>,
) -> store::Result<Box<dyn PendingFindings + 'd>> {
    let mut units = Units::load(corpus)?;
    let mut texts = TextCache::new(&corpus.documents);
    let mut matches = Vec::new();
    for (rule, parameters) in &check.line {
        recurring_line::find(rule, parameters, &mut units, &mut texts, &mut matches)?;
    }
    for (rule, parameters) in &check.exact {
        find_exact(rule, parameters, &mut units, &mut matches);
    }
    for (rule, parameters) in &check.near {
        near_duplicate::find(rule, parameters, &mut units, corpus, &mut matches)?;
    }
    let mut parts = Vec::new();
    for (rule, parameters) in &check.sentence {
        repeated_sentence::find(rule, parameters, &units, corpus, &mut parts)?;
    }
    for (rule, parameters) in &check.passage {
        shared_passage::find(rule, parameters, &units, corpus, &mut texts, &mut parts)?;
    }
    matches.extend(without_nested(parts));
    Ok(Box::new(DuplicateFindings::new(matches, corpus.documents.clone(), texts)?))
}

/// Finds units with equal normalized texts.
fn find_exact<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &ExactParameters,
    units: &mut Units<'_>,
    matches: &mut Vec<Match<'r>>,
) {
    for group in equal_units(units, |unit| {
        !unit.is_claimed && parameters.min_words.admits(unit.kind, unit.words)
    }) {
        let doc_span = |at: usize| units.all[group[at] as usize].doc_span();
        let document = |at| doc_span(at).document;
        for_each_copy(group.len(), document, |copy, original, _| {
            matches.push(Match {
                rule,
                copy: doc_span(copy),
                original: doc_span(original),
                extra_copies: extra_copies(&group),
                evidence: MatchEvidence::Exact,
            });
        });
        for &index in &group[1..] {
            units.all[index as usize].is_claimed = true;
        }
    }
}

/// Drops matches whose copy lies within another copy. If each of two spans is reported as a copy of
/// the other, drops the second match.
pub(super) fn without_nested(mut matches: Vec<Match<'_>>) -> Vec<Match<'_>> {
    let whole_originals: BTreeMap<(u32, u32), (DocSpan, DocSpan)> = matches
        .iter()
        .filter(|found| matches!(found.evidence, MatchEvidence::SharedRun { is_whole: true, .. }))
        .map(|found| {
            ((found.original.document, found.original.start), (found.original, found.copy))
        })
        .collect();
    matches.retain(|found| {
        let before = whole_originals.range(..=(found.copy.document, found.copy.start)).next_back();
        !before.is_some_and(|(_, (original, copy))| {
            original.document == found.copy.document
                && original.span().contains(found.copy.span())
                && copy.span().overlaps(found.original.span())
        })
    });
    matches.sort_by_key(|found| (found.copy.document, found.copy.start, Reverse(found.copy.end)));
    let mut outer: Option<DocSpan> = None;
    matches.retain(|found| {
        let is_nested = outer.is_some_and(|outer| {
            outer.document == found.copy.document && outer.span().contains(found.copy.span())
        });
        if !is_nested {
            outer = Some(found.copy);
        }
        !is_nested
    });
    matches
}
