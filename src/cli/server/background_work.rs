//! Starts threads that lint, compare and fix, and handles their results.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use super::editor_client::MessageType;
use super::language_server::LanguageServer;
use super::lint::{Analysis, LintJob};
use super::open_document::{OpenDocument, move_findings};
use super::snapshot::{Snapshot, SnapshotTexts};
use super::workspace_comparison::{ComparedDocument, ComparisonJob, ComparisonOutcome};
use super::workspace_settings::DocumentSettings;
use crate::corpus::{Format, ReadOptions};
use crate::text::PathName;

impl LanguageServer {
    /// Lints the document that changed last, or compares documents if all are linted.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn start_work(&mut self) -> io::Result<()> {
        if self.documents.values().any(|document| document.needs_lint)
            && self.settings.is_outdated()
        {
            self.reload();
        }
        while self.work.linting.is_none() {
            let outdated = self.documents.values().filter(|document| document.needs_lint);
            let Some(next) = outdated.max_by_key(|document| document.snapshot.revision) else {
                break;
            };
            let snapshot = Arc::clone(&next.snapshot);
            self.start_lint(&snapshot)?;
        }
        if self.work.linting.is_none() {
            self.start_comparison();
        }
        Ok(())
    }

    fn start_lint(&mut self, snapshot: &Arc<Snapshot>) -> io::Result<()> {
        let settings = match self.settings.resolve(snapshot.path.as_deref()) {
            Ok(settings) => settings.filter(|_| is_document(snapshot)),
            Err(error) => {
                self.client.show(MessageType::Error, &format!("{error:#}"))?;
                None
            }
        };
        let Some(settings) = settings else { return self.silence(&snapshot.uri) };
        let Some(document) = self.documents.get_mut(&snapshot.uri) else { return Ok(()) };
        document.needs_lint = false;
        let copies = document.copies.clone();
        let old_places = Arc::clone(&document.old_places);
        let open = self.documents.values().map(|open| Arc::clone(&open.snapshot));
        let texts = SnapshotTexts::new(open, max_record());
        let (snapshot, client) = (Arc::clone(snapshot), self.client.capabilities);
        self.work.spawn_lint(LintJob { snapshot, settings, copies, old_places, texts, client });
        Ok(())
    }

    /// Clears the findings of a document that is not checked.
    fn silence(&mut self, uri: &str) -> io::Result<()> {
        let Some(document) = self.documents.get_mut(uri) else { return Ok(()) };
        document.needs_lint = false;
        document.analysis = None;
        document.copies.clear();
        if std::mem::take(&mut document.is_shown) {
            self.client.clear_diagnostics(uri)?;
        }
        self.answer_waiting()
    }

    /// Shows the findings of a document, unless its text has changed since.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn linted(&mut self, analysis: Option<Box<Analysis>>) -> io::Result<()> {
        let uri = self.work.linting.take();
        let Some(analysis) = analysis else {
            let message = format!("{} could not be checked", uri.unwrap_or_default());
            return self.client.log(MessageType::Error, &message);
        };
        let snapshot = Arc::clone(&analysis.snapshot);
        let document = self.documents.get_mut(&snapshot.uri);
        let is_current =
            |document: &&mut OpenDocument| document.snapshot.revision == snapshot.revision;
        let Some(document) = document.filter(is_current) else { return Ok(()) };
        document.is_shown = true;
        let params = json!({
            "uri": snapshot.uri,
            "version": snapshot.version,
            "diagnostics": analysis.diagnostics,
        });
        document.analysis = Some(Arc::from(analysis));
        self.client.publish_diagnostics(&params)
    }

    /// Compares the documents of each workspace folder, one folder after the other.
    fn start_comparison(&mut self) {
        if self.work.is_comparing {
            return;
        }
        if std::mem::take(&mut self.work.needs_comparison) {
            self.work.comparisons = self.comparison_jobs();
        }
        self.work.spawn_comparison();
    }

    fn comparison_jobs(&self) -> Vec<ComparisonJob> {
        let mut jobs: Vec<ComparisonJob> = Vec::new();
        for document in self.documents.values() {
            let Some(analysis) = &document.analysis else { continue };
            let DocumentSettings { workspace, .. } = &analysis.settings;
            let snapshot = Arc::clone(&document.snapshot);
            match jobs.iter_mut().find(|job| Arc::ptr_eq(&job.workspace, workspace)) {
                Some(job) => job.documents.push(snapshot),
                None => jobs.push(ComparisonJob {
                    workspace: Arc::clone(workspace),
                    documents: vec![snapshot],
                    max_record: max_record(),
                }),
            }
        }
        jobs.retain(|job| job.workspace.settings.linter.has_corpus_checks());
        jobs
    }

    /// Stores the findings of a comparison, moved to their positions in the current texts.
    ///
    /// # Errors
    ///
    /// The client no longer reads.
    pub(super) fn compared(&mut self, outcome: Option<ComparisonOutcome>) -> io::Result<()> {
        self.work.is_comparing = false;
        let Some(ComparisonOutcome { copies, index_error, too_large }) = outcome else {
            return self.client.log(MessageType::Error, "the documents could not be compared");
        };
        for ComparedDocument { snapshot, mut findings, old_places } in copies {
            let Some(document) = self.documents.get_mut(&snapshot.uri) else { continue };
            move_findings(&mut findings, &snapshot.text, &document.snapshot.text);
            if document.copies != findings || *document.old_places != old_places {
                document.copies = findings;
                document.old_places = Arc::new(old_places);
                document.needs_lint = true;
            }
        }
        if let Some(error) = index_error {
            self.client.show(MessageType::Warning, &error)?;
        }
        match too_large {
            Some(folder) => {
                let message = format!(
                    "{} is too large to compare with: duplicates are found among open documents \
                     only; `dechaff check` compares everything",
                    folder.name()
                );
                self.client.log(MessageType::Info, &message)
            }
            None => Ok(()),
        }
    }
}

/// Whether a text is a single document and not a shard. An unsaved text always is.
fn is_document(snapshot: &Snapshot) -> bool {
    let start = &snapshot.text.as_bytes()[..snapshot.text.len().min(64 << 10)];
    let is_shard = |path: &PathBuf| Format::detect(path, start, None).content.has_records;
    !snapshot.path.as_ref().is_some_and(is_shard)
}

fn max_record() -> usize {
    ReadOptions::default().max_record
}
