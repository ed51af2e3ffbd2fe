//! Which settings are in force for which file: the command line, and configuration files found by walking up from the file.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use anyhow::{Context, bail};
use toml::Spanned;

use super::arguments::ConfigArguments;
use super::trust;
use crate::config::{Layer, Options, Settings};
use crate::corpus::{CONFIGURATIONS, Choice, folders, read_list, read_written, rule_files};
use crate::engine::Linter;
use crate::rule::Registry;
use crate::suppress::IgnoreList;
use crate::text::PathName;
use crate::user_file::{UserFile, UserFileError};

/// The settings of all files of a run.
pub(super) struct Workspace {
    /// The working directory.
    here: PathBuf,
    /// What the command line says, the strongest first.
    command: Vec<Layer>,
    /// The layers of the one configuration that was named, or none at all; else configurations are looked for.
    pinned: Option<Vec<Layer>>,
    embedded: Arc<Registry>,
    /// Whether what is excluded is left out even if it was named outright.
    excludes_named: bool,
    profiles: RwLock<HashMap<PathBuf, Arc<Profile>>>,
    /// Copies that were written, each with its original, whose settings are its own.
    originals: RwLock<HashMap<PathBuf, PathBuf>>,
    /// The first fault of a configuration met while walking.
    fault: Mutex<Option<anyhow::Error>>,
    /// Directories left out while walking, since they hold copies.
    copies: Mutex<BTreeSet<PathBuf>>,
}

/// Settings that many files share.
pub(super) struct Profile {
    /// Where they come from, the strongest first.
    pub(super) layers: Vec<Layer>,
    pub(super) registry: Arc<Registry>,
    pub(super) settings: Settings,
    pub(super) linter: Linter,
    pub(super) ignore_list: Arc<IgnoreList>,
    /// By the codes that are left out in a file.
    without: Mutex<HashMap<Vec<String>, Linter>>,
}

impl Workspace {
    /// The settings that `arguments` ask for; `command` holds what further arguments say in a configuration's words.
    ///
    /// # Errors
    ///
    /// The first fault of a configuration that the command line names.
    pub(super) fn new(
        arguments: &ConfigArguments,
        command: &toml::Table,
        excludes_named: bool,
    ) -> anyhow::Result<Self> {
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
                pinned = Some(chain(&here, &path, true)?);
            }
        }
        Ok(Self {
            here,
            command: layers,
            pinned,
            embedded: Arc::new(Registry::embedded()?),
            excludes_named,
            profiles: RwLock::default(),
            originals: RwLock::default(),
            fault: Mutex::default(),
            copies: Mutex::default(),
        })
    }

    /// Finds the settings of all that is under `paths`, so that no fault of a configuration comes up later.
    ///
    /// # Errors
    ///
    /// The first such fault.
    pub(super) fn resolve(self: &Arc<Self>, paths: &[PathBuf]) -> anyhow::Result<()> {
        for path in paths {
            self.profile(path)?;
        }
        if self.pinned.is_none() {
            let choice: Arc<dyn Choice> = Arc::clone(self) as Arc<dyn Choice>;
            folders(paths, &choice);
        }
        match self.fault.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    /// The settings that hold for a run as a whole, such as what comparing documents goes by: those of its first path.
    ///
    /// # Errors
    ///
    /// A fault of the configuration.
    pub(super) fn root(&self, paths: &[PathBuf]) -> anyhow::Result<Arc<Profile>> {
        let first = paths.first().map_or(Path::new("."), PathBuf::as_path);
        self.profile(if first == Path::new("-") { Path::new(".") } else { first })
    }

    /// The settings of the file or folder `path`.
    ///
    /// # Errors
    ///
    /// A fault of its configuration.
    pub(super) fn profile(&self, path: &Path) -> anyhow::Result<Arc<Profile>> {
        let path = self.absolute(path);
        let folder = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&path) };
        self.of_folder(folder)
    }

    /// The rules for the file `path`; those of the run's settings where its own cannot be had.
    pub(super) fn linter(&self, path: &Path, root: &Profile) -> Linter {
        let path = self.absolute(path);
        let profile = self.of_folder(path.parent().unwrap_or(&path));
        let profile = profile.as_deref().unwrap_or(root);
        let codes = profile.settings.ignored_in(&profile.registry, &path);
        if codes.is_empty() {
            return profile.linter.clone();
        }
        let mut known = profile.without.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(codes).or_insert_with_key(|codes| profile.linter.without(codes.clone())).clone()
    }

    /// A path as people see it: from the working directory on, if it is below that.
    pub(super) fn shown(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.here).unwrap_or(path).to_owned()
    }

    /// `path` from the root on, without `.` and `..`, as configurations' patterns see it.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        let path = absolute(&self.here, path);
        let originals = self.originals.read().unwrap_or_else(PoisonError::into_inner);
        originals.get(&path).cloned().unwrap_or(path)
    }

    /// Has the settings of originals hold for their copies, and what is known of the ones for the others.
    pub(super) fn stand_for(&self, copies: &HashMap<PathBuf, PathBuf>) {
        let mut originals = self.originals.write().unwrap_or_else(PoisonError::into_inner);
        let whole = |path: &Path| absolute(&self.here, path);
        originals.extend(copies.iter().map(|(copy, original)| (whole(copy), whole(original))));
    }

    /// Directories of copies that were left out, each given once.
    pub(super) fn take_left_out_copies(&self) -> BTreeSet<PathBuf> {
        std::mem::take(&mut self.copies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn of_folder(&self, folder: &Path) -> anyhow::Result<Arc<Profile>> {
        let known = self.profiles.read().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        if let Some(profile) = known {
            return Ok(profile);
        }
        let own = match &self.pinned {
            Some(_) => None,
            None => find(&self.here, folder)?,
        };
        let profile = match (own, folder.parent()) {
            (Some(layers), _) => Arc::new(self.load(layers)?),
            (None, Some(parent)) => self.of_folder(parent)?,
            (None, None) => Arc::new(self.load(self.pinned.clone().unwrap_or_default())?),
        };
        let mut profiles = self.profiles.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(profiles.entry(folder.to_owned()).or_insert(profile)))
    }

    fn load(&self, files: Vec<Layer>) -> anyhow::Result<Profile> {
        let layers: Vec<Layer> = self.command.iter().cloned().chain(files).collect();
        let registry = self.registry(&layers)?;
        let settings = Settings::from_layers(&registry, &layers)?;
        let ignore_list = Arc::new(ignore_list(&registry, &layers)?);
        let linter = Linter::new(&registry, &settings)?.ignoring(Arc::clone(&ignore_list));
        if settings.rules(&registry).next().is_none() {
            bail!("no rule is left to check: see what `select` and `ignore` say (`dechaff config` shows where)");
        }
        Ok(Profile { layers, registry, settings, linter, ignore_list, without: Mutex::default() })
    }

    /// The rules that come with the program and those that `layers` name.
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
                    files.push(read_written(&file, &shown(&self.here, &file)).map_err(unreadable)?);
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

impl Choice for Workspace {
    fn enters(&self, folder: &Path) -> bool {
        let folder = self.absolute(folder);
        match self.of_folder(&folder) {
            Ok(profile) => !profile.settings.is_excluded_below(&folder),
            Err(error) => {
                self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                false
            }
        }
    }

    fn takes(&self, file: &Path) -> Option<bool> {
        let file = self.absolute(file);
        let profile = self.of_folder(file.parent().unwrap_or(&file)).ok()?;
        if profile.settings.is_excluded_below(&file) { Some(false) } else { profile.settings.is_included(&file) }
    }

    fn takes_named(&self, path: &Path) -> bool {
        !self.excludes_named
            || self.profile(path).is_ok_and(|profile| !profile.settings.is_excluded(&self.absolute(path)))
    }

    fn leaves_out_copies(&self, folder: &Path) {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner).insert(folder.to_owned());
    }
}

