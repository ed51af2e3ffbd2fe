//! Finds all pairs of sets whose Jaccard similarity reaches a threshold: an exact join with prefix
//! filtering.
//!
//! Two sets that share enough elements share one of the rarest few of each. So only these few, the
//! prefix of a set, are posted and looked up. Rarity comes from a table of fixed size. Collisions
//! in it only cost time: the filter is exact for any order of elements that is the same for all
//! sets. A pair is verified with integers, and only at the first element that both prefixes share,
//! so that it is reported once.

use std::collections::VecDeque;

use super::external_group::{ExternalGrouper, FixedRecord, read_u32_le, read_u64_le};
use crate::element_order::{ELEMENT_BITS, ElementOrder};
use crate::store::{self, Store, to_u32};

/// A ratio between 0 and 1 in ten-thousandths, for comparisons without rounding errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    ten_thousandths: u64,
}

/// The ratio 1.
const ONE: u64 = 10_000;

/// The content of a set, for an error message.
const ELEMENTS: &str = "members of one set";

/// In a posting list over the limit, each set is compared with this many at the beginning of the
/// list, and with this many right before it.
pub(super) const WINDOW: usize = 8;

impl Ratio {
    /// Rounds `value` to ten-thousandths. Returns `None` if it is not between 0 and 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 1 and 10,000"
    )]
    pub fn new(value: f64) -> Option<Self> {
        (value > 0.0 && value <= 1.0)
            .then(|| Self { ten_thousandths: (value * ONE as f64).round().max(1.0) as u64 })
    }

    /// The minimum number of shared elements for two sets of these sizes to reach the ratio as
    /// Jaccard similarity.
    pub fn required(self, left: usize, right: usize) -> usize {
        usize::try_from(
            (self.ten_thousandths * (left + right) as u64).div_ceil(ONE + self.ten_thousandths),
        )
        .unwrap_or(usize::MAX)
    }

    /// The length of the prefix: how many of a set's rarest elements must be posted so that no
    /// similar set is missed.
    pub(super) fn prefix_length(self, size: usize) -> usize {
        let required = usize::try_from((self.ten_thousandths * size as u64).div_ceil(ONE))
            .unwrap_or(usize::MAX);
        size + 1 - required.min(size)
    }

    /// Returns the prefix of a set: its rarest keys, sorted.
    pub(super) fn prefix(self, keys: &mut [u64]) -> &[u64] {
        let prefix = self.prefix_length(keys.len()).min(keys.len());
        if prefix > 0 && prefix < keys.len() {
            keys.select_nth_unstable(prefix);
        }
        let prefix = &mut keys[..prefix];
        prefix.sort_unstable();
        prefix
    }

    /// Returns how many elements two sets must share, or `None` if they cannot: each has a size,
    /// and the position of the rarest element that they may share (positional filter).
    pub(super) fn required_at(self, left: (usize, usize), right: (usize, usize)) -> Option<usize> {
        let required = self.required(left.0, right.0);
        let max_shared = left.0.saturating_sub(left.1).min(right.0.saturating_sub(right.1));
        (required <= max_shared).then_some(required)
    }
}

/// Sets of distinct numbers below 2^56, sorted.
pub trait SetSource {
    /// The number of sets.
    fn count(&self) -> usize;
    /// The number of elements of a set.
    fn size(&self, index: usize) -> usize;
    /// Reads the elements of a set into `elements`, replacing its content.
    ///
    /// # Errors
    ///
    /// The set cannot be read.
    fn read(&self, index: usize, elements: &mut Vec<u64>) -> store::Result<()>;
}

/// Two similar sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SimilarPair {
    /// The smaller index.
    pub left: u32,
    /// The larger index.
    pub right: u32,
    /// The number of shared elements.
    pub shared: u32,
    /// Whether the pair shares an element that exceeds [`JoinLimits::postings`], so that pairs of
    /// these sets may be missing.
    pub is_truncated: bool,
}

/// Limits of a join.
#[derive(Debug, Clone, Copy)]
pub struct JoinLimits {
    /// The maximum length of a posting list. In longer ones, only sets close to each other are
    /// compared.
    pub postings: usize,
    /// Bytes of postings kept in memory. More are moved to the store.
    pub memory: usize,
}

/// Calls `report` once for each pair of sets whose Jaccard similarity reaches `threshold`, in no
/// particular order.
///
/// # Errors
///
/// The store or a set cannot be read, or the store cannot be written.
pub fn join<S: SetSource>(
    sets: &S,
    threshold: Ratio,
    limits: JoinLimits,
    store: &dyn Store,
    report: &mut dyn FnMut(SimilarPair),
) -> store::Result<()> {
    let order = count_elements(sets)?;
    let mut postings = ExternalGrouper::new(limits.memory, store);
    let mut keys = Vec::new();
    for index in 0..sets.count() {
        sets.read(index, &mut keys)?;
        for key in &mut keys {
            *key = order.key(*key);
        }
        let prefix = threshold.prefix(&mut keys);
        let set = to_u32(index, "sets")?;
        let mut before = 0;
        for (position, &key) in prefix.iter().enumerate() {
            // An element of a single set has no pairs.
            if key >> ELEMENT_BITS > 1 {
                postings.push(Posting {
                    key,
                    before,
                    set,
                    position: to_u32(position, ELEMENTS)?,
                })?;
                before = key;
            }
        }
    }
    let mut joiner = Joiner {
        sets,
        threshold,
        max_postings: limits.postings,
        order,
        report,
        loaded: Vec::new(),
        spare: Vec::new(),
    };
    postings.for_each_group(&mut |postings| joiner.join_postings(postings))
}

