//! The measures of Gopher (Rae et al. 2021, arXiv 2112.11446, section A.1.1), as implemented by
//! datatrove.
//!
//! Source: `pipeline/filters/gopher_quality_filter.py` and `gopher_repetition_filter.py` in
//! huggingface/datatrove 0.10.1. Words are spaCy's tokens, so punctuation marks count as words.

use super::common;
use super::ngrams::{self, ngram_size};
use super::page::Page;
use super::punctuation::is_punctuation;
use super::set::{Measure, MeasureSet, number, ratio};
use super::tokens::SpacyTokenizer;
use super::words::{NGrams, Repeats, walked_repetition};
use crate::python;
use dechaff_text::Span;

/// Gopher's quality rules.
pub(super) struct GopherQuality {
    /// The stop words.
    pub(super) stop_words: Vec<String>,
    /// How words are split.
    pub(super) tokenizer: SpacyTokenizer,
}

pub(super) const QUALITY: &[Measure] = &[
    Measure::number("words", "{} [word that is|words that are] not only punctuation", ""),
    common::MEAN_WORD_LENGTH,
    Measure::number("hashes-per-word", "{} number [sign|signs] per word", "most number signs"),
    Measure::number("ellipses-per-word", "{} [ellipsis|ellipses] per word", "most ellipses"),
    common::BULLET_LINES,
    common::ELLIPSIS_LINES,
    common::ALPHABETIC_WORDS,
    Measure::number("stop-words", "{} different stop [word|words]", ""),
];

fn has_bullet(line: &str) -> bool {
    line.trim_start_matches(python::is_space).starts_with(['•', '-'])
}

fn ends_with_ellipsis(line: &str) -> bool {
    let line = line.trim_end_matches(python::is_space);
    line.ends_with("...") || line.ends_with('…')
}

fn is_only_punctuation(word: &str) -> bool {
    word.chars().all(is_punctuation)
}

impl MeasureSet for GopherQuality {
    fn measures(&self) -> &'static [Measure] {
        QUALITY
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let words = page.tokens(self.tokenizer);
        let (mut counted, mut characters, mut with_letter) = (0, 0, 0);
        for (span, length) in words.spans.iter().zip(&words.lengths) {
            let word = page.slice(*span);
            with_letter += usize::from(python::has_letter(word));
            if !is_only_punctuation(word) {
                counted += 1;
                characters += length;
            }
        }
        let lines = python::split_lines(page.text);
        let share_of_lines = |test: fn(&str) -> bool| {
            let count = page.count(&lines, test);
            ratio(count, lines.len())
        };
        let stop_words = self
            .stop_words
            .iter()
            .filter(|word| words.spans.iter().any(|span| page.slice(*span) == word.as_str()));
        let hashes = memchr::memchr_iter(b'#', page.text.as_bytes()).count();
        let ellipses = page.text.matches("...").count() + page.text.matches('…').count();
        vec![
            Some(number(counted)),
            ratio(characters, counted),
            ratio(hashes, words.count()),
            ratio(ellipses, words.count()),
            share_of_lines(has_bullet),
            share_of_lines(ends_with_ellipsis),
            ratio(with_letter, words.count()),
            Some(number(stop_words.count())),
        ]
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        match name {
            "mean-word-length" => page.tokens(self.tokenizer).longest(),
            "hashes-per-word" => page.heaviest_lines(|line| line.matches('#').count()),
            "ellipses-per-word" => {
                page.heaviest_lines(|line| line.matches("...").count() + line.matches('…').count())
            }
            "bullet-lines" => page.heaviest_lines(|line| usize::from(has_bullet(line))),
            "ellipsis-lines" => page.heaviest_lines(|line| usize::from(ends_with_ellipsis(line))),
            "alphabetic-words" => page.most_words_without_letter(),
            _ => None,
        }
    }
}

/// Gopher's repetition rules (table A1).
pub(super) struct GopherRepetition {
    /// How words are split.
    pub(super) tokenizer: SpacyTokenizer,
}

pub(super) const REPETITION: &[Measure] = &[
    Measure::number("characters", "{} [character|characters]", ""),
    common::REPEATED_PARAGRAPHS,
    common::REPEATED_PARAGRAPH_CHARACTERS,
    common::REPEATED_LINES,
    common::REPEATED_LINE_CHARACTERS,
    ngrams::TOP_2_GRAM,
    ngrams::TOP_3_GRAM,
    ngrams::TOP_4_GRAM,
    Measure::share("repeated-5-grams", "{} of characters are in repeats of five words", "a repeat"),
    Measure::share("repeated-6-grams", "{} of characters are in repeats of six words", "a repeat"),
    Measure::share(
        "repeated-7-grams",
        "{} of characters are in repeats of seven words",
        "a repeat",
    ),
    Measure::share(
        "repeated-8-grams",
        "{} of characters are in repeats of eight words",
        "a repeat",
    ),
    Measure::share("repeated-9-grams", "{} of characters are in repeats of nine words", "a repeat"),
    Measure::share("repeated-10-grams", "{} of characters are in repeats of ten words", "a repeat"),
];

impl MeasureSet for GopherRepetition {
    fn measures(&self) -> &'static [Measure] {
        REPETITION
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let characters = page.characters();
        let paragraphs = paragraphs(page);
        let in_paragraphs = Repeats::new(page.text, &paragraphs);
        let in_lines = page.repeated_stretches();
        let words = page.tokens(self.tokenizer);
        let mut values = vec![
            Some(number(characters)),
            ratio(in_paragraphs.count, paragraphs.len()),
            ratio(in_paragraphs.characters, characters),
            ratio(in_lines.count, page.stretches().len()),
            ratio(in_lines.characters, characters),
        ];
        let top = |ngrams: NGrams<'_>| {
            let spaces = ngrams.size - 1;
            let top = ngrams.top()?;
            ratio((top.characters + spaces) * top.count, characters)
        };
        values.extend(words.ngrams(4).skip(1).map(top));
        values.extend((5..=10).map(|size| {
            ratio(
                walked_repetition(words, page.run_together(self.tokenizer), size).characters,
                characters,
            )
        }));
        values
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        match (name, ngram_size(name)) {
            (_, Some(size)) if size < 5 => {
                let top = page.tokens(self.tokenizer).ngrams(size).last()?.top()?;
                page.tokens(self.tokenizer).window(top.first, size)
            }
            (_, Some(size)) => {
                let first = walked_repetition(
                    page.tokens(self.tokenizer),
                    page.run_together(self.tokenizer),
                    size,
                )
                .first?;
                page.tokens(self.tokenizer).window(first, size)
            }
            ("repeated-paragraphs" | "repeated-paragraph-characters", _) => {
                Repeats::new(page.text, &paragraphs(page)).heaviest
            }
            _ => page.repeated_stretches().heaviest,
        }
    }
}

/// Returns the paragraphs of the trimmed text, which are separated by two or more line feeds.
fn paragraphs(page: &Page<'_>) -> Vec<Span> {
    let stripped = python::strip(page.text);
    let offset = page.text.len() - page.text.trim_start_matches(python::is_space).len();
    let shifted = |span: Span| Span::new(span.start + offset, span.end + offset);
    python::split_at_runs(stripped, 2).into_iter().map(shifted).collect()
}
