//! All pairs of sets whose Jaccard similarity reaches a threshold: an exact join with prefix filtering.
//!
//! Two sets that share enough members share one among the rarest few of each, so only those few, a set's prefix, are posted
//! and looked up. Rarity is counted in a table of fixed size; that two members may share a count only costs time, because any one
//! order of all members that every set keeps makes the filter exact. A pair is counted out, in integers, where the first
//! member that both prefixes share is met, and so once.

use std::collections::VecDeque;

use super::spill::{Gather, Record, eight, four};
use crate::check::store::{self, Store, to_u32};

/// A share between 0 and 1 that is compared without rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    parts: u64,
}

/// A [`Ratio`] counts in ten-thousandths.
const WHOLE: u64 = 10_000;

/// Bits of a set's members; the byte above them is the join's.
pub const MEMBER_BITS: u32 = 56;

/// What a set holds, for an error.
const MEMBERS: &str = "members of one set";

/// Members of a posting list that is longer than the limit are compared with so many at its beginning, and just before them.
const NEAR: usize = 8;

impl Ratio {
    /// The nearest ratio in ten-thousandths, or `None` outside 0 to 1.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it lies between 1 and 10,000")]
    pub fn new(value: f64) -> Option<Self> {
        (value > 0.0 && value <= 1.0).then(|| Self { parts: (value * WHOLE as f64).round().max(1.0) as u64 })
    }

    /// The fewest members that sets of these sizes must share to reach the ratio.
    pub fn required(self, left: usize, right: usize) -> usize {
        usize::try_from((self.parts * (left + right) as u64).div_ceil(WHOLE + self.parts)).unwrap_or(usize::MAX)
    }

    /// How many of a set's rarest members must be posted so that no similar set is missed.
    fn prefix(self, size: usize) -> usize {
        let required = usize::try_from((self.parts * size as u64).div_ceil(WHOLE)).unwrap_or(usize::MAX);
        size + 1 - required.min(size)
    }
}

/// Sets of numbers below 2^56, each in ascending order and without repeats.
pub trait Sets {
    /// How many there are.
    fn count(&self) -> usize;
    /// How many members a set has.
    fn size(&self, index: usize) -> usize;
    /// Puts a set's members into `members`, in place of what it held.
    ///
    /// # Errors
    ///
    /// They cannot be read.
    fn read(&self, index: usize, members: &mut Vec<u64>) -> store::Result<()>;
}

/// Two similar sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pair {
    /// The one with the smaller index.
    pub left: u32,
    /// The one with the larger index.
    pub right: u32,
    /// Members that both have.
    pub shared: u32,
    /// Some member that both have stands in more sets than the limit, so that pairs of this set may be missing.
    pub is_crowded: bool,
}

/// Bounds on what a join may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Sets that may post one member before only near ones are compared.
    pub postings: usize,
    /// Bytes of postings held at a time; more are put into the store.
    pub memory: usize,
}

/// Calls `found` for each pair of `sets` that reaches `threshold`, once; in no order of use.
///
/// # Errors
///
/// The store or a set cannot be read, or the store not be written.
pub fn join<S: Sets>(
    sets: &S,
    threshold: Ratio,
    limits: Limits,
    store: &dyn Store,
    found: &mut dyn FnMut(Pair),
) -> store::Result<()> {
    let counts = Counts::of(sets)?;
    let mut postings = Gather::new(limits.memory, store);
    let mut members = Vec::new();
    for index in 0..sets.count() {
        sets.read(index, &mut members)?;
        for member in &mut members {
            *member = counts.key(*member);
        }
        let prefix = threshold.prefix(members.len()).min(members.len());
        if prefix == 0 {
            continue;
        }
        if prefix < members.len() {
            members.select_nth_unstable(prefix);
        }
        members[..prefix].sort_unstable();
        let (set, mut before) = (to_u32(index, "sets")?, 0);
        for (position, &key) in members[..prefix].iter().enumerate() {
            // What stands in one set alone can bring no pair.
            if key >> MEMBER_BITS > 1 {
                postings.push(Posting { key, before, set, position: to_u32(position, MEMBERS)? })?;
                before = key;
            }
        }
    }
    let mut joiner =
        Joiner { sets, threshold, limit: limits.postings, counts, found, loaded: Vec::new(), spare: Vec::new() };
    postings.groups(&mut |group| joiner.group(group))
}

