//! The file of an undo log: locking, appending and reading.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::entry::{FileState, LogEntry, LogLine, parse_line, to_line};
use crate::atomic_write::sync_directory;
use crate::line_reader::{ByteLine, LineReader};
use crate::read::truncated;
use dechaff_text::PathName;

/// The first line of a log.
#[derive(Debug, Serialize, Deserialize)]
struct LogHeader {
    /// The version of the format.
    #[serde(rename = "undo-log")]
    format: u32,
    /// The identity of the file when the log was created. A copied log has another one.
    file: Option<String>,
}

const FORMAT: u32 = 1;

/// Why an undo log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process has locked the log.
    #[error("{}: another dechaff process is using this undo log; wait until it ends, or use another file", .0.name())]
    InUse(PathBuf),
    /// The file is not an undo log.
    #[error("{}: not an undo log; pass a file written by --undo-log", .0.name())]
    NotALog(PathBuf),
    /// The log was written by an incompatible version.
    #[error("{}: an undo log of another version of dechaff (format {format})", .path.name())]
    OtherFormat {
        /// The log.
        path: PathBuf,
        /// The version of its format.
        format: u32,
    },
    /// Reading or writing failed.
    #[error("cannot use the undo log {}: {error}", .path.name())]
    Io {
        /// The log.
        path: PathBuf,
        /// The underlying error.
        error: io::Error,
    },
}

/// An open, locked undo log. The lock is released when the process ends, even if it is killed.
#[derive(Debug)]
pub struct UndoLog {
    path: PathBuf,
    file: File,
    /// Whether the last line may be incomplete.
    is_torn: bool,
}

impl UndoLog {
    /// Opens the log at `path` for appending, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// Another process uses the file, it is not an undo log, or it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let file = open(path, OpenOptions::new().create(true).read(true).append(true))?;
        let mut log = Self { path: path.to_owned(), file, is_torn: false };
        log.check_first_line()?;
        if log.length()? == 0 {
            let header = LogHeader { format: FORMAT, file: identity(&log.file) };
            let header = to_line(&header).map_err(|error| log.io_error(error.into()))?;
            log.append_bytes(&mut header.as_bytes()).map_err(|error| log.io_error(error))?;
            sync_directory(path);
        }
        log.is_torn = !log.ends_with_newline().map_err(|error| log.io_error(error))?;
        Ok(log)
    }

    /// Opens the log at `path` for reading, and for appending if permitted.
    ///
    /// # Errors
    ///
    /// Another process uses the file, or it cannot be opened.
    pub fn open_existing(path: &Path) -> Result<Self, LogError> {
        let file = match open(path, OpenOptions::new().read(true).append(true)) {
            Err(LogError::Io { error, .. }) if error.kind() == ErrorKind::PermissionDenied => {
                open(path, OpenOptions::new().read(true))?
            }
            opened => opened?,
        };
        let mut log = Self { path: path.to_owned(), file, is_torn: false };
        log.is_torn = !log.ends_with_newline().map_err(|error| log.io_error(error))?;
        Ok(log)
    }

    /// Appends entries and syncs them to disk.
    ///
    /// # Errors
    ///
    /// Writing fails. The log is then unchanged.
    pub fn append(&mut self, entries: &[LogEntry]) -> io::Result<()> {
        self.append_bytes(&mut to_lines(entries)?.as_bytes())
    }

    /// Appends the state of a file and syncs it to disk.
    ///
    /// # Errors
    ///
    /// Writing fails. The log is then unchanged.
    pub fn append_state(&mut self, state: &FileState) -> io::Result<()> {
        self.append_bytes(&mut to_line(state)?.as_bytes())
    }

    /// Appends the pending entries of a shard and syncs them to disk.
    ///
    /// # Errors
    ///
    /// Reading or writing them fails. The log is then unchanged.
    pub fn append_pending(&mut self, pending: &mut PendingEntries) -> io::Result<()> {
        pending.lines.rewind()?;
        self.append_bytes(&mut pending.lines)
    }

    fn append_bytes(&mut self, bytes: &mut dyn Read) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let written = self.write_all(bytes);
        match &written {
            Ok(()) => self.is_torn = false,
            // Remove the incomplete line; if that fails, start the next entry on a new line.
            Err(_) => self.is_torn |= self.file.set_len(length).is_err(),
        }
        written
    }

    fn write_all(&mut self, bytes: &mut dyn Read) -> io::Result<()> {
        if self.is_torn {
            self.file.write_all(b"\n")?;
        }
        let mut buffer = vec![0; 1 << 16];
        loop {
            match bytes.read(&mut buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
                Ok(0) => break,
                Ok(length) => self.file.write_all(buffer.get(..length).unwrap_or_default())?,
            }
        }
        self.file.sync_data()
    }

    /// Rejects a file that is not an undo log. An incomplete first line is accepted, because the
    /// process that created the log may have been killed.
    fn check_first_line(&mut self) -> Result<(), LogError> {
        const PREFIXES: [&[u8]; 2] = [b"{\"undo-log\"", b"{\"path\""];
        let mut start = Vec::new();
        self.file.rewind().map_err(|error| self.io_error(error))?;
        (&self.file).take(64).read_to_end(&mut start).map_err(|error| self.io_error(error))?;
        let is_compatible =
            |prefix: &&[u8]| start.starts_with(prefix) || prefix.starts_with(&start);
        if PREFIXES.iter().any(is_compatible) {
            Ok(())
        } else {
            Err(LogError::NotALog(self.path.clone()))
        }
    }

    fn ends_with_newline(&mut self) -> io::Result<bool> {
        if self.file.metadata()?.len() == 0 {
            return Ok(true);
        }
        let mut last = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut last)?;
        Ok(last == *b"\n")
    }

    fn length(&self) -> Result<u64, LogError> {
        Ok(self.file.metadata().map_err(|error| self.io_error(error))?.len())
    }

    fn io_error(&self, error: io::Error) -> LogError {
        LogError::Io { path: self.path.clone(), error }
    }

    /// Reads the whole log.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not an undo log.
    pub fn read(&mut self) -> Result<LogContents, LogError> {
        /// A file without a valid line up to here is not an undo log.
        const MAX_FOREIGN_LINES: usize = 1_000;
        const MAX_LINE_BYTES: usize = 1 << 31;
        let length = self.length()?;
        self.file.rewind().map_err(|error| self.io_error(error))?;
        let mut contents = LogContents::default();
        let mut is_log = false;
        let mut lines =
            LineReader::new(BufReader::with_capacity(1 << 20, &self.file), MAX_LINE_BYTES);
        for number in 1.. {
            let bytes = match lines.next().map_err(|error| self.io_error(error))? {
                None if lines.offset < length => {
                    return Err(self.io_error(truncated(length - lines.offset)));
                }
                None => break,
                Some(ByteLine::Complete(bytes)) => bytes,
                Some(ByteLine::TooLong) => Vec::new(),
            };
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            if let Some(entry) = parse_line::<LogEntry>(bytes) {
                is_log = true;
                contents.lines.push(LogLine::Entry(Box::new(entry)));
            } else if let Some(state) = parse_line::<FileState>(bytes) {
                is_log = true;
                contents.lines.push(LogLine::File(state));
            } else if let Some(header) = parse_line::<LogHeader>(bytes) {
                is_log = true;
                if header.format != FORMAT {
                    return Err(LogError::OtherFormat {
                        path: self.path.clone(),
                        format: header.format,
                    });
                }
                contents.is_native |=
                    number == 1 && header.file.is_some() && header.file == identity(&self.file);
            } else if !bytes.is_empty() || number == 1 {
                contents.broken.push(BrokenLine { number });
            }
            if !is_log && number > MAX_FOREIGN_LINES {
                break;
            }
        }
        if !is_log && lines.offset > 0 {
            return Err(LogError::NotALog(self.path.clone()));
        }
        Ok(contents)
    }
}

