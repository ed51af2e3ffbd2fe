//! The phrase language of rule files, and the literals that its phrases are searched for by.
//!
//! A phrase is one line of a `[[find]]` table, such as `{leave | post} [a] comment`.
//! [`Phrase::regex`] is its reference translation. [`Phrase::lines`] lists what a finite phrase
//! matches, so that whole lines can be looked up in a hash table. Both agree: `regex` matches a
//! line if and only if `lines` contains its [`normalize`]d form.
//!
//! The build script of the checks uses this crate too, so it depends on no other.

#![forbid(unsafe_code)]

pub mod fnv;
mod language;
mod lines;
pub mod literals;
mod marks;
mod parse;
mod regex;
mod slot;
mod words;

use std::ops::Range;
use std::sync::Arc;

pub use language::{ANY, is_language};
pub use marks::{MARKS, fold, is_mark, normalize};
pub use regex::Translation;
pub use slot::{DIGIT, WORD};
pub use words::{WordList, WordLists};

use slot::Slot;

/// Maximum number of lines a phrase may expand to. Beyond that, only its regular expression is
/// used, which is limited by [`MAX_REGEX_BYTES`].
pub const MAX_LINES: usize = 2_000;

/// Maximum length of a phrase's regular expression, in bytes.
pub const MAX_REGEX_BYTES: usize = 30_000;

/// Whether a phrase must match a whole unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Extent {
    /// The whole unit, ignoring surrounding punctuation and blanks.
    #[default]
    Whole,
    /// A part of the unit, between word boundaries.
    Contains,
}

/// A phrase of a rule file, with its word lists resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Phrase {
    /// The language key it is listed under.
    pub language: Arc<str>,
    /// Its source text in the rule file.
    pub source: String,
    /// Its span in the rule file.
    pub place: Range<usize>,
    /// Its line within its block, counted from 0.
    pub line: usize,
    extent: Extent,
    body: Body,
}

/// The syntax tree of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Body {
    /// `^`: matches only at the start of the unit.
    at_start: bool,
    /// `$`: matches only at the end of the unit.
    at_end: bool,
    sequence: Sequence,
}

/// Words separated by blanks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Sequence {
    words: Vec<Word>,
}

/// Parts without blanks between them.
type Word = Vec<Part>;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Literal text without blanks.
    Text(String),
    /// `[a | b]`, and the `(s)` in `comment(s)`.
    Optional(Vec<Sequence>),
    /// `{a | b}` and `@list`.
    Choice(Vec<Sequence>),
    /// `<number>` and other slots.
    Slot(Slot),
    /// `...`: any text of bounded length.
    Gap {
        /// Minimum number of characters.
        min: usize,
        /// Maximum number of characters.
        max: Option<usize>,
    },
    /// `*`: any further letters of the word.
    Ending,
    /// `[ ]`: an optional blank.
    OptionalBlank,
}

/// An error in a phrase or word list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhraseError {
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// The name of the list, if it does not exist.
    pub unknown_list: Option<String>,
    /// The span of the error in the phrase block.
    pub span: Range<usize>,
}

impl PhraseError {
    fn new(span: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()), unknown_list: None, span }
    }
}

/// The context of a block of phrases.
#[derive(Debug, Clone)]
pub struct Context<'c> {
    /// The language key the block is listed under.
    pub language: Arc<str>,
    /// Whether its phrases match whole units.
    pub extent: Extent,
    /// The word lists it may use.
    pub lists: &'c WordLists,
}

/// Parses a block: one phrase per line, or several separated by `|`. Lines that start with `#` are
/// comments. A line that is indented more than the first one continues the phrase above.
///
/// Spans are byte offsets in `block`, and lines are counted from its start.
///
/// # Errors
///
/// Returns the first phrase that cannot be parsed. If all can, returns the first that matches
/// everything or expands too far.
pub fn parse_block(block: &str, context: &Context<'_>) -> Result<Vec<Phrase>, PhraseError> {
    let phrases = parse_unchecked(block, context)?;
    phrases.iter().try_for_each(Phrase::check)?;
    Ok(phrases)
}

