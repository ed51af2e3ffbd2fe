//! The shape of a line, regardless of its neighbors.

use std::sync::LazyLock;

use super::words::{self, Word};
use dechaff_text::ends_sentence;

/// The shape of a line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Shape {
    pub(super) words: f32,
    pub(super) characters: f32,
    pub(super) word_length: f32,
    /// Share of words that begin with a capital.
    pub(super) capitalised: f32,
    /// Share of words that are all capitals.
    pub(super) capitals: f32,
    /// Share of characters.
    pub(super) digits: f32,
    /// Share of characters that are neither letter, digit nor blank.
    pub(super) signs: f32,
    pub(super) is_closed: f32,
    pub(super) ends_in_colon: f32,
    pub(super) ends_in_dots: f32,
    pub(super) begins_small: f32,
    pub(super) begins_with_digit: f32,
    /// Share of words.
    pub(super) stop_words: f32,
    pub(super) commas: f32,
    /// `|`, `»`, `•` and the like.
    pub(super) separators: f32,
    /// Remnants of links: `www.`, `@`, `#`, `](`.
    pub(super) links: f32,
    pub(super) years: f32,
    pub(super) clock: f32,
    pub(super) quotes: f32,
    /// Sentence ends inside it.
    pub(super) stops: f32,
    pub(super) question: f32,
    pub(super) exclamation: f32,
    /// Currency signs next to digits.
    pub(super) price: f32,
    /// Opening brackets and parentheses.
    pub(super) brackets: f32,
    /// Whether the whole line is in `*`, `_` or `**`.
    pub(super) emphasis: f32,
    /// Whether it starts with neither a letter nor a digit.
    pub(super) begins_with_sign: f32,
    pub(super) has_digit: f32,
}

static STOPS: LazyLock<StopWords> = LazyLock::new(StopWords::new);

/// Builds the table of stop words.
pub(super) fn warm_up() {
    LazyLock::force(&STOPS);
}

impl Shape {
    /// Measures `text`, whose words are `words`.
    pub(super) fn new(text: &str, words: &[Word]) -> Self {
        let bytes = text.as_bytes();
        let mut shape = Self::default();
        let (mut characters, mut digits, mut signs) = (0_u32, 0_u32, 0_u32);
        for (at, &byte) in bytes.iter().enumerate() {
            /// The first two bits of a continuation byte in UTF-8.
            const CONTINUATION: u8 = 0b10;
            characters += u32::from(byte >> 6 != CONTINUATION);
            digits += u32::from(byte.is_ascii_digit());
            if byte == b' ' || byte.is_ascii_alphanumeric() || byte >> 6 == CONTINUATION {
                continue;
            }
            let Some(character) = text.get(at..).and_then(|rest| rest.chars().next()) else {
                continue;
            };
            shape.count_sign(text, at, character);
            signs += u32::from(
                !is_letter(character) && !character.is_alphanumeric() && !character.is_whitespace(),
            );
        }
        let counts = LineWordCounts::new(text, words);
        // Five Chinese characters count as three words, as in `count_words_cjk_weighted`.
        let signs_alone = words.iter().filter(|word| word.is_sign).count();
        let of_words = |count: u32| count as f32 / words.len().max(1) as f32;
        let of_characters = |count: u32| count as f32 / characters.max(1) as f32;
        let is = |is: bool| f32::from(u8::from(is));
        Self {
            words: (words.len() - signs_alone * 2 / 5) as f32,
            characters: characters as f32,
            word_length: counts.letters as f32 / words.len().max(1) as f32,
            capitalised: of_words(counts.capitalised),
            capitals: of_words(counts.capitals),
            digits: of_characters(digits),
            signs: of_characters(signs),
            is_closed: is(ends_sentence(text)),
            ends_in_colon: is(text.ends_with([':', '：'])),
            ends_in_dots: is(text.ends_with("...") || text.ends_with('…') || text.ends_with("[…]")),
            begins_small: is(text.starts_with(char::is_lowercase)),
            question: is(text.ends_with(['?', '？'])),
            exclamation: is(text.ends_with(['!', '！'])),
            emphasis: is(text.starts_with(['*', '_']) && text.ends_with(['*', '_'])),
            begins_with_sign: is(text.starts_with(|first: char| !first.is_alphanumeric())),
            has_digit: is(digits > 0),
            begins_with_digit: is(text.starts_with(|character: char| character.is_ascii_digit())),
            stop_words: of_words(counts.stop_words),
            years: counts.years as f32,
            links: shape.links + counts.links as f32,
            ..shape
        }
    }

