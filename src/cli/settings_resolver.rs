//! The settings of each file: the command line, and the nearest configuration file at or above the
//! file.

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use super::arguments::ConfigArguments;
use super::trust;
use crate::config::Layer;
pub(super) use crate::corpus::ResolvedSettings;
use crate::corpus::storage::is_url;
use crate::corpus::{
    CONFIG_FILE_NAMES, PathFilter, SettingsFiles, display_path, read_layers, visit_dirs,
};
use crate::linter::Linter;
use crate::rule::Registry;
use crate::user_file::UserFile;
use anyhow::{Context, bail};

/// Finds the settings of files.
pub(super) struct SettingsResolver {
    /// The working directory.
    here: PathBuf,
    /// The layers of the command line, highest priority first.
    command: Vec<Layer>,
    /// The layers of `--config FILE`, or no layers for `--isolated`; otherwise configurations are
    /// searched for.
    pinned: Option<Vec<Layer>>,
    embedded: Arc<Registry>,
    /// Whether `exclude` applies to files passed explicitly.
    force_exclude: bool,
    by_dir: RwLock<HashMap<PathBuf, Arc<ResolvedSettings>>>,
    /// Maps copies to their originals, whose settings they share.
    originals: RwLock<HashMap<PathBuf, PathBuf>>,
    walk: WalkNotes,
}

/// Errors and skipped directories that a walk noted. Walks use several threads.
#[derive(Default)]
struct WalkNotes {
    /// The first error in a configuration.
    error: Mutex<Option<anyhow::Error>>,
    /// The directories skipped because they contain copies.
    copies: Mutex<BTreeSet<PathBuf>>,
}

impl WalkNotes {
    fn note_error(&self, error: anyhow::Error) {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
    }

    fn take_error(&self) -> Option<anyhow::Error> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn note_copies(&self, folder: &Path) {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
    }

    fn take_copies(&self) -> BTreeSet<PathBuf> {
        std::mem::take(&mut self.copies.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl SettingsResolver {
    /// Prepares to resolve settings. `command` has the options of the command line as configuration
    /// keys, so that one parser validates both and errors have a position.
    ///
    /// # Errors
    ///
    /// The first error in a configuration given on the command line.
    pub(super) fn new(
        arguments: &ConfigArguments,
        command: &toml::Table,
        force_exclude: bool,
    ) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("cannot find the working directory")?;
        let embedded = Arc::new(Registry::embedded()?);
        let resolver = Self::in_folder(here, arguments, command, &embedded)?;
        Ok(Self { force_exclude, ..resolver })
    }

    /// Prepares to resolve settings as if the program ran in the folder `here`.
    ///
    /// # Errors
    ///
    /// The first error in a configuration given on the command line.
    pub(super) fn in_folder(
        here: PathBuf,
        arguments: &ConfigArguments,
        command: &toml::Table,
        embedded: &Arc<Registry>,
    ) -> anyhow::Result<Self> {
        let mut layers = Vec::new();
        if !command.is_empty() {
            layers.push(Layer::parse(
                &UserFile::new("command line", command.to_string()),
                here.clone(),
            )?);
        }
        let mut pinned = arguments.isolated.then(Vec::new);
        for value in &arguments.config {
            if value.contains('=') && !Path::new(value).exists() {
                layers
                    .push(Layer::parse(&UserFile::new("--config", value.as_str()), here.clone())?);
            } else if arguments.isolated {
                bail!("--isolated ignores configuration files; remove {value}");
            } else if pinned.is_some() {
                bail!("--config was given two files; use `extend` in one of them");
            } else {
                let path = here.join(value);
                if !path.exists() {
                    bail!(
                        "--config {value}: no such file; pass a file, or KEY=VALUE such as 'select=[\"BP\"]'"
                    );
                }
                pinned = Some(load_chain(&here, &path, true)?);
            }
        }
        Ok(Self {
            here,
            command: layers,
            pinned,
            embedded: Arc::clone(embedded),
            force_exclude: false,
            by_dir: RwLock::default(),
            originals: RwLock::default(),
            walk: WalkNotes::default(),
        })
    }

    /// Resolves the settings of everything below `paths`, so that configuration errors come first.
    ///
    /// # Errors
    ///
    /// The first error in a configuration.
    pub(super) fn resolve(self: &Arc<Self>, paths: &[PathBuf]) -> anyhow::Result<()> {
        for path in paths {
            self.settings(path)?;
        }
        if self.pinned.is_none() {
            let path_filter: Arc<dyn PathFilter> = Arc::clone(self) as Arc<dyn PathFilter>;
            visit_dirs(paths, &path_filter);
        }
        self.walk.take_error().map_or(Ok(()), Err)
    }

    /// Returns the settings of the run as a whole, such as `memory`: those of its first path.
    ///
    /// # Errors
    ///
    /// An error in the configuration.
    pub(super) fn run_settings(&self, paths: &[PathBuf]) -> anyhow::Result<Arc<ResolvedSettings>> {
        let first = paths.first().map_or(Path::new("."), PathBuf::as_path);
        self.settings(if first == Path::new("-") { Path::new(".") } else { first })
    }

    /// Returns the settings of a file or directory.
    ///
    /// # Errors
    ///
    /// An error in its configuration.
    pub(super) fn settings(&self, path: &Path) -> anyhow::Result<Arc<ResolvedSettings>> {
        let path = self.absolute(path);
        let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&path) };
        self.for_dir(folder)
    }

