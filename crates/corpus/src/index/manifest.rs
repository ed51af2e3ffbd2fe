//! The manifest: the segments and settings of an index.

use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{IndexError, Result, hex};
use crate::atomic_write;
use crate::storage::{self, ObjectVersion, PutCondition};
use dechaff_duplicates::indexed::{SKETCH_VERSION, unicode_version};
use dechaff_engine::linter::Linter;

/// The version of the format. Other versions are rejected.
pub(super) const FORMAT: u32 = 1;
pub(super) const FILE_NAME: &str = "manifest.json";

/// The manifest of an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of the format.
    pub format: u32,
    /// The settings that sketches depend on.
    pub settings: IndexSettings,
    /// The file with the order of set elements, and its SHA-256.
    pub order: (String, String),
    /// The number of the next file.
    pub next: u64,
    /// The segments, in the order in which they were added.
    pub segments: Vec<SegmentEntry>,
    /// The SHA-256 of the manifest without this value.
    checksum: String,
    /// The object version that was read, in an object store.
    #[serde(skip)]
    version: ObjectVersion,
}

/// The settings that sketches and keys depend on. Documents can only be compared with an index if
/// these are equal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexSettings {
    /// The version of hashes and sketches.
    pub sketch: u32,
    /// The Unicode version used to normalize and split text.
    pub unicode: String,
    /// The rules that compare documents.
    pub rules: Vec<IndexRule>,
}

/// A rule of an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexRule {
    /// The code of the rule.
    pub code: String,
    /// Its parameters, as in rule files.
    pub parameters: serde_json::Value,
}

/// A segment of an index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// The name of the file.
    pub file: String,
    /// The SHA-256 of the footer, which has those of the sections.
    pub footer: String,
    /// The number of documents, removed ones included.
    pub documents: u32,
    /// The number of units.
    pub units: u32,
    /// The size of the texts in bytes.
    pub text_bytes: u64,
    /// The ranges of numbers of removed documents, in order.
    pub removed: Vec<(u32, u32)>,
}

impl SegmentEntry {
    /// Whether a document was removed.
    pub fn is_removed(&self, document: u32) -> bool {
        let at = self.removed.partition_point(|(_, end)| *end <= document);
        self.removed.get(at).is_some_and(|(start, _)| *start <= document)
    }

    /// Returns the number of removed documents.
    pub fn removed_documents(&self) -> u32 {
        self.removed.iter().map(|(start, end)| end.saturating_sub(*start)).sum()
    }

    /// Removes documents. Returns the number of newly removed ones.
    pub(super) fn remove(&mut self, documents: &[u32]) -> u32 {
        let before = self.removed_documents();
        self.removed.extend(documents.iter().map(|document| (*document, document + 1)));
        self.removed.sort_unstable();
        let mut merged: Vec<(u32, u32)> = Vec::new();
        for &(start, end) in &self.removed {
            match merged.last_mut().filter(|last| start <= last.1) {
                Some(last) => last.1 = last.1.max(end),
                None => merged.push((start, end)),
            }
        }
        self.removed = merged;
        self.removed_documents().saturating_sub(before)
    }
}

impl IndexSettings {
    /// Returns the settings of a linter; `None` if none of its rules can compare documents with an
    /// index.
    pub fn new(linter: &Linter) -> Option<Self> {
        Self::with_rules(linter.indexed_rules())
    }

    /// Like [`Self::new`], for comparing documents in steps.
    pub fn of_steps(linter: &Linter) -> Option<Self> {
        Self::with_rules(linter.staged_rules())
    }

    fn with_rules(rules: &[(String, serde_json::Value)]) -> Option<Self> {
        let rule = |(code, parameters): &(String, serde_json::Value)| IndexRule {
            code: code.clone(),
            parameters: parameters.clone(),
        };
        let rules: Vec<IndexRule> = rules.iter().map(rule).collect();
        let (sketch, unicode) = (SKETCH_VERSION, unicode_version());
        (!rules.is_empty()).then_some(Self { sketch, unicode, rules })
    }

