//! Phrases that only match a few whole lines, found by looking up the line.
//!
//! A line is looked up by the hash of its normal form without the punctuation around it. Lines are
//! not compared: among 10⁹ different lines, the probability that one collides with a phrase that it
//! does not match is one in a million.

use crate::fnv::{OFFSET_BASIS, add_byte};
use crate::{Phrase, is_mark};

/// Maximum number of lines that a listed phrase matches. Listing phrases of up to 2,000 lines would
/// double the number of lines.
const MAX_LISTED: usize = 64;
/// Maximum length of a listed line in normal form, in bytes.
pub const MAX_LINE: usize = 200;

/// Returns the hashes of all lines that `phrase` matches; `None` if it is not looked up by line.
pub fn hashes(phrase: &Phrase) -> Option<Vec<u64>> {
    let lines = phrase.lines(MAX_LISTED)?;
    lines
        .iter()
        .all(|line| line.len() <= MAX_LINE)
        .then(|| lines.iter().map(|line| hash(line)).collect())
}

/// Returns the lookup key of a line, given the line and its normal form.
pub fn key<'n>(line: &str, normal: &'n str) -> Option<&'n str> {
    // The normal form of the letter `ʼ` is punctuation, which no phrase starts or ends with.
    let line = line.trim_matches(is_mark);
    (!line.starts_with('ʼ') && !line.ends_with('ʼ')).then(|| normal.trim_matches(is_mark))
}

/// Hashes a line in normal form.
pub fn hash(line: &str) -> u64 {
    mix(line.bytes().fold(OFFSET_BASIS, add_byte))
}

/// Returns the hashes of the prefixes of a text, starting with that of its first byte.
pub fn prefix_hashes(text: &str) -> impl Iterator<Item = u64> {
    text.bytes().scan(OFFSET_BASIS, |state, byte| {
        *state = add_byte(*state, byte);
        Some(mix(*state))
    })
}

/// Mixes the bits of a hash, because FNV-1a hashes short texts to similar numbers.
fn mix(state: u64) -> u64 {
    (state ^ (state >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93)
}