/// Counts the elements of all sets. The size of the table only depends on the sets, because it
/// affects the order of elements.
fn count_elements<S: SetSource>(sets: &S) -> store::Result<ElementOrder> {
    let total: usize = (0..sets.count()).map(|index| sets.size(index)).sum();
    let mut order = ElementOrder::with_capacity(total);
    let mut elements = Vec::new();
    for index in 0..sets.count() {
        sets.read(index, &mut elements)?;
        elements.iter().for_each(|element| order.count(*element));
    }
    Ok(order)
}

/// Counts the shared elements of two sorted sets. Returns `None` as soon as `required` is out of
/// reach.
pub fn count_shared(left: &[u64], right: &[u64], required: usize) -> Option<usize> {
    let mut slack_left = left.len().checked_sub(required)?;
    let mut slack_right = right.len().checked_sub(required)?;
    let (mut at_left, mut at_right, mut count) = (0, 0, 0);
    while let (Some(one), Some(other)) = (left.get(at_left), right.get(at_right)) {
        match one.cmp(other) {
            std::cmp::Ordering::Equal => {
                count += 1;
                at_left += 1;
                at_right += 1;
            }
            std::cmp::Ordering::Less => {
                slack_left = slack_left.checked_sub(1)?;
                at_left += 1;
            }
            std::cmp::Ordering::Greater => {
                slack_right = slack_right.checked_sub(1)?;
                at_right += 1;
            }
        }
    }
    (count >= required).then_some(count)
}

/// An element in the prefix of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Posting {
    key: u64,
    set: u32,
    /// The number of rarer elements in the set.
    position: u32,
    /// The previous key posted for the set, or 0. Two sets that share it have been compared there.
    before: u64,
}

impl FixedRecord for Posting {
    const BYTES: usize = 24;

    fn key(&self) -> u64 {
        self.key
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.key.to_le_bytes());
        bytes.extend(self.before.to_le_bytes());
        bytes.extend(self.set.to_le_bytes());
        bytes.extend(self.position.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Self {
        Self {
            key: read_u64_le(bytes, 0),
            before: read_u64_le(bytes, 8),
            set: read_u32_le(bytes, 16),
            position: read_u32_le(bytes, 20),
        }
    }
}

struct Joiner<'j, S> {
    sets: &'j S,
    threshold: Ratio,
    max_postings: usize,
    order: ElementOrder,
    report: &'j mut dyn FnMut(SimilarPair),
    /// The sets of the current posting list, if they have been read.
    loaded: Vec<Option<Vec<u64>>>,
    /// Buffers to reuse.
    spare: Vec<Vec<u64>>,
}

impl<S: SetSource> Joiner<'_, S> {
    /// Compares the sets of a posting list with each other.
    fn join_postings(&mut self, postings: &[Posting]) -> store::Result<()> {
        if postings.len() > self.max_postings.max(2 * WINDOW) {
            return self.join_truncated(postings);
        }
        for (at, right) in postings.iter().enumerate().skip(1) {
            for (earlier, left) in postings[..at].iter().enumerate() {
                let Some(required) = self.required(left, right) else { continue };
                if self.loaded.is_empty() {
                    self.loaded.resize_with(postings.len(), || None);
                }
                self.load(earlier, left.set)?;
                self.load(at, right.set)?;
                if let (Some(Some(left_set)), Some(Some(right_set))) =
                    (self.loaded.get(earlier), self.loaded.get(at))
                {
                    let pair = self.compare((left, left_set), (right, right_set), required, false);
                    pair?.into_iter().for_each(&mut *self.report);
                }
            }
        }
        self.spare.extend(self.loaded.drain(..).flatten());
        Ok(())
    }

    /// Compares the sets of a posting list over the limit, each with the first ones and with those
    /// right before it.
    fn join_truncated(&mut self, postings: &[Posting]) -> store::Result<()> {
        let mut window: VecDeque<(&Posting, Vec<u64>)> = VecDeque::new();
        for right in postings {
            let mut right_set = self.spare.pop().unwrap_or_default();
            self.sets.read(right.set as usize, &mut right_set)?;
            for (left, left_set) in &window {
                if let Some(required) = self.required(left, right) {
                    let pair = self.compare((left, left_set), (right, &right_set), required, true);
                    pair?.into_iter().for_each(&mut *self.report);
                }
            }
            if window.len() == 2 * WINDOW {
                self.spare.extend(window.remove(WINDOW).map(|(_, elements)| elements));
            }
            window.push_back((right, right_set));
        }
        Ok(())
    }

    /// Reads the set at `at` of the posting list, unless it has been read.
    fn load(&mut self, at: usize, set: u32) -> store::Result<()> {
        if let Some(slot @ None) = self.loaded.get_mut(at) {
            let mut elements = self.spare.pop().unwrap_or_default();
            self.sets.read(set as usize, &mut elements)?;
            *slot = Some(elements);
        }
        Ok(())
    }

    /// Returns how many elements two sets must share to be similar, or `None` if they cannot be or
    /// have been compared already. The current element is the rarest that they share (positional
    /// filter).
    fn required(&self, left: &Posting, right: &Posting) -> Option<usize> {
        if left.before == right.before && left.before != 0 {
            return None;
        }
        let left_size = self.sets.size(left.set as usize);
        let right_size = self.sets.size(right.set as usize);
        self.threshold
            .required_at((left_size, left.position as usize), (right_size, right.position as usize))
    }

    /// Compares two sets. Returns the pair if they are similar, but only at the rarest element that
    /// they share, so that each pair is reported once.
    fn compare(
        &self,
        (left, left_set): (&Posting, &[u64]),
        (right, right_set): (&Posting, &[u64]),
        required: usize,
        is_truncated: bool,
    ) -> store::Result<Option<SimilarPair>> {
        let Some(count) = count_shared(left_set, right_set, required) else { return Ok(None) };
        let is_rarest =
            common(left_set, right_set).all(|element| self.order.key(element) >= left.key);
        let shared = to_u32(count, ELEMENTS)?;
        Ok(is_rarest.then_some(SimilarPair {
            left: left.set,
            right: right.set,
            shared,
            is_truncated,
        }))
    }
}

