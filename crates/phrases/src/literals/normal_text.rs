//! The normal form for searching literals and looking up lines: lower case, one space for each run
//! of blanks, `0` for each digit, and `'`, `"` and `-` for their typographic variants.
//!
//! Because texts are normalized, each literal needs only one form, and can include blanks and
//! digits, as in `0 comments`. Case is folded as in regular expressions, character by character.

use crate::{fold, is_mark};

/// A text in normal form. Reusing one saves the allocation.
#[derive(Debug, Default)]
pub struct NormalText {
    text: Vec<u8>,
    /// Offsets in normal form and in the original, wherever their difference changes.
    shifts: Vec<(usize, usize)>,
}

impl NormalText {
    /// Replaces the text with the normal form of `original`.
    pub fn set(&mut self, original: &str) {
        self.text.clear();
        self.shifts.clear();
        self.text.reserve(original.len());
        let mut at = 0;
        while let Some(rest) = original.get(at..).filter(|rest| !rest.is_empty()) {
            let mut last = self.text.last().copied();
            let is_plain = |byte: &u8| {
                let before = last.replace(*byte);
                FOLDED[usize::from(*byte)] != COMPLEX && (*byte != b' ' || before != Some(b' '))
            };
            let plain = rest.bytes().take_while(is_plain).count();
            self.text.extend(rest.bytes().take(plain).map(|byte| FOLDED[usize::from(byte)]));
            at += plain;
            if let Some(character) = rest[plain..].chars().next() {
                at += character.len_utf8();
                self.push(normal_char(character), character.len_utf8(), at);
            }
        }
    }

    /// Appends the normal form of a character that has `bytes` bytes and ends at offset `end` of
    /// the original.
    fn push(&mut self, character: char, bytes: usize, end: usize) {
        let is_dropped = character == ' ' && self.text.last() == Some(&b' ');
        if !is_dropped {
            self.text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        if is_dropped || character.len_utf8() != bytes {
            self.shifts.push((self.text.len(), end));
        }
    }

    /// Returns the normal form.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// Returns the bytes of `as_str`, without validating them again.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Returns the offset in the original for offset `at` of the normal form.
    pub fn original_offset(&self, at: usize) -> usize {
        let shift = self.shifts.partition_point(|(normal, _)| *normal <= at).checked_sub(1);
        shift.map_or(at, |shift| self.shifts[shift].1 + (at - self.shifts[shift].0))
    }
}

/// Marks bytes whose normal form depends on the whole character or the previous one.
const COMPLEX: u8 = 0;

/// The normal form of each ASCII byte that is not a blank other than a space.
static FOLDED: [u8; 256] = {
    let mut folded = [COMPLEX; 256];
    let mut byte = 1;
    while byte < 128 {
        folded[byte as usize] = match byte {
            b'\t'..=b'\r' => COMPLEX,
            b'0'..=b'9' => b'0',
            _ => byte.to_ascii_lowercase(),
        };
        byte += 1;
    }
    folded
};

/// Returns the normal form of a character.
pub fn normal_char(character: char) -> char {
    match character {
        ' ' => ' ',
        // The most frequent letters that are unchanged.
        'а'..='я' | 'à'..='ö' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='\u{9FFF}' | '가'..='힣' => {
            character
        }
        _ if character.is_whitespace() => ' ',
        // Such as `❶`, which may be around a match.
        _ if is_mark(character) => fold(character),
        _ if character.is_numeric() => '0',
        _ => fold(character),
    }
}

/// Returns the normal form of a literal.
pub fn normal(literal: &str) -> String {
    let mut normal = NormalText::default();
    normal.set(literal);
    normal.as_str().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize;

    #[test]
    fn characters_have_the_normal_form_that_phrases_use() {
        for character in '\0'..=char::MAX {
            let is_digit = character.is_numeric() && !is_mark(character);
            let expected =
                if is_digit { "x0x".to_owned() } else { normalize(&format!("x{character}x")) };
            assert_eq!(normal(&format!("x{character}x")), expected, "{character:?}");
            // Leading punctuation is counted in normal form, which may have more of it but never
            // less.
            assert!(!is_mark(character) || is_mark(normal_char(character)), "{character:?}");
            assert!(
                normal_char(character).len_utf8() <= 3 * character.len_utf8() / 2,
                "{character:?}"
            );
        }
    }

    #[test]
    fn offsets_lead_back_to_the_original() {
        let original = "İ ÉTÉ\u{A0}\u{A0} x “don’t”\r\n\tΣΊΣΥΦΟΣ K—ẞ ٣45  end";
        let mut normal = NormalText::default();
        normal.set(original);
        let text = normal.as_str();
        assert_eq!(text, "İ été x \"don't\" σίσυφοσ k-ß 000 end");
        for word in [
            ("été", "ÉTÉ"),
            ("x", "x"),
            ("don", "don"),
            ("σίσ", "ΣΊΣ"),
            ("k", "K"),
            ("ß", "ẞ"),
            ("00 ", "45 "),
            ("end", "end"),
        ] {
            let at = normal.original_offset(text.find(word.0).unwrap());
            assert!(original[at..].starts_with(word.1), "{word:?}");
        }
    }
}
