//! Finds the pairs of similar sets that share an element in a range, see `set_join.rs`.
//!
//! A pair is found at each element that both prefixes share, possibly in several tasks; only the
//! rarest of them counts. Sets must be read again from the texts, which costs much more than
//! comparing them. So each posting has a [`SetSignature`] that rules out most pairs, and the sets
//! of the remaining pairs are read in large batches, in the order of the texts.

use rustc_hash::FxHashMap;

use super::super::matches::to_u32_saturating;
use super::super::set_join::{Ratio, WINDOW, common, count_shared};
use super::signature::SetSignature;
use super::{halves, joined};
use crate::element_order::ElementOrder;
use crate::staged::{StagedRow, StagedTable, StepInput, for_each_group};
use crate::store;

/// A set: a unit or a document. Sets sort in the order in which they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SetId {
    /// The primary sort key, before the place.
    pub(crate) order: u32,
    pub(crate) document: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl SetId {
    /// Creates a set from four values of a row.
    pub(crate) fn from_values(values: &[u32]) -> Self {
        let value = |at: usize| values.get(at).copied().unwrap_or(0);
        Self { order: value(0), document: value(1), start: value(2), end: value(3) }
    }
}

/// Two similar sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StagedPair {
    pub(crate) left: SetId,
    pub(crate) right: SetId,
    pub(crate) shared: u32,
    pub(crate) union: u32,
    /// Whether the pair shares an element in so many sets that pairs may be missing.
    pub(crate) is_truncated: bool,
}

/// Reads the elements of a set, sorted.
pub(crate) type ReadSet<'r> = dyn FnMut(SetId) -> store::Result<Vec<u64>> + 'r;

/// Multiplier that spreads elements over all keys, because prefixes have more small elements than
/// large ones.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
/// The inverse of [`SPREAD`] modulo 2^64.
const GATHER: u64 = 0xf1de_83e1_9937_733d;
const _: () = assert!(SPREAD.wrapping_mul(GATHER) == 1);

/// An element in the prefix of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SetPosting {
    pub(crate) set: SetId,
    /// The number of elements of the set.
    pub(crate) size: u32,
    /// The number of rarer elements in the set.
    pub(crate) position: u32,
    /// The previous element posted for the set, or 0. Two sets that share it are compared there.
    pub(crate) before: u64,
    pub(crate) signature: SetSignature,
}

impl SetPosting {
    /// Returns the row of the posting of `element`.
    pub(crate) fn to_row(self, element: u64) -> StagedRow {
        let SetId { order, document, start, end } = self.set;
        let ([before, before_high], [signature, signature_high]) =
            (halves(self.before), halves(self.signature.0));
        let values = [
            order,
            document,
            start,
            end,
            self.size,
            self.position,
            before,
            before_high,
            signature,
            signature_high,
        ];
        StagedRow::new(element.wrapping_mul(SPREAD), values)
    }

    fn from_row(row: &StagedRow) -> Self {
        let [_, _, _, _, size, position, before, before_high, signature, signature_high] =
            row.values;
        Self {
            set: SetId::from_values(&row.values),
            size,
            position,
            before: joined(before, before_high),
            signature: SetSignature(joined(signature, signature_high)),
        }
    }
}

/// A set among the candidates, and the position of its elements once they have been read.
struct CandidateSet {
    id: SetId,
    elements: std::ops::Range<usize>,
}

/// Pairs of sets that share an element.
struct ElementCandidates {
    /// The shared element, by rarity.
    key: u64,
    is_truncated: bool,
    /// The end of the element's pairs in the list of all pairs.
    end: usize,
}

/// Pairs of sets that may be similar, not yet compared.
#[derive(Default)]
struct PairCandidates {
    sets: Vec<CandidateSet>,
    indices: FxHashMap<SetId, u32>,
    /// The number of elements of the sets.
    elements: usize,
    /// The indexes of both sets of each pair.
    pairs: Vec<(u32, u32)>,
    groups: Vec<ElementCandidates>,
}

impl PairCandidates {
    /// Returns the index of the set of a posting. `known` caches it.
    fn index(&mut self, posting: &SetPosting, known: &mut Option<u32>) -> u32 {
        *known.get_or_insert_with(|| {
            *self.indices.entry(posting.set).or_insert_with(|| {
                self.sets.push(CandidateSet { id: posting.set, elements: 0..0 });
                self.elements += posting.size as usize;
                to_u32_saturating(self.sets.len() - 1)
            })
        })
    }

    fn end_group(&mut self, key: u64, is_truncated: bool) {
        let end = self.pairs.len();
        if self.groups.last().map_or(0, |group| group.end) < end {
            self.groups.push(ElementCandidates { key, is_truncated, end });
        }
    }

    /// Whether the pairs and the elements of their sets exceed `memory`, in bytes.
    fn exceed(&self, memory: usize) -> bool {
        /// A set with its entry in the table, and its place while sets are read in order.
        const SET_BYTES: usize = size_of::<CandidateSet>() + 2 * size_of::<(SetId, u32)>() + 4;
        const MIN_PAIRS: usize = 16;
        let used = self.pairs.capacity() * size_of::<(u32, u32)>()
            + self.groups.capacity() * size_of::<ElementCandidates>()
            + self.sets.len() * SET_BYTES
            + self.elements * size_of::<u64>();
        used > memory && self.pairs.len() >= MIN_PAIRS
    }

