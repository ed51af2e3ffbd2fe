//! The hashes that sketches hold. They never change, so that sketches made by one build can be compared by another.

/// The state from which a hash of bytes begins: the offset basis of FNV-1a.
pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// Adds a byte to the hash of a word: one step of FNV-1a.
#[inline]
pub(super) fn add_byte(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

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

#[cfg(test)]
mod tests {
    use super::*;

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
