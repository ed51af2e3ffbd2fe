//! Runs the tasks of a comparison in steps over a work folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dechaff::corpus::work::{
    ComparedDocuments, ComparedMatches, CopyFixer, FileShares, Share, SketchTask, TaskOutcome,
    WorkFolder, WorkManifest,
};
use dechaff::corpus::{
    InputFile, PathFilter, ReadOptions, ResolvedSettings, WalkError, expand_globs, walk,
};
use dechaff::duplicates::staged::{Step, StepSplit};
use dechaff::duplicates::store::{self, StoreError};
use dechaff::linter::{DocumentFindings, Linter};
use dechaff::text::DocumentIndex;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::compared_tables::{ComparedFindings, ComparedTexts};
use crate::documents::{DocumentReader, ReadDocument};
use crate::engine::{self, Engine, store_error};
use crate::pool::Threads;
use crate::results::{Item, Results, Sender, run_interruptibly};
use crate::rows::FindingRow;

/// The name of the step that reads the documents.
const SKETCH: &str = "sketch";

/// A comparison in steps.
#[pyclass(frozen, module = "dechaff._dechaff")]
pub(crate) struct Comparison {
    plan: Arc<Plan>,
    threads: Option<usize>,
}

/// The documents to compare, and the settings.
struct Plan {
    settings: Arc<ResolvedSettings>,
    work: PathBuf,
    paths: Vec<PathBuf>,
    read_options: ReadOptions,
    skips_bad_records: bool,
    memory: usize,
}

/// A path filter that uses the defaults.
struct AllFiles;

impl PathFilter for AllFiles {
    fn includes_dir(&self, _: &Path) -> bool {
        true
    }

    fn includes_file(&self, _: &Path) -> Option<bool> {
        None
    }

    fn includes_explicit(&self, _: &Path) -> bool {
        true
    }

    fn note_skipped_copies(&self, _: &Path) {}
}

#[pymethods]
impl Comparison {
    #[new]
    #[pyo3(signature = (engine, work, paths, text, id, memory, skips_bad_records))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        engine: &Engine,
        work: PathBuf,
        paths: Vec<PathBuf>,
        text: Option<String>,
        id: Option<String>,
        memory: usize,
        skips_bad_records: bool,
    ) -> PyResult<Self> {
        let settings = engine.settings(py)?;
        let mut read_options = settings.read_options();
        read_options.text_field = text.unwrap_or(read_options.text_field);
        read_options.id_field = id.unwrap_or(read_options.id_field);
        if settings.measures_need_language() {
            read_options.read_language();
        }
        let plan = Plan { settings, work, paths, read_options, skips_bad_records, memory };
        Ok(Self { plan: Arc::new(plan), threads: engine.threads })
    }

    /// Returns the steps that the rules need, in order, with whether each can be split.
    fn steps(&self) -> Vec<(&'static str, bool)> {
        let linter = &self.plan.settings.linter;
        let is_needed =
            |step: &&Step| linter.staged_checks().any(|(_, check)| check.has_step(**step));
        let steps = Step::ALL.iter().filter(is_needed);
        let steps = steps.map(|step| (step.name(), step.split() != StepSplit::Single));
        std::iter::once((SKETCH, true)).chain(steps).collect()
    }

    /// Returns the name of each step, the number of its shares if known, and how many of them are
    /// done. Returns an empty list before the first task has started.
    fn progress(&self, py: Python<'_>) -> PyResult<Vec<(&'static str, Option<u32>, usize)>> {
        let progress = py.detach(|| match WorkFolder::open_if_any(&self.plan.work)? {
            Some(folder) => folder.progress().map(Some),
            None => Ok(None),
        });
        let steps = progress.map_err(store_error)?.map(|progress| progress.steps);
        let steps = steps.unwrap_or_default();
        Ok(steps.iter().map(|step| (step.name(), step.count, step.done.len())).collect())
    }

    /// Does share `number` of `count` of a step. Returns false if it had already been done.
    fn run(&self, py: Python<'_>, step: &str, number: u32, count: u32) -> PyResult<bool> {
        let share = share(number, count)?;
        if step == SKETCH {
            let threads = Threads::get(py, self.threads)?;
            return run_interruptibly(py, |cancelled| self.plan.sketch(share, &threads, cancelled));
        }
        let known = Step::ALL.iter().copied().find(|known| known.name() == step);
        let step = known.ok_or_else(|| PyValueError::new_err(format!("no such step: {step}")))?;
        run_interruptibly(py, |cancelled| {
            let folder = self.plan.waiting(WorkFolder::open(&self.plan.work)?, cancelled);
            let is_cancelled = || cancelled.load(Ordering::Relaxed);
            let outcome = folder.run(step, share, self.plan.memory, &is_cancelled)?;
            Ok(matches!(outcome, TaskOutcome::Done(_)))
        })
    }

    /// Reports the findings of a share of the documents. Returns an iterator over tables.
    fn check(&self, py: Python<'_>, number: u32, count: u32) -> PyResult<Results> {
        let pass = self.pass(py, number, count)?;
        Results::spawn(move |sender| pass.check(sender))
    }

    /// Removes the copies in a share of the documents. Returns an iterator over tables.
    #[pyo3(signature = (number, count, unsafe_fixes))]
    fn fix(
        &self,
        py: Python<'_>,
        number: u32,
        count: u32,
        unsafe_fixes: Option<bool>,
    ) -> PyResult<Results> {
        let pass = self.pass(py, number, count)?;
        let fixer = engine::fixer(&self.plan.settings, unsafe_fixes);
        Results::spawn(move |sender| pass.fix(&fixer, sender))
    }
}

