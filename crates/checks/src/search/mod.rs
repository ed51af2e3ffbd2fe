//! Finds the expressions that may match a text without running them, so that the cost of a text
//! does not grow with the number of rules.
//!
//! 1. A phrase for whole lines that matches at most 64 of them is looked up: one hash lookup per
//!    short line (`lines`). No expression runs.
//! 2. For every other expression, `required` extracts literals such that each match contains one of
//!    them. Literals that can only start a block are looked up by the hashes of its first bytes. An
//!    Aho–Corasick automaton finds all others.
//! 3. A candidate is dropped unless the text also has a literal of each other set that the
//!    expression requires.
//! 4. The remaining expressions run. They are compiled on first use (`lazy_regex`).
//!
//! On 7 MB of extracted pages with 44,000 units, 66,000 candidates remain, and 2,900 of them match.
//! 690 of 3,200 expressions are compiled, which takes a fifth of the run; on 120 MB of
//! documentation, it takes a twentieth.

#![allow(
    clippy::cast_possible_truncation,
    reason = "numbers of literals, which are bounded by rules"
)]

mod expression;
mod lazy_regex;
mod source;

use std::sync::{Arc, OnceLock};

use aho_corasick::Input;
use aho_corasick::automaton::{Automaton, OverlappingState};
use aho_corasick::nfa::contiguous::{Builder, NFA};
use memchr::memmem::Finder;
use rustc_hash::FxHashMap;

pub(crate) use expression::Expression;
pub(crate) use lazy_regex::LazyRegex;
pub(crate) use source::{ExpressionSource, PhraseBlock};

use dechaff_phrases::is_mark;
use dechaff_phrases::literals::{self, NormalText, Required, lines};

/// How an expression is searched for.
pub(super) struct Indexed {
    search: Arc<Search>,
    /// Matches only units of few words.
    is_short: bool,
    /// Matches only whole units.
    is_whole: bool,
    /// Matches sentences; other expressions match blocks.
    is_sentence: bool,
    /// Maximum offset of a literal in a unit, after the punctuation at its start. Copied from
    /// `search`, since it is compared for every literal that is found.
    max_offset: Option<usize>,
    /// Finders for the checks of `search`, built on first use.
    checks: OnceLock<Vec<Vec<Finder<'static>>>>,
}

impl Indexed {
    pub(super) fn new(
        search: Arc<Search>,
        is_short: bool,
        is_whole: bool,
        is_sentence: bool,
    ) -> Self {
        let max_offset = search.required().and_then(|required| required.max_offset);
        Self { search, is_short, is_whole, is_sentence, max_offset, checks: OnceLock::new() }
    }

    fn checks(&self) -> &[Vec<Finder<'static>>] {
        self.checks.get_or_init(|| {
            let finders = |set: &Vec<String>| {
                set.iter().map(|literal| Finder::new(literal).into_owned()).collect()
            };
            self.search
                .required()
                .map_or_else(Vec::new, |required| required.checks.iter().map(finders).collect())
        })
    }

    fn is_whole_block(&self) -> bool {
        self.is_whole && !self.is_sentence
    }
}

/// The search key of an expression.
#[derive(Debug, Clone)]
pub(crate) enum Search {
    /// The hashes of all lines that it matches.
    Lines(Vec<u64>),
    /// The literals that each match contains.
    Required(Required),
}

impl Search {
    fn required(&self) -> Option<&Required> {
        match self {
            Self::Lines(_) => None,
            Self::Required(required) => Some(required),
        }
    }
}

/// Finds the expressions that may match a text, by index.
pub(super) struct Prefilter {
    expressions: Vec<Indexed>,
    /// Built when the first text is checked, or by `warm_up`.
    index: OnceLock<Index>,
}

struct Index {
    /// Hashes of lines, sorted, with the expressions that match them.
    lines: Vec<(u64, u32)>,
    /// The hashes in `lines` and `openings`.
    hashes: HashFilter,
    openings: Openings,
    literals: Literals,
    /// Expressions without a key, which only match short units.
    keyless: Vec<u32>,
}

