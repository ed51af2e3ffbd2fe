//! The undo log: what was removed or replaced, where and by which rule, kept so that it can be inspected and undone.
//!
//! A log is only ever appended to, and an entry is on the disk before the file it describes is replaced. Nothing in the log says
//! whether a change was applied or undone: the hash of the document's text says so. That is why a process may be killed at any
//! moment, and why a run that repeats what is already in the log does no harm.

mod entry;
mod file;
mod steps;

pub use entry::{Entry, FileState, LogLine, LogPlace, Original, entries, hash, hash_file};
pub use file::{BrokenLine, LogContents, LogError, PendingEntries, UndoLog};
pub use steps::{Copy, LoggedFile, LoggedFiles, Replacement, Restored, Step, UndoError, logged_files, restore};