impl Profile {
    /// The value that the strongest layer which has one gives, with that layer.
    pub(super) fn value<T>(&self, of: impl Fn(&Options) -> Option<&Spanned<T>>) -> Option<(&T, &Layer)> {
        self.layers.iter().find_map(|layer| of(&layer.options).map(|value| (value.get_ref(), layer)))
    }

    /// A path that a layer gives, from its folder on.
    pub(super) fn path(&self, of: impl Fn(&Options) -> Option<&Spanned<String>>) -> Option<PathBuf> {
        self.value(of).map(|(path, layer)| layer.folder.join(path))
    }
}

/// `path` from the root on, without `.` and `..`; a relative one is taken from `here`.
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

/// The ignore list that the strongest layer names.
fn ignore_list(registry: &Registry, layers: &[Layer]) -> anyhow::Result<IgnoreList> {
    let named = layers.iter().find_map(|layer| layer.options.ignore_list.as_ref().map(|name| (layer, name)));
    let Some((layer, name)) = named else { return Ok(IgnoreList::default()) };
    let path = layer.folder.join(name.get_ref());
    if !path.exists() {
        // `--add-ignore` begins it.
        return Ok(IgnoreList::default());
    }
    let file = read_list(&path, name.get_ref())
        .map_err(|error| layer.error(format!("cannot read the ignore list: {error}"), name.span()))?;
    let known: HashSet<&str> = registry.infos().map(|rule| rule.code.as_str()).collect();
    Ok(IgnoreList::parse(&file, &known)?)
}

/// What a path that leads nowhere may have meant.
const RELATIVE: &str = "paths are relative to the folder that the configuration stands in";

/// The layers of the configuration in `folder`, if it has one.
fn find(here: &Path, folder: &Path) -> anyhow::Result<Option<Vec<Layer>>> {
    for name in CONFIGURATIONS {
        let path = folder.join(name);
        if !path.is_file() {
            continue;
        }
        let is_trusted = trust::is_trusted(here, folder);
        if !is_trusted {
            trust::check_file(here, &path, &shown(here, &path))?;
        }
        let layers = chain(here, &path, is_trusted)?;
        // A `pyproject.toml` may be about everything but dechaff.
        if !layers.is_empty() {
            return Ok(Some(layers));
        }
    }
    Ok(None)
}

/// The configuration at `path` and those that it extends, the strongest first; empty for a `pyproject.toml` that does not
/// speak of dechaff. One that is not trusted, and those that it extends, read only what [`trust`] allows.
fn chain(here: &Path, path: &Path, is_trusted: bool) -> anyhow::Result<Vec<Layer>> {
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
        let file = match (read_written(&path, &shown(here, &path)), layers.last()) {
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

/// A path as people see it: from the working directory on, if it is below that.
fn shown(here: &Path, path: &Path) -> String {
    path.strip_prefix(here).unwrap_or(path).name()
}
