//! Paragraphs that say the same with few words changed.

use std::sync::Arc;

use rustc_hash::{FxBuildHasher, FxHashMap};

use super::compare::{Found, Proof, equal_units, further, saturated};
use super::join::{Limits, Pair, Ratio, Sets, join, shared};
use super::units::Units;
use super::{Keep, Near};
use crate::check::{Corpus, store};
use crate::finding::RuleInfo;

/// The best of the matches that stay.
struct Best {
    left: u32,
    shared: u32,
    union: u32,
    matches: u32,
    is_crowded: bool,
}

/// Reports each paragraph once, against the most similar of those that stay before it.
pub(super) fn find<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &Near,
    units: &mut Units<'_>,
    corpus: &Corpus<'_, '_>,
    found: &mut Vec<Found<'r>>,
) -> store::Result<()> {
    let Some(threshold) = Ratio::new(parameters.threshold) else { return Ok(()) };
    let admits = |unit: &super::units::Unit| {
        !unit.is_claimed && unit.shingles > 0 && parameters.min_words.admits(unit.kind, unit.words)
    };
    // Equal ones are compared once; where no rule for them runs they are reported here.
    for group in equal_units(units, admits) {
        for &index in &group[1..] {
            let unit = &mut units.all[index as usize];
            unit.is_claimed = true;
            let (shared, site) = (unit.shingles, unit.site());
            let first = &units.all[group[0] as usize];
            let first = first.site();
            let proof = Proof::Near { shared, union: shared, is_crowded: false, may_go: true };
            found.push(Found { rule, site, first, more: further(&group), proof });
        }
    }
    let mut indices: Vec<u32> =
        (0_u32..).zip(&units.all).filter(|(_, unit)| admits(unit)).map(|(index, _)| index).collect();
    if parameters.keep == Keep::Longest {
        indices.sort_by_key(|&index| std::cmp::Reverse(units.all[index as usize].words));
    }
    let sets = units.sets(&indices);
    let limits = Limits { postings: parameters.crowd as usize, memory: corpus.documents.memory };
    let mut best: FxHashMap<u32, Best> = FxHashMap::default();
    join(&sets, threshold, limits, corpus.store, &mut |pair| {
        let sizes = sets.size(pair.left as usize) + sets.size(pair.right as usize);
        add(&mut best, pair, saturated(sizes - pair.shared as usize));
    })?;

    let mut copies: Vec<(u32, Best)> = best.into_iter().collect();
    copies.sort_unstable_by_key(|(right, _)| *right);
    // For each copy the one that stays instead of it.
    let mut stays: FxHashMap<u32, u32> = FxHashMap::with_capacity_and_hasher(copies.len(), FxBuildHasher);
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let mut claimed = Vec::with_capacity(copies.len());
    for (right, best) in copies {
        let root = stays.get(&best.left).copied().unwrap_or(best.left);
        let may_go = root == best.left || {
            sets.read(root as usize, &mut one)?;
            sets.read(right as usize, &mut other)?;
            shared(&one, &other, threshold.required(one.len(), other.len())).is_some()
        };
        stays.insert(right, if may_go { root } else { right });
        let unit = |set: u32| &units.all[indices[set as usize] as usize];
        let site = |set: u32| unit(set).site();
        let proof = Proof::Near { shared: best.shared, union: best.union, is_crowded: best.is_crowded, may_go };
        found.push(Found { rule, site: site(right), first: site(best.left), more: best.matches - 1, proof });
        claimed.push(indices[right as usize]);
    }
    for index in claimed {
        units.all[index as usize].is_claimed = true;
    }
    Ok(())
}

fn add(best: &mut FxHashMap<u32, Best>, pair: Pair, union: u32) {
    let Pair { left, right, shared, is_crowded } = pair;
    let entry = best.entry(right).or_insert(Best { left, shared, union, matches: 0, is_crowded });
    entry.matches += 1;
    entry.is_crowded |= is_crowded;
    let (ours, theirs) = (u64::from(shared) * u64::from(entry.union), u64::from(entry.shared) * u64::from(union));
    if ours > theirs || ours == theirs && left < entry.left {
        (entry.left, entry.shared, entry.union) = (left, shared, union);
    }
}
