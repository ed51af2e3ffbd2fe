//! Applying fixes: which edits go together, what the text is afterwards, and what became of each byte. Nothing here touches
//! a file.

mod choose;
mod pieces;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::engine::Linter;
use crate::finding::{Applicability, Finding};
use crate::text::{Document, Span, words};
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
    const MOST_ROUNDS: usize = 20;
    let mut pieces = Pieces::of(document.text());
    let mut text = document.text().to_owned();
    let mut applied = BTreeMap::new();
    let mut rounds: Vec<Round> = Vec::new();
    loop {
        let current = Document::parse(Arc::clone(document.origin()), &text).with_decoding(document.decoding());
        let findings = linter.check(&current);
        let choice = choose::choose(&current, &findings, most);
        if choice.edits.is_empty() {
            let changes = pieces.changes();
            return Ok(Fixed { text, changes, applied, remaining: findings });
        }
        let before = std::mem::take(&mut text);
        text = pieces.apply(document.text(), &choice.edits);
        for code in &choice.codes {
            *applied.entry(code.clone()).or_insert(0) += 1;
        }
        rounds.push(Round { before, codes: choice.codes });
        if let Some(start) = rounds.iter().position(|round| round.before == text) {
            return Err(unstable(&rounds[start..]));
        }
        if rounds.len() == MOST_ROUNDS {
            return Err(unstable(&rounds[MOST_ROUNDS - 2..]));
        }
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

    /// The share of the original's words that the fixed text lacks, 0 to 1.
    pub fn removed_share(&self, original: &str) -> f64 {
        let before = words(original).count();
        let after = words(&self.text).count();
        if before == 0 { 0.0 } else { before.saturating_sub(after) as f64 / before as f64 }
    }
}
