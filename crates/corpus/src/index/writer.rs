//! Changes an index atomically, with one writer at a time.

use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::compact;
use super::manifest::{IndexSettings, Manifest};
use super::reader::IndexReader;
use super::segment::IndexEntry;
use super::segment_writer::{NewDocument, SegmentWriter};
use super::{IndexError, Result, attempt_name, hex};
use crate::storage::{self, is_url};
use crate::{atomic_write, remove_stale_files};
use dechaff_duplicates::element_order::ElementOrder;
use dechaff_duplicates::indexed::IndexedDocument;

const LOCK: &str = "lock";
const SEGMENT_PREFIX: &str = "segment-";
const ORDER_PREFIX: &str = "order-";

/// A writer of an index. Nothing changes before [`IndexWriter::commit`].
pub struct IndexWriter {
    path: PathBuf,
    manifest: Option<Manifest>,
    settings: IndexSettings,
    order: Option<ElementOrder>,
    segments: NewSegments,
    documents: DocumentChanges,
    names: FileNames,
    /// `None` in an object store.
    _lock: Option<File>,
}

/// The segments that a writer adds.
struct NewSegments {
    /// Bytes of postings to keep in memory.
    memory: usize,
    open: Option<SegmentWriter>,
    finished: Vec<super::SegmentEntry>,
}

impl NewSegments {
    fn new(memory: usize) -> Self {
        Self { memory, open: None, finished: Vec::new() }
    }

    /// Adds a document to the open segment. A new one is created in the directory `path`.
    fn add(&mut self, document: &NewDocument, path: &Path, names: &mut FileNames) -> Result<()> {
        let mut segment = match self.open.take() {
            Some(segment) => segment,
            None => SegmentWriter::new(path, names.next_file(SEGMENT_PREFIX, "dxs"))?,
        };
        segment.add(document)?;
        if segment.memory() > self.memory {
            self.finished.push(segment.finish()?);
        } else {
            self.open = Some(segment);
        }
        Ok(())
    }

    /// Completes the open segment.
    fn finish(&mut self) -> Result<()> {
        if let Some(segment) = self.open.take() {
            self.finished.push(segment.finish()?);
        }
        Ok(())
    }
}

/// The documents of an index, as a writer changes them.
#[derive(Default)]
struct DocumentChanges {
    /// The hash of each document's text, by path and record. Documents that this writer added have
    /// no location.
    known: HashMap<(String, u64), (String, Option<IndexedDocument>)>,
    /// Documents to remove.
    removed: Vec<IndexedDocument>,
}

impl DocumentChanges {
    /// Returns what adding a document would do.
    fn outcome(&self, entry: &IndexEntry) -> AddOutcome {
        match self.known.get(&key(entry)) {
            None => AddOutcome::New,
            Some((hash, _)) if *hash == entry.hash => AddOutcome::Known,
            Some(_) => AddOutcome::Changed,
        }
    }

    /// Adds a document in place of the one with the same path and record.
    fn add(&mut self, entry: &IndexEntry) {
        if let Some((_, Some(place))) = self.known.insert(key(entry), (entry.hash.clone(), None)) {
            self.removed.push(place);
        }
    }
}

/// Names new files.
struct FileNames {
    next: u64,
    /// Part of object names, so that two writers never write the same object.
    attempt: String,
    is_object: bool,
}

impl FileNames {
    fn next_file(&mut self, prefix: &str, extension: &str) -> String {
        let number = self.next;
        self.next += 1;
        match self.is_object {
            true => format!("{prefix}{number:06}-{}.{extension}", self.attempt),
            false => format!("{prefix}{number:06}.{extension}"),
        }
    }
}

/// The result of adding a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddOutcome {
    /// It is new.
    New,
    /// The index already has it with this text.
    Known,
    /// It replaces an entry with another text.
    Changed,
}

