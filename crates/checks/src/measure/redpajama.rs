//! The quality signals of RedPajama-V2 (Weber et al. 2024, arXiv 2411.12372) that need no model, no
//! list of URLs and no list of bad words.
//!
//! Source: `app/src/core/quality_signals` and `app/src/core/document.py` in
//! togethercomputer/RedPajama-Data at commit 6d2cee9. Words are separated by whitespace, in lower
//! case, without ASCII punctuation, and in NFD; raw words are those of NLTK's `WordPunctTokenizer`.
//! Signals of lines are summed over the document here.

use std::sync::LazyLock;

use super::common;
use super::ngrams::{self, ngram_size};
use super::page::Page;
use super::set::{Measure, MeasureSet, number, occurrences, ratio};
use super::words::{NGrams, PageWords, plain_form};
use crate::python::{self, CharacterClass};
use dechaff_text::Span;

/// RedPajama-V2's signals.
pub(super) struct RedPajama {
    /// The words counted by `stop-word-share`.
    pub(super) stop_words: Vec<String>,
}

const MEASURES: &[Measure] = &[
    common::WORDS,
    common::MEAN_WORD_LENGTH,
    common::SYMBOLS_PER_WORD,
    common::BULLET_LINES,
    ngrams::TOP_2_GRAM,
    ngrams::TOP_3_GRAM,
    ngrams::TOP_4_GRAM,
    ngrams::RECURRING_5_GRAMS,
    ngrams::RECURRING_6_GRAMS,
    ngrams::RECURRING_7_GRAMS,
    ngrams::RECURRING_8_GRAMS,
    ngrams::RECURRING_9_GRAMS,
    ngrams::RECURRING_10_GRAMS,
    common::ELLIPSIS_LINES,
    Measure::share("punctuated-lines", "{} of lines end like a sentence", "lines that do not"),
    Measure::share("letterless-words", "{} of words have no letter from a to z", "most such words"),
    Measure::share("capital-words", "{} of words are in capitals", "most such words"),
    Measure::share("different-words", "{} of words are different", ""),
    Measure::number("word-entropy", "words have an entropy of {} [nat|nats]", ""),
    Measure::share("stop-word-share", "{} of words are stop words", ""),
    Measure::number("sentences", "{} [sentence|sentences]", ""),
    Measure::number("lines", "{} [line|lines]", ""),
    Measure::share("braces", "{} of characters are curly brackets", "most of them"),
    Measure::number("lorem-ipsum", "{} “lorem ipsum” per character", "most of them"),
    Measure::number("javascript-words", "{} [word|words] “javascript”", "most of them"),
];

const SYMBOLS: [&str; 3] = ["#", "...", "…"];
const ELLIPSES: [&str; 2] = ["...", "…"];
const SENTENCE_ENDS: [char; 4] = ['.', '!', '?', '”'];
const BULLETS: [char; 10] = ['•', '‣', '▶', '◀', '◦', '■', '□', '▪', '▫', '–'];

/// Whether Python's `\w` matches.
fn is_word_character(character: char) -> bool {
    static WORD: LazyLock<CharacterClass> = LazyLock::new(|| CharacterClass::new(r"[\p{L}\p{N}_]"));
    match character.is_ascii() {
        true => character.is_ascii_alphanumeric() || character == '_',
        false => WORD.contains(character),
    }
}

/// Calls `word` with each word of `text`, split like `WordPunctTokenizer`: runs of letters, digits
/// and underscores, and runs of anything else but whitespace.
fn for_each_raw_word<'t>(text: &'t str, mut word: impl FnMut(&'t str)) {
    let (mut start, mut kind) = (0, Kind::Space);
    let mut at = 0;
    while let Some(byte) = text.as_bytes().get(at) {
        let (own, width) = match ASCII_KINDS.get(usize::from(*byte)) {
            Some(own) => (*own, 1),
            None => {
                let character = text[at..].chars().next().unwrap_or_default();
                (Kind::from_char(character), character.len_utf8())
            }
        };
        if own != kind {
            if kind != Kind::Space {
                word(&text[start..at]);
            }
            (start, kind) = (at, own);
        }
        at += width;
    }
    if kind != Kind::Space {
        word(&text[start..]);
    }
}

