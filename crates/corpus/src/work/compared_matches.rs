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
    /// Reads the matches in `documents`, which take about `memory` bytes. `linter` must have the rules
    /// of the comparison.
    ///
    /// # Errors
    ///
    /// A file cannot be read or is damaged.
    pub fn new(
        documents: &'d ComparedDocuments,
        linter: &'d Linter,
        memory: usize,
    ) -> Result<Self> {
        /// The memory of a match: its row, its expanded form, and the origin of the other document.
        const MATCH_BYTES: usize = 300;
        // The texts that matches are verified in take memory too.
        let max_rows = memory / 2 / MAX_WINDOWS / MATCH_BYTES;
        let starts = documents.split_into_windows(max_rows.max(1))?;
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
        let has_document = |window: &WindowMatches<'_>| window.documents.range.contains(&number);
        if !self.recent.front().is_some_and(has_document) {
            let window = match self.recent.iter().position(has_document) {
                Some(at) => self.recent.remove(at),
                None => None,
            };
            let window = window.map_or_else(|| self.read_window(number), Ok)?;
            self.recent.push_front(window);
        }
        Ok(&mut self.recent[0])
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
