//! Runs the rounds of fixing over the files of a run.

use std::path::Path;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::baseline::LinterResolver;
use super::check::start_phase;
use super::context::{CheckContext, Inputs};
use super::duplicate_pass::{CorpusTexts, SketchOptions, sketch_corpus};
use super::interrupt::{self, NoWriteGuard};
use super::progress::{Phase, Progress, TotalSize};
use crate::corpus::Source;
use crate::duplicates::FindingsByDocument;
use crate::finding::Finding;
use crate::fix::{FixOutcome, FixRounds, Fixer, Refusals};
use crate::linter::CorpusMatches;
use crate::report::JudgedDocuments;
use crate::text::{Document, Origin, TextProvider, path_of};

/// Compares documents in rounds until no match can be fixed.
///
/// # Errors
///
/// A temporary file cannot be written or read, or a path cannot be walked.
pub(super) fn run_fix_rounds(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    fixer: &Fixer,
    linters: &LinterResolver,
    dropped: &JudgedDocuments,
    progress: &Rc<Progress>,
) -> anyhow::Result<FixRounds> {
    FixRounds::run(fixer, interrupt::is_interrupted, |rounds| {
        run_round(context, inputs, rounds, fixer, linters, dropped, progress)
    })
}

/// Fixes all documents by the rounds so far and compares the results. Returns the matches, and the
/// documents whose fixes are refused now.
fn run_round(
    context: &CheckContext<'_>,
    inputs: &Inputs,
    rounds: &FixRounds,
    fixer: &Fixer,
    linters: &LinterResolver,
    dropped: &JudgedDocuments,
    progress: &Rc<Progress>,
) -> anyhow::Result<(Vec<Finding>, Refusals)> {
    let refused: Mutex<Refusals> = Mutex::default();
    let preprocess = |source: &Source| {
        // A document that is left out must not count as an original.
        if dropped.contains(&source.origin) {
            return Some(Arc::from(""));
        }
        let FixOutcome { fixed, refusal } =
            rounds.fix(fixer, &linters.for_path(&source.path), &source.document());
        if let Some(refusal) = rounds.new_refusal(&source.origin, refusal) {
            let mut refused = refused.lock().unwrap_or_else(PoisonError::into_inner);
            refused.push((Arc::clone(&source.origin), refusal));
        }
        fixed.map(|fixed| Arc::from(fixed.text))
    };
    let stdin = inputs.stdin.clone().map(|stdin| match preprocess(&stdin) {
        Some(text) => Source { text, ..stdin },
        None => stdin,
    });
    let mut texts = CorpusTexts::new(stdin, &context.read_options, context.comparison.memory);
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
    let options = SketchOptions {
        preprocess,
        is_new: &is_new,
        against: &context.comparison.against,
        cache: false,
    };
    let sketches = sketch_corpus(linter, texts, context.files(inputs)?, &options, progress)?;
    let _guard = NoWriteGuard::new();
    Ok(sketches.compare(texts)?.map(CorpusMatches::into_findings).unwrap_or_default())
}

/// Returns the matches of all documents, without the fix where something else covers them.
fn visible_matches(
    matches: &FindingsByDocument,
    texts: &CorpusTexts<'_>,
    linters: &LinterResolver,
) -> Vec<Finding> {
    /// Documents whose texts are in memory at a time.
    const BATCH: usize = 256;
    let mut all = Vec::new();
    for batch in matches.chunks(BATCH) {
        let batch_texts: Vec<_> =
            batch.iter().map(|(origin, _)| texts.text(origin).unwrap_or_default()).collect();
        let filter = |((origin, matches), text): (&(Arc<Origin>, Vec<Finding>), &Arc<str>)| {
            let linter = linters.for_path(&path_of(&origin.path));
            linter.matches_to_fix(&Document::parse(Arc::clone(origin), text), matches)
        };
        all.extend(batch.par_iter().zip(&batch_texts).flat_map_iter(filter).collect::<Vec<_>>());
    }
    all
}
