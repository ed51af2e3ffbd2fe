//! Groups log entries into the changes of one run to one document, and undoes them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::entry::{LogEntry, LogLine, content_hash};
use dechaff_text::Span;

/// The changes that one run made to one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeSet {
    /// Sorted by position; all have the same two hashes.
    entries: Vec<LogEntry>,
}

/// The entries of an undo log for each file, by directory and path.
pub type LoggedFiles = BTreeMap<(String, String), LoggedFile>;

/// The entries of an undo log for a file.
#[derive(Debug, Default)]
pub struct LoggedFile {
    /// The changes to each record, by number and in chronological order. A file that is not a shard
    /// has a single document without a number.
    pub documents: BTreeMap<Option<u64>, Vec<ChangeSet>>,
    /// The states of the file in which records are dropped.
    pub copies: Vec<ReducedCopy>,
    /// The hashes of the file with those records restored.
    pub restored_hashes: HashSet<String>,
    /// Dropped records whose copy has not been read yet.
    dropped: Vec<LogEntry>,
}

/// A copy without the records that were dropped from it.
#[derive(Debug)]
pub struct ReducedCopy {
    /// The hash of the copy.
    pub file: String,
    /// The number of dropped records.
    pub left_out: usize,
    /// The first entry of each dropped record, in order. Some are missing if the log is damaged.
    pub dropped: Vec<LogEntry>,
}

/// Groups the lines of a log by file and document.
pub fn logged_files(lines: Vec<LogLine>) -> LoggedFiles {
    let mut files = LoggedFiles::new();
    for line in lines {
        match line {
            LogLine::Entry(entry) => {
                files.entry((entry.base.clone(), entry.path.clone())).or_default().push(*entry)
            }
            LogLine::File(state) => {
                let file = files.entry((state.base, state.path)).or_default();
                let Some(left_out) = state.left_out else {
                    file.restored_hashes.insert(state.file);
                    continue;
                };
                // The log may have earlier entries of a run that was killed.
                let dropped = file.dropped.split_off(file.dropped.len().saturating_sub(left_out));
                file.dropped.clear();
                file.copies.push(ReducedCopy { file: state.file, left_out, dropped });
            }
        }
    }
    files
}

impl LoggedFile {
    fn push(&mut self, entry: LogEntry) {
        if entry.dropped {
            if entry.change == 1 {
                self.dropped.push(entry);
            }
            return;
        }
        let change_sets =
            self.documents.entry(entry.record.as_ref().map(|record| record.index)).or_default();
        match change_sets.last_mut() {
            Some(last) if last.is_continued_by(&entry) => last.entries.push(entry),
            _ => change_sets.push(ChangeSet { entries: vec![entry] }),
        }
    }

    /// Returns all entries.
    pub fn entries(&self) -> impl Iterator<Item = &LogEntry> {
        let changed = self.documents.values().flatten().flat_map(|change_set| &change_set.entries);
        changed.chain(self.copies.iter().flat_map(|copy| &copy.dropped))
    }
}

/// Why changes cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// The text is not in the log.
    #[error("the text has changed since it was fixed; not changed")]
    Changed,
    /// Some entries of a change set are missing.
    #[error("{found} of the {all} changes made together are in the undo log; not changed")]
    Incomplete {
        /// The number of entries found.
        found: usize,
        /// The number of entries written.
        all: usize,
    },
    /// Undoing the changes does not give the original text.
    #[error("the undo log does not lead back to the original text; not changed")]
    Mismatch,
}

/// A passage to restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replacement {
    /// The span that it replaces in the current text.
    pub span: Span,
    /// The passage.
    pub text: String,
    /// The passage as escaped in the record's JSON, see [`LogEntry::raw`].
    pub raw: Option<String>,
}

/// A text after undoing changes.
#[derive(Debug, Clone, Default)]
pub struct UndoResult {
    /// The text.
    pub text: String,
    /// The passages restored for each undone change set. Spans refer to the text after undoing the
    /// previous one.
    pub replacements: Vec<Vec<Replacement>>,
    /// The number of changes undone.
    pub passages: usize,
    /// The entries that remain if only a part of a change set was undone.
    pub rest: Vec<LogEntry>,
    /// The rules of later changes that prevent undoing earlier ones.
    pub covered_by: Vec<String>,
}

impl UndoResult {
    /// Records that `entries` stay, and whether they prevent undoing earlier changes.
    fn set_covered(&mut self, entries: &[LogEntry], is_covering: bool) {
        if is_covering {
            let rules: BTreeSet<&String> = entries.iter().flat_map(|entry| &entry.rules).collect();
            self.covered_by = rules.into_iter().cloned().collect();
        }
    }
}

impl ChangeSet {
    /// The changes.
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    fn is_continued_by(&self, entry: &LogEntry) -> bool {
        self.entries.last().is_some_and(|last| {
            last.before == entry.before
                && last.after == entry.after
                && last.changes == entry.changes
                && last.change < entry.change
        })
    }

    /// Whether all entries are present.
    fn is_complete(&self) -> bool {
        let all = self.entries.first().map_or(0, |first| first.changes);
        self.entries.len() == all
            && self.entries.iter().zip(1..).all(|(entry, number)| entry.change == number)
    }

