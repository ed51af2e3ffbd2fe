//! Eight bytes at a time, as one number.

/// The bit of each of eight bytes that a small letter of ASCII has and its capital has not; digits have it too.
pub(super) const SMALL: u64 = 0x2020_2020_2020_2020;

/// The eight bytes from `at` on as a number, the lowest of which is the first; zeros behind the end.
#[inline]
pub(super) fn eight(bytes: &[u8], at: usize) -> u64 {
    if let Some(&eight) = bytes.get(at..).and_then(|rest| rest.first_chunk()) {
        return u64::from_le_bytes(eight);
    }
    let missing = 8 - bytes.len().saturating_sub(at).min(8);
    match bytes.last_chunk() {
        Some(_) if missing == 8 => 0,
        Some(&last) => u64::from_le_bytes(last) >> (8 * missing),
        None => bytes.get(at..).unwrap_or_default().iter().rev().fold(0, |all, &byte| all << 8 | u64::from(byte)),
    }
}