impl IndexWriter {
    /// Opens the index at `path` to add documents with these settings, and creates it if it does
    /// not exist.
    ///
    /// # Errors
    ///
    /// Another process is writing to it, it is damaged, or it has other settings.
    pub fn open(path: &Path, settings: IndexSettings, memory: usize) -> Result<Self> {
        if storage::is_dir(path) && Manifest::read(path)?.is_none() {
            refuse_other_files(path)?;
        }
        storage::create_dir_all(path)
            .map_err(|error| IndexError::new(path, format_args!("cannot be created: {error}")))?;
        let lock = lock(path)?;
        // Read again: another writer may have just finished.
        let manifest = Manifest::read(path)?;
        let mut writer = Self::new(path, lock, manifest, settings, memory);
        if let Some(manifest) = &writer.manifest {
            if let Some(conflict) = writer.settings.conflict(&manifest.settings, true) {
                let message =
                    format_args!("the documents cannot be added to the index: {conflict}");
                return Err(IndexError::new(path, message));
            }
            let reader = IndexReader::open(path, Path::new(""))?;
            reader.for_each_document(&mut |place, entry| {
                let key = (entry.path, entry.record.map_or(0, |record| record.index));
                writer.documents.known.insert(key, (entry.hash, Some(place)));
                Ok(())
            })?;
            writer.order =
                Some(dechaff_duplicates::indexed::ReferenceIndex::order(&reader).clone());
        }
        writer.remove_stale_files();
        Ok(writer)
    }

    /// Opens an existing index to change it.
    ///
    /// # Errors
    ///
    /// It does not exist, another process is writing to it, or it is damaged.
    pub fn open_existing(path: &Path) -> Result<(Self, IndexReader)> {
        IndexReader::open(path, Path::new(""))?;
        let lock = lock(path)?;
        let here = std::env::current_dir().unwrap_or_default();
        let reader = IndexReader::open(path, &here)?;
        let manifest = reader.manifest().clone();
        let settings = manifest.settings.clone();
        let writer = Self::new(path, lock, Some(manifest), settings, 0);
        writer.remove_stale_files();
        Ok((writer, reader))
    }

    fn new(
        path: &Path,
        lock: Option<File>,
        manifest: Option<Manifest>,
        settings: IndexSettings,
        memory: usize,
    ) -> Self {
        let names = FileNames {
            next: manifest.as_ref().map_or(1, |manifest| manifest.next),
            attempt: attempt_name(),
            is_object: is_url(path),
        };
        Self {
            path: path.to_owned(),
            manifest,
            settings,
            order: None,
            segments: NewSegments::new(memory),
            documents: DocumentChanges::default(),
            names,
            _lock: lock,
        }
    }

    /// Returns the order of set elements; `None` until [`IndexWriter::set_order`] if the index is
    /// new.
    pub fn order(&self) -> Option<&ElementOrder> {
        self.order.as_ref()
    }

    /// Sets the order of set elements of a new index.
    pub fn set_order(&mut self, order: ElementOrder) {
        self.order = Some(order);
    }

    /// Returns what adding a document would do.
    pub fn outcome(&self, entry: &IndexEntry) -> AddOutcome {
        self.documents.outcome(entry)
    }

