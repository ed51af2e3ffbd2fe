//! The words of a line, and byte n-grams in them, as stable hashes: weights are stored by hash.

use dechaff_phrases::fnv::{OFFSET_BASIS, add_byte};

/// Bits of a bucket index. There is one weight per bucket.
pub const BUCKET_BITS: u32 = 18;

/// A word: its hash and its span.
#[derive(Debug, Clone, Copy)]
pub(super) struct Word {
    /// FNV-1a of its bytes, with ASCII letters in lower case and each digit as `0`.
    pub(super) hash: u64,
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it is a character of a script without spaces between words.
    pub(super) is_sign: bool,
}

/// Maps an ASCII letter or digit to its normalized form, and other bytes to 0.
#[expect(clippy::cast_possible_truncation, reason = "the numbers of ASCII fit")]
const FOLDED: [u8; 256] = {
    let mut folded = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        folded[byte] = match byte as u8 {
            b'0'..=b'9' => b'0',
            letter @ (b'a'..=b'z' | b'A'..=b'Z') => letter.to_ascii_lowercase(),
            _ => 0,
        };
        byte += 1;
    }
    folded
};

/// Calls `take` with each word of `text`: a run of letters and digits, or one ideograph or kana.
///
/// Beyond ASCII, the first byte of a character decides, which is approximate and fast: punctuation,
/// symbols and emoji end a word, and everything else continues it.
pub(super) fn each(text: &str, mut take: impl FnMut(Word)) {
    let bytes = text.as_bytes();
    let (mut at, mut start, mut hash) = (0, 0, OFFSET_BASIS);
    while let Some(&byte) = bytes.get(at) {
        let folded = FOLDED[usize::from(byte)];
        if folded != 0 {
            hash = add_byte(hash, folded);
            at += 1;
            continue;
        }
        let (length, is_letter, is_sign) = match byte {
            0..=0x7F => (1, false, false),
            0xC2 => (2, false, false),
            0x80..=0xDF => (2, true, false),
            0xE2 | 0xEF => (3, false, false),
            0xE3 if bytes.get(at + 1) == Some(&0x80) => (3, false, false),
            0xE3..=0xE9 => (3, true, true),
            0xE0..=0xEF => (3, true, false),
            _ => (4, false, false),
        };
        let end = (at + length).min(bytes.len());
        if is_sign || !is_letter {
            if start < at {
                take(Word { hash, start, end: at, is_sign: false });
            }
            if is_sign {
                let hash =
                    bytes[at..end].iter().fold(OFFSET_BASIS, |hash, &byte| add_byte(hash, byte));
                take(Word { hash, start: at, end, is_sign: true });
            }
            (start, hash) = (end, OFFSET_BASIS);
        } else {
            hash = bytes[at..end].iter().fold(hash, |hash, &byte| add_byte(hash, byte));
        }
        at = end;
    }
    if start < at {
        take(Word { hash, start, end: at, is_sign: false });
    }
}

/// Maximum number of bytes of a line that n-grams are computed from. The start of a line shows what
/// it is.
const MAX_GRAM_BYTES: usize = 150;

/// Calls `take` with the bucket of each run of three to five bytes within the words of a line,
/// including a space before and after each word. ASCII case and the values of digits are ignored.
pub(super) fn grams(line: &str, mut take: impl FnMut(u32)) {
    const MIN_BYTES: usize = 3;
    const MAX_BYTES: usize = 5;
    let mut bytes = [b' '; MAX_GRAM_BYTES + 2];
    let mut count = 1;
    for byte in line.bytes().take(MAX_GRAM_BYTES).chain([b' ']) {
        let folded = match byte {
            b'\t'..=b'\r' => b' ',
            b'0'..=b'9' => b'0',
            byte => byte.to_ascii_lowercase(),
        };
        if folded != b' ' || bytes[count - 1] != b' ' {
            bytes[count] = folded;
            count += 1;
        }
    }
    let bytes = &bytes[..count];
    for start in 0..count {
        let mut hash = OFFSET_BASIS;
        for (length, &byte) in (1..=MAX_BYTES).zip(&bytes[start..]) {
            // No n-gram crosses a blank.
            if length >= MIN_BYTES && bytes[start + length - 2] == b' ' {
                break;
            }
            hash = add_byte(hash, byte);
            if length >= MIN_BYTES {
                take(bucket(hash));
            }
        }
    }
}

/// The part of a line that a word bucket describes.
#[derive(Debug, Clone, Copy)]
enum Role {
    Word = 1,
    Pair = 2,
    First = 3,
    Last = 4,
    /// All words of a short line.
    Line = 5,
}

