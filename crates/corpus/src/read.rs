//! Reads single documents from files.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::storage::SourceFile;
use dechaff_text::{
    Document, DocumentIndex, LossyDecoding, NotText, Origin, PROBE_BYTES, PathName, decode,
    not_text, path_of,
};

/// The text of a document and where it was read from.
#[derive(Debug, Clone)]
pub struct Source {
    /// The file or record, as reported.
    pub origin: Arc<Origin>,
    /// The path to open. The name in `origin` is for display and may not be a valid path.
    pub path: PathBuf,
    /// The text.
    pub text: Arc<str>,
    /// Invalid bytes replaced while decoding.
    pub decoding: Option<LossyDecoding>,
}

/// Why a file or record has no text.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Reading the file failed.
    #[error("cannot read {path}: {error}")]
    Io {
        /// The file.
        path: String,
        /// The underlying error.
        error: io::Error,
    },
    /// The file is not text.
    #[error("skipped {path}: {reason}")]
    NotText {
        /// The file.
        path: String,
        /// Why it does not count as text.
        reason: NotText,
    },
    /// A file picked up from a directory that is not a corpus.
    #[error("skipped {path}: {reason}")]
    NotACorpus {
        /// The file.
        path: String,
        /// What is missing.
        reason: String,
    },
    /// Records of a shard that this build cannot read.
    #[error("{place}: skipped {reason}")]
    SkippedRecords {
        /// The file.
        place: String,
        /// The number of records.
        records: u64,
        /// Their number and kind, and what to do about it.
        reason: String,
    },
    /// Some records of a shard, or all of them.
    #[error("{place}: {reason}")]
    UnreadableRecords {
        /// The file, and the record if it is only one.
        place: String,
        /// The number of records lost, as far as it is known; at least 1.
        records: u64,
        /// What is wrong.
        reason: String,
    },
}

impl ReadError {
    /// The error for a document at `place` that has more than `max` bytes.
    pub fn too_large(place: String, max: usize) -> Self {
        Self::UnreadableRecords { place, records: 1, reason: too_large(max) }
    }
}

pub(super) fn too_large(max: usize) -> String {
    format!("larger than {max} bytes; raise the limit with --max-record")
}

/// The error for a file that ends `missing` bytes before the length in its metadata.
pub(super) fn truncated(missing: u64) -> io::Error {
    let message =
        format!("the file ends {missing} bytes before its length; did another process cut it off?");
    io::Error::new(io::ErrorKind::UnexpectedEof, message)
}

impl Source {
    /// Decodes `bytes`, which were read from `path`.
    ///
    /// # Errors
    ///
    /// The bytes are not text.
    pub fn from_bytes(path: String, bytes: Vec<u8>) -> Result<Self, ReadError> {
        match decode(bytes) {
            Ok((text, decoding)) => Ok(Self {
                origin: Arc::new(Origin::file(path.as_str())),
                path: path_of(&path),
                text: text.into(),
                decoding,
            }),
            Err(reason) => Err(ReadError::NotText { path, reason }),
        }
    }

    /// Parses the text.
    pub fn document(&self) -> Document<'_> {
        self.document_with_index(Arc::new(DocumentIndex::new(&self.text)))
    }

    /// Returns the document, given the index of its text.
    pub fn document_with_index(&self, index: Arc<DocumentIndex>) -> Document<'_> {
        Document::from_index(Arc::clone(&self.origin), &self.text, index)
            .with_decoding(self.decoding)
    }
}

/// Reads a file of at most `max` bytes.
///
/// # Errors
///
/// The file cannot be read, is not text, or is larger.
pub fn read(path: &Path, max: usize) -> Result<Source, ReadError> {
    let name = path.name();
    match read_file(path, max) {
        Ok(Some(bytes)) => {
            Source::from_bytes(name, bytes).map(|source| Source { path: path.to_owned(), ..source })
        }
        Ok(None) => Err(ReadError::too_large(name, max)),
        Err(error) => Err(ReadError::Io { path: name, error }),
    }
}

fn read_file(path: &Path, max: usize) -> io::Result<Option<Vec<u8>>> {
    let file = SourceFile::open(path)?;
    let length = file.length()?;
    let bytes = read_document(file, usize::try_from(length).unwrap_or(usize::MAX), max)?;
    match &bytes {
        Some(text) if (text.len() as u64) < length && not_text(text).is_none() => {
            Err(truncated(length - text.len() as u64))
        }
        _ => Ok(bytes),
    }
}

/// Reads a document of about `expected` bytes, or returns `None` if it has more than `max`.
///
/// Of a file that is not text, only the beginning is read: enough to report why.
pub fn read_document(
    mut reader: impl Read,
    expected: usize,
    max: usize,
) -> io::Result<Option<Vec<u8>>> {
    // Reading one byte more than `max` shows whether the document is larger.
    let mut bytes = Vec::with_capacity(expected.min(max).saturating_add(1));
    reader.by_ref().take(PROBE_BYTES as u64).read_to_end(&mut bytes)?;
    if not_text(&bytes).is_some() {
        return Ok(Some(bytes));
    }
    if expected > max {
        return Ok(None);
    }
    if bytes.len() >= PROBE_BYTES {
        let rest = max.saturating_sub(bytes.len()) as u64;
        reader.take(rest.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    Ok((bytes.len() <= max).then_some(bytes))
}