    /// Returns why documents with these settings cannot be compared with an index with the settings
    /// `other`, or, if `is_added`, be added to it.
    pub(super) fn conflict(&self, index: &Self, is_added: bool) -> Option<String> {
        const REMEDY: &str = "rebuild the index with `dechaff index add`";
        if self.sketch != index.sketch {
            return Some(format!(
                "its sketches have version {}, but this dechaff uses version {}; {REMEDY}",
                index.sketch, self.sketch
            ));
        }
        if self.unicode != index.unicode {
            return Some(format!(
                "it was made with Unicode {}, but this dechaff has Unicode {}; {REMEDY}",
                index.unicode, self.unicode
            ));
        }
        for rule in &self.rules {
            match index.rules.iter().find(|other| other.code == rule.code) {
                None => {
                    return Some(format!(
                        "it was made without the rule {0}; {REMEDY}, or leave the rule out with \
                         `--ignore {0}`",
                        rule.code
                    ));
                }
                Some(other) if other.parameters != rule.parameters => {
                    return Some(format!(
                        "it was made with different parameters for {}: {} instead of {}; use \
                         those, or {REMEDY}",
                        rule.code, other.parameters, rule.parameters
                    ));
                }
                Some(_) => {}
            }
        }
        let missing = index
            .rules
            .iter()
            .find(|rule| is_added && self.rules.iter().all(|other| other.code != rule.code))?;
        Some(format!(
            "it was made with the rule {0}, which is not selected; select it with \
             `--extend-select {0}`, or {REMEDY}",
            missing.code
        ))
    }
}

impl Manifest {
    pub(super) fn new(settings: IndexSettings, order: (String, String), next: u64) -> Self {
        let (segments, checksum, version) = (Vec::new(), String::new(), ObjectVersion::default());
        Self { format: FORMAT, settings, order, next, segments, checksum, version }
    }

    /// Reads the manifest of the index at `path`; `None` if there is none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        /// The fields that all versions of the format have.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let file = path.join(FILE_NAME);
        let (text, version) = match storage::read_versioned(&file) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(IndexError::io(&file, &error)),
        };
        let damaged = |error: serde_json::Error| IndexError::damaged(&file, error);
        let Version { format } = serde_json::from_str(&text).map_err(damaged)?;
        if format != FORMAT {
            return Err(IndexError::new(
                path,
                format_args!(
                    "the index has format {format}, and this dechaff reads format {FORMAT}; build \
                     it again"
                ),
            ));
        }
        let mut manifest: Self = serde_json::from_str(&text).map_err(damaged)?;
        manifest.version = version;
        if manifest.checksum != manifest.computed_checksum() {
            return Err(IndexError::damaged(&file, "the checksum is wrong"));
        }
        Ok(Some(manifest))
    }

    /// Replaces the manifest of the index at `path`.
    ///
    /// # Errors
    ///
    /// It cannot be written, or another process has replaced it in an object store.
    pub(super) fn write(&mut self, path: &Path) -> Result<()> {
        self.checksum = self.computed_checksum();
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| IndexError::new(path, format_args!("cannot be written: {error}")))?;
        let condition = match self.version == ObjectVersion::default() {
            true => PutCondition::Absent,
            false => PutCondition::Unchanged(self.version.clone()),
        };
        let written = atomic_write::create_if(&path.join(FILE_NAME), text.as_bytes(), &condition);
        match written {
            Ok(true) => Ok(()),
            Ok(false) => Err(IndexError::new(
                path,
                "another process changed the index meanwhile, and its change stays; run the \
                 command again",
            )),
            Err(error) => Err(IndexError(error.to_string())),
        }
    }

    fn computed_checksum(&self) -> String {
        let unsigned = Self { checksum: String::new(), ..self.clone() };
        let json = serde_json::to_string(&unsigned).unwrap_or_default();
        format!("sha256:{}", hex(&Sha256::digest(json)))
    }

    /// Returns the names of the files of the index.
    pub(super) fn files(&self) -> impl Iterator<Item = &str> {
        let segments = self.segments.iter().map(|segment| segment.file.as_str());
        segments.chain([self.order.0.as_str()])
    }
}
