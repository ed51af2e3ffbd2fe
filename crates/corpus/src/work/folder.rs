//! A work folder, and the tasks of its steps.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::entry::{SKETCH, Share, TaskEntry, WHOLE, WorkProgress};
use super::lock::TaskLock;
use super::manifest::{FILE_NAME, WorkManifest};
use super::task_input::{TaskInput, WorkFiles, share_range};
use super::task_output::TaskOutput;
use super::{cannot_read, error_at};
use crate::index::{IndexSettings, hex};
use crate::remove_stale_files;
use crate::storage::{self, is_url};
use dechaff_checks::{Check, Parameters};
use dechaff_duplicates::CorpusCheck;
use dechaff_duplicates::staged::{StagedCheck, Step, StepInput, StepSplit};
use dechaff_duplicates::store::Result;
use dechaff_findings::{RuleInfo, Severity};

/// A work folder.
pub struct WorkFolder {
    path: PathBuf,
    manifest: WorkManifest,
    checksum: String,
    checks: Vec<Box<dyn CorpusCheck>>,
    waits: Option<Waits>,
}

/// Whether to keep waiting for another process.
type Waits = Box<dyn Fn() -> bool + Send + Sync>;

/// The outcome of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskOutcome {
    /// It was done now, and wrote this many rows.
    Done(u64),
    /// It had already been done.
    WasDone,
    /// The rules do not need the step.
    NotNeeded,
}

impl WorkFolder {
    /// Opens the work folder at `path`, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// It has other files or another manifest, or cannot be written.
    pub fn create(path: &Path, manifest: WorkManifest) -> Result<Self> {
        storage::create_dir_all(path)
            .map_err(|error| error_at(path, format_args!("cannot be created: {error}")))?;
        match WorkManifest::read(path)? {
            Some(existing) => {
                if let Some(conflict) = manifest.conflict(&existing) {
                    return Err(error_at(
                        path,
                        format_args!(
                            "the work folder belongs to another comparison: {conflict}; or start \
                             again in another folder"
                        ),
                    ));
                }
            }
            None => {
                let files = storage::list(path).map_err(|error| cannot_read(path, &error))?;
                let is_other = |name: &str| name != FILE_NAME && !name.starts_with(".dechaff-");
                if files.iter().any(|file| is_other(&file.name))
                    && WorkManifest::read(path)?.is_none()
                {
                    return Err(error_at(
                        path,
                        "the directory has other files but is not a work folder; use a new \
                         directory",
                    ));
                }
                // Tasks that start at the same time write the same manifest.
                manifest.write(path)?;
            }
        }
        Self::new(path, manifest)
    }

