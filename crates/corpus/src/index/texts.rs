//! Rereads the texts of indexed documents, if they are unchanged.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use super::reader::IndexReader;
use super::segment::{DocumentPlace, IndexEntry};
use super::{Result, text_hash};
use crate::shard::text_at;
use crate::storage::SourceFile;
use crate::{InputFile, OpenedFile, ReadOptions, ShardItem, open, read};
use dechaff_duplicates::indexed::IndexedDocument;
use dechaff_text::{Origin, path_of};

/// The texts of the old documents that a run compares with.
#[derive(Default)]
pub struct IndexTexts {
    documents: HashMap<Arc<Origin>, IndexEntry>,
    max_record: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The file read last.
    open: Option<(PathBuf, SourceFile)>,
    /// The texts of files that have no other random access, by path and record.
    whole: HashMap<String, HashMap<u64, Arc<str>>>,
    /// Requested documents whose text has changed.
    lost: BTreeSet<Arc<Origin>>,
}

impl IndexTexts {
    /// Prepares to read documents of at most `max_record` bytes.
    pub fn new(max_record: usize) -> Self {
        Self { max_record, ..Self::default() }
    }

    /// Adds documents of an index.
    ///
    /// # Errors
    ///
    /// The index cannot be read.
    pub fn add(
        &mut self,
        index: &IndexReader,
        documents: &[(IndexedDocument, Arc<Origin>)],
    ) -> Result<()> {
        for (document, origin) in documents {
            self.documents.insert(Arc::clone(origin), index.entry(*document)?);
        }
        Ok(())
    }

    /// Whether a document is in the index.
    pub fn contains(&self, origin: &Origin) -> bool {
        self.documents.contains_key(origin)
    }

    /// Returns the text of a document, or `None` if it has changed or cannot be read.
    pub fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        let (origin, entry) = self.documents.get_key_value(origin)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let text = self.read(entry, &mut state).filter(|text| text_hash(text) == entry.hash);
        if text.is_none() {
            state.lost.insert(Arc::clone(origin));
        }
        text
    }

    /// Returns the requested documents whose text has changed or cannot be read.
    pub fn lost(&self) -> Vec<Arc<Origin>> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.lost.iter().cloned().collect()
    }

    fn read(&self, entry: &IndexEntry, state: &mut State) -> Option<Arc<str>> {
        let path = path_of(&entry.path);
        match &entry.place {
            DocumentPlace::File => read(&path, self.max_record).ok().map(|source| source.text),
            DocumentPlace::Line(start, end, field) => {
                if state.open.as_ref().is_none_or(|(opened, _)| *opened != path) {
                    state.open = Some((path.clone(), SourceFile::open_random(&path).ok()?));
                }
                let (_, file) = state.open.as_mut()?;
                let text = text_at(file, *start..*end, &self.read_options(field)).ok()??;
                Some(text.into())
            }
            DocumentPlace::Record(field) => {
                let record = entry.record.as_ref().map_or(1, |record| record.index);
                if !state.whole.contains_key(&entry.path) {
                    let texts = self.read_all(entry, field);
                    state.whole.insert(entry.path.clone(), texts);
                }
                state.whole.get(&entry.path)?.get(&record).map(Arc::clone)
            }
        }
    }

    /// Reads a file from the start, and returns the texts of documents that may be requested.
    fn read_all(&self, of_file: &IndexEntry, field: &str) -> HashMap<u64, Arc<str>> {
        let number = |entry: &IndexEntry| entry.record.as_ref().map_or(1, |record| record.index);
        let wanted: BTreeSet<u64> = self
            .documents
            .values()
            .filter(|entry| entry.path == of_file.path)
            .map(number)
            .collect();
        let input = InputFile::new(path_of(&of_file.path), true);
        let count = Arc::new(AtomicU64::new(0));
        let mut texts = HashMap::new();
        let Ok(OpenedFile::Shard(_, records)) = open(&input, &self.read_options(field), &count)
        else {
            return texts;
        };
        for item in records {
            let ShardItem::Record(record) = item else { continue };
            let (handle, decoded) = record.decode();
            if let (true, Ok(Some(source))) = (wanted.contains(&handle.index), decoded) {
                texts.insert(handle.index, source.text);
            }
            if wanted.last().is_none_or(|last| handle.index >= *last) {
                break;
            }
        }
        texts
    }

    fn read_options(&self, field: &str) -> ReadOptions {
        ReadOptions {
            text_field: field.to_owned(),
            max_record: self.max_record,
            ..ReadOptions::default()
        }
    }
}