    fn before(&self) -> &str {
        self.entries.first().map_or("", |entry| &entry.before)
    }

    fn after(&self) -> &str {
        self.entries.first().map_or("", |entry| &entry.after)
    }

    /// Undoes the chosen entries in `current`.
    fn undo(
        &self,
        current: &str,
        is_chosen: impl Fn(&LogEntry) -> bool,
    ) -> Result<UndoResult, UndoError> {
        let (original, _) = self.rebuild(current, |_| true).ok_or(UndoError::Mismatch)?;
        if content_hash(original.as_bytes()) != self.before() {
            return Err(UndoError::Mismatch);
        }
        let (text, replacements) = self.rebuild(current, &is_chosen).ok_or(UndoError::Mismatch)?;
        let mut rest: Vec<LogEntry> =
            self.entries.iter().filter(|entry| !is_chosen(entry)).cloned().collect();
        let (passages, changes) = (self.entries.len() - rest.len(), rest.len());
        if !rest.is_empty() {
            let after = content_hash(text.as_bytes());
            for (entry, change) in rest.iter_mut().zip(1..) {
                (entry.after, entry.change, entry.changes) = (after.clone(), change, changes);
            }
        }
        Ok(UndoResult {
            text,
            replacements: vec![replacements],
            passages,
            rest,
            covered_by: Vec::new(),
        })
    }

    /// Returns `current` with the chosen changes undone, and the replacements made. `None` if the
    /// changes do not fit.
    fn rebuild(
        &self,
        current: &str,
        is_chosen: impl Fn(&LogEntry) -> bool,
    ) -> Option<(String, Vec<Replacement>)> {
        let mut text = String::with_capacity(current.len());
        let mut replacements = Vec::new();
        let mut at = 0_usize;
        let mut original_at = 0;
        for entry in &self.entries {
            let kept = entry.start.checked_sub(original_at)?;
            text.push_str(current.get(at..at.checked_add(kept)?)?);
            at += kept;
            let inserted = current
                .get(at..at.checked_add(entry.inserted.len())?)
                .filter(|text| *text == entry.inserted)?;
            if is_chosen(entry) {
                let span = Span::new(at, at + inserted.len());
                replacements.push(Replacement {
                    span,
                    text: entry.removed.clone(),
                    raw: entry.raw.clone(),
                });
                text.push_str(&entry.removed);
            } else {
                text.push_str(inserted);
            }
            at += entry.inserted.len();
            original_at = entry.end;
        }
        text.push_str(current.get(at..)?);
        Some((text, replacements))
    }
}

/// Undoes the chosen changes to `text`, the latest first. Stops at a change set without chosen
/// changes. A text that is already restored is returned as it is.
///
/// # Errors
///
/// The text is not in the log, or the log is incomplete or inconsistent.
pub fn restore(
    text: &str,
    change_sets: &[ChangeSet],
    is_chosen: impl Fn(&LogEntry) -> bool,
) -> Result<UndoResult, UndoError> {
    let mut restored = UndoResult { text: text.to_owned(), ..UndoResult::default() };
    let mut rest = change_sets;
    let mut current_hash = content_hash(text.as_bytes());
    while let Some((earlier, last)) = last_leading_to(&current_hash, rest) {
        if !last.entries.iter().any(&is_chosen) {
            restored.set_covered(&last.entries, is_any_chosen_before(last, earlier, &is_chosen));
            return Ok(restored);
        }
        let undone = last.undo(&restored.text, &is_chosen)?;
        restored.text = undone.text;
        restored.replacements.extend(undone.replacements);
        restored.passages += undone.passages;
        if !undone.rest.is_empty() {
            restored.set_covered(&undone.rest, is_any_chosen_before(last, earlier, &is_chosen));
            restored.rest = undone.rest;
            return Ok(restored);
        }
        current_hash = last.before().to_owned();
        rest = earlier;
    }
    if restored.passages > 0
        || change_sets.iter().any(|change_set| change_set.before() == current_hash)
    {
        return Ok(restored);
    }
    match change_sets.iter().rev().find(|change_set| change_set.after() == current_hash) {
        Some(incomplete) => {
            let all = incomplete.entries.first().map_or(0, |entry| entry.changes);
            Err(UndoError::Incomplete { found: incomplete.entries.len(), all })
        }
        None => Err(UndoError::Changed),
    }
}

/// Returns the last complete change set that resulted in a text with the hash `after`, preceded by
/// those before it.
fn last_leading_to<'s>(
    after: &str,
    change_sets: &'s [ChangeSet],
) -> Option<(&'s [ChangeSet], &'s ChangeSet)> {
    let last = change_sets
        .iter()
        .rposition(|change_set| change_set.after() == after && change_set.is_complete())?;
    Some((change_sets.get(..last)?, change_sets.get(last)?))
}

/// Whether a change set that led to `change_set` has chosen entries.
fn is_any_chosen_before(
    change_set: &ChangeSet,
    earlier: &[ChangeSet],
    is_chosen: impl Fn(&LogEntry) -> bool,
) -> bool {
    let mut hash = change_set.before();
    let mut rest = earlier;
    while let Some((earlier, last)) = last_leading_to(hash, rest) {
        if last.entries.iter().any(&is_chosen) {
            return true;
        }
        hash = last.before();
        rest = earlier;
    }
    false
}
