//! Finds short lines that recur: captions, menus, footers.

use std::cmp::Reverse;
use std::sync::Arc;

use super::LineParameters;
use super::hash::{combine, finalize};
use super::matches::{DocSpan, Match, MatchEvidence, to_u32_saturating};
use super::sketch::NUMBER;
use super::text_cache::TextCache;
use super::unit_kind::UnitKind;
use super::units::Units;
use crate::store;
use dechaff_findings::RuleInfo;

/// Lines that are equal except for numbers.
struct LinePattern {
    tokens: Vec<u32>,
    /// The lines, sorted by document and position.
    units: Vec<u32>,
}

/// A line to report.
pub(super) struct RecurringLine {
    pub(super) unit: u32,
    pub(super) original: u32,
    pub(super) evidence: MatchEvidence,
}

/// Reports every occurrence of a line in many documents, and all but the first of many occurrences
/// in one document.
pub(super) fn find<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &LineParameters,
    units: &mut Units<'_>,
    texts: &mut TextCache<'_>,
    matches: &mut Vec<Match<'r>>,
) -> store::Result<()> {
    let mut patterns = line_patterns(parameters, units)?;
    if let Some(min_documents) = parameters.min_documents {
        merge_variants(&mut patterns, min_documents, parameters.alike, units, texts);
    }
    let minima = [parameters.min_documents, parameters.min_times];
    let min_lines = minima.into_iter().flatten().min().unwrap_or(0) as usize;
    let mut lines = Vec::new();
    for pattern in patterns.iter().filter(|pattern| pattern.units.len() >= min_lines) {
        let document = |index: u32| units.all[index as usize].document;
        let exact = |index: u32| units.all[index as usize].exact;
        collect_recurring(&pattern.units, parameters, document, exact, &mut lines);
        for RecurringLine { unit, original, evidence } in lines.drain(..) {
            let (Some(copy), Some(original)) = (units.doc_span(unit), units.doc_span(original))
            else {
                continue;
            };
            matches.push(Match { rule, copy, original, extra_copies: 0, evidence });
            units.all[unit as usize].is_claimed = true;
        }
    }
    Ok(())
}

/// Collects the lines of a pattern to report, in document order. `document` and `exact` return the
/// document of a unit and the hash of its text.
pub(super) fn collect_recurring(
    units: &[u32],
    parameters: &LineParameters,
    document: impl Fn(u32) -> u32,
    exact: impl Fn(u32) -> u64,
    lines: &mut Vec<RecurringLine>,
) {
    let by_document = || units.chunk_by(|left, right| document(*left) == document(*right));
    let documents = to_u32_saturating(by_document().count());
    if parameters.min_documents.is_some_and(|min_documents| documents >= min_documents) {
        for (at, &unit) in units.iter().enumerate() {
            // The first occurrence is reported too, against the second.
            let Some(&original) = units.get(usize::from(at == 0)) else { continue };
            let evidence =
                MatchEvidence::Recurring { documents, times: 1, alike: parameters.alike };
            lines.push(RecurringLine { unit, original, evidence });
        }
        return;
    }
    let Some(min_times) = parameters.min_times else { return };
    for in_document in by_document() {
        // Within a document, lines with different numbers are different: they enumerate something.
        let mut in_document: Vec<u32> = in_document.to_vec();
        in_document.sort_by_key(|&index| (exact(index), index));
        for equal in in_document.chunk_by(|left, right| exact(*left) == exact(*right)) {
            let times = to_u32_saturating(equal.len());
            if times >= min_times {
                let evidence = MatchEvidence::Recurring { documents: 1, times, alike: 1.0 };
                lines.extend(equal[1..].iter().map(|&unit| RecurringLine {
                    unit,
                    original: equal[0],
                    evidence: evidence.clone(),
                }));
            }
        }
    }
}

/// Groups the candidate lines by pattern, sorted by their first lines.
fn line_patterns(
    parameters: &LineParameters,
    units: &Units<'_>,
) -> store::Result<Vec<LinePattern>> {
    let mut lines: Vec<(u64, u32)> = Vec::new();
    let mut tokens = Vec::new();
    for (index, unit) in (0_u32..).zip(&units.all) {
        let is_candidate = unit.kind != UnitKind::Heading
            && (parameters.min_words..=parameters.max_words).contains(&unit.words);
        if is_candidate && !unit.is_claimed {
            units.read_line_tokens(unit, &mut tokens)?;
            if tokens.iter().any(|token| *token != NUMBER) {
                lines.push((LineHash::new(&tokens).hash(), index));
            }
        }
    }
    lines.sort_unstable();
    let mut patterns = Vec::new();
    for group in lines.chunk_by(|left, right| left.0 == right.0) {
        let mut tokens = Vec::new();
        if let Some(unit) = units.all.get(group[0].1 as usize) {
            units.read_line_tokens(unit, &mut tokens)?;
        }
        patterns
            .push(LinePattern { tokens, units: group.iter().map(|(_, index)| *index).collect() });
    }
    patterns.sort_by_key(|pattern| pattern.units[0]);
    Ok(patterns)
}

/// A commutative hash of tokens with their positions, from which a token can be removed.
pub(super) struct LineHash<'t> {
    tokens: &'t [u32],
    sum: u64,
}

impl<'t> LineHash<'t> {
    pub(super) fn new(tokens: &'t [u32]) -> Self {
        let sum = tokens
            .iter()
            .enumerate()
            .fold(0, |sum: u64, (at, token)| sum.wrapping_add(Self::term(at, *token)));
        Self { tokens, sum }
    }

    fn term(at: usize, token: u32) -> u64 {
        finalize((at as u64) << 32 | u64::from(token))
    }

