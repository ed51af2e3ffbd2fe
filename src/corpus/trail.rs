//! The trail: what was removed or replaced, where and by which rule, kept so that it can be inspected and undone.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::fix::Change;
use crate::text::{Record, Span};

/// One changed passage of one document; a line of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The file that was changed.
    pub path: String,
    /// The record within it, where it holds many documents.
    pub record: Option<Record>,
    /// The codes of the rules that changed it.
    pub rules: Vec<String>,
    /// First byte of the passage in the original text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// The bytes that went.
    pub removed: String,
    /// What stands there instead.
    pub inserted: String,
    /// Hash of the whole text before, as `sha256:` and 64 digits.
    pub before: String,
    /// Hash of the whole text after.
    pub after: String,
    /// The version of dechaff that did it.
    pub version: String,
    /// The whole record was left out; it cannot be put back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
}

/// The hash of a text as the trail writes it.
pub fn hash(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The entries of a document of which `changes` made `after` out of `before`; `record` is its place in the file at `path`.
pub fn entries(path: &str, record: Option<&Record>, before: &str, after: &str, changes: &[Change]) -> Vec<Entry> {
    let (before_hash, after_hash) = (hash(before.as_bytes()), hash(after.as_bytes()));
    let entry = |change: &Change| Entry {
        path: path.to_owned(),
        record: record.cloned(),
        rules: change.rules.clone(),
        start: change.span.start,
        end: change.span.end,
        removed: before[change.span.range()].to_owned(),
        inserted: change.content.clone(),
        before: before_hash.clone(),
        after: after_hash.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        dropped: false,
    };
    changes.iter().map(entry).collect()
}

/// A trail that is written to.
#[derive(Debug)]
pub struct Trail {
    file: File,
}

impl Trail {
    /// Opens the trail at `path` for appending, and makes it if there is none.
    ///
    /// # Errors
    ///
    /// It cannot be opened or made.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        // A line that a killed process left half written must not swallow the next.
        if file.metadata()?.len() > 0 {
            let mut last = [0];
            file.seek(SeekFrom::End(-1))?;
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                file.write_all(b"\n")?;
            }
        }
        Ok(Self { file })
    }

    /// Appends entries and sees to it that they are on the disk.
    ///
    /// # Errors
    ///
    /// They cannot be written.
    pub fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        self.file.write_all(lines(entries)?.as_bytes())?;
        self.file.sync_data()
    }

    /// Appends the lines of entries that `waiting` holds, and sees to it that they are on the disk.
    ///
    /// # Errors
    ///
    /// They cannot be read or written.
    pub fn append_all(&mut self, waiting: &mut Waiting) -> io::Result<()> {
        waiting.lines.rewind()?;
        io::copy(&mut waiting.lines, &mut self.file)?;
        self.file.sync_data()
    }
}

/// Entries of a shard that is being written, in memory or a temporary file: they go into the trail when the shard is ready.
#[derive(Debug)]
pub struct Waiting {
    lines: tempfile::SpooledTempFile,
}

impl Default for Waiting {
    fn default() -> Self {
        const IN_MEMORY: usize = 1 << 20;
        Self { lines: tempfile::SpooledTempFile::new(IN_MEMORY) }
    }
}

impl Waiting {
    /// Adds entries.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written.
    pub fn push(&mut self, entries: &[Entry]) -> io::Result<()> {
        self.lines.write_all(lines(entries)?.as_bytes())
    }
}

fn lines(entries: &[Entry]) -> io::Result<String> {
    let mut text = String::new();
    for entry in entries {
        text.push_str(&serde_json::to_string(entry)?);
        text.push('\n');
    }
    Ok(text)
}

/// Lines of a trail that are no entries, with their numbers from 1.
pub type Broken = Vec<(usize, String)>;

/// Reads a trail: its entries, and the lines that are none, with their numbers; a killed process may leave one.
///
/// # Errors
///
/// The file cannot be read.
pub fn read_trail(path: &Path) -> io::Result<(Vec<Entry>, Broken)> {
    let text = fs::read_to_string(path)?;
    let (mut entries, mut broken) = (Vec::new(), Vec::new());
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        match serde_json::from_str(line) {
            Ok(entry) => entries.push(entry),
            Err(_) => broken.push((number + 1, line.to_owned())),
        }
    }
    Ok((entries, broken))
}

