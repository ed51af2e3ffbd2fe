//! The files of a corpus, split into shares.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Share;
use crate::InputFile;
use crate::index::hex;
use dechaff_duplicates::store::{Result, StoreError};

/// The files of a corpus in order of their names, split into shares of about the same size.
pub struct FileShares {
    files: Vec<InputFile>,
    sizes: Vec<u64>,
}

impl FileShares {
    /// Sorts files and reads their sizes.
    ///
    /// # Errors
    ///
    /// The size of a file cannot be read.
    pub fn new(mut files: Vec<InputFile>) -> Result<Self> {
        files.sort_by(|left, right| left.name.cmp(&right.name));
        files.dedup_by(|next, kept| next.name == kept.name);
        let size = |file: &InputFile| {
            file.size().map_err(|error| StoreError { message: format!("{}: {error}", file.name) })
        };
        let sizes = files.iter().map(size).collect::<Result<_>>()?;
        Ok(Self { files, sizes })
    }

    /// Whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns the files of a share, and their size in bytes.
    pub fn share(&self, share: Share) -> (Vec<InputFile>, u64) {
        let range = self.range(share);
        let bytes = self.sizes.get(range.clone()).map_or(0, |sizes| sizes.iter().sum());
        (self.files.get(range).map(<[_]>::to_vec).unwrap_or_default(), bytes)
    }

    /// Returns the name of the first file of a share, and that of the first one after it.
    pub fn bounds(&self, share: Share) -> (Option<&str>, Option<&str>) {
        let range = self.range(share);
        let name = |at: usize| self.files.get(at).map(|file| file.name.as_str());
        // Without files, the share has no documents.
        let start = name(range.start).or_else(|| self.files.last().map(|_| "\u{10ffff}"));
        (start, name(range.end))
    }

    /// Lists the files for a manifest.
    pub(super) fn list(&self) -> FileList {
        let names = self.files.iter().map(|file| file.name.as_str());
        FileList::new(names.zip(self.sizes.iter().copied()))
    }

    fn range(&self, share: Share) -> Range<usize> {
        let ranges = split_files(&self.sizes, share.count);
        let number = usize::try_from(share.number.saturating_sub(1)).unwrap_or(usize::MAX);
        ranges.get(number).cloned().unwrap_or(0..0)
    }
}

/// The files of a corpus.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileList {
    /// The number of files.
    pub count: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// The SHA-256 of their names and sizes.
    pub sha256: String,
}

impl FileList {
    /// Lists files, given their names and sizes in order of the names.
    pub fn new<'f>(files: impl Iterator<Item = (&'f str, u64)>) -> Self {
        let mut hasher = Sha256::new();
        let (mut count, mut bytes) = (0, 0);
        for (name, size) in files {
            count += 1;
            bytes += size;
            hasher.update(name.as_bytes());
            hasher.update([0]);
            hasher.update(size.to_le_bytes());
        }
        Self { count, bytes, sha256: hex(&hasher.finalize()) }
    }
}

/// Splits files of these sizes into `shares` ranges of about the same size.
pub fn split_files(sizes: &[u64], shares: u32) -> Vec<Range<usize>> {
    let total: u128 = sizes.iter().map(|size| u128::from(size + 1)).sum();
    let mut ranges = Vec::new();
    let (mut at, mut before) = (0, 0_u128);
    for share in 1..=u128::from(shares) {
        let start = at;
        let end = total * share / u128::from(shares.max(1));
        // A file belongs to the share that contains its middle.
        while let Some(size) = sizes.get(at).map(|size| u128::from(size + 1)) {
            if before + size / 2 >= end {
                break;
            }
            before += size;
            at += 1;
        }
        ranges.push(start..at);
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_file_is_in_one_share() {
        for shares in 1..9 {
            let sizes = [5, 0, 100, 7, 7, 7, 0, 30];
            let ranges = split_files(&sizes, shares);
            assert_eq!(ranges.len(), shares as usize);
            assert_eq!(
                ranges.iter().cloned().flatten().collect::<Vec<_>>(),
                (0..8).collect::<Vec<_>>()
            );
        }
        assert_eq!(split_files(&[10; 4], 2), [0..2, 2..4]);
        assert_eq!(split_files(&[10, 11], 2), [0..1, 1..2]);
    }
}
