//! A store for the texts of records and of changed files, with random access.
//!
//! Verifying duplicates needs texts in no particular order. A plain JSON Lines file is its own
//! store: the position of the line is enough. All other texts are compressed, in memory or in a
//! temporary file.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::shard::{ReadOptions, RecordHandle, text_at};
use super::spill_store::SpillStore;
use super::storage::{SourceFile, is_url};
use dechaff_duplicates::store::{BlobRef, Result, Store, StoreError};
use dechaff_text::Origin;

/// Stores texts by file and record.
pub struct TextStore {
    read_options: ReadOptions,
    blobs: SpillStore,
    files: HashMap<String, FileTexts>,
    /// The file read last.
    open: RefCell<Option<(PathBuf, SourceFile)>>,
}

struct FileTexts {
    path: PathBuf,
    /// By record number; the length is 0 for records without text.
    texts: Vec<BlobRef>,
}

/// A text in stored form.
pub enum StoredText {
    /// The bytes of its line in the original file.
    Line(Range<u64>),
    /// The compressed text.
    Compressed(Vec<u8>),
}

/// Marks offsets of lines. The bit above marks offsets in the temporary file of a [`SpillStore`].
const LINE: u64 = 1 << 62;

impl StoredText {
    /// Prepares `text` for storing. `handle` is its record, if it has one; `is_unchanged` tells
    /// whether the text is the original.
    ///
    /// # Errors
    ///
    /// The text cannot be compressed.
    pub fn new(handle: Option<&RecordHandle>, text: &str, is_unchanged: bool) -> Result<Self> {
        // Reading lines of an object would take a request for each text.
        let may_read_again = |handle: &&RecordHandle| is_unchanged && !is_url(&handle.shard.path);
        let line = handle.filter(may_read_again).and_then(RecordHandle::line);
        match line.filter(|line| line.start < LINE && u32::try_from(line.end - line.start).is_ok())
        {
            Some(line) => Ok(Self::Line(line)),
            None => zstd::bulk::compress(text.as_bytes(), 1)
                .map(Self::Compressed)
                .map_err(compression_error),
        }
    }
}

impl TextStore {
    /// Creates a store that keeps about `memory` bytes in memory.
    pub fn new(read_options: ReadOptions, memory: usize) -> Self {
        Self {
            read_options,
            blobs: SpillStore::new(memory),
            files: HashMap::new(),
            open: RefCell::new(None),
        }
    }

    /// Stores the text of record `index`, counted from 1, of a file. A file with a single document
    /// has record 1.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written.
    pub fn insert(&mut self, name: &str, path: &Path, index: u64, text: StoredText) -> Result<()> {
        let blob = match text {
            StoredText::Line(line) => {
                let length = usize::try_from(line.end - line.start).unwrap_or(usize::MAX);
                BlobRef { offset: line.start | LINE, length: 0 }.part(0, length)?
            }
            StoredText::Compressed(bytes) => self.blobs.append(&bytes)?,
        };
        if !self.files.contains_key(name) {
            self.files
                .insert(name.to_owned(), FileTexts { path: path.to_owned(), texts: Vec::new() });
        }
        if let Some(FileTexts { texts, .. }) = self.files.get_mut(name) {
            let index = usize::try_from(index)
                .map_err(|_| StoreError { message: "too many records".into() })?;
            if texts.len() <= index {
                texts.resize(index + 1, BlobRef::default());
            }
            texts[index] = blob;
        }
        Ok(())
    }

    /// Whether the store has texts of this file.
    pub fn contains(&self, origin: &Origin) -> bool {
        self.files.contains_key(&origin.path)
    }

    /// Returns a stored text, or `None` if it can no longer be read.
    pub fn text(&self, origin: &Origin) -> Option<String> {
        let file = self.files.get(&origin.path)?;
        let index = origin.record.as_ref().map_or(1, |record| record.index);
        let blob = file.texts.get(usize::try_from(index).ok()?).filter(|blob| blob.length > 0)?;
        if blob.offset & LINE != 0 && blob.offset >> 63 == 0 {
            let start = blob.offset ^ LINE;
            return self.line(&file.path, start..start + u64::from(blob.length));
        }
        let bytes = self.blobs.read(*blob).ok()?;
        String::from_utf8(zstd::stream::decode_all(&bytes[..]).ok()?).ok()
    }

    /// Reads the text of the record on the line at `range` of a file.
    fn line(&self, path: &Path, range: Range<u64>) -> Option<String> {
        let mut open = self.open.borrow_mut();
        if open.as_ref().is_none_or(|(opened, _)| *opened != path) {
            *open = Some((path.to_owned(), SourceFile::open(path).ok()?));
        }
        let (_, file) = open.as_mut()?;
        text_at(file, range, &self.read_options).ok().flatten()
    }
}

fn compression_error(error: io::Error) -> StoreError {
    StoreError { message: format!("cannot compress a text: {error}") }
}
