//! Known titles and labels, told from most other text without looking at its words.

use super::eight::{SMALL, eight};

/// Texts by the hash of their letters, case aside.
pub(super) struct Sieve {
    all: Places,
    /// By that of their first letters, up to what is no letter; most texts are told from others by these.
    first: Places,
}

/// Which places are taken: a bit for each, so that the processor keeps all at hand.
struct Places(Box<[u64; 1 << (BITS - 6)]>);

impl Places {
    fn none() -> Self {
        Self(Box::new([0; 1 << (BITS - 6)]))
    }

    fn take(&mut self, place: usize) {
        self.0[place / 64] |= 1 << (place % 64);
    }

    #[inline]
    fn hold(&self, place: usize) -> bool {
        self.0[place / 64] >> (place % 64) & 1 != 0
    }
}

/// Bits of a hash: thousands of texts leave most places empty.
const BITS: u32 = 16;

impl Sieve {
    /// Holds `texts`.
    pub(super) fn of<'t>(texts: impl Iterator<Item = &'t String>) -> Self {
        let (mut all, mut first) = (Places::none(), Places::none());
        for text in texts {
            all.take(hash(text));
            if let Some(letters) = beginning(text).filter(|letters| !letters.is_empty()) {
                first.take(hash_of_first(letters));
            }
        }
        Self { all, first }
    }

    /// Whether one of the texts may have the same words as `text`, whatever stands between them.
    pub(super) fn may_hold(&self, text: &str) -> bool {
        self.may_begin(text) && self.all.hold(hash(text))
    }

    /// Whether one of the texts may begin with the same word as `text`.
    pub(super) fn may_begin(&self, text: &str) -> bool {
        beginning(text).is_none_or(|letters| !letters.is_empty() && self.first.hold(hash_of_first(letters)))
    }
}

/// The first letters of a text, up to what is no letter; `None` where others than those of ASCII stand there.
fn beginning(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let start = bytes.iter().position(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii()).unwrap_or(bytes.len());
    let length = bytes[start..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    if bytes.get(start + length).is_none_or(u8::is_ascii) { text.get(start..start + length) } else { None }
}

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;

/// Of the first eight of one or more letters of ASCII, case aside.
fn hash_of_first(letters: &str) -> usize {
    let mask = u64::MAX >> (u64::BITS as usize - 8 * letters.len().clamp(1, 8));
    (((eight(letters.as_bytes(), 0) | SMALL) & mask).wrapping_mul(FACTOR) >> (64 - BITS)) as usize
}

/// Of all letters of a text, case aside.
fn hash(text: &str) -> usize {
    let mut hash = 0_u64;
    let mut add = |letter: u32| hash = (hash ^ u64::from(letter)).wrapping_mul(FACTOR).rotate_left(20);
    if text.is_ascii() {
        text.bytes().filter(u8::is_ascii_alphabetic).for_each(|letter| add(u32::from(letter | 0x20)));
    } else {
        // In a word of small letters the last sigma is another.
        let small = text.chars().flat_map(char::to_lowercase).filter(|letter| letter.is_alphabetic());
        small.for_each(|letter| add(u32::from(if letter == 'ς' { 'σ' } else { letter })));
    }
    (hash.wrapping_mul(FACTOR) >> (64 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_known_by_their_letters() {
        let known = ["user name".to_owned(), "имя".to_owned(), "φορέας".to_owned(), "indirizzo".to_owned()];
        let sieve = Sieve::of(known.iter());
        for text in ["user name", "1. User-Name:", "USER_NAME", "Имя", "ΦΟΡΈΑΣ", "İNDIRIZZO"] {
            assert!(sieve.may_hold(text), "{text}");
        }
        let others = ["name user", "user", "username", "", "the name of a user", "users name", "имена"];
        assert!(!others.iter().any(|text| sieve.may_hold(text)));
    }
}
