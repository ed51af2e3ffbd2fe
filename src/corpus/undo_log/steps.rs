//! The changes of one run to one document, and how a document is led back through them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::entry::{Entry, LogLine, hash};
use crate::text::Span;

/// The changes that one run made to one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The changes, in order of place; all name the same two hashes.
    entries: Vec<Entry>,
}

/// What the log says about each file, by directory and path.
pub type LoggedFiles = BTreeMap<(String, String), LoggedFile>;

/// What the log says about a file.
#[derive(Debug, Default)]
pub struct LoggedFile {
    /// The steps of each record, in the order in which they were taken; one document without a number if the file is no shard.
    pub documents: BTreeMap<Option<u64>, Vec<Step>>,
    /// States of the file in which records are left out.
    pub copies: Vec<Copy>,
    /// Hashes of the file with those records put back.
    pub whole: HashSet<String>,
    /// Records left out of a copy that is not known yet.
    dropped: Vec<Entry>,
}

/// A copy from which records were left out.
#[derive(Debug)]
pub struct Copy {
    /// Hash of the file's bytes.
    pub file: String,
    /// How many records were left out.
    pub left_out: usize,
    /// For each, the first entry, in order of place; fewer if the log lost some.
    pub dropped: Vec<Entry>,
}

/// Sorts the lines of a log by file and document.
pub fn logged_files(lines: Vec<LogLine>) -> LoggedFiles {
    let mut files = LoggedFiles::new();
    for line in lines {
        match line {
            LogLine::Entry(entry) => files.entry((entry.base.clone(), entry.path.clone())).or_default().push(*entry),
            LogLine::File(state) => {
                let file = files.entry((state.base, state.path)).or_default();
                let Some(left_out) = state.left_out else {
                    file.whole.insert(state.file);
                    continue;
                };
                // A run that was killed may have logged some of them before.
                let dropped = file.dropped.split_off(file.dropped.len().saturating_sub(left_out));
                file.dropped.clear();
                file.copies.push(Copy { file: state.file, left_out, dropped });
            }
        }
    }
    files
}

impl LoggedFile {
    fn push(&mut self, entry: Entry) {
        if entry.dropped {
            if entry.change == 1 {
                self.dropped.push(entry);
            }
            return;
        }
        let steps = self.documents.entry(entry.record.as_ref().map(|record| record.index)).or_default();
        match steps.last_mut() {
            Some(step) if step.is_continued_by(&entry) => step.entries.push(entry),
            _ => steps.push(Step { entries: vec![entry] }),
        }
    }

    /// All entries.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        let steps = self.documents.values().flatten().flat_map(|step| &step.entries);
        steps.chain(self.copies.iter().flat_map(|copy| &copy.dropped))
    }
}

/// Why a document cannot be restored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// The text is nothing that the log knows.
    #[error("the text has changed since it was fixed; it was left as it is")]
    Changed,
    /// Lines of the step are missing or broken.
    #[error("{found} of the {all} changes made at once are in the undo log; it was left as it is")]
    Incomplete {
        /// Entries that are there.
        found: usize,
        /// Entries that there were.
        all: usize,
    },
    /// The changes do not lead to the original.
    #[error("the undo log does not lead back to the original text; it was left as it is")]
    Mismatch,
}

/// A passage that is put back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// What it replaces in the text as it is.
    pub span: Span,
    /// The passage.
    pub text: String,
    /// The passage as the record's JSON spelled it, where that matters.
    pub raw: Option<String>,
}

/// What undoing makes of a text.
#[derive(Debug, Clone, Default)]
pub struct Restored {
    /// The text.
    pub text: String,
    /// Passages put back, step by step; each step's places are those of the text that the one before it left.
    pub replacements: Vec<Vec<Replacement>>,
    /// How many changes were undone.
    pub passages: usize,
    /// What leads on from the text to the original, where only a part of a step was undone.
    pub rest: Vec<Entry>,
    /// The rules of later changes that keep earlier ones from being undone.
    pub covered_by: Vec<String>,
}

impl Restored {
    /// Notes that `entries` stay and, if `is_covering`, that they cover what was to be undone.
    fn cover(&mut self, entries: &[Entry], is_covering: bool) {
        if is_covering {
            let rules: BTreeSet<&String> = entries.iter().flat_map(|entry| &entry.rules).collect();
            self.covered_by = rules.into_iter().cloned().collect();
        }
    }
}

