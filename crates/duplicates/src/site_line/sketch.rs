//! Sketches of pages: the name of the site, and the key of each distinct line.

use crate::store::{Result, StoreError};

/// Encodes a sketch.
pub(super) fn encode(site: &str, keys: &[u64]) -> Vec<u8> {
    /// Maximum length of a name; longer ones are truncated. Domains have at most 253 bytes.
    const MAX_NAME_BYTES: u16 = 4_096;
    let site = &site[..site.floor_char_boundary(usize::from(MAX_NAME_BYTES))];
    let length = u16::try_from(site.len()).unwrap_or(MAX_NAME_BYTES);
    let mut bytes = Vec::with_capacity(2 + site.len() + size_of_val(keys));
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(site.as_bytes());
    keys.iter().for_each(|key| bytes.extend_from_slice(&key.to_le_bytes()));
    bytes
}

/// Decodes a sketch into the name of the site and the keys.
///
/// # Errors
///
/// The sketch is damaged.
pub(super) fn decode(bytes: &[u8]) -> Result<(&str, impl Iterator<Item = u64> + '_)> {
    let damaged = || StoreError { message: "a sketch is damaged".into() };
    let (length, rest) = bytes.split_first_chunk().ok_or_else(damaged)?;
    let length = usize::from(u16::from_le_bytes(*length));
    let (site, keys) = rest.split_at_checked(length).ok_or_else(damaged)?;
    let site = std::str::from_utf8(site).map_err(|_| damaged())?;
    let (keys, _) = keys.as_chunks();
    Ok((site, keys.iter().map(|key| u64::from_le_bytes(*key))))
}
