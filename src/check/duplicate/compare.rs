//! From sketches to findings: one sort of duplicate after the other, each leaving alone what those before it took.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::proof::Library;
use super::report::Report;
use super::units::Units;
use super::{DuplicateCheck, Exact, line, near, passage, sentence};
use crate::check::{Corpus, PendingFindings, store};
use crate::finding::RuleInfo;
use crate::text::Span;

/// A place in a document of the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Site {
    pub(super) document: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Site {
    /// Places past 4 GiB, where no unit stands, count as that.
    pub(super) fn new(document: u32, span: Span) -> Self {
        let [start, end] = [span.start, span.end].map(|place| u32::try_from(place).unwrap_or(u32::MAX));
        Self { document, start, end }
    }

    pub(super) fn span(self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }
}

/// What stood before, and where.
#[derive(Debug, Clone)]
pub(super) struct Found<'r> {
    pub(super) rule: &'r Arc<RuleInfo>,
    pub(super) site: Site,
    pub(super) first: Site,
    /// Further copies.
    pub(super) more: u32,
    pub(super) proof: Proof,
}

/// What is known of two places that are alike.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Proof {
    /// The hashes of the normalised texts are equal.
    Equal,
    /// So many runs of five words are in both, and so many in either.
    Near {
        shared: u32,
        union: u32,
        /// There may be more copies than were counted.
        is_crowded: bool,
        /// What it is like stays when all is removed that is reported.
        may_go: bool,
    },
    /// The words were compared one by one; so many are equal.
    Words {
        count: u32,
        /// The first place is a whole paragraph.
        is_whole: bool,
    },
    /// The line, or one whose normalised Levenshtein similarity is at least `alike`, stands in so many documents, and so often
    /// in this one.
    Line { documents: u32, times: u32, alike: f64 },
}

pub(super) fn compare<'d>(
    check: &'d DuplicateCheck,
    corpus: &Corpus<'_, 'd>,
) -> store::Result<Box<dyn PendingFindings + 'd>> {
    let mut units = Units::load(corpus)?;
    let mut library = Library::new(&corpus.documents);
    let mut found = Vec::new();
    for (rule, parameters) in &check.line {
        line::find(rule, parameters, &mut units, &mut library, &mut found)?;
    }
    for (rule, parameters) in &check.exact {
        exact(rule, parameters, &mut units, &mut found);
    }
    for (rule, parameters) in &check.near {
        near::find(rule, parameters, &mut units, corpus, &mut found)?;
    }
    let mut parts = Vec::new();
    for (rule, parameters) in &check.sentence {
        sentence::find(rule, parameters, &units, corpus, &mut parts)?;
    }
    for (rule, parameters) in &check.passage {
        passage::find(rule, parameters, &units, corpus, &mut library, &mut parts)?;
    }
    found.extend(without_nested(parts));
    Ok(Box::new(Report::new(found, corpus.documents.clone(), library)))
}

/// Units whose text is the same.
fn exact<'r>(rule: &'r Arc<RuleInfo>, parameters: &Exact, units: &mut Units<'_>, found: &mut Vec<Found<'r>>) {
    for group in equal_units(units, |unit| !unit.is_claimed && parameters.min_words.admits(unit.kind, unit.words)) {
        let mut first_here = group[0];
        for &index in &group[1..] {
            let site = |index: u32| {
                let unit = &units.all[index as usize];
                unit.site()
            };
            // A copy in the same document can go without a thought for the others.
            if site(first_here).document != site(index).document {
                first_here = index;
            }
            let first = if first_here == index { group[0] } else { first_here };
            let (site, first) = (site(index), site(first));
            found.push(Found { rule, site, first, more: further(&group), proof: Proof::Equal });
            units.all[index as usize].is_claimed = true;
        }
    }
}

/// How many copies there are beside the two that are named.
pub(super) fn further<T>(group: &[T]) -> u32 {
    saturated(group.len().saturating_sub(2))
}

/// A count for people. There are never more units than fit.
pub(super) fn saturated(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The groups of two or more of the `admitted` units whose texts have the same hash, each in order.
pub(super) fn equal_units(units: &Units<'_>, admitted: impl Fn(&super::units::Unit) -> bool) -> Vec<Vec<u32>> {
    let mut order: Vec<(u64, u32)> =
        (0_u32..).zip(&units.all).filter(|(_, unit)| admitted(unit)).map(|(index, unit)| (unit.exact, index)).collect();
    order.sort_unstable();
    order
        .chunk_by(|left, right| left.0 == right.0)
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|(_, index)| *index).collect())
        .collect()
}

/// Leaves of what lies within another only the outer one, and of two places that are each reported as the other the first.
fn without_nested(mut found: Vec<Found<'_>>) -> Vec<Found<'_>> {
    let glued: Vec<(Site, Site)> = found
        .iter()
        .filter(|one| matches!(one.proof, Proof::Words { is_whole: true, .. }))
        .map(|one| (one.first, one.site))
        .collect();
    let by_first: BTreeMap<(u32, u32), (Site, Site)> =
        glued.into_iter().map(|pair| ((pair.0.document, pair.0.start), pair)).collect();
    found.retain(|one| {
        let before = by_first.range(..=(one.site.document, one.site.start)).next_back();
        !before.is_some_and(|(_, (first, site))| {
            first.document == one.site.document
                && first.span().contains(one.site.span())
                && site.span().overlaps(one.first.span())
        })
    });
    found.sort_by_key(|one| (one.site.document, one.site.start, std::cmp::Reverse(one.site.end)));
    let mut kept: Vec<Found<'_>> = Vec::with_capacity(found.len());
    for one in found {
        let is_nested = kept
            .last()
            .is_some_and(|last| last.site.document == one.site.document && last.site.span().contains(one.site.span()));
        if !is_nested {
            kept.push(one);
        }
    }
    kept
}
