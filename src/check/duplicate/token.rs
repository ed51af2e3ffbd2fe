//! Words as comparing sees them: case, marks, and the many ways to write one character do not count.
//!
//! Each token keeps its place in the text, so that whatever is found among tokens is known in bytes.
//!
//! A token is a run of letters, digits and the marks on them. That is a word of Unicode Standard Annex #29, cut further where
//! that joins over punctuation (`don't`, `U.S`, `3.5`), so that a retyped quote or decimal mark changes one token and not two.
//! In scripts written without spaces each character, with the marks on it, is a token.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::hash::{self, WordHash, chain, fold, mix};
use crate::check::swar::{ASCII_CASE_BITS, load_u64_padded};
use crate::text::{Span, is_blank};

/// A word, or a character of a script without spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// Of its letters after NFKC and in lower case.
    pub hash: u64,
    /// Its bytes in the text.
    pub span: Span,
}

/// A text as tokens.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// The tokens, in order.
    pub tokens: Vec<Token>,
    /// Of the tokens and the punctuation between them; equal for texts that differ in nothing but case, white space, emphasis
    /// marks, and the kind of their quotes and dashes.
    pub exact: u64,
    /// How many words a reader would count; two characters of a script without spaces count as one.
    pub words: usize,
    /// Whether some token holds a letter.
    pub has_letters: bool,
}

impl Tokens {
    /// Cuts the bytes `span` of `text` into tokens.
    pub fn of(text: &str, span: Span) -> Self {
        let mut tokens = Self::default();
        tokens.read(text, span);
        tokens
    }

    /// Cuts the bytes `span` of `text` into tokens, in place of what was here.
    pub fn read(&mut self, text: &str, span: Span) {
        let mut tokens = std::mem::take(&mut self.tokens);
        tokens.clear();
        tokens.reserve(span.len() / 5);
        let mut tokeniser = Tokeniser::new(text.get(..span.end).unwrap_or(text), span.start, tokens);
        while tokeniser.step() {}
        let count = tokeniser.result.tokens.len();
        *self = tokeniser.finish(count);
    }

    /// Cuts the bytes `span` of `text` into tokens and calls `take` with at least `chunk` of them at a time, so that no more
    /// are held; the result has no tokens.
    pub fn read_chunks(text: &str, span: Span, chunk: usize, mut take: impl FnMut(&[Token])) -> Self {
        let mut tokeniser = Tokeniser::new(text.get(..span.end).unwrap_or(text), span.start, Vec::with_capacity(chunk));
        let mut count = 0;
        loop {
            let is_more = tokeniser.step();
            let tokens = &mut tokeniser.result.tokens;
            if tokens.len() >= chunk || !is_more {
                take(tokens);
                count += tokens.len();
                tokens.clear();
            }
            if !is_more {
                return tokeniser.finish(count);
            }
        }
    }

    /// The tokens' hashes, in order.
    pub fn hashes(&self) -> impl ExactSizeIterator<Item = u64> + Clone + '_ {
        self.tokens.iter().map(|token| token.hash)
    }

    /// The bytes from the first of these tokens to the last.
    pub fn span(&self, range: std::ops::Range<usize>) -> Option<Span> {
        let tokens = self.tokens.get(range)?;
        Some(tokens.first()?.span.cover(tokens.last()?.span))
    }
}

/// Stands for every quote.
const QUOTE: char = '\'';
/// Stands for every dash and for runs of them.
const DASH: char = '-';

struct Tokeniser<'t> {
    text: &'t str,
    at: usize,
    result: Tokens,
    unspaced: usize,
    last_mark: Option<char>,
}

impl<'t> Tokeniser<'t> {
    fn new(text: &'t str, at: usize, tokens: Vec<Token>) -> Self {
        let result = Tokens { tokens, exact: hash::START, ..Tokens::default() };
        Self { text, at, result, unspaced: 0, last_mark: None }
    }

    /// What was read, of which there were `count` tokens.
    fn finish(self, count: usize) -> Tokens {
        let Self { mut result, unspaced, .. } = self;
        result.exact = mix(result.exact);
        result.words = count - unspaced + unspaced.div_ceil(2);
        result
    }

    /// Takes the next word or mark; false at the end.
    fn step(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let Some(&byte) = bytes.get(self.at) else {
            return false;
        };
        let is_letter = |next: &u8| small_letter(byte, *next).is_some();
        if byte.is_ascii_alphanumeric() {
            self.plain_word();
        } else if byte.is_ascii() {
            self.at += 1;
            let folded = MARKS[usize::from(byte)];
            if folded != 0 && !self.is_line_marker(byte) {
                self.add_mark(char::from(folded));
            }
        } else if bytes.get(self.at + 1).is_some_and(is_letter) {
            self.wide_word();
        } else {
            self.other();
        }
        true
    }

