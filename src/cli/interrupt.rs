//! Ctrl-C and SIGTERM: the run comes to a clean end, or is ended where it does not do so in time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::output;
use crate::corpus::remove_own_temporary_files;

static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Nothing is being written, so that the process may end at any moment.
static MAY_END: AtomicBool = AtomicBool::new(false);

/// The exit code of an interrupted run, as shells count it.
const CODE: i32 = 130;

/// How long a run has to end by itself. No loop has to ask whether it is interrupted: a run that reads a pipe without a writer, or
/// works on one huge document, cannot. Files are replaced in one step, so that the process may end at any moment.
const GRACE: Duration = Duration::from_millis(600);

/// Listens for Ctrl-C and SIGTERM from now on. Before, they end the process at once.
pub(super) fn listen() {
    // Without a handler the process ends at once, and nothing is half written then either.
    let _ = ctrlc::set_handler(|| {
        let is_first = !IS_INTERRUPTED.swap(true, Ordering::SeqCst);
        if is_first && !MAY_END.load(Ordering::SeqCst) {
            std::thread::sleep(GRACE);
        }
        remove_own_temporary_files();
        output::clear_line();
        output::warning("interrupted; every file is whole, either as it was or as it is to be");
        std::process::exit(CODE);
    });
}

/// Whether the run is to come to its end.
pub(super) fn is_interrupted() -> bool {
    IS_INTERRUPTED.load(Ordering::SeqCst)
}

/// While it stands no file is written, so that Ctrl-C ends the process.
pub(super) struct Pause(());

impl Pause {
    /// From now on.
    pub(super) fn begin() -> Self {
        MAY_END.store(true, Ordering::SeqCst);
        Self(())
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        MAY_END.store(false, Ordering::SeqCst);
    }
}
