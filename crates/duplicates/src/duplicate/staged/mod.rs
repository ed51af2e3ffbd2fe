//! Comparing in steps: the work of each task, sharing code with the comparison in one process.
//!
//! A place in the corpus is the number of the document and an offset. Places sort like the units of
//! a comparison in one process, so "first" and "earlier" mean the same.

mod equal;
mod groups;
mod join;
mod lines;
mod near;
mod parts;
mod signature;

use std::sync::Arc;

use super::findings::DuplicateFindings;
use super::hash::finalize;
use super::matches::{DocSpan, Match, MatchEvidence, to_u32_saturating};
use super::recurring_line::LineHash;
use super::set_join::Ratio;
use super::sketch::{self, NUMBER, UnitRecord};
use super::text_cache::TextCache;
use super::token::Tokens;
use super::unit_kind::UnitKind;
use super::{DuplicateCheck, LineParameters, MinWords, NearParameters};
use crate::staged::{
    SketchCounts, StagedCheck, StagedRow, StagedTable, Step, StepInput, StepOutput, halves, joined,
    key_document, key_start, place_key,
};
use crate::store::{self, StoreError};
use crate::{DocumentSet, PendingFindings};
use dechaff_findings::RuleInfo;
use dechaff_text::Span;

pub(crate) use join::{SetId, StagedJoin, StagedPair};
pub(crate) use near::{ElementCounts, merge_counts, read_order, write_prefix};

impl StagedCheck for DuplicateCheck {
    fn refusal(&self) -> Option<String> {
        let codes = |rules: &mut dyn Iterator<Item = &Arc<RuleInfo>>| {
            rules.map(|rule| rule.code.as_str()).collect::<Vec<_>>().join(" and ")
        };
        let merging = self.line.iter().filter(|(_, line)| line.min_documents.is_some());
        let is_first = self.line.first().is_some_and(|(_, line)| line.min_documents.is_some());
        if merging.clone().count() > 1 || merging.clone().count() == 1 && !is_first {
            return Some(format!(
                "{} count lines in documents: only the first rule for recurring lines may, because \
                 what it reports is left out of what the next ones count",
                codes(&mut self.line.iter().map(|(rule, _)| rule)),
            ));
        }
        (self.near.len() > 1).then(|| {
            format!(
                "{} both compare paragraphs that differ in a few words: what the first reports is \
                 left out of what the second compares, so only one of them can be run in steps",
                codes(&mut self.near.iter().map(|(rule, _)| rule)),
            )
        })
    }

    fn has_step(&self, step: Step) -> bool {
        match step {
            Step::Variants | Step::Group | Step::Merge => self.merging_rule().is_some(),
            Step::Lines => !self.line.is_empty(),
            Step::Exact => !(self.exact.is_empty() && self.near.is_empty()),
            Step::Count | Step::Order | Step::Post | Step::Near | Step::Keep => {
                self.near_rule().is_some()
            }
            Step::Parts | Step::Extend => !(self.sentence.is_empty() && self.passage.is_empty()),
        }
    }

    fn sketch_rows(
        &self,
        number: u32,
        sketch: &[u8],
        output: &mut dyn StepOutput,
    ) -> store::Result<()> {
        sketch::decode(sketch).try_for_each(|unit| self.unit_rows(number, &unit, output))
    }

    fn count(&self, sketch: &[u8], counts: &mut SketchCounts) {
        for unit in sketch::decode(sketch) {
            if self.is_near_length(unit.kind, unit.words) {
                counts.elements += unit.shingles.1 as u64;
            }
            let tokens = line_tokens(&unit);
            if self.merging_rule().is_some_and(|line| is_line(line, unit.kind, unit.words)) {
                let line = LineHash::new(&tokens);
                if line.may_have_variants() && tokens.iter().any(|token| *token != NUMBER) {
                    line.leave_one_out_hashes()
                        .for_each(|hash| counts.variants.count(variant_element(hash)));
                }
            }
        }
    }

    fn run_step(
        &self,
        step: Step,
        input: &dyn StepInput,
        output: &mut dyn StepOutput,
    ) -> store::Result<()> {
        match step {
            Step::Variants => lines::find_variants(self, input, output),
            Step::Group => lines::group_variants(self, input, output),
            Step::Merge => lines::merge(self, input, output),
            Step::Lines => lines::find(self, input, output),
            Step::Exact => equal::find(self, input, output),
            Step::Count => near::count(self, input, output),
            Step::Order => near::order(self, input, output),
            Step::Post => near::post(self, input, output),
            Step::Near => near::find(self, input, output),
            Step::Keep => near::keep(self, input, output),
            Step::Parts => parts::find(self, input, output),
            Step::Extend => parts::extend(self, input, output),
        }
    }

