//! The page rules of RefinedWeb, as implemented by DCLM for DCLM-Baseline (Li et al. 2024, arXiv
//! 2406.11794).
//!
//! Source: `baselines/mappers/filters/content_filters.py` and
//! `baselines_configs/dclm_baseline_refinedweb.yaml` in mlfoundations/dclm at commit 361714b. The
//! rules for URLs and for the language are omitted. DCLM first removes URLs from the text; here,
//! they stay and count as words.

use std::sync::LazyLock;

use super::common;
use super::ngrams::{self, ngram_size};
use super::page::Page;
use super::set::{Measure, MeasureSet, number, occurrences, ratio};
use super::words::{NGrams, Repeats};
use crate::line_filter::refinedweb_reason;
use crate::python::{self, CharacterClass};
use dechaff_text::Span;

/// RefinedWeb's page rules.
pub(super) struct RefinedWeb;

const MEASURES: &[Measure] = &[
    Measure::number("words", "{} [word that starts|words that start] with a letter or digit", ""),
    common::MEAN_WORD_LENGTH,
    common::SYMBOLS_PER_WORD,
    common::BULLET_LINES,
    common::ELLIPSIS_LINES,
    common::WORDLESS_WORDS,
    common::STOP_WORDS,
    common::RECURRING_LINES,
    common::RECURRING_PARAGRAPHS,
    common::RECURRING_LINE_CHARACTERS,
    Measure::share(
        "repeated-paragraph-characters",
        "{} of characters are in paragraphs that occur more than once",
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
const SYMBOLS: [&str; 4] = ["#", "...", ". . .", "…"];

fn symbols(text: &str) -> usize {
    occurrences(text, &SYMBOLS)
}

/// Counts the words as split by fastText, except those that start with punctuation.
fn counted_words(text: &str) -> usize {
    static LETTERS: LazyLock<CharacterClass> =
        LazyLock::new(|| CharacterClass::new(r"[\p{L}\p{N}]"));
    let is_space = |one: char| matches!(one, ' ' | '\t'..='\r' | '\0');
    let starts = |word: &&str| word.chars().next().is_some_and(|first| LETTERS.contains(first));
    text.split(is_space).filter(starts).count()
}

/// Returns the nonblank parts, trimmed.
fn filled(page: &Page<'_>, parts: impl IntoIterator<Item = Span>) -> Vec<Span> {
    let strip = |span: Span| {
        let text = page.slice(span);
        let start = span.start + text.len() - text.trim_start_matches(python::is_space).len();
        Span::new(start, start + python::strip(text).len())
    };
    parts.into_iter().map(strip).filter(|span| span.start < span.end).collect()
}

/// Returns the paragraphs, which are separated by two line feeds.
fn paragraphs(page: &Page<'_>) -> Vec<Span> {
    filled(page, python::split_at_two_line_feeds(page.text))
}

fn lines(page: &Page<'_>) -> Vec<Span> {
    filled(page, page.lines().iter().copied())
}

fn starts_with_bullet(line: &str) -> bool {
    python::strip(line).starts_with(BULLETS)
}

fn ends_with_ellipsis(line: &str) -> bool {
    ELLIPSES.iter().any(|ellipsis| python::strip(line).ends_with(ellipsis))
}

impl MeasureSet for RefinedWeb {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let words = page.words();
        let count = |test: fn(&str) -> bool| page.count(&words.spans, test);
        let (lines, paragraphs) = (lines(page), paragraphs(page));
        let share_of_lines = |test: fn(&str) -> bool| {
            let matching = page.count(&lines, test);
            ratio(matching, lines.len())
        };
        let repeats = |parts: &[Span]| {
            // A page with a single one passes.
            let found = Repeats::new(page.text, parts);
            let characters = parts.iter().map(|part| python::length(page.slice(*part))).sum();
            (ratio(found.all, parts.len()), ratio(found.all_characters, characters))
        };
        let ((line_share, line_characters), (paragraph_share, paragraph_characters)) =
            (repeats(&lines), repeats(&paragraphs));
        let all_words = counted_words(page.text);
        let left_out = page.lines().iter().map(|line| page.slice(*line));
        let left_out = left_out.filter(|line| refinedweb_reason(line).is_some());
        let left_out: usize = left_out.map(counted_words).sum();
        let mut values = vec![
            Some(number(all_words)),
            ratio(words.characters(), words.count()),
            ratio(symbols(page.text), words.count()),
            share_of_lines(starts_with_bullet),
            share_of_lines(ends_with_ellipsis),
            ratio(words.count() - count(python::has_letter), words.count()),
            Some(number(count(common::is_stop_word_in_any_case))),
            line_share,
            paragraph_share,
            line_characters,
            paragraph_characters,
        ];
        let segments = page.segments();
        values.extend(segments.ngrams(10).skip(1).map(|ngrams| self.repeated(page, &ngrams)));
        values.push(ratio(left_out, all_words));
        values
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        let segments = page.segments();
        match (name, ngram_size(name)) {
            (_, Some(size)) => {
                segments.heaviest_ngram(size, |ngrams| Some(ngrams.longest_top()?.first))
            }
            ("mean-word-length", _) => page.words().longest(),
            ("symbols-per-word", _) => page.heaviest_lines(symbols),
            ("bullet-lines", _) => {
                page.heaviest_lines(|line| usize::from(starts_with_bullet(line)))
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
            ("words-in-left-out-lines", _) => page
                .heaviest_lines(|line| refinedweb_reason(line).map_or(0, |_| counted_words(line))),
            _ => None,
        }
    }
}

impl RefinedWeb {
    /// Returns the share of characters in the most frequent n-gram (ties go to the longest), or,
    /// from five words on, in all recurring n-grams, counting each character once.
    fn repeated(&self, page: &Page<'_>, ngrams: &NGrams<'_>) -> Option<f64> {
        let characters = page.segments().characters();
        if ngrams.size < 5 {
            let repeated = ngrams.longest_top().map_or(0, |top| top.characters * top.count);
            return ratio(repeated, characters).filter(|_| ngrams.count > 0);
        }
        let repeated = ngrams.repeated_words();
        let lengths = page.segments().lengths.iter().zip(&repeated);
        let repeated = lengths.filter(|(_, is_repeated)| **is_repeated).map(|(length, _)| length);
        (ngrams.count > 0).then_some(())?;
        ratio(repeated.sum(), characters)
    }
}
