//! The indexes configured for a workspace folder.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::line_table::{LineTable, LspPosition, LspRange, PositionEncoding};
use super::protocol::{LspLocation, RelatedInformation};
use super::snapshot::SnapshotTexts;
use super::stamp::{Stamp, stamp};
use super::uri::uri_from_name;
use crate::cli::against::index_settings;
use crate::corpus::index::{IndexReader, IndexTexts};
use crate::corpus::{Format, JSON_LINES};
use crate::duplicates::indexed::ReferenceIndex;
use crate::finding::{Finding, Label};
use crate::linter::{CorpusComparer, Linter};
use crate::report::printable;
use crate::text::{Origin, TextProvider, path_of};

/// The directory that paths are displayed relative to: none, because clients need absolute paths.
const NOWHERE: &str = "";

/// Indexes that stay open until one of them changes.
#[derive(Default)]
pub(super) struct WorkspaceIndexes {
    readers: Vec<IndexReader>,
    /// The manifests at the time the indexes were opened.
    stamps: Vec<(PathBuf, Option<Stamp>)>,
}

impl WorkspaceIndexes {
    /// Opens the indexes again if they have changed.
    ///
    /// # Errors
    ///
    /// There is no index, or it was made with other settings.
    pub(super) fn refresh(&mut self, paths: &[PathBuf], linter: &Linter) -> anyhow::Result<()> {
        let manifest = |path: &PathBuf| {
            let path = IndexReader::manifest_path(path);
            let stamp = stamp(&path);
            (path, stamp)
        };
        let stamps: Vec<_> = paths.iter().map(manifest).collect();
        if stamps == self.stamps && self.readers.len() == paths.len() {
            return Ok(());
        }
        *self = Self::default();
        let settings = index_settings(linter)?;
        for path in paths {
            let reader = IndexReader::open(path, Path::new(NOWHERE))?;
            reader.require(&settings)?;
            self.readers.push(reader);
        }
        self.stamps = stamps;
        Ok(())
    }

    /// Adds the old documents that those of `comparison` may match, and returns their texts.
    ///
    /// # Errors
    ///
    /// An index cannot be read.
    pub(super) fn add_to(
        &mut self,
        comparison: &mut CorpusComparer<'_>,
        max_record: usize,
    ) -> anyhow::Result<IndexTexts> {
        let mut texts = IndexTexts::new(max_record);
        if self.readers.is_empty() {
            return Ok(texts);
        }
        let mut indexes: Vec<&mut dyn ReferenceIndex> =
            self.readers.iter_mut().map(|reader| reader as &mut dyn ReferenceIndex).collect();
        // The names of open documents and of files in the folder are already absolute paths.
        let matches = comparison.add_indexes(&mut indexes, |origin| Arc::new(origin.clone()))?;
        for (reader, documents) in self.readers.iter().zip(&matches.documents) {
            texts.add(reader, documents)?;
        }
        Ok(texts)
    }
}

/// The texts of a comparison.
pub(super) struct ComparedTexts<'t> {
    pub(super) snapshots: &'t SnapshotTexts,
    pub(super) indexed: &'t IndexTexts,
}

impl TextProvider for ComparedTexts<'_> {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        match self.indexed.contains(origin) {
            true => self.indexed.text(origin),
            false => self.snapshots.text(origin),
        }
    }
}

/// The locations of the passages in indexed documents that findings refer to, by document and first
/// byte. They are looked up once per comparison.
pub(super) type OldPlaces = HashMap<(Arc<Origin>, usize), RelatedInformation>;

/// Returns the places in documents of an index.
pub(super) fn old_places(
    findings: &[Finding],
    texts: &IndexTexts,
    encoding: PositionEncoding,
) -> OldPlaces {
    let place = |label: &Label| {
        let origin = label.origin.as_ref().filter(|origin| texts.contains(origin))?;
        let place = related_place(label, texts, encoding)?;
        Some(((Arc::clone(origin), label.span.start), place))
    };
    findings.iter().flat_map(|finding| &finding.labels).filter_map(place).collect()
}

/// Returns the location of a label. For a record, this is its line in a JSON Lines file, otherwise
/// the start of the file; the message has the record number.
fn related_place(
    label: &Label,
    texts: &IndexTexts,
    encoding: PositionEncoding,
) -> Option<RelatedInformation> {
    let origin = label.origin.as_ref()?;
    let uri = uri_from_name(&origin.path);
    let at_line = |line| {
        let at = LspPosition { line, character: 0 };
        LspRange { start: at, end: at }
    };
    let (range, detail) = match &origin.record {
        None => {
            let text = texts.text(origin)?;
            text.get(label.span.range())?;
            (LineTable::new(&text, encoding).range(&text, label.span), String::new())
        }
        Some(record) => {
            let format = Format::from_name(&path_of(&origin.path));
            let has_lines = format.is_some_and(|format| *format.content == JSON_LINES);
            let line = if has_lines { record.index.saturating_sub(1) } else { 0 };
            let id = record.id.as_ref().map(|id| format!(" (id \"{id}\")"));
            let detail = format!(", in record {}{}", record.index, id.unwrap_or_default());
            (at_line(usize::try_from(line).unwrap_or(0)), detail)
        }
    };
    let message = printable(&format!("{}{detail}", label.message)).into_owned();
    Some(RelatedInformation { location: LspLocation { uri, range }, message })
}