    /// Whether the sign that was just passed marks a line of a quotation or comment. Where such lines break is of no matter.
    fn is_line_marker(&self, sign: u8) -> bool {
        const LONGEST: usize = 16;
        const SIGNS: &[u8] = b">#*/;%";
        if !SIGNS.contains(&sign) {
            return false;
        }
        let bytes = self.text.as_bytes();
        let is_free = sign == b'>'
            || bytes.get(self.at).is_none_or(|next| next.is_ascii_whitespace() || *next == sign)
            || self.at.checked_sub(2).and_then(|before| bytes.get(before)) == Some(&sign);
        let before = &bytes[self.at.saturating_sub(LONGEST)..self.at - 1];
        let last = before.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t') && **byte != sign);
        is_free && last.map_or(self.at <= LONGEST, |last| *last == b'\n')
    }

    /// A word of letters and digits of ASCII, eight at a time; one that goes on in other characters is taken anew.
    fn plain_word(&mut self) {
        let bytes = self.text.as_bytes();
        let (mut end, mut state, mut letters) = (self.at, hash::START, 0);
        loop {
            let eight = load_u64_padded(bytes, end);
            let (letter, plain) = plain_bytes(eight);
            let length = (!plain & HIGHEST).trailing_zeros() / 8;
            if length == 0 {
                break;
            }
            let taken = u64::MAX >> (u64::BITS - 8 * length);
            letters |= letter & taken;
            // Digits have the bit that small letters have.
            state = fold(state, (eight | ASCII_CASE_BITS) & taken);
            end += length as usize;
            if length < 8 {
                break;
            }
        }
        if bytes.get(end).is_some_and(|byte| !byte.is_ascii()) && !is_plain_mark(bytes, end) {
            return self.wide_word();
        }
        self.push(state, Span::new(self.at, end), letters != 0);
    }

    /// A word of letters that need no tables; one that goes on in other characters is taken anew.
    fn wide_word(&mut self) {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let (mut end, mut hash, mut letters) = (start, WordHash::new(), false);
        while let Some(&byte) = bytes.get(end) {
            if byte.is_ascii_alphanumeric() {
                letters |= byte.is_ascii_alphabetic();
                hash.add(byte.to_ascii_lowercase());
                end += 1;
            } else if byte.is_ascii() {
                break;
            } else if let Some(small) = bytes.get(end + 1).and_then(|&next| small_letter(byte, next)) {
                letters = true;
                small.into_iter().for_each(|byte| hash.add(byte));
                end += 2;
            } else if is_plain_mark(bytes, end) {
                break;
            } else {
                return self.other();
            }
        }
        self.push(hash.state(), Span::new(start, end), letters);
    }

    /// A word or mark that may hold any character.
    fn other(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or("");
        let Some(first) = rest.chars().next() else {
            self.at = self.text.len();
            return;
        };
        if is_plain_sign(first) && rest[first.len_utf8()..].chars().next().is_none_or(is_never_joined) {
            let end = self.at + first.len_utf8();
            self.unspaced += 1;
            return self.push(
                fold(hash::START, load_u64_padded(rest.as_bytes().get(..3).unwrap_or_default(), 0)),
                Span::new(self.at, end),
                true,
            );
        }
        let alone = is_unspaced(first);
        if !alone && !first.is_alphanumeric() {
            self.at += first.len_utf8();
            return self.mark(first);
        }
        let length = rest
            .char_indices()
            .skip(1)
            .find(|&(_, character)| {
                let belongs = is_combining_mark(character)
                    || is_joiner(character)
                    || matches!(character, '\u{FF9E}' | '\u{FF9F}')
                    || !alone && character.is_alphanumeric() && !is_unspaced(character);
                !belongs
            })
            .map_or(rest.len(), |(offset, _)| offset);
        let word = rest.get(..length).unwrap_or(rest);
        self.unspaced += usize::from(alone);
        self.push(hash_word(word), Span::new(self.at, self.at + length), word.chars().any(char::is_alphabetic));
    }

    #[inline]
    fn push(&mut self, state: u64, span: Span, letters: bool) {
        let token = Token { hash: mix(state), span };
        self.result.tokens.push(token);
        self.result.exact = chain(self.result.exact, token.hash);
        self.result.has_letters |= letters;
        self.last_mark = None;
        // Most words end at a space, which counts for nothing.
        let is_space = self.text.as_bytes().get(span.end) == Some(&b' ');
        self.at = span.end + usize::from(is_space);
    }

