//! Merges the segments of an index into one, without removed documents.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;

use super::Result;
use super::manifest::SegmentEntry;
use super::postings::{IndexPosting, PostingStream};
use super::segment::IndexSegment;
use super::segment_writer::{PostingWriter, SegmentTables};
use dechaff_duplicates::indexed::KeyKind;

/// Maps the unit numbers of a segment to those in the merged segment.
struct UnitNumbers {
    /// The first unit of each run of kept or removed units, with its new number if the run is kept.
    runs: Vec<(u32, Option<u32>)>,
}

impl UnitNumbers {
    fn new_number(&self, unit: u32) -> Option<u32> {
        let at = self.runs.partition_point(|(first, _)| *first <= unit).checked_sub(1)?;
        let (first, number) = *self.runs.get(at)?;
        number.map(|number| number + (unit - first))
    }
}

/// Merges `segments` into `file`.
pub(super) fn merge(
    directory: &Path,
    file: String,
    segments: &[IndexSegment],
) -> Result<SegmentEntry> {
    let mut tables = SegmentTables::new(directory, file)?;
    let mut numbers = Vec::new();
    for segment in segments {
        numbers.push(copy_documents(segment, &mut tables)?);
    }
    tables.write()?;
    for kind in KeyKind::ALL {
        merge_postings(kind, segments, &numbers, &mut tables)?;
    }
    tables.finish()
}

fn copy_documents(segment: &IndexSegment, tables: &mut SegmentTables) -> Result<UnitNumbers> {
    let mut numbers = UnitNumbers { runs: Vec::new() };
    let mut units = UnitRows { segment, rows: Vec::new(), at: 0, next: 0 };
    segment.for_each_document(&mut |document, entry| {
        // Units of removed documents before this one.
        while let Some(row) = units.peek()?.filter(|row| row.document < document) {
            debug_assert!(segment.entry.is_removed(row.document));
            numbers.add(units.number(), None);
            units.at += 1;
        }
        tables.add_document(&entry)?;
        while let Some(row) = units.peek()?.filter(|row| row.document == document) {
            let bytes = segment.sketch(&row)?;
            let new = tables.add_unit(row, &bytes)?;
            numbers.add(units.number(), Some(new));
            units.at += 1;
        }
        Ok(())
    })?;
    while units.peek()?.is_some() {
        numbers.add(units.number(), None);
        units.at += 1;
    }
    Ok(numbers)
}

impl UnitNumbers {
    fn add(&mut self, unit: u32, new: Option<u32>) {
        if self.runs.last().is_none_or(|(_, last)| last.is_some() != new.is_some()) {
            self.runs.push((unit, new));
        }
    }
}

/// The rows of a unit table, read in batches.
struct UnitRows<'s> {
    segment: &'s IndexSegment,
    rows: Vec<super::segment::UnitRow>,
    at: usize,
    /// The number of the next unit.
    next: u32,
}

impl UnitRows<'_> {
    fn peek(&mut self) -> Result<Option<super::segment::UnitRow>> {
        const BATCH: u32 = 8_192;
        if self.at == self.rows.len() {
            let end = self.next.saturating_add(BATCH).min(self.segment.entry.units);
            self.rows = self.segment.unit_rows(self.next..end)?;
            self.next = end;
            self.at = 0;
        }
        Ok(self.rows.get(self.at).copied())
    }

    /// Returns the number of the unit that `peek` returns.
    fn number(&self) -> u32 {
        let rest = u32::try_from(self.rows.len() - self.at).unwrap_or(0);
        self.next - rest
    }
}

fn merge_postings(
    kind: KeyKind,
    segments: &[IndexSegment],
    numbers: &[UnitNumbers],
    tables: &mut SegmentTables,
) -> Result<()> {
    let mut streams: Vec<PostingStream> =
        segments.iter().map(|segment| PostingStream::new(segment, kind)).collect::<Result<_>>()?;
    let mut heap: BinaryHeap<Reverse<(IndexPosting, usize)>> = BinaryHeap::new();
    let mut advance =
        |at: usize, heap: &mut BinaryHeap<Reverse<(IndexPosting, usize)>>| -> Result<()> {
            while let Some(posting) = streams[at].next(&segments[at])? {
                if let Some(unit) = numbers[at].new_number(posting.unit) {
                    heap.push(Reverse((IndexPosting { unit, ..posting }, at)));
                    break;
                }
            }
            Ok(())
        };
    for at in 0..segments.len() {
        advance(at, &mut heap)?;
    }
    let mut writer = PostingWriter::begin(kind, &mut tables.writer);
    while let Some(Reverse((posting, at))) = heap.pop() {
        writer.push(posting, &mut tables.writer)?;
        advance(at, &mut heap)?;
    }
    writer.finish(&mut tables.writer)
}
