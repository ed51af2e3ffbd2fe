//! Encodes rows in blocks: columns of variable-length numbers, compressed.

use std::path::Path;

use zstd::bulk::Compressor;

use super::damaged;
use dechaff_duplicates::staged::{Base, MAX_VALUES, StagedRow, StagedTable, key_start};
use dechaff_duplicates::store::Result;

/// The maximum number of rows in a block.
pub(super) const BLOCK_ROWS: usize = 2_048;
/// The size of an entry of a block table: first and last key, offset, length, number of rows.
pub(super) const BLOCK_ENTRY_BYTES: usize = 32;

/// The location of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BlockEntry {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) rows: u32,
}

impl BlockEntry {
    pub(super) fn to_bytes(self) -> [u8; BLOCK_ENTRY_BYTES] {
        let mut bytes = [0; BLOCK_ENTRY_BYTES];
        bytes[..8].copy_from_slice(&self.first.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.last.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.offset.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.length.to_le_bytes());
        bytes[28..].copy_from_slice(&self.rows.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8; BLOCK_ENTRY_BYTES]) -> Self {
        let number = |at: usize| {
            let bytes = bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
            bytes.map_or(0, u64::from_le_bytes)
        };
        let half = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0);
        let counts = number(24);
        Self {
            first: number(0),
            last: number(8),
            offset: number(16),
            length: half(counts),
            rows: half(counts >> 32),
        }
    }
}

/// Creates a compressor that adds a checksum to detect damage.
pub(super) fn compressor(level: i32) -> std::io::Result<Compressor<'static>> {
    let mut compressor = Compressor::new(level)?;
    compressor.include_checksum(true)?;
    Ok(compressor)
}

/// Encodes rows in ascending order.
pub(super) fn encode(
    table: StagedTable,
    rows: &[StagedRow],
    compressor: &mut Compressor<'_>,
) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(rows.len() * 16);
    let mut before = 0;
    for row in rows {
        write_number(row.key - before, &mut bytes);
        before = row.key;
    }
    for column in 0..table.columns() {
        if table.is_hash(column) {
            rows.iter().for_each(|row| bytes.extend(row.values[column].to_le_bytes()));
            continue;
        }
        for row in rows {
            let base = base(table, column, row);
            write_number(u64::from(row.values[column].wrapping_sub(base)), &mut bytes);
        }
    }
    compressor.compress(&bytes)
}

/// Decodes the rows of a block.
pub(super) fn decode(
    table: StagedTable,
    entry: BlockEntry,
    bytes: &[u8],
    path: &Path,
) -> Result<Vec<StagedRow>> {
    /// The maximum length of an encoded number.
    const MAX_NUMBER: usize = 10;
    let count = entry.rows as usize;
    let max = count.min(BLOCK_ROWS) * MAX_NUMBER * (MAX_VALUES + 1);
    let bytes = zstd::bulk::decompress(bytes, max).map_err(|error| damaged(path, error))?;
    let mut rest = bytes.as_slice();
    let short = || damaged(path, "a block is too short");
    let mut rows = vec![StagedRow::default(); count.min(BLOCK_ROWS)];
    let mut key = 0_u64;
    for row in &mut rows {
        key = key.wrapping_add(read_number(&mut rest).ok_or_else(short)?);
        row.key = key;
    }
    for column in 0..table.columns() {
        if table.is_hash(column) {
            for row in &mut rows {
                let (bytes, after) = rest.split_first_chunk().ok_or_else(short)?;
                (row.values[column], rest) = (u32::from_le_bytes(*bytes), after);
            }
            continue;
        }
        for row in &mut rows {
            let number = read_number(&mut rest).ok_or_else(short)?;
            let number =
                u32::try_from(number).map_err(|_| damaged(path, "a value is too large"))?;
            let base = base(table, column, row);
            row.values[column] = number.wrapping_add(base);
        }
    }
    Ok(rows)
}

fn base(table: StagedTable, column: usize, row: &StagedRow) -> u32 {
    match table.base(column) {
        None => 0,
        Some(Base::Start) => key_start(row.key),
        Some(Base::Value(column)) => row.values[column],
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seven bits are kept")]
fn write_number(mut number: u64, bytes: &mut Vec<u8>) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn read_number(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_are_read_as_they_were_written(
            rows in prop::collection::vec((any::<u64>(), any::<[u32; MAX_VALUES]>()), 1..50),
        ) {
            for &table in StagedTable::ALL {
                let mut rows: Vec<StagedRow> = rows.iter().map(|&(key, mut values)| {
                    values[table.columns()..].fill(0);
                    StagedRow { key, values }
                }).collect();
                rows.sort_unstable();
                let bytes = encode(table, &rows, &mut compressor(1).unwrap()).unwrap();
                let entry = BlockEntry {
                    first: rows[0].key,
                    last: rows[rows.len() - 1].key,
                    offset: 7,
                    length: u32::try_from(bytes.len()).unwrap(),
                    rows: u32::try_from(rows.len()).unwrap(),
                };
                prop_assert_eq!(BlockEntry::from_bytes(&entry.to_bytes()), entry);
                prop_assert_eq!(decode(table, entry, &bytes, Path::new("")).unwrap(), rows);
            }
        }
    }
}
