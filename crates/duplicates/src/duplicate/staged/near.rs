//! Finds units that differ in a few words, in steps.

use rustc_hash::FxHashMap;

use super::super::Keep;
use super::super::matches::{DocSpan, Match, MatchEvidence};
use super::super::near_duplicate::{BestMatch, RemainingSets};
use super::super::set_join::count_shared;
use super::super::sketch::shingles;
use super::super::unit_kind::UnitKind;
use super::groups::UnitStream;
use super::join::SetPosting;
use super::signature::SetSignature;
use super::{DuplicateCheck, LastText, SetId, StagedJoin, StagedPair};
use crate::element_order::{ELEMENT_BITS, ElementOrder};
use crate::staged::{
    StagedBlob, StagedRow, StagedTable, StepInput, StepOutput, key_document, key_start, place_key,
};
use crate::store::{self, StoreError, to_u32};

/// Calls `visit` with each compared unit of the share, its number of words and its shingles.
fn for_each_candidate(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    visit: &mut dyn FnMut(DocSpan, u32, Vec<u64>) -> store::Result<()>,
) -> store::Result<()> {
    let mut texts = LastText::new(input);
    let mut units = UnitStream::new(input, input.share())?;
    let mut document = None;
    while let Some((row, is_claimed)) = units.next()? {
        let [end, words, kind, count, ..] = row.values;
        if is_claimed || count == 0 || !check.is_near_length(UnitKind::from_number(kind), words) {
            continue;
        }
        let place = DocSpan { document: key_document(row.key), start: key_start(row.key), end };
        if document != Some(place.document) {
            document = Some(place.document);
            input.check_interrupt()?;
        }
        visit(place, words, shingles(&texts.tokens(place)?))?;
    }
    Ok(())
}

/// Counts the shingles of a share.
pub(super) fn count(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    if check.near_rule().is_none() {
        return Ok(());
    }
    let mut counts = ElementCounts::new(input, 0)?;
    for_each_candidate(check, input, &mut |_, _, shingles| {
        counts.add(&shingles);
        Ok(())
    })?;
    counts.write(StagedBlob::ElementCounts, output)
}

/// Counts the elements of sets.
pub(crate) struct ElementCounts {
    counts: ElementOrder,
    elements: u64,
}

impl ElementCounts {
    /// Creates a table sized for the sum of the sketches' totals at index `at`.
    pub(crate) fn new(input: &dyn StepInput, at: usize) -> store::Result<Self> {
        let mut total = 0_u64;
        input.blobs(StagedBlob::Totals, &mut |bytes| {
            let part = bytes.get(8 * at..8 * at + 8).and_then(|bytes| bytes.try_into().ok());
            total += part.map_or(0, u64::from_le_bytes);
            Ok(())
        })?;
        let capacity = usize::try_from(total).unwrap_or(usize::MAX);
        Ok(Self { counts: ElementOrder::with_capacity(capacity), elements: 0 })
    }

    pub(crate) fn add(&mut self, set: &[u64]) {
        self.elements += set.len() as u64;
        set.iter().for_each(|element| self.counts.count(*element));
    }

    /// Writes the number of elements, then the table.
    pub(crate) fn write(&self, blob: StagedBlob, output: &mut dyn StepOutput) -> store::Result<()> {
        let mut bytes = self.elements.to_le_bytes().to_vec();
        bytes.extend_from_slice(self.counts.as_bytes());
        output.blob(blob, &bytes)
    }
}

/// Sums the [`ElementCounts`] of all tasks, and writes the order.
pub(crate) fn merge_counts(
    input: &dyn StepInput,
    counts: StagedBlob,
    order: StagedBlob,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let mut total = 0_u64;
    let mut sum: Option<ElementOrder> = None;
    input.blobs(counts, &mut |bytes| {
        let damaged = || StoreError { message: format!("`{}` is damaged", counts.name()) };
        let (elements, table) = bytes.split_first_chunk().ok_or_else(damaged)?;
        let table = ElementOrder::from_bytes(table.to_vec()).ok_or_else(damaged)?;
        total += u64::from_le_bytes(*elements);
        match &mut sum {
            Some(sum) => sum.add(&table),
            None => sum = Some(table),
        }
        Ok(())
    })?;
    let Some(sum) = sum else { return Ok(()) };
    // The table must have the same size as in one process, because the size determines the order.
    let order_table = sum.folded(usize::try_from(total).unwrap_or(usize::MAX));
    output.blob(order, order_table.as_bytes())
}

pub(super) fn order(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    if check.near_rule().is_none() {
        return Ok(());
    }
    merge_counts(input, StagedBlob::ElementCounts, StagedBlob::ElementOrder, output)
}

/// Reads the order of elements.
pub(crate) fn read_order(input: &dyn StepInput, blob: StagedBlob) -> store::Result<ElementOrder> {
    let mut order = ElementOrder::with_capacity(0);
    input.blobs(blob, &mut |bytes| {
        let damaged = || StoreError { message: format!("`{}` is damaged", blob.name()) };
        order = ElementOrder::from_bytes(bytes.to_vec()).ok_or_else(damaged)?;
        Ok(())
    })?;
    Ok(order)
}

