//! A prefilter for known titles and labels that rejects most text without splitting it into words.

use dechaff_text::swar::{ASCII_CASE_BITS, load_u64_padded};

/// Two single-hash Bloom filters: one over whole texts, one over their first words. Only letters
/// are hashed, ignoring case.
pub(super) struct BloomFilter {
    whole: BitSet,
    /// Hashes of the first words, which reject most text.
    first_words: BitSet,
}

/// A bitset of 8 KiB, small enough to stay in the L1 cache.
struct BitSet(Box<[u64; 1 << (BITS - 6)]>);

impl BitSet {
    fn empty() -> Self {
        Self(Box::new([0; 1 << (BITS - 6)]))
    }

    fn insert(&mut self, bit: usize) {
        self.0[bit / 64] |= 1 << (bit % 64);
    }

    #[inline]
    fn contains(&self, bit: usize) -> bool {
        self.0[bit / 64] >> (bit % 64) & 1 != 0
    }
}

/// Bits per hash. Even thousands of texts leave most of the 65,536 bits clear.
const BITS: u32 = 16;

impl BloomFilter {
    /// Creates a filter over `texts`.
    pub(super) fn new<'t>(texts: impl Iterator<Item = &'t String>) -> Self {
        let mut whole = BitSet::empty();
        let mut first_words = BitSet::empty();
        for text in texts {
            whole.insert(hash(text));
            if let Some(letters) = first_word(text).filter(|letters| !letters.is_empty()) {
                first_words.insert(hash_word(letters));
            }
        }
        Self { whole, first_words }
    }

    /// Whether one of the texts may have the same letters as `text`, whatever is between them.
    pub(super) fn may_contain(&self, text: &str) -> bool {
        self.may_start_like(text) && self.whole.contains(hash(text))
    }

    /// Whether one of the texts may start with the same word as `text`.
    pub(super) fn may_start_like(&self, text: &str) -> bool {
        first_word(text).is_none_or(|letters| {
            !letters.is_empty() && self.first_words.contains(hash_word(letters))
        })
    }
}

/// Returns the first run of ASCII letters; `None` if it touches a non-ASCII character.
fn first_word(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let start = bytes
        .iter()
        .position(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
        .unwrap_or(bytes.len());
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    if bytes.get(start + length).is_none_or(u8::is_ascii) {
        text.get(start..start + length)
    } else {
        None
    }
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Hashes the first eight of one or more ASCII letters, ignoring case.
fn hash_word(letters: &str) -> usize {
    let mask = u64::MAX >> (u64::BITS as usize - 8 * letters.len().clamp(1, 8));
    (((load_u64_padded(letters.as_bytes(), 0) | ASCII_CASE_BITS) & mask).wrapping_mul(FACTOR)
        >> (64 - BITS)) as usize
}

/// Hashes all letters of a text, ignoring case.
fn hash(text: &str) -> usize {
    let mut hash = 0_u64;
    let mut add =
        |letter: u32| hash = (hash ^ u64::from(letter)).wrapping_mul(FACTOR).rotate_left(20);
    if text.is_ascii() {
        text.bytes()
            .filter(u8::is_ascii_alphabetic)
            .for_each(|letter| add(u32::from(letter | 0x20)));
    } else {
        // Lowercasing yields a different sigma at the end of a word.
        let lower =
            text.chars().flat_map(char::to_lowercase).filter(|letter| letter.is_alphabetic());
        lower.for_each(|letter| add(u32::from(if letter == 'ς' { 'σ' } else { letter })));
    }
    (hash.wrapping_mul(FACTOR) >> (64 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_match_by_their_letters() {
        let labels =
            ["user name".to_owned(), "имя".to_owned(), "φορέας".to_owned(), "indirizzo".to_owned()];
        let filter = BloomFilter::new(labels.iter());
        for text in ["user name", "1. User-Name:", "USER_NAME", "Имя", "ΦΟΡΈΑΣ", "İNDIRIZZO"]
        {
            assert!(filter.may_contain(text), "{text}");
        }
        let others =
            ["name user", "user", "username", "", "the name of a user", "users name", "имена"];
        assert!(!others.iter().any(|text| filter.may_contain(text)));
    }
}
