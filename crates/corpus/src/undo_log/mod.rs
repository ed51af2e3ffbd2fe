//! The undo log: records each change with its position and rules, so that changes can be inspected
//! and undone.
//!
//! The log is append-only, and an entry is synced before the file it describes is replaced. It does
//! not record whether a change is applied or undone; the hash of the document's text tells.
//! Therefore the process can be killed at any time, and logging the same change twice is harmless.

mod change_set;
mod entry;
mod file;

pub use change_set::{
    ChangeSet, LoggedFile, LoggedFiles, ReducedCopy, Replacement, UndoError, UndoResult,
    logged_files, restore,
};
pub use entry::{
    FileState, LogEntry, LogLine, LogLocation, OriginalText, content_hash, hash_file, log_entries,
};
pub use file::{BrokenLine, LogContents, LogError, PendingEntries, UndoLog};
