//! Lints one version of a document.

use std::sync::Arc;

use super::diagnostics::diagnostics;
use super::protocol::{ClientCapabilities, LspDiagnostic};
use super::snapshot::{Snapshot, SnapshotTexts};
use super::workspace_index::OldPlaces;
use super::workspace_settings::DocumentSettings;
use crate::finding::Finding;
use crate::linter::Linter;
use crate::text::{Document, TextProvider};

/// A document to lint, and its linter.
pub(super) struct LintJob {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) settings: DocumentSettings,
    /// Findings that refer to other documents, from the last comparison.
    pub(super) copies: Vec<Finding>,
    /// Their locations in documents of an index.
    pub(super) old_places: Arc<OldPlaces>,
    pub(super) texts: SnapshotTexts,
    pub(super) client: ClientCapabilities,
}

/// The findings in one version of a document.
pub(super) struct Analysis {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) settings: DocumentSettings,
    pub(super) findings: Vec<Finding>,
    /// A diagnostic for each finding, in the same order.
    pub(super) diagnostics: Vec<LspDiagnostic>,
}

impl LintJob {
    /// Lints the document and compares its paragraphs with each other.
    pub(super) fn run(self) -> Analysis {
        let Self { snapshot, settings, copies, old_places, texts, client } = self;
        let document = snapshot.document();
        let mut matches = own_matches(&settings.linter, &document, &texts);
        // Report each place once. A copy in the same document is always up to date.
        let is_elsewhere = |copy: &Finding| !matches.iter().any(|own| own.span.overlaps(copy.span));
        let copies: Vec<Finding> = copies.into_iter().filter(is_elsewhere).collect();
        matches.extend(copies);
        matches.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
        let findings = settings.linter.lint(&document, matches);
        let diagnostics = diagnostics(&snapshot, &findings, (&texts, &old_places), &client);
        Analysis { snapshot, settings, findings, diagnostics }
    }
}

/// Returns the findings of comparing a document with itself.
pub(super) fn own_matches(
    linter: &Linter,
    document: &Document<'_>,
    texts: &dyn TextProvider,
) -> Vec<Finding> {
    if !linter.has_corpus_checks() {
        return Vec::new();
    }
    // This only fails for more paragraphs than can be numbered, which `check` reports.
    linter.compare([linter.sketch(document)], texts).unwrap_or_default()
}
