//! The measures that FineWeb adds to those of C4 and Gopher (Penedo et al. 2024, arXiv 2406.17557,
//! section 3.6).
//!
//! Source: `pipeline/filters/fineweb_quality_filter.py` in huggingface/datatrove 0.10.1.

use super::common;
use super::page::Page;
use super::punctuation::is_sentence_end;
use super::set::{Measure, MeasureSet, number, ratio};
use super::tokens::SpacyTokenizer;
use super::words::Repeats;
use crate::python;
use dechaff_text::Span;

/// FineWeb's own rules.
pub(super) struct FineWeb {
    /// Maximum length of a short line, in characters.
    pub(super) short_line: usize,
    /// The tokenizer.
    pub(super) tokenizer: SpacyTokenizer,
}

pub(super) const MEASURES: &[Measure] = &[
    Measure::number("lines", "{} [line that is|lines that are] not blank", ""),
    Measure::share(
        "punctuated-lines",
        "{} of lines end with a full stop or the like",
        "lines without",
    ),
    Measure::share("short-lines", "{} of lines are short", "short lines"),
    common::REPEATED_LINE_CHARACTERS,
    Measure::number("line-feeds-per-word", "{} line [feed|feeds] per word", "short lines"),
];

impl MeasureSet for FineWeb {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let lines = page.filled_lines();
        let share = |test: &dyn Fn(&str) -> bool| ratio(page.count(lines, test), lines.len());
        let line_feeds = page.lines().len() - 1;
        let repeats = Repeats::new(page.text, lines);
        vec![
            Some(number(lines.len())),
            share(&|line| line.ends_with(is_sentence_end)),
            share(&|line| python::length(line) <= self.short_line),
            ratio(repeats.characters, page.characters() - line_feeds),
            ratio(line_feeds, page.tokens(self.tokenizer).count()),
        ]
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        match name {
            "punctuated-lines" => {
                page.heaviest_lines(|line| usize::from(!line.ends_with(is_sentence_end)))
            }
            "short-lines" | "line-feeds-per-word" => {
                page.heaviest_lines(|line| usize::from(python::length(line) <= self.short_line))
            }
            "repeated-line-characters" => Repeats::new(page.text, page.filled_lines()).heaviest,
            _ => None,
        }
    }
}
