//! The page rules of C4 (Raffel et al. 2020, arXiv 1910.10683, section 2.2), as implemented by
//! datatrove.
//!
//! Source: `pipeline/filters/c4_filters.py` in huggingface/datatrove 0.10.1, without its list of
//! bad words, which is in another filter. Lines are filtered first, and only the remaining ones
//! count: a brace in a dropped line does not drop the page.

use super::page::Page;
use super::set::{Measure, MeasureSet, number};
use super::tokens::{SpacyTokenizer, sentence_count, tokens};
use crate::line_filter::LineFate;
use crate::python;
use dechaff_text::Span;

/// C4's page rules.
pub(super) struct C4Page {
    /// Whether only lines that end like a sentence count.
    pub(super) needs_punctuation: bool,
}

const MEASURES: &[Measure] = &[
    Measure::number("lorem-ipsum-lines", "{} [line contains|lines contain] “lorem ipsum”", "here"),
    Measure::number("brace-lines", "{} [line contains|lines contain] a curly bracket", "here"),
    Measure::number(
        "sentences",
        "{} [sentence|sentences] in lines that count",
        "lines that do not count",
    ),
];

impl MeasureSet for C4Page {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let (mut lorem_ipsum, mut braces, mut sentences) = (0, 0, 0);
        for line in python::split_lines(page.text) {
            match LineFate::new(page.slice(line), self.needs_punctuation) {
                LineFate::LoremIpsum => lorem_ipsum += 1,
                LineFate::Brace => braces += 1,
                LineFate::LeftOut(_) => {}
                LineFate::Stays(line) => {
                    sentences += sentence_count(&line, &tokens(&line, SpacyTokenizer::English))
                }
            }
        }
        vec![Some(number(lorem_ipsum)), Some(number(braces)), Some(number(sentences))]
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        let is = |test: fn(&LineFate) -> bool| {
            page.heaviest_lines(|line| {
                usize::from(test(&LineFate::new(line, self.needs_punctuation)))
            })
        };
        match name {
            "lorem-ipsum-lines" => is(|fate| matches!(fate, LineFate::LoremIpsum)),
            "brace-lines" => is(|fate| matches!(fate, LineFate::Brace)),
            "sentences" => is(|fate| matches!(fate, LineFate::LeftOut(_))),
            _ => None,
        }
    }
}
