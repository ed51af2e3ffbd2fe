//! Which patterns may match where, found without a regular expression, so that the cost of a document does not grow with the
//! number of rules.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::bytes::{Bytes, MOST_SETS, frequency};
pub(super) use super::literals::SHORT_WORDS;
use super::literals::{Certain, Signs, Spacing, Strings};
use super::opening::Openings;
use super::search::Search;
use super::{Matcher, Pattern, Unit, precompiled};
use crate::text::Span;

/// Most bytes of a short unit.
pub(super) const SHORT_BYTES: usize = 1_000;

/// Which patterns may match where, as blocks are spaced. Each is made when a block asks for it: when a run begins, nothing else
/// can be done meanwhile.
pub(super) struct Prefilters {
    of_single: OnceLock<Prefilter>,
    of_any: OnceLock<Prefilter>,
    /// What `of_single` is made of.
    signs: Mutex<Vec<Certain>>,
}

impl Prefilters {
    /// What is certain of each matcher's text, if that is single-spaced.
    pub(super) fn new(signs: Vec<Certain>) -> Self {
        Self { of_single: OnceLock::new(), of_any: OnceLock::new(), signs: Mutex::new(signs) }
    }

    /// Makes what most text asks for.
    pub(super) fn prepare(&self, matchers: &[Matcher]) {
        self.of_single(matchers);
    }

    /// Finds the patterns that may match in the block at `span` of `whole`, in order, and gives back what it was seen to hold;
    /// `may_be_short` tells whether its words may be at most [`SHORT_WORDS`].
    pub(super) fn hits(
        &self,
        matchers: &[Matcher],
        whole: &str,
        span: Span,
        may_be_short: impl FnOnce() -> bool,
        found: &mut Vec<Hit>,
    ) -> Glance {
        let text = &whole[span.range()];
        let glance = Glance::of(text);
        if glance.spacing == Spacing::Single && glance.bytes.meet(&[LINE_END]) {
            // Where a line ends stands a blank like any other.
            let copy = text.replace('\n', " ");
            self.of(glance, matchers).hits(&copy, Span::new(0, copy.len()), glance.bytes, may_be_short, found);
            found.iter_mut().for_each(|hit| hit.offset += span.start);
        } else {
            self.of(glance, matchers).hits(whole, span, glance.bytes, may_be_short, found);
        }
        glance
    }

    /// Whether a pattern may match `text`, which was seen at a `glance`.
    pub(super) fn may_match(&self, matchers: &[Matcher], pattern: usize, text: &str, glance: Glance) -> bool {
        self.of(glance, matchers).guards.get(pattern).is_none_or(|guard| guard.lets_through(text, glance.bytes))
    }

    fn of(&self, glance: Glance, matchers: &[Matcher]) -> &Prefilter {
        match glance.spacing {
            Spacing::Single => self.of_single(matchers),
            Spacing::Any => self.of_any(matchers),
        }
    }

    fn of_single(&self, matchers: &[Matcher]) -> &Prefilter {
        self.of_single.get_or_init(|| {
            let signs = std::mem::take(&mut *self.signs.lock().unwrap_or_else(PoisonError::into_inner));
            Prefilter::new(matchers.iter().map(|matcher| matcher.pattern.as_ref()).zip(signs))
        })
    }

    fn of_any(&self, matchers: &[Matcher]) -> &Prefilter {
        let certain = |matcher: &Matcher| {
            let (pattern, alternative) = (&matcher.pattern, matcher.expression.source());
            let certain = precompiled::certain_or_compute(pattern, alternative, matcher.precompiled, Spacing::Any);
            // What is no expression was refused by `validate`.
            certain.unwrap_or_else(|_| Certain::nothing())
        };
        let patterns = || matchers.iter().map(|matcher| (matcher.pattern.as_ref(), certain(matcher)));
        self.of_any.get_or_init(|| Prefilter::new(patterns()))
    }
}

const LINE_END: Bytes = Bytes(1 << b'\n');
const SPACE: Bytes = Bytes(1 << b' ');
/// The blanks of ASCII, but for the space.
const BLANKS: Bytes = Bytes(0b1_1111 << b'\t');

/// What is seen of a text at a glance.
#[derive(Clone, Copy)]
pub(super) struct Glance {
    bytes: Bytes,
    /// Line ends count as spaces.
    spacing: Spacing,
}

impl Glance {
    pub(super) fn of(text: &str) -> Self {
        let bytes = Bytes::of(text.as_bytes());
        // Told without a branch, so that many bytes are looked at at once.
        let has_double = || {
            let is_blank = |byte: u8| u8::from(byte == b' ') | u8::from(byte == b'\n');
            let (all, behind) = (text.as_bytes(), text.as_bytes().get(1..).unwrap_or_default());
            behind.iter().zip(all).fold(0, |any, (next, one)| any | is_blank(*one) & is_blank(*next)) != 0
        };
        let has_other = bytes.meet(&[BLANKS.without(LINE_END)]) || bytes.is_wide() && has_wide_blank(text);
        let spacing = if has_other || has_double() { Spacing::Any } else { Spacing::Single };
        Self { bytes, spacing }
    }
}

