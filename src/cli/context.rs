//! What a run checks and how; immutable once the arguments are resolved.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::against::Against;
use super::arguments::CheckArguments;
use super::changed_files::ChangedFiles;
use super::compared::ComparedRun;
use super::layout::resolved;
use super::settings_resolver::{ResolvedSettings, SettingsResolver};
use super::stdin::Spooled;
use crate::check::measure::MeasureColumns;
use crate::config::parse_size;
use crate::corpus::{InputFile, PathFilter, ReadOptions, Source, WalkError, storage, walk};

/// The arguments of a run with the settings that they lead to.
pub(super) struct CheckContext<'a> {
    pub(super) arguments: &'a CheckArguments,
    pub(super) resolver: Arc<SettingsResolver>,
    /// The settings of the run as a whole.
    pub(super) settings: Arc<ResolvedSettings>,
    pub(super) changed: Arc<ChangedFiles>,
    pub(super) read_options: ReadOptions,
    pub(super) comparison: ComparisonSettings,
    /// The measures to compute for each document, for a table or a report.
    pub(super) measures: Option<MeasureColumns>,
}

/// How the documents of a run are compared.
pub(super) struct ComparisonSettings {
    /// The indexes that documents are compared with.
    pub(super) against: Against,
    /// The share of a comparison in steps, if documents are not compared.
    pub(super) compared: Option<ComparedRun>,
    /// Memory in bytes for comparing documents, if it is set.
    pub(super) memory: Option<usize>,
}

impl ComparisonSettings {
    fn new(arguments: &CheckArguments, settings: &ResolvedSettings) -> anyhow::Result<Self> {
        let memory = settings.value(|options| options.memory.as_ref());
        Ok(Self {
            against: Against::open(&arguments.against, settings)?,
            compared: None,
            memory: memory.and_then(|(text, _)| parse_size(text).ok()),
        })
    }
}

/// The documents of a run.
#[derive(Default)]
pub(super) struct Inputs {
    /// Standard input, if it is one document.
    pub(super) stdin: Option<Source>,
    /// Standard input, if it is a shard, and the content of pipes.
    pub(super) spooled: Vec<Spooled>,
    pub(super) paths: Vec<PathBuf>,
    /// If set, the only files that count: the copies that this run wrote.
    pub(super) only: Option<Arc<HashSet<PathBuf>>>,
}

impl<'a> CheckContext<'a> {
    /// Resolves `arguments` for a run over `paths`.
    ///
    /// # Errors
    ///
    /// A configuration is invalid, git cannot list the changes, or an index does not fit the
    /// settings.
    pub(super) fn new(
        arguments: &'a CheckArguments,
        resolver: Arc<SettingsResolver>,
        settings: Arc<ResolvedSettings>,
    ) -> anyhow::Result<Self> {
        let comparison = ComparisonSettings::new(arguments, &settings)?;
        let measures = measures(arguments, &settings);
        let mut read_options = arguments.read_options.read_options(&settings);
        let needs_language = settings.measures_need_language()
            || measures.as_ref().is_some_and(MeasureColumns::need_language);
        if needs_language {
            read_options.read_language();
        }
        Ok(Self {
            arguments,
            comparison,
            changed: Arc::new(ChangedFiles::since(arguments.since.as_deref())?),
            read_options,
            measures,
            resolver,
            settings,
        })
    }

    /// Returns the files of `inputs`, without those that this run writes.
    ///
    /// # Errors
    ///
    /// A path does not exist.
    pub(super) fn files(
        &self,
        inputs: &Inputs,
    ) -> anyhow::Result<impl Iterator<Item = Result<InputFile, WalkError>> + Send + use<>> {
        let written = self.written_paths(&inputs.paths);
        let only = inputs.only.clone();
        let is_input = move |path: &Path| {
            if only.as_ref().is_some_and(|only| !only.contains(path)) {
                return false;
            }
            let is_written =
                |path: PathBuf| written.iter().any(|written| path.starts_with(written));
            written.is_empty() || !storage::canonical(path).is_ok_and(is_written)
        };
        let path_filter: Arc<dyn PathFilter> = Arc::clone(&self.resolver) as Arc<dyn PathFilter>;
        let files = walk(&inputs.paths, &path_filter)?;
        let files =
            files.filter(move |file| file.as_ref().map_or(true, |file| is_input(&file.path)));
        let spooled: Vec<_> = inputs.spooled.iter().map(|spooled| Ok(spooled.input())).collect();
        Ok(spooled.into_iter().chain(files))
    }

    /// Returns the files and directories that this run writes, as canonical paths. An output
    /// directory that is itself checked is left out, and so is an ignore list that is passed
    /// explicitly.
    fn written_paths(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        let arguments = self.arguments;
        let outputs = arguments.written_files().map(Path::to_owned);
        let list = self.settings.path(|options| options.ignore_list.as_ref());
        let list = list.filter(|list| !paths.contains(list));
        let is_checked = |directory: &PathBuf| {
            let mut checked = paths.iter().filter_map(|path| storage::canonical(path).ok());
            checked.any(|path| path.starts_with(directory))
        };
        let copies = arguments.output_dir.iter().filter_map(|directory| resolved(directory));
        let files = outputs.chain(list).filter_map(|path| resolved(&path));
        files.chain(copies.filter(|directory| !is_checked(directory))).collect()
    }
}

/// Returns the measures that a table or a report needs. Without a selected rule that measures, a
/// table has all of them, and a report none.
fn measures(arguments: &CheckArguments, settings: &ResolvedSettings) -> Option<MeasureColumns> {
    let has_report = arguments.reports.has_html() || arguments.is_review();
    let is_wanted = arguments.measures.is_some() || has_report && settings.selects_measures();
    is_wanted.then(|| settings.measure_columns())
}
