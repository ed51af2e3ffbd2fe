//! One search for the literals of all patterns, so that the cost of a document does not grow with the number of rules.

use aho_corasick::{AhoCorasick, MatchKind};

use super::{ParameterError, Pattern, Unit};

/// Patterns that allow at most so many words are tried on short units only.
pub(super) const SHORT_WORDS: usize = 80;
/// Most bytes of a short unit.
pub(super) const SHORT_BYTES: usize = 1_000;

/// Which patterns may match where.
pub(super) struct Prefilter {
    /// Patterns that match short blocks only.
    short: Search,
    /// Patterns that may match in long blocks too.
    long: Search,
    /// Patterns without a literal; they match short blocks only.
    blind: Vec<usize>,
}

struct Search {
    automaton: Option<AhoCorasick>,
    /// The patterns of each literal.
    patterns: Vec<Vec<usize>>,
}

/// A literal of a pattern was seen.
pub(super) struct Hit {
    /// The pattern's index.
    pub(super) pattern: usize,
    /// First byte of the literal, within the searched text.
    pub(super) offset: usize,
}

impl Prefilter {
    /// Searches for the literals of patterns, each with its index; a pattern without literals is one of `None`.
    pub(super) fn new<'p>(
        patterns: impl Iterator<Item = (&'p Pattern, Option<Vec<String>>)>,
    ) -> Result<Self, ParameterError> {
        let (mut short, mut long, mut blind) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (pattern, literals)) in patterns.enumerate() {
            match literals {
                Some(literals) if is_short(pattern) => short.extend(literals.into_iter().map(|literal| (literal, index))),
                Some(literals) => long.extend(literals.into_iter().map(|literal| (literal, index))),
                None => blind.push(index),
            }
        }
        Ok(Self { short: Search::new(short)?, long: Search::new(long)?, blind })
    }

    /// The patterns that may match in the block `text`, each literal of each pattern once a place.
    pub(super) fn hits(&self, text: &str, found: &mut Vec<Hit>) {
        found.clear();
        self.long.hits(text, found);
        if text.len() <= SHORT_BYTES {
            self.short.hits(text, found);
            found.extend(self.blind.iter().map(|&pattern| Hit { pattern, offset: 0 }));
        }
    }
}

/// Whether a pattern matches short blocks only.
pub(super) fn is_short(pattern: &Pattern) -> bool {
    pattern.max_words <= SHORT_WORDS && pattern.unit != Unit::Sentence
}

impl Search {
    fn new(mut pairs: Vec<(String, usize)>) -> Result<Self, ParameterError> {
        pairs.sort();
        let mut literals: Vec<String> = Vec::new();
        let mut patterns: Vec<Vec<usize>> = Vec::new();
        for (literal, pattern) in pairs {
            if literals.last() != Some(&literal) {
                literals.push(literal);
                patterns.push(Vec::new());
            }
            if let Some(last) = patterns.last_mut() {
                last.push(pattern);
            }
        }
        let automaton = (!literals.is_empty())
            .then(|| {
                AhoCorasick::builder().ascii_case_insensitive(true).match_kind(MatchKind::Standard).build(&literals)
            })
            .transpose()
            .map_err(|error| ParameterError { message: format!("too many patterns: {error}"), place: None })?;
        Ok(Self { automaton, patterns })
    }

    fn hits(&self, text: &str, found: &mut Vec<Hit>) {
        let Some(automaton) = &self.automaton else { return };
        for literal in automaton.find_overlapping_iter(text) {
            let patterns = &self.patterns[literal.pattern().as_usize()];
            found.extend(patterns.iter().map(|&pattern| Hit { pattern, offset: literal.start() }));
        }
    }
}
