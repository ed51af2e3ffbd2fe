//! Compares open documents with each other and with the files of their workspace folder.
//!
//! It runs in the background when a document is opened or saved, and compares all open documents at
//! once, because each may be a copy of the others. The sketches of other files are cached until the
//! files change, so a save only costs the comparison. An on-disk index would allow larger folders,
//! but indexes are for ingested documents, and a workspace holds documents that are yet to be
//! ingested. Configured indexes are looked up as well.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use super::snapshot::{Snapshot, SnapshotTexts};
use super::stamp::{Stamp, stamp};
use super::workspace_index::{ComparedTexts, OldPlaces, old_places};
use super::workspace_settings::Workspace;
use crate::corpus::index::IndexTexts;
use crate::corpus::{Format, PathFilter, Source, read, walk};
use crate::duplicates::store::{self, MemoryStore};
use crate::finding::Finding;
use crate::linter::{CorpusComparer, Sketch};
use crate::text::{Document, Origin, PathName};

/// Maximum bytes of text in a folder that is compared. Sketches take about half as much memory, and
/// comparing this much takes about a second.
const MAX_WORKSPACE_BYTES: u64 = 32 << 20;
/// Maximum number of files in a folder that is compared.
const MAX_WORKSPACE_FILES: usize = 10_000;

/// The open documents of one workspace folder.
pub(super) struct ComparisonJob {
    pub(super) workspace: Arc<Workspace>,
    pub(super) documents: Vec<Arc<Snapshot>>,
    /// Longest file in bytes.
    pub(super) max_record: usize,
}

/// The findings of a comparison.
pub(super) struct ComparisonOutcome {
    /// For each document, the findings that refer to others.
    pub(super) copies: Vec<ComparedDocument>,
    /// Why an index was not used.
    pub(super) index_error: Option<String>,
    /// The folder, if it is too large to be compared.
    pub(super) too_large: Option<PathBuf>,
}

/// The findings in a document that refer to others.
pub(super) struct ComparedDocument {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) findings: Vec<Finding>,
    /// Their locations in documents of an index.
    pub(super) old_places: OldPlaces,
}

impl ComparisonJob {
    pub(super) fn run(self) -> ComparisonOutcome {
        let (files, too_large) = match &self.workspace.folder {
            Some(folder) => match self.files(folder) {
                Some(files) => (files, None),
                None => (Vec::new(), Some(folder.clone())),
            },
            None => (Vec::new(), None),
        };
        let sketches = self.sketches(files);
        // This only fails for more paragraphs than can be numbered, which `check` reports.
        let mut index_error = None;
        let copies = self.compare(sketches, &mut index_error).unwrap_or_default();
        ComparisonOutcome { copies, index_error, too_large }
    }

    /// Returns the texts of the folder that are not open. Returns `None` if there are too many.
    fn files(&self, folder: &Path) -> Option<Vec<(PathBuf, Stamp)>> {
        let open: HashSet<PathBuf> = self.documents.iter().filter_map(|open| real(open)).collect();
        let filter: Arc<dyn PathFilter> = Arc::clone(&self.workspace.resolver) as _;
        let found = walk(&[folder.to_owned()], &filter).ok().into_iter().flatten();
        let paths = found.flatten().map(|file| file.path);
        let (mut files, mut bytes) = (Vec::new(), 0);
        for path in paths.filter(|path| is_text(path)) {
            let Some(stamp) = stamp(&path) else { continue };
            bytes += stamp.1;
            if files.len() == MAX_WORKSPACE_FILES || bytes > MAX_WORKSPACE_BYTES {
                return None;
            }
            if !path.canonicalize().is_ok_and(|real| open.contains(&real)) {
                files.push((path, stamp));
            }
        }
        Some(files)
    }

    /// Returns the sketches of `files`. Only reads files that have changed.
    fn sketches(&self, files: Vec<(PathBuf, Stamp)>) -> Vec<Sketch> {
        let linter = &self.workspace.settings.linter;
        let mut cache = self.workspace.sketches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *cache);
        let sketch = |path: &Path| {
            let source = read(path, self.max_record).ok()?;
            let origin = Arc::new(Origin::file(path.name()));
            let document = Source { origin, ..source };
            Some(linter.sketch(&document.document()))
        };
        let known = files.into_iter().filter_map(|(path, stamp)| {
            let sketch = match before.remove(&path) {
                Some((known, sketch)) if known == stamp => sketch,
                _ => sketch(&path)?,
            };
            Some((path, (stamp, sketch)))
        });
        *cache = known.collect::<HashMap<_, _>>();
        cache.values().map(|(_, sketch)| sketch.clone()).collect()
    }

    /// Compares the open documents with each other, with older ones and with indexes.
    fn compare(
        &self,
        older: Vec<Sketch>,
        index_error: &mut Option<String>,
    ) -> store::Result<Vec<ComparedDocument>> {
        let linter = &self.workspace.settings.linter;
        let snapshots = SnapshotTexts::new(self.documents.iter().cloned(), self.max_record);
        let mut comparison = linter.comparison(Box::new(MemoryStore::default()), usize::MAX);
        for snapshot in &self.documents {
            comparison.add(linter.sketch(&snapshot.document()))?;
        }
        older.into_iter().try_for_each(|sketch| comparison.add_reference(sketch))?;
        let indexed = self.add_indexes(&mut comparison).unwrap_or_else(|error| {
            *index_error = Some(format!("{error:#}"));
            IndexTexts::default()
        });
        let texts = ComparedTexts { snapshots: &snapshots, indexed: &indexed };
        let mut matches = comparison.finish(&texts)?;
        let copies = self.documents.iter().map(|snapshot| {
            let document: Document<'_> = snapshot.document();
            let mut findings = matches.findings_in(&document);
            findings.retain_mut(|finding| keep_first_copy(finding, &snapshot.origin, &indexed));
            let old_places = old_places(&findings, &indexed, snapshot.lines.encoding());
            ComparedDocument { snapshot: Arc::clone(snapshot), findings, old_places }
        });
        Ok(copies.collect())
    }

    /// Adds the documents of indexes that may match.
    fn add_indexes(&self, comparison: &mut CorpusComparer<'_>) -> anyhow::Result<IndexTexts> {
        let settings = &self.workspace.settings;
        let mut indexes = self.workspace.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        indexes.refresh(&settings.against(), &settings.linter)?;
        indexes.add_to(comparison, self.max_record)
    }
}

/// Whether a finding refers to another document. Drops its fix if `check` would keep this
/// document's copy, so that fixes in two windows never remove both. Documents of an index come
/// before all others.
fn keep_first_copy(finding: &mut Finding, own: &Origin, indexed: &IndexTexts) -> bool {
    let others = finding.labels.iter().filter_map(|label| label.origin.as_deref());
    let mut others = others.filter(|origin| *origin != own).peekable();
    if others.peek().is_none() {
        // If the old text has changed, the place is in a note instead of a label.
        return finding.labels.is_empty() && !indexed.lost().is_empty();
    }
    let last = others.filter(|origin| !indexed.contains(origin)).max();
    if last.is_some_and(|last| last > own) {
        finding.fix = None;
        finding.help = None;
    }
    true
}

/// Whether a file is a single document.
fn is_text(path: &Path) -> bool {
    Format::from_name(path).is_none_or(|format| format == Format::PLAIN)
}

fn real(snapshot: &Snapshot) -> Option<PathBuf> {
    snapshot.path.as_ref()?.canonicalize().ok()
}
