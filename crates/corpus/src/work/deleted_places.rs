//! Places that matches refer to and that fixes of other documents may delete.

use rustc_hash::FxHashSet;

use super::compared::ComparedDocuments;
use super::task_input::WorkFiles;
use dechaff_duplicates::staged::{
    StagedCheck, StagedRow, StagedTable, key_document, key_start, place_key,
};
use dechaff_duplicates::store::Result;
use dechaff_findings::Finding;

/// A document, and the start and end of a passage in it.
type Place = (u32, u32, u32);

/// Places that may be deleted.
#[derive(Debug, Default)]
pub(super) struct DeletedPlaces(FxHashSet<Place>);

impl DeletedPlaces {
    /// Finds the places that the rows of each check refer to and that fixes may delete: only safe
    /// fixes, or all. `numbers` has the number of each document in the rows.
    pub(super) fn find<'r>(
        checks: impl Iterator<Item = (&'r dyn StagedCheck, &'r Vec<StagedRow>)>,
        numbers: &[u32],
        files: &WorkFiles,
        only_safe: bool,
    ) -> Result<Self> {
        let mut places = Self::default();
        for (check, rows) in checks {
            let (table, Some(other)) = check.matches() else { continue };
            if table == StagedTable::Matches {
                let originals = originals(rows, other, numbers);
                places.add_deleted(check, &originals, files, only_safe)?;
            }
        }
        Ok(places)
    }

    /// Adds those of `originals`, which are sorted, that fixes of matches may delete.
    fn add_deleted(
        &mut self,
        check: &dyn StagedCheck,
        originals: &[Place],
        files: &WorkFiles,
        only_safe: bool,
    ) -> Result<()> {
        let (Some(first), Some(last)) = (originals.first(), originals.last()) else {
            return Ok(());
        };
        let keys = place_key(first.0, 0)..=place_key(last.0, u32::MAX);
        let mut matches = files.rows(StagedTable::Matches, keys)?.peekable();
        for originals in originals.chunk_by(|left, right| left.0 == right.0) {
            let document = originals[0].0;
            let mut copies: Vec<(u32, u32)> = Vec::new();
            while let Some(row) = matches
                .next_if(|row| row.as_ref().map_or(true, |row| key_document(row.key) <= document))
            {
                let row = row?;
                let is_here = key_document(row.key) == document;
                if is_here && check.may_delete(&row, only_safe) {
                    copies.push((key_start(row.key), row.values[1]));
                }
            }
            // Copies are sorted by their start. For each, how far it and those before it reach.
            let mut reach = 0;
            for (_, to) in &mut copies {
                reach = reach.max(*to);
                *to = reach;
            }
            let is_deleted = |(_, start, end): &&Place| {
                let before = copies.partition_point(|(from, _)| from < end);
                copies[..before].last().is_some_and(|(_, reach)| reach > start)
            };
            self.0.extend(originals.iter().filter(is_deleted));
        }
        Ok(())
    }

    /// Whether the passage that a finding refers to is one of these.
    pub(super) fn has_target(
        &self,
        finding: &Finding,
        documents: &ComparedDocuments,
    ) -> Result<bool> {
        let Some(label) = finding.labels.first().filter(|_| !self.0.is_empty()) else {
            return Ok(false);
        };
        let number = documents.number(label.origin.as_ref().unwrap_or(&finding.origin))?;
        let offsets = (u32::try_from(label.span.start), u32::try_from(label.span.end));
        Ok(match (number, offsets) {
            (Some(number), (Ok(start), Ok(end))) => self.0.contains(&(number, start, end)),
            _ => false,
        })
    }
}

/// Returns the places that rows of matches refer to, sorted. The value `other` of a row is the index
/// of the document in `numbers`.
fn originals(rows: &[StagedRow], other: usize, numbers: &[u32]) -> Vec<Place> {
    let place = |row: &StagedRow| {
        let document = numbers.get(row.values[other] as usize).copied();
        (document.unwrap_or(u32::MAX), row.values[other + 1], row.values[other + 2])
    };
    let mut originals: Vec<Place> = rows.iter().map(place).collect();
    originals.sort_unstable();
    originals.dedup();
    originals
}
