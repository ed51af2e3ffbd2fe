//! Writes a segment.

use std::io;
use std::path::Path;

use super::manifest::SegmentEntry;
use super::postings::IndexPosting;
use super::sections::SectionWriter;
use super::segment::{
    BLOCK, DOCUMENT_OFFSETS, DOCUMENTS, IndexEntry, MAGIC, SKETCHES, UNIT_BYTES, UNITS, UnitRow,
    posting_sections,
};
use super::{IndexError, Result};
use dechaff_duplicates::indexed::{IndexKey, KeyKind};

/// A document to add to an index.
#[derive(Debug)]
pub struct NewDocument {
    /// The document.
    pub entry: IndexEntry,
    /// Its units, in order.
    pub units: Vec<NewUnit>,
}

/// A unit of a document to add.
#[derive(Debug)]
pub struct NewUnit {
    /// The number of the check that compares it.
    pub check: u32,
    /// The offset in the text.
    pub start: u32,
    /// The number of the line there, counted from 1.
    pub line: u32,
    /// The unit, encoded.
    pub bytes: Vec<u8>,
    /// Its keys.
    pub keys: Vec<IndexKey>,
}

/// Writes the postings of a kind: a section of postings, then the first key of each block.
pub(super) struct PostingWriter {
    kind: KeyKind,
    blocks: Vec<u8>,
    count: usize,
}

impl PostingWriter {
    pub(super) fn begin(kind: KeyKind, writer: &mut SectionWriter) -> Self {
        writer.begin(&posting_sections(kind)[0]);
        Self { kind, blocks: Vec::new(), count: 0 }
    }

    pub(super) fn push(&mut self, posting: IndexPosting, writer: &mut SectionWriter) -> Result<()> {
        if self.count.is_multiple_of(BLOCK) {
            self.blocks.extend_from_slice(&posting.key.to_le_bytes());
        }
        self.count += 1;
        writer.write(&posting.to_bytes())
    }

    pub(super) fn finish(self, writer: &mut SectionWriter) -> Result<()> {
        writer.begin(&posting_sections(self.kind)[1]);
        writer.write(&self.blocks)
    }
}

/// Writes documents and units. Sketches go to the file immediately; the tables follow when all
/// sketches are written.
pub(super) struct SegmentTables {
    pub(super) writer: SectionWriter,
    units: Vec<u8>,
    documents: Vec<u8>,
    document_offsets: Vec<u8>,
    pub(super) entry: SegmentEntry,
}

impl SegmentTables {
    pub(super) fn new(directory: &Path, file: String) -> Result<Self> {
        let mut writer = SectionWriter::new(&directory.join(&file), MAGIC)?;
        writer.begin(SKETCHES);
        let entry = SegmentEntry {
            file,
            footer: String::new(),
            documents: 0,
            units: 0,
            text_bytes: 0,
            removed: Vec::new(),
        };
        Ok(Self {
            writer,
            units: Vec::new(),
            documents: Vec::new(),
            document_offsets: Vec::new(),
            entry,
        })
    }

    /// Adds a document. Its units follow.
    pub(super) fn add_document(&mut self, document: &IndexEntry) -> Result<()> {
        self.entry.documents = next(self.entry.documents, "documents")?;
        self.entry.text_bytes += document.bytes;
        self.document_offsets.extend((self.documents.len() as u64).to_le_bytes());
        serde_json::to_writer(&mut self.documents, document)
            .map_err(|error| self.writer.failed(io::Error::other(error)))?;
        self.documents.push(b'\n');
        Ok(())
    }

    /// Adds a unit of the document added last. Returns its number. `row` has the check and the
    /// position in the text.
    pub(super) fn add_unit(&mut self, row: UnitRow, bytes: &[u8]) -> Result<u32> {
        let number = self.entry.units;
        self.entry.units = next(number, "units")?;
        let document = self.entry.documents.saturating_sub(1);
        let offset = self.writer.length();
        self.writer.write(bytes)?;
        self.units.extend(UnitRow { document, offset, ..row }.to_bytes());
        Ok(number)
    }

    /// Writes the tables. Postings follow.
    pub(super) fn write(&mut self) -> Result<()> {
        self.document_offsets.extend((self.documents.len() as u64).to_le_bytes());
        let tables = [
            (UNITS, std::mem::take(&mut self.units)),
            (DOCUMENTS, std::mem::take(&mut self.documents)),
            (DOCUMENT_OFFSETS, std::mem::take(&mut self.document_offsets)),
        ];
        for (name, table) in tables {
            self.writer.begin(name);
            self.writer.write(&table)?;
        }
        Ok(())
    }

    fn size(&self) -> usize {
        self.units.len() + self.documents.len() + self.document_offsets.len()
    }

    /// Completes the segment.
    pub(super) fn finish(self) -> Result<SegmentEntry> {
        Ok(SegmentEntry { footer: self.writer.finish()?, ..self.entry })
    }
}

fn next(number: u32, what: &str) -> Result<u32> {
    number.checked_add(1).ok_or_else(|| {
        IndexError(format!("more than 4,294,967,295 {what} in one segment; add them in parts"))
    })
}

/// Writes a segment of new documents.
pub(super) struct SegmentWriter {
    pub(super) tables: SegmentTables,
    /// The postings of each kind.
    postings: Vec<Vec<IndexPosting>>,
    posting_count: usize,
}

impl SegmentWriter {
    pub(super) fn new(directory: &Path, file: String) -> Result<Self> {
        let postings = KeyKind::ALL.map(|_| Vec::new()).into();
        Ok(Self { tables: SegmentTables::new(directory, file)?, postings, posting_count: 0 })
    }

    pub(super) fn add(&mut self, document: &NewDocument) -> Result<()> {
        self.tables.add_document(&document.entry)?;
        for unit in &document.units {
            let length = u32::try_from(unit.bytes.len())
                .map_err(|_| IndexError("more than 4,294,967,295 bytes in one unit".into()))?;
            let row = UnitRow {
                document: 0,
                check: unit.check,
                offset: 0,
                length,
                start: unit.start,
                line: unit.line,
            };
            let number = self.tables.add_unit(row, &unit.bytes)?;
            for key in &unit.keys {
                if let Some(postings) = self.postings.get_mut(key.kind.number()) {
                    postings.push(IndexPosting { key: key.key, unit: number, detail: key.detail });
                    self.posting_count += 1;
                }
            }
        }
        Ok(())
    }

    /// Returns the number of bytes in memory.
    pub(super) fn memory(&self) -> usize {
        self.tables.size() + self.posting_count * size_of::<IndexPosting>()
    }

    pub(super) fn finish(self) -> Result<SegmentEntry> {
        let Self { mut tables, postings, .. } = self;
        tables.write()?;
        for (kind, mut postings) in KeyKind::ALL.into_iter().zip(postings) {
            postings.sort_unstable();
            // A sentence may occur twice in a unit.
            postings.dedup();
            let mut writer = PostingWriter::begin(kind, &mut tables.writer);
            for posting in postings {
                writer.push(posting, &mut tables.writer)?;
            }
            writer.finish(&mut tables.writer)?;
        }
        tables.finish()
    }
}

const _: () = assert!(UNIT_BYTES == 28, "documented in docs/index.md");
