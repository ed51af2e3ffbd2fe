//! The tokenizer for comparing documents. Tokens are normalized, and keep their spans in the text.
//!
//! A token is a run of letters, digits and their combining marks. Unlike a UAX #29 word, it ends at
//! any punctuation (`don't`, `U.S`, `3.5`), so that a different quote or decimal mark changes one
//! token and not two. In scripts without spaces, each character with its combining marks is a
//! token.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::hash::{self, WordHash, combine, finalize, fold_mul};
use super::token_chars::{
    DASH, HIGH_BITS, MARKS, QUOTE, classify_ascii, is_general_punctuation, is_joiner,
    is_never_joined, is_simple_cjk, is_unspaced, lowercase_two_byte,
};
use dechaff_text::swar::{ASCII_CASE_BITS, load_u64_padded};
use dechaff_text::{Span, is_blank};

/// A word, or a character in a script without spaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// The hash of its characters, normalized to NFKC and in lower case.
    pub hash: u64,
    /// The span in the text.
    pub span: Span,
}

/// The tokens of a text.
#[derive(Debug, Clone, Default)]
pub struct Tokens {
    /// The tokens, in order.
    pub tokens: Vec<Token>,
    /// The hash of the tokens and the punctuation between them. It ignores case, whitespace,
    /// emphasis marks, and the kind of quotes and dashes.
    pub exact: u64,
    /// The number of words. In scripts without spaces, two characters count as one.
    pub words: usize,
    /// Whether any token contains a letter.
    pub has_letters: bool,
}

impl Tokens {
    /// Tokenizes the bytes `span` of `text`.
    pub fn parse(text: &str, span: Span) -> Self {
        let mut tokens = Self::default();
        tokens.parse_into(text, span);
        tokens
    }

    /// Tokenizes the bytes `span` of `text` into `self`, replacing its content.
    pub fn parse_into(&mut self, text: &str, span: Span) {
        let mut tokens = std::mem::take(&mut self.tokens);
        tokens.clear();
        tokens.reserve(span.len() / 5);
        let mut tokenizer =
            Tokenizer::new(text.get(..span.end).unwrap_or(text), span.start, tokens);
        while tokenizer.step() {}
        let count = tokenizer.result.tokens.len();
        *self = tokenizer.finish(count);
    }

    /// Tokenizes the bytes `span` of `text`, and calls `visit` with about `chunk` tokens at a time.
    /// The result has no tokens.
    pub fn parse_chunks(
        text: &str,
        span: Span,
        chunk: usize,
        mut visit: impl FnMut(&[Token]),
    ) -> Self {
        let mut tokenizer = Tokenizer::new(
            text.get(..span.end).unwrap_or(text),
            span.start,
            Vec::with_capacity(chunk),
        );
        let mut count = 0;
        loop {
            let has_more = tokenizer.step();
            let tokens = &mut tokenizer.result.tokens;
            if tokens.len() >= chunk || !has_more {
                visit(tokens);
                count += tokens.len();
                tokens.clear();
            }
            if !has_more {
                return tokenizer.finish(count);
            }
        }
    }

    /// Yields the hashes of the tokens.
    pub fn hashes(&self) -> impl ExactSizeIterator<Item = u64> + Clone + '_ {
        self.tokens.iter().map(|token| token.hash)
    }

    /// Returns the span from the first to the last of these tokens.
    pub fn span(&self, range: std::ops::Range<usize>) -> Option<Span> {
        let tokens = self.tokens.get(range)?;
        Some(tokens.first()?.span.cover(tokens.last()?.span))
    }
}

struct Tokenizer<'t> {
    text: &'t str,
    at: usize,
    result: Tokens,
    /// The number of tokens in scripts without spaces.
    unspaced: usize,
    last_mark: Option<char>,
}

impl<'t> Tokenizer<'t> {
    fn new(text: &'t str, at: usize, tokens: Vec<Token>) -> Self {
        let result = Tokens { tokens, exact: hash::START, ..Tokens::default() };
        Self { text, at, result, unspaced: 0, last_mark: None }
    }

    /// Returns the result for this number of tokens.
    fn finish(self, count: usize) -> Tokens {
        let Self { mut result, unspaced, .. } = self;
        result.exact = finalize(result.exact);
        result.words = count - unspaced + unspaced.div_ceil(2);
        result
    }

    /// Consumes the next word or mark. Returns false at the end.
    fn step(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let Some(&byte) = bytes.get(self.at) else {
            return false;
        };
        let is_letter = |next: &u8| lowercase_two_byte(byte, *next).is_some();
        if byte.is_ascii_alphanumeric() {
            self.ascii_word();
        } else if byte.is_ascii() {
            self.at += 1;
            let folded = MARKS[usize::from(byte)];
            if folded != 0 && !self.is_line_marker(byte) {
                self.add_mark(char::from(folded));
            }
        } else if bytes.get(self.at + 1).is_some_and(is_letter) {
            self.two_byte_word();
        } else {
            self.any_token();
        }
        true
    }

