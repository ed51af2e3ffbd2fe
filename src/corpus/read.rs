//! A file's text.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::text::{self, Decoding, Document, Index, NotText, Origin};

/// The text of one document, and where it comes from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Where it comes from.
    pub origin: Arc<Origin>,
    /// The file itself; its name in `origin` is for people and need not be one that can be opened.
    pub path: PathBuf,
    /// The text.
    pub text: Arc<str>,
    /// What went wrong when it was read.
    pub decoding: Option<Decoding>,
}

/// A file whose text cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read {path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// Why not.
        error: io::Error,
    },
    /// The file holds no text.
    #[error("skipped {path}: {reason}")]
    NotText {
        /// The file.
        path: String,
        /// Why not.
        reason: NotText,
    },
    /// A file that was found in a directory and is no corpus.
    #[error("skipped {path}: {reason}")]
    NoCorpus {
        /// The file.
        path: String,
        /// Why not.
        reason: String,
    },
    /// Records that cannot be read, or a shard of which nothing can.
    #[error("{place}: {reason}")]
    Bad {
        /// The file, and the record if it is one.
        place: String,
        /// How many are lost, as far as that is known.
        records: u64,
        /// Why.
        reason: String,
    },
}

impl Source {
    /// The text of `bytes`, which came from `path`.
    ///
    /// # Errors
    ///
    /// The bytes are no text.
    pub fn of(path: String, bytes: Vec<u8>) -> Result<Self, ReadError> {
        match text::decode(bytes) {
            Ok((text, decoding)) => {
                let (origin, path) = (Arc::new(Origin::file(path.as_str())), PathBuf::from(path));
                Ok(Self { path, origin, text: text.into(), decoding })
            }
            Err(reason) => Err(ReadError::NotText { path, reason }),
        }
    }

    /// The parsed document.
    pub fn document(&self) -> Document<'_> {
        self.indexed(Arc::new(Index::of(&self.text)))
    }

    /// The parsed document, with the index of its text.
    pub(crate) fn indexed(&self, index: Arc<Index>) -> Document<'_> {
        Document::indexed(Arc::clone(&self.origin), &self.text, index).with_decoding(self.decoding)
    }
}

/// Reads a file.
///
/// # Errors
///
/// It cannot be read, or holds no text.
pub fn read(path: &Path) -> Result<Source, ReadError> {
    let name = path.to_string_lossy().into_owned();
    match std::fs::read(path) {
        Ok(bytes) => Source::of(name, bytes).map(|source| Source { path: path.to_owned(), ..source }),
        Err(error) => Err(ReadError::Io { path: name, error }),
    }
}
