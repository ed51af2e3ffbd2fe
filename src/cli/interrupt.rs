//! Ctrl-C: what is being done comes to a clean end; pressed again, at once.

use std::sync::atomic::{AtomicBool, Ordering};

use super::output;

static IS_INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// Nothing is being written, so that the process may end at any moment.
static MAY_END: AtomicBool = AtomicBool::new(false);

/// The exit code of an interrupted run, as shells count it.
const CODE: i32 = 130;

/// Listens for Ctrl-C, and for being asked to terminate, from now on.
pub(super) fn listen() {
    // Without a handler the process ends at once, and nothing is half written then either.
    let _ = ctrlc::set_handler(|| {
        let again = IS_INTERRUPTED.swap(true, Ordering::SeqCst);
        if again || MAY_END.load(Ordering::SeqCst) {
            output::clear_line();
            output::warning(
                "interrupted while comparing documents; nothing was written since the last file that was finished",
            );
            std::process::exit(CODE);
        }
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
