//! Files: which to read, and their texts. The only part of the library, beside the command line, that does I/O.

mod format;
mod read;
mod shard;
mod shelf;
mod spill;
mod temporary;
mod undo_log;
mod walk;
mod write;
mod written;

pub use format::{Codec, Format, Kind};
pub(crate) use read::read_document;
pub use read::{ReadError, Source, read};
pub use shard::{
    Carrier, FIELDS, Fate, Input, Opened, Raw, Reading, Records, Rewriter, Shard, Step as ShardStep, open,
};
pub use shelf::{Kept, Shelf};
pub use spill::{Spill, free_memory};
pub use temporary::{own_temporary_file, remove_own_temporary_files, remove_stale_files};
pub use undo_log::{
    BrokenLine, Copy, Entry, FileState, LogContents, LogError, LogLine, LogPlace, LoggedFile, LoggedFiles, Original,
    PendingEntries, Replacement, Restored, Step, UndoError, UndoLog, entries, hash, hash_file, logged_files, restore,
};
pub use walk::COPIES_MARKER;
pub use walk::{Choice, WalkError, expand, folders, walk};
pub use write::{Lines, NewFile, Pending, Stamp, WriteError, create, replace};
pub use written::{CONFIGURATIONS, read_list, read_written, rule_files};