    pub(super) fn hash(&self) -> u64 {
        finalize(self.sum ^ self.tokens.len() as u64)
    }

    /// Whether the line is long enough: shorter lines are too unspecific without one word.
    pub(super) fn may_have_variants(&self) -> bool {
        const MIN_WORDS: usize = 3;
        self.tokens.len() >= MIN_WORDS
    }

    /// Yields a hash of the line without each token in turn, skipping numbers.
    pub(super) fn leave_one_out_hashes(&self) -> impl Iterator<Item = u64> + '_ {
        let leave_out = |(at, token): (usize, &u32)| {
            let others = self.sum.wrapping_sub(Self::term(at, *token));
            (*token != NUMBER)
                .then(|| combine(finalize(others), (self.tokens.len() << 32 | at) as u64))
        };
        self.tokens.iter().enumerate().filter_map(leave_out)
    }
}

/// Merges the patterns that differ in one word from a more frequent one and are spelled almost like
/// it.
fn merge_variants(
    patterns: &mut [LinePattern],
    min_documents: u32,
    alike: f64,
    units: &Units<'_>,
    texts: &mut TextCache<'_>,
) {
    let groups = variant_groups(patterns, min_documents);
    let groups = groups.iter().map(Vec::as_slice);
    merge_groups(groups, &mut UnitPatterns { patterns, units }, |left, right| {
        texts.are_lines_similar(left, right, alike)
    });
}

/// The patterns that are merged.
pub(super) trait MergedPatterns {
    /// Returns the number of lines of a pattern.
    fn size(&self, index: u32) -> usize;

    /// Returns the first line of a pattern, unless it has none.
    fn first(&self, index: u32) -> Option<DocSpan>;

    /// Moves the lines of `other` to `main`.
    fn merge(&mut self, main: u32, other: u32);
}

/// The patterns of all lines in memory.
struct UnitPatterns<'p, 'u> {
    patterns: &'p mut [LinePattern],
    units: &'p Units<'u>,
}

impl MergedPatterns for UnitPatterns<'_, '_> {
    fn size(&self, index: u32) -> usize {
        self.patterns[index as usize].units.len()
    }

    fn first(&self, index: u32) -> Option<DocSpan> {
        let first = self.patterns[index as usize].units.first()?;
        self.units.doc_span(*first)
    }

    fn merge(&mut self, main: u32, other: u32) {
        let moved = std::mem::take(&mut self.patterns[other as usize].units);
        let merged = &mut self.patterns[main as usize].units;
        merged.extend(moved);
        merged.sort_unstable();
    }
}

/// Merges the patterns of each group that are spelled almost like the most frequent one. The groups
/// are in order.
pub(super) fn merge_groups<'g>(
    groups: impl Iterator<Item = &'g [u32]>,
    patterns: &mut impl MergedPatterns,
    mut are_similar: impl FnMut(DocSpan, DocSpan) -> bool,
) {
    /// Patterns of a group that are compared with the most frequent one.
    const MAX_VARIANTS: usize = 1_000;
    for group in groups {
        let main = group.iter().max_by_key(|index| (patterns.size(**index), Reverse(**index)));
        let Some(&main) = main else { continue };
        for &other in group.iter().take(MAX_VARIANTS) {
            let (Some(left), Some(right)) = (patterns.first(main), patterns.first(other)) else {
                continue;
            };
            if other != main && are_similar(left, right) {
                patterns.merge(main, other);
            }
        }
    }
}

/// Groups the patterns that differ in one word and together have at least `min_lines` lines.
fn variant_groups(patterns: &[LinePattern], min_lines: u32) -> Vec<Vec<u32>> {
    const COUNTERS_PER_PATTERN: usize = 16;
    let candidates = || {
        (0_u32..)
            .zip(patterns.iter())
            .filter(|(_, pattern)| LineHash::new(&pattern.tokens).may_have_variants())
    };
    // Most lines have no variants. Counting hashes in a small table first, with collisions, avoids
    // sorting the hashes of all lines.
    let slots = patterns.len().next_power_of_two() * COUNTERS_PER_PATTERN;
    let mut counts = vec![0_u8; slots];
    #[expect(clippy::cast_possible_truncation, reason = "the mask keeps low bits alone")]
    let slot = |hash: u64| hash as usize & (slots - 1);
    for (_, pattern) in candidates() {
        let lines = u8::try_from(pattern.units.len()).unwrap_or(u8::MAX);
        for hash in LineHash::new(&pattern.tokens).leave_one_out_hashes() {
            let count = &mut counts[slot(hash)];
            *count = count.saturating_add(lines);
        }
    }
    let min_count = u8::try_from(min_lines).unwrap_or(u8::MAX);
    let mut hashes: Vec<(u64, u32)> = Vec::new();
    for (index, pattern) in candidates() {
        let line = LineHash::new(&pattern.tokens);
        let frequent = line.leave_one_out_hashes().filter(|hash| counts[slot(*hash)] >= min_count);
        hashes.extend(frequent.map(|hash| (hash, index)));
    }
    hashes.sort_unstable();
    let groups =
        hashes.chunk_by(|(left, _), (right, _)| left == right).filter(|group| group.len() > 1);
    let mut groups: Vec<Vec<u32>> =
        groups.map(|group| group.iter().map(|(_, index)| *index).collect()).collect();
    // The sizes are checked before any merge, so that the result does not depend on the order of
    // groups.
    groups.retain(|group| {
        group.iter().map(|index| patterns[*index as usize].units.len()).sum::<usize>()
            >= min_lines as usize
    });
    groups.sort_unstable();
    groups
}
