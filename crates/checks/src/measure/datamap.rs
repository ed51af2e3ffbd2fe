//! The page rules of Dolma 3 for web pages, as implemented by datamap-rs: those of Gopher and
//! RefinedWeb.
//!
//! Source: `src/map_fxn.rs` and `configs/all_dressed/all_dressed_config.yaml` in allenai/datamap-rs
//! at commit f771794. Lengths are in bytes there. The rules for URLs and for the language are
//! omitted. As there, repetition is measured before lines are dropped.

use unicode_segmentation::UnicodeSegmentation;

use super::common;
use super::ngrams::{self, ngram_size};
use super::page::Page;
use super::set::{Measure, MeasureSet, number, occurrences, ratio};
use super::words::{NGrams, Repeats};
use crate::line_filter::is_counter;
use crate::python;
use dechaff_text::Span;

/// Dolma 3's page rules.
pub(super) struct Datamap;

const MEASURES: &[Measure] = &[
    Measure::number("characters", "{} [character|characters]", ""),
    common::WORDS,
    Measure::number(
        "mean-word-length",
        "words have {} [byte|bytes] on average",
        "the longest word",
    ),
    common::SYMBOLS_PER_WORD,
    common::BULLET_LINES,
    common::ELLIPSIS_LINES,
    common::WORDLESS_WORDS,
    common::STOP_WORDS,
    common::RECURRING_LINES,
    common::RECURRING_PARAGRAPHS,
    Measure::share(
        "repeated-line-characters",
        "{} of bytes are in lines that occur more than once",
        "repeated most",
    ),
    Measure::share(
        "repeated-paragraph-characters",
        "{} of bytes are in paragraphs that occur more than once",
        "repeated most",
    ),
    ngrams::TOP_2_GRAM,
    ngrams::TOP_3_GRAM,
    ngrams::TOP_4_GRAM,
    ngrams::RECURRING_5_GRAMS,
    ngrams::RECURRING_6_GRAMS,
    ngrams::RECURRING_7_GRAMS,
    ngrams::RECURRING_8_GRAMS,
    ngrams::RECURRING_9_GRAMS,
    ngrams::RECURRING_10_GRAMS,
    common::LEFT_OUT_WORDS,
];

const BULLETS: [char; 4] = ['●', '•', '*', '-'];
const ELLIPSES: [&str; 3] = ["...", ". . .", "…"];

/// Counts words: runs of letters and digits in ASCII text, otherwise UAX #29 words.
fn counted_words(text: &str) -> usize {
    match text.is_ascii() {
        true => text
            .split(|one: char| !one.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty())
            .count(),
        false => text.unicode_words().count(),
    }
}

fn symbols(text: &str) -> usize {
    occurrences(text, &["#"]) + occurrences(text, &ELLIPSES)
}

fn is_letterless(word: &str) -> bool {
    !word.chars().any(char::is_alphabetic)
}

fn ends_with_ellipsis(line: &str) -> bool {
    ELLIPSES.iter().any(|ellipsis| line.ends_with(ellipsis))
}

/// Returns the parts of the text that are not empty.
fn filled(parts: Vec<Span>) -> Vec<Span> {
    parts.into_iter().filter(|part| part.start < part.end).collect()
}

fn lines(page: &Page<'_>) -> Vec<Span> {
    filled(page.lines().to_vec())
}

/// Returns the paragraphs, which are separated by two or more line feeds.
fn paragraphs(page: &Page<'_>) -> Vec<Span> {
    filled(python::split_at_runs(page.text, 2))
}

/// Returns the share of parts that occur more than once, and the share of bytes in them. Without
/// any parts, both are 1.
fn repeats(page: &Page<'_>, parts: &[Span]) -> (f64, f64) {
    if parts.is_empty() {
        return (1.0, 1.0);
    }
    let found = Repeats::in_bytes(page.text, parts);
    let bytes = parts.iter().map(|part| part.end - part.start).sum();
    let share = |part, whole| ratio(part, whole).unwrap_or(0.0);
    (share(found.all, parts.len()), share(found.all_characters, bytes))
}