    /// Counts punctuation beyond ASCII towards the exact hash.
    fn mark(&mut self, mark: char) {
        let folded = match mark {
            blank if is_blank(blank) => return,
            '´' | '‘'..='‟' | '‹' | '›' | '«' | '»' | '「'..='』' | '＂' | '＇' => QUOTE,
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => DASH,
            other => other,
        };
        if folded.is_ascii() {
            self.add_mark(folded);
        } else {
            self.last_mark = Some(folded);
            for part in folded.nfkc().filter(|part| !is_blank(*part)) {
                self.result.exact = chain(self.result.exact, u64::from(u32::from(part)));
            }
        }
    }

    /// Counts folded punctuation towards the exact hash.
    fn add_mark(&mut self, folded: char) {
        if folded == DASH && self.last_mark == Some(DASH) {
            return;
        }
        self.last_mark = Some(folded);
        self.result.exact = chain(self.result.exact, u64::from(u32::from(folded)));
    }
}

/// What each mark of ASCII counts as; 0 for emphasis and blanks, which do not count, and for letters and digits.
#[expect(clippy::cast_possible_truncation, reason = "the numbers of ASCII fit")]
static MARKS: [u8; 128] = {
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

/// The highest bit of each of eight bytes.
const HIGHEST: u64 = 0x8080_8080_8080_8080;

/// The highest bit of each of eight bytes that is a letter of ASCII, and of each that is one or a digit.
#[inline]
fn plain_bytes(eight: u64) -> (u64, u64) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    // Of bytes without their highest bit, so that no sum goes over into the next.
    let at_least = |bytes: u64, least: u8| (bytes & !HIGHEST) + ONES * u64::from(128 - least);
    let between =
        |bytes: u64, first: u8, last: u8| at_least(bytes, first) & !at_least(bytes, last + 1) & !eight & HIGHEST;
    let letters = between(eight | ASCII_CASE_BITS, b'a', b'z');
    (letters, letters | between(eight, b'0', b'9'))
}

/// The small letter for a letter of two bytes, Latin, Greek or Cyrillic, where it is one of two bytes too and NFKC leaves it alone.
#[inline]
fn small_letter(first: u8, second: u8) -> Option<[u8; 2]> {
    let code = usize::from(first & 0x1F) << 6 | usize::from(second & 0x3F);
    let small = if first & 0xE0 == 0xC0 { *SMALL.get(code)? } else { 0 };
    let [first, second] = [small >> 6, small & 0x3F].map(|bits| u8::try_from(bits).unwrap_or(0));
    (small != 0).then_some([0xC0 | first, 0x80 | second])
}

/// By the number of a letter that of its small letter; 0 for other characters.
static SMALL: LazyLock<Box<[u16; 0x530]>> = LazyLock::new(|| {
    let mut table = Box::new([0; 0x530]);
    for character in ('À'..='ɏ').chain('Έ'..='ώ').chain('Ѐ'..='ԯ').filter(|character| character.is_alphabetic()) {
        let is_normal = unicode_normalization::is_nfkc_quick(std::iter::once(character))
            == unicode_normalization::IsNormalized::Yes;
        let mut lower = character.to_lowercase();
        let small = lower.next().map(|small| if small == 'ς' { 'σ' } else { small });
        if let Some(small) = small.filter(|small| is_normal && lower.next().is_none() && small.len_utf8() == 2) {
            table[character as usize] = small as u16;
        }
    }
    table
});

/// Whether a quote, dash or dot of three bytes stands at `at`: it ends a word.
fn is_plain_mark(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at..at + 3), Some([0xE2, 0x80, 0x90..=0xA6]))
}

/// The hash of a word after NFKC and in lower case, before mixing.
fn hash_word(word: &str) -> u64 {
    let mut buffer = [0; 4];
    let mut hash = WordHash::new();
    let mut add = |character: char| {
        if !is_joiner(character) {
            for lower in character.to_lowercase() {
                let lower = if lower == 'ς' { 'σ' } else { lower };
                lower.encode_utf8(&mut buffer).bytes().for_each(|byte| hash.add(byte));
            }
        }
    };
    if unicode_normalization::is_nfkc_quick(word.chars()) == unicode_normalization::IsNormalized::Yes {
        word.chars().for_each(&mut add);
    } else {
        word.nfkc().for_each(&mut add);
    }
    hash.state()
}

/// Whether a character is a token of its own that NFKC and small letters leave alone: common Han and Kana.
fn is_plain_sign(character: char) -> bool {
    matches!(character, '一'..='鿿' | 'ぁ'..='ゖ' | 'ァ'..='ヺ')
}

