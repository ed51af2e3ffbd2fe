//! Applying fixes: which edits go together, what the text is afterwards, and what became of each byte. Nothing here touches
//! a file.

mod choose;
mod copies;
mod pieces;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Linter;
use crate::finding::{Applicability, Finding};
use crate::text::{Document, LossyDecoding, Origin, Span, words};
pub use copies::keep_one_copy;
use pieces::Pieces;

/// A document after its fixes.
#[derive(Debug, Clone, PartialEq)]
pub struct Fixed {
    /// The text.
    pub text: String,
    /// What became of the original, in order of place; together they lead from the one text to the other.
    pub changes: Vec<Change>,
    /// How many findings of each rule were fixed, by code.
    pub applied: BTreeMap<String, usize>,
    /// What is still to be found in the fixed text.
    pub remaining: Vec<Finding>,
}

/// A passage of the original that was taken out or replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The bytes of the original that went; empty for an insertion.
    pub span: Span,
    /// What stands there instead.
    pub content: String,
    /// The codes of the rules that did it.
    pub rules: Vec<String>,
}

/// Fixes that undo each other, so that the text never comes to rest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fixes undo each other: {}", codes.join(" -> "))]
pub struct Unstable {
    /// The rules, in the order in which their fixes were applied; the first comes last again.
    pub codes: Vec<String>,
}

/// Lints and fixes `document` until nothing changes. Fixes are applied up to and including `most`.
///
/// # Errors
///
/// The fixes never come to rest.
pub fn fix(linter: &Linter, document: &Document<'_>, most: Applicability) -> Result<Fixed, Unstable> {
    let mut fixing = Fixing::of(document);
    fixing.settle(linter, most)?;
    Ok(fixing.finish())
}

/// A document that is being fixed, in steps.
pub struct Fixing<'o> {
    origin: Arc<Origin>,
    original: &'o str,
    decoding: Option<LossyDecoding>,
    text: String,
    pieces: Pieces,
    applied: BTreeMap<String, usize>,
    remaining: Vec<Finding>,
}

impl<'o> Fixing<'o> {
    /// A document of which nothing is fixed yet.
    pub fn of(document: &Document<'o>) -> Self {
        Self {
            origin: Arc::clone(document.origin()),
            original: document.text(),
            decoding: document.decoding(),
            text: document.text().to_owned(),
            pieces: Pieces::of(document.text()),
            applied: BTreeMap::new(),
            remaining: Vec::new(),
        }
    }

    /// The document as it stands now.
    pub fn document(&self) -> Document<'_> {
        Document::parse(Arc::clone(&self.origin), &self.text).with_decoding(self.decoding)
    }

    /// Applies the fixes of `findings`, which are of the document as it stands, once; returns the codes of those applied.
    pub fn apply(&mut self, findings: &[Finding], most: Applicability) -> Vec<String> {
        // Most documents have nothing to fix, and choosing would parse them again.
        if findings.iter().all(|finding| finding.fix.is_none()) {
            return Vec::new();
        }
        let choice = choose::choose(&self.document(), findings, most);
        if !choice.edits.is_empty() {
            self.text = self.pieces.apply(self.original, &choice.edits);
        }
        for code in &choice.codes {
            *self.applied.entry(code.clone()).or_insert(0) += 1;
        }
        choice.codes
    }

    /// Applies what is found in the document alone, until nothing changes.
    ///
    /// # Errors
    ///
    /// The fixes never come to rest.
    pub fn settle(&mut self, linter: &Linter, most: Applicability) -> Result<(), Unstable> {
        const MOST_ROUNDS: usize = 20;
        let mut rounds: Vec<Round> = Vec::new();
        loop {
            let findings = linter.check(&self.document());
            let before = self.text.clone();
            let codes = self.apply(&findings, most);
            if self.text == before {
                self.remaining = findings;
                return Ok(());
            }
            rounds.push(Round { before, codes });
            if let Some(start) = rounds.iter().position(|round| round.before == self.text) {
                return Err(unstable(&rounds[start..]));
            }
            if rounds.len() == MOST_ROUNDS {
                return Err(unstable(&rounds[MOST_ROUNDS - 2..]));
            }
        }
    }

    /// The fixed document.
    pub fn finish(self) -> Fixed {
        let changes = self.pieces.changes();
        Fixed { text: self.text, changes, applied: self.applied, remaining: self.remaining }
    }
}

/// A text and the rules whose fixes were applied to it.
struct Round {
    before: String,
    codes: Vec<String>,
}

fn unstable(rounds: &[Round]) -> Unstable {
    let mut codes: Vec<String> = Vec::new();
    for code in rounds.iter().flat_map(|round| &round.codes) {
        if codes.last() != Some(code) {
            codes.push(code.clone());
        }
    }
    codes.extend(codes.first().cloned());
    Unstable { codes }
}

impl Fixed {
    /// Whether any byte changed.
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }
}

/// The share of the words of `original` that `fixed` lacks, 0 to 1.
pub fn removed_share(original: &str, fixed: &str) -> f64 {
    if original == fixed {
        return 0.0;
    }
    let (before, after) = (words(original).count(), words(fixed).count());
    if before == 0 { 0.0 } else { before.saturating_sub(after) as f64 / before as f64 }
}
