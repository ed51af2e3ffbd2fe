//! The interface of input formats. Each format is a file with one [`InputFormat`], listed in
//! `format.rs`.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::{RecordAction, RecordHandle, Shard, ShardItem};
use crate::read::ReadError;
use crate::storage::SourceFile;

/// The number of leading bytes from which a format is detected.
pub(super) const PROBE_BYTES: u64 = 64 << 10;

/// An input format: how it is recognized, read and rewritten.
pub struct InputFormat {
    /// The value of `--format`.
    pub name: &'static str,
    /// A description for `--help`.
    pub summary: &'static str,
    /// The extensions that imply the format, in lower case.
    pub(super) extensions: &'static [&'static str],
    /// Extensions that only imply it if the file is compressed or passed explicitly.
    pub(super) weak_extensions: &'static [&'static str],
    /// Whether a file looks like this format, given the first [`PROBE_BYTES`] of its content.
    pub(super) is_start: fn(&[u8]) -> bool,
    /// Whether a file has records, and is not a single document.
    pub has_records: bool,
    /// Whether records are lines of text, so that a dropped one can be restored.
    pub has_lines: bool,
    /// Starts to read the records of a file.
    pub(super) read: fn(ShardFile) -> Result<ShardItems, ReadError>,
    /// Starts to write a new version of a shard into a file. Without it, copies are JSON Lines.
    pub(super) rewrite: Option<Rewrite>,
}

/// Starts to write a new version of a shard into a file.
pub(super) type Rewrite = fn(&Shard, File) -> io::Result<Box<dyn RecordWriter>>;

/// The parts of a shard, in order.
pub(super) type ShardItems = Box<dyn Iterator<Item = ShardItem> + Send>;

/// A shard that was opened.
pub(super) struct ShardFile {
    pub(super) file: SourceFile,
    pub(super) shard: Arc<Shard>,
    /// Whether the file was passed explicitly, and not found in a directory.
    pub(super) is_explicit: bool,
    /// Counts the bytes read.
    pub(super) count: Arc<AtomicU64>,
}

impl ShardFile {
    /// Returns the error for a file that cannot be read at all.
    pub(super) fn unreadable(&self, reason: String) -> ReadError {
        self.shard.unreadable(reason)
    }

    /// Returns the error for a file without the field with the text.
    pub(super) fn no_text_field(&self, reason: String) -> ReadError {
        self.shard.no_text_field(reason, self.is_explicit)
    }

    /// Returns the error for a file that cannot be read.
    pub(super) fn io_error(&self, error: io::Error) -> ReadError {
        ReadError::Io { path: self.shard.name.clone(), error }
    }
}

/// Writes a new version of a shard.
pub(super) trait RecordWriter {
    /// Writes the next record.
    fn write(&mut self, handle: &RecordHandle, action: RecordAction<'_>) -> io::Result<()>;

    /// Inserts a line between two records. Only formats with [`InputFormat::has_lines`] can.
    fn insert_line(&mut self, line: &str) -> io::Result<()> {
        let _ = line;
        Err(io::Error::other("a line does not fit into a table"))
    }

    /// Completes the new version of `shard` in `file`, a handle to the same file.
    fn finish(self: Box<Self>, shard: &Arc<Shard>, file: File) -> io::Result<()>;
}

impl PartialEq for InputFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for InputFormat {}

impl std::fmt::Debug for InputFormat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}
