//! Compares the engine with a reference: a `regex` on the whole unit for each phrase and
//! alternative. The test in `rule_test` provides rules and units.

use std::collections::BTreeSet;
use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::{Parameters, Pattern, PatternCheck, SHORT_BYTES, SHORT_WORDS, build};
use crate::search::{Expression, Search, SearchHits};
use dechaff_findings::RuleInfo;
use dechaff_phrases::MARKS;
use dechaff_text::count_words;

/// The expressions of one matcher of the engine: one, or all that are looked up by line.
type Reference = Vec<Regex>;

/// Returns the pattern and reference for each matcher that `build` makes of `patterns`, in order.
fn references(patterns: &Parameters) -> Vec<(&Pattern, Reference)> {
    let mut references = Vec::new();
    for pattern in patterns {
        let mut listed = Reference::new();
        for expression in pattern.expressions.iter().flat_map(Expression::branches) {
            let regex = reference(pattern, &expression.regex());
            match expression.search(!pattern.is_part).unwrap().as_ref() {
                Search::Lines(_) => listed.push(regex),
                Search::Required(_) => references.push((pattern, vec![regex])),
            }
        }
        references.extend((!listed.is_empty()).then_some((pattern, listed)));
    }
    references
}

/// Returns the expression of a pattern, as documented for rules.
fn reference(pattern: &Pattern, source: &str) -> Regex {
    let whole = format!("^(?-i:{MARKS})(?:{source})(?-i:{MARKS})$");
    let mut builder = RegexBuilder::new(if pattern.is_part { source } else { &whole });
    builder.case_insensitive(!pattern.case_sensitive).build().unwrap()
}

/// Returns the matchers that the engine finds in `unit`.
fn engine_matches(check: &PatternCheck, unit: &str, found: &mut SearchHits) -> BTreeSet<usize> {
    check.prefilter.find(unit, is_short(unit), found);
    let is_match = |expression: u32, offset: usize| {
        let matcher = &check.matchers[expression as usize];
        check.prefilter.may_begin(expression, unit, offset)
            && check.prefilter.may_match(expression, &found.normal)
            && matcher.regex.as_ref().is_none_or(|regex| regex.is_match(unit))
    };
    let matches = found.hits.iter().filter(|hit| is_match(hit.expression, hit.offset));
    matches.map(|hit| hit.expression as usize).collect()
}

fn is_short(unit: &str) -> bool {
    unit.len() <= SHORT_BYTES && count_words(unit, SHORT_WORDS + 1) <= SHORT_WORDS
}

/// Asserts that the engine and the reference find the same in each of `units`. Returns the number
/// of matches.
pub(crate) fn assert_agreement<'u>(
    rule: &Arc<RuleInfo>,
    patterns: &Parameters,
    units: impl Iterator<Item = &'u str>,
) -> usize {
    let check = build(vec![(Arc::clone(rule), patterns)]).unwrap();
    let references = references(patterns);
    assert_eq!(references.len(), check.matchers.len(), "{}", rule.code);
    let (mut found, mut count) = (SearchHits::default(), 0);
    for unit in units.map(str::trim) {
        let matches = engine_matches(&check, unit, &mut found);
        for (index, (pattern, reference)) in references.iter().enumerate() {
            let is_tried = is_short(unit) || !pattern.is_short();
            let expected = is_tried && reference.iter().any(|regex| regex.is_match(unit));
            assert_eq!(
                matches.contains(&index),
                expected,
                "{}: {reference:?} on {unit:?}",
                rule.code
            );
            count += usize::from(expected);
        }
    }
    count
}