/// The class of a character in `WordPunctTokenizer`.
#[derive(PartialEq, Clone, Copy)]
enum Kind {
    Space,
    Word,
    Sign,
}

/// The classes of ASCII characters.
const ASCII_KINDS: [Kind; 128] = {
    let mut kinds = [Kind::Sign; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            kinds[byte as usize] = Kind::Word;
        } else if matches!(byte, b' ' | b'\t'..=b'\r' | 0x1c..=0x1f) {
            kinds[byte as usize] = Kind::Space;
        }
        byte += 1;
    }
    kinds
};

impl Kind {
    fn from_char(character: char) -> Self {
        match is_word_character(character) {
            true => Self::Word,
            false if python::is_space(character) => Self::Space,
            false => Self::Sign,
        }
    }
}

/// Counts over the raw words.
#[derive(Default)]
struct RawWords {
    all: usize,
    letterless: usize,
    capital: usize,
    stop_words: usize,
    /// Parts between full stops, question marks and exclamation marks that contain a letter or
    /// digit.
    sentences: usize,
}

impl RawWords {
    fn new(text: &str, stop_words: &[String]) -> Self {
        let mut counts = Self::default();
        let mut is_in_sentence = false;
        for_each_raw_word(text, |word| {
            // Punctuation ends a sentence, and other words start one.
            let starts = word.starts_with(is_word_character);
            counts.sentences += usize::from(starts && !is_in_sentence);
            is_in_sentence = starts || is_in_sentence && !word.contains(['.', '!', '?']);
            counts.all += 1;
            counts.letterless += usize::from(is_letterless(word));
            counts.capital += usize::from(is_capital(word));
            counts.stop_words += usize::from(stop_words.iter().any(|stop| stop == word));
        });
        counts
    }
}

