//! Finds recurring lines in steps: decides which lines count as the same, and which are reported.

use std::ops::RangeInclusive;

use rustc_hash::FxHashMap;

use super::super::matches::{DocSpan, Match, to_u32_saturating};
use super::super::recurring_line::{
    LineHash, MergedPatterns, RecurringLine, collect_recurring, merge_groups,
};
use super::super::sketch::{MAX_LINE_TOKENS, NUMBER, line_token};
use super::super::unit_kind::UnitKind;
use super::super::verify::{are_normalized_lines_similar, without_numbers};
use super::groups::{UnitStream, for_each_unclaimed_group, unit_place};
use super::{DuplicateCheck, LastText, halves, is_line, joined, variant_element};
use crate::element_order::ElementOrder;
use crate::staged::{
    StagedBlob, StagedRow, StagedTable, StepInput, StepOutput, for_each_group, key_document,
    key_start,
};
use crate::store::{self, StoreError};

/// Lines that are equal except for numbers, in one share of the documents.
struct SharePattern {
    lines: u32,
    first: DocSpan,
    /// The hashes of the lines without one word, if they are frequent.
    variants: Vec<u64>,
}

/// Writes the lines of a share that may be merged because enough others differ from them in one
/// word.
pub(super) fn find_variants(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let Some(line) = check.merging_rule() else { return Ok(()) };
    let min_count = u8::try_from(line.min_documents.unwrap_or(0)).unwrap_or(u8::MAX);
    let counts = sum_of_tables(input, StagedBlob::VariantCounts)?;
    let mut patterns: FxHashMap<u64, SharePattern> = FxHashMap::default();
    let mut texts = LastText::new(input);
    let mut units = UnitStream::new(input, input.share())?;
    let mut line_tokens = Vec::new();
    while let Some((row, _)) = units.next()? {
        let [end, words, kind, ..] = row.values;
        if !is_line(line, UnitKind::from_number(kind), words) {
            continue;
        }
        let place = DocSpan { document: key_document(row.key), start: key_start(row.key), end };
        let tokens = texts.tokens(place)?;
        if !(1..=MAX_LINE_TOKENS).contains(&tokens.tokens.len())
            || !UnitKind::from_number(kind).is_text()
        {
            continue;
        }
        let text = texts.get(place.document)?;
        line_tokens.clear();
        line_tokens.extend(tokens.tokens.iter().map(|token| line_token(text, token)));
        let pattern = LineHash::new(&line_tokens);
        if !pattern.may_have_variants() || line_tokens.iter().all(|token| *token == NUMBER) {
            continue;
        }
        if let Some(pattern) = patterns.get_mut(&pattern.hash()) {
            pattern.lines = pattern.lines.saturating_add(1);
            continue;
        }
        let is_frequent = |hash: &u64| counts.count_of(variant_element(*hash)) >= min_count;
        let variants: Vec<u64> = pattern.leave_one_out_hashes().filter(is_frequent).collect();
        if !variants.is_empty() {
            patterns.insert(pattern.hash(), SharePattern { lines: 1, first: place, variants });
        }
    }
    for (hash, SharePattern { lines, first, variants }) in patterns {
        let [low, high] = halves(hash);
        for variant in variants {
            let DocSpan { document, start, end } = first;
            output.row(
                StagedTable::Variants,
                StagedRow::new(variant, [low, high, lines, document, start, end]),
            )?;
        }
    }
    Ok(())
}

/// Sums the tables that tasks wrote as `blob`.
pub(super) fn sum_of_tables(
    input: &dyn StepInput,
    blob: StagedBlob,
) -> store::Result<ElementOrder> {
    let mut sum = ElementOrder::with_capacity(0);
    input.blobs(blob, &mut |bytes| {
        let table = ElementOrder::from_bytes(bytes.to_vec());
        let damaged = || StoreError { message: format!("`{}` is damaged", blob.name()) };
        sum.add(&table.ok_or_else(damaged)?);
        Ok(())
    })?;
    Ok(sum)
}

/// A pattern that may be merged with others.
struct MergeablePattern {
    hash: u64,
    lines: u32,
    first: DocSpan,
    /// The pattern that it was merged with.
    merged_with: Option<u32>,
}

struct Patterns(Vec<MergeablePattern>);

impl MergedPatterns for Patterns {
    fn size(&self, index: u32) -> usize {
        self.0[index as usize].lines as usize
    }

    fn first(&self, index: u32) -> Option<DocSpan> {
        let pattern = &self.0[index as usize];
        (pattern.lines > 0).then_some(pattern.first)
    }

    fn merge(&mut self, main: u32, other: u32) {
        let other = &mut self.0[other as usize];
        other.merged_with = Some(main);
        let (lines, first) = (std::mem::take(&mut other.lines), other.first);
        let main = &mut self.0[main as usize];
        main.lines = main.lines.saturating_add(lines);
        main.first = main.first.min(first);
    }
}

