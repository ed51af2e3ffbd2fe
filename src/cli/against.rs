//! `--against`: the indexes that a run compares its documents with.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;

use super::output;
use super::settings_resolver::absolute;
use crate::corpus::index::{IndexReader, IndexSettings, IndexTexts};
use crate::corpus::storage::parse_location;
use crate::corpus::{ResolvedSettings, display_path};
use crate::duplicates::indexed::ReferenceIndex;
use crate::linter::{CorpusComparer, Linter};
use crate::report::count;
use crate::text::{Origin, path_of};

/// The indexes of a run.
#[derive(Default)]
pub(super) struct Against {
    readers: Mutex<Vec<IndexReader>>,
    here: PathBuf,
    /// The old documents that are compared with.
    origins: Mutex<HashSet<Arc<Origin>>>,
    /// Messages already printed. A run may compare several times, but prints each message once.
    said: Mutex<HashSet<String>>,
}

/// Returns what an index for this linter pins.
///
/// # Errors
///
/// No rule can compare documents with an index.
pub(super) fn index_settings(linter: &Linter) -> anyhow::Result<IndexSettings> {
    IndexSettings::new(linter).context(
        "none of the selected rules compares documents, so an index has nothing to do; select some, \
         such as `--extend-select ND`",
    )
}

impl Against {
    /// Opens the indexes at `paths` and those of the configuration, and checks that documents can
    /// be compared with them.
    ///
    /// # Errors
    ///
    /// There is no index, or it was made with other settings.
    pub(super) fn open(paths: &[PathBuf], settings: &ResolvedSettings) -> anyhow::Result<Self> {
        let configured = settings.against();
        if paths.is_empty() && configured.is_empty() {
            return Ok(Self::default());
        }
        let here = std::env::current_dir().context("cannot find the working directory")?;
        let mut paths = paths.to_vec();
        for path in &configured {
            let path = parse_location(path_of(&display_path(&here, path)).as_os_str());
            paths.push(path.context("against")?);
        }
        let mut seen = HashSet::new();
        paths.retain(|path| seen.insert(absolute(&here, path)));
        let settings = index_settings(&settings.linter).context("--against")?;
        let open = |path: &PathBuf| {
            let reader = IndexReader::open(path, &here)?;
            reader.require(&settings)?;
            anyhow::Ok(reader)
        };
        let readers = paths.iter().map(open).collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Self { readers: Mutex::new(readers), here, ..Self::default() })
    }

    /// Adds the old documents that the documents of `comparison` may match, and returns their
    /// texts.
    ///
    /// # Errors
    ///
    /// An index or a temporary file cannot be read or written.
    pub(super) fn add_to(
        &self,
        comparison: &mut CorpusComparer<'_>,
        max_record: usize,
    ) -> anyhow::Result<Option<IndexTexts>> {
        let mut readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if readers.is_empty() {
            return Ok(None);
        }
        let mut indexes: Vec<&mut dyn ReferenceIndex> =
            readers.iter_mut().map(|reader| reader as &mut dyn ReferenceIndex).collect();
        let matches = comparison
            .add_indexes(&mut indexes, |origin| Arc::new(self.shown(origin)))
            .context("cannot compare documents")?;
        let mut texts = IndexTexts::new(max_record);
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        origins.clear();
        for (reader, documents) in readers.iter().zip(&matches.documents) {
            texts.add(reader, documents)?;
            origins.extend(documents.iter().map(|(_, origin)| Arc::clone(origin)));
        }
        if matches.own > 0 {
            let documents = count(matches.own, "document");
            self.say(format!(
                "the index has {documents} of this run too; a document is not compared with its \
                 own entry"
            ));
        }
        Ok(Some(texts))
    }

    /// Whether a document is an old one of an index.
    pub(super) fn contains(&self, origin: &Origin) -> bool {
        self.origins.lock().unwrap_or_else(PoisonError::into_inner).contains(origin)
    }

    /// Says which old texts could not be read, and what was not compared for that reason.
    pub(super) fn warn_of_lost_texts(&self, texts: &IndexTexts) {
        let lost = texts.lost();
        if let Some(first) = lost.first() {
            self.say(format!(
                "{} of the index changed since it was made, or cannot be read (the first is \
                 {first}): passages shared with them (ND004), and lines that differ from theirs \
                 in a word (ND005), are not reported",
                count(lost.len(), "document")
            ));
        }
    }

    /// Says that lines of sites are counted without the documents of the index.
    pub(super) fn warn_of_sites(&self) {
        if !self.readers.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            self.say("an index has no sites: ND007 only counts the pages of this run".into());
        }
    }

    fn say(&self, message: String) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if !said.contains(&message) {
            output::warning(&message);
            said.insert(message);
        }
    }

    /// Returns the origin that an index shows for a document.
    fn shown(&self, origin: &Origin) -> Origin {
        let path = display_path(&self.here, &absolute(&self.here, &path_of(&origin.path)));
        Origin { path, record: origin.record.clone() }
    }
}
