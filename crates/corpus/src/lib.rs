//! Corpus files: finding them, reading their documents, and writing them back. Apart from the
//! command line, this is the only crate that does I/O.

#![forbid(unsafe_code)]

mod atomic_write;
mod codec;
mod decoder_panic;
mod document_table;
mod group_by;
pub mod index;
mod line_reader;
mod measure_table;
mod memory_budget;
mod read;
mod settings_files;
mod shard;
mod spill_store;
pub mod storage;
mod table_writer;
mod temporary;
mod text_store;
mod undo_log;
mod user_files;
mod walk;
pub mod work;

pub use atomic_write::{
    AtomicFile, CompressedWriter, FileStamp, OutputFile, WriteError, create, replace,
};
pub use codec::Codec;
pub use document_table::DocumentTable;
pub use group_by::GroupBy;
pub use measure_table::MeasureTable;
pub use memory_budget::MemoryBudget;
pub use read::read_document;
pub use read::{ReadError, Source, read};
pub use settings_files::{ResolvedSettings, SettingsFiles, display_path, read_layers};
pub use shard::{
    FIELD_LIST_PREFIX, Format, INPUT_FORMATS, InputFile, InputFormat, JSON_LINES, OpenedFile,
    RawRecord, ReadOptions, RecordAction, RecordHandle, RecordLabels, Records, Rewriter, Shard,
    ShardItem, open,
};
pub use spill_store::SpillStore;
pub use table_writer::TableError;
pub use temporary::{register_temporary_file, remove_own_temporary_files, remove_stale_files};
pub use text_store::{StoredText, TextStore};
pub use undo_log::{
    BrokenLine, ChangeSet, FileState, LogContents, LogEntry, LogError, LogLine, LogLocation,
    LoggedFile, LoggedFiles, OriginalText, PendingEntries, ReducedCopy, Replacement, UndoError,
    UndoLog, UndoResult, content_hash, hash_file, log_entries, logged_files, restore,
};
pub use user_files::{CONFIG_FILE_NAMES, read_suppression_file, read_user_file, rule_files};
pub use walk::{COPIES_MARKER, PathFilter, WalkError, expand_globs, visit_dirs, walk};