    fn may_delete(&self, row: &StagedRow, only_safe: bool) -> bool {
        let Ok(Match { copy, original, evidence, .. }) = self.read_match(row) else { return true };
        match evidence {
            MatchEvidence::Exact => !only_safe || copy.document == original.document,
            MatchEvidence::Jaccard { may_delete, .. } => may_delete && !only_safe,
            MatchEvidence::SharedRun { .. } => !only_safe,
            // The first occurrence always remains.
            MatchEvidence::Recurring { .. } => original < copy && !only_safe,
        }
    }

    fn matches(&self) -> (StagedTable, Option<usize>) {
        (StagedTable::Matches, Some(2))
    }

    fn pending<'d>(
        &'d self,
        rows: &[StagedRow],
        documents: DocumentSet<'d>,
    ) -> store::Result<Box<dyn PendingFindings + 'd>> {
        let matches = rows.iter().map(|row| self.read_match(row)).collect::<store::Result<_>>()?;
        let texts = TextCache::new(&documents);
        Ok(Box::new(DuplicateFindings::new(matches, documents, texts)?))
    }
}

impl DuplicateCheck {
    /// Returns the parameters of the rule that merges lines, if there is one.
    fn merging_rule(&self) -> Option<&LineParameters> {
        self.line.first().map(|(_, line)| line).filter(|line| line.min_documents.is_some())
    }

    /// Returns the rule for paragraphs that differ in a few words, if there is one.
    fn near_rule(&self) -> Option<(&Arc<RuleInfo>, &NearParameters, Ratio)> {
        let (rule, near) = self.near.first()?;
        Some((rule, near, Ratio::new(near.threshold)?))
    }

    fn is_near_length(&self, kind: UnitKind, words: u32) -> bool {
        self.near.iter().any(|(_, near)| near.min_words.admits(kind, words))
    }

    /// Writes the rows of a unit.
    fn unit_rows(
        &self,
        document: u32,
        unit: &UnitRecord<'_>,
        output: &mut dyn StepOutput,
    ) -> store::Result<()> {
        let UnitRecord { kind, start, end, words, exact, .. } = *unit;
        let number = kind as u32;
        let shingles = to_u32_saturating(unit.shingles.1);
        let row = StagedRow::new(place_key(document, start), [end, words, number, shingles]);
        output.row(StagedTable::Units, row)?;
        let admits = |minima: &MinWords| minima.admits(kind, words);
        if self.exact.iter().any(|(_, exact)| admits(&exact.min_words))
            || shingles > 0 && self.is_near_length(kind, words)
        {
            let row = StagedRow::new(exact, [document, start, end, words, number, shingles]);
            output.row(StagedTable::Exact, row)?;
        }
        if self.line.iter().any(|(_, line)| is_line(line, kind, words)) {
            let tokens = line_tokens(unit);
            if tokens.iter().any(|token| *token != NUMBER) {
                let hash = LineHash::new(&tokens).hash();
                let [low, high] = halves(exact);
                output.row(
                    StagedTable::Lines,
                    StagedRow::new(hash, [document, start, end, words, low, high]),
                )?;
            }
        }
        if !self.sentence.is_empty() {
            for sentence in unit.sentences() {
                let values = [document, start, sentence.start, sentence.end, sentence.words];
                output.row(StagedTable::Sentences, StagedRow::new(sentence.hash, values))?;
            }
        }
        if !self.passage.is_empty() {
            for print in unit.fingerprints() {
                let context = print.context.number().into();
                let values = [document, start, end, print.start, context];
                // Winnowing picks the smallest hash of each window, so hashes are not evenly
                // distributed.
                output.row(StagedTable::Passages, StagedRow::new(finalize(print.hash), values))?;
            }
        }
        Ok(())
    }

    /// Returns the rules in the order of their numbers in tables.
    fn rules(&self) -> impl Iterator<Item = &Arc<RuleInfo>> {
        self.line
            .iter()
            .map(|(rule, _)| rule)
            .chain(self.exact.iter().map(|(rule, _)| rule))
            .chain(self.near.iter().map(|(rule, _)| rule))
            .chain(self.sentence.iter().map(|(rule, _)| rule))
            .chain(self.passage.iter().map(|(rule, _)| rule))
    }

