//! Locks on tasks.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

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
    /// Locks a task. If another process holds the lock, waits for it until `waits` returns false, or
    /// fails if there is no `waits`.
    pub(super) fn new(
        folder: &Path,
        stage: &str,
        share: Share,
        waits: Option<&(dyn Fn() -> bool + Send + Sync)>,
    ) -> Result<Self> {
        /// Time between two looks at a lock.
        const INTERVAL: Duration = Duration::from_millis(100);
        let path = folder.join(format!(".dechaff-{}.lock", task_name(stage, share)));
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file =
            file.map_err(|error| error_at(folder, format_args!("cannot be written: {error}")))?;
        // Some network file systems have no locks.
        while let Err(TryLockError::WouldBlock) = file.try_lock() {
            if !waits.is_some_and(|waits| waits()) {
                return Err(error_at(
                    folder,
                    format_args!("another process works on part {share} of {stage}"),
                ));
            }
            std::thread::sleep(INTERVAL);
        }
        Ok(Self { path, _file: file })
    }
}
