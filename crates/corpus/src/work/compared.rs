//! The documents of a share, after a comparison in steps.

use std::collections::VecDeque;
use std::ops::{Range, RangeInclusive};
use std::sync::{Arc, Mutex, PoisonError};

use super::error_at;
use super::folder::WorkFolder;
use super::task_input::WorkFiles;
use dechaff_duplicates::staged::{StagedRow, StagedTable, key_document, key_start, place_key};
use dechaff_duplicates::store::{Result, StoreError};
use dechaff_text::{Origin, TextProvider};

/// Some documents of a finished comparison.
pub struct ComparedDocuments {
    pub(super) files: WorkFiles,
    /// For each check, the table of its matches, and which value of a row is the number of the
    /// other document, if any.
    tables: Vec<(StagedTable, Option<usize>)>,
    /// The documents that are checked, as a range of numbers.
    range: Range<u32>,
    /// Whether documents are grouped into sites.
    pub(super) has_sites: bool,
    /// The windows read last, most recent first.
    recent: Mutex<VecDeque<Arc<DocumentWindow>>>,
}

/// The number of windows that are kept. Documents are processed in parallel, so some of those
/// before a window may be asked for after some of those in it.
pub(super) const MAX_WINDOWS: usize = 2;

/// Consecutive documents, and those that they match. Windows bound the memory for matches and
/// origins.
pub(super) struct DocumentWindow {
    pub(super) range: Range<u32>,
    /// The numbers of all these documents, in ascending order.
    pub(super) numbers: Vec<u32>,
    /// The origin of each, in the same order.
    pub(super) origins: Arc<[Arc<Origin>]>,
}

impl DocumentWindow {
    /// Returns the number of a document, if it is one of these.
    fn number(&self, origin: &Origin) -> Option<u32> {
        let at = self.origins.binary_search_by(|other| (**other).cmp(origin)).ok()?;
        self.numbers.get(at).copied()
    }

    /// Returns the index of the document with this number.
    fn index(&self, number: u32) -> Result<u32> {
        let at = self.numbers.binary_search(&number).ok().and_then(|at| u32::try_from(at).ok());
        at.ok_or_else(|| StoreError { message: format!("document {number} is missing") })
    }
}

impl ComparedDocuments {
    /// Opens the results for the documents whose paths are in `paths`: from the first path up to,
    /// but not including, the second one, if given.
    ///
    /// # Errors
    ///
    /// Steps are unfinished, or a file cannot be read or is damaged.
    pub fn open(folder: &WorkFolder, paths: (Option<&str>, Option<&str>)) -> Result<Self> {
        let progress = folder.progress()?;
        if let Some(left) = progress.next() {
            return Err(error_at(
                folder.path(),
                format_args!(
                    "the comparison is not done: shares of {} are missing; `dechaff compare status` \
                     lists them",
                    left.name()
                ),
            ));
        }
        let files = WorkFiles::open(folder.path(), folder.checksum(), &progress, None)?;
        let first = paths.0.map_or(Ok(0), |path| files.first_from(path))?;
        let end = paths.1.map_or(Ok(files.documents), |path| files.first_from(path))?;
        Ok(Self {
            files,
            tables: folder.checks().map(|check| check.matches()).collect(),
            range: first..end.max(first),
            has_sites: folder.manifest().has_sites(),
            recent: Mutex::default(),
        })
    }

    /// Returns the number of documents.
    pub fn count(&self) -> usize {
        self.range.len()
    }

    /// Returns the number of a document, if it was compared.
    pub(super) fn number(&self, origin: &Origin) -> Result<Option<u32>> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let known = recent.iter().find_map(|window| window.number(origin));
        drop(recent);
        known.map_or_else(|| self.files.number(origin), |number| Ok(Some(number)))
    }

    /// Returns the error for a document that was not compared with its present text.
    pub fn missing(origin: &Origin) -> StoreError {
        StoreError {
            message: format!(
                "{origin}: the document is not in the comparison, or has changed since; compare \
                 again in another work folder"
            ),
        }
    }

    /// Whether document `number` is in the share and was compared with this text.
    pub(super) fn has(&self, number: u32, text: &str) -> Result<bool> {
        Ok(self.range.contains(&number) && *self.files.text(number)? == *text)
    }

    /// Splits the documents into windows with about `max_items` documents and rows of matches.
    /// Returns the first document of each window. Reads all rows, so damage is found before anything
    /// is written.
    pub(super) fn split_into_windows(&self, max_items: usize) -> Result<Vec<u32>> {
        let tables: Vec<StagedTable> = self.tables.iter().map(|(table, _)| *table).collect();
        let mut rows = self.files.merged_rows(&tables, places(&self.range), None)?.peekable();
        let (mut starts, mut items) = (vec![self.range.start], 0);
        for document in self.range.clone() {
            if items >= max_items {
                starts.push(document);
                items = 0;
            }
            items += 1;
            let is_here = |row: &Result<StagedRow>| {
                row.as_ref().map_or(true, |row| key_document(row.key) == document)
            };
            while let Some(row) = rows.next_if(is_here) {
                row?;
                items += 1;
            }
        }
        Ok(starts)
    }

    /// Reads the window that starts with a document and ends before `end`, by default the end of
    /// the share. Returns it with the rows of each table, in which documents are numbered by their
    /// index in the window.
    pub(super) fn read_window(
        &self,
        start: u32,
        end: Option<u32>,
    ) -> Result<(Arc<DocumentWindow>, Vec<Vec<StagedRow>>)> {
        let range = start..end.unwrap_or(self.range.end);
        let mut numbers: Vec<u32> = range.clone().collect();
        let mut rows = Vec::new();
        for (table, other) in &self.tables {
            let of_table = self.files.rows(*table, places(&range))?;
            let of_table: Vec<StagedRow> = of_table.collect::<Result<_>>()?;
            if let Some(other) = other {
                numbers.extend(of_table.iter().map(|row| row.values[*other]));
            }
            rows.push(of_table);
        }
        numbers.sort_unstable();
        numbers.dedup();
        let origins = self.files.origins(&numbers)?.into();
        let window = Arc::new(DocumentWindow { range, numbers, origins });
        for ((_, other), rows) in self.tables.iter().zip(&mut rows) {
            for row in rows {
                row.key = place_key(window.index(key_document(row.key))?, key_start(row.key));
                if let Some(other) = other {
                    row.values[*other] = window.index(row.values[*other])?;
                }
            }
        }
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.push_front(Arc::clone(&window));
        recent.truncate(MAX_WINDOWS);
        Ok((window, rows))
    }
}

/// Returns the keys of all places in a range of documents.
fn places(documents: &Range<u32>) -> RangeInclusive<u64> {
    match documents.end.checked_sub(1).filter(|_| !documents.is_empty()) {
        Some(last) => place_key(documents.start, 0)..=place_key(last, u32::MAX),
        None => RangeInclusive::new(1, 0),
    }
}

impl TextProvider for ComparedDocuments {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.files.text(self.number(origin).ok()??).ok()
    }
}
