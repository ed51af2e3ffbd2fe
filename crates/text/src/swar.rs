//! Loads of eight bytes as one integer, for SIMD within a register.

/// The bit that distinguishes lower from upper case in each of eight ASCII letters. Digits have it
/// set.
pub const ASCII_CASE_BITS: u64 = 0x2020_2020_2020_2020;

/// Loads eight bytes from `at` as a little-endian integer, padded with zeros past the end.
#[inline]
pub fn load_u64_padded(bytes: &[u8], at: usize) -> u64 {
    if let Some(&chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        return u64::from_le_bytes(chunk);
    }
    let missing = 8 - bytes.len().saturating_sub(at).min(8);
    match bytes.last_chunk() {
        Some(_) if missing == 8 => 0,
        Some(&last) => u64::from_le_bytes(last) >> (8 * missing),
        None => bytes
            .get(at..)
            .unwrap_or_default()
            .iter()
            .rev()
            .fold(0, |all, &byte| all << 8 | u64::from(byte)),
    }
}