/// Whether a blank beyond ASCII stands in `text`, told from its bytes without a branch.
fn has_wide_blank(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (second, third) = (bytes.get(1..).unwrap_or_default(), bytes.get(2..).unwrap_or_default());
    let of_two = |(one, two): (&u8, &u8)| (*one == 0xC2) & ((*two == 0x85) | (*two == 0xA0));
    let of_three = |((one, two), three): ((&u8, &u8), &u8)| {
        let general = (*three <= 0x8A) | (*three == 0xA8) | (*three == 0xA9) | (*three == 0xAF);
        (*one == 0xE2) & ((*two == 0x80) & general | (*two == 0x81) & (*three == 0x9F))
            | (*one == 0xE1) & (*two == 0x9A) & (*three == 0x80)
            | (*one == 0xE3) & (*two == 0x80) & (*three == 0x80)
    };
    bytes.iter().zip(second).fold(false, |any, two| any | of_two(two))
        || bytes.iter().zip(second).zip(third).fold(false, |any, three| any | of_three(three))
}

/// Which patterns may match where.
pub(super) struct Prefilter {
    /// Patterns that match short blocks only, by how these begin.
    openings: Openings,
    /// Patterns by what the units hold that they match.
    search: Search,
    /// Patterns without a sign that can be searched for; they match short blocks only.
    blind: Blind,
    /// For each pattern what else a block must hold.
    guards: Vec<Guard>,
}

/// Patterns by the bytes of which a text must hold one, and one of each of more sets.
#[derive(Default)]
struct Blind {
    patterns: Vec<(u32, [Bytes; MOST_SETS])>,
    /// For each 64 patterns by each byte those whose first set has it, a bit a pattern.
    of_byte: Vec<[u64; 128]>,
}

impl Blind {
    fn add(&mut self, pattern: u32, sets: [Bytes; MOST_SETS]) {
        let bit = self.patterns.len() % 64;
        if bit == 0 {
            self.of_byte.push([0; 128]);
        }
        self.patterns.push((pattern, sets));
        if let Some(of_byte) = self.of_byte.last_mut() {
            of_byte.iter_mut().enumerate().for_each(|(byte, bits)| *bits |= u64::from(sets[0].has(byte)) << bit);
        }
    }

    /// Calls `found` with the patterns that may match a text of these `bytes`.
    fn find(&self, bytes: Bytes, mut found: impl FnMut(u32)) {
        for (patterns, of_byte) in self.patterns.chunks(64).zip(&self.of_byte) {
            let mut may = bytes.each().fold(0, |may, byte| may | of_byte[byte]);
            while may != 0 {
                let here = patterns.get(may.trailing_zeros() as usize).filter(|(_, sets)| bytes.meet(sets));
                here.into_iter().for_each(|(pattern, _)| found(*pattern));
                may &= may - 1;
            }
        }
    }
}

/// What a block must hold for a pattern to match in it.
struct Guard {
    /// A string of each.
    strings: Vec<Strings>,
    /// The same, as it is looked for; made when first needed, since few patterns get that far.
    signs: OnceLock<Vec<Vec<Sign>>>,
    /// A byte of each.
    bytes: [Bytes; MOST_SETS],
}

impl Guard {
    #[inline]
    fn lets_through(&self, text: &str, bytes: Bytes) -> bool {
        bytes.meet(&self.bytes) && self.signs().iter().all(|set| set.iter().any(|sign| sign.stands_in(text, bytes)))
    }

    fn signs(&self) -> &[Vec<Sign>] {
        self.signs.get_or_init(|| self.strings.iter().map(|set| set.iter().map(Sign::new).collect()).collect())
    }
}

/// A string in small letters.
struct Sign {
    text: Box<str>,
    bytes: Bytes,
    /// Where in it the byte stands that is rarest in text.
    rarest: usize,
}

impl Sign {
    fn new(text: &str) -> Self {
        let bytes = Bytes::of(text.as_bytes());
        let rarest = text.bytes().enumerate().min_by_key(|(_, byte)| frequency(*byte)).map_or(0, |(at, _)| at);
        Self { text: text.into(), bytes, rarest }
    }

