//! A page with its words and lines, shared by all measures and computed on first use.

use std::cell::OnceCell;

use super::tokens::{SpacyTokenizer, TOKENIZERS, tokens};
use super::words::{Concatenation, PageWords, Repeats, plain_form};
use crate::python;
use dechaff_text::{Span, identify_language};

/// Maximum size of an n-gram.
pub(super) const MAX_NGRAM: usize = 10;

/// A page to measure.
pub(super) struct Page<'t> {
    pub(super) text: &'t str,
    /// The language code of its label.
    label: Option<&'t str>,
    identified: OnceCell<Option<&'static str>>,
    characters: OnceCell<usize>,
    words: OnceCell<PageWords>,
    segments: OnceCell<PageWords>,
    plain_words: OnceCell<PageWords>,
    /// By tokenizer.
    tokens: [OnceCell<PageWords>; TOKENIZERS],
    run_together: [OnceCell<Concatenation>; TOKENIZERS],
    lines: OnceCell<Vec<Span>>,
    filled_lines: OnceCell<Vec<Span>>,
    stretches: OnceCell<Vec<Span>>,
    repeated_stretches: OnceCell<Repeats>,
}

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct PageLanguage<'p> {
    /// Its code, such as `de`.
    pub(super) code: &'p str,
    /// The source of the code: `setting`, `field` or `text`.
    pub(super) origin: &'static str,
}

impl PageLanguage<'_> {
    /// Returns a sentence for a note.
    pub(super) fn note(self) -> String {
        let origin = match self.origin {
            "setting" => "set by `language`",
            "field" => "as the record says",
            _ => "identified from the text",
        };
        format!("the language is `{}`, {origin}", self.code)
    }
}

impl<'t> Page<'t> {
    /// Creates a page from a text and its language label, without computing anything.
    pub(super) fn new(text: &'t str, label: Option<&'t str>) -> Self {
        Self {
            text,
            label,
            identified: OnceCell::new(),
            characters: OnceCell::new(),
            words: OnceCell::new(),
            segments: OnceCell::new(),
            plain_words: OnceCell::new(),
            tokens: Default::default(),
            run_together: Default::default(),
            lines: OnceCell::new(),
            filled_lines: OnceCell::new(),
            stretches: OnceCell::new(),
            repeated_stretches: OnceCell::new(),
        }
    }

    /// Returns the text of a span.
    pub(super) fn slice(&self, span: Span) -> &'t str {
        &self.text[span.range()]
    }

    /// Returns the language of the label or, without one, the language identified from the text, if
    /// that is certain enough.
    pub(super) fn language(&self) -> Option<PageLanguage<'_>> {
        if let Some(code) = self.label {
            return Some(PageLanguage { code, origin: "field" });
        }
        let identified = *self.identified.get_or_init(|| identify_language(self.text));
        identified.map(|code| PageLanguage { code, origin: "text" })
    }

    /// Returns the number of characters.
    pub(super) fn characters(&self) -> usize {
        *self.characters.get_or_init(|| python::length(self.text))
    }

    /// Returns the words separated by whitespace.
    pub(super) fn words(&self) -> &PageWords {
        self.words.get_or_init(|| PageWords::new(self.text, python::split(self.text)))
    }

    /// Returns the UAX #29 words.
    pub(super) fn segments(&self) -> &PageWords {
        self.segments
            .get_or_init(|| PageWords::new(self.text, dechaff_text::words(self.text).collect()))
    }

    /// Returns the tokens of spaCy's tokenizer.
    pub(super) fn tokens(&self, tokenizer: SpacyTokenizer) -> &PageWords {
        self.tokens[tokenizer as usize]
            .get_or_init(|| PageWords::new(self.text, tokens(self.text, tokenizer)))
    }

    /// Returns the concatenated tokens.
    pub(super) fn run_together(&self, tokenizer: SpacyTokenizer) -> &Concatenation {
        self.run_together[tokenizer as usize]
            .get_or_init(|| Concatenation::new(self.text, self.tokens(tokenizer), MAX_NGRAM))
    }

    /// Returns the words of RedPajama-V2: separated by whitespace, in lower case, without ASCII
    /// punctuation, and decomposed.
    pub(super) fn plain_words(&self) -> &PageWords {
        self.plain_words
            .get_or_init(|| PageWords::with_forms(self.text, python::split(self.text), plain_form))
    }

    /// Returns the lines between line feeds.
    pub(super) fn lines(&self) -> &[Span] {
        self.lines.get_or_init(|| python::split_at_line_feeds(self.text))
    }

    /// Returns the lines that are not blank.
    pub(super) fn filled_lines(&self) -> &[Span] {
        self.filled_lines.get_or_init(|| {
            let is_filled = |line: &Span| !self.slice(*line).chars().all(python::is_space);
            self.lines().iter().copied().filter(is_filled).collect()
        })
    }

    /// Returns the parts between runs of line feeds.
    pub(super) fn stretches(&self) -> &[Span] {
        self.stretches.get_or_init(|| python::split_at_runs(self.text, 1))
    }

    /// Returns the repeats among those.
    pub(super) fn repeated_stretches(&self) -> Repeats {
        *self.repeated_stretches.get_or_init(|| Repeats::new(self.text, self.stretches()))
    }

    /// Returns the run of consecutive lines with the most words that contain no letter.
    pub(super) fn most_words_without_letter(&self) -> Option<Span> {
        self.heaviest_lines(|line| {
            let words = line.split(python::is_space).filter(|word| !word.is_empty());
            words.filter(|word| !python::has_letter(word)).count()
        })
    }

    /// Counts the parts that pass a test.
    pub(super) fn count(&self, parts: &[Span], test: impl Fn(&str) -> bool) -> usize {
        parts.iter().filter(|part| test(self.slice(**part))).count()
    }

    /// Returns the run of consecutive lines with the greatest weight. A line without weight ends a
    /// run; a blank one does not.
    pub(super) fn heaviest_lines(&self, weight: impl Fn(&str) -> usize) -> Option<Span> {
        self.heaviest_stretch(self.filled_lines(), weight)
    }

    /// Returns the run of consecutive parts with the greatest weight. A part without weight ends a
    /// run.
    pub(super) fn heaviest_stretch(
        &self,
        parts: &[Span],
        weight: impl Fn(&str) -> usize,
    ) -> Option<Span> {
        let (mut best, mut current) = ((0, None), (0, None::<Span>));
        for part in parts {
            let trimmed = dechaff_text::trim(self.text, *part);
            current = match (weight(self.slice(*part)), current) {
                (0, _) => (0, None),
                (own, (sum, Some(span))) => (sum + own, Some(Span::new(span.start, trimmed.end))),
                (own, _) => (own, Some(trimmed)),
            };
            if current.0 > best.0 {
                best = current;
            }
        }
        best.1
    }
}
