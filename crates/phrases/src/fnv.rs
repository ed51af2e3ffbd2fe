//! FNV-1a over bytes (Fowler, Noll and Vo 1991).

/// The offset basis: the hash of no bytes.
pub const OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// Adds a byte to a hash.
#[inline]
pub fn add_byte(state: u64, byte: u8) -> u64 {
    (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}