fn open(path: &Path, options: &OpenOptions) -> Result<File, LogError> {
    // Opening a pipe would block, and a device never ends.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(LogError::NotALog(path.to_owned()));
    }
    let file = options.open(path).map_err(|error| LogError::Io { path: path.to_owned(), error })?;
    match try_lock(&file) {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::InUse(path.to_owned())),
        // Some network file systems do not support locks.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Locks a file, trying for a second.
///
/// When a process starts another one, the forked child holds the locks of all open files until it
/// calls exec. So a lock may briefly outlive its file descriptor.
fn try_lock(file: &File) -> Result<(), TryLockError> {
    const ATTEMPTS: usize = 50;
    const DELAY: Duration = Duration::from_millis(20);
    for _ in 1..ATTEMPTS {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(DELAY),
            result => return result,
        }
    }
    file.try_lock()
}

/// Returns the device and inode of a file, which differ for a copy.
#[cfg(unix)]
fn identity(file: &File) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().ok().map(|metadata| format!("{}:{}", metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &File) -> Option<String> {
    None
}

/// The contents of an undo log.
#[derive(Debug, Default)]
pub struct LogContents {
    /// The valid lines, in order.
    pub lines: Vec<LogLine>,
    /// Invalid lines, such as one that was half-written when the process was killed.
    pub broken: Vec<BrokenLine>,
    /// Whether the log is the original file and not a copy, which somebody else could have written.
    pub is_native: bool,
}

/// A line that is corrupt, or not a line of an undo log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenLine {
    /// The line number, counted from 1.
    pub number: usize,
}

/// The log entries of a shard being written. They are added to the log when the shard is complete;
/// until then, they are in memory or a temporary file.
#[derive(Debug)]
pub struct PendingEntries {
    lines: tempfile::SpooledTempFile,
}

impl Default for PendingEntries {
    fn default() -> Self {
        const MAX_MEMORY_BYTES: usize = 1 << 20;
        Self { lines: tempfile::SpooledTempFile::new(MAX_MEMORY_BYTES) }
    }
}

impl PendingEntries {
    /// Adds entries.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written.
    pub fn push(&mut self, entries: &[LogEntry]) -> io::Result<()> {
        self.lines.write_all(to_lines(entries)?.as_bytes())
    }

    /// Adds the state of a file.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written.
    pub fn push_state(&mut self, state: &FileState) -> io::Result<()> {
        self.lines.write_all(to_line(state)?.as_bytes())
    }
}

fn to_lines(entries: &[LogEntry]) -> io::Result<String> {
    Ok(entries.iter().map(to_line).collect::<serde_json::Result<String>>()?)
}
