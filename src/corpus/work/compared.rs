//! What a comparison in steps found in some of its documents.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error_at;
use super::folder::WorkFolder;
use super::task_input::WorkFiles;
use crate::check::DocumentSet;
use crate::check::staged::{StagedRow, key_document, key_start, place_key};
use crate::check::store::{NumberLimit, Result, StoreError};
use crate::linter::{CorpusMatches, Linter};
use crate::text::{Origin, TextProvider};

/// Some documents of a finished comparison, with what they match.
pub struct ComparedDocuments {
    files: WorkFiles,
    /// The numbers of the documents and of those that they match, in order.
    numbers: Vec<u32>,
    origins: Arc<[Arc<Origin>]>,
    /// The documents that are checked, as a range of numbers.
    range: std::ops::Range<u32>,
    rows: Vec<Vec<StagedRow>>,
}

impl ComparedDocuments {
    /// Reads what was found in the documents whose paths are in `paths`: from the first one, up to
    /// but not including the second one, if there is one.
    ///
    /// # Errors
    ///
    /// Steps are left, or a file cannot be read or is damaged.
    pub fn open(folder: &WorkFolder, paths: (Option<&str>, Option<&str>)) -> Result<Self> {
        let progress = folder.progress()?;
        if let Some(left) = progress.next() {
            return Err(error_at(
                folder.path(),
                format_args!(
                    "the comparison is not done: parts of {} are left; `dechaff compare status` \
                     lists them",
                    left.name()
                ),
            ));
        }
        let files = WorkFiles::open(folder.path(), folder.checksum(), &progress, None)?;
        let first = paths.0.map_or(Ok(0), |path| files.first_from(path))?;
        let end = paths.1.map_or(Ok(files.documents), |path| files.first_from(path))?;
        let range = first..end.max(first);
        let mut numbers: BTreeSet<u32> = range.clone().collect();
        let mut rows = Vec::new();
        for check in folder.checks() {
            let (table, other) = check.matches();
            let mut of_check: Vec<StagedRow> = Vec::new();
            if let Some(last) = range.end.checked_sub(1).filter(|_| !range.is_empty()) {
                let keys = place_key(range.start, 0)..=(place_key(last, 0) | u64::from(u32::MAX));
                for row in files.rows(table, keys)? {
                    let row = row?;
                    numbers.insert(row.values[other]);
                    of_check.push(row);
                }
            }
            rows.push(of_check);
        }
        let numbers: Vec<u32> = numbers.into_iter().collect();
        let origins = origins(&files, &numbers)?;
        let local = |number: u32| {
            let at = numbers.binary_search(&number).ok().and_then(|at| u32::try_from(at).ok());
            at.ok_or_else(|| StoreError { message: format!("document {number} is missing") })
        };
        for (check, rows) in folder.checks().zip(&mut rows) {
            let (_, other) = check.matches();
            for row in rows {
                row.key = place_key(local(key_document(row.key))?, key_start(row.key));
                row.values[other] = local(row.values[other])?;
            }
        }
        Ok(Self { files, numbers, origins: origins.into(), range, rows })
    }

    /// Returns the number of documents.
    pub fn count(&self) -> usize {
        self.range.len()
    }

    /// Whether a document was compared with this text, and is one of these.
    pub fn has(&self, origin: &Origin, text: &str) -> bool {
        let number = self.number(origin).filter(|number| self.range.contains(number));
        number.is_some_and(|number| self.files.text(number).is_ok_and(|known| *known == *text))
    }

    /// Returns the matches. `linter` must have the rules of the comparison.
    ///
    /// # Errors
    ///
    /// There are too many, or a table is damaged.
    pub fn matches<'d>(
        &'d self,
        linter: &'d Linter,
        memory: usize,
        threads: usize,
    ) -> Result<CorpusMatches<'d>> {
        let documents = DocumentSet {
            origins: Arc::clone(&self.origins),
            texts: self,
            memory,
            threads,
            limit: NumberLimit::default(),
            indexed: Arc::default(),
        };
        linter.staged_matches(self.rows.clone(), &documents)
    }

    fn number(&self, origin: &Origin) -> Option<u32> {
        let at = self.origins.binary_search_by(|other| (**other).cmp(origin)).ok()?;
        self.numbers.get(at).copied()
    }
}

/// Reads the origins of documents, given their numbers in order.
fn origins(files: &WorkFiles, numbers: &[u32]) -> Result<Vec<Arc<Origin>>> {
    let mut origins = Vec::with_capacity(numbers.len());
    let mut rest = numbers;
    while let Some(&first) = rest.first() {
        // Documents close to each other are read in one go.
        files.origins(first, &mut |number, origin| {
            if rest.first() == Some(&number) {
                origins.push(origin);
                rest = &rest[1..];
            }
            rest.first().is_some_and(|next| next - number < 256)
        })?;
    }
    Ok(origins)
}

impl TextProvider for ComparedDocuments {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.files.text(self.number(origin)?).ok()
    }
}