/// A set of hashes, with one bit each. Most lookups end here without a cache miss, which saves 3 %
/// of a run on 7 MB of pages.
struct HashFilter(Box<[u64]>);

/// Expressions by the hashes of literals that can start a block.
struct Openings(FxHashMap<u64, Vec<u32>>);

/// An automaton for literals, and the expressions of each literal.
struct Literals {
    /// A DFA takes ten times as long to build, takes megabytes, and was no faster on 7 MB of pages.
    automaton: Option<NFA>,
    /// For each literal, the end of its expressions.
    ends: Vec<u32>,
    expressions: Vec<u32>,
}

/// The hits in one text. Reusing it saves allocations.
#[derive(Default)]
pub(super) struct SearchHits {
    /// Expressions that may match, in order.
    pub(super) hits: Vec<Hit>,
    /// The text in normal form.
    pub(super) normal: NormalText,
    /// For each expression that matches blocks, whether it is among the hits.
    is_hit: Vec<bool>,
}

/// An expression may match the unit that contains a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    pub(super) expression: u32,
    /// The byte, as an offset in the text that was searched.
    pub(super) offset: usize,
}

impl Prefilter {
    pub(super) fn new(expressions: Vec<Indexed>) -> Self {
        Self { expressions, index: OnceLock::new() }
    }

    /// Builds the index and all shared tables, so that the first text does not wait for them.
    pub(super) fn warm_up(&self) {
        lazy_regex::warm_up();
        self.index();
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.expressions))
    }

    /// Finds the expressions that may match in `text`. `is_short` tells whether it has few words.
    pub(super) fn find(&self, text: &str, is_short: bool, found: &mut SearchHits) {
        let SearchHits { hits, normal, is_hit } = found;
        is_hit.resize(self.expressions.len(), false);
        hits.drain(..).for_each(|hit| is_hit[hit.expression as usize] = false);
        normal.set(text);
        // One hit per block is enough. In a text that repeats one literal, storing all hits would
        // take many times the memory of the text.
        let mut add = |expression: u32, offset: usize| {
            let indexed = &self.expressions[expression as usize];
            if indexed.is_short && !is_short {
                return;
            }
            if indexed.is_sentence || !std::mem::replace(&mut is_hit[expression as usize], true) {
                hits.push(Hit { expression, offset });
            }
        };
        let index = self.index();
        let normal_text = normal.as_str();
        let marks = leading_marks(normal_text);
        index.literals.find(Input::new(normal_text), |expression, start| {
            let indexed = &self.expressions[expression as usize];
            if !indexed.is_whole_block()
                || indexed.max_offset.is_none_or(|max| start <= marks + max)
            {
                add(expression, normal.original_offset(start));
            }
        });
        for (start, character) in normal_text.char_indices() {
            index.find_openings(&normal_text[start..], |expression| add(expression, 0));
            if !is_mark(character) {
                break;
            }
        }
        for expression in index.of_line(text, normal_text) {
            add(expression, 0);
        }
        if is_short {
            index.keyless.iter().for_each(|&expression| add(expression, 0));
        }
        hits.sort_unstable();
    }

    /// Whether a text, in normal form, has all literals that a match of `expression` has.
    pub(super) fn may_match(&self, expression: u32, normal: &NormalText) -> bool {
        let text = normal.as_bytes();
        let is_in = |literal: &Finder<'_>| literal.find(text).is_some();
        self.expressions[expression as usize].checks().iter().all(|set| set.iter().any(is_in))
    }

    /// Whether the literal of `expression` at `offset` of `unit` is in a valid position.
    pub(super) fn may_begin(&self, expression: u32, unit: &str, offset: usize) -> bool {
        let max_offset = self.expressions[expression as usize].max_offset;
        max_offset.is_none_or(|max| offset <= leading_marks(unit) + max)
    }
}

/// Returns the number of bytes of punctuation at the start of a text.
fn leading_marks(text: &str) -> usize {
    text.find(|character| !is_mark(character)).unwrap_or(text.len())
}

