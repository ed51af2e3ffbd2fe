//! The results of a comparison in steps for some of its documents.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::error_at;
use super::folder::WorkFolder;
use super::task_input::WorkFiles;
use dechaff_duplicates::DocumentSet;
use dechaff_duplicates::staged::{StagedRow, StagedTable, key_document, key_start, place_key};
use dechaff_duplicates::store::{NumberLimit, Result, StoreError};
use dechaff_engine::linter::{CorpusMatches, Linter};
use dechaff_findings::Finding;
use dechaff_text::{Origin, TextProvider};

/// Some documents of a finished comparison, with their matches.
pub struct ComparedDocuments {
    files: WorkFiles,
    /// The numbers of the documents and of those that they match, sorted.
    numbers: Vec<u32>,
    origins: Arc<[Arc<Origin>]>,
    /// The documents that are checked, as a range of numbers.
    range: std::ops::Range<u32>,
    rows: Vec<Vec<StagedRow>>,
    /// Whether documents are grouped into sites.
    pub(super) has_sites: bool,
}

impl ComparedDocuments {
    /// Reads the results for the documents whose paths are in `paths`: from the first path up to,
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
                    numbers.extend(other.map(|other| row.values[other]));
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
                if let Some(other) = other {
                    row.values[other] = local(row.values[other])?;
                }
            }
        }
        let has_sites = folder.manifest().has_sites();
        Ok(Self { files, numbers, origins: origins.into(), range, rows, has_sites })
    }

    /// Returns the number of documents.
    pub fn count(&self) -> usize {
        self.range.len()
    }

    /// Whether a document is one of these and was compared with this text.
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
        linter.staged_matches(&self.rows, &documents)
    }

    /// Returns the places that matches of these documents refer to and that fixes of other
    /// documents may delete: only safe fixes, or all.
    ///
    /// # Errors
    ///
    /// A file cannot be read or is damaged.
    pub fn deleted_originals(&self, linter: &Linter, only_safe: bool) -> Result<DeletedPlaces> {
        let mut places = FxHashSet::default();
        for ((_, check), rows) in linter.staged_checks().zip(&self.rows) {
            let (table, Some(other)) = check.matches() else { continue };
            if table != StagedTable::Matches {
                continue;
            }
            let place = |row: &StagedRow| {
                let document = self.numbers.get(row.values[other] as usize).copied();
                (document.unwrap_or(u32::MAX), row.values[other + 1], row.values[other + 2])
            };
            let mut originals: Vec<(u32, u32, u32)> = rows.iter().map(place).collect();
            originals.sort_unstable();
            originals.dedup();
            let mut matches = self.files.rows(table, 0..=u64::MAX)?.peekable();
            for originals in originals.chunk_by(|left, right| left.0 == right.0) {
                let document = originals[0].0;
                let mut copies: Vec<(u32, u32)> = Vec::new();
                while let Some(row) = matches.next_if(|row| {
                    row.as_ref().map_or(true, |row| key_document(row.key) <= document)
                }) {
                    let row = row?;
                    let is_here = key_document(row.key) == document;
                    if is_here && check.may_delete(&row, only_safe) {
                        copies.push((key_start(row.key), row.values[1]));
                    }
                }
                // Copies are sorted by their start. For each, how far it and those before it reach.
                let mut reach = 0;
                for (_, to) in &mut copies {
                    reach = reach.max(*to);
                    *to = reach;
                }
                let is_deleted = |(_, start, end): &&(u32, u32, u32)| {
                    let before = copies.partition_point(|(from, _)| from < end);
                    copies[..before].last().is_some_and(|(_, reach)| reach > start)
                };
                places.extend(originals.iter().filter(is_deleted));
            }
        }
        Ok(DeletedPlaces(places))
    }

    /// Whether the passage that a finding refers to is one of `places`.
    pub fn refers_to(&self, finding: &Finding, places: &DeletedPlaces) -> bool {
        finding.labels.first().is_some_and(|label| {
            let number = self.number(label.origin.as_ref().unwrap_or(&finding.origin));
            let offsets = (u32::try_from(label.span.start), u32::try_from(label.span.end));
            match (number, offsets) {
                (Some(number), (Ok(start), Ok(end))) => places.0.contains(&(number, start, end)),
                _ => false,
            }
        })
    }

    fn number(&self, origin: &Origin) -> Option<u32> {
        let at = self.origins.binary_search_by(|other| (**other).cmp(origin)).ok()?;
        self.numbers.get(at).copied()
    }
}

/// Places by document, start and end.
#[derive(Debug, Default)]
pub struct DeletedPlaces(FxHashSet<(u32, u32, u32)>);

/// Reads the origins of documents, given their numbers in order.
fn origins(files: &WorkFiles, numbers: &[u32]) -> Result<Vec<Arc<Origin>>> {
    let mut origins = Vec::with_capacity(numbers.len());
    let mut rest = numbers;
    while let Some(&first) = rest.first() {
        // Read documents close to each other together.
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