/// Yields the shared elements of two sorted sets.
pub(super) fn common<'s>(left: &'s [u64], right: &'s [u64]) -> impl Iterator<Item = u64> + 's {
    let mut right = right.iter().copied().peekable();
    left.iter().copied().filter(move |&element| {
        while right.next_if(|&other| other < element).is_some() {}
        right.next_if_eq(&element).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::MemoryStore;
    use proptest::prelude::*;

    impl SetSource for Vec<Vec<u64>> {
        fn count(&self) -> usize {
            self.len()
        }

        fn size(&self, index: usize) -> usize {
            self[index].len()
        }

        fn read(&self, index: usize, elements: &mut Vec<u64>) -> store::Result<()> {
            elements.clone_from(&self[index]);
            Ok(())
        }
    }

    fn joined(sets: &Vec<Vec<u64>>, threshold: f64, limits: JoinLimits) -> Vec<SimilarPair> {
        let mut pairs = Vec::new();
        join(sets, Ratio::new(threshold).unwrap(), limits, &MemoryStore::default(), &mut |pair| {
            pairs.push(pair)
        })
        .unwrap();
        pairs.sort();
        pairs
    }

    const UNLIMITED: JoinLimits = JoinLimits { postings: 1_000_000, memory: 1 << 30 };

    proptest! {
        #[test]
        fn join_agrees_with_brute_force(
            sets in prop::collection::vec(prop::collection::btree_set(0_u64..40, 1..16), 0..40),
            percent in 10_u32..=100,
        ) {
            let spread = |element: &u64| super::super::hash::finalize(*element) >> 8;
            let sets: Vec<Vec<u64>> = sets.iter().map(|set| {
                let mut set: Vec<u64> = set.iter().map(spread).collect();
                set.sort_unstable();
                set
            }).collect();
            let mut expected = Vec::new();
            for right in 0..sets.len() {
                for left in 0..right {
                    let count = common(&sets[left], &sets[right]).count();
                    let union = sets[left].len() + sets[right].len() - count;
                    if count * 100 >= union * percent as usize {
                        let [left, right, shared] =
                            [left, right, count].map(|number| u32::try_from(number).unwrap());
                        expected.push(SimilarPair { left, right, shared, is_truncated: false });
                    }
                }
            }
            expected.sort();
            prop_assert_eq!(&joined(&sets, f64::from(percent) / 100.0, UNLIMITED), &expected);
            let tight = JoinLimits { memory: 0, ..UNLIMITED };
            prop_assert_eq!(&joined(&sets, f64::from(percent) / 100.0, tight), &expected);
        }
    }

    #[test]
    fn an_element_of_very_many_sets_does_not_cost_quadratic_time() {
        let sets: Vec<Vec<u64>> =
            (0..20_000_u64).map(|index| (0..9).chain([(index + 100) << 30]).collect()).collect();
        let pairs = joined(&sets, 0.8, JoinLimits { postings: 100, ..UNLIMITED });
        assert!(
            pairs.len() < 20_000 * 17
                && pairs.iter().all(|pair| pair.is_truncated && pair.shared == 9)
        );
        let matched: std::collections::HashSet<u32> = pairs.iter().map(|pair| pair.right).collect();
        assert_eq!(matched.len(), 19_999, "every later set has its match");
    }
}
