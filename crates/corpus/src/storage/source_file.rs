//! A file or object that is open for reading.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::{ObjectVersion, is_url, remote};

/// A file or object that is open for reading.
#[derive(Debug)]
pub(crate) enum SourceFile {
    Local(File),
    Remote(remote::RemoteFile),
}

impl SourceFile {
    /// Opens a file, or an object to be read mostly from its start to its end.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        match is_url(path) {
            true => remote::RemoteFile::open(path).map(Self::Remote),
            false => File::open(path).map(Self::Local),
        }
    }

    /// Opens a file, or an object to be read in any order.
    pub(crate) fn open_random(path: &Path) -> io::Result<Self> {
        let file = Self::open(path)?;
        file.keep_blocks()?;
        Ok(file)
    }

    /// Prepares for random access: blocks read from an object are kept in a temporary file.
    pub(crate) fn keep_blocks(&self) -> io::Result<()> {
        match self {
            Self::Local(_) => Ok(()),
            Self::Remote(file) => file.keep_blocks(),
        }
    }

    /// Returns another handle. For a local file, both handles share a position; for an object, they
    /// do not.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Local(file) => file.try_clone().map(Self::Local),
            Self::Remote(file) => Ok(Self::Remote(file.clone())),
        }
    }

    /// Returns the length in bytes.
    pub(crate) fn length(&self) -> io::Result<u64> {
        match self {
            Self::Local(file) => file.metadata().map(|metadata| metadata.len()),
            Self::Remote(file) => Ok(file.length()),
        }
    }

    /// Returns the version of an object. A local file has none.
    pub(crate) fn version(&self) -> ObjectVersion {
        match self {
            Self::Local(_) => ObjectVersion::default(),
            Self::Remote(file) => file.version(),
        }
    }

    /// Fills `buffer` with the bytes at `offset`.
    pub(crate) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        match self {
            Self::Local(file) => read_exact_at(file, buffer, offset),
            Self::Remote(file) => file.read_exact_at(buffer, offset),
        }
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(not(unix))]
fn read_exact_at(mut file: &File, buffer: &mut [u8], offset: u64) -> io::Result<()> {
    file.seek(SeekFrom::Start(offset))?;
    file.read_exact(buffer)
}

impl Read for SourceFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Local(file) => file.read(buffer),
            Self::Remote(file) => file.read(buffer),
        }
    }
}

impl Seek for SourceFile {
    fn seek(&mut self, position: SeekFrom) -> io::Result<u64> {
        match self {
            Self::Local(file) => file.seek(position),
            Self::Remote(file) => file.seek(position),
        }
    }
}

impl Length for SourceFile {
    fn len(&self) -> u64 {
        self.length().unwrap_or(0)
    }
}

impl ChunkReader for SourceFile {
    type T = BufReader<Self>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        let mut file = self.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        match self {
            Self::Local(file) => file.get_bytes(start, length),
            Self::Remote(file) => {
                let end = start.saturating_add(length as u64);
                if end > file.length() {
                    return Err(ParquetError::EOF("the file ends early".into()));
                }
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, start)?;
                Ok(bytes.into())
            }
        }
    }
}
