//! `--compared --fix`: removes the copies that a comparison in steps found.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, ensure};

use super::context::CheckContext;
use crate::corpus::work::{ComparedDocuments, DeletedPlaces};
use crate::corpus::{MemoryBudget, Source};
use crate::finding::Applicability;
use crate::fix::{FixOutcome, Fixer, Refusal};
use crate::linter::{CorpusMatches, Linter};

/// Fixes the documents of a share.
///
/// Other shares are fixed by other tasks, which know nothing of this one. So a copy stays if any
/// fix may delete what it is a copy of.
pub(super) struct CompareFix<'f> {
    linter: &'f Linter,
    fixer: &'f Fixer,
    documents: &'f ComparedDocuments,
    matches: Mutex<CorpusMatches<'f>>,
    /// What fixes may delete although copies in these documents refer to it.
    deleted: DeletedPlaces,
}

impl<'f> CompareFix<'f> {
    /// Prepares to fix the documents of a share.
    ///
    /// # Errors
    ///
    /// Rules that check documents by themselves are selected, or the work folder cannot be read.
    pub(super) fn new(
        context: &'f CheckContext<'_>,
        documents: &'f Arc<ComparedDocuments>,
        fixer: &'f Fixer,
    ) -> anyhow::Result<Self> {
        let linter = &context.settings.linter;
        ensure!(
            !linter.has_document_checks(),
            "--compared: the texts were compared as they are, so only copies can be removed; select \
             the rules that compare documents alone, as in `--select ND`, and fix what other rules \
             find before the comparison"
        );
        let memory = MemoryBudget::new(context.memory).comparison;
        let matches = documents.matches(linter, memory, rayon::current_num_threads());
        let matches = Mutex::new(matches.context("cannot read what was compared")?);
        let only_safe = fixer.max_applicability() == Applicability::Safe;
        let deleted = documents.deleted_originals(linter, only_safe)?;
        Ok(Self { linter, fixer, documents, matches, deleted })
    }

    /// Removes the copies in a document.
    pub(super) fn fix(&self, source: &Source) -> FixOutcome {
        if !self.documents.has(&source.origin, &source.text) {
            let reason = "it is not in the comparison, or has changed since".to_owned();
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
