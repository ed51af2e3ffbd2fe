//! Finds sentences and passages in steps, in units that are not themselves reported.

use std::iter::Peekable;

use super::super::fingerprint::FingerprintContext;
use super::super::matches::{DocSpan, Match, MatchEvidence, to_u32_saturating};
use super::super::repeated_sentence::{SentenceOccurrence, add_matches};
use super::super::run::without_nested;
use super::super::shared_passage::{
    DocumentUnits, PlacedSeed, UnitLength, add_runs, find_whole, for_each_seed,
};
use super::super::sketch::shingles;
use super::super::text_cache::TextCache;
use super::super::token::Tokens;
use super::super::unit_kind::UnitKind;
use super::DuplicateCheck;
use super::groups::{UnitStream, for_each_unclaimed_group};
use crate::staged::{
    NumberedTexts, Rows, StagedRow, StagedTable, StepInput, StepOutput, key_document, key_start,
    place_key,
};
use crate::store::{self, StoreError};
use dechaff_text::Span;

/// Finds repeated sentences, and the seeds of shared passages.
pub(super) fn find(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    if !check.sentence.is_empty() {
        for_each_unclaimed_group(input, StagedTable::Sentences, input.share(), &mut |group| {
            if group.len() > 1 { sentences(check, group, output) } else { Ok(()) }
        })?;
    }
    if check.passage.is_empty() {
        return Ok(());
    }
    for_each_unclaimed_group(input, StagedTable::Passages, input.share(), &mut |group| {
        for_each_seed(group.len(), |later, earlier| {
            let [document, unit_start, unit_end, start, context, ..] = group[later].values;
            let [earlier_document, earlier_unit, earlier_end, earlier_start, earlier_context, ..] =
                group[earlier].values;
            if !to_context(context).may_share(to_context(earlier_context)) {
                return Ok(());
            }
            let values =
                [unit_end, start, earlier_document, earlier_unit, earlier_end, earlier_start];
            output.row(StagedTable::Seeds, StagedRow::new(place_key(document, unit_start), values))
        })
    })
}

fn to_context(value: u32) -> FingerprintContext {
    FingerprintContext::from_number(u16::try_from(value).unwrap_or_default())
}

fn sentences(
    check: &DuplicateCheck,
    group: &[StagedRow],
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let occurrence = |row: &StagedRow| {
        let [document, _, start, end, words, ..] = row.values;
        SentenceOccurrence { hash: row.key, document, start, end, words }
    };
    let occurrences: Vec<SentenceOccurrence> = group.iter().map(occurrence).collect();
    let mut matches = Vec::new();
    for (rule, parameters) in &check.sentence {
        add_matches(rule, parameters, &occurrences, &mut matches);
    }
    matches.iter().try_for_each(|found| {
        let Match { rule, copy, original, extra_copies, .. } = found;
        let DocSpan { document, start, end } = *original;
        let values = [check.rule_number(rule), copy.end, document, start, end, *extra_copies];
        output.row(
            StagedTable::SentenceMatches,
            StagedRow::new(place_key(copy.document, copy.start), values),
        )
    })
}

/// Rows by document.
struct ByDocument<'i>(Peekable<Rows<'i>>);

impl<'i> ByDocument<'i> {
    fn new(input: &'i dyn StepInput, table: StagedTable) -> store::Result<Self> {
        Ok(Self(input.rows(table, input.share())?.peekable()))
    }

    fn document(&mut self) -> store::Result<Option<u32>> {
        match self.0.peek() {
            Some(Ok(row)) => Ok(Some(key_document(row.key))),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(None),
        }
    }

    /// Returns the next rows if they are of this document.
    fn rows_of(&mut self, document: u32) -> store::Result<Vec<StagedRow>> {
        let mut rows = Vec::new();
        while self.document()? == Some(document) {
            rows.extend(self.0.next().transpose()?);
        }
        Ok(rows)
    }
}

