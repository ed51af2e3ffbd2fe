//! Which patterns may match where, found without a regular expression, so that the cost of a document does not grow with the
//! number of rules.

use super::literals::Signs;
use super::opening::Openings;
use super::search::Search;
use super::{Pattern, Unit};
use crate::text::Span;

/// Patterns that allow at most so many words are tried on short units only.
pub(super) const SHORT_WORDS: usize = 80;
/// Most bytes of a short unit.
const SHORT_BYTES: usize = 1_000;

/// Which patterns may match where.
pub(super) struct Prefilter {
    /// Patterns that match short blocks only, by how these begin.
    openings: Openings,
    /// Patterns by what the units hold that they match.
    search: Search,
    /// Patterns without a sign that can be searched for; they match short blocks only.
    blind: Vec<u32>,
    /// For each pattern short signs of which one must stand in the block; none where nothing is known.
    short_signs: Vec<Vec<String>>,
}

/// A sign of a pattern was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hit {
    /// The pattern's index.
    pub(super) pattern: u32,
    /// A byte of the unit.
    pub(super) offset: usize,
}

impl Prefilter {
    /// Looks for the signs of patterns, each with its index.
    pub(super) fn new<'p>(patterns: impl Iterator<Item = (&'p Pattern, Signs)>) -> Self {
        let (mut openings, mut held, mut blind, mut short_signs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, (pattern, signs)) in (0..).zip(patterns) {
            short_signs.push(Vec::new());
            match signs {
                Signs::Opens(signs, short) => {
                    openings.extend(signs.into_iter().map(|sign| (sign, index)));
                    short_signs.last_mut().into_iter().for_each(|signs| signs.clone_from(&short));
                }
                Signs::Holds(signs) => held.extend(signs.into_iter().map(|sign| (sign, index, is_short(pattern)))),
                Signs::Blind(short) => {
                    blind.push(index);
                    short_signs.last_mut().into_iter().for_each(|signs| signs.clone_from(&short));
                }
            }
        }
        Self { openings: Openings::new(openings.into_iter()), search: Search::new(held), blind, short_signs }
    }

    /// Whether one of the pattern's short signs stands in `text`, which has these `bytes`, where it has any.
    fn has_short_sign(&self, pattern: u32, text: &str, bytes: &Bytes) -> bool {
        let signs = self.short_signs.get(pattern as usize).map_or(&[][..], Vec::as_slice);
        let stands = |sign: &String| bytes.hold(sign) && (sign.len() == 1 || text.contains(sign.as_str()));
        signs.is_empty() || signs.iter().any(stands)
    }

    /// The patterns that may match in the block at `span` of `whole`, in order; `is_short` tells whether its words are at most
    /// [`SHORT_WORDS`].
    pub(super) fn hits(&self, whole: &str, span: Span, is_short: impl FnOnce() -> bool, found: &mut Vec<Hit>) {
        found.clear();
        let text = &whole[span.range()];
        // Between two words stands at least one byte.
        let is_short = text.len() <= SHORT_BYTES && (text.len() < 2 * SHORT_WORDS || is_short());
        self.search.within(whole, span, |literal, offset| {
            found.extend(literal.long.iter().map(|&pattern| Hit { pattern, offset }));
            if is_short {
                found.extend(literal.short.iter().map(|&pattern| Hit { pattern, offset: span.start }));
            }
        });
        if is_short {
            let bytes = Bytes::of(text);
            let mut add = |pattern: u32| {
                if self.has_short_sign(pattern, text, &bytes) {
                    found.push(Hit { pattern, offset: span.start });
                }
            };
            self.openings.find(text, &mut add);
            self.blind.iter().copied().for_each(add);
        }
        found.sort_unstable();
        found.dedup();
    }
}

/// Which bytes a text holds.
struct Bytes([u64; 4]);

impl Bytes {
    fn of(text: &str) -> Self {
        let mut set = [0; 4];
        text.bytes().for_each(|byte| set[usize::from(byte >> 6)] |= 1 << (byte & 63));
        Self(set)
    }

    /// Whether all bytes of `sign` are there.
    fn hold(&self, sign: &str) -> bool {
        sign.bytes().all(|byte| self.0[usize::from(byte >> 6)] >> (byte & 63) & 1 != 0)
    }
}

/// Whether a pattern can be told by how a block begins.
pub(super) fn looks_at_openings(pattern: &Pattern) -> bool {
    is_short(pattern) && !pattern.part
}

/// Whether a pattern matches short blocks only.
pub(super) fn is_short(pattern: &Pattern) -> bool {
    pattern.max_words <= SHORT_WORDS && pattern.unit != Unit::Sentence
}