/// How many members two ascending sets share, if it is at least `required`.
pub fn shared(left: &[u64], right: &[u64], required: usize) -> Option<usize> {
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

/// In how many sets a member stands, at least: members that fall together are counted together.
struct Counts {
    table: Vec<u8>,
    shift: u32,
}

impl Counts {
    /// The size depends on the sets alone: another would order the members otherwise.
    fn of<S: Sets>(sets: &S) -> store::Result<Self> {
        const SMALLEST: u32 = 10;
        const LARGEST: u32 = 26;
        let total: usize = (0..sets.count()).map(|index| sets.size(index)).sum();
        let bits = total.next_power_of_two().trailing_zeros().clamp(SMALLEST, LARGEST);
        let mut counts = Self { table: vec![0; 1 << bits], shift: MEMBER_BITS - bits };
        let mut members = Vec::new();
        for index in 0..sets.count() {
            sets.read(index, &mut members)?;
            for &member in &members {
                let place = counts.place(member);
                let slot = &mut counts.table[place];
                *slot = slot.saturating_add(1);
            }
        }
        Ok(counts)
    }

    /// Where a member is counted.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the shift leaves 26 bits or fewer")]
    fn place(&self, member: u64) -> usize {
        (member >> self.shift) as usize
    }

    /// The member with its count above it: ascending keys are members from the rarest on.
    #[inline]
    fn key(&self, member: u64) -> u64 {
        let count = self.table.get(self.place(member)).copied().unwrap_or(0);
        u64::from(count) << MEMBER_BITS | member
    }
}

/// A member in a set's prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Posting {
    key: u64,
    set: u32,
    /// Rarer members of the set, posted or not.
    position: u32,
    /// The key posted before it for the same set; 0 for none. Two sets that share this one too were compared there.
    before: u64,
}

impl Record for Posting {
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
        Self { key: eight(bytes, 0), before: eight(bytes, 8), set: four(bytes, 16), position: four(bytes, 20) }
    }
}

struct Joiner<'j, S> {
    sets: &'j S,
    threshold: Ratio,
    limit: usize,
    counts: Counts,
    found: &'j mut dyn FnMut(Pair),
    /// The sets of the group at hand that were read, and buffers for the next.
    loaded: Vec<Option<Vec<u64>>>,
    spare: Vec<Vec<u64>>,
}

impl<S: Sets> Joiner<'_, S> {
    /// Compares the sets that post one member.
    fn group(&mut self, group: &[Posting]) -> store::Result<()> {
        if group.len() > self.limit.max(2 * NEAR) {
            return self.crowd(group);
        }
        for (at, right) in group.iter().enumerate().skip(1) {
            for (earlier, left) in group[..at].iter().enumerate() {
                let Some(required) = self.required(left, right) else { continue };
                if self.loaded.is_empty() {
                    self.loaded.resize_with(group.len(), || None);
                }
                self.load(earlier, left.set)?;
                self.load(at, right.set)?;
                if let (Some(Some(one)), Some(Some(other))) = (self.loaded.get(earlier), self.loaded.get(at)) {
                    let pair = self.compare((left, one), (right, other), required, false);
                    pair?.into_iter().for_each(&mut *self.found);
                }
            }
        }
        self.spare.extend(self.loaded.drain(..).flatten());
        Ok(())
    }

    /// Compares each set that posts a member of very many with the first few of them and with those just before it.
    fn crowd(&mut self, group: &[Posting]) -> store::Result<()> {
        let mut near: VecDeque<(&Posting, Vec<u64>)> = VecDeque::new();
        for right in group {
            let mut other = self.spare.pop().unwrap_or_default();
            self.sets.read(right.set as usize, &mut other)?;
            for (left, one) in &near {
                if let Some(required) = self.required(left, right) {
                    let pair = self.compare((left, one), (right, &other), required, true);
                    pair?.into_iter().for_each(&mut *self.found);
                }
            }
            if near.len() == 2 * NEAR {
                self.spare.extend(near.remove(NEAR).map(|(_, members)| members));
            }
            near.push_back((right, other));
        }
        Ok(())
    }

    fn load(&mut self, at: usize, set: u32) -> store::Result<()> {
        if let Some(slot @ None) = self.loaded.get_mut(at) {
            let mut members = self.spare.pop().unwrap_or_default();
            self.sets.read(set as usize, &mut members)?;
            *slot = Some(members);
        }
        Ok(())
    }

    /// How many members the sets must share, if they can and were not compared already: what they share stands no earlier
    /// than here in either.
    fn required(&self, left: &Posting, right: &Posting) -> Option<usize> {
        if left.before == right.before && left.before != 0 {
            return None;
        }
        let (size_left, size_right) = (self.sets.size(left.set as usize), self.sets.size(right.set as usize));
        let required = self.threshold.required(size_left, size_right);
        let most = (size_left - left.position as usize).min(size_right - right.position as usize);
        (required <= most).then_some(required)
    }

    fn compare(
        &self,
        (left, one): (&Posting, &[u64]),
        (right, other): (&Posting, &[u64]),
        required: usize,
        is_crowded: bool,
    ) -> store::Result<Option<Pair>> {
        let Some(count) = shared(one, other, required) else { return Ok(None) };
        let is_first = common(one, other).all(|member| self.counts.key(member) >= left.key);
        let shared = to_u32(count, MEMBERS)?;
        Ok(is_first.then_some(Pair { left: left.set, right: right.set, shared, is_crowded }))
    }
}