impl Index {
    fn new(expressions: &[Indexed]) -> Self {
        let (mut lines, mut openings, mut literals, mut keyless) =
            (Vec::new(), Openings(FxHashMap::default()), Vec::new(), Vec::new());
        for (number, indexed) in (0..).zip(expressions) {
            match indexed.search.as_ref() {
                Search::Lines(hashes) => lines.extend(hashes.iter().map(|&hash| (hash, number))),
                Search::Required(Required { key, .. }) if key.is_empty() => keyless.push(number),
                Search::Required(Required { key, max_offset, .. }) => {
                    let is_opening = indexed.is_whole_block() && *max_offset == Some(0);
                    for literal in key {
                        if is_opening {
                            openings.0.entry(lines::hash(literal)).or_default().push(number);
                        } else {
                            literals.push((literal.as_str(), number));
                        }
                    }
                }
            }
        }
        lines.sort_unstable();
        let line_hashes = lines.iter().map(|line| line.0);
        let hashes = HashFilter::new(line_hashes.chain(openings.0.keys().copied()));
        Self { lines, hashes, openings, literals: Literals::new(literals), keyless }
    }

    /// Calls `found` with each expression that has a literal at the start of `text`.
    fn find_openings(&self, text: &str, mut found: impl FnMut(u32)) {
        let hashes = lines::prefix_hashes(text).take(literals::MAX_LITERAL);
        for hash in hashes.filter(|&hash| self.hashes.may_contain(hash)) {
            self.openings
                .0
                .get(&hash)
                .into_iter()
                .flatten()
                .for_each(|&expression| found(expression));
        }
    }

    /// Returns the expressions that match a line, given the line and its normal form.
    fn of_line(&self, line: &str, normal: &str) -> impl Iterator<Item = u32> {
        let key =
            lines::key(line, normal).filter(|key| key.len() <= lines::MAX_LINE && !key.is_empty());
        let hash = key.map(lines::hash).filter(|&hash| self.hashes.may_contain(hash));
        let start =
            hash.map_or(self.lines.len(), |hash| self.lines.partition_point(|line| line.0 < hash));
        self.lines[start..].iter().take_while(move |line| Some(line.0) == hash).map(|line| line.1)
    }
}

impl HashFilter {
    /// 64 KiB. 25,000 hashes set a twentieth of the bits.
    const BITS: u32 = 19;

    fn new(hashes: impl Iterator<Item = u64>) -> Self {
        let mut words = vec![0; 1 << (Self::BITS - 6)];
        for hash in hashes {
            let (word, bit) = Self::place(hash);
            words[word] |= bit;
        }
        Self(words.into())
    }

    fn may_contain(&self, hash: u64) -> bool {
        let (word, bit) = Self::place(hash);
        self.0[word] & bit != 0
    }

    /// Returns the word of a hash and its bit in it.
    fn place(hash: u64) -> (usize, u64) {
        let bit = hash >> (u64::BITS - Self::BITS);
        ((bit / 64) as usize, 1 << (bit % 64))
    }
}

impl Literals {
    fn new(literals: Vec<(&str, u32)>) -> Self {
        let mut by_literal: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
        for (literal, expression) in literals {
            by_literal.entry(literal).or_default().push(expression);
        }
        let (mut distinct, mut ends, mut expressions) = (Vec::new(), Vec::new(), Vec::new());
        for (literal, numbers) in by_literal {
            distinct.push(literal);
            expressions.extend(numbers);
            ends.push(expressions.len() as u32);
        }
        // Building cannot fail: there are far fewer than 2³¹ states.
        Self { automaton: Builder::new().build(distinct).ok(), ends, expressions }
    }

    /// Calls `found` with each expression that has a literal in `input`, and the literal's start.
    fn find(&self, input: Input<'_>, mut found: impl FnMut(u32, usize)) {
        let Some(automaton) = &self.automaton else { return };
        let mut state = OverlappingState::start();
        while automaton.try_find_overlapping(&input, &mut state).is_ok() {
            let Some(literal) = state.get_match() else { break };
            let number = literal.pattern().as_usize();
            let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
            for &expression in &self.expressions[start as usize..self.ends[number] as usize] {
                found(expression, literal.start());
            }
        }
    }
}
