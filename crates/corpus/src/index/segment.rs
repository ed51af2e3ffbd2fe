//! A segment: documents, their units and the postings of the units, in one immutable file.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::manifest::SegmentEntry;
use super::sections::read_footer;
pub(super) use super::sections::{Footer, Section, read_u32, read_u64};
use super::{IndexError, Result};
use crate::storage::SourceFile;
use dechaff_duplicates::indexed::{IndexedDocument, KeyKind, StoredUnit};
use dechaff_text::{Origin, Record};

pub(super) const MAGIC: [u8; 8] = *b"DXISEG1\n";
/// The size of an encoded row of the unit table: document, check, offset, length, start, line.
pub(super) const UNIT_BYTES: usize = 28;
/// The size of an encoded posting: key, unit, detail.
pub(super) const POSTING_BYTES: usize = 16;
/// The number of postings per block. The first key of each block is in the block table.
pub(super) const BLOCK: usize = 256;

/// A document of an index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexEntry {
    /// The absolute path of the file.
    pub path: String,
    /// The record, if the file has many documents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<Record>,
    /// The location of the text.
    pub place: DocumentPlace,
    /// The first half of the SHA-256 of the text.
    pub hash: String,
    /// The size of the text in bytes.
    pub bytes: u64,
}

impl IndexEntry {
    /// Returns the origin of the document, given the path to show.
    pub(super) fn origin(&self, path: String) -> Arc<Origin> {
        Arc::new(Origin { path, record: self.record.clone() })
    }
}

/// The location of a document's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentPlace {
    /// The file.
    File,
    /// These bytes of the file, a line of JSON with the text in the field.
    Line(u64, u64, String),
    /// A record of a file that can only be read from the start, with the text in this field or
    /// column.
    Record(String),
}

/// The names of the sections that each segment has once.
pub(super) const SKETCHES: &str = "sketches";
pub(super) const UNITS: &str = "units";
pub(super) const DOCUMENTS: &str = "documents";
pub(super) const DOCUMENT_OFFSETS: &str = "document-offsets";

/// Returns the names of the sections with the postings of a kind, and with the first key of each
/// block.
pub(super) fn posting_sections(kind: KeyKind) -> [String; 2] {
    [format!("postings-{}", kind.name()), format!("blocks-{}", kind.name())]
}

/// A segment that is open for reading.
#[derive(Debug)]
pub(super) struct IndexSegment {
    pub(super) path: PathBuf,
    pub(super) entry: SegmentEntry,
    file: SourceFile,
    pub(super) footer: Footer,
    /// Recently read parts of the tables, which are read in ascending order.
    windows: RefCell<Vec<TableWindow>>,
    /// For each kind, the first key of each block of postings.
    pub(super) blocks: Vec<Vec<u64>>,
}

/// Bytes of a section in memory.
#[derive(Debug)]
struct TableWindow {
    section: Section,
    start: u64,
    bytes: Vec<u8>,
}

/// A section with a window.
#[derive(Clone, Copy)]
enum WindowedTable {
    Sketches,
    Units,
    Documents,
    DocumentOffsets,
}

/// The names of the sections with a window, in the order of [`WindowedTable`].
const TABLES: [&str; 4] = [SKETCHES, UNITS, DOCUMENTS, DOCUMENT_OFFSETS];

/// A row of the unit table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct UnitRow {
    pub(super) document: u32,
    pub(super) check: u32,
    pub(super) offset: u64,
    pub(super) length: u32,
    pub(super) start: u32,
    pub(super) line: u32,
}

impl UnitRow {
    pub(super) fn to_bytes(self) -> [u8; UNIT_BYTES] {
        let mut bytes = [0; UNIT_BYTES];
        bytes[0..4].copy_from_slice(&self.document.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.check.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.offset.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.length.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.start.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.line.to_le_bytes());
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        Self {
            document: read_u32(bytes, 0),
            check: read_u32(bytes, 4),
            offset: read_u64(bytes, 8),
            length: read_u32(bytes, 16),
            start: read_u32(bytes, 20),
            line: read_u32(bytes, 24),
        }
    }
}

impl IndexSegment {
    /// Opens a segment of the index at `directory`. Returns `None` if the file does not exist,
    /// because it was replaced after the manifest was read.
    pub(super) fn open(directory: &Path, entry: &SegmentEntry) -> Result<Option<Self>> {
        let path = directory.join(&entry.file);
        let file = match SourceFile::open_random(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(IndexError::io(&path, &error)),
        };
        let footer =
            read_footer(&file, &entry.footer, MAGIC).map_err(|error| error.of_index(&path))?;
        let blocks = Vec::new();
        let windows = RefCell::new(Vec::new());
        let mut segment = Self { path, entry: entry.clone(), file, footer, windows, blocks };
        for name in TABLES {
            let section = segment.section(name)?.clone();
            segment.windows.get_mut().push(TableWindow { section, start: 0, bytes: Vec::new() });
        }
        for kind in KeyKind::ALL {
            let [_, name] = posting_sections(kind);
            let section = segment.section(&name)?.clone();
            let bytes = segment.read(&section, 0, section.length)?;
            segment
                .blocks
                .push(bytes.as_chunks().0.iter().map(|key| u64::from_le_bytes(*key)).collect());
        }
        Ok(Some(segment))
    }

