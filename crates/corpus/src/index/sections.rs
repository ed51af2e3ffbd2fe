//! Files of named sections, with a footer that has their positions and checksums.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{IndexError, Result, hex};
use crate::AtomicFile;
use crate::storage::SourceFile;

/// The footer: where each section is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Footer {
    pub(crate) sections: Vec<Section>,
}

/// A range of bytes of the file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) sha256: String,
}

pub(crate) fn read_u32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|part| part.try_into().ok()).map_or(0, u32::from_le_bytes)
}

pub(crate) fn read_u64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|part| part.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// Writes sections of a file.
pub(crate) struct SectionWriter {
    file: AtomicFile,
    stream: BufWriter<File>,
    offset: u64,
    footer: Footer,
    /// The open section.
    name: String,
    start: u64,
    hasher: Sha256,
    magic: [u8; 8],
}

impl SectionWriter {
    pub(crate) fn new(path: &Path, magic: [u8; 8]) -> Result<Self> {
        let failed = |error: crate::WriteError| IndexError(error.to_string());
        let file = AtomicFile::new(path).map_err(failed)?;
        let stream = BufWriter::with_capacity(1 << 18, file.file().map_err(failed)?);
        let mut writer = Self {
            file,
            stream,
            offset: 0,
            footer: Footer::default(),
            name: "header".into(),
            start: 0,
            hasher: Sha256::new(),
            magic,
        };
        writer.write(&magic)?;
        Ok(writer)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.offset += bytes.len() as u64;
        self.stream.write_all(bytes).map_err(|error| self.failed(error))
    }

    /// Ends the open section and starts another one.
    pub(crate) fn begin(&mut self, name: &str) {
        let sha256 = hex(&std::mem::take(&mut self.hasher).finalize());
        let (offset, length) = (self.start, self.offset - self.start);
        let name = std::mem::replace(&mut self.name, name.to_owned());
        self.footer.sections.push(Section { name, offset, length, sha256 });
        self.start = self.offset;
    }

    /// Returns the number of bytes in the open section.
    pub(crate) fn length(&self) -> u64 {
        self.offset - self.start
    }

    /// Completes the file. Returns the hash of its footer.
    pub(crate) fn finish(mut self) -> Result<String> {
        self.begin("");
        let footer = serde_json::to_vec(&self.footer)
            .map_err(|error| self.failed(io::Error::other(error)))?;
        let length = (footer.len() as u64).to_le_bytes();
        let mut write = || {
            self.stream.write_all(&footer)?;
            self.stream.write_all(&length)?;
            self.stream.write_all(&self.magic)?;
            self.stream.flush()
        };
        write().map_err(|error| self.failed(error))?;
        let Self { file, .. } = self;
        file.commit(|_| Ok(true), |_| Ok(())).map_err(|error| IndexError(error.to_string()))?;
        Ok(hex(&Sha256::digest(&footer)))
    }

    pub(crate) fn failed(&self, error: io::Error) -> IndexError {
        IndexError(self.file.io_error(error).to_string())
    }
}

/// Why a footer cannot be read.
#[derive(Debug)]
pub(crate) enum FooterError {
    /// Reading failed.
    Io(io::Error),
    /// The file is damaged.
    Damaged(String),
}

impl FooterError {
    /// Converts it to the error for a file of an index.
    pub(super) fn of_index(self, path: &Path) -> IndexError {
        match self {
            Self::Io(error) => IndexError::io(path, &error),
            Self::Damaged(what) => IndexError::damaged(path, what),
        }
    }
}

/// Reads the footer of a file that begins and ends with `magic`, and checks its hash.
///
/// # Errors
///
/// The file cannot be read, or its footer has another hash.
pub(crate) fn read_footer(
    file: &SourceFile,
    hash: &str,
    magic: [u8; 8],
) -> std::result::Result<Footer, FooterError> {
    let io = FooterError::Io;
    let length = file.length().map_err(io)?;
    let short = || FooterError::Damaged("the file is too short".into());
    let end = length.checked_sub(16).ok_or_else(short)?;
    let mut trailer = [0; 16];
    file.read_exact_at(&mut trailer, end).map_err(io)?;
    let size = read_u64(&trailer, 0);
    let start = end.checked_sub(size).ok_or_else(short)?;
    let mut bytes = vec![0; usize::try_from(size).map_err(|_| short())?];
    file.read_exact_at(&mut bytes, start).map_err(io)?;
    if trailer[8..] != magic || hex(&Sha256::digest(&bytes)) != hash {
        return Err(FooterError::Damaged("it is not the file listed in the manifest".into()));
    }
    let footer: Footer =
        serde_json::from_slice(&bytes).map_err(|error| FooterError::Damaged(error.to_string()))?;
    let is_within = |section: &Section| {
        section.offset.checked_add(section.length).is_some_and(|end| end <= start)
    };
    if !footer.sections.iter().all(is_within) {
        return Err(FooterError::Damaged("a section is longer than the file".into()));
    }
    Ok(footer)
}
