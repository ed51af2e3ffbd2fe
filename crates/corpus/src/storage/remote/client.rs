//! The async runtime for requests.

use std::future::Future;
use std::io;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::{Builder, Runtime};

/// Returns the runtime, and sets up TLS, which must happen before any client is created.
pub(super) fn runtime() -> io::Result<&'static Runtime> {
    // Its threads do not survive a fork, which Python programs may do.
    static RUNTIME: Mutex<Option<(u32, &'static Runtime)>> = Mutex::new(None);
    let mut known = RUNTIME.lock().unwrap_or_else(PoisonError::into_inner);
    let process = std::process::id();
    if let Some((_, runtime)) = known.filter(|(owner, _)| *owner == process) {
        return Ok(runtime);
    }
    // The store clients leave the choice of a TLS provider to the program. One may already be
    // installed by another part of the process.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let runtime: &'static Runtime = Box::leak(Box::new(runtime));
    *known = Some((process, runtime));
    Ok(runtime)
}

/// Blocks until `future` is done. Ctrl-C ends the process meanwhile.
pub(super) fn block_on<F: Future>(future: F) -> io::Result<F::Output> {
    Ok(runtime()?.block_on(future))
}