    /// Whether the byte just consumed marks a line of a quotation or comment. Line markers do not
    /// count, so that text can be wrapped differently.
    fn is_line_marker(&self, marker: u8) -> bool {
        const MAX_PREFIX: usize = 16;
        const MARKERS: &[u8] = b">#*/;%";
        if !MARKERS.contains(&marker) {
            return false;
        }
        let bytes = self.text.as_bytes();
        let is_separate = marker == b'>'
            || bytes.get(self.at).is_none_or(|next| next.is_ascii_whitespace() || *next == marker)
            || self.at.checked_sub(2).and_then(|before| bytes.get(before)) == Some(&marker);
        let before = &bytes[self.at.saturating_sub(MAX_PREFIX)..self.at - 1];
        let last =
            before.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t') && **byte != marker);
        is_separate && last.map_or(self.at <= MAX_PREFIX, |last| *last == b'\n')
    }

    /// Consumes an ASCII word, eight bytes at a time. If it continues with other characters, starts
    /// over.
    fn ascii_word(&mut self) {
        let bytes = self.text.as_bytes();
        let mut end = self.at;
        let mut state = hash::START;
        let mut letters = 0;
        loop {
            let chunk = load_u64_padded(bytes, end);
            let (letter, alphanumeric) = classify_ascii(chunk);
            let length = (!alphanumeric & HIGH_BITS).trailing_zeros() / 8;
            if length == 0 {
                break;
            }
            let mask = u64::MAX >> (u64::BITS - 8 * length);
            letters |= letter & mask;
            // Lower case. Digits have the case bit anyway.
            state = fold_mul(state, (chunk | ASCII_CASE_BITS) & mask);
            end += length as usize;
            if length < 8 {
                break;
            }
        }
        if bytes.get(end).is_some_and(|byte| !byte.is_ascii())
            && !is_general_punctuation(bytes, end)
        {
            return self.two_byte_word();
        }
        self.push(state, Span::new(self.at, end), letters != 0);
    }

    /// Consumes a word of ASCII and two-byte characters that need no normalization. If it continues
    /// with other characters, starts over.
    fn two_byte_word(&mut self) {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let mut end = start;
        let mut hash = WordHash::new();
        let mut has_letters = false;
        while let Some(&byte) = bytes.get(end) {
            if byte.is_ascii_alphanumeric() {
                has_letters |= byte.is_ascii_alphabetic();
                hash.add(byte.to_ascii_lowercase());
                end += 1;
            } else if byte.is_ascii() {
                break;
            } else if let Some(lower) =
                bytes.get(end + 1).and_then(|&next| lowercase_two_byte(byte, next))
            {
                has_letters = true;
                lower.into_iter().for_each(|byte| hash.add(byte));
                end += 2;
            } else if is_general_punctuation(bytes, end) {
                break;
            } else {
                return self.any_token();
            }
        }
        self.push(hash.state(), Span::new(start, end), has_letters);
    }

    /// Consumes a word or mark with any characters.
    fn any_token(&mut self) {
        let rest = self.text.get(self.at..).unwrap_or("");
        let Some(first) = rest.chars().next() else {
            self.at = self.text.len();
            return;
        };
        if is_simple_cjk(first)
            && rest[first.len_utf8()..].chars().next().is_none_or(is_never_joined)
        {
            let end = self.at + first.len_utf8();
            self.unspaced += 1;
            return self.push(
                fold_mul(
                    hash::START,
                    load_u64_padded(rest.as_bytes().get(..3).unwrap_or_default(), 0),
                ),
                Span::new(self.at, end),
                true,
            );
        }
        let is_single = is_unspaced(first);
        if !is_single && !first.is_alphanumeric() {
            self.at += first.len_utf8();
            return self.hash_mark(first);
        }
        let length = rest
            .char_indices()
            .skip(1)
            .find(|&(_, character)| {
                let belongs = is_combining_mark(character)
                    || is_joiner(character)
                    || matches!(character, '\u{FF9E}' | '\u{FF9F}')
                    || !is_single && character.is_alphanumeric() && !is_unspaced(character);
                !belongs
            })
            .map_or(rest.len(), |(offset, _)| offset);
        let word = rest.get(..length).unwrap_or(rest);
        self.unspaced += usize::from(is_single);
        self.push(
            hash_word(word),
            Span::new(self.at, self.at + length),
            word.chars().any(char::is_alphabetic),
        );
    }

    #[inline]
    fn push(&mut self, state: u64, span: Span, has_letters: bool) {
        let token = Token { hash: finalize(state), span };
        self.result.tokens.push(token);
        self.result.exact = combine(self.result.exact, token.hash);
        self.result.has_letters |= has_letters;
        self.last_mark = None;
        // Most words end at a space, which does not count.
        let is_space = self.text.as_bytes().get(span.end) == Some(&b' ');
        self.at = span.end + usize::from(is_space);
    }

