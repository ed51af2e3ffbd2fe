//! Entries in a row, found by the place that their first bytes fall on.

/// Bits of a place.
const PLACE_BITS: u32 = 13;
/// How many places there are.
pub(super) const PLACES: usize = 1 << PLACE_BITS;

/// The place of a hash: its highest bits.
#[inline(always)]
pub(super) fn place(hash: u64) -> usize {
    (hash >> (u64::BITS - PLACE_BITS)) as usize
}

/// For each place the first of the entries that fall on it, and one past the last of all; `hashes` are the entries', ascending by place.
pub(super) fn starts(hashes: impl Iterator<Item = u64>) -> Vec<u32> {
    let mut starts = vec![0; PLACES + 1];
    hashes.for_each(|hash| starts[place(hash) + 1] += 1);
    let mut sum = 0;
    for start in &mut starts {
        sum += *start;
        *start = sum;
    }
    starts
}
