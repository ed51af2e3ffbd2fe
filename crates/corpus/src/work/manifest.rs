//! The manifest: the settings that all tasks must agree on.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::file_shares::{FileList, FileShares};
use super::{cannot_read, damaged, error_at};
use crate::index::{IndexSettings, hex};
use crate::{GroupBy, ReadOptions, atomic_write, storage};
use dechaff_duplicates::staged::STAGED_VERSION;
use dechaff_duplicates::store::{Result, StoreError};
use dechaff_engine::linter::Linter;

/// The version of the format. Other versions are rejected.
const FORMAT: u32 = 1;
/// The option that groups documents into sites.
const GROUP_BY: &str = "group-by";
/// The name of the file.
pub(super) const FILE_NAME: &str = "manifest.json";

/// The manifest of a work folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WorkManifest {
    /// The version of the format.
    pub format: u32,
    /// The version of tables and steps.
    pub steps: u32,
    /// The versions and rules that results depend on.
    pub settings: IndexSettings,
    /// The reading options, by name.
    pub reading: serde_json::Value,
    /// The files that are compared.
    pub files: FileList,
    /// The number of tasks that sketch documents.
    pub shares: u32,
    /// The SHA-256 of the manifest without this value.
    checksum: String,
}

impl WorkManifest {
    /// Creates the manifest of a comparison of files, which are sketched in `shares` shares.
    ///
    /// # Errors
    ///
    /// The rules or options do not support comparing in steps.
    pub fn of_files(
        linter: &Linter,
        read_options: &ReadOptions,
        files: &FileShares,
        shares: u32,
    ) -> Result<Self> {
        let error = |message: String| Err(StoreError { message });
        if let Some(refusal) = linter.staged_refusal() {
            return error(format!("cannot compare in steps with these rules: {refusal}"));
        }
        let Some(settings) = IndexSettings::of_steps(linter) else {
            return error(
                "none of the selected rules compares documents; select some, such as \
                 `--extend-select ND`"
                    .into(),
            );
        };
        let reading = json!({
            "format": read_options.content.map(|format| format.name),
            "text-field": read_options.text_field,
            "id-field": read_options.id_field,
            GROUP_BY: read_options.group_by.as_ref().map(GroupBy::name),
            "max-record": read_options.max_record,
        });
        Ok(Self::new(settings, reading, files.list(), shares))
    }

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

    /// Whether documents are grouped into sites.
    pub(super) fn has_sites(&self) -> bool {
        self.reading.get(GROUP_BY).is_some_and(|group_by| !group_by.is_null())
    }

    /// Reads the manifest of the work folder at `path`; `None` if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        /// The fields that all versions of the format have.
        #[derive(Deserialize)]
        struct WorkVersion {
            format: u32,
        }
        let file = path.join(FILE_NAME);
        let text = match storage::read_to_string(&file) {
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
                "it was made with different reading options: {} instead of {}",
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
                "its sketch has {} shares, not {}; use `--partition K/{}`",
                other.shares, self.shares, other.shares
            )
        })
    }

    /// Describes how rules and versions differ from those of a work folder.
    pub(super) fn settings_conflict(&self, other: &IndexSettings) -> Option<String> {
        let IndexSettings { sketch, unicode, rules } = &self.settings;
        if *sketch != other.sketch {
            return Some(format!(
                "its sketches have version {}, but this dechaff uses version {sketch}",
                other.sketch
            ));
        }
        if *unicode != other.unicode {
            return Some(format!(
                "it was made with Unicode {}, but this dechaff has Unicode {unicode}",
                other.unicode
            ));
        }
        let codes = |rules: &[crate::index::IndexRule]| {
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
                "it was made with different parameters for {}: {} instead of {}",
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