    pub(super) fn section(&self, name: &str) -> Result<&Section> {
        let mut sections = self.footer.sections.iter();
        sections.find(|section| section.name == name).ok_or_else(|| {
            IndexError::damaged(&self.path, format_args!("the section `{name}` is missing"))
        })
    }

    /// Reads `length` bytes of a section from byte `from`.
    pub(super) fn read(&self, section: &Section, from: u64, length: u64) -> Result<Vec<u8>> {
        let is_within = from.checked_add(length).is_some_and(|end| end <= section.length);
        let size = usize::try_from(length).ok().filter(|_| is_within).ok_or_else(|| {
            IndexError::damaged(&self.path, format_args!("`{}` is too short", section.name))
        })?;
        let mut bytes = vec![0; size];
        self.file
            .read_exact_at(&mut bytes, section.offset + from)
            .map_err(|error| IndexError::io(&self.path, &error))?;
        Ok(bytes)
    }

    /// Reads a few bytes of a table.
    fn read_table(&self, table: WindowedTable, from: u64, length: u64) -> Result<Vec<u8>> {
        /// Reads ahead, which takes little longer and saves most later reads.
        const WINDOW_BYTES: u64 = 1 << 14;
        let mut windows = self.windows.borrow_mut();
        let missing = || IndexError::damaged(&self.path, "a section is missing");
        let window = windows.get_mut(table as usize).ok_or_else(missing)?;
        let range = |window: &TableWindow| {
            let start = usize::try_from(from.checked_sub(window.start)?).ok()?;
            let end = start.checked_add(usize::try_from(length).ok()?)?;
            window.bytes.get(start..end).map(<[u8]>::to_vec)
        };
        if let Some(bytes) = range(window) {
            return Ok(bytes);
        }
        let rest = window.section.length.saturating_sub(from);
        window.bytes = self.read(&window.section, from, length.max(WINDOW_BYTES.min(rest)))?;
        window.start = from;
        range(window).ok_or_else(missing)
    }

    /// Reads rows of the unit table.
    pub(super) fn unit_rows(&self, units: Range<u32>) -> Result<Vec<UnitRow>> {
        let row = UNIT_BYTES as u64;
        let count = u64::from(units.end.saturating_sub(units.start));
        let bytes = self.read(self.section(UNITS)?, u64::from(units.start) * row, count * row)?;
        Ok(bytes.chunks_exact(UNIT_BYTES).map(UnitRow::from_bytes).collect())
    }

    pub(super) fn unit_row(&self, unit: u32) -> Result<UnitRow> {
        let row = UNIT_BYTES as u64;
        let bytes = self.read_table(WindowedTable::Units, u64::from(unit) * row, row)?;
        Ok(UnitRow::from_bytes(&bytes))
    }

    /// Reads the encoded units at `row`.
    pub(super) fn sketch(&self, row: &UnitRow) -> Result<Vec<u8>> {
        self.read_table(WindowedTable::Sketches, row.offset, u64::from(row.length))
    }

    pub(super) fn unit(&self, segment: u32, row: &UnitRow) -> Result<StoredUnit> {
        let UnitRow { document, check, start, line, .. } = *row;
        let bytes = self.sketch(row)?;
        let document = IndexedDocument { segment, document };
        Ok(StoredUnit { document, check, start, line, bytes })
    }

    /// Reads a document.
    pub(super) fn document(&self, number: u32) -> Result<IndexEntry> {
        let offsets = self.read_table(WindowedTable::DocumentOffsets, u64::from(number) * 8, 16)?;
        let (from, to) = (read_u64(&offsets, 0), read_u64(&offsets, 8));
        let bytes = self.read_table(WindowedTable::Documents, from, to.saturating_sub(from))?;
        serde_json::from_slice(&bytes).map_err(|error| IndexError::damaged(&self.path, error))
    }

    /// Calls `visit` with the number and content of each document that is not removed.
    pub(super) fn for_each_document(
        &self,
        visit: &mut dyn FnMut(u32, IndexEntry) -> Result<()>,
    ) -> Result<()> {
        const BATCH: u32 = 4_096;
        let mut from = 0;
        while from < self.entry.documents {
            let to = from.saturating_add(BATCH).min(self.entry.documents);
            let count = u64::from(to - from) + 1;
            let offsets = self.section(DOCUMENT_OFFSETS)?;
            let offsets = self.read(offsets, u64::from(from) * 8, count * 8)?;
            let start = read_u64(&offsets, 0);
            let end = read_u64(&offsets, offsets.len() - 8);
            let bytes = self.read(self.section(DOCUMENTS)?, start, end.saturating_sub(start))?;
            let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
            for (number, line) in (from..to).zip(lines) {
                if !self.entry.is_removed(number) {
                    let entry = serde_json::from_slice(line)
                        .map_err(|error| IndexError::damaged(&self.path, error))?;
                    visit(number, entry)?;
                }
            }
            from = to;
        }
        Ok(())
    }
}
