//! Comparing documents as fixing leaves them, until nothing more goes.
//!
//! What goes because it stands elsewhere may leave texts that are alike now. Nothing is written between the rounds: a document
//! is made from its file again by what each round found in it.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::check::Run;
use super::compare::Given;
use super::fix::{Outcome, Plan, Refusal};
use super::interrupt;
use super::known::Linters;
use crate::check::FindingsByDocument;
use crate::corpus::Source;
use crate::engine::Linter;
use crate::finding::{Applicability, Finding};
use crate::fix::preserve_last_copy;
use crate::text::{Document, Origin, TextProvider, path_of};

/// What comparing found in each document.
type Round = HashMap<Arc<Origin>, Vec<Finding>>;

/// What comparing found, again and again: each round of documents as the rounds before it leave them.
#[derive(Default)]
pub(super) struct Rounds {
    found: Vec<Round>,
    /// Documents that are left as they are, or fixed by safe fixes only, and why.
    refused: HashMap<Arc<Origin>, Refusal>,
}

impl Rounds {
    /// What becomes of a document.
    pub(super) fn fix(&self, plan: &Plan, linter: &Linter, source: &Source) -> Outcome {
        match self.refused.get(&source.origin) {
            Some(refusal @ Refusal::All(_)) => Outcome { fixed: None, refusal: Some(refusal.clone()) },
            Some(refusal @ Refusal::Unsafe(_)) => {
                let safe = plan.fix_up_to(Applicability::Safe, linter, source, self.of(&source.origin));
                Outcome { refusal: safe.refusal.or_else(|| Some(refusal.clone())), ..safe }
            }
            None => plan.fix(linter, source, self.of(&source.origin)),
        }
    }

    /// What each round found in one document.
    fn of(&self, origin: &Origin) -> impl Iterator<Item = &[Finding]> {
        self.found.iter().map(move |compared| compared.get(origin).map_or(&[][..], Vec::as_slice))
    }

    /// Whether comparing has a part in what becomes of a document.
    fn has_fix(&self, origin: &Origin, plan: &Plan) -> bool {
        self.of(origin).flatten().any(|finding| plan.applies(finding))
    }

    /// Leaves a document as it is, or to safe fixes; what comparing found was of another text.
    fn refuse(&mut self, origin: Arc<Origin>, refusal: Refusal) {
        self.forget(&origin);
        self.refused.insert(origin, refusal);
    }

    /// Lets a document be fixed as far as it was asked for.
    fn retry(&mut self, origin: &Origin) {
        self.forget(origin);
        self.refused.remove(origin);
    }

    fn forget(&mut self, origin: &Origin) {
        self.found.iter_mut().for_each(|compared| drop(compared.remove(origin)));
    }
}

impl Run<'_> {
    /// What comparing finds in the documents as their own fixes leave them, without what would remove a last copy, until
    /// nothing that it finds can be fixed.
    pub(super) fn compare_settled(
        &self,
        plan: &Plan,
        stdin: Option<&Source>,
        paths: &[PathBuf],
    ) -> anyhow::Result<Rounds> {
        // Each round takes something out, so that there is an end; a rule that puts it back must not keep us from it.
        const MOST_ROUNDS: usize = 50;
        // A document that would have lost too much may lose less now that others are fixed.
        const MOST_RETRIES: usize = 5;
        let linters = self.known.linters(&self.root);
        let mut rounds = Rounds::default();
        let (mut retried, mut has_gone, mut to_retry) = (0, false, HashSet::new());
        loop {
            let refused: Mutex<Vec<(Arc<Origin>, Refusal)>> = Mutex::default();
            let settle = |source: Source| {
                let Outcome { fixed, refusal } = rounds.fix(plan, &linters.of(&source.path), &source);
                if let Some(refusal) = refusal.filter(|refusal| rounds.refused.get(&source.origin) != Some(refusal)) {
                    let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
                    refused.push((Arc::clone(&source.origin), refusal));
                }
                match fixed {
                    Some(fixed) => (Source { text: fixed.text.into(), ..source }, true),
                    None => (source, false),
                }
            };
            let mut given = Given::new(stdin.cloned(), Box::new(settle), &self.reading, self.memory());
            let found = self.compare(&mut given, paths)?;
            let found = admitted(&found, &given, &linters);
            drop(given);
            for (origin, refusal) in refused.into_inner().unwrap_or_else(PoisonError::into_inner) {
                if rounds.has_fix(&origin, plan) {
                    to_retry.insert(Arc::clone(&origin));
                }
                rounds.refuse(origin, refusal);
            }
            let last = rounds.found.last();
            has_gone |= last.is_some_and(|last| last.values().flatten().any(|finding| plan.applies(finding)));
            let compared = chosen(found, &rounds.refused, plan);
            let is_at_rest = !compared.values().flatten().any(|finding| plan.applies(finding));
            rounds.found.push(compared);
            if interrupt::is_interrupted() || rounds.found.len() >= MOST_ROUNDS {
                break;
            }
            if is_at_rest {
                if to_retry.is_empty() || retried == MOST_RETRIES || retried > 0 && !has_gone {
                    break;
                }
                (retried, has_gone) = (retried + 1, false);
                for origin in to_retry.drain() {
                    rounds.retry(&origin);
                }
            }
        }
        Ok(rounds)
    }
}

/// What is reported of what comparing found; what a comment or another finding speaks for is left without a fix.
fn admitted(compared: &FindingsByDocument, given: &Given<'_>, linters: &Linters) -> Vec<Finding> {
    /// Documents whose texts are held at once.
    const BATCH: usize = 256;
    let mut all = Vec::new();
    for batch in compared.chunks(BATCH) {
        let texts: Vec<_> = batch.iter().map(|(origin, _)| given.text(origin).unwrap_or_default()).collect();
        let admit = |((origin, compared), text): (&(Arc<Origin>, Vec<Finding>), &Arc<str>)| {
            let linter = linters.of(&path_of(&origin.path));
            let admitted = linter.admitted(&Document::parse(Arc::clone(origin), text), compared.clone());
            let key = |finding: &Finding| (finding.span, finding.rule.code.clone());
            let keys: HashSet<_> = admitted.iter().map(key).collect();
            // What is left out where it stands does not go, so that another copy may; that it is, its comment must know.
            let rest = compared.iter().filter(|finding| !keys.contains(&key(finding)));
            let rest = rest.map(|finding| Finding { fix: None, ..finding.clone() });
            admitted.iter().cloned().chain(rest).collect::<Vec<_>>()
        };
        all.extend(batch.par_iter().zip(&texts).flat_map_iter(admit).collect::<Vec<_>>());
    }
    all
}

/// `found` by document, with the fixes that are to be applied: none of a document that is left alone, and none that would
/// remove a last copy.
fn chosen(mut found: Vec<Finding>, refused: &HashMap<Arc<Origin>, Refusal>, plan: &Plan) -> Round {
    for finding in &mut found {
        let is_refused = match refused.get(&finding.origin) {
            None => false,
            Some(Refusal::All(_)) => true,
            Some(Refusal::Unsafe(_)) => finding.applicable_fix(Applicability::Safe).is_none(),
        };
        if is_refused {
            finding.fix = None;
        }
    }
    found.sort_by(|left, right| (&left.origin, left.sort_key()).cmp(&(&right.origin, right.sort_key())));
    preserve_last_copy(&mut found, plan.most);
    let mut compared = Round::new();
    for finding in found {
        compared.entry(Arc::clone(&finding.origin)).or_default().push(finding);
    }
    compared
}