impl Comparison {
    fn pass(&self, py: Python<'_>, number: u32, count: u32) -> PyResult<Pass> {
        let (threads, share) = (Threads::get(py, self.threads)?, share(number, count)?);
        Ok(Pass { plan: Arc::clone(&self.plan), threads, share })
    }
}

impl Plan {
    fn reader(&self, threads: &Threads) -> DocumentReader<'_> {
        DocumentReader {
            options: &self.read_options,
            skips_bad_records: self.skips_bad_records,
            threads: threads.count(),
        }
    }

    fn waiting(&self, folder: WorkFolder, cancelled: &Arc<AtomicBool>) -> WorkFolder {
        let cancelled = Arc::clone(cancelled);
        folder.waiting(move || !cancelled.load(Ordering::Relaxed))
    }

    fn sketch(
        &self,
        share: Share,
        threads: &Threads,
        cancelled: &Arc<AtomicBool>,
    ) -> store::Result<bool> {
        let linter = &self.settings.linter;
        let shares = file_shares(&self.paths)?;
        let manifest = WorkManifest::of_files(linter, &self.read_options, &shares, share.count)?;
        let folder = self.waiting(WorkFolder::create(&self.work, manifest)?, cancelled);
        let (files, bytes) = shares.share(share);
        let task = SketchTask::begin(&folder, linter, share, self.memory, bytes)?;
        let Some(mut task) = task else { return Ok(false) };
        let (mut has_documents, mut has_site) = (false, false);
        self.reader(threads).read(&files, |batch| {
            has_documents |= !batch.is_empty();
            has_site |= batch.iter().any(|document| document.site.is_some());
            if cancelled.load(Ordering::Relaxed) {
                return Err(StoreError { message: "interrupted; run the task again".into() });
            }
            let sketch =
                |document: &ReadDocument| linter.sketch(&document.document(&document.index()));
            let sketches = threads.map(&batch, sketch);
            let mut sketched = batch.iter().zip(&sketches);
            sketched.try_for_each(|(document, sketch)| task.add(sketch, &document.source.text))
        })?;
        if let Some(group_by) = &self.read_options.group_by
            && has_documents
            && !has_site
        {
            let message = format!("no document has a site: group-by = {:?}", group_by.name());
            return Err(StoreError { message });
        }
        task.finish()?;
        Ok(true)
    }
}