/// Calls `take` with a bucket for each word, each pair of words, the first and the last word, and
/// the whole line if it is short.
pub(super) fn phrases(words: &[Word], mut take: impl FnMut(u32)) {
    const MAX_WORDS: usize = 40;
    const SHORT_LINE: std::ops::RangeInclusive<usize> = 2..=6;
    let words = &words[..words.len().min(MAX_WORDS)];
    let mut take = |role: Role, hash: u64| take(phrase_bucket(role, hash));
    words.iter().for_each(|word| take(Role::Word, word.hash));
    words.windows(2).for_each(|pair| take(Role::Pair, combined_hash(pair)));
    if let (Some(first), Some(last)) = (words.first(), words.last()) {
        take(Role::First, first.hash);
        take(Role::Last, last.hash);
    }
    if SHORT_LINE.contains(&words.len()) {
        take(Role::Line, combined_hash(words));
    }
}

/// Returns the bucket that [`phrases`] uses for a word.
pub(super) fn word_bucket(word: &Word) -> u32 {
    phrase_bucket(Role::Word, word.hash)
}

fn phrase_bucket(role: Role, hash: u64) -> u32 {
    bucket((hash ^ ((role as u64) << 56)).wrapping_mul(0xbf58_476d_1ce4_e5b9))
}

/// Hashes a sequence of words.
fn combined_hash(words: &[Word]) -> u64 {
    words.iter().fold(0, |hash, word| {
        hash.rotate_left(7).wrapping_add(word.hash).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    })
}

fn bucket(hash: u64) -> u32 {
    ((hash ^ (hash >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> (64 - BUCKET_BITS)) as u32
}

/// Approximate counts of the words of a text: words whose hashes collide share a counter.
pub(super) struct WordCounts {
    counters: Vec<u8>,
}

impl WordCounts {
    const BITS: u32 = 15;
    /// Minimum length of a counted word. Shorter ones occur in most texts.
    const MIN_WORD_BYTES: usize = 4;

    pub(super) fn new() -> Self {
        Self { counters: vec![0; 1 << Self::BITS] }
    }

    /// Counts consecutive words.
    pub(super) fn add(&mut self, words: &[Word]) {
        let mut before = None;
        words.iter().for_each(|&word| self.add_word(before.replace(word), word));
    }

    /// Counts the words of `text`.
    pub(super) fn add_text(&mut self, text: &str) {
        let mut before = None;
        each(text, |word| self.add_word(before.replace(word), word));
    }

    fn add_word(&mut self, before: Option<Word>, word: Word) {
        if let Some(key) = Self::key(before, word) {
            let counter = &mut self.counters[key];
            *counter = counter.saturating_add(1);
        }
    }

    /// Returns the share of `words` that were counted more than `own` times; `None` if no word is
    /// long enough.
    pub(super) fn share(&self, words: &[Word], own: u8) -> Option<f32> {
        let (mut known, mut all, mut before) = (0_u32, 0_u32, None);
        for &word in words {
            if let Some(key) = Self::key(before.replace(word), word) {
                all += 1;
                known += u32::from(self.counters[key] > own);
            }
        }
        (all > 0).then(|| known as f32 / all as f32)
    }

    fn key(before: Option<Word>, word: Word) -> Option<usize> {
        let hash = match before {
            Some(before) if word.is_sign && before.is_sign => {
                before.hash.rotate_left(9) ^ word.hash
            }
            _ if !word.is_sign && word.end - word.start >= Self::MIN_WORD_BYTES => word.hash,
            _ => return None,
        };
        Some((hash.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - Self::BITS)) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_in(text: &str) -> Vec<&str> {
        let mut words = Vec::new();
        each(text, |word| words.push(&text[word.start..word.end]));
        words
    }

    #[test]
    fn words_end_at_punctuation_of_every_script() {
        assert_eq!(
            words_in("It’s “Zoë”, 24\u{a0}km… 中文。かな😀ok"),
            ["It", "s", "Zoë", "24", "km", "中", "文", "か", "な", "ok"]
        );
        assert_eq!(words_in(""), [""; 0]);
    }

    #[test]
    fn case_and_digits_make_no_difference() {
        let hashes = |text| {
            let mut hashes = Vec::new();
            each(text, |word| hashes.push(word.hash));
            hashes
        };
        assert_eq!(hashes("Posted 12 MAY 2011"), hashes("posted 98 may 1999"));
        assert_ne!(hashes("may"), hashes("might"));
    }

    #[test]
    fn grams_stay_within_words() {
        let count = |text| {
            let mut count = 0;
            grams(text, |_| count += 1);
            count
        };
        assert_eq!((count(""), count("a"), count("ab")), (0, 1, 3));
        assert_eq!(count("ab  ab"), 2 * count("ab"));
        assert!(count(&"ab".repeat(100_000)) < 3 * (MAX_GRAM_BYTES + 2));
    }
}
