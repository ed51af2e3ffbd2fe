//! Groups rows by key, skipping units that earlier steps have reported.

use std::ops::RangeInclusive;

use crate::staged::{StagedRow, StagedTable, StepInput, place_key};
use crate::store;

/// Calls `visit` with the rows of each key in `keys`, in order, except for rows in claimed units.
pub(super) fn for_each_unclaimed_group(
    input: &dyn StepInput,
    table: StagedTable,
    keys: RangeInclusive<u64>,
    visit: &mut dyn FnMut(&[StagedRow]) -> store::Result<()>,
) -> store::Result<()> {
    for_each_batch(input, table, keys, &mut |mut batch| {
        retain_unclaimed(input, &mut batch)?;
        batch.chunk_by(|left, right| left.key == right.key).try_for_each(&mut *visit)
    })
}

/// Returns the place of the unit of a row whose first values are a document and the start of a
/// unit.
pub(super) fn unit_place(row: &StagedRow) -> u64 {
    place_key(row.values[0], row.values[1])
}

/// Calls `visit` with batches of rows that fit into memory. All rows of a key are in one batch.
fn for_each_batch(
    input: &dyn StepInput,
    table: StagedTable,
    keys: RangeInclusive<u64>,
    visit: &mut dyn FnMut(Vec<StagedRow>) -> store::Result<()>,
) -> store::Result<()> {
    const MIN_ROWS: usize = 16;
    // A row, its place and its index. A growing vector briefly takes twice that.
    let max_rows = (input.memory() / 2 / (size_of::<StagedRow>() + 16)).max(MIN_ROWS);
    let mut batch: Vec<StagedRow> = Vec::new();
    for row in input.rows(table, keys)? {
        let row = row?;
        if batch.len() >= max_rows && batch.last().is_some_and(|last| last.key != row.key) {
            input.check_interrupt()?;
            visit(std::mem::take(&mut batch))?;
        }
        batch.push(row);
    }
    if batch.is_empty() { Ok(()) } else { visit(batch) }
}

/// Drops the rows in units that earlier steps have claimed.
fn retain_unclaimed(input: &dyn StepInput, batch: &mut Vec<StagedRow>) -> store::Result<()> {
    let mut places: Vec<(u64, usize)> =
        batch.iter().enumerate().map(|(index, row)| (unit_place(row), index)).collect();
    places.sort_unstable();
    let (Some((first, _)), Some((last, _))) = (places.first(), places.last()) else {
        return Ok(());
    };
    let mut is_claimed = vec![false; batch.len()];
    let claims = input.rows(StagedTable::Claims, *first..=*last)?;
    let mut places = places.into_iter().peekable();
    for claim in claims {
        let claim = claim?.key;
        while places.next_if(|(place, _)| *place < claim).is_some() {}
        while let Some((_, index)) = places.next_if(|(place, _)| *place == claim) {
            is_claimed[index] = true;
        }
    }
    let mut flags = is_claimed.into_iter();
    batch.retain(|_| !flags.next().unwrap_or_default());
    Ok(())
}

/// The units of a share of the documents, in order, and whether each is claimed.
pub(super) struct UnitStream<'i> {
    units: crate::staged::Rows<'i>,
    claims: std::iter::Peekable<crate::staged::Rows<'i>>,
}

impl<'i> UnitStream<'i> {
    pub(super) fn new(
        input: &'i dyn StepInput,
        places: RangeInclusive<u64>,
    ) -> store::Result<Self> {
        let units = input.rows(StagedTable::Units, places.clone())?;
        Ok(Self { units, claims: input.rows(StagedTable::Claims, places)?.peekable() })
    }

    /// Returns the next unit, and whether it is claimed.
    pub(super) fn next(&mut self) -> store::Result<Option<(StagedRow, bool)>> {
        let Some(unit) = self.units.next().transpose()? else { return Ok(None) };
        loop {
            match self.claims.peek() {
                Some(Ok(claim)) if claim.key < unit.key => drop(self.claims.next()),
                Some(Ok(claim)) => return Ok(Some((unit, claim.key == unit.key))),
                Some(Err(error)) => return Err(error.clone()),
                None => return Ok(Some((unit, false))),
            }
        }
    }
}
