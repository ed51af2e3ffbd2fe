//! Reads the sections of a file.

use std::path::PathBuf;

use sha2::{Digest, Sha256};

use super::{cannot_read, damaged};
use crate::index::hex;
use crate::index::sections::{FooterError, Section, read_footer};
use crate::storage::SourceFile;
use dechaff_duplicates::store::Result;

/// The magic bytes at the start and end of a file.
pub(super) const MAGIC: [u8; 8] = *b"DXWORK1\n";

/// A file of sections that is open for reading.
#[derive(Debug)]
pub(super) struct SectionFile {
    pub(super) path: PathBuf,
    file: SourceFile,
    sections: Vec<Section>,
}

impl SectionFile {
    /// Opens the file at `path`, whose footer has this hash.
    pub(super) fn open(path: PathBuf, footer: &str) -> Result<Self> {
        let file = SourceFile::open_random(&path).map_err(|error| cannot_read(&path, &error))?;
        let footer = read_footer(&file, footer, MAGIC).map_err(|error| match error {
            FooterError::Io(error) => cannot_read(&path, &error),
            FooterError::Damaged(what) => damaged(&path, what),
        })?;
        Ok(Self { path, file, sections: footer.sections })
    }

    pub(super) fn find(&self, name: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.name == name)
    }

    /// Reads all of a section, and checks its checksum.
    pub(super) fn read_all(&self, section: &Section) -> Result<Vec<u8>> {
        let bytes = self.read(section, 0, section.length)?;
        if hex(&Sha256::digest(&bytes)) != section.sha256 {
            return Err(damaged(
                &self.path,
                format_args!("the checksum of `{}` is wrong", section.name),
            ));
        }
        Ok(bytes)
    }

    /// Reads `length` bytes of a section from byte `from`.
    pub(super) fn read(&self, section: &Section, from: u64, length: u64) -> Result<Vec<u8>> {
        let is_within = from.checked_add(length).is_some_and(|end| end <= section.length);
        let size = usize::try_from(length).ok().filter(|_| is_within);
        let size = size
            .ok_or_else(|| damaged(&self.path, format_args!("`{}` is too short", section.name)))?;
        let mut bytes = vec![0; size];
        self.file
            .read_exact_at(&mut bytes, section.offset + from)
            .map_err(|error| cannot_read(&self.path, &error))?;
        Ok(bytes)
    }
}
