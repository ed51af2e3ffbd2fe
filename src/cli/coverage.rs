//! What a run looked at. A gate that checked nothing must not pass.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::check::Run;
use super::output;
use super::workspace::Workspace;
use crate::corpus::Choice;
use crate::text::{Origin, PathName};

/// What a run came across, over all of its passes.
#[derive(Default)]
pub(super) struct Coverage {
    has_documents: bool,
    has_records: bool,
    /// Some record has an identifier.
    has_id: bool,
    /// Files were found, whatever is in them.
    pub(super) has_files: Arc<AtomicBool>,
    /// `--since` left out files that did not change.
    pub(super) has_unchanged: Arc<AtomicBool>,
    /// The paths that were given.
    paths: Vec<PathBuf>,
    /// `--force-exclude` left out all of them.
    is_excluded: bool,
}

impl Coverage {
    /// The coverage of a run over `paths`, which has yet to begin.
    pub(super) fn new(workspace: &Workspace, paths: &[PathBuf]) -> Self {
        let is_excluded = !paths.is_empty() && paths.iter().all(|path| !workspace.takes_named(path));
        Self { paths: paths.to_vec(), is_excluded, ..Self::default() }
    }

    /// Counts a document that was checked or fixed.
    pub(super) fn add(&mut self, origin: &Origin) {
        self.has_documents = true;
        if let Some(record) = &origin.record {
            self.has_records = true;
            self.has_id |= record.id.is_some();
        }
    }

    /// The paths as a message names them, the first few of them.
    fn named_paths(&self) -> String {
        const MAX_NAMED: usize = 3;
        let named: Vec<String> = self.paths.iter().take(MAX_NAMED).map(|path| format!("`{}`", path.name())).collect();
        let named = named.join(", ");
        match self.paths.len().saturating_sub(MAX_NAMED) {
            0 => named,
            more => format!("{named} and {more} more"),
        }
    }
}

impl Run<'_> {
    /// Fails a run that looked at no document, unless that is in order; warns of an identifier field that no record has.
    pub(super) fn review_coverage(&mut self) {
        if self.coverage.has_documents {
            self.warn_of_missing_ids();
        } else if self.has_failed() {
            // Something else is at fault, and has been reported.
        } else if let Some(message) = self.missing_documents() {
            match self.arguments.allow_empty {
                true => output::warning(&message),
                false => self.fail(&format!("{message} (--allow-empty makes this a warning)")),
            }
        }
    }

    /// Why a run without documents fails; `None` if it does not.
    fn missing_documents(&mut self) -> Option<String> {
        let coverage = &self.coverage;
        if self.summary.skipped + self.summary.files_without_text_field > 0 {
            return Some("nothing was checked: every file was skipped".into());
        }
        // An empty shard on standard input was looked at, like an empty text.
        if !self.spooled.is_empty() {
            return None;
        }
        if coverage.has_files.load(Ordering::Relaxed) {
            return Some(format!("nothing was checked: no record in {} has a text", coverage.named_paths()));
        }
        // Nothing changed, and a hook that is given only excluded files, are the ordinary cases of a green gate.
        if coverage.has_unchanged.load(Ordering::Relaxed) {
            let revision = self.arguments.since.as_deref().unwrap_or_default();
            self.summary.none_checked_reason = Some(format!("none changed since {revision}"));
            return None;
        }
        if coverage.is_excluded {
            self.summary.none_checked_reason = Some("all of them are excluded".into());
            return None;
        }
        let paths = coverage.named_paths();
        Some(match self.root.settings.include() {
            Some(_) => format!("no files to check in {paths}: no file matches `include`; see `dechaff config`"),
            None => {
                format!(
                    "no files to check in {paths}: only text, JSON Lines and Parquet files are picked up from directories"
                )
            }
        })
    }

    fn warn_of_missing_ids(&self) {
        let field = self.root.value(|options| options.id_field.as_ref());
        if let Some((field, _)) = field.filter(|_| self.coverage.has_records && !self.coverage.has_id) {
            output::warning(&format!("no record has an identifier in the field `{field}`; see --id-field"));
        }
    }
}