/// Groups of patterns that have a variant in common.
#[derive(Default)]
struct PatternGroups {
    /// The patterns of all groups, one group after the other.
    members: Vec<u32>,
    /// For each group, the end of its members.
    ends: Vec<usize>,
}

impl PatternGroups {
    fn push(&mut self, group: impl Iterator<Item = u32>) {
        let start = self.members.len();
        self.members.extend(group);
        self.members[start..].sort_unstable();
        self.ends.push(self.members.len());
    }

    fn group(&self, number: u32) -> &[u32] {
        let number = number as usize;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.members[start..self.ends[number]]
    }

    /// Returns the groups in order of their members.
    fn sorted(&self) -> impl Iterator<Item = &[u32]> {
        let mut order: Vec<u32> = (0..to_u32_saturating(self.ends.len())).collect();
        order.sort_unstable_by(|left, right| self.group(*left).cmp(self.group(*right)));
        order.into_iter().map(|number| self.group(number))
    }
}

/// The first line of each pattern, without numbers.
struct FirstLines {
    /// The places of the lines, in order.
    places: Vec<DocSpan>,
    /// The lines, one after the other.
    text: String,
    /// For each line, its end in `text`.
    ends: Vec<usize>,
}

impl FirstLines {
    /// Reads the first lines of patterns, which are in order of their places.
    fn read(patterns: &[MergeablePattern], input: &dyn StepInput) -> store::Result<Self> {
        let places: Vec<DocSpan> = patterns.iter().map(|pattern| pattern.first).collect();
        // Growing by doubling would take twice the memory.
        let bytes = places.iter().map(|place| place.end.saturating_sub(place.start) as usize).sum();
        let (mut text, mut ends) = (String::with_capacity(bytes), Vec::with_capacity(places.len()));
        let mut texts = LastText::new(input);
        for place in &places {
            input.check_interrupt()?;
            let document = texts.get(place.document)?;
            let line = document.get(place.span().range()).unwrap_or_default();
            text.push_str(&without_numbers(line));
            ends.push(text.len());
        }
        Ok(Self { places, text, ends })
    }

    fn get(&self, place: DocSpan) -> Option<&str> {
        let number = self.places.binary_search(&place).ok()?;
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        self.text.get(start..self.ends[number])
    }
}

/// A pattern with a variant: its hash, the number of its lines and the first of them.
type VariantPattern = (u64, usize, DocSpan);

/// Calls `visit` with each variant and its patterns, without repetition and in order.
fn for_each_variant(
    input: &dyn StepInput,
    table: StagedTable,
    keys: RangeInclusive<u64>,
    visit: &mut dyn FnMut(u64, &[VariantPattern]) -> store::Result<()>,
) -> store::Result<()> {
    for_each_group(input, table, keys, &mut |group| {
        let pattern = |row: &StagedRow| {
            let [low, high, lines, document, start, end, ..] = row.values;
            (joined(low, high), lines as usize, DocSpan { document, start, end })
        };
        let mut found: Vec<VariantPattern> = group.iter().map(pattern).collect();
        found.sort_unstable();
        let mut patterns: Vec<VariantPattern> = Vec::new();
        for (hash, lines, first) in found {
            match patterns.last_mut().filter(|last| last.0 == hash) {
                Some(last) => *last = (hash, last.1 + lines, last.2.min(first)),
                None => patterns.push((hash, lines, first)),
            }
        }
        visit(group[0].key, &patterns)
    })
}

/// Writes the variants of more than one pattern and enough lines.
pub(super) fn group_variants(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let Some(line) = check.merging_rule() else { return Ok(()) };
    let min_lines = line.min_documents.unwrap_or(0) as usize;
    for_each_variant(input, StagedTable::Variants, input.share(), &mut |variant, patterns| {
        let all_lines: usize = patterns.iter().map(|(_, lines, _)| lines).sum();
        if patterns.len() < 2 || all_lines < min_lines {
            return Ok(());
        }
        patterns.iter().try_for_each(|&(hash, lines, first)| {
            let [low, high] = halves(hash);
            let DocSpan { document, start, end } = first;
            let values = [low, high, to_u32_saturating(lines), document, start, end];
            output.row(StagedTable::VariantGroups, StagedRow::new(variant, values))
        })
    })
}