    /// Counts the sign `character` at byte `at` of `text`.
    fn count_sign(&mut self, text: &str, at: usize, character: char) {
        let bytes = text.as_bytes();
        match character {
            ',' | '，' | '、' => self.commas += 1.0,
            '|' | '»' | '›' | '•' | '·' | '→' | '>' | '/' | '«' | '│' | '■' | '►' | '▸' | '–'
            | '—' => {
                self.separators += 1.0;
            }
            '"' | '“' | '”' | '„' | '「' => self.quotes += 1.0,
            '@' | '#' => self.links += 1.0,
            '(' | '[' | '（' | '【' => self.brackets += 1.0,
            '$' | '€' | '£' | '¥' | '₹' | '₽' => {
                let is_near_digit = text[at..].bytes().take(5).any(|byte| byte.is_ascii_digit())
                    || bytes[at.saturating_sub(2)..at].iter().any(u8::is_ascii_digit);
                self.price += f32::from(u8::from(is_near_digit));
            }
            ']' if bytes.get(at + 1) == Some(&b'(') => self.links += 1.0,
            '.' | '!' | '?' if bytes.get(at + 1) == Some(&b' ') => self.stops += 1.0,
            '。' | '！' | '？' => self.stops += 1.0,
            ':' => {
                let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
                self.clock += f32::from(u8::from(at > 0 && is_digit(at - 1) && is_digit(at + 1)));
            }
            _ => {}
        }
    }
}

/// Counts of words.
#[derive(Default)]
struct LineWordCounts {
    /// The length of all words in bytes.
    letters: usize,
    capitalised: u32,
    /// Words in capitals.
    capitals: u32,
    stop_words: u32,
    years: u32,
    /// Parts of addresses.
    links: u32,
}

impl LineWordCounts {
    fn new(text: &str, words: &[Word]) -> Self {
        let stops: &StopWords = &STOPS;
        let mut counts = Self::default();
        for word in words {
            let word_text = &text[word.start..word.end];
            counts.letters += word.end - word.start;
            let is_capital = word_text.chars().next().is_some_and(char::is_uppercase);
            counts.capitalised += u32::from(is_capital);
            counts.capitals += u32::from(
                is_capital && word_text.len() > 1 && !word_text.chars().any(char::is_lowercase),
            );
            counts.stop_words += u32::from(stops.contain(word));
            let is_year = word_text.len() == 4
                && word_text.bytes().all(|byte| byte.is_ascii_digit())
                && (word_text.starts_with("19") || word_text.starts_with("20"));
            counts.years += u32::from(is_year);
            counts.links += u32::from(matches!(word_text, "www" | "http" | "https" | "com"));
        }
        counts
    }
}

/// Function words of common languages.
const STOP_WORDS: &str = "the of and to in a is that it was for on are as with his they at be this from have or by had not but \
    what all were when we there can an which their if will would about up out them then she he you i her him has been its who \
    than into could so no do did my me your our these those some because while after before \
    der die das und ist nicht ein eine zu den mit von im sich auf für dem des als auch es an werden aus er hat dass sie nach \
    wird bei einer um noch wie über de la que el en y los se del las un por con no una su para es al lo como más o pero sus le \
    ha sí porque esta entre cuando muy sin sobre et les des une dans est pour qui pas au sur ne ce il sont mais avec plus \
    par je nous vous ont cette aux di che è e il per non si della le dei da una sono con del al anche più come nel alla gli \
    do da em um uma os no na não mais as dos foi ao ele das à seu sua ou quando het een van ik te dat die niet zijn op aan met \
    voor maar om hem dan zou nog w na z się nie że jest do to od po jak ale przez dla oraz za są co tym и в не на что он с как \
    это по но из у за то от для был о его она так же бы мы к а они я и да του της το και να με από για σε είναι που η ο τα οι \
    των στο στη ότι δεν θα την τον τους";

/// A hash table of stop words with linear probing; 0 marks a free slot.
struct StopWords([u64; Self::SLOTS]);

impl StopWords {
    const SLOTS: usize = 1024;
    /// The length of the longest stop word in bytes.
    const MAX_BYTES: usize = 12;

    fn new() -> Self {
        let mut slots = [0; Self::SLOTS];
        words::each(STOP_WORDS, |word| {
            let mut at = Self::slot(&word);
            while ![0, word.hash].contains(&slots[at]) {
                at = (at + 1) % Self::SLOTS;
            }
            slots[at] = word.hash;
        });
        Self(slots)
    }

    /// Returns the slot where the search for a word starts.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the remainder depends on the low bits alone"
    )]
    fn slot(word: &Word) -> usize {
        word.hash as usize % Self::SLOTS
    }

    fn contain(&self, word: &Word) -> bool {
        let from = Self::slot(word);
        let slots = self.0[from..].iter().chain(&self.0);
        word.end - word.start <= Self::MAX_BYTES
            && slots.take_while(|slot| **slot != 0).any(|slot| *slot == word.hash)
    }
}

/// Whether a character is a letter of a common script. Needs no table.
fn is_letter(character: char) -> bool {
    matches!(character, 'а'..='я' | 'А'..='Я' | 'α'..='ω' | 'Α'..='Ρ' | '一'..='鿿' | 'ß'..='ö' | 'ø'..='ž')
}