    /// Reads the elements of all sets, in order of the documents.
    fn read_elements(&mut self, read: &mut ReadSet<'_>) -> store::Result<Vec<u64>> {
        self.indices.clear();
        let mut by_place: Vec<u32> = (0..to_u32_saturating(self.sets.len())).collect();
        by_place.sort_unstable_by_key(|index| {
            let SetId { document, start, .. } = self.sets[*index as usize].id;
            (document, start)
        });
        let mut elements: Vec<u64> = Vec::with_capacity(std::mem::take(&mut self.elements));
        for index in by_place {
            let set = &mut self.sets[index as usize];
            let first = elements.len();
            elements.extend(read(set.id)?);
            set.elements = first..elements.len();
        }
        Ok(elements)
    }
}

/// A join of the sets that share an element.
pub(crate) struct StagedJoin<'j> {
    threshold: Ratio,
    /// Maximum number of sets with an element; beyond it, only sets close to each other are
    /// compared.
    max_postings: usize,
    order: ElementOrder,
    /// The soft limit for sets in memory, in bytes.
    memory: usize,
    read: Box<ReadSet<'j>>,
    candidates: PairCandidates,
}

impl<'j> StagedJoin<'j> {
    pub(crate) fn new(
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
            candidates: PairCandidates::default(),
        }
    }

    /// Calls `report` with each pair whose rarest common element is in the share of the task.
    pub(crate) fn run(
        mut self,
        input: &dyn StepInput,
        table: StagedTable,
        report: &mut dyn FnMut(StagedPair) -> store::Result<()>,
    ) -> store::Result<()> {
        let mut postings = Vec::new();
        for_each_group(input, table, input.share(), &mut |group| {
            postings.clear();
            postings.extend(group.iter().map(SetPosting::from_row));
            let element = group.first().map_or(0, |row| row.key.wrapping_mul(GATHER));
            self.join(self.order.key(element), &postings, input, report)
        })?;
        self.verify(report)
    }

    /// Adds the candidates among the sets that share an element.
    fn join(
        &mut self,
        key: u64,
        postings: &[SetPosting],
        input: &dyn StepInput,
        report: &mut dyn FnMut(StagedPair) -> store::Result<()>,
    ) -> store::Result<()> {
        let is_truncated = postings.len() > self.max_postings;
        // The indexes of the sets that have been looked up.
        let mut indices: Vec<Option<u32>> = Vec::new();
        for (at, right) in postings.iter().enumerate().skip(1) {
            let (far, near) = if is_truncated {
                (0..WINDOW.min(at), at.saturating_sub(WINDOW).max(WINDOW.min(at))..at)
            } else {
                (0..0, 0..at)
            };
            for other in far.chain(near) {
                if self.may_be_similar(&postings[other], right) {
                    indices.resize(postings.len(), None);
                    let left = self.candidates.index(&postings[other], &mut indices[other]);
                    let right = self.candidates.index(right, &mut indices[at]);
                    self.candidates.pairs.push((left, right));
                }
            }
            if self.candidates.exceed(self.memory) {
                input.check_interrupt()?;
                self.candidates.end_group(key, is_truncated);
                self.verify(report)?;
                indices.clear();
            }
        }
        self.candidates.end_group(key, is_truncated);
        Ok(())
    }

    /// Whether two sets may be similar and are not compared at an earlier element.
    fn may_be_similar(&self, left: &SetPosting, right: &SetPosting) -> bool {
        if left.before == right.before && left.before != 0 {
            return false;
        }
        let size = |posting: &SetPosting| (posting.size as usize, posting.position as usize);
        self.threshold.required_at(size(left), size(right)).is_some_and(|required| {
            let max_distance = (left.size as usize + right.size as usize) - 2 * required;
            left.signature.min_distance(right.signature) as usize <= max_distance
        })
    }

    /// Compares the candidates.
    fn verify(
        &mut self,
        report: &mut dyn FnMut(StagedPair) -> store::Result<()>,
    ) -> store::Result<()> {
        let elements = self.candidates.read_elements(&mut self.read)?;
        let PairCandidates { sets, pairs, groups, .. } = &mut self.candidates;
        let mut first = 0;
        for ElementCandidates { key, is_truncated, end } in groups.drain(..) {
            for (left, right) in &pairs[first..end] {
                let (left, right) = (&sets[*left as usize], &sets[*right as usize]);
                let left_set = &elements[left.elements.clone()];
                let right_set = &elements[right.elements.clone()];
                let sizes = left_set.len() + right_set.len();
                let required = self.threshold.required(left_set.len(), right_set.len());
                let Some(shared) = count_shared(left_set, right_set, required) else { continue };
                if common(left_set, right_set).all(|element| self.order.key(element) >= key) {
                    let union = to_u32_saturating(sizes - shared);
                    let (left, right) = (left.id, right.id);
                    let shared = to_u32_saturating(shared);
                    report(StagedPair { left, right, shared, union, is_truncated })?;
                }
            }
            first = end;
        }
        pairs.clear();
        sets.clear();
        Ok(())
    }
}
