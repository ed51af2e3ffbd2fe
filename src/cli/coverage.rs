//! Tracks what a run has checked. A gate that checked nothing must not pass.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::context::CheckContext;
use super::settings_resolver::SettingsResolver;
use crate::corpus::PathFilter;
use crate::report::Summary;
use crate::text::{Origin, PathName};

/// What all passes of a run have seen.
#[derive(Default)]
pub(super) struct Coverage {
    has_documents: bool,
    has_records: bool,
    /// Some record has an ID.
    has_id: bool,
    /// Files were found, whatever they contain.
    pub(super) has_files: Arc<AtomicBool>,
    /// `--since` left out unchanged files.
    pub(super) has_unchanged: Arc<AtomicBool>,
    /// The paths given on the command line.
    paths: Vec<PathBuf>,
    /// `--force-exclude` left out all of them.
    all_excluded: bool,
}

impl Coverage {
    /// Starts the coverage of a run over `paths`.
    pub(super) fn new(resolver: &SettingsResolver, paths: &[PathBuf]) -> Self {
        let all_excluded =
            !paths.is_empty() && paths.iter().all(|path| !resolver.includes_explicit(path));
        Self { paths: paths.to_vec(), all_excluded, ..Self::default() }
    }

    /// Counts a document that was checked or fixed.
    pub(super) fn add(&mut self, origin: &Origin) {
        self.has_documents = true;
        if let Some(record) = &origin.record {
            self.has_records = true;
            self.has_id |= record.id.is_some();
        }
    }

    /// Whether any document was checked or fixed.
    pub(super) fn has_documents(&self) -> bool {
        self.has_documents
    }

    /// Returns a warning if a field for IDs is configured and no record has it.
    pub(super) fn missing_ids(&self, context: &CheckContext<'_>) -> Option<String> {
        let (field, _) = context.settings.value(|options| options.id_field.as_ref())?;
        let is_missing = self.has_records && !self.has_id;
        is_missing
            .then(|| format!("no record has an identifier in the field `{field}`; see --id-field"))
    }

    /// Returns why a run without documents fails, or `None` if it passes. `has_spooled` says that
    /// standard input or a pipe was a shard.
    pub(super) fn failure(
        &self,
        context: &CheckContext<'_>,
        summary: &mut Summary,
        has_spooled: bool,
    ) -> Option<String> {
        if summary.skipped + summary.files_without_text_field > 0 {
            return Some("nothing was checked: every file was skipped".into());
        }
        if summary.skipped_records > 0 {
            return Some("nothing was checked: every document was skipped".into());
        }
        // An empty shard on standard input counts as checked, like an empty text.
        if has_spooled {
            return None;
        }
        let paths = self.path_list();
        if self.has_files.load(Ordering::Relaxed) {
            return Some(format!("nothing was checked: no record in {paths} has a text"));
        }
        // A gate passes in two common cases: nothing changed, or a hook passed only excluded files.
        if self.has_unchanged.load(Ordering::Relaxed) {
            let revision = context.arguments.since.as_deref().unwrap_or_default();
            summary.none_checked_reason = Some(format!("no changes since {revision}"));
            return None;
        }
        if self.all_excluded {
            summary.none_checked_reason = Some("all of them are excluded".into());
            return None;
        }
        let reason = match context.settings.settings.include() {
            Some(_) => "no file matches `include`; see `dechaff config`",
            None => {
                "only text, JSON Lines, CSV, Parquet, Arrow and WARC files are picked up from directories"
            }
        };
        Some(format!("no files to check in {paths}: {reason}"))
    }

    /// Lists the first few paths for a message.
    fn path_list(&self) -> String {
        const MAX_PATHS: usize = 3;
        let names: Vec<String> =
            self.paths.iter().take(MAX_PATHS).map(|path| format!("`{}`", path.name())).collect();
        let names = names.join(", ");
        match self.paths.len().saturating_sub(MAX_PATHS) {
            0 => names,
            more => format!("{names} and {more} more"),
        }
    }
}
