//! The entries of finished tasks, and the remaining tasks.

use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::{cannot_read, damaged, error_at};
use crate::{atomic_write, storage};
use dechaff_duplicates::staged::{Step, StepSplit};
use dechaff_duplicates::store::{Result, StoreError};

/// A share of the work: number `number` of `count`, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Share {
    /// The number, at least 1.
    pub number: u32,
    /// The number of shares.
    pub count: u32,
}

impl FromStr for Share {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        const MAX_SHARES: u32 = 100_000;
        let share = text.split_once('/').and_then(|(number, count)| {
            Some(Self { number: number.trim().parse().ok()?, count: count.trim().parse().ok()? })
        });
        share
            .filter(|share| (1..=share.count).contains(&share.number) && share.count <= MAX_SHARES)
            .ok_or_else(|| {
                format!("expected K/N with K from 1 to N and N up to {MAX_SHARES}, such as 3/8")
            })
    }
}

impl std::fmt::Display for Share {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}/{}", self.number, self.count)
    }
}

/// The only share of a step that is not split.
pub(super) const WHOLE: Share = Share { number: 1, count: 1 };

/// The name of the stage that makes the sketches, in file names.
pub(super) const SKETCH: &str = "sketch";

/// A file that a task wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileEntry {
    /// The name.
    pub(super) file: String,
    /// The SHA-256 of the footer, which has those of the sections.
    pub(super) footer: String,
    /// The number, within the task, of the first document sketched in it.
    pub(super) first: u32,
    /// The number of documents sketched in it.
    pub(super) documents: u32,
    /// The last step that reads it; `None` if a run reads it after all steps.
    pub(super) last_step: Option<String>,
}

impl FileEntry {
    /// Whether `step` reads the file; `None` stands for a run after all steps.
    pub(super) fn is_read_by(&self, step: Option<Step>) -> bool {
        let position = |name: &str| Step::ALL.iter().position(|step| step.name() == name);
        let last = self.last_step.as_deref().map(|name| position(name).unwrap_or(0));
        match (last, step) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(last), Some(step)) => position(step.name()).is_some_and(|step| step <= last),
        }
    }
}

/// The entry of a task, written when the task is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TaskEntry {
    /// The share of the work.
    pub(super) share: Share,
    /// The checksum of the manifest.
    pub(super) manifest: String,
    /// The number of documents that were sketched.
    pub(super) documents: u32,
    /// The size of their texts in bytes.
    pub(super) text_bytes: u64,
    /// The number of rows that were written.
    pub(super) rows: u64,
    /// The files.
    pub(super) files: Vec<FileEntry>,
}

/// Returns the prefix of a task's file names.
pub(super) fn task_name(stage: &str, share: Share) -> String {
    format!("{stage}-{:05}-of-{:05}", share.number, share.count)
}

/// Returns the path of the entry of a task.
fn entry_path(folder: &Path, stage: &str, share: Share) -> PathBuf {
    folder.join(format!("{}.json", task_name(stage, share)))
}

impl TaskEntry {
    /// Reads the entry of a task; `None` if it is not done.
    pub(super) fn read(folder: &Path, stage: &str, share: Share) -> Result<Option<Self>> {
        let path = entry_path(folder, stage, share);
        let text = match storage::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot_read(&path, &error)),
        };
        serde_json::from_str(&text).map(Some).map_err(|error| damaged(&path, error))
    }

    /// Writes the entry, unless another attempt at the task has. Returns whether it was written.
    pub(super) fn write(&self, folder: &Path, stage: &str) -> Result<bool> {
        let path = entry_path(folder, stage, self.share);
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| error_at(&path, format_args!("cannot be written: {error}")))?;
        atomic_write::create_new(&path, text.as_bytes())
            .map_err(|error| StoreError { message: error.to_string() })
    }
}

/// The finished and remaining tasks of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepProgress {
    /// The step; `None` for the sketches.
    pub step: Option<Step>,
    /// The number of tasks, once the first one is done.
    pub count: Option<u32>,
    /// The numbers of the tasks that are done.
    pub done: Vec<u32>,
}

impl StepProgress {
    /// Returns the name of the stage.
    pub fn name(&self) -> &'static str {
        self.step.map_or(SKETCH, Step::name)
    }

    /// Whether all tasks are done.
    pub fn is_done(&self) -> bool {
        self.count.is_some_and(|count| self.done.len() == count as usize)
    }

    /// Returns the numbers of the remaining tasks, if the total is known.
    pub fn left(&self) -> Vec<u32> {
        let all = 1..=self.count.unwrap_or(0);
        all.filter(|number| self.done.binary_search(number).is_err()).collect()
    }
}

/// The progress of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkProgress {
    /// The sketches, then the steps that the rules need, in order.
    pub steps: Vec<StepProgress>,
}

impl WorkProgress {
    /// Reads which tasks of the sketches and of `steps` are done.
    pub(super) fn read(folder: &Path, shares: u32, steps: &[Step]) -> Result<Self> {
        let entries = storage::list(folder).map_err(|error| cannot_read(folder, &error))?;
        let done: Vec<(String, Share)> =
            entries.iter().filter_map(|entry| parse_entry_name(&entry.name)).collect();
        let progress = |step: Option<Step>| {
            let name = step.map_or(SKETCH, Step::name);
            let of_step: Vec<Share> =
                done.iter().filter(|(stage, _)| stage == name).map(|(_, share)| *share).collect();
            let count = match step.map(Step::split) {
                None => Some(shares),
                Some(StepSplit::Single) => Some(1),
                Some(_) => of_step.first().map(|share| share.count),
            };
            if let Some(other) = of_step.iter().find(|share| Some(share.count) != count) {
                return Err(error_at(
                    folder,
                    format_args!(
                        "the step {name} was done in {} and in {} parts; remove the files \
                         `{name}-*` of one of them",
                        other.count,
                        count.unwrap_or(0)
                    ),
                ));
            }
            let mut done: Vec<u32> = of_step.iter().map(|share| share.number).collect();
            done.sort_unstable();
            Ok(StepProgress { step, count, done })
        };
        let all = [None].into_iter().chain(steps.iter().copied().map(Some));
        Ok(Self { steps: all.map(progress).collect::<Result<_>>()? })
    }

    /// Returns the first unfinished stage.
    pub fn next(&self) -> Option<&StepProgress> {
        self.steps.iter().find(|step| !step.is_done())
    }

    /// Whether all tasks are done.
    pub fn is_done(&self) -> bool {
        self.next().is_none()
    }
}

/// Returns the stage and the share of an entry with this name.
fn parse_entry_name(name: &str) -> Option<(String, Share)> {
    let (rest, count) = name.strip_suffix(".json")?.rsplit_once("-of-")?;
    let (stage, number) = rest.rsplit_once('-')?;
    let share = Share { number: number.parse().ok()?, count: count.parse().ok()? };
    Some((stage.to_owned(), share))
}
