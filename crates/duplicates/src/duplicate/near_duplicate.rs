//! Finds paragraphs that differ in a few words.

use std::cmp::Reverse;
use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::matches::{Match, MatchEvidence, extra_copies, to_u32_saturating};
use super::set_join::{JoinLimits, Ratio, SetSource, SimilarPair, count_shared, join};
use super::units::{Unit, Units, equal_units};
use super::{Keep, NearParameters};
use crate::{Corpus, store};
use dechaff_findings::RuleInfo;

/// The most similar of the earlier sets that a set matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BestMatch<S> {
    pub(super) left: S,
    pub(super) shared: u32,
    pub(super) union: u32,
    /// The number of matches.
    pub(super) matches: u32,
    pub(super) is_truncated: bool,
}

impl<S: Ord> BestMatch<S> {
    /// Adds other matches of the same set. Of equally similar ones, the first is the best. The
    /// order in which matches are added does not matter.
    pub(super) fn add(&mut self, other: Self) {
        self.matches += other.matches;
        self.is_truncated |= other.is_truncated;
        // Compares shared / union with the best so far.
        let new = u64::from(other.shared) * u64::from(self.union);
        let old = u64::from(self.shared) * u64::from(other.union);
        if new > old || new == old && other.left < self.left {
            (self.left, self.shared, self.union) = (other.left, other.shared, other.union);
        }
    }
}

/// Maps each copy to the set that remains if everything reported is deleted.
pub(super) struct RemainingSets<S>(FxHashMap<S, S>);

impl<S: Copy + Eq + Hash> RemainingSets<S> {
    pub(super) fn with_capacity(copies: usize) -> Self {
        Self(FxHashMap::with_capacity_and_hasher(copies, FxBuildHasher))
    }

    /// Adds a copy of `left`, which must have been added before if it is itself a copy. Returns
    /// whether the copy may be deleted: whether it is similar to the set that remains, according to
    /// `are_similar`.
    pub(super) fn add(
        &mut self,
        left: S,
        right: S,
        are_similar: impl FnOnce(S, S) -> store::Result<bool>,
    ) -> store::Result<bool> {
        let root = self.0.get(&left).copied().unwrap_or(left);
        let may_delete = root == left || are_similar(root, right)?;
        self.0.insert(right, if may_delete { root } else { right });
        Ok(may_delete)
    }
}

/// Reports each paragraph once, against the most similar one before it.
pub(super) fn find<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &NearParameters,
    units: &mut Units<'_>,
    corpus: &Corpus<'_, '_>,
    matches: &mut Vec<Match<'r>>,
) -> store::Result<()> {
    let Some(threshold) = Ratio::new(parameters.threshold) else { return Ok(()) };
    report_equal(rule, parameters, units, matches);
    let mut indices: Vec<u32> = (0_u32..)
        .zip(&units.all)
        .filter(|(_, unit)| is_candidate(unit, parameters))
        .map(|(index, _)| index)
        .collect();
    if parameters.keep == Keep::Longest {
        indices.sort_by_key(|&index| Reverse(units.all[index as usize].words));
    }
    let sets = units.sets(&indices);
    let limits =
        JoinLimits { postings: parameters.crowd as usize, memory: corpus.documents.memory };
    let mut best: FxHashMap<u32, BestMatch<u32>> = FxHashMap::default();
    join(&sets, threshold, limits, corpus.store, &mut |pair| {
        let sizes = sets.size(pair.left as usize) + sets.size(pair.right as usize);
        add_pair(&mut best, pair, to_u32_saturating(sizes - pair.shared as usize));
    })?;
    let mut copies: Vec<(u32, BestMatch<u32>)> = best.into_iter().collect();
    copies.sort_unstable_by_key(|(right, _)| *right);
    let mut remaining = RemainingSets::with_capacity(copies.len());
    let mut root_shingles = Vec::new();
    let mut shingles = Vec::new();
    let mut claimed = Vec::with_capacity(copies.len());
    for (right, best) in copies {
        let may_delete = remaining.add(best.left, right, |root, right| {
            sets.read(root as usize, &mut root_shingles)?;
            sets.read(right as usize, &mut shingles)?;
            let required = threshold.required(root_shingles.len(), shingles.len());
            Ok(count_shared(&root_shingles, &shingles, required).is_some())
        })?;
        let doc_span = |set: u32| units.all[indices[set as usize] as usize].doc_span();
        let BestMatch { left, shared, union, is_truncated, .. } = best;
        matches.push(Match {
            rule,
            copy: doc_span(right),
            original: doc_span(left),
            extra_copies: best.matches - 1,
            evidence: MatchEvidence::Jaccard { shared, union, is_truncated, may_delete },
        });
        claimed.push(indices[right as usize]);
    }
    for index in claimed {
        units.all[index as usize].is_claimed = true;
    }
    Ok(())
}

fn is_candidate(unit: &Unit, parameters: &NearParameters) -> bool {
    !unit.is_claimed && unit.shingles > 0 && parameters.min_words.admits(unit.kind, unit.words)
}

/// Reports equal paragraphs, so that each text is joined only once. There are none if a rule for
/// exact duplicates has run.
fn report_equal<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &NearParameters,
    units: &mut Units<'_>,
    matches: &mut Vec<Match<'r>>,
) {
    for group in equal_units(units, |unit| is_candidate(unit, parameters)) {
        let original = units.all[group[0] as usize].doc_span();
        for &index in &group[1..] {
            let unit = &mut units.all[index as usize];
            unit.is_claimed = true;
            let shingles = unit.shingles;
            matches.push(Match {
                rule,
                copy: unit.doc_span(),
                original,
                extra_copies: extra_copies(&group),
                evidence: MatchEvidence::Jaccard {
                    shared: shingles,
                    union: shingles,
                    is_truncated: false,
                    may_delete: true,
                },
            });
        }
    }
}

fn add_pair(best: &mut FxHashMap<u32, BestMatch<u32>>, pair: SimilarPair, union: u32) {
    let SimilarPair { left, right, shared, is_truncated } = pair;
    let found = BestMatch { left, shared, union, matches: 1, is_truncated };
    best.entry(right).and_modify(|best| best.add(found)).or_insert(found);
}
