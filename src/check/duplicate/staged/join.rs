//! Finds the pairs of similar sets that share an element in a range, see `set_join.rs`.
//!
//! Sets are read again where two of them may be similar. A pair is found at each element that both
//! prefixes share, in several tasks; only the rarest of them counts.

use rustc_hash::FxHashMap;

use super::super::matches::to_u32_saturating;
use super::super::set_join::{Ratio, WINDOW, common, count_shared};
use crate::check::element_order::ElementOrder;
use crate::check::staged::{StagedRow, StagedTable, StepInput, for_each_group};
use crate::check::store;

/// A set: a unit or a document. Sets sort in the order in which they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::check) struct SetId {
    /// What sets are sorted by before their places.
    pub(in crate::check) order: u32,
    pub(in crate::check) document: u32,
    pub(in crate::check) start: u32,
    pub(in crate::check) end: u32,
}

impl SetId {
    /// Creates a set from four values of a row.
    pub(in crate::check) fn from_values(values: &[u32]) -> Self {
        let value = |at: usize| values.get(at).copied().unwrap_or(0);
        Self { order: value(0), document: value(1), start: value(2), end: value(3) }
    }
}

/// Two similar sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::check) struct StagedPair {
    pub(in crate::check) left: SetId,
    pub(in crate::check) right: SetId,
    pub(in crate::check) shared: u32,
    pub(in crate::check) union: u32,
    /// Whether the pair shares an element in so many sets that pairs may be missing.
    pub(in crate::check) is_truncated: bool,
}

/// Reads the elements of a set, sorted.
pub(in crate::check) type ReadSet<'r> = dyn FnMut(SetId) -> store::Result<Vec<u64>> + 'r;

/// Two sets that share an element, and may be similar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct JoinCandidate {
    right: SetId,
    left: SetId,
    /// The shared element, by rarity.
    key: u64,
    is_truncated: bool,
}

/// Multiplies elements, so that small ones are spread over all keys. The prefixes of sets have more
/// small elements than large ones.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// The inverse of [`SPREAD`] modulo 2^64.
const GATHER: u64 = 0xf1de_83e1_9937_733d;
const _: () = assert!(SPREAD.wrapping_mul(GATHER) == 1);

/// Returns the key of the rows of an element.
pub(in crate::check) fn element_key(element: u64) -> u64 {
    element.wrapping_mul(SPREAD)
}

/// A join of the sets that share an element.
pub(in crate::check) struct StagedJoin<'j> {
    threshold: Ratio,
    /// The number of sets with an element beyond which only those close to each other are compared.
    max_postings: usize,
    order: ElementOrder,
    /// The soft limit for sets in memory, in bytes.
    memory: usize,
    read: Box<ReadSet<'j>>,
    candidates: Vec<JoinCandidate>,
    /// The sets of the candidates, with their sizes.
    sets: FxHashMap<SetId, u32>,
    elements: usize,
}

impl<'j> StagedJoin<'j> {
    pub(in crate::check) fn new(
        threshold: Ratio,
        max_postings: usize,
        order: ElementOrder,
        memory: usize,
        read: Box<ReadSet<'j>>,
    ) -> Self {
        Self {
            threshold,
            max_postings: max_postings.max(2 * WINDOW),
            order,
            memory,
            read,
            candidates: Vec::new(),
            sets: FxHashMap::default(),
            elements: 0,
        }
    }

    /// Calls `report` with each pair whose rarest common element is in the share of the task.
    pub(in crate::check) fn run(
        mut self,
        input: &dyn StepInput,
        table: StagedTable,
        report: &mut dyn FnMut(StagedPair) -> store::Result<()>,
    ) -> store::Result<()> {
        for_each_group(input, table, input.share(), &mut |group| self.join(group, report))?;
        self.verify(report)
    }

    /// Adds the candidates among the sets that share an element.
    fn join(
        &mut self,
        group: &[StagedRow],
        report: &mut dyn FnMut(StagedPair) -> store::Result<()>,
    ) -> store::Result<()> {
        let Some(first) = group.first() else { return Ok(()) };
        let key = self.order.key(first.key.wrapping_mul(GATHER));
        let is_truncated = group.len() > self.max_postings;
        for (at, right) in group.iter().enumerate().skip(1) {
            let (far, near) = if is_truncated {
                (0..WINDOW.min(at), at.saturating_sub(WINDOW).max(WINDOW.min(at))..at)
            } else {
                (0..0, 0..at)
            };
            for left in group[far].iter().chain(&group[near]) {
                self.add(left, right, key, is_truncated);
            }
            self.verify_if_full(report)?;
        }
        Ok(())
    }

    fn add(&mut self, left: &StagedRow, right: &StagedRow, key: u64, is_truncated: bool) {
        let size = |row: &StagedRow| (row.values[4] as usize, row.values[5] as usize);
        if self.threshold.required_at(size(left), size(right)).is_none() {
            return;
        }
        let [left, right] = [left, right].map(|row| {
            let set = SetId::from_values(&row.values);
            if self.sets.insert(set, row.values[4]).is_none() {
                self.elements += row.values[4] as usize;
            }
            set
        });
        self.candidates.push(JoinCandidate { right, left, key, is_truncated });
    }

    fn verify_if_full(
        &mut self,
        report: &mut dyn FnMut(StagedPair) -> store::Result<()>,
    ) -> store::Result<()> {
        /// A set in two tables, with its allocation.
        const SET_BYTES: usize = 2 * (size_of::<SetId>() + 48);
        const MIN_CANDIDATES: usize = 16;
        let used = self.candidates.capacity() * size_of::<JoinCandidate>()
            + self.sets.len() * SET_BYTES
            + self.elements * size_of::<u64>();
        if used > self.memory && self.candidates.len() >= MIN_CANDIDATES {
            self.verify(report)?;
        }
        Ok(())
    }

    /// Compares the candidates. Reads their sets in order of the documents.
    fn verify(
        &mut self,
        report: &mut dyn FnMut(StagedPair) -> store::Result<()>,
    ) -> store::Result<()> {
        self.candidates.sort_unstable();
        // Of the elements that a pair shares, only the rarest may be the rarest of all.
        self.candidates.dedup_by(|next, kept| (next.right, next.left) == (kept.right, kept.left));
        let mut ids: Vec<SetId> = self.sets.drain().map(|(set, _)| set).collect();
        ids.sort_unstable_by_key(|set| (set.document, set.start));
        let mut sets: FxHashMap<SetId, Vec<u64>> = FxHashMap::default();
        for id in ids {
            sets.insert(id, (self.read)(id)?);
        }
        for JoinCandidate { right, left, key, is_truncated } in self.candidates.drain(..) {
            let (Some(left_set), Some(right_set)) = (sets.get(&left), sets.get(&right)) else {
                continue;
            };
            let sizes = left_set.len() + right_set.len();
            let required = self.threshold.required(left_set.len(), right_set.len());
            let Some(shared) = count_shared(left_set, right_set, required) else { continue };
            if common(left_set, right_set).all(|element| self.order.key(element) >= key) {
                let union = to_u32_saturating(sizes - shared);
                let shared = to_u32_saturating(shared);
                report(StagedPair { left, right, shared, union, is_truncated })?;
            }
        }
        self.elements = 0;
        Ok(())
    }
}
