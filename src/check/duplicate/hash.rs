//! The hashes that sketches hold. They never change, so that sketches made by one build can be compared by another.

pub(super) use crate::check::fnv::OFFSET_BASIS as START;

/// Spreads what distinguishes two states over all bits: the finaliser of SplitMix64.
#[inline]
pub(super) fn mix(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// Adds a value to the hash of a sequence.
#[inline]
pub(super) fn chain(state: u64, value: u64) -> u64 {
    (state.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Adds eight bytes to the hash of a word: both halves of a product of twice as many bits, folded into one.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the two halves are taken apart")]
pub(super) fn fold(state: u64, eight: u64) -> u64 {
    let product = u128::from(state ^ eight) * 0x9e37_79b9_7f4a_7c15;
    product as u64 ^ (product >> 64) as u64
}

/// The hash of a word whose bytes come one by one; the same as if eight at a time were folded, zeros behind the last.
#[derive(Debug, Clone, Copy)]
pub(super) struct WordHash {
    state: u64,
    eight: u64,
    /// Bits of `eight` that are taken.
    filled: u32,
}

impl WordHash {
    pub(super) fn new() -> Self {
        Self { state: START, eight: 0, filled: 0 }
    }

    #[inline]
    pub(super) fn add(&mut self, byte: u8) {
        self.eight |= u64::from(byte) << self.filled;
        self.filled += 8;
        if self.filled == u64::BITS {
            *self = Self { state: fold(self.state, self.eight), ..Self::new() };
        }
    }

    /// The hash, before mixing.
    pub(super) fn state(self) -> u64 {
        if self.filled == 0 { self.state } else { fold(self.state, self.eight) }
    }
}

/// The hashes of all runs of `width` values, in order of place; none where there are fewer.
///
/// A polynomial over the values, rolled along and mixed: equal runs have equal hashes wherever they stand.
pub(super) fn runs(values: impl ExactSizeIterator<Item = u64> + Clone, width: usize) -> impl Iterator<Item = u64> {
    const BASE: u64 = 0xd6e8_feb8_6659_fd93;
    let leading = (1..width).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let mut leaving = values.clone();
    let mut state = 0_u64;
    values.enumerate().filter_map(move |(index, value)| {
        if index >= width {
            let gone = leaving.next().unwrap_or(0);
            state = state.wrapping_sub(gone.wrapping_mul(leading));
        }
        state = state.wrapping_mul(BASE).wrapping_add(value);
        (index + 1 >= width).then(|| mix(state))
    })
}

/// Puts hashes in ascending order, and keeps the memory for it.
///
/// Hashes are spread evenly, so the place of each is nearly known from its highest bits: they are put there, and what falls together
/// is sorted.
#[derive(Debug, Default)]
pub(super) struct Sorter {
    /// One past the end of what falls on each place; while it is put there, the start.
    ends: Vec<u32>,
    sorted: Vec<u64>,
}

impl Sorter {
    /// Sorts hashes of `bits` bits.
    pub(super) fn sort(&mut self, hashes: &mut Vec<u64>, bits: u32) {
        const FEWEST: usize = 32;
        const MOST_PLACES: usize = 1 << 14;
        if hashes.len() < FEWEST {
            hashes.sort_unstable();
            return;
        }
        let places = hashes.len().next_power_of_two().min(MOST_PLACES);
        let shift = bits - places.trailing_zeros();
        #[expect(clippy::cast_possible_truncation, reason = "no bits are kept but those of a place")]
        let place = |hash: u64| (hash >> shift) as usize & (places - 1);
        let Self { ends, sorted } = self;
        ends.clear();
        ends.resize(places, 0);
        for &hash in &*hashes {
            ends[place(hash)] += 1;
        }
        let mut end = 0;
        for slot in &mut *ends {
            end += *slot;
            *slot = end;
        }
        sorted.clear();
        sorted.resize(hashes.len(), 0);
        for &hash in &*hashes {
            let slot = &mut ends[place(hash)];
            *slot -= 1;
            sorted[*slot as usize] = hash;
        }
        for (index, &start) in ends.iter().enumerate() {
            let end = ends.get(index + 1).map_or(sorted.len(), |&end| end as usize);
            if let Some(together) = sorted.get_mut(start as usize..end).filter(|together| together.len() > 1) {
                together.sort_unstable();
            }
        }
        std::mem::swap(hashes, sorted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sorting_by_place_sorts(hashes in prop::collection::vec(0_u64..1 << 56, 0..300), few in 1_u64..60) {
            let mut expected = hashes.clone();
            expected.extend(hashes.iter().map(|hash| hash % few));
            let (mut sorter, mut others) = (Sorter::default(), hashes);
            sorter.sort(&mut others, 56);
            let mut sorted = expected.clone();
            sorter.sort(&mut sorted, 56);
            expected.sort_unstable();
            prop_assert_eq!(sorted, expected);
            prop_assert!(others.is_sorted());
        }
    }

    #[test]
    fn equal_runs_have_equal_hashes_wherever_they_stand() {
        let values = [7, 1, 2, 3, 9, 1, 2, 3, 4_u64];
        let hashes: Vec<_> = runs(values.iter().copied(), 3).collect();
        assert_eq!(hashes.len(), 7);
        assert_eq!(hashes[1], hashes[5]);
        assert_eq!(hashes.iter().filter(|&&hash| hash == hashes[1]).count(), 2);
        assert_eq!(runs([1, 2].into_iter(), 3).count(), 0);
    }
}