    /// Whether it stands in `text`, which has these `bytes`, ASCII case aside; a line end is as good as a space.
    fn stands_in(&self, text: &str, bytes: Bytes) -> bool {
        let (text, own) = (text.as_bytes(), self.text.as_bytes());
        let Some(&rarest) = own.get(self.rarest).filter(|_| bytes.hold(self.bytes.without(SPACE))) else {
            return false;
        };
        let other = if rarest == b' ' { b'\n' } else { rarest.to_ascii_uppercase() };
        let is_same = |(here, own): (&u8, &u8)| here.eq_ignore_ascii_case(own) || *here == b'\n' && *own == b' ';
        memchr::memchr2_iter(rarest, other, text).any(|at| {
            let here = at.checked_sub(self.rarest).and_then(|start| text.get(start..start + own.len()));
            here.is_some_and(|here| here.iter().zip(own).all(is_same))
        })
    }
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
    pub(super) fn new<'p>(patterns: impl Iterator<Item = (&'p Pattern, Certain)>) -> Self {
        let (mut openings, mut held, mut guards) = (Vec::new(), Vec::new(), Vec::new());
        let mut blind = Blind::default();
        for (index, (pattern, Certain { signs, others, bytes })) in (0..).zip(patterns) {
            let of_each = std::array::from_fn(|index| bytes.get(index).copied().unwrap_or(Bytes::ALL));
            match signs {
                Signs::Opens(signs) => openings.push((signs, index)),
                Signs::Holds(signs) => {
                    held.extend(signs.into_each().into_iter().map(|sign| (sign, index, is_short(pattern))));
                }
                Signs::Blind => blind.add(index, of_each),
            }
            guards.push(Guard { strings: others, signs: OnceLock::new(), bytes: of_each });
        }
        let openings = openings.iter().flat_map(|(signs, index)| signs.iter().map(|sign| (sign, *index)));
        Self { openings: Openings::new(openings), search: Search::new(held), blind, guards }
    }

    /// The patterns that may match in the block at `span` of `whole`, which has these `bytes`, in order.
    fn hits(&self, whole: &str, span: Span, bytes: Bytes, may_be_short: impl FnOnce() -> bool, found: &mut Vec<Hit>) {
        found.clear();
        let text = &whole[span.range()];
        // Between two words stands at least one byte.
        let is_short = text.len() <= SHORT_BYTES && (text.len() < 2 * SHORT_WORDS || may_be_short());
        self.search.within(whole, span, |literal, offset| {
            found.extend(literal.long.iter().map(|&pattern| Hit { pattern, offset }));
            if is_short {
                found.extend(literal.short.iter().map(|&pattern| Hit { pattern, offset: span.start }));
            }
        });
        if is_short {
            self.openings.find(text, |pattern| found.push(Hit { pattern, offset: span.start }));
        }
        if !is_short && found.is_empty() {
            return;
        }
        found.retain(|hit| bytes.meet(&self.guards[hit.pattern as usize].bytes));
        if is_short {
            self.blind.find(bytes, |pattern| found.push(Hit { pattern, offset: span.start }));
        }
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use toml::Spanned;

    use std::sync::Arc;

    use super::super::expression::{Caches, Expression};
    use super::*;
    use crate::finding::{RuleInfo, Severity};

    fn rule() -> Arc<RuleInfo> {
        let (code, name, summary) = ("XX001".to_owned(), "name".to_owned(), "summary".to_owned());
        let (severity, fix, note) = (Severity::Info, None, None);
        Arc::new(RuleInfo { code, name, summary, severity, fix, note, amid_content: false, is_custom: false })
    }

    #[test]
    fn blanks_beyond_ascii_are_told_from_their_bytes() {
        for character in (0x80..0x11_0000).filter_map(char::from_u32) {
            for text in [format!("{character}"), format!("aé{character}日b")] {
                assert_eq!(has_wide_blank(&text), character.is_whitespace(), "{character:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_matches_is_hit(
            text in "(Jan|jan |read|more|  ?|\n|\t|\u{a0}|17|, |2012|:|Copyright|(C)|©|ago |3 |days |News|Home|[a-cA-C /{|.@-]){1,12}",
            opens in any::<bool>(),
        ) {
            let sources = [
                r"(?:\d+ days ago|\[video\]|- x)", r"(?:jan|feb)\w* \d+, \d{4}.*", "(?:©|copyright|\\(c\\)).*", r"\{\{\s*a", r".*\d+/\d+",
                "(?:home|news|a|b)(?: ?(?:home|news|c))*", r"[^@]+@b\.?c", "k?elvin|(?-i:NEWS|Jan).*",
                r"read\s+more", r"a\s*-?\s+(?:b|17)", r"17[\s,]+2012", r"c\nmore",
            ];
            for source in sources {
                let any = vec![Spanned::new(0..0, source.to_owned().into())];
                let pattern = Pattern { any, part: !opens, max_words: 20, ..Pattern::default() };
                let expression = Expression::new(source, !opens, false, 0);
                let certain = Certain::of(source, opens, Spacing::Single).unwrap();
                let prefilters = Prefilters::new(vec![certain]);
                let matches = expression.is_match(&text, &mut Caches::default());
                let matcher = Matcher { rule: rule(), pattern: Arc::new(pattern), expression, precompiled: None, unless: None };
                let (mut hits, span) = (Vec::new(), Span::new(0, text.len()));
                let matchers = [matcher];
                prefilters.hits(&matchers, &text, span, || true, &mut hits);
                prop_assert!(!matches || !hits.is_empty(), "{source} in {text:?}");
                let may_match = prefilters.may_match(&matchers, 0, &text, Glance::of(&text));
                prop_assert!(!matches || may_match, "{source} in {text:?}");
            }
        }
    }
}