/// Decides which lines count as the same.
pub(super) fn merge(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let Some(line) = check.merging_rule() else { return Ok(()) };
    let keys = 0..=u64::MAX;
    let mut all: FxHashMap<u64, (u32, DocSpan)> = FxHashMap::default();
    for_each_variant(input, StagedTable::VariantGroups, keys.clone(), &mut |_, patterns| {
        all.extend(patterns.iter().map(|&(hash, lines, first)| {
            (hash, (to_u32_saturating(lines), first)) // They were written as 32 bits.
        }));
        Ok(())
    })?;
    let pattern = |(hash, (lines, first)): (u64, (u32, DocSpan))| MergeablePattern {
        hash,
        lines,
        first,
        merged_with: None,
    };
    let mut patterns: Vec<MergeablePattern> = all.into_iter().map(pattern).collect();
    patterns.sort_unstable_by_key(|pattern| pattern.first);
    let index: FxHashMap<u64, u32> =
        patterns.iter().zip(0..).map(|(pattern, index)| (pattern.hash, index)).collect();
    // Read the groups again instead of keeping them: they have many more hashes than patterns.
    let mut groups = PatternGroups::default();
    for_each_variant(input, StagedTable::VariantGroups, keys, &mut |_, patterns| {
        groups.push(patterns.iter().filter_map(|(hash, ..)| index.get(hash).copied()));
        Ok(())
    })?;
    drop(index);
    let first_lines = FirstLines::read(&patterns, input)?;
    let mut patterns = Patterns(patterns);
    merge_groups(groups.sorted(), &mut patterns, |left, right| {
        match (first_lines.get(left), first_lines.get(right)) {
            (Some(left), Some(right)) => are_normalized_lines_similar(left, right, line.alike),
            _ => false,
        }
    });
    // The output is also held in memory.
    drop((groups, first_lines));
    for pattern in &patterns.0 {
        let Some(mut main) = pattern.merged_with else { continue };
        while let Some(next) = patterns.0[main as usize].merged_with {
            main = next;
        }
        let hash = patterns.0[main as usize].hash;
        output.row(StagedTable::MergedLines, StagedRow::new(pattern.hash, halves(hash)))?;
    }
    Ok(())
}

/// Reports recurring lines.
pub(super) fn find(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    if check.line.is_empty() {
        return Ok(());
    }
    let mut mains: FxHashMap<u64, u64> = FxHashMap::default();
    let mut keys: Vec<u64> = Vec::new();
    for row in input.rows(StagedTable::MergedLines, 0..=u64::MAX)? {
        let row = row?;
        let main = joined(row.values[0], row.values[1]);
        mains.insert(row.key, main);
        if input.share().contains(&main) {
            keys.push(row.key);
        }
    }
    // Merged lines of the share have keys across the whole range.
    keys.sort_unstable();
    let mut merged: FxHashMap<u64, Vec<StagedRow>> = FxHashMap::default();
    for row in input.rows_of(StagedTable::Lines, keys.into())? {
        let row = row?;
        if let Some(main) = mains.get(&row.key) {
            merged.entry(*main).or_default().push(row);
        }
    }
    for_each_unclaimed_group(input, StagedTable::Lines, input.share(), &mut |group| {
        let Some(hash) = group.first().map(|row| row.key) else { return Ok(()) };
        if mains.contains_key(&hash) {
            return Ok(());
        }
        let Some(others) = merged.get(&hash) else { return report(check, group, output) };
        let mut lines = group.to_vec();
        lines.extend_from_slice(others);
        lines.sort_unstable_by_key(unit_place);
        report(check, &lines, output)
    })
}

/// Reports lines that count as the same, in order of their places.
fn report(
    check: &DuplicateCheck,
    lines: &[StagedRow],
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let mut is_claimed = vec![false; lines.len()];
    let mut recurring: Vec<RecurringLine> = Vec::new();
    let row = |index: u32| &lines[index as usize];
    for (rule, parameters) in &check.line {
        let words = parameters.min_words..=parameters.max_words;
        let candidates: Vec<u32> = (0_u32..)
            .zip(lines.iter().zip(&is_claimed))
            .filter(|(_, (line, is_claimed))| !**is_claimed && words.contains(&line.values[3]))
            .map(|(index, _)| index)
            .collect();
        let minima = [parameters.min_documents, parameters.min_times];
        if to_u32_saturating(candidates.len()) < minima.into_iter().flatten().min().unwrap_or(0) {
            continue;
        }
        let document = |index| row(index).values[0];
        let exact = |index| joined(row(index).values[4], row(index).values[5]);
        collect_recurring(&candidates, parameters, document, exact, &mut recurring);
        for RecurringLine { unit, original, evidence } in recurring.drain(..) {
            let place = |index: u32| {
                let [document, start, end, ..] = row(index).values;
                DocSpan { document, start, end }
            };
            let (copy, original) = (place(unit), place(original));
            let found = Match { rule, copy, original, extra_copies: 0, evidence };
            check.write_claim(&found, output)?;
            is_claimed[unit as usize] = true;
        }
    }
    Ok(())
}
