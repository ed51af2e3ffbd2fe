//! The lines of an undo log.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use dechaff_engine::fix::Change;
use dechaff_engine::report::Medium;
use dechaff_text::Record;

/// A changed passage of a document. Entries are independent, so a corrupt line does not affect
/// others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogEntry {
    /// The name of the changed file relative to `base`, with `/` as separator.
    pub path: String,
    /// The name of the directory that was fixed or copied to. [`dechaff_text::path_of`] converts
    /// names to paths.
    pub base: String,
    /// The record, if the file is a shard.
    pub record: Option<Record>,
    /// The codes of the rules that changed the passage.
    pub rules: Vec<String>,
    /// Start of the passage in the original text, in bytes.
    pub start: usize,
    /// End of the passage, exclusive.
    pub end: usize,
    /// The text that was removed.
    pub removed: String,
    /// `removed` as escaped in the record's JSON, if dechaff would escape it differently.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// The text that replaced it.
    pub inserted: String,
    /// Hash of the whole text before the run: `sha256:` and 64 hexadecimal digits.
    pub before: String,
    /// Hash of the whole text after the run.
    pub after: String,
    /// The number of this entry among those of the same document and run, counted from 1.
    pub change: usize,
    /// The number of entries of the same document and run.
    pub changes: usize,
    /// The version of dechaff.
    pub version: String,
    /// Whether the whole record was dropped from a copy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
    /// The number of records in the copy before a dropped record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records_before: Option<u64>,
    /// The line of a dropped record, including its line ending, if dropped records are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
}

/// The state of a shard after records were dropped or restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// The file, as [`LogEntry::path`].
    pub path: String,
    /// The directory, as [`LogEntry::base`].
    pub base: String,
    /// Hash of the file's bytes.
    pub file: String,
    /// How many of the dropped records above this line are missing in this state; `None` if they
    /// were restored.
    pub left_out: Option<usize>,
    /// The version of dechaff.
    pub version: String,
}

/// A line of the log after the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLine {
    /// A changed passage.
    Entry(Box<LogEntry>),
    /// The state of a file.
    File(FileState),
}

/// The location of a document as written to the log.
#[derive(Debug, Clone, Copy)]
pub struct LogLocation<'p> {
    /// The directory that `path` is relative to.
    pub base: &'p str,
    /// The file.
    pub path: &'p str,
    /// The record, if the file is a shard.
    pub record: Option<&'p Record>,
}

/// A text before fixing.
#[derive(Debug, Clone, Copy)]
pub struct OriginalText<'t> {
    /// The text.
    pub text: &'t str,
    /// For each change, [`LogEntry::raw`]; may be empty if the document is not JSON.
    pub raw: &'t [Option<String>],
}

/// Returns the hash of a text as written to the log.
pub fn content_hash(bytes: &[u8]) -> String {
    hex("sha256:", &Sha256::digest(bytes))
}

/// Returns the [`content_hash`] of a file.
///
/// # Errors
///
/// The file cannot be read.
pub fn hash_file(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match file.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
            Ok(0) => return Ok(hex("sha256:", &hasher.finalize())),
            Ok(length) => hasher.update(buffer.get(..length).unwrap_or_default()),
        }
    }
}

/// Returns the entries for a document whose text `changes` turned into `after`.
pub fn log_entries(
    location: LogLocation<'_>,
    original: OriginalText<'_>,
    after: &str,
    changes: &[Change],
) -> Vec<LogEntry> {
    let before_hash = content_hash(original.text.as_bytes());
    let after_hash = content_hash(after.as_bytes());
    let entry = |(index, change): (usize, &Change)| LogEntry {
        path: location.path.to_owned(),
        base: location.base.to_owned(),
        record: location.record.cloned(),
        rules: change.rules.clone(),
        start: change.span.start,
        end: change.span.end,
        removed: original.text[change.span.range()].to_owned(),
        raw: original.raw.get(index).cloned().flatten(),
        inserted: change.content.clone(),
        before: before_hash.clone(),
        after: after_hash.clone(),
        change: index + 1,
        changes: changes.len(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        dropped: false,
        records_before: None,
        line: None,
    };
    changes.iter().enumerate().map(entry).collect()
}

impl LogEntry {
    /// Returns the entry for a dropped record whose text was blank to begin with.
    pub fn dropped(location: LogLocation<'_>, text: &str) -> Self {
        Self {
            path: location.path.to_owned(),
            base: location.base.to_owned(),
            record: location.record.cloned(),
            rules: Vec::new(),
            start: 0,
            end: text.len(),
            removed: text.to_owned(),
            raw: None,
            inserted: String::new(),
            before: content_hash(text.as_bytes()),
            after: content_hash(b""),
            change: 1,
            changes: 1,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            dropped: true,
            records_before: None,
            line: None,
        }
    }
}

/// Precedes the checksum at the end of a line.
const SUM_PREFIX: &str = ",\"sum\":\"";
const SUM_DIGITS: usize = 16;

/// Serializes a value as a line of the log, with a checksum as the last field.
pub(super) fn to_line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = Medium::Json.sanitize(&serde_json::to_string(value)?).into_owned();
    // Removes the closing brace. Every line is an object with fields.
    line.pop();
    let sum = checksum(line.as_bytes());
    line.push_str(SUM_PREFIX);
    line.push_str(&sum);
    line.push_str("\"}\n");
    Ok(line)
}

/// Parses a line without its line ending. Returns `None` if it has another structure or the
/// checksum is wrong.
pub(super) fn parse_line<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Option<T> {
    let end = line.len().checked_sub(SUM_PREFIX.len() + SUM_DIGITS + "\"}".len())?;
    let (content, tail) = line.split_at_checked(end)?;
    let sum = tail.strip_prefix(SUM_PREFIX.as_bytes())?.strip_suffix(b"\"}")?;
    if sum != checksum(content).as_bytes() {
        return None;
    }
    serde_json::from_slice(line).ok()
}

fn checksum(bytes: &[u8]) -> String {
    hex("", &Sha256::digest(bytes)[..SUM_DIGITS / 2])
}

fn hex(prefix: &str, bytes: &[u8]) -> String {
    let mut text = String::from(prefix);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
