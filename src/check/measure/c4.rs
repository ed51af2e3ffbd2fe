//! The page rules of C4 (Raffel et al. 2020, arXiv 1910.10683, section 2.2), as datatrove defines
//! them.
//!
//! Source: `pipeline/filters/c4_filters.py` in huggingface/datatrove 0.10.1, without its list of
//! bad words, which it keeps in another filter. Lines are tested first, and only those that pass
//! count: a brace in a line that is left out does not drop the page.

use super::page::Page;
use super::python;
use super::set::{Measure, MeasureSet, number};
use super::tokens::{sentence_count, tokens};
use crate::text::Span;

/// C4's page rules.
pub(super) struct C4Page;

const MEASURES: &[Measure] = &[
    Measure::number("lorem-ipsum-lines", "{} lines contain “lorem ipsum”", "here"),
    Measure::number("brace-lines", "{} lines contain a curly bracket", "here"),
    Measure::number("sentences", "{} sentences in lines that count", "lines that do not count"),
];

/// Phrases of lines about cookies and terms, which do not count.
const POLICIES: [&str; 6] = [
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
];

/// What becomes of a line.
enum LineFate {
    /// It drops the page.
    LoremIpsum,
    /// It drops the page.
    Brace,
    /// It is left out.
    LeftOut,
    /// It counts, without its citations.
    Counted(String),
}

impl LineFate {
    fn new(line: &str) -> Self {
        const MAX_WORD: usize = 1_000;
        const MIN_WORDS: usize = 3;
        let stripped = python::strip(line);
        let words = python::split(stripped);
        let is_long = |word: &Span| python::length(&stripped[word.range()]) > MAX_WORD;
        if words.iter().any(is_long) {
            return Self::LeftOut;
        }
        let line = without_citations(stripped);
        let ends = line.ends_with(['.', '?', '!', '"', '\'']) && !line.ends_with("...");
        if !ends || words.len() < MIN_WORDS {
            return Self::LeftOut;
        }
        let lower = line.to_lowercase();
        if lower.contains("lorem ipsum") {
            Self::LoremIpsum
        } else if lower.contains("javascript") {
            Self::LeftOut
        } else if line.contains('{') {
            Self::Brace
        } else if POLICIES.iter().any(|policy| lower.contains(policy)) {
            Self::LeftOut
        } else {
            Self::Counted(line)
        }
    }
}

/// Removes citations in the style of Wikipedia: `[12]`, `[]`, `[edit]` and `[citation needed]`.
fn without_citations(line: &str) -> String {
    let mut kept = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find('[') {
        kept.push_str(&rest[..at]);
        let inner = &rest[at + 1..];
        let digits = inner.len() - inner.trim_start_matches(|one: char| one.is_ascii_digit()).len();
        let length = match () {
            () if inner[digits..].starts_with(']') => Some(digits + 1),
            () if inner.starts_with("edit]") => Some(5),
            () if inner.starts_with("citation needed]") => Some(16),
            () => None,
        };
        match length {
            Some(length) => rest = &inner[length..],
            None => {
                kept.push('[');
                rest = inner;
            }
        }
    }
    kept.push_str(rest);
    kept
}

impl MeasureSet for C4Page {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let (mut lorem_ipsum, mut braces, mut sentences) = (0, 0, 0);
        for line in python::split_lines(page.text) {
            match LineFate::new(page.slice(line)) {
                LineFate::LoremIpsum => lorem_ipsum += 1,
                LineFate::Brace => braces += 1,
                LineFate::LeftOut => {}
                LineFate::Counted(line) => sentences += sentence_count(&line, &tokens(&line)),
            }
        }
        vec![Some(number(lorem_ipsum)), Some(number(braces)), Some(number(sentences))]
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        let is = |test: fn(&LineFate) -> bool| {
            page.heaviest_lines(|line| usize::from(test(&LineFate::new(line))))
        };
        match name {
            "lorem-ipsum-lines" => is(|fate| matches!(fate, LineFate::LoremIpsum)),
            "brace-lines" => is(|fate| matches!(fate, LineFate::Brace)),
            "sentences" => is(|fate| matches!(fate, LineFate::LeftOut)),
            _ => None,
        }
    }
}