/// Returns the share of bytes of words in the most frequent n-gram (ties go to the longest), or,
/// from five words on, in all recurring n-grams; 0 if none recurs.
fn repeated(page: &Page<'_>, ngrams: &NGrams<'_>) -> f64 {
    let words = page.segments();
    let is_repeated = match ngrams.size < 5 {
        true => {
            ngrams.longest_top_in_bytes().map(|first| ngrams.words_of(first)).unwrap_or_default()
        }
        false => ngrams.repeated_words(),
    };
    let length = |span: &Span| span.end - span.start;
    let repeated = words.spans.iter().zip(is_repeated).filter(|(_, is_repeated)| *is_repeated);
    let repeated = repeated.map(|(span, _)| length(span)).sum();
    ratio(repeated, words.spans.iter().map(length).sum()).unwrap_or(0.0)
}

/// Returns the words that are removed from a line.
fn left_out_words(line: &str) -> usize {
    let words = line.unicode_words().count();
    let bytes = line.len();
    let capitals = line.chars().filter(|one| one.is_uppercase()).count();
    let is_number = bytes > 0 && line.bytes().all(|byte| byte.is_ascii_digit());
    if 2 * capitals > bytes || is_number || is_counter(&line.to_lowercase()) || words < 2 {
        return words;
    }
    words.saturating_sub(without_phrases(line).unicode_words().count())
}

/// Removes the labels of shops and pages from a line.
fn without_phrases(line: &str) -> String {
    let line = line.replace("items in cart", " ");
    // The full stops are wildcards there.
    const READ_MORE: usize = 3;
    let cut = line
        .rfind("Read more")
        .filter(|at| line[at + "Read more".len()..].chars().count() == READ_MORE);
    let line = cut.map_or(line.as_str(), |at| &line[..at]);
    line.strip_prefix("Sign-in").unwrap_or(line).to_owned()
}

impl MeasureSet for Datamap {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let text = page.text;
        let (mut words, mut bytes, mut letterless, mut stop_words) = (0, 0, 0, 0);
        for word in text.split_whitespace() {
            words += 1;
            bytes += word.len();
            letterless += usize::from(is_letterless(word));
            stop_words += usize::from(common::is_stop_word_in_any_case(word));
        }
        let bullets = page.lines().iter().filter(|line| page.slice(**line).starts_with(BULLETS));
        let ellipses = text.lines().filter(|line| ends_with_ellipsis(line)).count();
        let text_lines = text.lines().filter(|line| !line.is_empty()).count();
        // A spaced ellipsis (`. . .`) is one word.
        let split_words = text.replace(". . .", "...").split_whitespace().count();
        let (line_share, line_bytes) = repeats(page, &lines(page));
        let (paragraph_share, paragraph_bytes) = repeats(page, &paragraphs(page));
        let segments = page.segments();
        let left_out = text.split('\n').map(left_out_words).sum();
        let mut values = vec![
            Some(number(page.characters())),
            Some(number(counted_words(text))),
            ratio(bytes, words),
            ratio(symbols(text), split_words.max(1)),
            ratio(bullets.count(), page.lines().len()),
            ratio(ellipses, text_lines.max(1)),
            // A single word always fails.
            ratio(if words == 1 { 1 } else { letterless }, words),
            Some(number(stop_words)),
            Some(line_share),
            Some(paragraph_share),
            Some(line_bytes),
            Some(paragraph_bytes),
        ];
        values.extend(segments.ngrams(10).skip(1).map(|ngrams| Some(repeated(page, &ngrams))));
        values.push(ratio(left_out, segments.count()));
        values
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        let segments = page.segments();
        match (name, ngram_size(name)) {
            (_, Some(size)) => {
                segments.heaviest_ngram(size, |ngrams| ngrams.longest_top_in_bytes())
            }
            ("mean-word-length", _) => page.words().longest(),
            ("symbols-per-word", _) => page.heaviest_lines(symbols),
            ("bullet-lines", _) => {
                page.heaviest_lines(|line| usize::from(line.starts_with(BULLETS)))
            }
            ("ellipsis-lines", _) => {
                page.heaviest_lines(|line| usize::from(ends_with_ellipsis(line)))
            }
            ("wordless-words", _) => page.most_words_without_letter(),
            ("repeated-lines" | "repeated-line-characters", _) => {
                Repeats::new(page.text, &lines(page)).heaviest
            }
            ("repeated-paragraphs" | "repeated-paragraph-characters", _) => {
                Repeats::new(page.text, &paragraphs(page)).heaviest
            }
            ("words-in-left-out-lines", _) => page.heaviest_lines(left_out_words),
            _ => None,
        }
    }
}
