//! Detects changes of files.

use std::path::Path;
use std::time::SystemTime;

/// The time of the last change of a file, and its length in bytes.
pub(super) type Stamp = (SystemTime, u64);

/// Returns the stamp of a file, if it exists.
pub(super) fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = path.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
