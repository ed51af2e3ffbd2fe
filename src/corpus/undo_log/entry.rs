//! A line of the undo log.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::fix::Change;
use crate::report::Medium;
use crate::text::Record;

/// One changed passage of one document. Every line holds all it takes to place it, so that a broken line spoils no other.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name of the file that was changed, relative to `base`, with `/` between its parts.
    pub path: String,
    /// The name of the directory that was fixed, or that the copies went to. [`crate::text::path_of`] leads
    /// from names to paths.
    pub base: String,
    /// The record within the file, where it holds many documents.
    pub record: Option<Record>,
    /// The codes of the rules that changed the passage.
    pub rules: Vec<String>,
    /// First byte of the passage in the original text.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// The text that was removed.
    pub removed: String,
    /// `removed` as the JSON of the record spelled it, where that is not how dechaff would.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    /// What replaced it.
    pub inserted: String,
    /// Hash of the whole text before, as `sha256:` and 64 digits.
    pub before: String,
    /// Hash of the whole text after.
    pub after: String,
    /// The place of this entry among those of the same document and run, counted from 1.
    pub change: usize,
    /// How many they are.
    pub changes: usize,
    /// The version of dechaff.
    pub version: String,
    /// The whole record was left out of a copy.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dropped: bool,
    /// Records of the copy before the one that was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub records_before: Option<u64>,
    /// The line of the record that was left out, with its line end, where it was asked to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
}

/// A state of a file of records as a whole: what it held when records were left out of it, or put back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    /// The file, as in [`Entry::path`].
    pub path: String,
    /// The directory, as in [`Entry::base`].
    pub base: String,
    /// Hash of the file's bytes.
    pub file: String,
    /// How many of the records before this line were left out of it; `None` if they were put back.
    pub left_out: Option<usize>,
    /// The version of dechaff.
    pub version: String,
}

/// A line of the log after the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLine {
    /// A changed passage.
    Entry(Box<Entry>),
    /// A state of a file.
    File(FileState),
}

/// What the undo log calls a document.
#[derive(Debug, Clone, Copy)]
pub struct LogPlace<'p> {
    /// The directory that paths are relative to.
    pub base: &'p str,
    /// The file.
    pub path: &'p str,
    /// The record in it.
    pub record: Option<&'p Record>,
}

/// A text before it is fixed.
#[derive(Debug, Clone, Copy)]
pub struct Original<'t> {
    /// The text.
    pub text: &'t str,
    /// For each change, the removed text as the record's JSON spells it, where that matters; empty where it never does.
    pub raw: &'t [Option<String>],
}

/// The hash of a text as the undo log writes it.
pub fn hash(bytes: &[u8]) -> String {
    hex("sha256:", &Sha256::digest(bytes))
}

/// The hash of a file's bytes.
///
/// # Errors
///
/// It cannot be read.
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

/// The entries of the document at `place`, of which `changes` made `after`.
pub fn entries(place: LogPlace<'_>, original: Original<'_>, after: &str, changes: &[Change]) -> Vec<Entry> {
    let (before_hash, after_hash) = (hash(original.text.as_bytes()), hash(after.as_bytes()));
    let entry = |(index, change): (usize, &Change)| Entry {
        path: place.path.to_owned(),
        base: place.base.to_owned(),
        record: place.record.cloned(),
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

impl Entry {
    /// The entry of a record that was blank before and is left out.
    pub fn dropped(place: LogPlace<'_>, text: &str) -> Self {
        Self {
            path: place.path.to_owned(),
            base: place.base.to_owned(),
            record: place.record.cloned(),
            rules: Vec::new(),
            start: 0,
            end: text.len(),
            removed: text.to_owned(),
            raw: None,
            inserted: String::new(),
            before: hash(text.as_bytes()),
            after: hash(b""),
            change: 1,
            changes: 1,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            dropped: true,
            records_before: None,
            line: None,
        }
    }
}

/// Begins the checksum at the end of a line.
const SUM: &str = ",\"sum\":\"";
/// Digits of a checksum.
const SUM_DIGITS: usize = 16;

/// A value as a line of the log, with a checksum of the line as its last field.
pub(super) fn line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut line = Medium::Json.sanitize(&serde_json::to_string(value)?).into_owned();
    // Every line is an object with fields.
    line.pop();
    let sum = checksum(line.as_bytes());
    line.push_str(SUM);
    line.push_str(&sum);
    line.push_str("\"}\n");
    Ok(line)
}

/// A line of the log, without its line end, if its checksum holds.
pub(super) fn parse<'l, T: Deserialize<'l>>(line: &'l [u8]) -> Option<T> {
    let end = line.len().checked_sub(SUM.len() + SUM_DIGITS + "\"}".len())?;
    let (content, tail) = line.split_at_checked(end)?;
    let sum = tail.strip_prefix(SUM.as_bytes())?.strip_suffix(b"\"}")?;
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
