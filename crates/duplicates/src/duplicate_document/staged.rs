//! Comparing whole documents in steps.

use rustc_hash::FxHashMap;

use super::sketch::{self, shingles_of};
use super::{
    Candidates, DocumentCopies, DuplicateDocumentCheck, KeepDocument, KeptByCopy, MAX_POSTINGS,
    Parameters, similarity,
};
use crate::duplicate::{
    ElementCounts, SetId, StagedJoin, StagedPair, merge_counts, read_order, write_prefix,
};
use crate::staged::{
    SketchCounts, StagedBlob, StagedCheck, StagedRow, StagedTable, Step, StepInput, StepOutput,
    for_each_group, key_document, key_start, place_key,
};
use crate::store::{self, StoreError};
use crate::{DocumentSet, PendingFindings};

impl StagedCheck for DuplicateDocumentCheck {
    fn refusal(&self) -> Option<String> {
        let codes: Vec<&str> = self.rules.iter().map(|(rule, _)| rule.code.as_str()).collect();
        (codes.len() > 1).then(|| {
            format!(
                "{} both compare whole documents; only one of them can be run in steps",
                codes.join(" and ")
            )
        })
    }

    fn has_step(&self, step: Step) -> bool {
        match step {
            Step::Exact | Step::Keep => true,
            Step::Count | Step::Order | Step::Post | Step::Near => {
                self.parameters().and_then(Parameters::near_threshold).is_some()
            }
            Step::Variants
            | Step::Group
            | Step::Merge
            | Step::Lines
            | Step::Parts
            | Step::Extend => false,
        }
    }

    fn sketch_rows(
        &self,
        number: u32,
        sketch: &[u8],
        output: &mut dyn StepOutput,
    ) -> store::Result<()> {
        let (Some(header), Some(parameters)) = (sketch::header(sketch), self.parameters()) else {
            return Ok(());
        };
        if header.words < parameters.min_words.max(1) {
            return Ok(());
        }
        // Documents are visited in this order.
        let order = match parameters.keep {
            KeepDocument::First => 0,
            KeepDocument::Longest => u32::MAX - header.words,
            KeepDocument::Cleanest => u32::MAX - header.running_share,
        };
        let values = [header.words, order, header.shingles];
        output.row(StagedTable::Documents, StagedRow::new(place_key(number, 0), values))?;
        let values = [number, header.words, order];
        output.row(StagedTable::DocumentHashes, StagedRow::new(header.exact, values))
    }

    fn count(&self, sketch: &[u8], counts: &mut SketchCounts) {
        let header = sketch::header(sketch);
        counts.document_elements += header.map_or(0, |header| u64::from(header.shingles));
    }

    fn run_step(
        &self,
        step: Step,
        input: &dyn StepInput,
        output: &mut dyn StepOutput,
    ) -> store::Result<()> {
        let Some(parameters) = self.parameters() else { return Ok(()) };
        match step {
            Step::Exact => find_equal(input, output),
            Step::Count => count(parameters, input, output),
            Step::Order => {
                let order = StagedBlob::DocumentElementOrder;
                merge_counts(input, StagedBlob::DocumentElementCounts, order, output)
            }
            Step::Post => post(parameters, input, output),
            Step::Near => find_similar(parameters, input, output),
            Step::Keep => keep(input, output),
            Step::Variants
            | Step::Group
            | Step::Merge
            | Step::Lines
            | Step::Parts
            | Step::Extend => Ok(()),
        }
    }

    fn matches(&self) -> (StagedTable, Option<usize>) {
        (StagedTable::DocumentMatches, Some(1))
    }

    fn pending<'d>(
        &'d self,
        rows: &[StagedRow],
        documents: DocumentSet<'d>,
    ) -> store::Result<Box<dyn PendingFindings + 'd>> {
        let copies: KeptByCopy =
            rows.iter().map(|row| (key_document(row.key), row.values[1])).collect();
        Ok(Box::new(DocumentCopies { rules: &self.rules, copies: vec![copies], documents }))
    }
}

impl DuplicateDocumentCheck {
    fn parameters(&self) -> Option<&Parameters> {
        self.rules.first().map(|(_, parameters)| parameters)
    }
}

/// Finds the documents that are equal to an earlier one.
fn find_equal(input: &dyn StepInput, output: &mut dyn StepOutput) -> store::Result<()> {
    for_each_group(input, StagedTable::DocumentHashes, input.share(), &mut |group| {
        group.sort_unstable_by_key(|row| {
            let [document, words, order, ..] = row.values;
            (words, order, document)
        });
        for equal in group.chunk_by(|left, right| left.values[1] == right.values[1]) {
            for copy in &equal[1..] {
                let row = StagedRow::new(place_key(copy.values[0], 0), [equal[0].values[0]]);
                output.row(StagedTable::EqualDocuments, row)?;
            }
        }
        Ok(())
    })
}

