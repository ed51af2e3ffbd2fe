//! The manifest: what all tasks must agree on.

use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{cannot_read, damaged, error_at};
use crate::check::staged::STAGED_VERSION;
use crate::check::store::{Result, StoreError};
use crate::corpus::atomic_write;
use crate::corpus::index::IndexSettings;
use crate::corpus::index::hex;

/// The version of the format. Others are refused.
const FORMAT: u32 = 1;
/// The name of the file.
pub(super) const FILE_NAME: &str = "manifest.json";

/// The manifest of a work folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkManifest {
    /// The version of the format.
    pub format: u32,
    /// The version of tables and steps.
    pub steps: u32,
    /// The versions and rules that the result depends on.
    pub settings: IndexSettings,
    /// How documents are read, by the name of the option.
    pub reading: serde_json::Value,
    /// The files that are compared.
    pub files: FileList,
    /// The number of tasks that sketch documents.
    pub shares: u32,
    /// The SHA-256 of the manifest without this value.
    checksum: String,
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
        // A file belongs to the share that its middle is in.
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

impl WorkManifest {
    /// Creates the manifest of a comparison.
    pub fn new(
        settings: IndexSettings,
        reading: serde_json::Value,
        files: FileList,
        shares: u32,
    ) -> Self {
        let (format, steps, checksum) = (FORMAT, STAGED_VERSION, String::new());
        let mut manifest = Self { format, steps, settings, reading, files, shares, checksum };
        manifest.checksum = manifest.computed_checksum();
        manifest
    }

    /// Reads the manifest of the work folder at `path`; `None` if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        /// What all versions of the format have.
        #[derive(Deserialize)]
        struct WorkVersion {
            format: u32,
        }
        let file = path.join(FILE_NAME);
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(cannot_read(&file, &error)),
        };
        let invalid = |error: serde_json::Error| damaged(&file, error);
        let WorkVersion { format } = serde_json::from_str(&text).map_err(invalid)?;
        if format != FORMAT {
            return Err(error_at(
                path,
                format_args!(
                    "the work folder has format {format}, and this dechaff reads format {FORMAT}; \
                     start again in another folder"
                ),
            ));
        }
        let manifest: Self = serde_json::from_str(&text).map_err(invalid)?;
        if manifest.checksum != manifest.computed_checksum() {
            return Err(damaged(&file, "the checksum is wrong"));
        }
        if manifest.steps != STAGED_VERSION {
            return Err(error_at(
                path,
                format_args!(
                    "the work folder was made with version {} of the steps, and this dechaff has \
                     version {STAGED_VERSION}; start again in another folder",
                    manifest.steps
                ),
            ));
        }
        Ok(Some(manifest))
    }

    pub(super) fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| error_at(path, format_args!("cannot be written: {error}")))?;
        atomic_write::create(&path.join(FILE_NAME), text.as_bytes())
            .map_err(|error| StoreError { message: error.to_string() })
    }

    /// Returns why a task with this manifest cannot work in a folder with `other`.
    pub(super) fn conflict(&self, other: &Self) -> Option<String> {
        if let Some(conflict) = self.settings_conflict(&other.settings) {
            return Some(conflict);
        }
        if self.reading != other.reading {
            return Some(format!(
                "it was made with other reading options: {} instead of {}",
                other.reading, self.reading
            ));
        }
        if self.files != other.files {
            return Some(format!(
                "it was made of other files: {} with {} bytes, and now there are {} with {}; name \
                 the same paths in the same folder, and leave the files as they are until the \
                 comparison is done",
                other.files.count, other.files.bytes, self.files.count, self.files.bytes
            ));
        }
        (self.shares != other.shares).then(|| {
            format!(
                "its documents are sketched in {} parts, not in {}; use `--partition K/{}`",
                other.shares, self.shares, other.shares
            )
        })
    }

    /// Returns why rules and versions differ from those of a work folder.
    pub(super) fn settings_conflict(&self, other: &IndexSettings) -> Option<String> {
        let IndexSettings { sketch, unicode, rules } = &self.settings;
        if *sketch != other.sketch {
            return Some(format!(
                "it has sketches of version {}, and this dechaff makes version {sketch}",
                other.sketch
            ));
        }
        if *unicode != other.unicode {
            return Some(format!(
                "it was made with Unicode {}, and this dechaff has Unicode {unicode}",
                other.unicode
            ));
        }
        let codes = |rules: &[crate::corpus::index::IndexRule]| {
            rules.iter().map(|rule| rule.code.as_str()).collect::<Vec<_>>().join(", ")
        };
        let (own, others) = (codes(rules), codes(&other.rules));
        if own != others {
            return Some(format!(
                "it was made for the rules {others}, and {own} are selected; what a rule reports \
                 depends on the others, so select the same ones"
            ));
        }
        let mut pairs = rules.iter().zip(&other.rules);
        let differing = pairs.find(|(rule, other)| rule.parameters != other.parameters);
        differing.map(|(rule, other)| {
            format!(
                "it was made with other parameters of the rule {}: {} instead of {}",
                rule.code, other.parameters, rule.parameters
            )
        })
    }

    fn computed_checksum(&self) -> String {
        let unsigned = Self { checksum: String::new(), ..self.clone() };
        let json = serde_json::to_string(&unsigned).unwrap_or_default();
        format!("sha256:{}", hex(&Sha256::digest(json)))
    }
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
