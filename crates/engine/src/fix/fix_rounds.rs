//! Fixes documents and compares the results, until nothing more can be removed.
//!
//! Removing a duplicate may make other texts alike. Nothing is written between rounds: each round
//! fixes every document from its original text again, using the matches of earlier rounds. That
//! costs another pass over the corpus, but keeps memory small.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::fixer::{FixOutcome, Fixer, Refusal};
use super::preserve_last_copy;
use crate::linter::Linter;
use dechaff_findings::{Applicability, Finding};
use dechaff_text::{Document, Origin};

/// The matches of one round, by document.
type Round = HashMap<Arc<Origin>, Vec<Finding>>;

/// Documents whose fixes are refused, in no particular order.
pub type Refusals = Vec<(Arc<Origin>, Refusal)>;

/// The matches of all rounds. The matches of a round refer to the documents as fixed by earlier
/// rounds.
#[derive(Default)]
pub struct FixRounds {
    rounds: Vec<Round>,
    /// Documents whose fixes are refused, at least in part.
    refused: HashMap<Arc<Origin>, Refusal>,
}

impl FixRounds {
    /// The rounds of documents that are not compared: one without matches, after which suppression
    /// comments that turned out to be unused are removed.
    pub fn without_matches() -> Self {
        Self { rounds: vec![Round::new()], ..Self::default() }
    }

    /// Compares documents in rounds until no match can be fixed. No round removes the last copy of
    /// a text.
    ///
    /// `run_round` fixes all documents by the rounds so far and compares the results. It returns
    /// the [visible matches](Linter::matches_to_fix) and the [new refusals](Self::new_refusal).
    ///
    /// # Errors
    ///
    /// Returns the first error of `run_round`.
    pub fn run<E>(
        fixer: &Fixer,
        is_interrupted: impl Fn() -> bool,
        mut run_round: impl FnMut(&Self) -> Result<(Vec<Finding>, Refusals), E>,
    ) -> Result<Self, E> {
        // Each round removes text, so this terminates, unless fixes of other rules keep adding it
        // back.
        const MAX_ROUNDS: usize = 50;
        // A document that would have lost too much may lose less once others are fixed.
        const MAX_RETRIES: usize = 5;
        let mut rounds = Self::default();
        let mut to_retry = HashSet::new();
        let mut retries = 0;
        let mut has_changed = false;
        loop {
            let (matches, refused) = run_round(&rounds)?;
            for (origin, refusal) in refused {
                if rounds.has_fix(&origin, fixer) {
                    to_retry.insert(Arc::clone(&origin));
                }
                rounds.refuse(origin, refusal);
            }
            has_changed |= rounds.last_has_fix(fixer);
            let round = select_fixes(matches, &rounds.refused, fixer);
            let has_converged = !has_fix(&round, fixer);
            rounds.rounds.push(round);
            if is_interrupted() || rounds.rounds.len() >= MAX_ROUNDS {
                return Ok(rounds);
            }
            if has_converged {
                if to_retry.is_empty() || retries == MAX_RETRIES || retries > 0 && !has_changed {
                    return Ok(rounds);
                }
                retries += 1;
                has_changed = false;
                for origin in to_retry.drain() {
                    rounds.retry(&origin);
                }
            }
        }
    }

    /// Fixes a document by its own findings and the matches of all rounds.
    pub fn fix(&self, fixer: &Fixer, linter: &Linter, document: &Document<'_>) -> FixOutcome {
        let origin = document.origin();
        match self.refused.get(origin) {
            Some(refusal @ Refusal::All(_)) => {
                FixOutcome { fixed: None, refusal: Some(refusal.clone()) }
            }
            Some(refusal @ Refusal::Unsafe(_)) => {
                let safe = fixer.fix_up_to(
                    Applicability::Safe,
                    linter,
                    document,
                    self.in_document(origin),
                );
                FixOutcome { refusal: safe.refusal.or_else(|| Some(refusal.clone())), ..safe }
            }
            None => fixer.fix(linter, document, self.in_document(origin)),
        }
    }

    /// Returns why fixes of a document are refused, if no earlier round refused them.
    pub fn new_refusal(&self, origin: &Origin, refusal: Option<Refusal>) -> Option<Refusal> {
        refusal.filter(|refusal| self.refused.get(origin) != Some(refusal))
    }

    /// Returns the matches of each round in a document.
    fn in_document(&self, origin: &Origin) -> impl Iterator<Item = &[Finding]> {
        self.rounds.iter().map(move |round| round.get(origin).map_or(&[][..], Vec::as_slice))
    }

    /// Whether a match in a document has a fix that is applied.
    fn has_fix(&self, origin: &Origin, fixer: &Fixer) -> bool {
        self.in_document(origin).flatten().any(|finding| fixer.applies(finding))
    }

    /// Whether the last round has a fix that is applied.
    fn last_has_fix(&self, fixer: &Fixer) -> bool {
        self.rounds.last().is_some_and(|round| has_fix(round, fixer))
    }

    /// Refuses fixes of a document. Its matches refer to a text that it will not have, so they are
    /// dropped.
    fn refuse(&mut self, origin: Arc<Origin>, refusal: Refusal) {
        self.forget(&origin);
        self.refused.insert(origin, refusal);
    }

    /// Allows all fixes of a document again.
    fn retry(&mut self, origin: &Origin) {
        self.forget(origin);
        self.refused.remove(origin);
    }

    fn forget(&mut self, origin: &Origin) {
        for round in &mut self.rounds {
            round.remove(origin);
        }
    }
}

fn has_fix(round: &Round, fixer: &Fixer) -> bool {
    round.values().flatten().any(|finding| fixer.applies(finding))
}

/// Groups matches by document, without the fixes that are refused or would remove the last copy of
/// a text.
fn select_fixes(
    mut matches: Vec<Finding>,
    refused: &HashMap<Arc<Origin>, Refusal>,
    fixer: &Fixer,
) -> Round {
    for finding in &mut matches {
        let is_refused = match refused.get(&finding.origin) {
            None => false,
            Some(Refusal::All(_)) => true,
            Some(Refusal::Unsafe(_)) => finding.applicable_fix(Applicability::Safe).is_none(),
        };
        if is_refused {
            finding.fix = None;
        }
    }
    matches.sort_by(|left, right| {
        (&left.origin, left.sort_key()).cmp(&(&right.origin, right.sort_key()))
    });
    preserve_last_copy(&mut matches, fixer.max_applicability());
    let mut round = Round::new();
    for finding in matches {
        round.entry(Arc::clone(&finding.origin)).or_default().push(finding);
    }
    round
}
