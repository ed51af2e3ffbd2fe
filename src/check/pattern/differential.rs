//! Compares the engine with a plain reference: each alternative of each phrase and expression as a `regex` on the whole unit.
//! The test that provides rules and units is in `rule_test`.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::expression::{Caches, MARKS};
use super::prefilter::{SHORT_BYTES, SHORT_WORDS, is_short};
use super::{Matcher, Parameters, PatternCheck, build};
use crate::finding::RuleInfo;
use crate::text::{Span, count_words};

/// The expression of a matcher, as the documentation of rules explains it.
fn reference(matcher: &Matcher) -> Regex {
    let (source, part) = (matcher.expression.source(), matcher.pattern.part);
    let whole = format!("^(?-i:{MARKS})(?:{source})(?-i:{MARKS})$");
    let mut builder = RegexBuilder::new(if part { source } else { &whole });
    builder.case_insensitive(!matcher.pattern.case_sensitive).build().unwrap()
}

/// Which matchers the engine finds in `unit`.
fn engine_matches(check: &PatternCheck, unit: &str, caches: &mut Caches) -> BTreeSet<usize> {
    let mut hits = Vec::new();
    let span = Span::new(0, unit.len());
    let may_be_short = || count_words(unit, SHORT_WORDS + 1) <= SHORT_WORDS;
    let glance = check.prefilters.hits(&check.matchers, unit, span, may_be_short, &mut hits);
    let found: BTreeSet<usize> = hits.iter().map(|hit| hit.pattern as usize).collect();
    let mut is_match = |index: &usize| {
        check.prefilters.may_match(&check.matchers, *index, unit, glance)
            && check.matchers[*index].expression.is_match(unit, caches)
    };
    found.into_iter().filter(|index| is_match(index)).collect()
}

/// Asserts that the engine and the reference find the same alternatives of a rule in each of `units`. Returns how many they
/// find.
pub(crate) fn assert_agreement<'u>(
    rule: &Arc<RuleInfo>,
    patterns: &Parameters,
    units: impl Iterator<Item = &'u str>,
) -> usize {
    let check = build(vec![(Arc::clone(rule), patterns)]).unwrap();
    let references: Vec<Regex> = check.matchers.iter().map(reference).collect();
    let (mut caches, mut count) = (Caches::default(), 0);
    for unit in units.map(str::trim) {
        let may_be_short = unit.len() <= SHORT_BYTES && count_words(unit, SHORT_WORDS + 1) <= SHORT_WORDS;
        let found = engine_matches(&check, unit, &mut caches);
        for (index, (matcher, regex)) in check.matchers.iter().zip(&references).enumerate() {
            let is_tried = may_be_short || !is_short(&matcher.pattern);
            let expected = is_tried && regex.is_match(unit);
            assert_eq!(found.contains(&index), expected, "{}: {regex} on {unit:?}", rule.code);
            count += usize::from(expected);
        }
    }
    count
}
