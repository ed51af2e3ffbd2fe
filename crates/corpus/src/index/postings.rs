//! Reads the postings of a segment: by key, or all in order.

use super::segment::{
    BLOCK, IndexSegment, POSTING_BYTES, Section, posting_sections, read_u32, read_u64,
};
use super::{IndexError, Result};
use dechaff_duplicates::indexed::KeyKind;

/// A unit that has a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct IndexPosting {
    pub(super) key: u64,
    pub(super) unit: u32,
    pub(super) detail: u32,
}

impl IndexPosting {
    pub(super) fn to_bytes(self) -> [u8; POSTING_BYTES] {
        let mut bytes = [0; POSTING_BYTES];
        bytes[..8].copy_from_slice(&self.key.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.unit.to_le_bytes());
        bytes[12..].copy_from_slice(&self.detail.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        Self { key: read_u64(bytes, 0), unit: read_u32(bytes, 8), detail: read_u32(bytes, 12) }
    }
}

/// The size of an encoded block.
const BLOCK_BYTES: u64 = (BLOCK * POSTING_BYTES) as u64;

impl IndexSegment {
    /// Calls `visit` with each posting of one of `keys`, which are sorted.
    ///
    /// A few keys are looked up block by block. Many are merged with the postings, which are then
    /// read in larger chunks.
    pub(super) fn lookup(
        &self,
        kind: KeyKind,
        keys: &[u64],
        visit: &mut dyn FnMut(&IndexPosting),
    ) -> Result<()> {
        /// Number of blocks per read if most of them have a key.
        const MAX_BLOCKS: usize = 64;
        let [name, _] = posting_sections(kind);
        let section = self.section(&name)?;
        let Some(blocks) = self.blocks.get(kind.number()).filter(|blocks| !blocks.is_empty())
        else {
            return Ok(());
        };
        let mut loaded = LoadedBlocks { blocks: 0..0, bytes: Vec::new() };
        let mut at = 0;
        for (number, &key) in keys.iter().enumerate() {
            // The first posting with the key may be in the preceding block.
            at += blocks[at..].partition_point(|first| *first < key).saturating_sub(1);
            let mut block = at;
            while blocks.get(block).is_some_and(|first| *first <= key) {
                if !loaded.blocks.contains(&block) {
                    let is_dense = (keys.len() - number) * 2 > blocks.len() - block;
                    let count = if is_dense { MAX_BLOCKS } else { 1 };
                    loaded.load(self, section, block..(block + count).min(blocks.len()))?;
                }
                loaded.visit(block, key, visit);
                block += 1;
            }
        }
        Ok(())
    }
}

/// Some blocks in memory.
struct LoadedBlocks {
    blocks: std::ops::Range<usize>,
    bytes: Vec<u8>,
}

impl LoadedBlocks {
    fn load(
        &mut self,
        segment: &IndexSegment,
        section: &Section,
        blocks: std::ops::Range<usize>,
    ) -> Result<()> {
        let from = blocks.start as u64 * BLOCK_BYTES;
        let length = (blocks.len() as u64 * BLOCK_BYTES).min(section.length.saturating_sub(from));
        self.bytes = segment.read(section, from, length)?;
        self.blocks = blocks;
        Ok(())
    }

    /// Calls `visit` with each posting of a block with the key.
    fn visit(&self, block: usize, key: u64, visit: &mut dyn FnMut(&IndexPosting)) {
        let start = (block - self.blocks.start) * BLOCK;
        let (postings, _) = self.bytes.as_chunks::<POSTING_BYTES>();
        let block = postings.get(start..(start + BLOCK).min(postings.len())).unwrap_or_default();
        let first = block.partition_point(|bytes| read_u64(bytes, 0) < key);
        let with_key = block[first..].iter().map(|bytes| IndexPosting::from_bytes(bytes));
        with_key.take_while(|posting| posting.key == key).for_each(|posting| visit(&posting));
    }
}

/// All postings of a kind, in order.
pub(super) struct PostingStream {
    section: Section,
    /// The offset of the next read.
    offset: u64,
    bytes: Vec<u8>,
    at: usize,
}

impl PostingStream {
    pub(super) fn new(segment: &IndexSegment, kind: KeyKind) -> Result<Self> {
        let [name, _] = posting_sections(kind);
        let section = segment.section(&name)?.clone();
        if section.length % POSTING_BYTES as u64 != 0 {
            let what = format!("`{name}` ends within an entry");
            return Err(IndexError::damaged(&segment.path, what));
        }
        Ok(Self { section, offset: 0, bytes: Vec::new(), at: 0 })
    }

    pub(super) fn next(&mut self, segment: &IndexSegment) -> Result<Option<IndexPosting>> {
        const CHUNK: u64 = 1 << 18;
        if self.at == self.bytes.len() {
            let length = CHUNK.min(self.section.length - self.offset);
            if length == 0 {
                return Ok(None);
            }
            self.bytes = segment.read(&self.section, self.offset, length)?;
            self.offset += length;
            self.at = 0;
        }
        let posting =
            self.bytes.get(self.at..self.at + POSTING_BYTES).map(IndexPosting::from_bytes);
        self.at += POSTING_BYTES;
        Ok(posting)
    }
}
