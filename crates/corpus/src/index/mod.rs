//! The index of an earlier corpus: a directory with immutable segments and a manifest.
//!
//! New documents are compared with the index instead of with the old texts. `docs/index.md`
//! documents the format. A writer holds a lock and replaces the manifest atomically once its
//! segments are on disk, so that a reader, or the next writer after a crash, sees the index either
//! before or after a change. The next writer removes files that are not in the manifest.
//!
//! An object store has no locks. There, a writer uses unique file names and replaces the manifest
//! only if it is still the one it read.

mod compact;
mod manifest;
mod postings;
mod reader;
pub(crate) mod sections;
mod segment;
mod segment_writer;
mod texts;
mod units;
mod verify;
mod writer;

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use dechaff_duplicates::store::StoreError;
use dechaff_text::PathName;

pub use manifest::{IndexRule, IndexSettings, Manifest, SegmentEntry};
pub use reader::IndexReader;
pub use segment::{DocumentPlace, IndexEntry};
pub use segment_writer::{NewDocument, NewUnit};
pub use texts::IndexTexts;
pub use units::{add_keys, new_units};
pub use writer::{AddOutcome, IndexWriter};

/// Why an index cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct IndexError(String);

impl IndexError {
    /// Creates an error at `path`.
    fn new(path: &Path, what: impl std::fmt::Display) -> Self {
        Self(format!("{}: {what}", path.name()))
    }

    /// Creates the error for a damaged file.
    fn damaged(path: &Path, what: impl std::fmt::Display) -> Self {
        Self::new(path, format_args!("the index is damaged: {what}; rebuild it"))
    }

    fn io(path: &Path, error: &io::Error) -> Self {
        Self::new(path, format_args!("cannot be read: {error}"))
    }
}

impl From<IndexError> for StoreError {
    fn from(error: IndexError) -> Self {
        Self { message: error.0 }
    }
}

/// The result of an operation on an index.
type Result<T> = std::result::Result<T, IndexError>;

/// Returns the first half of the SHA-256 of a text, in hexadecimal digits.
pub fn text_hash(text: &str) -> String {
    let mut hash = hex(&Sha256::digest(text.as_bytes()));
    hash.truncate(32);
    hash
}

/// Returns a name that is unique for each attempt to write.
pub(crate) fn attempt_name() -> String {
    let time = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanoseconds = time.map_or(0, |time| time.as_nanos());
    let digest = Sha256::digest(format!("{nanoseconds} {}", std::process::id()));
    hex(digest.get(..4).unwrap_or_default())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
