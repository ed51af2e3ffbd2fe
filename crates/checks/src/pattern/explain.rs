//! Explains which phrase of a rule matches a text, and which other conditions apply.

use std::ops::Range;

use super::{Pattern, PatternUnit, Region};
use crate::search::{Expression, LazyRegex};
use dechaff_phrases::Phrase;
use dechaff_text::count_words;

/// The phrases and expressions of a `[[find]]` table, with their positions in the file.
#[derive(Debug, Clone, Default)]
pub struct PatternSource {
    /// Phrases, any of which may match.
    pub phrases: Vec<Phrase>,
    /// Regular expressions, any of which may match.
    pub regex: Vec<toml::Spanned<String>>,
    /// Phrases that must not match.
    pub except: Vec<Phrase>,
    /// Regular expressions that must not match.
    pub except_regex: Vec<toml::Spanned<String>>,
}

/// A phrase or expression that matches.
#[derive(Debug, Clone, Copy)]
pub enum PhraseSource<'p> {
    /// A phrase.
    Phrase(&'p Phrase),
    /// A regular expression of the rule file.
    Regex(&'p toml::Spanned<String>),
}

/// A match in a text that is treated as one unit.
#[derive(Debug)]
pub struct Explanation<'p> {
    /// The phrase or expression.
    pub source: PhraseSource<'p>,
    /// Why it is not reported, whatever the context.
    pub obstacles: Vec<Obstacle<'p>>,
    /// Conditions on the context.
    pub conditions: Vec<String>,
}

/// Why a match is not reported.
#[derive(Debug)]
pub enum Obstacle<'p> {
    /// The number of words, and the allowed range.
    Words(usize, Range<usize>),
    /// An exception also matches.
    Except(PhraseSource<'p>),
}

impl PhraseSource<'_> {
    /// Its bytes in the rule file.
    pub fn place(&self) -> Range<usize> {
        match self {
            Self::Phrase(phrase) => phrase.place.clone(),
            Self::Regex(expression) => expression.span(),
        }
    }
}

/// Tries each phrase and expression of `patterns` on `text` as a whole unit. `sources` are those of
/// the patterns, in order.
pub fn explain<'p>(
    patterns: &[Pattern],
    sources: &'p [PatternSource],
    text: &str,
) -> Vec<Explanation<'p>> {
    let text = text.trim();
    patterns
        .iter()
        .zip(sources)
        .flat_map(|(pattern, source)| of_pattern(pattern, source, text))
        .collect()
}

fn of_pattern<'p>(
    pattern: &Pattern,
    source: &'p PatternSource,
    text: &str,
) -> Vec<Explanation<'p>> {
    let sources = matching(pattern, &source.phrases, &source.regex, pattern.is_part, text);
    if sources.is_empty() {
        return Vec::new();
    }
    let conditions = conditions(pattern);
    let explanation = |found| {
        let words = count_words(text, usize::MAX);
        let is_within = (pattern.min_words..=pattern.max_words).contains(&words);
        let except = matching(pattern, &source.except, &source.except_regex, true, text);
        let words =
            (!is_within).then_some(Obstacle::Words(words, pattern.min_words..pattern.max_words));
        let obstacles = words.into_iter().chain(except.into_iter().map(Obstacle::Except)).collect();
        Explanation { source: found, obstacles, conditions: conditions.clone() }
    };
    sources.into_iter().map(explanation).collect()
}

/// Describes the conditions of a pattern on the document around a match.
fn conditions(pattern: &Pattern) -> Vec<String> {
    let mut conditions = Vec::new();
    let near = match pattern.near {
        Region::Anywhere => None,
        Region::Start => Some("before the first prose of the document"),
        Region::End => Some("after the last prose of the document"),
        Region::StartOrEnd => Some("before the first or after the last prose of the document"),
    };
    conditions.extend(near.map(|near| format!("it stands {near} (`near`)")));
    if pattern.unit == PatternUnit::Line {
        conditions.push("it is a line of its own (`where`)".to_owned());
    }
    if pattern.below_title {
        conditions.push("it is not the first line (`below-title`)".to_owned());
    }
    if pattern.needs_neighbor {
        let side = if pattern.after_neighbor { "right after" } else { "next to" };
        let run = if pattern.or_run_of > 0 {
            format!(", or {} of its kind follow each other", pattern.or_run_of)
        } else {
            String::new()
        };
        conditions.push(format!("it stands {side} another finding{run} (`needs-neighbor`)"));
    }
    if pattern.min_lines > 1 {
        let least = pattern.min_lines;
        conditions.push(format!("at least {least} such lines are in the document (`min-lines`)"));
    }
    if pattern.not_before > 0.0 {
        let percent = (pattern.not_before * 100.0).round();
        conditions.push(format!(
            "nothing in the first {percent} % of the document matches the table (`not-before`)"
        ));
    }
    if pattern.needs_other > 0 {
        let least = pattern.needs_other;
        conditions.push(format!(
            "other tables of the rule match at least {least} texts of the document (`needs-other`)"
        ));
    }
    if pattern.may_be_heading() {
        conditions.push("it is not the heading of a text (`may-be-heading`)".to_owned());
    }
    conditions
}

/// Returns the `phrases` and `expressions` that match, in order.
fn matching<'p>(
    pattern: &Pattern,
    phrases: &'p [Phrase],
    expressions: &'p [toml::Spanned<String>],
    is_part: bool,
    text: &str,
) -> Vec<PhraseSource<'p>> {
    let matches = |one: Expression| {
        LazyRegex::new(vec![one.source], !is_part, pattern.case_sensitive).is_match(text)
    };
    let phrases = phrases.iter().filter(|phrase| matches(Expression::from_phrase(phrase, false)));
    let phrases = phrases.map(PhraseSource::Phrase);
    let expressions =
        expressions.iter().filter(|one| matches(Expression::from_regex(one.get_ref(), one.span())));
    phrases.chain(expressions.map(PhraseSource::Regex)).collect()
}
