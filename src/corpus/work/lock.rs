//! Locks on tasks.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use super::entry::{Share, task_name};
use super::error_at;
use crate::check::store::Result;

/// A lock on a task, so that no two processes of a machine work on it.
pub(super) struct TaskLock {
    path: PathBuf,
    _file: File,
}

impl Drop for TaskLock {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl TaskLock {
    /// Locks a task.
    pub(super) fn new(folder: &Path, stage: &str, share: Share) -> Result<Self> {
        let path = folder.join(format!(".dechaff-{}.lock", task_name(stage, share)));
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file =
            file.map_err(|error| error_at(folder, format_args!("cannot be written: {error}")))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(error_at(
                folder,
                format_args!("another process works on part {share} of {stage}"),
            )),
            // Some network file systems have no locks.
            Ok(()) | Err(TryLockError::Error(_)) => Ok(Self { path, _file: file }),
        }
    }
}
