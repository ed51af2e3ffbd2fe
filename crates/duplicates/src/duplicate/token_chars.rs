//! Character tables of the tokenizer.

use std::sync::LazyLock;

use dechaff_text::swar::ASCII_CASE_BITS;

/// Replaces every quote.
pub(super) const QUOTE: char = '\'';
/// Replaces every dash, and runs of dashes.
pub(super) const DASH: char = '-';

/// Folded ASCII punctuation; 0 for letters, digits, and emphasis and whitespace, which do not
/// count.
#[expect(clippy::cast_possible_truncation, reason = "the numbers of ASCII fit")]
pub(super) static MARKS: [u8; 128] = {
    let mut marks = [0; 128];
    let mut byte = 0;
    while byte < 128 {
        marks[byte] = match byte as u8 {
            b'*' | b'_' | b'\t'..=b'\r' | b' ' => 0,
            b'"' | b'\'' | b'`' => QUOTE as u8,
            other if other.is_ascii_alphanumeric() => 0,
            other => other,
        };
        byte += 1;
    }
    marks
};

/// The high bit of each byte.
pub(super) const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Returns the high bits of the bytes that are ASCII letters, and of those that are ASCII letters
/// or digits.
#[inline]
pub(super) fn classify_ascii(chunk: u64) -> (u64, u64) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // The high bits are masked out, so that no sum carries into the next byte.
    let at_least = |bytes: u64, min: u8| (bytes & !HIGH_BITS) + ONES * u64::from(128 - min);
    let between = |bytes: u64, first: u8, last: u8| {
        at_least(bytes, first) & !at_least(bytes, last + 1) & !chunk & HIGH_BITS
    };
    let letters = between(chunk | ASCII_CASE_BITS, b'a', b'z');
    (letters, letters | between(chunk, b'0', b'9'))
}

/// Returns the lower case of a Latin, Greek or Cyrillic letter of two bytes, if that has two bytes
/// as well and NFKC does not change it.
#[inline]
pub(super) fn lowercase_two_byte(first: u8, second: u8) -> Option<[u8; 2]> {
    let code = usize::from(first & 0x1F) << 6 | usize::from(second & 0x3F);
    let lower = if first & 0xE0 == 0xC0 { *TWO_BYTE_LOWERCASE.get(code)? } else { 0 };
    let [first, second] = [lower >> 6, lower & 0x3F].map(|bits| u8::try_from(bits).unwrap_or(0));
    (lower != 0).then_some([0xC0 | first, 0x80 | second])
}

/// Builds the table of lower case letters.
pub(super) fn warm_up() {
    LazyLock::force(&TWO_BYTE_LOWERCASE);
}

/// The lower case of each letter, by code point; 0 for other characters.
static TWO_BYTE_LOWERCASE: LazyLock<Box<[u16; 0x530]>> = LazyLock::new(|| {
    let mut table = Box::new([0; 0x530]);
    for character in
        ('À'..='ɏ').chain('Έ'..='ώ').chain('Ѐ'..='ԯ').filter(|character| character.is_alphabetic())
    {
        let is_normal = unicode_normalization::is_nfkc_quick(std::iter::once(character))
            == unicode_normalization::IsNormalized::Yes;
        let mut lower = character.to_lowercase();
        let first = lower.next().map(|lower| if lower == 'ς' { 'σ' } else { lower });
        if let Some(lower) =
            first.filter(|first| is_normal && lower.next().is_none() && first.len_utf8() == 2)
        {
            table[character as usize] = lower as u16;
        }
    }
    table
});

/// Whether there is a quote, dash or ellipsis of three bytes at `at`, which ends a word.
#[inline]
pub(super) fn is_general_punctuation(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at..at + 3), Some([0xE2, 0x80, 0x90..=0xA6]))
}

/// Whether a character is common Han or Kana: a token by itself that needs no normalization.
#[inline]
pub(super) fn is_simple_cjk(character: char) -> bool {
    matches!(character, '一'..='鿿' | 'ぁ'..='ゖ' | 'ァ'..='ヺ')
}

/// Whether a character certainly does not combine with the one before it.
#[inline]
pub(super) fn is_never_joined(character: char) -> bool {
    is_simple_cjk(character)
        || character.is_ascii()
        || matches!(character, '、'..='〟' | '！'..='？')
}

/// Whether a character is invisible within a word.
#[inline]
pub(super) fn is_joiner(character: char) -> bool {
    matches!(character, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{FE00}'..='\u{FE0F}')
}

/// Whether a character belongs to a script without spaces: Han, Kana, Thai, Lao, Myanmar or Khmer.
#[inline]
pub(super) fn is_unspaced(character: char) -> bool {
    matches!(character,
        '\u{E00}'..='\u{EFF}'
        | '\u{1000}'..='\u{109F}'
        | '\u{1780}'..='\u{17FF}'
        | '\u{2E80}'..='\u{2FDF}'
        | '\u{3005}'..='\u{3007}'
        | '\u{3040}'..='\u{30FA}'
        | '\u{30FC}'..='\u{30FF}'
        | '\u{31F0}'..='\u{31FF}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{A9E0}'..='\u{A9FF}'
        | '\u{AA60}'..='\u{AA7F}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{FF66}'..='\u{FF9F}'
        | '\u{20000}'..='\u{3FFFF}')
        && character.is_alphanumeric()
}
