//! Which patterns may match where, found without a regular expression, so that the cost of a document does not grow with the
//! number of rules.

use std::sync::{Mutex, OnceLock, PoisonError};

use super::bytes::{Bytes, MOST_SETS};
use super::literals::{Certain, Signs, Spacing};
use super::opening::Openings;
use super::search::Search;
use super::{Matcher, Pattern, Unit, signs};
use crate::text::Span;

/// Patterns that allow at most so many words are tried on short units only.
pub(super) const SHORT_WORDS: usize = 80;
/// Most bytes of a short unit.
const SHORT_BYTES: usize = 1_000;

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

    /// The patterns that may match in the block at `span` of `whole`, in order; `is_short` tells whether its words are at most
    /// [`SHORT_WORDS`].
    pub(super) fn hits(
        &self,
        matchers: &[Matcher],
        whole: &str,
        span: Span,
        is_short: impl FnOnce() -> bool,
        found: &mut Vec<Hit>,
    ) {
        let text = &whole[span.range()];
        let bytes = Bytes::of(text.as_bytes());
        if bytes.meet(&[LINE_END]) {
            // Where a line ends stands a blank like any other.
            let copy = text.replace('\n', " ");
            if is_single_spaced(&copy, bytes.without(LINE_END)) {
                self.of_single(matchers).hits(&copy, Span::new(0, copy.len()), bytes, is_short, found);
                found.iter_mut().for_each(|hit| hit.offset += span.start);
                return;
            }
        } else if is_single_spaced(text, bytes) {
            return self.of_single(matchers).hits(whole, span, bytes, is_short, found);
        }
        self.of_any(matchers).hits(whole, span, bytes, is_short, found);
    }

    fn of_single(&self, matchers: &[Matcher]) -> &Prefilter {
        self.of_single.get_or_init(|| {
            let signs = std::mem::take(&mut *self.signs.lock().unwrap_or_else(PoisonError::into_inner));
            Prefilter::new(matchers.iter().map(|matcher| matcher.pattern.as_ref()).zip(signs))
        })
    }

    fn of_any(&self, matchers: &[Matcher]) -> &Prefilter {
        let certain = |matcher: &Matcher| {
            let opens = looks_at_openings(&matcher.pattern);
            // What is no expression was refused by `validate`.
            signs::of(matcher.expression.source(), opens, Spacing::Any).unwrap_or_else(|_| Certain::nothing())
        };
        let patterns = || matchers.iter().map(|matcher| (matcher.pattern.as_ref(), certain(matcher)));
        self.of_any.get_or_init(|| Prefilter::new(patterns()))
    }
}

const LINE_END: Bytes = Bytes(1 << b'\n');
/// The blanks of ASCII, but for the space.
const BLANKS: Bytes = Bytes(0b1_1111 << b'\t');

/// Whether no blank but the space stands in `text`, which has these `bytes`, and no two together.
fn is_single_spaced(text: &str, bytes: Bytes) -> bool {
    let is_wide_blank = |character: char| character != ' ' && character.is_whitespace();
    let pairs = text.as_bytes().iter().zip(text.as_bytes().iter().skip(1));
    let has_double = || pairs.fold(false, |any, (one, next)| any | (*one == b' ') & (*next == b' '));
    let has_other = bytes.meet(&[BLANKS]) || bytes.is_wide() && text.chars().any(is_wide_blank);
    !has_other && !has_double()
}

/// Which patterns may match where.
pub(super) struct Prefilter {
    /// Patterns that match short blocks only, by how these begin.
    openings: Openings,
    /// Patterns by what the units hold that they match.
    search: Search,
    /// Patterns without a sign that can be searched for; they match short blocks only.
    blind: Vec<(u32, [Bytes; MOST_SETS])>,
    /// For each pattern what else a block must hold.
    guards: Vec<Guard>,
}

/// What a block must hold for a pattern to match in it.
struct Guard {
    /// One of these, where there are any, each with the bytes it has.
    short_signs: Vec<(String, Bytes)>,
    /// A byte of each.
    bytes: [Bytes; MOST_SETS],
}

