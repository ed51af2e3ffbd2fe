//! A cache of the blocks of an object.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use bytes::Bytes;

/// The size of a block in bytes.
pub(super) const BLOCK_BYTES: u64 = 256 << 10;
/// The maximum number of blocks that one request reads.
pub(super) const MAX_REQUEST_BLOCKS: u64 = 32;
/// The maximum number of blocks in memory: those of a request, and some before it.
const MAX_RECENT_BLOCKS: usize = 40;

/// The blocks of an object that were read: the most recent ones in memory, or all of them in a
/// temporary file.
#[derive(Debug)]
pub(super) enum Blocks {
    Recent(VecDeque<(u64, Bytes)>),
    Kept(File, BTreeSet<u64>),
}

impl Blocks {
    /// Adds the bytes of a request that started at block `first`.
    pub(super) fn insert(&mut self, first: u64, bytes: &Bytes) -> io::Result<()> {
        let parts = bytes.chunks(usize::try_from(BLOCK_BYTES).unwrap_or(usize::MAX));
        match self {
            Self::Recent(recent) => {
                // Copy each block, so that none keeps the whole response in memory.
                recent.extend((first..).zip(parts.map(Bytes::copy_from_slice)));
                let surplus = recent.len().saturating_sub(MAX_RECENT_BLOCKS);
                recent.drain(..surplus);
            }
            Self::Kept(file, present) => {
                file.seek(SeekFrom::Start(first * BLOCK_BYTES))?;
                file.write_all(bytes)?;
                present.extend((first..).zip(parts).map(|(block, _)| block));
            }
        }
        Ok(())
    }

    pub(super) fn contains(&self, block: u64) -> bool {
        match self {
            Self::Recent(recent) => recent.iter().any(|(number, _)| *number == block),
            Self::Kept(_, present) => present.contains(&block),
        }
    }

    /// Reads bytes of one block, which must be cached, from its byte `offset`.
    pub(super) fn read(&mut self, block: u64, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Recent(recent) => {
                let found = recent.iter().find(|(number, _)| *number == block);
                let bytes = found.map_or(&[][..], |(_, bytes)| bytes);
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let bytes = bytes.get(start..).unwrap_or_default();
                let length = bytes.len().min(buffer.len());
                buffer[..length].copy_from_slice(&bytes[..length]);
                Ok(length)
            }
            Self::Kept(file, _) => {
                let length = BLOCK_BYTES.saturating_sub(offset).min(buffer.len() as u64);
                let length = usize::try_from(length).unwrap_or(usize::MAX);
                file.seek(SeekFrom::Start(block * BLOCK_BYTES + offset))?;
                io::Read::read(file, &mut buffer[..length])
            }
        }
    }

    /// Returns how many blocks to read from `first`. The number grows with the number of preceding
    /// blocks that were read, so that reading a whole object takes a few large requests, and
    /// reading a few bytes takes a small one.
    pub(super) fn ahead(&self, first: u64) -> u64 {
        let before = first.saturating_sub(MAX_REQUEST_BLOCKS)..first;
        let count = before.filter(|block| self.contains(*block)).count() as u64;
        count.clamp(1, MAX_REQUEST_BLOCKS)
    }

    /// Moves the blocks to a temporary file.
    pub(super) fn keep(&mut self) -> io::Result<()> {
        if let Self::Recent(recent) = self {
            let blocks = std::mem::take(recent);
            *self = Self::Kept(tempfile::tempfile()?, BTreeSet::new());
            for (block, bytes) in blocks {
                self.insert(block, &bytes)?;
            }
        }
        Ok(())
    }
}