/// Calls `visit` with each document of the share that takes part in the join, and its shingles.
fn for_each_candidate(
    input: &dyn StepInput,
    visit: &mut dyn FnMut(SetId, Vec<u64>) -> store::Result<()>,
) -> store::Result<()> {
    let mut equal = input.rows(StagedTable::EqualDocuments, input.share())?.peekable();
    for row in input.rows(StagedTable::Documents, input.share())? {
        let row = row?;
        input.check_interrupt()?;
        while let Some(copy) =
            equal.next_if(|copy| copy.as_ref().map_or(true, |copy| copy.key < row.key))
        {
            copy?;
        }
        if equal.peek().is_some_and(|copy| copy.as_ref().is_ok_and(|copy| copy.key == row.key)) {
            continue;
        }
        let document = key_document(row.key);
        let set = SetId { order: row.values[1], document, start: 0, end: 0 };
        visit(set, shingles_of(&text(input, document)?))?;
    }
    Ok(())
}

fn text(input: &dyn StepInput, document: u32) -> store::Result<std::sync::Arc<str>> {
    input.text(document).ok_or_else(|| StoreError {
        message: format!("the text of document {document} is missing"),
    })
}

fn count(
    parameters: &Parameters,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    if parameters.near_threshold().is_none() {
        return Ok(());
    }
    let mut counts = ElementCounts::new(input, 1)?;
    for_each_candidate(input, &mut |_, shingles| {
        counts.add(&shingles);
        Ok(())
    })?;
    counts.write(StagedBlob::DocumentElementCounts, output)
}

fn post(
    parameters: &Parameters,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let Some(threshold) = parameters.near_threshold() else { return Ok(()) };
    let order = read_order(input, StagedBlob::DocumentElementOrder)?;
    for_each_candidate(input, &mut |set, shingles| {
        write_prefix(StagedTable::NearDocuments, set, threshold, &order, shingles, output)
    })
}

/// A document in the order in which documents are visited.
type Ordered = (u32, u32);

fn find_similar(
    parameters: &Parameters,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let Some(threshold) = parameters.near_threshold() else { return Ok(()) };
    let order = read_order(input, StagedBlob::DocumentElementOrder)?;
    let read = move |set: SetId| Ok(shingles_of(&text(input, set.document)?));
    let memory = input.memory();
    let join = StagedJoin::new(threshold, MAX_POSTINGS, order, memory / 2, Box::new(read));
    let max_copies = memory / 4 / 1_024;
    let mut candidates: FxHashMap<Ordered, Candidates<Ordered>> = FxHashMap::default();
    join.run(input, StagedTable::NearDocuments, &mut |pair| {
        let StagedPair { left, right, shared, union, .. } = pair;
        let of_right = candidates.entry((right.order, right.document)).or_default();
        of_right.add((left.order, left.document), similarity(shared, u64::from(union)));
        if candidates.len() > max_copies { write(&mut candidates, output) } else { Ok(()) }
    })?;
    write(&mut candidates, output)
}

fn write(
    candidates: &mut FxHashMap<Ordered, Candidates<Ordered>>,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    for ((order, document), Candidates { similar, first }) in candidates.drain() {
        let first = first.into_iter().map(|(left, similarity)| (similarity, left));
        let mut all: Vec<_> = similar.into_iter().chain(first).collect();
        all.sort_unstable();
        all.dedup();
        for (similarity, (left_order, left)) in all {
            let similarity = u32::try_from(similarity.0).unwrap_or(u32::MAX);
            let row = StagedRow::new(place_key(order, document), [left_order, left, similarity]);
            output.row(StagedTable::Candidates, row)?;
        }
    }
    Ok(())
}

/// Decides which documents stay.
fn keep(input: &dyn StepInput, output: &mut dyn StepOutput) -> store::Result<()> {
    let mut copies = KeptByCopy::default();
    for_each_group(input, StagedTable::Candidates, 0..=u64::MAX, &mut |group| {
        let mut candidates: Candidates<Ordered> = Candidates::default();
        // Several tasks may find the same candidate.
        for same in group.chunk_by(|left, right| left == right) {
            let [order, document, similarity, ..] = same[0].values;
            candidates.add((order, document), u64::from(similarity));
        }
        // This order ensures that the outcome for each candidate is known.
        let kept = candidates.best(|(_, document)| !copies.contains_key(&document));
        if let Some((_, kept)) = kept {
            copies.insert(key_start(group[0].key), kept);
        }
        Ok(())
    })?;
    for row in input.rows(StagedTable::EqualDocuments, 0..=u64::MAX)? {
        let row = row?;
        let first = row.values[0];
        let kept = copies.get(&first).copied().unwrap_or(first);
        output.row(StagedTable::DocumentMatches, StagedRow::new(row.key, [0, kept]))?;
    }
    for (copy, kept) in copies {
        output.row(StagedTable::DocumentMatches, StagedRow::new(place_key(copy, 0), [0, kept]))?;
    }
    Ok(())
}
