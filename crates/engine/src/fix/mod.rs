//! Applies fixes: selects compatible edits, applies them, and tracks each byte of the original.
//! Does no I/O.

mod edit_history;
mod fix_rounds;
mod fixer;
mod preserve_last_copy;
mod select_edits;

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::linter::Linter;
use dechaff_findings::{Applicability, Finding, FindingLimit};
use dechaff_text::{Document, LossyDecoding, Origin, Span, words};
use edit_history::EditHistory;
pub use fix_rounds::{FixRounds, Refusals};
pub use fixer::{DEFAULT_MAX_REMOVED, FixOutcome, Fixer, Refusal};
pub use preserve_last_copy::preserve_last_copy;

/// A document after fixing.
#[derive(Debug, Clone, PartialEq)]
pub struct FixResult {
    /// The fixed text.
    pub text: String,
    /// The changes to the original, in order of position. Applying them to the original yields the
    /// fixed text.
    pub changes: Vec<Change>,
    /// Number of applied fixes by rule code.
    pub applied: BTreeMap<String, usize>,
    /// The findings in the fixed text.
    pub remaining: Vec<Finding>,
}

/// A deleted or replaced passage of the original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The replaced bytes of the original; empty for an insertion.
    pub span: Span,
    /// The replacement; empty for a deletion.
    pub content: String,
    /// The codes of the rules responsible.
    pub rules: Vec<String>,
}

/// Fixes that undo each other, so that fixing never converges.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fixes undo each other: {}", codes.join(" -> "))]
pub struct FixCycle {
    /// The codes of the rules in the order in which their fixes were applied, ending with the
    /// first one again.
    pub codes: Vec<String>,
}

/// Lints and fixes `document` until it no longer changes, applying fixes up to `max`.
///
/// # Errors
///
/// Returns [`FixCycle`] if the fixes do not converge.
pub fn fix(
    linter: &Linter,
    document: &Document<'_>,
    max: Applicability,
) -> Result<FixResult, FixCycle> {
    let mut session = FixSession::new(document);
    session.fix_until_stable(linter, max)?;
    Ok(session.finish())
}

/// A document being fixed, round by round.
pub struct FixSession<'o> {
    origin: Arc<Origin>,
    original: &'o str,
    decoding: Option<LossyDecoding>,
    text: String,
    history: EditHistory,
    applied: BTreeMap<String, usize>,
    remaining: Vec<Finding>,
}

impl<'o> FixSession<'o> {
    /// Starts with an unchanged document.
    pub fn new(document: &Document<'o>) -> Self {
        Self {
            origin: Arc::clone(document.origin()),
            original: document.text(),
            decoding: document.decoding(),
            text: document.text().to_owned(),
            history: EditHistory::new(document.text()),
            applied: BTreeMap::new(),
            remaining: Vec::new(),
        }
    }

    /// Returns the document with the fixes applied so far.
    pub fn document(&self) -> Document<'_> {
        Document::parse(Arc::clone(&self.origin), &self.text).with_decoding(self.decoding)
    }

    /// Applies the fixes of `findings`, which must be findings of the current document, in one
    /// round.
    ///
    /// Returns the rule codes of the fixes applied.
    pub fn apply(&mut self, findings: &[Finding], max: Applicability) -> Vec<String> {
        // Fast path: selecting edits parses the document again.
        if findings.iter().all(|finding| finding.fix.is_none()) {
            return Vec::new();
        }
        let selected = select_edits::select_edits(&self.document(), findings, max);
        if !selected.edits.is_empty() {
            self.text = self.history.apply(self.original, &selected.edits);
        }
        for code in &selected.codes {
            *self.applied.entry(code.clone()).or_insert(0) += 1;
        }
        selected.codes
    }

    /// Lints and fixes the document by itself until it no longer changes.
    ///
    /// # Errors
    ///
    /// Returns [`FixCycle`] if the fixes do not converge.
    pub fn fix_until_stable(
        &mut self,
        linter: &Linter,
        max: Applicability,
    ) -> Result<(), FixCycle> {
        const MAX_ROUNDS: usize = 20;
        /// Maximum number of extra rounds for documents whose findings exceed the limit.
        const MAX_PARTIAL_ROUNDS: usize = 1_000;
        let mut rounds: Vec<Round> = Vec::new();
        let mut partial_rounds = 0;
        let mut after = Sha256::digest(&self.text).into();
        loop {
            let findings = linter.check_up_to(&self.document(), FindingLimit::FIX);
            let before = after;
            let codes = self.apply(&findings, max);
            after = Sha256::digest(&self.text).into();
            if after == before {
                self.remaining = if findings.iter().any(|finding| finding.unlisted > 0) {
                    linter.check(&self.document())
                } else {
                    findings
                };
                return Ok(());
            }
            let is_partial = findings.iter().any(|finding| finding.unlisted > 0);
            partial_rounds += usize::from(is_partial && partial_rounds < MAX_PARTIAL_ROUNDS);
            rounds.push(Round { before, codes });
            if let Some(start) = rounds.iter().position(|round| round.before == after) {
                return Err(fix_cycle(&rounds[start..]));
            }
            if rounds.len() - partial_rounds == MAX_ROUNDS {
                return Err(fix_cycle(&rounds[rounds.len() - 2..]));
            }
        }
    }

    /// Returns the fixed document.
    pub fn finish(self) -> FixResult {
        let changes = self.history.changes();
        FixResult { text: self.text, changes, applied: self.applied, remaining: self.remaining }
    }
}

/// The SHA-256 of the text before a round, and the rules whose fixes were applied to it.
struct Round {
    before: [u8; 32],
    codes: Vec<String>,
}

fn fix_cycle(rounds: &[Round]) -> FixCycle {
    let mut codes: Vec<String> = Vec::new();
    for code in rounds.iter().flat_map(|round| &round.codes) {
        if codes.last() != Some(code) {
            codes.push(code.clone());
        }
    }
    codes.extend(codes.first().cloned());
    FixCycle { codes }
}

impl FixResult {
    /// Whether the text changed.
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }
}

/// Returns the share of the words of `original`, 0 to 1, that `fixed` lacks.
pub fn removed_share(original: &str, fixed: &str) -> f64 {
    if original == fixed {
        return 0.0;
    }
    let (before, after) = (words(original).count(), words(fixed).count());
    if before == 0 { 0.0 } else { before.saturating_sub(after) as f64 / before as f64 }
}