/// Parses a block like [`parse_block`], and does not check what its phrases match.
///
/// # Errors
///
/// Returns the first phrase that cannot be parsed.
pub fn parse_unchecked(block: &str, context: &Context<'_>) -> Result<Vec<Phrase>, PhraseError> {
    let mut phrases = Vec::new();
    for (start, text) in logical_lines(block) {
        for (span, body) in parse::line(text, start, &context.language, context.lists)? {
            let source = block.get(span.clone()).unwrap_or_default();
            let phrase = Phrase {
                language: Arc::clone(&context.language),
                source: source.split_whitespace().collect::<Vec<_>>().join(" "),
                line: block.get(..span.start).unwrap_or_default().matches('\n').count(),
                place: span,
                extent: context.extent,
                body,
            };
            phrases.push(phrase);
        }
    }
    Ok(phrases)
}

/// Joins an expression written on several lines. Drops line ends and the indentation after them.
pub fn join_lines(expression: &str) -> String {
    let mut lines = expression.lines();
    let first = lines.next().unwrap_or_default().to_owned();
    lines.fold(first, |joined, line| joined + line.trim_start())
}

/// Returns the lines of a block, joined with their continuation lines, and their offsets.
fn logical_lines(block: &str) -> Vec<(usize, &str)> {
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut lines: Vec<Range<usize>> = Vec::new();
    let mut start = 0;
    let mut first_indent = None;
    let mut continues = false;
    for line in block.split('\n') {
        let end = start + line.len();
        let text = line.trim();
        if text.is_empty() || text.starts_with('#') {
            continues = false;
        } else {
            let first_indent = *first_indent.get_or_insert_with(|| indent(line));
            match lines.last_mut() {
                Some(last) if continues && indent(line) > first_indent => last.end = end,
                _ => lines.push(start..end),
            }
            continues = true;
        }
        start = end + 1;
    }
    lines.into_iter().map(|line| (line.start, block.get(line).unwrap_or_default())).collect()
}

impl Phrase {
    /// Returns the reference translation. It ignores case unless the rule says otherwise. For
    /// [`Extent::Whole`], the caller anchors it and allows [`MARKS`] on both sides.
    pub fn regex(&self) -> String {
        self.translate(&mut regex::Text)
    }

    /// Returns the translation that [`Phrase::regex`] has the text of.
    pub fn translate<T: Translation>(&self, to: &mut T) -> T::Expression {
        regex::phrase(&self.body, self.extent, to)
    }

    /// Returns all lines that the phrase matches, [`normalize`]d. Returns `None` if there are more
    /// than `max`, if the phrase does not match whole units, or if a line contains a digit, which
    /// texts are searched for in one form, or starts or ends with a mark, which `normalize` trims.
    pub fn lines(&self, max: usize) -> Option<Vec<String>> {
        let is_whole = self.extent == Extent::Whole && !self.body.at_start && !self.body.at_end;
        if is_whole { lines::expand(&self.body.sequence, max) } else { None }
    }

    /// Rejects phrases that match everything or expand too far.
    fn check(&self) -> Result<(), PhraseError> {
        let span = || self.place.clone();
        if self.body.sequence.words.iter().all(regex::is_nullable) {
            let message = format!("`{}` matches everything: all of it is optional", self.source);
            return Err(PhraseError::new(span(), message, "ask for at least a word"));
        }
        if lines::count(&self.body.sequence) <= MAX_LINES {
            return Ok(());
        }
        let bytes = self.regex().len();
        if bytes > MAX_REGEX_BYTES {
            let message = format!(
                "`{}` expands too far: its expression has {bytes} bytes, at most {MAX_REGEX_BYTES} are allowed",
                self.source
            );
            return Err(PhraseError::new(
                span(),
                message,
                "split it into several phrases or use a shorter list",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
