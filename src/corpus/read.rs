//! A file's text.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::shard::ended_early;
use crate::text::{self, Document, DocumentIndex, LossyDecoding, NotText, Origin, PathName, path_of};

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
    pub decoding: Option<LossyDecoding>,
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

impl ReadError {
    /// That the document at `place` has more than `max` bytes.
    pub fn too_long(place: String, max: usize) -> Self {
        Self::Bad { place, records: 1, reason: too_long(max) }
    }
}

pub(super) fn too_long(max: usize) -> String {
    format!("larger than {max} bytes; --max-record allows more")
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
                let (origin, path) = (Arc::new(Origin::file(path.as_str())), path_of(&path));
                Ok(Self { path, origin, text: text.into(), decoding })
            }
            Err(reason) => Err(ReadError::NotText { path, reason }),
        }
    }

    /// The parsed document.
    pub fn document(&self) -> Document<'_> {
        self.indexed(Arc::new(DocumentIndex::new(&self.text)))
    }

    /// The parsed document, with the index of its text.
    pub(crate) fn indexed(&self, index: Arc<DocumentIndex>) -> Document<'_> {
        Document::from_index(Arc::clone(&self.origin), &self.text, index).with_decoding(self.decoding)
    }
}

/// Reads a file of at most `max` bytes.
///
/// # Errors
///
/// It cannot be read, holds no text, or is larger.
pub fn read(path: &Path, max: usize) -> Result<Source, ReadError> {
    let name = path.name();
    let bytes = File::open(path).and_then(|file| {
        let length = file.metadata()?.len();
        let bytes = read_document(file, usize::try_from(length).unwrap_or(usize::MAX), max)?;
        match &bytes {
            Some(text) if (text.len() as u64) < length && text::not_text(text).is_none() => {
                Err(ended_early(length - text.len() as u64))
            }
            _ => Ok(bytes),
        }
    });
    match bytes {
        Ok(Some(bytes)) => Source::of(name, bytes).map(|source| Source { path: path.to_owned(), ..source }),
        Ok(None) => Err(ReadError::too_long(name, max)),
        Err(error) => Err(ReadError::Io { path: name, error }),
    }
}

/// Reads one document of about `expected` bytes; `None` if it has more than `max`. Of a file that is no text only the beginning is
/// read, which tells why.
pub(crate) fn read_document(mut reader: impl Read, expected: usize, max: usize) -> io::Result<Option<Vec<u8>>> {
    // One byte more shows that there are no more.
    let mut bytes = Vec::with_capacity(expected.min(max).saturating_add(1));
    reader.by_ref().take(text::PROBE_BYTES as u64).read_to_end(&mut bytes)?;
    if text::not_text(&bytes).is_some() {
        return Ok(Some(bytes));
    }
    if expected > max {
        return Ok(None);
    }
    if bytes.len() >= text::PROBE_BYTES {
        let rest = max.saturating_sub(bytes.len()) as u64;
        reader.take(rest.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    Ok((bytes.len() <= max).then_some(bytes))
}