/// Replaces the trail at `path` by `entries`, after the lines in `broken`, which are kept as they are.
///
/// # Errors
///
/// It cannot be written; it is then as it was.
pub fn rewrite_trail(path: &Path, entries: &[Entry], broken: &Broken) -> io::Result<()> {
    let mut text: String = broken.iter().map(|(_, line)| format!("{line}\n")).collect();
    text.push_str(&lines(entries)?);
    super::write::create(path, text.as_bytes()).map_err(|error| io::Error::other(error.to_string()))
}

/// The changes that one run made to one document; all its entries name the same two hashes.
#[derive(Debug, Clone)]
pub struct Step {
    /// The file.
    pub path: PathBuf,
    /// The record in it, counted from 1, where it holds many.
    pub record: Option<u64>,
    /// The changes, in order of place.
    pub entries: Vec<Entry>,
}

/// Why a step cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndoError {
    /// The file is neither what the step left nor what it found.
    #[error("the file has changed since; it was left as it is")]
    Changed,
    /// The trail does not lead back to the original.
    #[error("the trail does not lead back to the original: it is incomplete or was edited")]
    Broken,
}

/// What taking changes back makes of a text.
#[derive(Debug, Clone)]
pub struct Undone<'s> {
    /// What is put where in the text as it was.
    pub changes: Vec<(Span, &'s str)>,
    /// The text afterwards.
    pub text: String,
    /// What remains of the step.
    pub rest: Option<Step>,
}

impl Step {
    /// The steps of a trail, in the order in which they were taken.
    pub fn all(entries: Vec<Entry>) -> Vec<Self> {
        let mut steps: Vec<Self> = Vec::new();
        let mut last_of: HashMap<(String, Option<u64>), usize> = HashMap::new();
        for entry in entries {
            let record = entry.record.as_ref().map(|record| record.index);
            let document = (entry.path.clone(), record);
            match last_of.get(&document).and_then(|&last| steps.get_mut(last)) {
                Some(step) if step.is_of(&entry) => step.entries.push(entry),
                _ => {
                    last_of.insert(document, steps.len());
                    steps.push(Self { path: PathBuf::from(&entry.path), record, entries: vec![entry] });
                }
            }
        }
        steps
    }

    fn is_of(&self, entry: &Entry) -> bool {
        self.entries.first().is_some_and(|first| first.before == entry.before && first.after == entry.after)
    }

    /// The hash of the text before the step.
    pub fn before(&self) -> &str {
        self.entries.first().map_or("", |entry| &entry.before)
    }

    /// Takes back those entries of the step for which `chosen` says so: what goes back into `current` and where, the text then, and the
    /// step that remains, if any.
    ///
    /// # Errors
    ///
    /// `current` is not what the step left, or the entries do not fit it.
    pub fn undo(&self, current: &str, chosen: impl Fn(&Entry) -> bool) -> Result<Undone<'_>, UndoError> {
        let after = self.entries.first().map_or("", |entry| &entry.after);
        if hash(current.as_bytes()) != after {
            return Err(UndoError::Changed);
        }
        let (original, _) = self.rebuild(current, |_| true).ok_or(UndoError::Broken)?;
        if hash(original.as_bytes()) != self.before() {
            return Err(UndoError::Broken);
        }
        let (text, changes) = self.rebuild(current, &chosen).ok_or(UndoError::Broken)?;
        let now = hash(text.as_bytes());
        let kept: Vec<Entry> = self.entries.iter().filter(|entry| !chosen(entry)).cloned().collect();
        let kept = kept.into_iter().map(|entry| Entry { after: now.clone(), ..entry }).collect::<Vec<_>>();
        let rest = (!kept.is_empty()).then(|| Step { entries: kept, ..self.clone() });
        Ok(Undone { changes, text, rest })
    }

    /// `current` with the chosen changes taken back, and what that puts where; `None` where they do not fit it.
    fn rebuild(&self, current: &str, chosen: impl Fn(&Entry) -> bool) -> Option<(String, Vec<(Span, &str)>)> {
        let mut text = String::with_capacity(current.len());
        let mut changes = Vec::new();
        // Where we are in the current text, and in the original.
        let (mut at, mut origin) = (0, 0);
        for entry in &self.entries {
            let kept = entry.start.checked_sub(origin)?;
            text.push_str(current.get(at..at + kept)?);
            at += kept;
            let inserted = current.get(at..at + entry.inserted.len()).filter(|text| *text == entry.inserted)?;
            if chosen(entry) {
                changes.push((Span::new(at, at + inserted.len()), entry.removed.as_str()));
                text.push_str(&entry.removed);
            } else {
                text.push_str(inserted);
            }
            at += entry.inserted.len();
            origin = entry.end;
        }
        text.push_str(current.get(at..)?);
        Some((text, changes))
    }
}
