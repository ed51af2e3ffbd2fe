//! FNV-1a, byte by byte (Fowler, Noll and Vo 1991): what kinds know words and titles by.

/// The state from which a hash of bytes begins: the offset basis.
pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// Adds a byte to a hash.
#[inline]
pub(super) fn add_byte(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}
