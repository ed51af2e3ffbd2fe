//! The file of an undo log: locked, appended to, and read line by line.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::entry::{Entry, FileState, LogLine, line, parse};
use crate::corpus::shard::{ByteLine, ByteLines, ended_early};
use crate::corpus::write::sync_folder;
use crate::text::PathName;

/// The first line of a log.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    /// The version of the format.
    #[serde(rename = "undo-log")]
    format: u32,
    /// The file that the log was begun as. A log that came from elsewhere has another.
    file: Option<String>,
}

const FORMAT: u32 = 1;

/// Why an undo log cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Another process holds the lock.
    #[error("{}: another run of dechaff is using this undo log; wait until it ends, or name another file", .0.name())]
    InUse(PathBuf),
    /// The file holds something else.
    #[error("{}: not an undo log; give a file that --undo-log wrote", .0.name())]
    NoLog(PathBuf),
    /// The log was written by a version that writes another format.
    #[error("{}: an undo log of another version of dechaff (format {format})", .path.name())]
    OtherFormat {
        /// The log.
        path: PathBuf,
        /// The version of its format.
        format: u32,
    },
    /// The file system refused.
    #[error("cannot use the undo log {}: {error}", .path.name())]
    Io {
        /// The log.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
}

/// An undo log that is open and locked. The lock ends with the process, however that ends.
#[derive(Debug)]
pub struct UndoLog {
    path: PathBuf,
    file: File,
    /// The last line may be incomplete.
    is_torn: bool,
}

impl UndoLog {
    /// Opens the log at `path` to append to it, and creates it if there is none.
    ///
    /// # Errors
    ///
    /// Another process uses it, it holds something else, or it cannot be opened.
    pub fn open(path: &Path) -> Result<Self, LogError> {
        let file = open(path, OpenOptions::new().create(true).read(true).append(true))?;
        let mut log = Self { path: path.to_owned(), file, is_torn: false };
        log.check_first_line()?;
        if log.length()? == 0 {
            let header = Header { format: FORMAT, file: identity(&log.file) };
            let header = line(&header).map_err(|error| log.failed(error.into()))?;
            log.append_bytes(&mut header.as_bytes()).map_err(|error| log.failed(error))?;
            sync_folder(path);
        }
        log.is_torn = !log.ends_with_newline().map_err(|error| log.failed(error))?;
        Ok(log)
    }

    /// Opens the log at `path` to read it, and to append to it where that is allowed.
    ///
    /// # Errors
    ///
    /// Another process uses it, or it cannot be opened.
    pub fn open_existing(path: &Path) -> Result<Self, LogError> {
        let file = match open(path, OpenOptions::new().read(true).append(true)) {
            Err(LogError::Io { error, .. }) if error.kind() == ErrorKind::PermissionDenied => {
                open(path, OpenOptions::new().read(true))?
            }
            opened => opened?,
        };
        let mut log = Self { path: path.to_owned(), file, is_torn: false };
        log.is_torn = !log.ends_with_newline().map_err(|error| log.failed(error))?;
        Ok(log)
    }

    /// Appends entries, and waits until they are on the disk.
    ///
    /// # Errors
    ///
    /// They cannot be written; the log is then as it was.
    pub fn append(&mut self, entries: &[Entry]) -> io::Result<()> {
        self.append_bytes(&mut lines(entries)?.as_bytes())
    }

    /// Appends the state of a file, and waits until it is on the disk.
    ///
    /// # Errors
    ///
    /// It cannot be written; the log is then as it was.
    pub fn append_state(&mut self, state: &FileState) -> io::Result<()> {
        self.append_bytes(&mut line(state)?.as_bytes())
    }

    /// Appends the entries that `pending` holds, and waits until they are on the disk.
    ///
    /// # Errors
    ///
    /// They cannot be read or written; the log is then as it was.
    pub fn append_pending(&mut self, pending: &mut PendingEntries) -> io::Result<()> {
        pending.lines.rewind()?;
        self.append_bytes(&mut pending.lines)
    }

