//! Locks on tasks.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::entry::{Share, task_name};
use super::error_at;
use crate::storage::is_url;
use dechaff_duplicates::store::Result;

/// A lock on a task, so that no two processes on a machine work on it. In an object store, there
/// are no locks: as with several machines, the first process to finish wins.
pub(super) struct TaskLock {
    _file: Option<LockFile>,
}

struct LockFile {
    path: PathBuf,
    _file: File,
}

impl Drop for LockFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

impl TaskLock {
    /// Locks a task. If another process holds the lock, waits for it until `waits` returns false.
    /// Fails without `waits`.
    pub(super) fn new(
        folder: &Path,
        stage: &str,
        share: Share,
        waits: Option<&(dyn Fn() -> bool + Send + Sync)>,
    ) -> Result<Self> {
        /// Time between attempts to lock.
        const INTERVAL: Duration = Duration::from_millis(100);
        if is_url(folder) {
            return Ok(Self { _file: None });
        }
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
        Ok(Self { _file: Some(LockFile { path, _file: file }) })
    }
}
