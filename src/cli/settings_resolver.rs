//! The settings of each file: the command line, and the nearest configuration file at or above the file.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::{Context, bail};
use toml::Spanned;

use super::arguments::ConfigArguments;
use super::trust;
use crate::config::{Layer, Options, Settings};
use crate::corpus::{CONFIG_FILE_NAMES, PathFilter, read_suppression_file, read_user_file, rule_files, visit_dirs};
use crate::linter::Linter;
use crate::rule::Registry;
use crate::suppress::IgnoreList;
use crate::text::PathName;
use crate::user_file::{UserFile, UserFileError};

/// Finds the settings of files.
pub(super) struct SettingsResolver {
    /// The working directory.
    here: PathBuf,
    /// The layers of the command line, highest priority first.
    command: Vec<Layer>,
    /// The layers of `--config FILE`, or no layers for `--isolated`; otherwise configurations are searched for.
    pinned: Option<Vec<Layer>>,
    embedded: Arc<Registry>,
    /// Whether `exclude` applies to files passed explicitly.
    force_exclude: bool,
    by_dir: RwLock<HashMap<PathBuf, Arc<ResolvedSettings>>>,
    /// Maps copies to their originals, whose settings they share.
    originals: RwLock<HashMap<PathBuf, PathBuf>>,
    /// The first error in a configuration found while walking.
    error: Mutex<Option<anyhow::Error>>,
    /// Directories skipped while walking because they contain copies.
    copies: Mutex<BTreeSet<PathBuf>>,
}

/// The settings of a directory.
pub(super) struct ResolvedSettings {
    /// Where the settings come from, highest priority first.
    pub(super) layers: Vec<Layer>,
    pub(super) registry: Arc<Registry>,
    pub(super) settings: Settings,
    pub(super) linter: Linter,
    pub(super) ignore_list: Arc<IgnoreList>,
    /// Linters without the rules of `per-file-ignores`, by the codes ignored.
    without: Mutex<HashMap<Vec<String>, Linter>>,
}

impl SettingsResolver {
    /// Prepares to resolve settings. `command` has the options of the command line as configuration keys, so that one
    /// parser validates both and errors have a position.
    ///
    /// # Errors
    ///
    /// The first error in a configuration given on the command line.
    pub(super) fn new(arguments: &ConfigArguments, command: &toml::Table, force_exclude: bool) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("cannot find the working directory")?;
        let mut layers = Vec::new();
        if !command.is_empty() {
            layers.push(Layer::parse(&UserFile::new("command line", command.to_string()), here.clone())?);
        }
        let mut pinned = arguments.isolated.then(Vec::new);
        for value in &arguments.config {
            if value.contains('=') && !Path::new(value).exists() {
                layers.push(Layer::parse(&UserFile::new("--config", value.as_str()), here.clone())?);
            } else if arguments.isolated {
                bail!("--isolated leaves configuration files out; do not name {value} with it");
            } else if pinned.is_some() {
                bail!("--config names two files; let the one `extend` the other");
            } else {
                let path = here.join(value);
                if !path.exists() {
                    bail!("--config {value}: no such file; give a file, or KEY=VALUE such as 'select=[\"BP\"]'");
                }
                pinned = Some(load_chain(&here, &path, true)?);
            }
        }
        Ok(Self {
            here,
            command: layers,
            pinned,
            embedded: Arc::new(Registry::embedded()?),
            force_exclude,
            by_dir: RwLock::default(),
            originals: RwLock::default(),
            error: Mutex::default(),
            copies: Mutex::default(),
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
        match self.error.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
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

    /// Returns the linter for the file `path`, or that of `run_settings` if its configuration is faulty.
    pub(super) fn linter(&self, path: &Path, run_settings: &ResolvedSettings) -> Linter {
        let path = self.absolute(path);
        let profile = self.for_dir(path.parent().unwrap_or(&path));
        let profile = profile.as_deref().unwrap_or(run_settings);
        let codes = profile.settings.ignored_in(&profile.registry, &path);
        if codes.is_empty() {
            return profile.linter.clone();
        }
        let mut known = profile.without.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(codes).or_insert_with_key(|codes| profile.linter.without_rules(codes.clone())).clone()
    }

    /// Returns `path` for display: relative to the working directory if it is below it.
    pub(super) fn display_path(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.here).unwrap_or(path).to_owned()
    }

    /// Returns the absolute path without `.` and `..` that configuration patterns match. A copy has that of its original.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        let path = absolute(&self.here, path);
        let originals = self.originals.read().unwrap_or_else(PoisonError::into_inner);
        originals.get(&path).cloned().unwrap_or(path)
    }