/// Writes the rows of the prefix of a set.
pub(crate) fn write_prefix(
    table: StagedTable,
    set: SetId,
    threshold: super::Ratio,
    order: &ElementOrder,
    mut elements: Vec<u64>,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let size = to_u32(elements.len(), "members of one set")?;
    let signature = SetSignature::new(&elements);
    elements.iter_mut().for_each(|element| *element = order.key(*element));
    let mut before = 0;
    for (position, key) in (0_u32..).zip(threshold.prefix(&mut elements)) {
        // An element of a single set has no pairs.
        if key >> ELEMENT_BITS > 1 {
            let element = key & ((1 << ELEMENT_BITS) - 1);
            let posting = SetPosting { set, size, position, before, signature };
            output.row(table, posting.to_row(element))?;
            before = element;
        }
    }
    Ok(())
}

/// Posts each unit of a share under its rarest shingles.
pub(super) fn post(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let Some((_, parameters, threshold)) = check.near_rule() else { return Ok(()) };
    let order = read_order(input, StagedBlob::ElementOrder)?;
    for_each_candidate(check, input, &mut |place, words, elements| {
        let DocSpan { document, start, end } = place;
        let set_order = match parameters.keep {
            Keep::First => 0,
            Keep::Longest => u32::MAX - words,
        };
        let set = SetId { order: set_order, document, start, end };
        write_prefix(StagedTable::Near, set, threshold, &order, elements, output)
    })
}

/// Finds the most similar earlier unit of each unit, among the pairs of the share.
pub(super) fn find(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let Some((_, parameters, threshold)) = check.near_rule() else { return Ok(()) };
    let order = read_order(input, StagedBlob::ElementOrder)?;
    let mut texts = LastText::new(input);
    let read = move |set: SetId| read_set(&mut texts, set);
    let crowd = parameters.crowd as usize;
    let join = StagedJoin::new(threshold, crowd, order, input.memory() / 2, Box::new(read));
    let max_copies = input.memory() / 4 / 128;
    let mut best: FxHashMap<SetId, BestMatch<SetId>> = FxHashMap::default();
    join.run(input, StagedTable::Near, &mut |pair| {
        let StagedPair { left, right, shared, union, is_truncated } = pair;
        let found = BestMatch { left, shared, union, matches: 1, is_truncated };
        best.entry(right).and_modify(|best| best.add(found)).or_insert(found);
        if best.len() > max_copies { write_best(&mut best, output) } else { Ok(()) }
    })?;
    write_best(&mut best, output)
}

fn write_best(
    best: &mut FxHashMap<SetId, BestMatch<SetId>>,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    best.drain().try_for_each(|(right, best)| {
        let BestMatch { left, shared, union, matches, is_truncated } = best;
        let SetId { order, document, start, end } = left;
        let truncated = u32::from(is_truncated);
        let values = [
            right.end,
            order,
            document,
            start,
            end,
            shared,
            union,
            matches,
            truncated,
            right.order,
        ];
        output
            .row(StagedTable::Best, StagedRow::new(place_key(right.document, right.start), values))
    })
}

fn read_set(texts: &mut LastText<'_>, set: SetId) -> store::Result<Vec<u64>> {
    let SetId { document, start, end, .. } = set;
    Ok(shingles(&texts.tokens(DocSpan { document, start, end })?))
}

/// Decides which units are reported, and which of them may be deleted.
pub(super) fn keep(
    check: &DuplicateCheck,
    input: &dyn StepInput,
    output: &mut dyn StepOutput,
) -> store::Result<()> {
    let Some((rule, _, threshold)) = check.near_rule() else { return Ok(()) };
    let mut copies: Vec<(SetId, BestMatch<SetId>)> = Vec::new();
    for row in input.rows(StagedTable::Best, 0..=u64::MAX)? {
        let StagedRow { key, values } = row?;
        let [end, _, _, _, _, shared, union, matches, truncated, order] = values;
        let right = SetId { order, document: key_document(key), start: key_start(key), end };
        let left = SetId::from_values(&values[1..5]);
        let found = BestMatch { left, shared, union, matches, is_truncated: truncated != 0 };
        match copies.last_mut().filter(|(last, _)| *last == right) {
            Some((_, best)) => best.add(found),
            None => copies.push((right, found)),
        }
    }
    copies.sort_unstable_by_key(|(right, _)| *right);
    let mut remaining = RemainingSets::with_capacity(copies.len());
    let mut texts = LastText::new(input);
    for (right, best) in copies {
        let may_delete = remaining.add(best.left, right, |root, right| {
            let left_set = read_set(&mut texts, root)?;
            let right_set = read_set(&mut texts, right)?;
            let required = threshold.required(left_set.len(), right_set.len());
            Ok(count_shared(&left_set, &right_set, required).is_some())
        })?;
        let BestMatch { left, shared, union, matches, is_truncated } = best;
        let place = |set: SetId| DocSpan { document: set.document, start: set.start, end: set.end };
        let evidence = MatchEvidence::Jaccard { shared, union, is_truncated, may_delete };
        let (copy, original) = (place(right), place(left));
        let found = Match { rule, copy, original, extra_copies: matches - 1, evidence };
        check.write_claim(&found, output)?;
    }
    Ok(())
}
