//! The texts and origins of documents, in compressed blocks.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use zstd::bulk::Compressor;

use super::blocks::compressor;
use super::damaged;
use super::section_file::SectionFile;
use crate::index::sections::Section;
use dechaff_duplicates::store::Result;
use dechaff_text::{Origin, Record};

/// The sections with texts, and those with origins: the blocks and the block table.
pub(super) const TEXTS: [&str; 2] = ["texts", "text-blocks"];
pub(super) const ORIGINS: [&str; 2] = ["origins", "origin-blocks"];

/// The size of an entry of a block table: first document, compressed length, offset, length.
const ENTRY_BYTES: usize = 24;

/// Collects strings, one for each document, and compresses them in blocks.
pub(super) struct LogWriter {
    compressor: Compressor<'static>,
    /// The strings of the open block, with the length of each.
    open: Vec<u8>,
    lengths: Vec<u32>,
    documents: u32,
    /// The size of the blocks written.
    offset: u64,
    pub(super) blocks: Vec<u8>,
}

impl LogWriter {
    pub(super) fn new(level: i32) -> std::io::Result<Self> {
        Ok(Self {
            compressor: compressor(level)?,
            open: Vec::new(),
            lengths: Vec::new(),
            documents: 0,
            offset: 0,
            blocks: Vec::new(),
        })
    }

    /// Adds the string of the next document. Returns a block if one is complete.
    pub(super) fn add(&mut self, text: &str) -> std::io::Result<Option<Vec<u8>>> {
        const BLOCK_BYTES: usize = 1 << 16;
        self.open.extend_from_slice(text.as_bytes());
        self.lengths.push(u32::try_from(text.len()).map_err(std::io::Error::other)?);
        if self.open.len() >= BLOCK_BYTES { self.finish() } else { Ok(None) }
    }

    /// Returns the last block, unless it is empty.
    pub(super) fn finish(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let count = u32::try_from(self.lengths.len()).map_err(std::io::Error::other)?;
        if count == 0 {
            return Ok(None);
        }
        let mut bytes = Vec::with_capacity(self.open.len() + 4 * (self.lengths.len() + 1));
        bytes.extend(count.to_le_bytes());
        self.lengths.drain(..).for_each(|length| bytes.extend(length.to_le_bytes()));
        bytes.append(&mut self.open);
        let compressed = self.compressor.compress(&bytes)?;
        let length = u32::try_from(compressed.len()).map_err(std::io::Error::other)?;
        self.blocks.extend(self.documents.to_le_bytes());
        self.blocks.extend(length.to_le_bytes());
        self.blocks.extend(self.offset.to_le_bytes());
        self.blocks.extend((bytes.len() as u64).to_le_bytes());
        self.documents += count;
        self.offset += u64::from(length);
        Ok(Some(compressed))
    }
}

/// Reads strings by the number of the document.
#[derive(Debug)]
pub(super) struct Log {
    section: Section,
    /// For each block: the first document, offset, compressed length, and length.
    blocks: Vec<(u32, u64, u32, usize)>,
}

impl Log {
    /// Opens the log of a file; `None` if it has none.
    pub(super) fn open(file: &SectionFile, names: [&str; 2]) -> Result<Option<Self>> {
        let [Some(section), Some(table)] = names.map(|name| file.find(name)) else {
            return Ok(None);
        };
        let bytes = file.read_all(table)?;
        let entry = |bytes: &[u8; ENTRY_BYTES]| {
            let half = |at: usize| {
                let bytes = bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
                bytes.map_or(0, u32::from_le_bytes)
            };
            let number = |at: usize| u64::from(half(at + 4)) << 32 | u64::from(half(at));
            (half(0), number(8), half(4), usize::try_from(number(16)).unwrap_or(usize::MAX))
        };
        let blocks = bytes.as_chunks().0.iter().map(entry).collect();
        Ok(Some(Self { section: section.clone(), blocks }))
    }

    /// Returns the number of the block with a document.
    pub(super) fn block_of(&self, document: u32) -> Option<usize> {
        self.blocks.partition_point(|(first, ..)| *first <= document).checked_sub(1)
    }

    /// Reads a block.
    pub(super) fn read(&self, file: &SectionFile, block: usize) -> Result<LogBlock> {
        let invalid = || damaged(&file.path, "a block of texts is damaged");
        let &(first, offset, length, size) = self.blocks.get(block).ok_or_else(invalid)?;
        let bytes = file.read(&self.section, offset, u64::from(length))?;
        // A damaged length must not exhaust memory.
        let size = size.min(zstd::bulk::Decompressor::upper_bound(&bytes).unwrap_or(0));
        let bytes = zstd::bulk::decompress(&bytes, size).map_err(|_| invalid())?;
        let (count, rest) = bytes.split_first_chunk().ok_or_else(invalid)?;
        let count = u32::from_le_bytes(*count) as usize;
        let lengths = count.checked_mul(4).and_then(|size| rest.get(..size)).ok_or_else(invalid)?;
        let mut at = 4 + lengths.len();
        let mut ranges = Vec::with_capacity(count);
        for length in lengths.as_chunks().0 {
            let end = at + u32::from_le_bytes(*length) as usize;
            ranges.push(at..end);
            at = end;
        }
        if at > bytes.len() {
            return Err(invalid());
        }
        Ok(LogBlock { first, bytes, ranges })
    }
}

/// The strings of consecutive documents.
pub(super) struct LogBlock {
    /// The number of the first document.
    first: u32,
    bytes: Vec<u8>,
    /// The range of each document's string.
    ranges: Vec<Range<usize>>,
}

impl LogBlock {
    /// Returns the string of a document, unless it is damaged or in another block.
    pub(super) fn get(&self, document: u32) -> Option<&str> {
        let range = self.ranges.get(document.checked_sub(self.first)? as usize)?;
        std::str::from_utf8(self.bytes.get(range.clone())?).ok()
    }
}

/// The origin of a document, as stored.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredOrigin {
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<Record>,
}

impl StoredOrigin {
    pub(super) fn encode(origin: &Origin) -> std::io::Result<String> {
        let Origin { path, record } = origin.clone();
        serde_json::to_string(&Self { path, record }).map_err(std::io::Error::other)
    }

    pub(super) fn decode(text: &str, path: &Path) -> Result<Arc<Origin>> {
        let Self { path, record } =
            serde_json::from_str(text).map_err(|error| damaged(path, error))?;
        Ok(Arc::new(Origin { path, record }))
    }
}