    /// Resolves a copy's settings and baseline as if it were the original file.
    pub(super) fn alias_copies(&self, copies: &HashMap<PathBuf, PathBuf>) {
        let mut originals = self.originals.write().unwrap_or_else(PoisonError::into_inner);
        let whole = |path: &Path| absolute(&self.here, path);
        originals.extend(copies.iter().map(|(copy, original)| (whole(copy), whole(original))));
    }

    /// Returns the skipped directories of copies, each only once.
    pub(super) fn take_left_out_copies(&self) -> BTreeSet<PathBuf> {
        std::mem::take(&mut self.copies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn for_dir(&self, folder: &Path) -> anyhow::Result<Arc<ResolvedSettings>> {
        let cached = self.by_dir.read().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
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
        let layers: Vec<Layer> = self.command.iter().cloned().chain(files).collect();
        let registry = self.registry(&layers)?;
        let settings = Settings::from_layers(&registry, &layers)?;
        let ignore_list = Arc::new(ignore_list(&registry, &layers)?);
        let linter = Linter::new(&registry, &settings)?.with_ignore_list(Arc::clone(&ignore_list));
        if settings.rules(&registry).next().is_none() {
            bail!("no rule is left to check: see what `select` and `ignore` say (`dechaff config` shows where)");
        }
        Ok(ResolvedSettings { layers, registry, settings, linter, ignore_list, without: Mutex::default() })
    }

    /// Returns the built-in rules and those that `layers` add.
    fn registry(&self, layers: &[Layer]) -> anyhow::Result<Arc<Registry>> {
        let mut files = Vec::new();
        for layer in layers.iter().rev() {
            for pack in &layer.options.rules {
                let path = layer.folder.join(pack.get_ref());
                let unreadable = |error: std::io::Error| {
                    let message = format!("cannot read the rules of `{}`: {error}", pack.get_ref());
                    layer.error(message, pack.span()).with_hint(Some(RELATIVE.into()))
                };
                let found = rule_files(&path).map_err(unreadable)?;
                if found.is_empty() {
                    return Err(layer.error("no rule file (*.toml) is in this folder", pack.span()).into());
                }
                for file in found {
                    files.push(read_user_file(&file, &display_path(&self.here, &file)).map_err(unreadable)?);
                }
            }
        }
        if files.is_empty() {
            return Ok(Arc::clone(&self.embedded));
        }
        let mut registry = self.embedded.as_ref().clone();
        registry.extend(&files)?;
        Ok(Arc::new(registry))
    }
}

impl PathFilter for SettingsResolver {
    fn includes_dir(&self, folder: &Path) -> bool {
        let folder = self.absolute(folder);
        match self.for_dir(&folder) {
            Ok(profile) => !profile.settings.is_excluded_below(&folder),
            Err(error) => {
                self.error.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                false
            }
        }
    }

    fn includes_file(&self, file: &Path) -> Option<bool> {
        let file = self.absolute(file);
        let profile = self.for_dir(file.parent().unwrap_or(&file)).ok()?;
        if profile.settings.is_excluded_below(&file) { Some(false) } else { profile.settings.is_included(&file) }
    }

    fn includes_explicit(&self, path: &Path) -> bool {
        !self.force_exclude
            || self.settings(path).is_ok_and(|resolved| !resolved.settings.is_excluded(&self.absolute(path)))
    }

    fn note_skipped_copies(&self, folder: &Path) {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
    }
}

impl ResolvedSettings {
    /// Returns a value with the layer that sets it, the one with the highest priority.
    pub(super) fn value<T>(&self, of: impl Fn(&Options) -> Option<&Spanned<T>>) -> Option<(&T, &Layer)> {
        self.layers.iter().find_map(|layer| of(&layer.options).map(|value| (value.get_ref(), layer)))
    }

    /// Returns a path, resolved against its layer's directory.
    pub(super) fn path(&self, of: impl Fn(&Options) -> Option<&Spanned<String>>) -> Option<PathBuf> {
        self.value(of).map(|(path, layer)| layer.folder.join(path))
    }
}

/// Returns the absolute path without `.` and `..`; relative paths are resolved against `here`.
pub(super) fn absolute(here: &Path, path: &Path) -> PathBuf {
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

/// Returns the ignore list of the layer with the highest priority that has one.
fn ignore_list(registry: &Registry, layers: &[Layer]) -> anyhow::Result<IgnoreList> {
    let named = layers.iter().find_map(|layer| layer.options.ignore_list.as_ref().map(|name| (layer, name)));
    let Some((layer, name)) = named else { return Ok(IgnoreList::default()) };
    let path = layer.folder.join(name.get_ref());
    if !path.exists() {
        // `--add-ignore` will create it.
        return Ok(IgnoreList::default());
    }
    let file = read_suppression_file(&path, name.get_ref())
        .map_err(|error| layer.error(format!("cannot read the ignore list: {error}"), name.span()))?;
    let known: HashSet<&str> = registry.infos().map(|rule| rule.code.as_str()).collect();
    Ok(IgnoreList::parse(&file, &known)?)
}

/// The hint for a path that does not exist.
const RELATIVE: &str = "paths are relative to the folder that the configuration stands in";

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

/// Loads the configuration at `path` and those that it extends, highest priority first. The result is empty for a
/// `pyproject.toml` without a section for dechaff. Untrusted configurations can only read what [`trust`] allows.
fn load_chain(here: &Path, path: &Path, is_trusted: bool) -> anyhow::Result<Vec<Layer>> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut seen = HashSet::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next.take() {
        let extends = |layer: &Layer, message: String| match &layer.options.extend {
            Some(name) => layer.error(message, name.span()).with_hint(Some(RELATIVE.into())),
            None => UserFileError::new(&layer.file, message, None),
        };
        if !seen.insert(path.canonicalize().unwrap_or_else(|_| path.clone()))
            && let Some(layer) = layers.last()
        {
            return Err(extends(layer, "the configurations extend each other in a circle".into()).into());
        }
        let file = match (read_user_file(&path, &display_path(here, &path)), layers.last()) {
            (Ok(file), _) => file,
            (Err(error), Some(layer)) => {
                return Err(extends(layer, format!("cannot read the configuration to extend: {error}")).into());
            }
            (Err(error), None) => {
                return Err(error).with_context(|| format!("cannot read the configuration {}", path.name()));
            }
        };
        let folder = path.parent().unwrap_or(&path).to_owned();
        let layer = match path.file_name().is_some_and(|name| name == "pyproject.toml") {
            true => Layer::parse_pyproject(&file, folder.clone())?,
            false => Some(Layer::parse(&file, folder.clone())?),
        };
        if let Some(layer) = layer {
            if !is_trusted && !trust::is_trusted(here, &folder) {
                trust::check_paths(here, &layer)?;
            }
            next = layer.options.extend.as_ref().map(|name| folder.join(name.get_ref()));
            layers.push(layer);
        }
    }
    Ok(layers)
}

/// Returns `path` for display: relative to the working directory if it is below it.
fn display_path(here: &Path, path: &Path) -> String {
    path.strip_prefix(here).unwrap_or(path).name()
}
