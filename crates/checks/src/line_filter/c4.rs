//! The line filter of C4 (Raffel et al. 2020, arXiv 1910.10683, section 2.2), as implemented by
//! datatrove.
//!
//! Source: `pipeline/filters/c4_filters.py` in huggingface/datatrove 0.10.1.

use crate::python;
use dechaff_text::Span;

/// Phrases of lines about cookies and terms, which the filter drops.
const POLICIES: [&str; 6] = [
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "use of cookies",
    "use cookies",
];

/// The decision on a line.
pub(crate) enum LineFate {
    /// It drops the page.
    LoremIpsum,
    /// It drops the page.
    Brace,
    /// The line is dropped, for this reason.
    LeftOut(&'static str),
    /// The line is kept, without its citations.
    Stays(String),
}

impl LineFate {
    /// Decides on a line. `needs_punctuation` says whether it must end like a sentence.
    pub(crate) fn new(line: &str, needs_punctuation: bool) -> Self {
        const MAX_WORD: usize = 1_000;
        const MIN_WORDS: usize = 3;
        let stripped = python::strip(line);
        let words = python::split(stripped);
        let is_long = |word: &Span| python::length(&stripped[word.range()]) > MAX_WORD;
        if words.iter().any(is_long) {
            return Self::LeftOut("it has a word of more than 1,000 characters");
        }
        let line = without_citations(stripped);
        let ends = line.ends_with(['.', '?', '!', '"', '\'']) && !line.ends_with("...");
        if needs_punctuation && !ends {
            return Self::LeftOut("it does not end with `.`, `?`, `!` or a quotation mark");
        }
        if words.len() < MIN_WORDS {
            return Self::LeftOut("it has fewer than three words");
        }
        let lower = line.to_lowercase();
        if lower.contains("lorem ipsum") {
            Self::LoremIpsum
        } else if lower.contains("javascript") {
            Self::LeftOut("it mentions JavaScript")
        } else if line.contains('{') {
            Self::Brace
        } else if POLICIES.iter().any(|policy| lower.contains(policy)) {
            Self::LeftOut("it is about cookies or terms of use")
        } else {
            Self::Stays(line)
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
        let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
        let length = match inner {
            _ if inner[digits..].starts_with(']') => Some(digits + 1),
            _ if inner.starts_with("edit]") => Some(5),
            _ if inner.starts_with("citation needed]") => Some(16),
            _ => None,
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
