//! The settings of open documents, resolved like those of `dechaff check` in each workspace folder.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::stamp::{Stamp, stamp};
use super::workspace_index::WorkspaceIndexes;
use crate::cli::arguments::ConfigArguments;
use crate::cli::baseline::LinterResolver;
use crate::cli::settings_resolver::SettingsResolver;
use crate::corpus::{CONFIG_FILE_NAMES, ResolvedSettings, rule_files};
use crate::linter::{Linter, Sketch};
use crate::rule::Registry;

/// The settings of all workspace folders.
pub(super) struct WorkspaceSettings {
    arguments: ConfigArguments,
    embedded: Arc<Registry>,
    /// The working directory, to which documents outside all folders belong.
    here: PathBuf,
    folders: Vec<PathBuf>,
    workspaces: HashMap<PathBuf, Arc<Workspace>>,
    /// Files that settings were read from, or would be if they existed.
    stamps: BTreeMap<PathBuf, Option<Stamp>>,
}

/// The settings of one workspace folder.
pub(super) struct Workspace {
    /// The folder, unless this is the working directory.
    pub(super) folder: Option<PathBuf>,
    pub(super) resolver: Arc<SettingsResolver>,
    /// The settings of the folder itself, used to compare its documents.
    pub(super) settings: Arc<ResolvedSettings>,
    linters: LinterResolver,
    /// The sketches of files that are not open, as of the last comparison.
    pub(super) sketches: Mutex<HashMap<PathBuf, (Stamp, Sketch)>>,
    /// The indexes in `against`, as of the last comparison.
    pub(super) indexes: Mutex<WorkspaceIndexes>,
}

/// The settings of one document.
#[derive(Clone)]
pub(super) struct DocumentSettings {
    pub(super) settings: Arc<ResolvedSettings>,
    pub(super) linter: Linter,
    pub(super) workspace: Arc<Workspace>,
}

impl WorkspaceSettings {
    /// Prepares to resolve settings in `here` with the command line arguments.
    ///
    /// # Errors
    ///
    /// A built-in rule is invalid.
    pub(super) fn new(arguments: ConfigArguments, here: PathBuf) -> anyhow::Result<Self> {
        Ok(Self {
            arguments,
            embedded: Arc::new(Registry::embedded()?),
            here,
            folders: Vec::new(),
            workspaces: HashMap::new(),
            stamps: BTreeMap::new(),
        })
    }

    /// Adds and removes workspace folders.
    pub(super) fn change_folders(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) {
        self.folders.retain(|folder| !removed.contains(folder));
        self.folders.extend(added);
        self.reload();
    }

    /// Discards all cached settings.
    pub(super) fn reload(&mut self) {
        self.workspaces.clear();
        self.stamps.clear();
    }

    /// Whether a file that settings were read from has changed, appeared or disappeared.
    pub(super) fn is_outdated(&self) -> bool {
        self.stamps.iter().any(|(path, stamp)| super::stamp::stamp(path) != *stamp)
    }

    /// Returns the settings of a file or, without a path, of an unsaved document. Returns `None` if
    /// it is excluded.
    ///
    /// # Errors
    ///
    /// The configuration is invalid.
    pub(super) fn resolve(
        &mut self,
        path: Option<&Path>,
    ) -> anyhow::Result<Option<DocumentSettings>> {
        let folder = match path {
            Some(path) => self.folder_of(path),
            None => self.folders.first(),
        };
        let folder = folder.cloned();
        let root = folder.clone().unwrap_or_else(|| self.here.clone());
        let path = path.map_or_else(|| root.join("untitled"), Path::to_owned);
        self.note_candidates(&path);
        self.note_candidates(&root.join("untitled"));
        let workspace = self.workspace(folder, root)?;
        let settings = workspace.resolver.settings(&path)?;
        self.note_files(&settings);
        if settings.settings.is_excluded(&workspace.resolver.absolute(&path)) {
            return Ok(None);
        }
        let linter = workspace.linters.for_path(&path);
        Ok(Some(DocumentSettings { settings, linter, workspace }))
    }

    /// Returns the innermost workspace folder that contains `path`.
    fn folder_of(&self, path: &Path) -> Option<&PathBuf> {
        let containing = self.folders.iter().filter(|folder| path.starts_with(folder));
        containing.max_by_key(|folder| folder.components().count())
    }

    fn workspace(
        &mut self,
        folder: Option<PathBuf>,
        root: PathBuf,
    ) -> anyhow::Result<Arc<Workspace>> {
        if let Some(workspace) = self.workspaces.get(&root) {
            return Ok(Arc::clone(workspace));
        }
        let no_options = toml::Table::new();
        let resolver = SettingsResolver::in_folder(
            root.clone(),
            &self.arguments,
            &no_options,
            &self.embedded,
        )?;
        let resolver = Arc::new(resolver);
        let settings = resolver.settings(&root)?;
        self.note_files(&settings);
        let linters = LinterResolver::with_baseline(&resolver, &settings)?;
        let workspace = Arc::new(Workspace {
            folder,
            resolver,
            settings,
            linters,
            sketches: Mutex::default(),
            indexes: Mutex::default(),
        });
        self.workspaces.insert(root, Arc::clone(&workspace));
        Ok(workspace)
    }

    /// Records the configurations that may apply to `path`.
    fn note_candidates(&mut self, path: &Path) {
        for folder in path.ancestors().skip(1) {
            for name in CONFIG_FILE_NAMES {
                self.note(folder.join(name));
            }
        }
    }

    /// Records the files that `settings` were read from.
    fn note_files(&mut self, settings: &ResolvedSettings) {
        for layer in &settings.layers {
            let options = &layer.options;
            if let Some(name) = Path::new(&layer.file.path).file_name() {
                self.note(layer.folder.join(name));
            }
            for rules in &options.rules {
                let path = layer.folder.join(rules.get_ref());
                rule_files(&path).unwrap_or_default().into_iter().for_each(|file| self.note(file));
                self.note(path);
            }
            for path in options.baseline.iter().chain(&options.ignore_list) {
                self.note(layer.folder.join(path.get_ref()));
            }
        }
    }

    fn note(&mut self, path: PathBuf) {
        self.stamps.entry(path).or_insert_with_key(|path| stamp(path));
    }
}