/// The state of the thread that reads the results for a share.
struct Pass {
    plan: Arc<Plan>,
    threads: Threads,
    share: Share,
}

impl Pass {
    /// Opens the share: its results and its files.
    fn open(&self) -> store::Result<(ComparedDocuments, Vec<InputFile>)> {
        let shares = file_shares(&self.plan.paths)?;
        let folder = WorkFolder::open(&self.plan.work)?;
        let count = folder.manifest().shares;
        let linter = &self.plan.settings.linter;
        folder.require(&WorkManifest::of_files(
            linter,
            &self.plan.read_options,
            &shares,
            count,
        )?)?;
        let documents = ComparedDocuments::open(&folder, shares.bounds(self.share))?;
        Ok((documents, shares.share(self.share).0))
    }

    fn check(&self, sender: &Sender) -> store::Result<()> {
        let (documents, files) = self.open()?;
        let linter = &self.plan.settings.linter;
        if files.is_empty() {
            return sender.send(vec![Item::Table(ComparedFindings::default().finish()?)]);
        }
        let mut matches = ComparedMatches::new(&documents, linter, self.plan.memory)?;
        self.plan.reader(&self.threads).read(&files, |batch| {
            sender.check_interrupt()?;
            let mut table = ComparedFindings::default();
            for (read, own) in batch.iter().zip(self.threads.map(&batch, |read| self.lint(read))) {
                let OwnFindings { linter, index, findings } = own;
                let document = read.document(&index);
                let Some(found) = matches.findings_in(&document)? else {
                    return Err(ComparedDocuments::missing(document.origin()));
                };
                let findings = linter.finish(&document, findings, found);
                let rows = FindingRow::all(&document, &findings, &documents);
                for (finding, row) in findings.iter().zip(&rows) {
                    table.append(document.origin(), finding, row, &linter);
                }
            }
            sender.send(vec![Item::Table(table.finish()?)])
        })
    }

    /// Lints a document by itself.
    fn lint(&self, document: &ReadDocument) -> OwnFindings {
        let path = std::path::absolute(&document.source.path);
        let linter = self.plan.settings.linter_for(path.as_ref().unwrap_or(&document.source.path));
        let index = document.index();
        let findings = linter.check_document(&document.document(&index));
        OwnFindings { linter, index, findings }
    }

    fn fix(&self, fixer: &dechaff::fix::Fixer, sender: &Sender) -> store::Result<()> {
        let (documents, files) = self.open()?;
        if files.is_empty() {
            return sender.send(vec![Item::Table(ComparedTexts::default().finish()?)]);
        }
        let linter = &self.plan.settings.linter;
        let fixer = CopyFixer::new(linter, fixer, &documents, self.plan.memory)?;
        self.plan.reader(&self.threads).read(&files, |batch| {
            sender.check_interrupt()?;
            let mut table = ComparedTexts::default();
            let fixed = self.threads.map(&batch, |document| fixer.fix(&document.source));
            for (document, outcome) in batch.iter().zip(fixed) {
                table.append(&document.source, &outcome?);
            }
            sender.send(vec![Item::Table(table.finish()?)])
        })
    }
}

/// The findings of a document by itself.
struct OwnFindings {
    linter: Linter,
    index: Arc<DocumentIndex>,
    findings: DocumentFindings,
}

fn share(number: u32, count: u32) -> PyResult<Share> {
    format!("{number}/{count}").parse().map_err(PyValueError::new_err)
}

/// Finds the files in `paths`.
fn file_shares(paths: &[PathBuf]) -> store::Result<FileShares> {
    let failed = |error: WalkError| StoreError { message: error.to_string() };
    let paths = expand_globs(paths).map_err(failed)?;
    let filter: Arc<dyn PathFilter> = Arc::new(AllFiles);
    let files = walk(&paths, &filter).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    let shares = FileShares::new(files)?;
    if shares.is_empty() {
        let message = "no files to compare".into();
        return Err(StoreError { message });
    }
    Ok(shares)
}
