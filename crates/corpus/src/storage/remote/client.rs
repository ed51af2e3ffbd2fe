//! The runtime on which requests run.

use std::future::Future;
use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};

/// Returns the runtime, and prepares for encryption, which must come before any client is made.
pub(super) fn runtime() -> io::Result<&'static Runtime> {
    // Its threads do not survive a fork, as Python makes them.
    static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);
    let mut known = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((_, runtime)) = known.filter(|(owner, _)| *owner == process) {
        return Ok(runtime);
    }
    // The clients of the stores leave the choice of a cryptography library to the program. There is
    // one already if another part of the process made it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let runtime: &'static Runtime = Box::leak(Box::new(runtime));
    *known = Some((process, runtime));
    Ok(runtime)
}

/// Runs requests until `future` is done. Ctrl-C ends the process meanwhile.
pub(super) fn block_on<F: Future>(future: F) -> io::Result<F::Output> {
    Ok(runtime()?.block_on(future))
}