/// The members that two ascending sets share.
fn common<'s>(left: &'s [u64], right: &'s [u64]) -> impl Iterator<Item = u64> + 's {
    let mut right = right.iter().copied().peekable();
    left.iter().copied().filter(move |&member| {
        while right.next_if(|&other| other < member).is_some() {}
        right.next_if_eq(&member).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::store::MemoryStore;
    use proptest::prelude::*;

    impl Sets for Vec<Vec<u64>> {
        fn count(&self) -> usize {
            self.len()
        }

        fn size(&self, index: usize) -> usize {
            self[index].len()
        }

        fn read(&self, index: usize, members: &mut Vec<u64>) -> store::Result<()> {
            members.clone_from(&self[index]);
            Ok(())
        }
    }

    fn joined(sets: &Vec<Vec<u64>>, threshold: f64, limits: Limits) -> Vec<Pair> {
        let mut pairs = Vec::new();
        join(sets, Ratio::new(threshold).unwrap(), limits, &MemoryStore::default(), &mut |pair| pairs.push(pair))
            .unwrap();
        pairs.sort();
        pairs
    }

    const FREE: Limits = Limits { postings: 1_000_000, memory: 1 << 30 };

    proptest! {
        #[test]
        fn the_join_finds_what_comparing_all_pairs_finds(
            sets in prop::collection::vec(prop::collection::btree_set(0_u64..40, 1..16), 0..40),
            percent in 10_u32..=100,
        ) {
            let spread = |member: &u64| super::super::hash::mix(*member) >> 8;
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
                        let (left, right, shared) = (left as u32, right as u32, count as u32);
                        expected.push(Pair { left, right, shared, is_crowded: false });
                    }
                }
            }
            expected.sort();
            prop_assert_eq!(&joined(&sets, f64::from(percent) / 100.0, FREE), &expected);
            let tight = Limits { memory: 0, ..FREE };
            prop_assert_eq!(&joined(&sets, f64::from(percent) / 100.0, tight), &expected);
        }
    }

    #[test]
    fn a_member_of_very_many_sets_costs_no_square() {
        let sets: Vec<Vec<u64>> = (0..20_000_u64).map(|index| (0..9).chain([(index + 100) << 30]).collect()).collect();
        let pairs = joined(&sets, 0.8, Limits { postings: 100, ..FREE });
        assert!(pairs.len() < 20_000 * 17 && pairs.iter().all(|pair| pair.is_crowded && pair.shared == 9));
        let matched: std::collections::HashSet<u32> = pairs.iter().map(|pair| pair.right).collect();
        assert_eq!(matched.len(), 19_999, "every later set has its match");
    }
}
