//! Fingerprints: hashes of a few words in a row, used to find shared passages.

use super::external_group::{read_u32_le, read_u64_le};
use super::hash::{hash_sequence, rolling_hashes};
use super::matches::to_u32_saturating;
use super::token::{Token, Tokens};

/// The number of tokens in a fingerprint. Fewer are shared by chance too often.
pub(super) const FINGERPRINT_TOKENS: usize = 8;

/// The size of an encoded fingerprint: hash, start and context.
pub(super) const FINGERPRINT_BYTES: usize = 14;

/// A hash of [`FINGERPRINT_TOKENS`] consecutive tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fingerprint {
    pub(super) hash: u64,
    pub(super) start: u32,
    pub(super) context: FingerprintContext,
}

impl Fingerprint {
    /// Decodes a fingerprint of [`FINGERPRINT_BYTES`] bytes.
    pub(super) fn read(bytes: &[u8]) -> Self {
        Self {
            hash: read_u64_le(bytes, 0),
            start: read_u32_le(bytes, 8),
            context: FingerprintContext::read(bytes, 12),
        }
    }
}

/// The context of a fingerprint: hashes of seven bits of what precedes and follows its tokens.
///
/// A shared passage of `run` tokens has `run` - [`FINGERPRINT_TOKENS`] tokens outside the
/// fingerprint, and at least half of them are on one side. If neither side agrees, the texts share
/// no passage there and need not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct FingerprintContext(u16);

impl FingerprintContext {
    const SIDE_BITS: u32 = 7;

    /// Creates the context of the fingerprint of the tokens from `at`.
    fn new(tokens: &[Token], at: usize, run: usize) -> Self {
        let width = run.saturating_sub(FINGERPRINT_TOKENS).div_ceil(2);
        let before = at.checked_sub(width).and_then(|start| tokens.get(start..at));
        let end = at + FINGERPRINT_TOKENS;
        let [before, after] = [before, tokens.get(end..end + width)].map(|side| {
            let hash = hash_sequence(side?.iter().map(|token| token.hash));
            u16::try_from(hash >> (u64::BITS - Self::SIDE_BITS)).ok()
        });
        // Zero means that the text ends here.
        let side = |hash: Option<u16>| hash.map_or(0, |hash| hash.max(1));
        Self(side(before) << Self::SIDE_BITS | side(after))
    }

    pub(super) fn from_number(number: u16) -> Self {
        Self(number)
    }

    /// Decodes the two bytes at `at`.
    pub(super) fn read(bytes: &[u8], at: usize) -> Self {
        let bytes = bytes.get(at..at + 2).and_then(|part| part.try_into().ok());
        Self(bytes.map_or(0, u16::from_le_bytes))
    }

    pub(super) fn number(self) -> u16 {
        self.0
    }

    /// Whether two texts may share a passage here.
    pub(super) fn may_share(self, other: Self) -> bool {
        let sides = |Self(number)| {
            let after = number & ((1 << Self::SIDE_BITS) - 1);
            [number >> Self::SIDE_BITS, after]
        };
        sides(self).iter().zip(sides(other)).any(|(one, other)| *one != 0 && *one == other)
    }
}

/// Encodes fingerprints so that two texts that share `run` tokens in a row share one. Returns their
/// number.
///
/// Robust winnowing (Schleimer, Wilkerson and Aiken 2003): the smallest hash of each window is
/// chosen. If it occurs more than once, the one chosen before is kept, otherwise the last, so that
/// repetitive text has few fingerprints.
pub(super) fn write_fingerprints(
    tokens: &Tokens,
    run: usize,
    hashes: &mut Vec<u64>,
    bytes: &mut Vec<u8>,
) -> u32 {
    let window = run.saturating_sub(FINGERPRINT_TOKENS) + 1;
    hashes.clear();
    hashes.extend(rolling_hashes(tokens.hashes(), FINGERPRINT_TOKENS));
    let mut count = 0;
    let mut smallest = 0;
    let mut chosen = None;
    for at in 0..hashes.len() {
        let first = (at + 1).saturating_sub(window);
        if hashes[at] < hashes[smallest] {
            smallest = at;
        } else if smallest < first {
            smallest = (first..=at).rev().min_by_key(|&index| hashes[index]).unwrap_or(at);
        }
        if at + 1 < window.min(hashes.len()) || chosen == Some(smallest) {
            continue;
        }
        chosen = Some(smallest);
        if let Some(token) = tokens.tokens.get(smallest) {
            bytes.extend_from_slice(&hashes[smallest].to_le_bytes());
            bytes.extend_from_slice(&to_u32_saturating(token.span.start).to_le_bytes());
            let context = FingerprintContext::new(&tokens.tokens, smallest, run);
            bytes.extend_from_slice(&context.number().to_le_bytes());
            count += 1;
        }
    }
    count
}
