//! Reads files of a work folder: rows of tables by key.

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Arc;

use super::blocks::{self, BlockEntry};
use super::damaged;
use super::entry::FileEntry;
use super::logs::{Log, ORIGINS, TEXTS};
use super::section_file::SectionFile;
use crate::index::sections::Section;
use dechaff_duplicates::staged::{StagedBlob, StagedRow, StagedTable, place_key};
use dechaff_duplicates::store::Result;

/// Returns the names of the sections with the rows of a table and with its block table.
pub(super) fn table_sections(table: StagedTable) -> [String; 2] {
    [format!("rows-{}", table.name()), format!("blocks-{}", table.name())]
}

/// Returns the name of the section with a blob.
pub(super) fn blob_section(blob: StagedBlob) -> String {
    format!("blob-{}", blob.name())
}

/// A file that is open for reading.
#[derive(Debug)]
pub(super) struct WorkFile {
    pub(super) sections: SectionFile,
    /// The number of the first document in it, if it has sketches.
    pub(super) first_document: u32,
    /// The number of documents in it.
    pub(super) documents: u32,
    pub(super) texts: Option<Log>,
    pub(super) origins: Option<Log>,
}

impl WorkFile {
    /// Opens a file that a task wrote.
    pub(super) fn open(folder: &Path, entry: &FileEntry, first_document: u32) -> Result<Self> {
        let sections = SectionFile::open(folder.join(&entry.file), &entry.footer)?;
        let texts = Log::open(&sections, TEXTS)?;
        let origins = Log::open(&sections, ORIGINS)?;
        Ok(Self { sections, first_document, documents: entry.documents, texts, origins })
    }

    pub(super) fn path(&self) -> &Path {
        &self.sections.path
    }

    /// Reads a blob; `None` if the file has none.
    pub(super) fn blob(&self, blob: StagedBlob) -> Result<Option<Vec<u8>>> {
        let Some(section) = self.sections.find(&blob_section(blob)) else { return Ok(None) };
        let bytes = self.sections.read_all(section)?;
        zstd::stream::decode_all(&bytes[..]).map(Some).map_err(|error| damaged(self.path(), error))
    }

    /// Returns the rows of a table with these keys; `None` if there are none.
    pub(super) fn rows(
        &self,
        table: StagedTable,
        keys: RangeInclusive<u64>,
        wanted: Option<Arc<[u64]>>,
    ) -> Result<Option<FileRows<'_>>> {
        let [rows, blocks] = table_sections(table);
        let (Some(section), Some(blocks)) =
            (self.sections.find(&rows), self.sections.find(&blocks))
        else {
            return Ok(None);
        };
        let offset = match table.is_keyed_by_place() {
            true => place_key(self.first_document, 0),
            false => 0,
        };
        let Some(last) = keys.end().checked_sub(offset) else { return Ok(None) };
        let keys = keys.start().saturating_sub(offset)..=last;
        let entries = self.sections.read_all(blocks)?;
        let entries = entries.as_chunks().0.iter().map(BlockEntry::from_bytes);
        let entries: Vec<BlockEntry> = entries
            .filter(|entry| entry.last >= *keys.start() && entry.first <= *keys.end())
            .filter(|entry| wanted.as_ref().is_none_or(|wanted| has_key(wanted, entry, offset)))
            .collect();
        if entries.is_empty() {
            return Ok(None);
        }
        Ok(Some(FileRows {
            file: self,
            table,
            section,
            keys,
            wanted,
            key_offset: offset,
            entries: entries.into_iter(),
            rows: Vec::new().into_iter(),
        }))
    }
}

/// Whether a block may have one of `keys`, which are sorted.
fn has_key(keys: &[u64], entry: &BlockEntry, offset: u64) -> bool {
    let first = keys.partition_point(|key| *key < entry.first.saturating_add(offset));
    keys.get(first).is_some_and(|key| *key <= entry.last.saturating_add(offset))
}

/// The rows of a table in a file, with documents numbered as in the whole corpus.
pub(super) struct FileRows<'f> {
    file: &'f WorkFile,
    table: StagedTable,
    section: &'f Section,
    keys: RangeInclusive<u64>,
    /// If set, other keys are skipped.
    wanted: Option<Arc<[u64]>>,
    key_offset: u64,
    entries: std::vec::IntoIter<BlockEntry>,
    rows: std::vec::IntoIter<StagedRow>,
}

impl FileRows<'_> {
    pub(super) fn next(&mut self) -> Result<Option<StagedRow>> {
        loop {
            for mut row in self.rows.by_ref() {
                if !self.keys.contains(&row.key) {
                    continue;
                }
                row.key += self.key_offset;
                let wanted = self.wanted.as_ref();
                if wanted.is_some_and(|wanted| wanted.binary_search(&row.key).is_err()) {
                    continue;
                }
                if self.table.has_document() {
                    row.values[0] = row.values[0].saturating_add(self.file.first_document);
                }
                return Ok(Some(row));
            }
            let Some(entry) = self.entries.next() else { return Ok(None) };
            let bytes =
                self.file.sections.read(self.section, entry.offset, u64::from(entry.length))?;
            let rows = blocks::decode(self.table, entry, &bytes, self.file.path())?;
            if rows.last().is_some_and(|row| row.key.checked_add(self.key_offset).is_none()) {
                return Err(damaged(self.file.path(), "a document number is too large"));
            }
            self.rows = rows.into_iter();
        }
    }
}
