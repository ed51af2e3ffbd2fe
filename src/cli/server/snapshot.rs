//! Texts of documents, shared between threads.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::line_table::{LineTable, LspRange};
use super::protocol::LspLocation;
use super::uri::uri_from_name;
use crate::corpus::read;
use crate::text::{Document, Origin, Span, TextProvider, path_of};

/// A version of a document's text, shared between threads.
pub(super) struct Snapshot {
    pub(super) uri: String,
    /// The client's version number.
    pub(super) version: i64,
    /// The server's number, unique in the session.
    pub(super) revision: u64,
    /// The file; `None` if the document is not saved in one.
    pub(super) path: Option<PathBuf>,
    pub(super) origin: Arc<Origin>,
    pub(super) text: Arc<str>,
    pub(super) lines: LineTable,
}

impl Snapshot {
    /// Parses the text.
    pub(super) fn document(&self) -> Document<'_> {
        Document::parse(Arc::clone(&self.origin), &self.text)
    }

    pub(super) fn range(&self, span: Span) -> LspRange {
        self.lines.range(&self.text, span)
    }
}

/// The texts of open documents, and of other files on disk.
pub(super) struct SnapshotTexts {
    open: HashMap<Arc<Origin>, Arc<Snapshot>>,
    files: Mutex<HashMap<Origin, Option<Arc<str>>>>,
    /// Longest file in bytes.
    max_record: usize,
}

impl SnapshotTexts {
    pub(super) fn new(open: impl IntoIterator<Item = Arc<Snapshot>>, max_record: usize) -> Self {
        let open = open.into_iter().map(|open| (Arc::clone(&open.origin), open)).collect();
        Self { open, files: Mutex::default(), max_record }
    }

    /// Returns the location of a span in a document. Returns `None` if its text is not available or
    /// has become too short.
    pub(super) fn locate(
        &self,
        origin: &Origin,
        span: Span,
        like: &Snapshot,
    ) -> Option<LspLocation> {
        if let Some(open) = self.open.get(origin) {
            open.text.get(span.range())?;
            return Some(LspLocation { uri: open.uri.clone(), range: open.range(span) });
        }
        let text = self.text(origin)?;
        text.get(span.range())?;
        let range = LineTable::new(&text, like.lines.encoding()).range(&text, span);
        Some(LspLocation { uri: uri_from_name(&origin.path), range })
    }
}

impl TextProvider for SnapshotTexts {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        if let Some(open) = self.open.get(origin) {
            return Some(Arc::clone(&open.text));
        }
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(text) = files.get(origin) {
            return text.clone();
        }
        let text = read(&path_of(&origin.path), self.max_record).ok().map(|source| source.text);
        files.insert(origin.clone(), text.clone());
        text
    }
}