/// Finds shared passages, and drops those within other copies.
pub(super) fn extend(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let mut sentences = ByDocument::new(input, StagedTable::SentenceMatches)?;
    let mut seeds = ByDocument::new(input, StagedTable::Seeds)?;
    let finds_whole = check.passage.iter().any(|(_, passage)| passage.min_words_whole.is_some());
    let mut units = match finds_whole {
        true => Some(UnitStream::new(input, input.share())?),
        false => None,
    };
    let mut next_unit = match &mut units {
        Some(units) => units.next()?,
        None => None,
    };
    let mut texts = TextCache::numbered(input, input.memory());
    loop {
        let documents = [
            sentences.document()?,
            seeds.document()?,
            next_unit.map(|(row, _)| key_document(row.key)),
        ];
        let Some(document) = documents.into_iter().flatten().min() else { return Ok(()) };
        input.check_interrupt()?;
        let sentences = sentences.rows_of(document)?;
        let seeds = seeds.rows_of(document)?;
        let mut units_here = Vec::new();
        while let Some(unit) = next_unit.filter(|(row, _)| key_document(row.key) == document) {
            units_here.push(unit);
            next_unit = match &mut units {
                Some(units) => units.next()?,
                None => None,
            };
        }
        let units = StagedUnits { document, units: units_here, texts: input };
        let found = find_parts(check, &sentences, &seeds, &units, &mut texts)?;
        found.iter().try_for_each(|found| check.write_match(found, output))?;
    }
}

/// Finds the copied sentences and passages of a document.
fn find_parts<'c>(
    check: &'c DuplicateCheck,
    sentences: &[StagedRow],
    seeds: &[StagedRow],
    units: &StagedUnits<'_>,
    texts: &mut TextCache<'_>,
) -> store::Result<Vec<Match<'c>>> {
    let mut parts = Vec::new();
    for (rule, _) in &check.sentence {
        let number = check.rule_number(rule);
        for row in sentences.iter().filter(|row| row.values[0] == number) {
            let [_, end, document, start, original_end, extra_copies, ..] = row.values;
            let copy = DocSpan { document: units.document, start: key_start(row.key), end };
            let original = DocSpan { document, start, end: original_end };
            let evidence = MatchEvidence::Exact;
            parts.push(Match { rule, copy, original, extra_copies, evidence });
        }
    }
    let placed: Vec<PlacedSeed> = seeds.iter().map(placed_seed).collect();
    for (rule, parameters) in &check.passage {
        for of_unit in placed.chunk_by(|left, right| left.unit == right.unit) {
            add_runs(rule, parameters, of_unit, texts, &mut parts);
        }
        if let Some(min_words) = parameters.min_words_whole {
            let all = 0..to_u32_saturating(units.units.len());
            let words = min_words..parameters.min_words;
            find_whole(rule, words, all, units, texts, &mut parts)?;
        }
    }
    Ok(without_nested(parts))
}

fn placed_seed(row: &StagedRow) -> PlacedSeed {
    let [end, start, document, earlier_start_of_unit, earlier_end, earlier_start, ..] = row.values;
    PlacedSeed {
        unit: DocSpan { document: key_document(row.key), start: key_start(row.key), end },
        start,
        earlier_unit: DocSpan { document, start: earlier_start_of_unit, end: earlier_end },
        earlier_start,
    }
}

/// The units of a document.
struct StagedUnits<'u> {
    document: u32,
    /// Each unit, and whether it is reported.
    units: Vec<(StagedRow, bool)>,
    texts: &'u dyn NumberedTexts,
}

impl DocumentUnits for StagedUnits<'_> {
    fn candidate(&self, index: u32) -> Option<UnitLength> {
        let (row, is_claimed) = self.units.get(index as usize)?;
        let [_, words, kind, shingles, ..] = row.values;
        let is_candidate = !is_claimed && UnitKind::from_number(kind).is_running();
        is_candidate.then_some(UnitLength { words, shingles })
    }

    fn span_of(&self, index: u32) -> Option<DocSpan> {
        let (row, _) = self.units.get(index as usize)?;
        Some(DocSpan { document: self.document, start: key_start(row.key), end: row.values[0] })
    }

    fn read_shingles_of(&self, index: u32, elements: &mut Vec<u64>) -> store::Result<()> {
        elements.clear();
        let Some((row, _)) = self.units.get(index as usize) else { return Ok(()) };
        if row.values[3] == 0 {
            return Ok(());
        }
        let text = self
            .texts
            .text(self.document)
            .ok_or_else(|| StoreError { message: "a text is missing".into() })?;
        let span = Span::new(key_start(row.key) as usize, row.values[0] as usize);
        if text.get(span.range()).is_some() {
            *elements = shingles(&Tokens::parse(&text, span));
        }
        Ok(())
    }
}
