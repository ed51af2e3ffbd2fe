//! Removes the copies found by a comparison in steps.

use std::sync::{Mutex, PoisonError};

use super::compared::ComparedDocuments;
use super::compared_matches::ComparedMatches;
use crate::Source;
use dechaff_duplicates::store::{Result, StoreError};
use dechaff_engine::fix::{FixOutcome, Fixer, Refusal};
use dechaff_engine::linter::Linter;

/// Fixes the documents of a share.
///
/// Other tasks fix the other shares independently. So a copy stays if any fix may delete its
/// original.
pub struct CopyFixer<'f> {
    linter: &'f Linter,
    fixer: &'f Fixer,
    matches: Mutex<ComparedMatches<'f>>,
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
        let matches = ComparedMatches::new(documents, linter, memory)?;
        let matches = matches.for_fixes(fixer.max_applicability());
        Ok(Self { linter, fixer, matches: Mutex::new(matches) })
    }

    /// Removes the copies in a document. A document that is not part of the comparison, or has
    /// changed since, is refused.
    ///
    /// # Errors
    ///
    /// The work folder cannot be read, or is damaged.
    pub fn fix(&self, source: &Source) -> Result<FixOutcome> {
        let document = source.document();
        let mut matches = self.matches.lock().unwrap_or_else(PoisonError::into_inner);
        let found = matches.findings_in(&document);
        drop(matches);
        let Some(found) = found? else {
            let reason = "it is not part of the comparison, or has changed since".into();
            return Ok(FixOutcome { fixed: None, refusal: Some(Refusal::All(reason)) });
        };
        let found = self.linter.matches_to_fix(&document, &found);
        Ok(self.fixer.fix(self.linter, &document, std::iter::once(found.as_slice())))
    }
}
