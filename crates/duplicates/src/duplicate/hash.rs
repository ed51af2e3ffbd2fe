//! The hash functions of sketches. They never change, so that sketches of different builds can be
//! compared.

/// The hash of no words. It is the offset basis of FNV-1a.
pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// The finalizer of SplitMix64, which spreads differences over all bits.
#[inline]
pub(super) fn finalize(state: u64) -> u64 {
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// Adds a value to the hash of a sequence.
#[inline]
pub(super) fn combine(state: u64, value: u64) -> u64 {
    (state.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Returns the hash of a sequence of hashes.
pub fn hash_sequence(hashes: impl Iterator<Item = u64>) -> u64 {
    finalize(hashes.fold(START, combine))
}

/// Adds eight bytes to the hash of a word: the two halves of a 128-bit product, XORed.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the two halves are taken apart")]
pub(super) fn fold_mul(state: u64, bytes: u64) -> u64 {
    let product = u128::from(state ^ bytes) * 0x9e37_79b9_7f4a_7c15;
    product as u64 ^ (product >> 64) as u64
}

/// Hashes a word byte by byte. The result is the same as folding eight bytes at a time, padded with
/// zeros.
#[derive(Debug, Clone, Copy)]
pub(super) struct WordHash {
    state: u64,
    /// The bytes not folded yet.
    pending: u64,
    /// The number of bits used in `pending`.
    pending_bits: u32,
}

impl WordHash {
    pub(super) fn new() -> Self {
        Self { state: START, pending: 0, pending_bits: 0 }
    }

    #[inline]
    pub(super) fn add(&mut self, byte: u8) {
        self.pending |= u64::from(byte) << self.pending_bits;
        self.pending_bits += 8;
        if self.pending_bits == u64::BITS {
            *self = Self { state: fold_mul(self.state, self.pending), ..Self::new() };
        }
    }

    /// Returns the hash before [`finalize`].
    pub(super) fn state(self) -> u64 {
        if self.pending_bits == 0 { self.state } else { fold_mul(self.state, self.pending) }
    }
}

/// Returns the hashes of all runs of `width` values, in order.
///
/// Rabin-Karp: a polynomial over the values in a sliding window, finalized.
pub(super) fn rolling_hashes(
    values: impl ExactSizeIterator<Item = u64> + Clone,
    width: usize,
) -> impl Iterator<Item = u64> {
    const BASE: u64 = 0xd6e8_feb8_6659_fd93;
    let leading = (1..width).fold(1_u64, |power, _| power.wrapping_mul(BASE));
    let mut leaving = values.clone();
    let mut state = 0_u64;
    values.enumerate().filter_map(move |(index, value)| {
        if index >= width {
            let oldest = leaving.next().unwrap_or(0);
            state = state.wrapping_sub(oldest.wrapping_mul(leading));
        }
        state = state.wrapping_mul(BASE).wrapping_add(value);
        (index + 1 >= width).then(|| finalize(state))
    })
}

/// Sorts hashes with a bucket sort, and reuses its memory.
///
/// Hashes are uniformly distributed, so the highest bits give almost the final position.
#[derive(Debug, Default)]
pub(super) struct HashSorter {
    /// The end of each bucket; after filling it, the start.
    bounds: Vec<u32>,
    sorted: Vec<u64>,
}

impl HashSorter {
    /// Sorts hashes of `bits` bits.
    pub(super) fn sort(&mut self, hashes: &mut Vec<u64>, bits: u32) {
        /// Fewer hashes are sorted faster by comparison.
        const MIN_HASHES: usize = 32;
        const MAX_BUCKETS: usize = 1 << 14;
        if hashes.len() < MIN_HASHES {
            hashes.sort_unstable();
            return;
        }
        let buckets = hashes.len().next_power_of_two().min(MAX_BUCKETS);
        let shift = bits - buckets.trailing_zeros();
        #[expect(clippy::cast_possible_truncation, reason = "the mask keeps low bits alone")]
        let bucket = |hash: u64| (hash >> shift) as usize & (buckets - 1);
        let Self { bounds, sorted } = self;
        bounds.clear();
        bounds.resize(buckets, 0);
        for &hash in &*hashes {
            bounds[bucket(hash)] += 1;
        }
        let mut end = 0;
        for bound in &mut *bounds {
            end += *bound;
            *bound = end;
        }
        sorted.clear();
        sorted.resize(hashes.len(), 0);
        for &hash in &*hashes {
            let bound = &mut bounds[bucket(hash)];
            *bound -= 1;
            sorted[*bound as usize] = hash;
        }
        for (index, &start) in bounds.iter().enumerate() {
            let end = bounds.get(index + 1).map_or(sorted.len(), |&end| end as usize);
            if let Some(bucket) =
                sorted.get_mut(start as usize..end).filter(|bucket| bucket.len() > 1)
            {
                bucket.sort_unstable();
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
        fn hashes_are_sorted(hashes in prop::collection::vec(0_u64..1 << 56, 0..300), few in 1_u64..60) {
            let mut expected = hashes.clone();
            expected.extend(hashes.iter().map(|hash| hash % few));
            let (mut sorter, mut others) = (HashSorter::default(), hashes);
            sorter.sort(&mut others, 56);
            let mut sorted = expected.clone();
            sorter.sort(&mut sorted, 56);
            expected.sort_unstable();
            prop_assert_eq!(sorted, expected);
            prop_assert!(others.is_sorted());
        }
    }

    #[test]
    fn equal_runs_have_equal_hashes_at_any_position() {
        let values = [7, 1, 2, 3, 9, 1, 2, 3, 4_u64];
        let hashes: Vec<_> = rolling_hashes(values.iter().copied(), 3).collect();
        assert_eq!(hashes.len(), 7);
        assert_eq!(hashes[1], hashes[5]);
        assert_eq!(hashes.iter().filter(|&&hash| hash == hashes[1]).count(), 2);
        assert_eq!(rolling_hashes([1, 2].into_iter(), 3).count(), 0);
    }
}
