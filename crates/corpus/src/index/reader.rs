//! Reads an index.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::manifest::{IndexSettings, Manifest};
use super::segment::{IndexEntry, IndexSegment};
use super::{IndexError, Result, hex};
use crate::{display_path, storage};
use dechaff_duplicates::element_order::ElementOrder;
use dechaff_duplicates::indexed::{
    IndexedDocument, KeyKind, PostingVisitor, ReferenceIndex, StoredUnit, UnitId,
};
use dechaff_duplicates::store;
use dechaff_text::{Origin, path_of};

/// An index that is open for reading. It is a snapshot of the time when it was opened.
#[derive(Debug)]
pub struct IndexReader {
    path: PathBuf,
    /// The working directory, which displayed paths are relative to.
    here: PathBuf,
    manifest: Manifest,
    pub(super) segments: Vec<IndexSegment>,
    order: ElementOrder,
}

impl IndexReader {
    /// Opens the index at `path`. `here` is the working directory.
    ///
    /// # Errors
    ///
    /// There is no index, or it is damaged or has another version.
    pub fn open(path: &Path, here: &Path) -> Result<Self> {
        /// A writer may replace the segments between reading the manifest and opening them.
        const TRIES: usize = 20;
        for _ in 0..TRIES {
            let Some(manifest) = Manifest::read(path)? else {
                return Err(IndexError::new(
                    path,
                    "no index here; create one with `dechaff index add`",
                ));
            };
            let segments = manifest.segments.iter().map(|entry| IndexSegment::open(path, entry));
            let Some(segments) = segments.collect::<Result<Option<Vec<_>>>>()? else { continue };
            let Some(order) = read_order(path, &manifest)? else { continue };
            let (path, here) = (path.to_owned(), here.to_owned());
            return Ok(Self { path, here, manifest, segments, order });
        }
        Err(IndexError::damaged(path, "a file listed in the manifest is missing"))
    }

    /// Returns the directory of the index.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the file that changes whenever the index at `path` changes.
    pub fn manifest_path(path: &Path) -> PathBuf {
        path.join(super::manifest::FILE_NAME)
    }

    /// Returns the manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Checks that documents with these settings can be compared with the index.
    ///
    /// # Errors
    ///
    /// Describes the difference, and what to do.
    pub fn require(&self, settings: &IndexSettings) -> Result<()> {
        match settings.conflict(&self.manifest.settings, false) {
            Some(conflict) => Err(IndexError::new(
                &self.path,
                format_args!("cannot compare with the index: {conflict}"),
            )),
            None => Ok(()),
        }
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// The index cannot be read.
    pub fn entry(&self, document: IndexedDocument) -> Result<IndexEntry> {
        self.segment(document.segment)?.document(document.document)
    }

    /// Checks all checksums and counts.
    ///
    /// # Errors
    ///
    /// Returns the first damage found.
    pub fn verify(&self) -> Result<()> {
        self.segments.iter().try_for_each(IndexSegment::verify)
    }

    /// Calls `visit` with each document that is not removed.
    ///
    /// # Errors
    ///
    /// The index cannot be read.
    pub fn for_each_document(
        &self,
        visit: &mut dyn FnMut(IndexedDocument, IndexEntry) -> Result<()>,
    ) -> Result<()> {
        for (number, segment) in (0_u32..).zip(&self.segments) {
            segment.for_each_document(&mut |document, entry| {
                visit(IndexedDocument { segment: number, document }, entry)
            })?;
        }
        Ok(())
    }

    /// Returns the path of a document for display.
    pub(super) fn shown_path(&self, entry: &IndexEntry) -> String {
        display_path(&self.here, &path_of(&entry.path))
    }

    fn segment(&self, number: u32) -> Result<&IndexSegment> {
        self.segments
            .get(number as usize)
            .ok_or_else(|| IndexError::damaged(&self.path, "a segment is missing"))
    }
}

fn read_order(path: &Path, manifest: &Manifest) -> Result<Option<ElementOrder>> {
    let (name, hash) = &manifest.order;
    let file = path.join(name);
    let bytes = match storage::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(IndexError::io(&file, &error)),
    };
    if hex(&Sha256::digest(&bytes)) != *hash {
        return Err(IndexError::damaged(&file, "the checksum is wrong"));
    }
    ElementOrder::from_bytes(bytes)
        .map(Some)
        .ok_or_else(|| IndexError::damaged(&file, "the size is wrong"))
}

impl ReferenceIndex for IndexReader {
    fn lookup(
        &mut self,
        kind: KeyKind,
        keys: &[u64],
        visit: &mut PostingVisitor<'_>,
    ) -> store::Result<()> {
        for (segment, of_segment) in (0_u32..).zip(&self.segments) {
            of_segment.lookup(kind, keys, &mut |posting| {
                visit(posting.key, UnitId { segment, unit: posting.unit }, posting.detail);
            })?;
        }
        Ok(())
    }

    fn document_of(&mut self, unit: UnitId) -> store::Result<Option<IndexedDocument>> {
        let segment = self.segment(unit.segment)?;
        let document = segment.unit_row(unit.unit)?.document;
        let is_removed = segment.entry.is_removed(document);
        Ok((!is_removed).then_some(IndexedDocument { segment: unit.segment, document }))
    }

    fn origin(&mut self, document: IndexedDocument) -> store::Result<Arc<Origin>> {
        let entry = self.entry(document)?;
        Ok(entry.origin(self.shown_path(&entry)))
    }

    fn unit(&mut self, unit: UnitId) -> store::Result<StoredUnit> {
        let segment = self.segment(unit.segment)?;
        Ok(segment.unit(unit.segment, &segment.unit_row(unit.unit)?)?)
    }

    fn order(&self) -> &ElementOrder {
        &self.order
    }
}