    /// Adds a non-ASCII punctuation mark to the exact hash.
    fn hash_mark(&mut self, mark: char) {
        let folded = match mark {
            blank if is_blank(blank) => return,
            '´' | '‘'..='‟' | '‹' | '›' | '«' | '»' | '「'..='』' | '＂' | '＇' => {
                QUOTE
            }
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => DASH,
            other => other,
        };
        if folded.is_ascii() {
            self.add_mark(folded);
        } else {
            self.last_mark = Some(folded);
            for part in folded.nfkc().filter(|part| !is_blank(*part)) {
                self.result.exact = combine(self.result.exact, u64::from(u32::from(part)));
            }
        }
    }

    /// Adds a folded punctuation mark to the exact hash.
    fn add_mark(&mut self, folded: char) {
        if folded == DASH && self.last_mark == Some(DASH) {
            return;
        }
        self.last_mark = Some(folded);
        self.result.exact = combine(self.result.exact, u64::from(u32::from(folded)));
    }
}

/// Hashes a word, normalized to NFKC and in lower case, without [`finalize`].
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
    if unicode_normalization::is_nfkc_quick(word.chars())
        == unicode_normalization::IsNormalized::Yes
    {
        word.chars().for_each(&mut add);
    } else {
        word.nfkc().for_each(&mut add);
    }
    hash.state()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokenize(text: &str) -> Tokens {
        Tokens::parse(text, Span::new(0, text.len()))
    }

    fn words(text: &str) -> Vec<&str> {
        tokenize(text).tokens.iter().map(|token| &text[token.span.range()]).collect()
    }

    fn hashes(text: &str) -> Vec<u64> {
        tokenize(text).hashes().collect()
    }

    #[test]
    fn tokens_have_the_spans_of_words() {
        assert_eq!(
            words("Don’t pay $3.50, naïve café-goer!"),
            ["Don", "t", "pay", "3", "50", "naïve", "café", "goer"]
        );
        assert_eq!(words("x\u{301}y हिन्दी"), ["x\u{301}y", "हिन्दी"]);
        assert_eq!(words("東京は2020年"), ["東", "京", "は", "2020", "年"]);
        assert_eq!(tokenize("東京は晴れ").words, 3);
    }

    #[test]
    fn equivalent_spellings_have_equal_hashes() {
        for (left, right) in [
            ("“It’s  over” — he SAID", "\"It's over\" -- he said"),
            ("Cafe\u{301} ﬁnd", "café find"),
            ("Ｆｕｌｌ width…", "full width..."),
            ("**Title** here", "title here"),
            ("co\u{AD}operate", "cooperate"),
        ] {
            assert_eq!(tokenize(left).exact, tokenize(right).exact, "{left} / {right}");
            assert_eq!(hashes(left), hashes(right), "{left} / {right}");
        }
        assert_ne!(tokenize("Really?").exact, tokenize("Really.").exact);
        assert_eq!(hashes("Really?"), hashes("Really."));
    }

    #[test]
    fn two_byte_fast_path_agrees_with_slow_path() {
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
                    .map(|part| finalize(hash_word(part)))
                    .collect();
                assert_eq!(hashes(&word), expected, "{word:?}");
            }
        }
    }

    #[test]
    fn cjk_fast_path_agrees_with_slow_path() {
        for character in ('\u{2E80}'..'\u{A000}').filter(|character| is_simple_cjk(*character)) {
            for behind in ["", "a", "日", "。", "！", "\u{3099}", "\u{FE0F}", "ー"] {
                let text = format!("{character}{behind}");
                let mut tokenizer = Tokenizer::new(&text, 0, Vec::new());
                tokenizer.any_token();
                let token = tokenizer.result.tokens[0];
                assert_eq!(token.hash, finalize(hash_word(&text[token.span.range()])), "{text}");
                assert_eq!(
                    is_never_joined(behind.chars().next().unwrap_or(' ')),
                    !["\u{3099}", "\u{FE0F}", "ー"].contains(&behind)
                );
                assert_eq!(
                    token.span.end > character.len_utf8(),
                    ["\u{3099}", "\u{FE0F}"].contains(&behind),
                    "{text}"
                );
                assert!(tokenizer.unspaced == 1 && tokenizer.result.has_letters);
            }
        }
    }

    proptest! {
        #[test]
        fn ascii_fast_path_agrees_with_slow_path(word in "[a-zA-Z0-9]{1,30}", behind in "([ .,;@`{~/:\\[^_é’—]|日){0,9}") {
            for text in [word.clone(), format!("{word} {behind}"), format!("xyz, abc {word}. {behind}")] {
                prop_assert!(hashes(&text).contains(&finalize(hash_word(&word))), "{text}");
                prop_assert_eq!(tokenize(&text).has_letters, text.contains(char::is_alphabetic));
            }
        }

        #[test]
        fn tokens_are_sorted_and_on_character_boundaries(text in "([a-zA-Z'. 0-9]|[äé’😀中ก\u{301}\u{200d}ﬁÀ½\u{ad}]){0,40}") {
            let mut last = 0;
            for token in tokenize(&text).tokens {
                prop_assert!(last <= token.span.start && !token.span.is_empty());
                prop_assert!(text.get(token.span.range()).is_some());
                last = token.span.end;
            }
        }
    }
}
