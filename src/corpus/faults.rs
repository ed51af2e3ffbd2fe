//! Places at which a test makes the file system fail, or kills the process. Without the feature `fault-injection` they do nothing.
//!
//! With it, `DECHAFF_FAULT=kill:N` ends the process at the N-th place, after half of the bytes where bytes are written; `fail:N` makes the
//! N-th call fail, and `full:N` that and all later ones.

use std::io::{self, Write};

/// A call of the file system that is about to happen.
///
/// # Errors
///
/// A test asks for it.
#[cfg(not(feature = "fault-injection"))]
#[inline]
pub(super) fn point() -> io::Result<()> {
    Ok(())
}

/// Writes all of `bytes`.
///
/// # Errors
///
/// They cannot be written, or a test asks for it.
#[cfg(not(feature = "fault-injection"))]
#[inline]
pub(super) fn write_all(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}

#[cfg(feature = "fault-injection")]
mod injected {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    /// What happens, and at which place.
    pub(super) enum Fault {
        Kill(u64),
        Fail(u64),
        Full(u64),
    }

    static PLACES: AtomicU64 = AtomicU64::new(0);
    static FAULT: OnceLock<Option<Fault>> = OnceLock::new();

    fn parse() -> Option<Fault> {
        let fault = std::env::var("DECHAFF_FAULT").ok()?;
        let (kind, place) = fault.split_once(':')?;
        let place = place.parse().ok()?;
        match kind {
            "kill" => Some(Fault::Kill(place)),
            "fail" => Some(Fault::Fail(place)),
            "full" => Some(Fault::Full(place)),
            _ => None,
        }
    }

    /// The fault that is due at the next place.
    pub(super) fn due() -> Option<&'static Fault> {
        let place = PLACES.fetch_add(1, Ordering::SeqCst) + 1;
        FAULT.get_or_init(parse).as_ref().filter(|fault| match fault {
            Fault::Kill(at) | Fault::Fail(at) => place == *at,
            Fault::Full(at) => place >= *at,
        })
    }

    pub(super) fn error() -> std::io::Error {
        std::io::Error::new(std::io::ErrorKind::StorageFull, "injected fault")
    }
}

#[cfg(feature = "fault-injection")]
pub(super) fn point() -> io::Result<()> {
    match injected::due() {
        None => Ok(()),
        Some(injected::Fault::Kill(_)) => std::process::abort(),
        Some(_) => Err(injected::error()),
    }
}

#[cfg(feature = "fault-injection")]
pub(super) fn write_all(stream: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    let Some(fault) = injected::due() else { return stream.write_all(bytes) };
    stream.write_all(&bytes[..bytes.len() / 2])?;
    stream.flush()?;
    match fault {
        injected::Fault::Kill(_) => std::process::abort(),
        _ => Err(injected::error()),
    }
}