impl Guard {
    #[inline]
    fn lets_through(&self, text: &str, bytes: Bytes) -> bool {
        let stands = |(sign, own): &(String, Bytes)| bytes.hold(*own) && (sign.len() == 1 || holds(text, sign));
        bytes.meet(&self.bytes) && (self.short_signs.is_empty() || self.short_signs.iter().any(stands))
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
        let (mut openings, mut held, mut blind, mut guards) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (index, (pattern, Certain { signs, bytes })) in (0..).zip(patterns) {
            let of_each = std::array::from_fn(|index| bytes.get(index).copied().unwrap_or(Bytes::ALL));
            let short_signs = match signs {
                Signs::Opens(signs, short) => {
                    openings.extend(signs.into_iter().map(|sign| (sign, index)));
                    short
                }
                Signs::Holds(signs) => {
                    held.extend(signs.into_iter().map(|sign| (sign, index, is_short(pattern))));
                    Vec::new()
                }
                Signs::Blind(short) => {
                    blind.push((index, of_each));
                    short
                }
            };
            let with_bytes = |sign: String| {
                let bytes = Bytes::of(sign.as_bytes());
                (sign, bytes)
            };
            guards.push(Guard { short_signs: short_signs.into_iter().map(with_bytes).collect(), bytes: of_each });
        }
        Self { openings: Openings::new(openings.into_iter()), search: Search::new(held), blind, guards }
    }

    /// The patterns that may match in the block at `span` of `whole`, which has these `bytes`, in order.
    fn hits(&self, whole: &str, span: Span, bytes: Bytes, is_short: impl FnOnce() -> bool, found: &mut Vec<Hit>) {
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
            self.openings.find(text, |pattern| found.push(Hit { pattern, offset: span.start }));
        }
        if !is_short && found.is_empty() {
            return;
        }
        let may_match = |pattern: u32| self.guards[pattern as usize].lets_through(text, bytes);
        found.retain(|hit| may_match(hit.pattern));
        if is_short {
            // Each comes with its bytes, so that most are ruled out without a look elsewhere.
            let blind = self.blind.iter().filter(|(pattern, sets)| bytes.meet(sets) && may_match(*pattern));
            found.extend(blind.map(|&(pattern, _)| Hit { pattern, offset: span.start }));
        }
        if found.len() > 1 {
            found.sort_unstable();
            found.dedup();
        }
    }
}

/// Whether `text` holds `sign`, which is in small letters, ASCII case aside.
fn holds(text: &str, sign: &str) -> bool {
    let (text, sign) = (text.as_bytes(), sign.as_bytes());
    let Some(first) = sign.first() else { return true };
    memchr::memchr2_iter(*first, first.to_ascii_uppercase(), text)
        .any(|at| text.get(at..at + sign.len()).is_some_and(|here| here.eq_ignore_ascii_case(sign)))
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

    use std::sync::Arc;

    use super::super::expression::{Caches, Expression};
    use super::*;
    use crate::finding::{RuleInfo, Severity};

    fn rule() -> Arc<RuleInfo> {
        let (code, name, summary) = ("XX001".to_owned(), "name".to_owned(), "summary".to_owned());
        Arc::new(RuleInfo { code, name, summary, severity: Severity::Info, fix: None, note: None })
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
                let pattern: Pattern = toml::from_str(&format!("any = ['{source}']\npart = {}\nmax-words = 20", !opens)).unwrap();
                let expression = Expression::new(source, !opens, false, 0);
                let certain = Certain::of(source, opens, Spacing::Single).unwrap();
                let prefilters = Prefilters::new(vec![certain]);
                let matches = expression.is_match(&text, &mut Caches::default());
                let matcher = Matcher { rule: rule(), pattern: Arc::new(pattern), expression, unless: None };
                let (mut hits, span) = (Vec::new(), Span::new(0, text.len()));
                prefilters.hits(&[matcher], &text, span, || true, &mut hits);
                prop_assert!(!matches || !hits.is_empty(), "{source} in {text:?}");
            }
        }
    }
}
