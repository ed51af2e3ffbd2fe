//! Records gathered by key, in memory while there is room, then in a store.

use crate::check::store::{self, BlobRef, Store};

/// A record of fixed size.
pub(super) trait Record: Copy + Ord {
    /// Bytes that [`Record::write`] writes.
    const BYTES: usize;
    /// Records with one key come together.
    fn key(&self) -> u64;
    /// Adds the record's bytes to `bytes`.
    fn write(&self, bytes: &mut Vec<u8>);
    /// The record that was written as `bytes`.
    fn read(bytes: &[u8]) -> Self;
}

/// The number in the eight bytes from `at` on; 0 past the end.
pub(super) fn eight(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// The number in the four bytes from `at` on; 0 past the end.
pub(super) fn four(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map_or(0, u32::from_le_bytes)
}

/// Gathers records.
pub(super) struct Gather<'s, R> {
    held: Vec<R>,
    most: usize,
    store: &'s dyn Store,
    partitions: Vec<Vec<BlobRef>>,
}

impl<'s, R: Record> Gather<'s, R> {
    const PARTITIONS: usize = 64;

    /// Holds at most `memory` bytes, but never fewer than a thousand records. Half of it is for the room that is left when they
    /// outgrow what they have.
    pub(super) fn new(memory: usize, store: &'s dyn Store) -> Self {
        let most = (memory / 2 / size_of::<R>()).max(1_024);
        Self { held: Vec::new(), most, store, partitions: vec![Vec::new(); Self::PARTITIONS] }
    }

    /// Adds a record.
    pub(super) fn push(&mut self, record: R) -> store::Result<()> {
        if self.held.len() >= self.most {
            self.spill()?;
        }
        self.held.push(record);
        Ok(())
    }

    fn spill(&mut self) -> store::Result<()> {
        #[expect(clippy::cast_possible_truncation, reason = "the remainder depends on the low bits alone")]
        let partition = |record: &R| record.key() as usize % Self::PARTITIONS;
        // In place: this is done when memory is short.
        self.held.sort_unstable_by_key(partition);
        let mut bytes = Vec::new();
        for part in self.held.chunk_by(|left, right| partition(left) == partition(right)) {
            bytes.clear();
            part.iter().for_each(|record| record.write(&mut bytes));
            self.partitions[partition(&part[0])].push(self.store.append(&bytes)?);
        }
        self.held.clear();
        Ok(())
    }

    /// Hands out the records of each key together, in their order; the keys in no order of use.
    pub(super) fn groups(mut self, take: &mut dyn FnMut(&[R]) -> store::Result<()>) -> store::Result<()> {
        if self.partitions.iter().all(Vec::is_empty) {
            return Self::hand_out(&mut self.held, take);
        }
        self.spill()?;
        for places in &self.partitions {
            self.held.clear();
            for &place in places {
                self.held.extend(self.store.read(place)?.chunks_exact(R::BYTES).map(R::read));
            }
            Self::hand_out(&mut self.held, take)?;
        }
        Ok(())
    }

    fn hand_out(records: &mut [R], take: &mut dyn FnMut(&[R]) -> store::Result<()>) -> store::Result<()> {
        records.sort_unstable();
        records.chunk_by(|left, right| left.key() == right.key()).try_for_each(take)
    }
}
