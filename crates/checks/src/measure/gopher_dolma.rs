//! The measures of Gopher, as implemented by Dolma.
//!
//! Source: `python/dolma/taggers/gopher.py` in allenai/dolma 1.2.1 (`gopher_v1`, `gopher_v2`).
//! Words are separated by whitespace, word length is the median, and n-grams overlap. The first
//! version counts each blank line as a line, so almost every page has repeated lines.

use super::common;
use super::ngrams::{self, ngram_size};
use super::page::Page;
use super::set::{Measure, MeasureSet, number};
use super::words::Repeats;
use crate::python;
use dechaff_text::Span;

/// Gopher's rules in Dolma.
pub(super) struct DolmaGopher {
    /// Whether blank lines count as lines (`gopher_v1`).
    pub(super) counts_blank_lines: bool,
}

const MEASURES: &[Measure] = &[
    common::WORDS,
    Measure::number(
        "median-word-length",
        "half of the words have up to {} [character|characters]",
        "the longest word",
    ),
    Measure::share("symbol-words", "{} of words contain “#” or “…”", "most such words"),
    common::ALPHABETIC_WORDS,
    Measure::number(
        "required-words",
        "{} [word|words] of “the, be, to, of, and, that, have, with”",
        "",
    ),
    common::BULLET_LINES,
    common::ELLIPSIS_LINES,
    common::RECURRING_LINES,
    common::RECURRING_LINE_CHARACTERS,
    ngrams::TOP_2_GRAM,
    ngrams::TOP_3_GRAM,
    ngrams::TOP_4_GRAM,
    ngrams::RECURRING_5_GRAMS,
    ngrams::RECURRING_6_GRAMS,
    ngrams::RECURRING_7_GRAMS,
    ngrams::RECURRING_8_GRAMS,
    ngrams::RECURRING_9_GRAMS,
    ngrams::RECURRING_10_GRAMS,
];

fn has_symbol(word: &str) -> bool {
    word.contains(['#', '…'])
}

impl MeasureSet for DolmaGopher {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let words = page.words();
        let count = |test: fn(&str) -> bool| page.count(&words.spans, test);
        let share = |part: usize, whole: usize| Some(number(part) / number(whole.max(1)));
        let (lines, repeats) = match self.counts_blank_lines {
            true => (page.lines(), Repeats::new(page.text, page.lines())),
            false => (page.stretches(), page.repeated_stretches()),
        };
        let share_of_lines = |test: fn(&str) -> bool| share(page.count(lines, test), lines.len());
        let characters = words.characters();
        let mut values = vec![
            Some(number(words.count())),
            Some(median(&words.lengths)),
            share(count(has_symbol), words.count()),
            share(count(python::has_letter), words.count()),
            Some(number(count(common::is_stop_word))),
            share_of_lines(|line| line.starts_with(['*', '-'])),
            share_of_lines(|line| line.ends_with('…')),
            share(repeats.all, lines.len()),
            share(repeats.all_characters, characters),
        ];
        values.extend(words.ngrams(10).skip(1).map(|ngrams| {
            if ngrams.size < 5 {
                let top = ngrams.top()?;
                return share(top.count * top.characters, characters);
            }
            let (all, repeated) = ngrams.repeated_characters();
            (ngrams.count > 0).then(|| number(repeated) / number(all.max(1)))
        }));
        values
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        let words = page.words();
        match (name, ngram_size(name)) {
            (_, Some(size)) => words.heaviest_ngram(size, |ngrams| Some(ngrams.top()?.first)),
            ("median-word-length", _) => words.longest(),
            ("symbol-words", _) => page.heaviest_lines(|line| {
                line.split(python::is_space).filter(|word| has_symbol(word)).count()
            }),
            ("alphabetic-words", _) => page.most_words_without_letter(),
            ("bullet-lines", _) => {
                page.heaviest_lines(|line| usize::from(line.starts_with(['*', '-'])))
            }
            ("ellipsis-lines", _) => page.heaviest_lines(|line| usize::from(line.ends_with('…'))),
            ("repeated-lines" | "repeated-line-characters", _) => {
                page.repeated_stretches().heaviest
            }
            _ => None,
        }
    }
}

/// Returns the median: for an even number of values, the mean of the middle two; 0 if there are
/// none.
fn median(values: &[usize]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let upper = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
    match sorted.len() % 2 {
        0 => {
            let lower = sorted.len().checked_sub(2).and_then(|len| sorted.get(len / 2)).copied();
            (number(upper) + number(lower.unwrap_or(upper))) / 2.0
        }
        _ => number(upper),
    }
}