    /// Returns the linter for the file `path`, or that of `run_settings` if its configuration is
    /// invalid.
    pub(super) fn linter(&self, path: &Path, run_settings: &ResolvedSettings) -> Linter {
        let path = self.absolute(path);
        let profile = self.for_dir(path.parent().unwrap_or(&path));
        let profile = profile.as_deref().unwrap_or(run_settings);
        profile.linter_for(&path)
    }

    /// Returns `path` for display: relative to the working directory if it is below it.
    pub(super) fn display_path(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.here).unwrap_or(path).to_owned()
    }

    /// Returns the absolute path without `.` and `..` that configuration patterns match. A copy has
    /// the path of its original. A URL counts as a path in the working directory, and has its
    /// settings.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        let path = absolute(&self.here, path);
        let originals = self.originals.read().unwrap_or_else(PoisonError::into_inner);
        let path = originals.get(&path).cloned().unwrap_or(path);
        if is_url(&path) { self.here.join(path) } else { path }
    }

    /// Resolves a copy's settings and baseline as if it were the original file.
    pub(super) fn alias_copies(&self, copies: &HashMap<PathBuf, PathBuf>) {
        let mut originals = self.originals.write().unwrap_or_else(PoisonError::into_inner);
        let whole = |path: &Path| absolute(&self.here, path);
        originals.extend(copies.iter().map(|(copy, original)| (whole(copy), whole(original))));
    }

    /// Returns the skipped directories of copies, each only once.
    pub(super) fn take_left_out_copies(&self) -> BTreeSet<PathBuf> {
        self.walk.take_copies()
    }

    fn for_dir(&self, folder: &Path) -> anyhow::Result<Arc<ResolvedSettings>> {
        let cached =
            self.by_dir.read().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        if let Some(settings) = cached {
            return Ok(settings);
        }
        let own = match &self.pinned {
            Some(_) => None,
            None => find(&self.here, folder)?,
        };
        let profile = match (own, folder.parent()) {
            (Some(layers), _) => Arc::new(self.load(layers)?),
            (None, Some(parent)) => self.for_dir(parent)?,
            (None, None) => Arc::new(self.load(self.pinned.clone().unwrap_or_default())?),
        };
        let mut profiles = self.by_dir.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(profiles.entry(folder.to_owned()).or_insert(profile)))
    }

    fn load(&self, files: Vec<Layer>) -> anyhow::Result<ResolvedSettings> {
        let layers = self.command.iter().cloned().chain(files).collect();
        SettingsFiles::read(&self.here, layers)?.compile(&self.embedded)
    }
}

impl PathFilter for SettingsResolver {
    fn includes_dir(&self, folder: &Path) -> bool {
        let folder = self.absolute(folder);
        match self.for_dir(&folder) {
            Ok(profile) => !profile.settings.is_excluded_below(&folder),
            Err(error) => {
                self.walk.note_error(error);
                false
            }
        }
    }

    fn includes_file(&self, file: &Path) -> Option<bool> {
        let file = self.absolute(file);
        let profile = self.for_dir(file.parent().unwrap_or(&file)).ok()?;
        if profile.settings.is_excluded_below(&file) {
            Some(false)
        } else {
            profile.settings.is_included(&file)
        }
    }

    fn includes_explicit(&self, path: &Path) -> bool {
        !self.force_exclude
            || self
                .settings(path)
                .is_ok_and(|resolved| !resolved.settings.is_excluded(&self.absolute(path)))
    }

    fn note_skipped_copies(&self, folder: &Path) {
        self.walk.note_copies(folder);
    }
}

/// Returns the absolute path without `.` and `..`; relative paths are resolved against `here`. A
/// URL is absolute.
pub(super) fn absolute(here: &Path, path: &Path) -> PathBuf {
    if is_url(path) {
        return path.to_owned();
    }
    let mut absolute = PathBuf::new();
    for component in here.join(path).components() {
        match component {
            Component::ParentDir => drop(absolute.pop()),
            Component::CurDir => {}
            other => absolute.push(other),
        }
    }
    absolute
}

/// Returns the layers of the configuration in `folder`, if there is one.
fn find(here: &Path, folder: &Path) -> anyhow::Result<Option<Vec<Layer>>> {
    for name in CONFIG_FILE_NAMES {
        let path = folder.join(name);
        if !path.is_file() {
            continue;
        }
        let is_trusted = trust::is_trusted(here, folder);
        if !is_trusted {
            trust::check_file(here, &path, &display_path(here, &path))?;
        }
        let layers = load_chain(here, &path, is_trusted)?;
        // A `pyproject.toml` need not have a section for dechaff.
        if !layers.is_empty() {
            return Ok(Some(layers));
        }
    }
    Ok(None)
}

/// Loads the configuration at `path` and those that it extends. Untrusted configurations can only
/// read what [`trust`] allows.
fn load_chain(here: &Path, path: &Path, is_trusted: bool) -> anyhow::Result<Vec<Layer>> {
    read_layers(here, path, |layer| {
        if is_trusted || trust::is_trusted(here, &layer.folder) {
            Ok(())
        } else {
            trust::check_paths(here, layer)
        }
    })
}
