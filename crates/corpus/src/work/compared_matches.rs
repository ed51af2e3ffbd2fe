//! The matches found by a comparison in steps, read in windows of documents.

use std::collections::VecDeque;
use std::sync::Arc;

use super::compared::{ComparedDocuments, DocumentWindow, MAX_WINDOWS};
use super::deleted_places::DeletedPlaces;
use dechaff_duplicates::DocumentSet;
use dechaff_duplicates::store::{NumberLimit, Result};
use dechaff_engine::linter::{CorpusMatches, Linter};
use dechaff_findings::{Applicability, Finding};
use dechaff_text::Document;

/// The matches in compared documents. They are read and expanded into findings when needed; it is
/// fastest to ask for documents in about the order of the comparison.
pub struct ComparedMatches<'d> {
    documents: &'d ComparedDocuments,
    linter: &'d Linter,
    memory: usize,
    /// The limit of fixes, if matches are fixed.
    applicability: Option<Applicability>,
    /// The first document of each window.
    starts: Vec<u32>,
    /// The windows read last, most recent first.
    recent: VecDeque<WindowMatches<'d>>,
}

/// The matches in the documents of a window.
struct WindowMatches<'d> {
    documents: Arc<DocumentWindow>,
    matches: CorpusMatches<'d>,
    /// Places that fixes may delete and that these matches refer to.
    deleted: DeletedPlaces,
}

impl<'d> ComparedMatches<'d> {
    /// Prepares to read the matches in `documents` in about `memory` bytes. `linter` must have the
    /// rules of the comparison.
    ///
    /// # Errors
    ///
    /// A file cannot be read or is damaged.
    pub fn new(
        documents: &'d ComparedDocuments,
        linter: &'d Linter,
        memory: usize,
    ) -> Result<Self> {
        /// The memory of a match, its expanded form and the origin of the other document, or of a
        /// document.
        const ITEM_BYTES: usize = 300;
        // The texts that matches are verified in take memory too.
        let max_items = memory / 2 / MAX_WINDOWS / ITEM_BYTES;
        let starts = documents.split_into_windows(max_items.max(1))?;
        let recent = VecDeque::new();
        Ok(Self { documents, linter, memory: memory / 2, applicability: None, starts, recent })
    }

    /// Prepares the matches for fixes up to `applicability`. A match has no fix if the fixes of
    /// another document may delete the passage it refers to.
    pub(super) fn for_fixes(self, applicability: Applicability) -> Self {
        Self { applicability: Some(applicability), ..self }
    }

    /// Returns the findings in a document, sorted by position; `None` if it was not compared with
    /// this text.
    ///
    /// # Errors
    ///
    /// A file cannot be read or is damaged.
    pub fn findings_in(&mut self, document: &Document<'_>) -> Result<Option<Vec<Finding>>> {
        let documents = self.documents;
        let Some(number) = documents.number(document.origin())? else { return Ok(None) };
        if !documents.has(number, document.text())? {
            return Ok(None);
        }
        let window = self.window(number)?;
        let mut findings = window.matches.findings_in(document);
        for finding in &mut findings {
            if window.deleted.has_target(finding, documents)? {
                finding.fix = None;
                finding.help = None;
            }
        }
        Ok(Some(findings))
    }

    /// Returns the window with a document, reading it if necessary.
    fn window(&mut self, number: u32) -> Result<&mut WindowMatches<'d>> {
        let known = self.recent.iter().position(|window| window.documents.range.contains(&number));
        let at = match known {
            Some(at) => at,
            None => {
                // In the order of reading, like the windows that `documents` keeps.
                let window = self.read_window(number)?;
                self.recent.push_front(window);
                0
            }
        };
        Ok(&mut self.recent[at])
    }

    fn read_window(&mut self, number: u32) -> Result<WindowMatches<'d>> {
        self.recent.truncate(MAX_WINDOWS - 1);
        let next = self.starts.partition_point(|start| *start <= number);
        let start = next.checked_sub(1).and_then(|at| self.starts.get(at)).copied();
        let end = self.starts.get(next).copied();
        let (documents, rows) = self.documents.read_window(start.unwrap_or(number), end)?;
        let set = DocumentSet {
            origins: Arc::clone(&documents.origins),
            texts: self.documents,
            memory: self.memory / MAX_WINDOWS,
            threads: 1,
            limit: NumberLimit::default(),
            indexed: Arc::default(),
        };
        let matches = self.linter.staged_matches(&rows, &set)?;
        let deleted = match self.applicability {
            Some(applicability) => {
                let checks = self.linter.staged_checks().map(|(_, check)| check);
                let only_safe = applicability == Applicability::Safe;
                let numbers = &documents.numbers;
                DeletedPlaces::find(checks.zip(&rows), numbers, &self.documents.files, only_safe)?
            }
            None => DeletedPlaces::default(),
        };
        Ok(WindowMatches { documents, matches, deleted })
    }
}
