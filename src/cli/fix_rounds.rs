//! Compares documents as their fixes leave them, until nothing more can be removed.
//!
//! Removing a duplicate may make other texts alike. Nothing is written between rounds: each round fixes every document
//! from its original text again, by the matches of the rounds before. That costs another pass over the corpus, and
//! keeps memory small.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::baseline::LinterResolver;
use super::check::start_phase;
use super::context::{CheckContext, Inputs};
use super::duplicate_pass::{CorpusTexts, SketchOptions, sketch_corpus};
use super::fixer::{FixOutcome, Fixer, Refusal};
use super::interrupt::{self, NoWriteGuard};
use super::progress::{Phase, Progress, TotalSize};
use crate::check::FindingsByDocument;
use crate::corpus::Source;
use crate::finding::{Applicability, Finding};
use crate::fix::preserve_last_copy;
use crate::linter::{CorpusMatches, Linter};
use crate::text::{Document, Origin, TextProvider, path_of};

/// The matches of one round, by document.
type Round = HashMap<Arc<Origin>, Vec<Finding>>;

/// Documents whose fixes are refused, in no particular order.
type Refusals = Vec<(Arc<Origin>, Refusal)>;

/// The matches of all rounds. Each round refers to the documents as the rounds before leave them.
#[derive(Default)]
pub(super) struct FixRounds {
    rounds: Vec<Round>,
    /// Documents whose fixes are refused, at least in part.
    refused: HashMap<Arc<Origin>, Refusal>,
}

impl FixRounds {
    /// Fixes a document by its own findings and the matches of all rounds.
    pub(super) fn fix(&self, fixer: &Fixer, linter: &Linter, source: &Source) -> FixOutcome {
        match self.refused.get(&source.origin) {
            Some(refusal @ Refusal::All(_)) => FixOutcome { fixed: None, refusal: Some(refusal.clone()) },
            Some(refusal @ Refusal::Unsafe(_)) => {
                let safe = fixer.fix_up_to(Applicability::Safe, linter, source, self.in_document(&source.origin));
                FixOutcome { refusal: safe.refusal.or_else(|| Some(refusal.clone())), ..safe }
            }
            None => fixer.fix(linter, source, self.in_document(&source.origin)),
        }
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

    /// Refuses fixes of a document. Its matches refer to a text that it will not have, so they are dropped.
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

/// Compares documents in rounds until no match can be fixed. No round removes the last copy of a text.
///
/// # Errors
///
/// A temporary file cannot be written or read, or a path cannot be walked.
pub(super) fn run_fix_rounds(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    fixer: &Fixer,
    linters: &LinterResolver,
    progress: &Rc<Progress>,
) -> anyhow::Result<FixRounds> {
    // Each round removes text, so the rounds end, unless fixes of other rules keep adding it back.
    const MAX_ROUNDS: usize = 50;
    // A document that would have lost too much may lose less once others are fixed.
    const MAX_RETRIES: usize = 5;
    let mut rounds = FixRounds::default();
    let mut to_retry = HashSet::new();
    let mut retries = 0;
    let mut has_changed = false;
    loop {
        let (matches, refused) = run_round(context, inputs, &rounds, fixer, linters, progress)?;
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
        if interrupt::is_interrupted() || rounds.rounds.len() >= MAX_ROUNDS {
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

/// Fixes all documents by the rounds so far and compares the results. Returns the matches, and the documents whose fixes
/// are refused now.
fn run_round(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    rounds: &FixRounds,
    fixer: &Fixer,
    linters: &LinterResolver,
    progress: &Rc<Progress>,
) -> anyhow::Result<(Vec<Finding>, Refusals)> {
    let refused: Mutex<Refusals> = Mutex::default();
    let preprocess = |source: &Source| {
        let FixOutcome { fixed, refusal } = rounds.fix(fixer, &linters.for_path(&source.path), source);
        if let Some(refusal) = refusal.filter(|refusal| rounds.refused.get(&source.origin) != Some(refusal)) {
            let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
            refused.push((Arc::clone(&source.origin), refusal));
        }
        fixed.map(|fixed| Arc::from(fixed.text))
    };
    let stdin = inputs.stdin.clone().map(|stdin| match preprocess(&stdin) {
        Some(text) => Source { text, ..stdin },
        None => stdin,
    });
    let mut texts = CorpusTexts::new(stdin, &context.read_options, context.memory);
    let matches = compare(context, inputs, &mut texts, &preprocess, progress)?;
    let matches = visible_matches(&matches, &texts, linters);
    Ok((matches, refused.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// Compares documents as `preprocess` changes them.
///
/// # Errors
///
/// A temporary file cannot be written or read, or a path cannot be walked.
pub(super) fn compare(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    texts: &mut CorpusTexts<'_>,
    preprocess: &(dyn Fn(&Source) -> Option<Arc<str>> + Send + Sync),
    progress: &Rc<Progress>,
) -> anyhow::Result<FindingsByDocument> {
    let linter = &context.settings.linter;
    if linter.has_corpus_checks() {
        start_phase(context, inputs, progress, Phase::FixRound, TotalSize::Files)?;
    }
    let is_new = |path: &Path| context.changed.contains(path);
    let options = SketchOptions { preprocess, is_new: &is_new, cache: false };
    let sketches = sketch_corpus(linter, texts, context.files(inputs)?, &options, progress)?;
    let _guard = NoWriteGuard::new();
    Ok(sketches.compare(texts)?.map(CorpusMatches::into_findings).unwrap_or_default())
}

/// Returns the matches, without the fix where a suppression comment or another finding covers them.
fn visible_matches(matches: &FindingsByDocument, texts: &CorpusTexts<'_>, linters: &LinterResolver) -> Vec<Finding> {
    /// Documents whose texts are in memory at a time.
    const BATCH: usize = 256;
    let mut all = Vec::new();
    for batch in matches.chunks(BATCH) {
        let batch_texts: Vec<_> = batch.iter().map(|(origin, _)| texts.text(origin).unwrap_or_default()).collect();
        let filter = |((origin, matches), text): (&(Arc<Origin>, Vec<Finding>), &Arc<str>)| {
            let linter = linters.for_path(&path_of(&origin.path));
            let visible = linter.visible_matches(&Document::parse(Arc::clone(origin), text), matches.clone());
            let key = |finding: &Finding| (finding.span, finding.rule.code.clone());
            let keys: HashSet<_> = visible.iter().map(key).collect();
            // A suppressed copy is not deleted, so another copy may be. Keep it, without its fix, so that its
            // suppression comment counts as used.
            let rest = matches.iter().filter(|finding| !keys.contains(&key(finding)));
            let rest = rest.map(|finding| Finding { fix: None, ..finding.clone() });
            visible.iter().cloned().chain(rest).collect::<Vec<_>>()
        };
        all.extend(batch.par_iter().zip(&batch_texts).flat_map_iter(filter).collect::<Vec<_>>());
    }
    all
}

/// Groups matches by document, without the fixes that are refused or would remove the last copy of a text.
fn select_fixes(mut matches: Vec<Finding>, refused: &HashMap<Arc<Origin>, Refusal>, fixer: &Fixer) -> Round {
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
    matches.sort_by(|left, right| (&left.origin, left.sort_key()).cmp(&(&right.origin, right.sort_key())));
    preserve_last_copy(&mut matches, fixer.max_applicability);
    let mut round = Round::new();
    for finding in matches {
        round.entry(Arc::clone(&finding.origin)).or_default().push(finding);
    }
    round
}