    /// Opens the work folder at `path`.
    ///
    /// # Errors
    ///
    /// There is no work folder, or it is damaged or has another version.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_if_any(path)?.ok_or_else(|| {
            error_at(path, "no work folder here; create one with `dechaff compare sketch`")
        })
    }

    /// Opens the work folder at `path`, if there is one.
    ///
    /// # Errors
    ///
    /// It is damaged or has another version.
    pub fn open_if_any(path: &Path) -> Result<Option<Self>> {
        let Some(manifest) = WorkManifest::read(path)? else { return Ok(None) };
        let current = dechaff_duplicates::indexed::unicode_version();
        let IndexSettings { sketch, unicode, .. } = &manifest.settings;
        if (*sketch, unicode) != (dechaff_duplicates::indexed::SKETCH_VERSION, &current) {
            return Err(error_at(
                path,
                format_args!(
                    "the work folder was made with sketches of version {sketch} and Unicode \
                     {unicode}, and this dechaff has version {} and Unicode {current}; start again \
                     in another folder",
                    dechaff_duplicates::indexed::SKETCH_VERSION
                ),
            ));
        }
        Self::new(path, manifest).map(Some)
    }

    fn new(path: &Path, manifest: WorkManifest) -> Result<Self> {
        let json = serde_json::to_string(&manifest).unwrap_or_default();
        let checksum = hex(&Sha256::digest(json));
        let checks = checks(path, &manifest)?;
        Ok(Self { path: path.to_owned(), manifest, checksum, checks, waits: None })
    }

    /// Lets a task wait while another process on this machine does the same task and `waits`
    /// returns true; by default, it fails. Engines may start a second attempt at a task before the
    /// first one has ended.
    pub fn waiting(self, waits: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { waits: Some(Box::new(waits)), ..self }
    }

    /// Locks a task.
    pub(super) fn lock(&self, stage: &str, share: Share) -> Result<TaskLock> {
        TaskLock::new(&self.path, stage, share, self.waits.as_deref())
    }

    /// Checks that the comparison is the one that `manifest` describes.
    ///
    /// # Errors
    ///
    /// Describes the difference.
    pub fn require(&self, manifest: &WorkManifest) -> Result<()> {
        match manifest.conflict(&self.manifest) {
            Some(conflict) => Err(error_at(
                &self.path,
                format_args!("the work folder belongs to another comparison: {conflict}"),
            )),
            None => Ok(()),
        }
    }

    /// Returns the directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the manifest.
    pub fn manifest(&self) -> &WorkManifest {
        &self.manifest
    }

    pub(super) fn checksum(&self) -> &str {
        &self.checksum
    }

    pub(super) fn checks(&self) -> impl Iterator<Item = &dyn StagedCheck> {
        self.checks.iter().filter_map(|check| check.staged())
    }

    /// Returns the steps that the rules need, in order.
    pub fn steps(&self) -> Vec<Step> {
        let is_needed = |step: &Step| self.checks().any(|check| check.has_step(*step));
        Step::ALL.iter().copied().filter(is_needed).collect()
    }

    /// Reads which tasks are done.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn progress(&self) -> Result<WorkProgress> {
        WorkProgress::read(&self.path, self.manifest.shares, &self.steps())
    }

    /// Runs a task of a step in about `memory` bytes. If a step is not split, any task does all of
    /// it.
    ///
    /// # Errors
    ///
    /// An earlier step is not done, another process runs the task, or a file cannot be read or
    /// written.
    pub fn run(
        &self,
        step: Step,
        share: Share,
        memory: usize,
        is_interrupted: &(dyn Fn() -> bool + Send + Sync),
    ) -> Result<TaskOutcome> {
        let progress = self.progress()?;
        let of_step = progress.steps.iter().find(|other| other.step == Some(step));
        let Some(of_step) = of_step else { return Ok(TaskOutcome::NotNeeded) };
        let share = match step.split() {
            StepSplit::Single => WHOLE,
            StepSplit::Documents | StepSplit::Keys => share,
        };
        if let Some(count) = of_step.count.filter(|count| *count != share.count) {
            return Err(error_at(
                &self.path,
                format_args!(
                    "the step {} was begun in {count} parts; use `--partition K/{count}`",
                    step.name()
                ),
            ));
        }
        if TaskEntry::read(&self.path, step.name(), share)?.is_some() {
            return Ok(TaskOutcome::WasDone);
        }
        let mut before = progress.steps.iter().take_while(|other| other.step != Some(step));
        if let Some(left) = before.find(|other| !other.is_done()) {
            return Err(error_at(
                &self.path,
                format_args!(
                    "the step {} needs all shares of {}; `dechaff compare status` lists the missing ones",
                    step.name(),
                    left.name()
                ),
            ));
        }
        let _lock = self.lock(step.name(), share)?;
        if TaskEntry::read(&self.path, step.name(), share)?.is_some() {
            return Ok(TaskOutcome::WasDone);
        }
        if !is_url(&self.path) {
            remove_stale_files(&self.path);
        }
        let files = WorkFiles::open(&self.path, &self.checksum, &progress, Some(step))?;
        let range = share_range(step, share, files.documents);
        // The output gets a quarter, the input and the computation the rest.
        let mut output =
            TaskOutput::new(&self.path, &self.checksum, step.name(), share, memory / 4);
        let Some(range) = range else { return Ok(TaskOutcome::Done(output.finish()?)) };
        let input = TaskInput { files, share: range, memory: memory / 2, is_interrupted };
        for check in self.checks().filter(|check| check.has_step(step)) {
            check.run_step(step, &input, &mut output)?;
        }
        input.check_interrupt()?;
        Ok(TaskOutcome::Done(output.finish()?))
    }

    /// Returns the size of the folder in bytes.
    pub fn size(&self) -> u64 {
        let files = storage::list(&self.path).unwrap_or_default();
        files.iter().map(|file| file.size).sum()
    }

    /// Returns the number of sketched documents, and the size of their texts.
    ///
    /// # Errors
    ///
    /// The folder cannot be read.
    pub fn documents(&self) -> Result<(u64, u64)> {
        let (mut documents, mut bytes) = (0, 0);
        for number in 1..=self.manifest.shares {
            let share = Share { number, count: self.manifest.shares };
            if let Some(entry) = TaskEntry::read(&self.path, SKETCH, share)? {
                documents += u64::from(entry.documents);
                bytes += entry.text_bytes;
            }
        }
        Ok((documents, bytes))
    }
}

/// Compiles the rules of a manifest. Only their parameters matter here.
fn checks(path: &Path, manifest: &WorkManifest) -> Result<Vec<Box<dyn CorpusCheck>>> {
    let rule = |rule: &crate::index::IndexRule| {
        let parameters: Parameters = serde_json::from_value(rule.parameters.clone())
            .map_err(|error| error_at(path, format_args!("the rule {}: {error}", rule.code)))?;
        parameters.validate().map_err(|error| {
            error_at(path, format_args!("the rule {}: {}", rule.code, error.message))
        })?;
        let info = RuleInfo {
            code: rule.code.clone(),
            name: rule.code.clone(),
            summary: String::new(),
            severity: Severity::Warning,
            fix: None,
            note: None,
            amid_content: false,
            is_custom: false,
        };
        Ok((Arc::new(info), parameters))
    };
    let rules = manifest.settings.rules.iter().map(rule).collect::<Result<Vec<_>>>()?;
    let rules: Vec<(Arc<RuleInfo>, &Parameters)> =
        rules.iter().map(|(info, parameters)| (Arc::clone(info), parameters)).collect();
    let compiled =
        dechaff_checks::compile(&rules).map_err(|error| error_at(path, error.message))?;
    let corpus_check = |check| match check {
        Check::Corpus(check) => Some(check),
        Check::Document(_) | Check::Suppression(_) => None,
    };
    Ok(compiled.into_iter().filter_map(corpus_check).collect())
}
