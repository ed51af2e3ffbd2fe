//! Known titles and labels, told from most other text without looking at its words.

/// Texts by the hash of their letters, case aside.
pub(super) struct Sieve(Vec<bool>);

/// Bits of a hash: thousands of texts leave most places empty.
const BITS: u32 = 16;

impl Sieve {
    /// Holds `texts`.
    pub(super) fn of<'t>(texts: impl Iterator<Item = &'t String>) -> Self {
        let mut known = vec![false; 1 << BITS];
        texts.for_each(|text| known[hash(text)] = true);
        Self(known)
    }

    /// Whether one of the texts may have the same letters as `text`, whatever stands between them.
    pub(super) fn may_hold(&self, text: &str) -> bool {
        self.0[hash(text)]
    }
}

fn hash(text: &str) -> usize {
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
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
        for text in ["user name", "1. User-Name:", "USERNAME", "Имя", "ΦΟΡΈΑΣ", "İNDIRIZZO"] {
            assert!(sieve.may_hold(text), "{text}");
        }
        let others = ["name user", "user", "", "the name of a user", "users name", "имена"];
        assert!(!others.iter().any(|text| sieve.may_hold(text)));
    }
}