    fn rule_number(&self, rule: &Arc<RuleInfo>) -> u32 {
        let position = self.rules().position(|other| Arc::ptr_eq(rule, other));
        position.map_or(u32::MAX, to_u32_saturating)
    }

    /// Writes a match of a unit, which claims the unit.
    fn write_claim(&self, found: &Match<'_>, output: &mut dyn StepOutput) -> store::Result<()> {
        self.write_match(found, output)?;
        let key = place_key(found.copy.document, found.copy.start);
        output.row(StagedTable::Claims, StagedRow { key, ..StagedRow::default() })
    }

    /// Writes a match.
    fn write_match(&self, found: &Match<'_>, output: &mut dyn StepOutput) -> store::Result<()> {
        let Match { rule, copy, original, extra_copies, evidence } = found;
        let (kind, numbers) = match *evidence {
            MatchEvidence::Exact => (0, [0; 3]),
            MatchEvidence::Jaccard { shared, union, is_truncated, may_delete } => {
                (1, [shared, union, u32::from(is_truncated) | u32::from(may_delete) << 1])
            }
            MatchEvidence::SharedRun { words, is_whole } => (2, [words, u32::from(is_whole), 0]),
            // Within one document, only equal lines count as the same.
            MatchEvidence::Recurring { documents, times, .. } => (3, [documents, times, 0]),
        };
        let [first, second, third] = numbers;
        let values = [
            self.rule_number(rule),
            copy.end,
            original.document,
            original.start,
            original.end,
            *extra_copies,
            kind,
            first,
            second,
            third,
        ];
        output
            .row(StagedTable::Matches, StagedRow::new(place_key(copy.document, copy.start), values))
    }

    /// Reads a match.
    fn read_match(&self, row: &StagedRow) -> store::Result<Match<'_>> {
        let damaged = || StoreError { message: "a table of matches is damaged".into() };
        let [rule, end, document, start, original_end, extra_copies, kind, first, second, third] =
            row.values;
        let number = rule as usize;
        let rule = self.rules().nth(number).ok_or_else(damaged)?;
        let evidence = match kind {
            0 => MatchEvidence::Exact,
            1 => MatchEvidence::Jaccard {
                shared: first,
                union: second,
                is_truncated: third & 1 != 0,
                may_delete: third & 2 != 0,
            },
            2 => MatchEvidence::SharedRun { words: first, is_whole: second != 0 },
            _ => {
                let (_, line) = self.line.get(number).ok_or_else(damaged)?;
                let alike = if first == 1 { 1.0 } else { line.alike };
                MatchEvidence::Recurring { documents: first, times: second, alike }
            }
        };
        let copy = DocSpan { document: key_document(row.key), start: key_start(row.key), end };
        let original = DocSpan { document, start, end: original_end };
        Ok(Match { rule, copy, original, extra_copies, evidence })
    }
}

/// Whether a unit is a line that a rule counts, if it has a word.
fn is_line(line: &LineParameters, kind: UnitKind, words: u32) -> bool {
    kind != UnitKind::Heading && (line.min_words..=line.max_words).contains(&words)
}

fn line_tokens(unit: &UnitRecord<'_>) -> Vec<u32> {
    unit.tokens.as_chunks().0.iter().map(|token| u32::from_le_bytes(*token)).collect()
}

/// Returns the element that represents a line without one of its words in a table of counts.
fn variant_element(hash: u64) -> u64 {
    hash >> (u64::BITS - super::ELEMENT_BITS)
}

/// The text of the document read last.
struct LastText<'i> {
    input: &'i dyn StepInput,
    text: Option<(u32, Arc<str>)>,
}

impl<'i> LastText<'i> {
    fn new(input: &'i dyn StepInput) -> Self {
        Self { input, text: None }
    }

    fn get(&mut self, document: u32) -> store::Result<&str> {
        if self.text.as_ref().is_none_or(|(number, _)| *number != document) {
            let text = self.input.text(document).ok_or_else(|| StoreError {
                message: format!("the text of document {document} is missing"),
            })?;
            self.text = Some((document, text));
        }
        Ok(self.text.as_ref().map_or("", |(_, text)| text))
    }

    /// Tokenizes a part of a document.
    fn tokens(&mut self, place: DocSpan) -> store::Result<Tokens> {
        let text = self.get(place.document)?;
        if text.get(place.start as usize..place.end as usize).is_none() {
            return Err(StoreError { message: "a table does not fit the texts".into() });
        }
        Ok(Tokens::parse(text, Span::new(place.start as usize, place.end as usize)))
    }
}
