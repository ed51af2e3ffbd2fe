//! Removes the copies found by a comparison in steps.

use std::sync::{Mutex, PoisonError};

use super::compared::{ComparedDocuments, DeletedPlaces};
use crate::Source;
use dechaff_duplicates::store::{Result, StoreError};
use dechaff_engine::fix::{FixOutcome, Fixer, Refusal};
use dechaff_engine::linter::{CorpusMatches, Linter};
use dechaff_findings::Applicability;

/// Fixes the documents of a share.
///
/// Other tasks fix the other shares independently. So a copy stays if any fix may delete its
/// original.
pub struct CopyFixer<'f> {
    linter: &'f Linter,
    fixer: &'f Fixer,
    documents: &'f ComparedDocuments,
    matches: Mutex<CorpusMatches<'f>>,
    /// Places that fixes may delete and that copies in these documents refer to.
    deleted: DeletedPlaces,
}

impl<'f> CopyFixer<'f> {
    /// Prepares to fix the documents of a share, in about `memory` bytes.
    ///
    /// # Errors
    ///
    /// Rules that check documents by themselves are selected, or rules for lines of sites together
    /// with others, or the work folder cannot be read.
    pub fn new(
        linter: &'f Linter,
        fixer: &'f Fixer,
        documents: &'f ComparedDocuments,
        memory: usize,
        threads: usize,
    ) -> Result<Self> {
        if linter.has_document_checks() {
            return Err(StoreError {
                message: "the texts were compared as they are, so only copies can be removed; select \
                          the rules that compare documents alone, as in `--select ND`, and fix what \
                          other rules find before the comparison"
                    .into(),
            });
        }
        let is_site_rule = |(code, _): &&(String, serde_json::Value)| linter.is_site_rule(code);
        let site_rules = linter.staged_rules().iter().filter(is_site_rule).count();
        if documents.has_sites && (1..linter.staged_rules().len()).contains(&site_rules) {
            return Err(StoreError {
                message:
                    "lines of sites are removed from all pages, so no copy of them stays; remove \
                          them first, in a comparison of their own with `--select ND007`, and \
                          compare the rest without `--group-by`"
                        .into(),
            });
        }
        let matches = Mutex::new(documents.matches(linter, memory, threads)?);
        let only_safe = fixer.max_applicability() == Applicability::Safe;
        let deleted = documents.deleted_originals(linter, only_safe)?;
        Ok(Self { linter, fixer, documents, matches, deleted })
    }

    /// Removes the copies in a document.
    pub fn fix(&self, source: &Source) -> FixOutcome {
        if !self.documents.has(&source.origin, &source.text) {
            let reason = "it is not part of the comparison, or has changed since".to_owned();
            return FixOutcome { fixed: None, refusal: Some(Refusal::All(reason)) };
        }
        let document = source.document();
        let mut found = {
            let mut matches = self.matches.lock().unwrap_or_else(PoisonError::into_inner);
            matches.findings_in(&document)
        };
        for finding in &mut found {
            if self.documents.refers_to(finding, &self.deleted) {
                finding.fix = None;
                finding.help = None;
            }
        }
        let found = self.linter.matches_to_fix(&document, &found);
        self.fixer.fix(self.linter, &document, std::iter::once(found.as_slice()))
    }
}
