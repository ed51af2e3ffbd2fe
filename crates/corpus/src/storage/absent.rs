//! Replaces the module `remote` in builds without object stores: every URL is an error.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::location::LocationError;
use super::{DirEntry, ObjectMetadata, ObjectVersion, PutCondition, UrlKind};

/// An open object. It is never created.
#[derive(Debug, Clone)]
pub(crate) struct AbsentFile(Infallible);

pub(crate) type RemoteFile = AbsentFile;

fn refused<T>() -> io::Result<T> {
    Err(io::Error::new(io::ErrorKind::Unsupported, LocationError::Feature))
}

impl AbsentFile {
    pub(super) fn open(_: &Path) -> io::Result<Self> {
        refused()
    }

    pub(super) fn keep_blocks(&self) -> io::Result<()> {
        match self.0 {}
    }

    pub(super) fn length(&self) -> u64 {
        match self.0 {}
    }

    pub(super) fn version(&self) -> ObjectVersion {
        match self.0 {}
    }

    pub(super) fn read_exact_at(&self, _: &mut [u8], _: u64) -> io::Result<()> {
        match self.0 {}
    }
}

impl Read for AbsentFile {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        match self.0 {}
    }
}

impl Seek for AbsentFile {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        match self.0 {}
    }
}

pub(super) fn check(_: &Path) -> io::Result<()> {
    refused()
}

pub(super) fn metadata(_: &Path) -> io::Result<ObjectMetadata> {
    refused()
}

pub(super) fn kind(_: &Path) -> io::Result<Option<UrlKind>> {
    refused()
}

pub(super) fn list(_: &Path) -> io::Result<Vec<DirEntry>> {
    refused()
}

pub(super) fn remove(_: &Path) -> io::Result<()> {
    refused()
}

pub(super) fn upload(_: &mut File, _: &Path) -> io::Result<()> {
    refused()
}

pub(super) fn put(_: &Path, _: &[u8], _: &PutCondition) -> io::Result<bool> {
    refused()
}
