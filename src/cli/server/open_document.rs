//! A document that is open in the editor.

use std::sync::Arc;

use super::line_table::{LineTable, PositionEncoding};
use super::lint::Analysis;
use super::protocol::{ContentChange, TextDocumentItem};
use super::snapshot::Snapshot;
use super::uri::path_from_uri;
use super::workspace_index::OldPlaces;
use crate::finding::Finding;
use crate::text::{Origin, PathName, Span};

/// An open document and its findings.
pub(super) struct OpenDocument {
    pub(super) snapshot: Arc<Snapshot>,
    /// The result of the last lint, possibly of an older snapshot.
    pub(super) analysis: Option<Arc<Analysis>>,
    /// Findings that refer to other documents, moved along with the text.
    pub(super) copies: Vec<Finding>,
    /// Their locations in documents of an index.
    pub(super) old_places: Arc<OldPlaces>,
    /// Whether the text or what its findings depend on has changed since it was linted.
    pub(super) needs_lint: bool,
    /// Whether diagnostics, possibly none, have been published.
    pub(super) is_shown: bool,
}

impl OpenDocument {
    pub(super) fn new(item: TextDocumentItem, revision: u64, encoding: PositionEncoding) -> Self {
        let path = path_from_uri(&item.uri);
        let name = match &path {
            Some(path) => path.name(),
            // The check recognises Markdown by the extension.
            None if item.language_id == "markdown" => format!("{}.md", item.uri),
            None => item.uri.clone(),
        };
        let snapshot = Snapshot {
            version: item.version,
            revision,
            path,
            origin: Arc::new(Origin::file(name)),
            lines: LineTable::new(&item.text, encoding),
            text: item.text.into(),
            uri: item.uri,
        };
        let snapshot = Arc::new(snapshot);
        Self {
            snapshot,
            analysis: None,
            copies: Vec::new(),
            old_places: Arc::default(),
            needs_lint: true,
            is_shown: false,
        }
    }

    /// Applies changes one after the other.
    pub(super) fn change(
        &mut self,
        changes: Vec<ContentChange>,
        version: Option<i64>,
        revision: u64,
        encoding: PositionEncoding,
    ) {
        let before = &self.snapshot;
        let mut text = before.text.to_string();
        let mut table: Option<LineTable> = None;
        for change in changes {
            match change.range {
                Some(range) => {
                    let lines = table.as_ref().unwrap_or(&before.lines);
                    text.replace_range(lines.span(&text, range).range(), &change.text);
                }
                None => text = change.text,
            }
            table = Some(LineTable::new(&text, encoding));
        }
        move_findings(&mut self.copies, &before.text, &text);
        self.snapshot = Arc::new(Snapshot {
            uri: before.uri.clone(),
            version: version.unwrap_or(before.version),
            revision,
            path: before.path.clone(),
            origin: Arc::clone(&before.origin),
            lines: table.unwrap_or_else(|| LineTable::new(&text, encoding)),
            text: text.into(),
        });
        self.needs_lint = true;
    }

    /// Returns the result for the current text, if there is one.
    pub(super) fn current_analysis(&self) -> Option<&Arc<Analysis>> {
        let revision = self.snapshot.revision;
        self.analysis.as_ref().filter(|analysis| analysis.snapshot.revision == revision)
    }
}

/// Moves findings to a changed text, and drops those in the changed range, which extends from the
/// first difference to the last.
pub(super) fn move_findings(findings: &mut Vec<Finding>, before: &str, after: &str) {
    if findings.is_empty() || before == after {
        return;
    }
    let (old, new) = (before.as_bytes(), after.as_bytes());
    let start = old.iter().zip(new).take_while(|(left, right)| left == right).count();
    let tail = old[start..].iter().rev().zip(new[start..].iter().rev());
    let tail = tail.take_while(|(left, right)| left == right).count();
    let (old_end, new_end) = (old.len() - tail, new.len() - tail);
    let moved = |span: Span| match () {
        () if span.end < start => Some(span),
        () if span.start > old_end => {
            Some(Span::new(span.start - old_end + new_end, span.end - old_end + new_end))
        }
        () => None,
    };
    findings.retain_mut(|finding| {
        let own_labels = finding.labels.iter_mut().filter(|label| label.origin.is_none());
        let edits = finding.fix.iter_mut().flat_map(|fix| &mut fix.edits);
        let spans = std::iter::once(&mut finding.span)
            .chain(own_labels.map(|label| &mut label.span))
            .chain(edits.map(|edit| &mut edit.span));
        spans.into_iter().all(|span| match moved(*span) {
            Some(moved) => {
                *span = moved;
                true
            }
            None => false,
        })
    });
}
