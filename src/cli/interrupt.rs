//! Ctrl-C and SIGTERM: the run ends cleanly, or is ended if that takes too long.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::output;
use crate::corpus::remove_own_temporary_files;

static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Nothing is being written, so the process may end at any moment.
static MAY_END: AtomicBool = AtomicBool::new(false);

/// The exit code of an interrupted run, as shells count it.
const CODE: i32 = 130;

/// Time for a run to end by itself. A run that waits for a pipe or processes a huge document
/// cannot, so the process is ended. That is safe at any moment, because files are replaced
/// atomically.
const GRACE: Duration = Duration::from_millis(600);

/// Handles Ctrl-C and SIGTERM from now on. Without a handler they end the process at once.
pub(super) fn listen() {
    // If the handler cannot be set, the default action is safe too.
    let _ = ctrlc::set_handler(|| {
        let is_first = !IS_INTERRUPTED.swap(true, Ordering::SeqCst);
        if is_first && !MAY_END.load(Ordering::SeqCst) {
            std::thread::sleep(GRACE);
        }
        remove_own_temporary_files();
        output::clear_line();
        output::warning("interrupted; every file is either complete or unchanged");
        std::process::exit(CODE);
    });
}

/// Whether the run should end.
pub(super) fn is_interrupted() -> bool {
    IS_INTERRUPTED.load(Ordering::SeqCst)
}

/// While it exists, no file is written, and Ctrl-C ends the process immediately.
pub(super) struct NoWriteGuard(());

impl NoWriteGuard {
    pub(super) fn new() -> Self {
        MAY_END.store(true, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for NoWriteGuard {
    fn drop(&mut self) {
        MAY_END.store(false, Ordering::SeqCst);
    }
}