    fn append_bytes(&mut self, bytes: &mut dyn Read) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        let written = self.write_all(bytes);
        match &written {
            Ok(()) => self.is_torn = false,
            // A part of an entry must not stay and spoil the next.
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

    /// Refuses a file that holds something else. A process that was killed while it began the log may have left a part of its
    /// first line.
    fn check_first_line(&mut self) -> Result<(), LogError> {
        const BEGINNINGS: [&[u8]; 2] = [b"{\"undo-log\"", b"{\"path\""];
        let mut first = Vec::new();
        self.file.rewind().map_err(|error| self.failed(error))?;
        (&self.file).take(64).read_to_end(&mut first).map_err(|error| self.failed(error))?;
        let is_begun = |beginning: &&[u8]| first.starts_with(beginning) || beginning.starts_with(&first);
        if BEGINNINGS.iter().any(is_begun) { Ok(()) } else { Err(LogError::NoLog(self.path.clone())) }
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
        Ok(self.file.metadata().map_err(|error| self.failed(error))?.len())
    }

    fn failed(&self, error: io::Error) -> LogError {
        LogError::Io { path: self.path.clone(), error }
    }

    /// Reads the log.
    ///
    /// # Errors
    ///
    /// It cannot be read, or holds something else.
    pub fn read(&mut self) -> Result<LogContents, LogError> {
        /// Lines without any entry after which a file is no log.
        const MAX_FOREIGN_LINES: usize = 1_000;
        const MAX_LINE: usize = 1 << 31;
        let length = self.length()?;
        self.file.rewind().map_err(|error| self.failed(error))?;
        let mut contents = LogContents::default();
        let mut is_log = false;
        let mut lines = ByteLines::new(BufReader::with_capacity(1 << 20, &self.file), MAX_LINE);
        for number in 1.. {
            let bytes = match lines.next().map_err(|error| self.failed(error))? {
                None if lines.offset < length => return Err(self.failed(ended_early(length - lines.offset))),
                None => break,
                Some(ByteLine::Whole(bytes)) => bytes,
                Some(ByteLine::TooLong) => Vec::new(),
            };
            let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
            if let Some(entry) = parse::<Entry>(bytes) {
                is_log = true;
                contents.lines.push(LogLine::Entry(Box::new(entry)));
            } else if let Some(state) = parse::<FileState>(bytes) {
                is_log = true;
                contents.lines.push(LogLine::File(state));
            } else if let Some(header) = parse::<Header>(bytes) {
                is_log = true;
                if header.format != FORMAT {
                    return Err(LogError::OtherFormat { path: self.path.clone(), format: header.format });
                }
                contents.is_native |= number == 1 && header.file.is_some() && header.file == identity(&self.file);
            } else if !bytes.is_empty() || number == 1 {
                contents.broken.push(BrokenLine { number });
            }
            if !is_log && number > MAX_FOREIGN_LINES {
                break;
            }
        }
        if !is_log && lines.offset > 0 {
            return Err(LogError::NoLog(self.path.clone()));
        }
        Ok(contents)
    }
}

fn open(path: &Path, options: &OpenOptions) -> Result<File, LogError> {
    let failed = |error| LogError::Io { path: path.to_owned(), error };
    // A pipe would wait for a writer, and a device never ends.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(LogError::NoLog(path.to_owned()));
    }
    let file = options.open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(LogError::InUse(path.to_owned())),
        // Some network file systems have no locks.
        Err(TryLockError::Error(_)) => Ok(file),
    }
}

/// Which file on which device it is: a copy of a log is another file.
#[cfg(unix)]
fn identity(file: &File) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    file.metadata().ok().map(|metadata| format!("{}:{}", metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &File) -> Option<String> {
    None
}

/// What a log holds.
#[derive(Debug, Default)]
pub struct LogContents {
    /// Its lines, in order.
    pub lines: Vec<LogLine>,
    /// Lines that cannot be used, such as one that a killed process left half written.
    pub broken: Vec<BrokenLine>,
    /// The log is the file it was begun as, so that no other computer or user wrote it.
    pub is_native: bool,
}

/// A line that is no entry, or was damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenLine {
    /// Its number, counted from 1.
    pub number: usize,
}

/// Entries of a shard that is being written, in memory or a temporary file: they go into the log when the shard is ready.
#[derive(Debug)]
pub struct PendingEntries {
    lines: tempfile::SpooledTempFile,
}

impl Default for PendingEntries {
    fn default() -> Self {
        const MAX_MEMORY: usize = 1 << 20;
        Self { lines: tempfile::SpooledTempFile::new(MAX_MEMORY) }
    }
}

impl PendingEntries {
    /// Adds entries.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written.
    pub fn push(&mut self, entries: &[Entry]) -> io::Result<()> {
        self.lines.write_all(lines(entries)?.as_bytes())
    }

    /// Adds the state of a file.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written.
    pub fn push_state(&mut self, state: &FileState) -> io::Result<()> {
        self.lines.write_all(line(state)?.as_bytes())
    }
}

fn lines(entries: &[Entry]) -> io::Result<String> {
    Ok(entries.iter().map(line).collect::<serde_json::Result<String>>()?)
}