/// Whether a character is plainly none that belongs to the one before it.
fn is_never_joined(character: char) -> bool {
    is_plain_sign(character) || character.is_ascii() || matches!(character, '、'..='〟' | '！'..='？')
}

/// Characters inside words that show nothing.
fn is_joiner(character: char) -> bool {
    matches!(character, '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{FE00}'..='\u{FE0F}')
}

/// Whether a character belongs to a script that is written without spaces: Han, Kana, Thai, Lao, Myanmar, Khmer.
fn is_unspaced(character: char) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(text: &str) -> Tokens {
        Tokens::of(text, Span::new(0, text.len()))
    }

    fn words(text: &str) -> Vec<&str> {
        of(text).tokens.iter().map(|token| &text[token.span.range()]).collect()
    }

    fn hashes(text: &str) -> Vec<u64> {
        of(text).hashes().collect()
    }

    #[test]
    fn words_keep_their_places() {
        assert_eq!(words("Don’t pay $3.50, naïve café-goer!"), ["Don", "t", "pay", "3", "50", "naïve", "café", "goer"]);
        assert_eq!(words("x\u{301}y हिन्दी"), ["x\u{301}y", "हिन्दी"]);
        assert_eq!(words("東京は2020年"), ["東", "京", "は", "2020", "年"]);
        assert_eq!(of("東京は晴れ").words, 3);
    }

    #[test]
    fn ways_of_writing_one_text_are_one() {
        for (left, right) in [
            ("“It’s  over” — he SAID", "\"It's over\" -- he said"),
            ("Cafe\u{301} ﬁnd", "café find"),
            ("Ｆｕｌｌ width…", "full width..."),
            ("**Title** here", "title here"),
            ("co\u{AD}operate", "cooperate"),
        ] {
            assert_eq!(of(left).exact, of(right).exact, "{left} / {right}");
            assert_eq!(hashes(left), hashes(right), "{left} / {right}");
        }
        assert_ne!(of("Really?").exact, of("Really.").exact);
        assert_eq!(hashes("Really?"), hashes("Really."));
    }

    #[test]
    fn plain_letters_hash_as_all_others_do() {
        for character in '\u{80}'..'\u{530}' {
            for word in [
                format!("{character}"),
                format!("a{character}b"),
                format!("{character}\u{301}"),
                format!("x{character}’s"),
            ] {
                let expected: Vec<u64> = word
                    .split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c) && !is_joiner(c))
                    .filter(|part| part.starts_with(char::is_alphanumeric))
                    .map(|part| mix(hash_word(part)))
                    .collect();
                assert_eq!(hashes(&word), expected, "{word:?}");
            }
        }
    }

    #[test]
    fn plain_signs_hash_as_all_others_do() {
        for character in ('\u{2E80}'..'\u{A000}').filter(|character| is_plain_sign(*character)) {
            for behind in ["", "a", "日", "。", "！", "\u{3099}", "\u{FE0F}", "ー"] {
                let text = format!("{character}{behind}");
                let mut tokeniser = Tokeniser::new(&text, 0, Vec::new());
                tokeniser.other();
                let token = tokeniser.result.tokens[0];
                assert_eq!(token.hash, mix(hash_word(&text[token.span.range()])), "{text}");
                assert_eq!(
                    is_never_joined(behind.chars().next().unwrap_or(' ')),
                    !["\u{3099}", "\u{FE0F}", "ー"].contains(&behind)
                );
                assert_eq!(token.span.end > character.len_utf8(), ["\u{3099}", "\u{FE0F}"].contains(&behind), "{text}");
                assert!(tokeniser.unspaced == 1 && tokeniser.result.has_letters);
            }
        }
    }

    proptest! {
        #[test]
        fn words_of_ascii_hash_alike_wherever_they_end(word in "[a-zA-Z0-9]{1,30}", behind in "([ .,;@`{~/:\\[^_é’—]|日){0,9}") {
            for text in [word.clone(), format!("{word} {behind}"), format!("xyz, abc {word}. {behind}")] {
                prop_assert!(hashes(&text).contains(&mix(hash_word(&word))), "{text}");
                prop_assert_eq!(of(&text).has_letters, text.contains(char::is_alphabetic));
            }
        }

        #[test]
        fn tokens_lie_in_order_on_character_boundaries(text in "([a-zA-Z'. 0-9]|[äé’😀中ก\u{301}\u{200d}ﬁÀ½\u{ad}]){0,40}") {
            let mut last = 0;
            for token in of(&text).tokens {
                prop_assert!(last <= token.span.start && !token.span.is_empty());
                prop_assert!(text.get(token.span.range()).is_some());
                last = token.span.end;
            }
        }
    }
}