impl Step {
    /// The changes.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn is_continued_by(&self, entry: &Entry) -> bool {
        self.entries.last().is_some_and(|last| {
            last.before == entry.before
                && last.after == entry.after
                && last.changes == entry.changes
                && last.change < entry.change
        })
    }

    /// Whether no entry is missing.
    fn is_complete(&self) -> bool {
        let all = self.entries.first().map_or(0, |first| first.changes);
        self.entries.len() == all && self.entries.iter().zip(1..).all(|(entry, place)| entry.change == place)
    }

    fn before(&self) -> &str {
        self.entries.first().map_or("", |entry| &entry.before)
    }

    fn after(&self) -> &str {
        self.entries.first().map_or("", |entry| &entry.after)
    }

    /// Undoes the entries that `is_chosen` names.
    fn undo(&self, current: &str, is_chosen: impl Fn(&Entry) -> bool) -> Result<Restored, UndoError> {
        let (original, _) = self.rebuild(current, |_| true).ok_or(UndoError::Mismatch)?;
        if hash(original.as_bytes()) != self.before() {
            return Err(UndoError::Mismatch);
        }
        let (text, replacements) = self.rebuild(current, &is_chosen).ok_or(UndoError::Mismatch)?;
        let mut rest: Vec<Entry> = self.entries.iter().filter(|entry| !is_chosen(entry)).cloned().collect();
        let (passages, changes) = (self.entries.len() - rest.len(), rest.len());
        if !rest.is_empty() {
            let after = hash(text.as_bytes());
            for (entry, change) in rest.iter_mut().zip(1..) {
                (entry.after, entry.change, entry.changes) = (after.clone(), change, changes);
            }
        }
        Ok(Restored { text, replacements: vec![replacements], passages, rest, covered_by: Vec::new() })
    }

    /// `current` with the chosen changes undone, and what that puts where; `None` where they do not fit it.
    fn rebuild(&self, current: &str, is_chosen: impl Fn(&Entry) -> bool) -> Option<(String, Vec<Replacement>)> {
        let mut text = String::with_capacity(current.len());
        let mut replacements = Vec::new();
        // Where we are in the current text, and in the original.
        let (mut at, mut origin) = (0_usize, 0);
        for entry in &self.entries {
            let kept = entry.start.checked_sub(origin)?;
            text.push_str(current.get(at..at.checked_add(kept)?)?);
            at += kept;
            let inserted =
                current.get(at..at.checked_add(entry.inserted.len())?).filter(|text| *text == entry.inserted)?;
            if is_chosen(entry) {
                let span = Span::new(at, at + inserted.len());
                replacements.push(Replacement { span, text: entry.removed.clone(), raw: entry.raw.clone() });
                text.push_str(&entry.removed);
            } else {
                text.push_str(inserted);
            }
            at += entry.inserted.len();
            origin = entry.end;
        }
        text.push_str(current.get(at..)?);
        Some((text, replacements))
    }
}

/// Leads `text` back through `steps`, the last first, as far as `is_chosen` names their changes. A text that is already what the
/// log leads back to stays as it is.
///
/// # Errors
///
/// The log does not know the text, does not hold all of a step, or what is to be undone lies below what is not.
pub fn restore(text: &str, steps: &[Step], is_chosen: impl Fn(&Entry) -> bool) -> Result<Restored, UndoError> {
    let mut restored = Restored { text: text.to_owned(), ..Restored::default() };
    let mut rest = steps;
    let mut now = hash(text.as_bytes());
    while let Some((earlier, step)) = last_to(&now, rest) {
        if !step.entries.iter().any(&is_chosen) {
            restored.cover(&step.entries, is_chosen_below(step, earlier, &is_chosen));
            return Ok(restored);
        }
        let undone = step.undo(&restored.text, &is_chosen)?;
        restored.text = undone.text;
        restored.replacements.extend(undone.replacements);
        restored.passages += undone.passages;
        if !undone.rest.is_empty() {
            restored.cover(&undone.rest, is_chosen_below(step, earlier, &is_chosen));
            restored.rest = undone.rest;
            return Ok(restored);
        }
        now = step.before().to_owned();
        rest = earlier;
    }
    if restored.passages > 0 || steps.iter().any(|step| step.before() == now) {
        return Ok(restored);
    }
    match steps.iter().rev().find(|step| step.after() == now) {
        Some(step) => {
            let all = step.entries.first().map_or(0, |entry| entry.changes);
            Err(UndoError::Incomplete { found: step.entries.len(), all })
        }
        None => Err(UndoError::Changed),
    }
}

/// The last complete step that left a text with the hash `after`, and the steps before it.
fn last_to<'s>(after: &str, steps: &'s [Step]) -> Option<(&'s [Step], &'s Step)> {
    let last = steps.iter().rposition(|step| step.after() == after && step.is_complete())?;
    Some((steps.get(..last)?, steps.get(last)?))
}

/// Whether a step that led to `step` has chosen entries.
fn is_chosen_below(step: &Step, earlier: &[Step], is_chosen: impl Fn(&Entry) -> bool) -> bool {
    let (mut now, mut rest) = (step.before(), earlier);
    while let Some((earlier, step)) = last_to(now, rest) {
        if step.entries.iter().any(&is_chosen) {
            return true;
        }
        (now, rest) = (step.before(), earlier);
    }
    false
}
