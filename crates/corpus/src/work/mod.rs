//! The work folder of a comparison in steps: a manifest, and the files that tasks have written.
//!
//! `docs/scale.md` documents the format. Files are immutable and written atomically. A task is done
//! once its entry exists, which is written last and lists the other files with the hashes of their
//! footers. So tasks can be killed, repeated and run on several machines.

mod blocks;
mod compared;
mod compared_matches;
mod copy_fixer;
mod deleted_places;
mod entry;
mod file;
mod file_shares;
mod folder;
mod lock;
mod logs;
mod manifest;
mod section_file;
mod sketch_task;
mod task_input;
mod task_output;

use std::io;
use std::path::Path;

use dechaff_duplicates::store::StoreError;
use dechaff_text::PathName;

pub use compared::ComparedDocuments;
pub use compared_matches::ComparedMatches;
pub use copy_fixer::CopyFixer;
pub use entry::{Share, StepProgress, WorkProgress};
pub use file_shares::{FileList, FileShares, split_files};
pub use folder::{TaskOutcome, WorkFolder};
pub use manifest::WorkManifest;
pub use sketch_task::SketchTask;

/// Creates an error at `path`.
fn error_at(path: &Path, what: impl std::fmt::Display) -> StoreError {
    StoreError { message: format!("{}: {what}", path.name()) }
}

/// Creates the error for a damaged file.
fn damaged(path: &Path, what: impl std::fmt::Display) -> StoreError {
    let remedy = "remove the work folder, and start with `dechaff compare sketch`";
    error_at(path, format_args!("the file is damaged: {what}; {remedy}"))
}

fn cannot_read(path: &Path, error: &io::Error) -> StoreError {
    error_at(path, format_args!("cannot be read: {error}"))
}
