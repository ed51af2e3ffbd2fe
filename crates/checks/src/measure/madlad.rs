//! The sentence rules of MADLAD-400 (Kudugunta et al. 2023, arXiv 2309.04662, section 2.3), as
//! implemented by datamap-rs for Dolma 3.
//!
//! Source: `Madlad400SentenceAnnotator` and `Madlad400RuleFilter` in `src/map_fxn.rs` of
//! allenai/datamap-rs at commit f771794. Lengths are in bytes there, and most patterns of the paper
//! are matched literally, not as regular expressions. Its rule 1, which compares the language of
//! each sentence with that of the page, needs a model and is omitted.

use aho_corasick::AhoCorasick;
use regex_automata::meta::Regex;
use unicode_segmentation::UnicodeSegmentation;

use super::page::Page;
use super::set::{Measure, MeasureSet, number, ratio};
use dechaff_text::Span;

/// MADLAD-400's sentence rules.
pub(super) struct Madlad {
    /// Strings that make a sentence questionable.
    strings: Option<AhoCorasick>,
    /// Patterns that make a sentence questionable.
    patterns: Option<Regex>,
}

const MEASURES: &[Measure] = &[
    Measure::number("sentences", "{} [sentence|sentences]", ""),
    Measure::share("questionable-sentences", "{} of sentences are questionable", "most of them"),
    Measure::share("list-case", "{} of sentences have capitals in most words", "most of them"),
    Measure::share("odd-lengths", "{} of sentences are very short or long", "most of them"),
    Measure::share("technical", "{} of sentences have many digits and signs", "most of them"),
    Measure::share("marked", "{} of sentences have a string of the list", "most of them"),
];

/// The defects of a sentence, in the order of the measures.
struct Oddities {
    list_case: bool,
    length: bool,
    technical: bool,
    marked: bool,
}

impl Oddities {
    /// Whether the sentence counts as questionable: rules 2 and 5.
    fn is_questionable(&self) -> bool {
        self.list_case || self.marked
    }

    /// Whether the sentence counts for the measure with this name.
    fn counts_for(&self, name: &str) -> bool {
        match name {
            "questionable-sentences" => self.is_questionable(),
            "list-case" => self.list_case,
            "odd-lengths" => self.length,
            "technical" => self.technical,
            _ => self.marked,
        }
    }
}

impl Madlad {
    /// Compiles the list. Patterns that do not compile match nothing.
    pub(super) fn new(strings: &[String], patterns: &[String]) -> Self {
        Self {
            strings: AhoCorasick::new(strings).ok().filter(|_| !strings.is_empty()),
            patterns: Regex::new_many(patterns).ok().filter(|_| !patterns.is_empty()),
        }
    }

    fn oddities(&self, sentence: &str) -> Oddities {
        const LENGTHS: std::ops::RangeInclusive<usize> = 20..=500;
        let length = sentence.len();
        let technical = sentence.chars().filter(|one| is_technical(*one)).count();
        Oddities {
            list_case: is_list_case(sentence),
            length: !LENGTHS.contains(&length),
            technical: 5 * technical > length,
            marked: self.strings.as_ref().is_some_and(|strings| strings.is_match(sentence))
                || self.patterns.as_ref().is_some_and(|patterns| patterns.is_match(sentence)),
        }
    }
}

fn is_technical(character: char) -> bool {
    character.is_ascii_digit() || matches!(character, '{' | '}' | '+' | '/' | '(' | ')' | '>')
}

/// Whether more than half of at least twelve words start with a capital.
fn is_list_case(sentence: &str) -> bool {
    const MIN_WORDS: usize = 12;
    let (mut words, mut capitals) = (0, 0);
    for word in sentence.unicode_words() {
        words += 1;
        capitals += usize::from(word.starts_with(char::is_uppercase));
    }
    words >= MIN_WORDS && 2 * capitals > words
}

/// Returns the nonblank sentences, which end with a full stop, exclamation mark or question mark
/// before whitespace.
fn sentences(text: &str) -> Vec<Span> {
    let mut sentences = Vec::new();
    let (mut start, mut end) = (0, None);
    let mut push = |start: usize, end: usize| {
        if !text[start..end].trim().is_empty() {
            sentences.push(Span::new(start, end));
        }
    };
    // The start of a run of final marks, and whether whitespace has followed.
    for (at, character) in text.char_indices() {
        end = match (end, character) {
            (None, '.' | '!' | '?') => Some((at, false)),
            (Some((from, false)), '.' | '!' | '?') => Some((from, false)),
            (Some((from, _)), space) if space.is_whitespace() => Some((from, true)),
            (Some((from, true)), _) => {
                push(start, from);
                start = at;
                matches!(character, '.' | '!' | '?').then_some((at, false))
            }
            _ => None,
        };
    }
    match end {
        Some((from, true)) => push(start, from),
        _ => push(start, text.len()),
    }
    sentences
}

impl MeasureSet for Madlad {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let sentences = sentences(page.text);
        let oddities: Vec<Oddities> =
            sentences.iter().map(|sentence| self.oddities(page.slice(*sentence))).collect();
        let shares = MEASURES.iter().skip(1).map(|measure| {
            let counted = oddities.iter().filter(|one| one.counts_for(measure.name)).count();
            ratio(counted, sentences.len())
        });
        std::iter::once(Some(number(sentences.len()))).chain(shares).collect()
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        if name == "sentences" {
            return None;
        }
        page.heaviest_stretch(&sentences(page.text), |sentence| {
            usize::from(self.oddities(sentence).counts_for(name))
        })
    }
}
