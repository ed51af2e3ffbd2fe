//! Groups records by key. Records that do not fit in memory are partitioned into a blob store.

use crate::store::{self, BlobRef, Store};

/// A record with a fixed-size encoding.
pub(super) trait FixedRecord: Copy + Ord {
    /// Size of an encoded record.
    const BYTES: usize;
    /// Returns the key by which records are grouped.
    fn key(&self) -> u64;
    /// Appends the encoded record to `bytes`.
    fn write(&self, bytes: &mut Vec<u8>);
    /// Decodes a record.
    fn read(bytes: &[u8]) -> Self;
}

/// Decodes the eight bytes at `at`, or returns 0 if there are fewer.
pub(super) fn read_u64_le(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// Decodes the four bytes at `at`, or returns 0 if there are fewer.
pub(super) fn read_u32_le(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Collects records and groups them by key.
pub(super) struct ExternalGrouper<'s, R> {
    /// The records in memory.
    records: Vec<R>,
    max_records: usize,
    store: &'s dyn Store,
    /// The stored records, partitioned by key.
    partitions: Vec<Vec<BlobRef>>,
}

impl<'s, R: FixedRecord> ExternalGrouper<'s, R> {
    const PARTITIONS: usize = 64;

    /// Keeps records in at most `memory` bytes, but at least a thousand records. Half of the memory
    /// is reserved for growing the vector.
    pub(super) fn new(memory: usize, store: &'s dyn Store) -> Self {
        const MIN_RECORDS: usize = 1_024;
        Self {
            records: Vec::new(),
            max_records: (memory / 2 / size_of::<R>()).max(MIN_RECORDS),
            store,
            partitions: vec![Vec::new(); Self::PARTITIONS],
        }
    }

    pub(super) fn push(&mut self, record: R) -> store::Result<()> {
        if self.records.len() >= self.max_records {
            self.spill()?;
        }
        self.records.push(record);
        Ok(())
    }

    /// Moves the records in memory to the store.
    fn spill(&mut self) -> store::Result<()> {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the remainder depends on the low bits alone"
        )]
        let partition = |record: &R| record.key() as usize % Self::PARTITIONS;
        // Sorted in place, because memory is short.
        self.records.sort_unstable_by_key(partition);
        let mut bytes = Vec::new();
        for part in self.records.chunk_by(|left, right| partition(left) == partition(right)) {
            bytes.clear();
            part.iter().for_each(|record| record.write(&mut bytes));
            self.partitions[partition(&part[0])].push(self.store.append(&bytes)?);
        }
        self.records.clear();
        Ok(())
    }

    /// Calls `visit` with the sorted records of each key, in no particular order of keys.
    pub(super) fn for_each_group(
        mut self,
        visit: &mut dyn FnMut(&[R]) -> store::Result<()>,
    ) -> store::Result<()> {
        if self.partitions.iter().all(Vec::is_empty) {
            return Self::visit_groups(&mut self.records, visit);
        }
        self.spill()?;
        for blobs in &self.partitions {
            self.records.clear();
            for &blob in blobs {
                self.records.extend(self.store.read(blob)?.chunks_exact(R::BYTES).map(R::read));
            }
            Self::visit_groups(&mut self.records, visit)?;
        }
        Ok(())
    }

    fn visit_groups(
        records: &mut [R],
        visit: &mut dyn FnMut(&[R]) -> store::Result<()>,
    ) -> store::Result<()> {
        records.sort_unstable();
        records.chunk_by(|left, right| left.key() == right.key()).try_for_each(visit)
    }
}