    /// Adds a document, unless the index has it with the same text.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn add(&mut self, document: &NewDocument) -> Result<AddOutcome> {
        let outcome = self.outcome(&document.entry);
        if outcome == AddOutcome::Known {
            return Ok(outcome);
        }
        self.documents.add(&document.entry);
        self.segments.add(document, &self.path, &mut self.names)?;
        Ok(outcome)
    }

    /// Removes a document.
    pub fn remove(&mut self, document: IndexedDocument) {
        self.documents.removed.push(document);
    }

    /// Merges all segments into one, and drops removed documents. Verifies the segments first,
    /// because the new checksums of the merged one would hide damage forever.
    ///
    /// # Errors
    ///
    /// The index is damaged, or a file cannot be read or written.
    pub fn compact(&mut self, reader: &IndexReader) -> Result<()> {
        reader.verify()?;
        let file = self.names.next_file(SEGMENT_PREFIX, "dxs");
        let merged = compact::merge(&self.path, file, &reader.segments)?;
        if let Some(manifest) = &mut self.manifest {
            manifest.segments = if merged.documents == 0 { Vec::new() } else { vec![merged] };
        }
        Ok(())
    }

    /// Makes the changes visible.
    ///
    /// # Errors
    ///
    /// A file cannot be written. The index is then unchanged.
    pub fn commit(mut self) -> Result<()> {
        self.segments.finish()?;
        let mut manifest = match self.manifest.take() {
            Some(manifest) => manifest,
            None => {
                let order = self.order.take().unwrap_or_else(|| ElementOrder::with_capacity(0));
                let name = self.names.next_file(ORDER_PREFIX, "bin");
                atomic_write::create(&self.path.join(&name), order.as_bytes())
                    .map_err(|error| IndexError(error.to_string()))?;
                let hash = hex(&Sha256::digest(order.as_bytes()));
                Manifest::new(self.settings.clone(), (name, hash), self.names.next)
            }
        };
        for (number, segment) in (0_u32..).zip(&mut manifest.segments) {
            let removed = self.documents.removed.iter().filter(|place| place.segment == number);
            let removed: Vec<u32> = removed.map(|place| place.document).collect();
            segment.remove(&removed);
        }
        manifest.segments.append(&mut self.segments.finished);
        manifest.next = self.names.next;
        if let Err(error) = manifest.write(&self.path) {
            let own = manifest.files().filter(|file| file.contains(&self.names.attempt));
            own.for_each(|file| drop(storage::remove(&self.path.join(file))));
            return Err(error);
        }
        self.manifest = Some(manifest);
        self.remove_stale_files();
        Ok(())
    }

    /// Removes files that are not in the manifest. Errors are ignored: the next writer tries again.
    fn remove_stale_files(&self) {
        /// An object may belong to another writer that has not replaced the manifest yet.
        const MIN_OBJECT_AGE: Duration = Duration::from_secs(24 * 60 * 60);
        let is_object = self.names.is_object;
        if !is_object {
            remove_stale_files(&self.path);
        }
        for entry in storage::list(&self.path).unwrap_or_default() {
            let is_used =
                || self.manifest.iter().flat_map(Manifest::files).any(|file| file == entry.name);
            let age = entry.modified.and_then(|time| time.elapsed().ok()).unwrap_or_default();
            let is_stale = !is_object || age > MIN_OBJECT_AGE;
            if is_own_file(&entry.name) && is_stale && !is_used() {
                let _ = storage::remove(&entry.path);
            }
        }
    }
}

fn key(entry: &IndexEntry) -> (String, u64) {
    (entry.path.clone(), entry.record.as_ref().map_or(0, |record| record.index))
}

fn is_own_file(name: &str) -> bool {
    name.starts_with(SEGMENT_PREFIX) && name.ends_with(".dxs")
        || name.starts_with(ORDER_PREFIX) && name.ends_with(".bin")
}

/// Locks the index at `path` until the file is dropped or the process ends. An object store has no
/// locks.
fn lock(path: &Path) -> Result<Option<File>> {
    /// A process just started by the last writer may hold its lock for a moment.
    const TRIES: usize = 20;
    const PAUSE: Duration = Duration::from_millis(50);
    if is_url(path) {
        return Ok(None);
    }
    let file = path.join(LOCK);
    let io =
        |error: std::io::Error| IndexError::new(&file, format_args!("cannot be locked: {error}"));
    let lock = File::options().create(true).truncate(false).write(true).open(&file).map_err(io)?;
    for _ in 0..TRIES {
        match lock.try_lock() {
            Ok(()) => return Ok(Some(lock)),
            Err(TryLockError::WouldBlock) => std::thread::sleep(PAUSE),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
    }
    Err(IndexError::new(path, "another process is writing the index; try again when it is done"))
}

/// Rejects a directory that has other files, so that a corpus is never mistaken for an index.
fn refuse_other_files(path: &Path) -> Result<()> {
    let entries = storage::list(path).map_err(|error| IndexError::io(path, &error))?;
    let is_other =
        |name: &str| !(is_own_file(name) || name == LOCK || name.starts_with(".dechaff-"));
    match entries.iter().find(|entry| is_other(&entry.name)) {
        Some(_) => Err(IndexError::new(
            path,
            "the directory has other files but is not an index; use a new directory",
        )),
        None => Ok(()),
    }
}