fn is_letterless(word: &str) -> bool {
    !word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// Whether `str.isupper` holds: at least one upper-case letter, and no lower-case letter.
fn is_capital(word: &str) -> bool {
    static TITLE: LazyLock<CharacterClass> = LazyLock::new(|| CharacterClass::new(r"\p{Lt}"));
    // Fast path: most words have one.
    if word.bytes().any(|byte| byte.is_ascii_lowercase()) {
        return false;
    }
    let is_small = |one: char| one.is_lowercase() || !one.is_ascii() && TITLE.contains(one);
    word.chars().any(char::is_uppercase) && !word.chars().any(is_small)
}

fn symbols(text: &str) -> usize {
    occurrences(text, &SYMBOLS)
}

fn starts_with_bullet(line: &str) -> bool {
    line.trim_start_matches(python::is_space).starts_with(BULLETS)
}

fn ends_with_ellipsis(line: &str) -> bool {
    let line = line.trim_end_matches(python::is_space);
    ELLIPSES.iter().any(|ellipsis| line.ends_with(ellipsis))
}

fn ends_like_sentence(line: &str) -> bool {
    line.trim_end_matches(python::is_space).ends_with(SENTENCE_ENDS)
}

fn braces(text: &str) -> usize {
    memchr::memchr2_iter(b'{', b'}', text.as_bytes()).count()
}

/// Counts “lorem ipsum” in the text of normal forms.
fn lorem_ipsum(words: &PageWords) -> usize {
    let first = words.with_form(|form| form.ends_with("lorem"));
    let second = words.with_form(|form| form.starts_with("ipsum"));
    first.iter().zip(second.iter().skip(1)).filter(|(first, second)| **first && **second).count()
}

/// Rounds to eight digits after the decimal point, as all signals are.
fn rounded(value: f64) -> f64 {
    const PRECISION: f64 = 1e8;
    (value * PRECISION).round_ties_even() / PRECISION
}

/// Returns the lines, without an empty one after the last line feed.
fn lines<'p>(page: &'p Page<'_>) -> &'p [Span] {
    match page.lines() {
        [lines @ .., last] if last.start == last.end => lines,
        lines => lines,
    }
}

impl MeasureSet for RedPajama {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let words = page.plain_words();
        let (count, characters) = (words.count(), words.characters());
        let raw = RawWords::new(page.text, &self.stop_words);
        let lines = lines(page);
        let share_of_lines = |test: fn(&str) -> bool| ratio(page.count(lines, test), lines.len());
        let counts = words.counts();
        let entropy: f64 = counts
            .iter()
            .map(|one| number(*one) / number(count))
            .map(|share| -share * share.ln())
            .sum();
        let javascript = words.with_form(|form| form == "javascript");
        let javascript = javascript.iter().filter(|is_javascript| **is_javascript).count();
        // The normal text has one space between words.
        let length = characters + count.saturating_sub(1);
        let stop_words = ratio(raw.stop_words, raw.all).filter(|_| !self.stop_words.is_empty());
        let mut values =
            vec![Some(number(count)), ratio(characters, count), ratio(symbols(page.text), raw.all)];
        values.push(share_of_lines(starts_with_bullet));
        values.extend(
            words.ngrams(10).skip(1).map(|ngrams| Some(repeated(page, &ngrams, characters))),
        );
        values.extend([
            share_of_lines(ends_with_ellipsis),
            share_of_lines(ends_like_sentence),
            ratio(raw.all - raw.letterless, raw.all).map(|share| 1.0 - share),
            ratio(raw.capital, raw.all),
            ratio(counts.len(), count),
            (count > 0).then_some(entropy),
            stop_words,
            Some(number(raw.sentences)),
            Some(number(lines.len())),
            Some(ratio(braces(page.text), page.characters()).unwrap_or(0.0)),
            Some(ratio(lorem_ipsum(words), length).unwrap_or(0.0)),
            Some(number(javascript)),
        ]);
        values.into_iter().map(|value| value.map(rounded)).collect()
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        let words = page.plain_words();
        let count_raw = |line: &str, test: fn(&str) -> bool| {
            let mut count = 0;
            for_each_raw_word(line, |word| count += usize::from(test(word)));
            count
        };
        let heaviest = |test: fn(&str) -> bool| page.heaviest_lines(|line| usize::from(test(line)));
        match (name, ngram_size(name)) {
            (_, Some(size)) => words.heaviest_ngram(size, |ngrams| Some(ngrams.top()?.first)),
            ("mean-word-length", _) => words.longest(),
            ("symbols-per-word", _) => page.heaviest_lines(symbols),
            ("bullet-lines", _) => heaviest(starts_with_bullet),
            ("ellipsis-lines", _) => heaviest(ends_with_ellipsis),
            ("punctuated-lines", _) => heaviest(|line| !ends_like_sentence(line)),
            ("letterless-words", _) => page.heaviest_lines(|line| count_raw(line, is_letterless)),
            ("capital-words", _) => page.heaviest_lines(|line| count_raw(line, is_capital)),
            ("braces", _) => page.heaviest_lines(braces),
            ("lorem-ipsum", _) => heaviest(|line| plain_form(line).contains("lorem ipsum")),
            ("javascript-words", _) => heaviest(|line| plain_form(line).contains("javascript")),
            _ => None,
        }
    }
}

/// Returns the share of characters in the most frequent n-gram, or, from five words on, in all
/// recurring n-grams, counting each character once; 0 if none recurs. `all` is the number of
/// characters of all words.
fn repeated(page: &Page<'_>, ngrams: &NGrams<'_>, all: usize) -> f64 {
    if ngrams.first_repeated().is_none() {
        return 0.0;
    }
    let words = page.plain_words();
    let characters = match ngrams.size < 5 {
        true => {
            ngrams.top().filter(|top| top.count > 1).map_or(0, |top| top.characters * top.count)
        }
        false => {
            let repeated = ngrams.repeated_words();
            let lengths =
                words.lengths.iter().zip(repeated).filter(|(_, is_repeated)| *is_repeated);
            lengths.map(|(length, _)| length).sum()
        }
    };
    ratio(characters, all).unwrap_or(0.0)
}
