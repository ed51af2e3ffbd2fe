//! The settings of a linter in a form that can be sent between processes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use anyhow::{Context, bail};
use dechaff::config::Layer;
use dechaff::corpus::{ResolvedSettings, SettingsFiles, read_layers};
use dechaff::rule::Registry;
use dechaff::user_file::UserFile;
use serde::{Deserialize, Serialize};

/// The contents of all settings files. Equal settings serialize to equal text.
#[derive(Serialize, Deserialize)]
pub(crate) struct State {
    /// The configuration layers, highest priority first, with the directory that their patterns
    /// are relative to.
    layers: Vec<(PathBuf, File)>,
    rules: Vec<File>,
    ignore_list: Option<File>,
}

/// The path that messages show, and the content.
#[derive(Serialize, Deserialize)]
struct File(String, String);

/// Returns the built-in rules, or why they cannot be used.
pub(crate) fn embedded() -> anyhow::Result<Arc<Registry>> {
    static EMBEDDED: LazyLock<Result<Arc<Registry>, String>> =
        LazyLock::new(|| Registry::embedded().map(Arc::new).map_err(|error| error.to_string()));
    EMBEDDED.as_ref().map(Arc::clone).map_err(|error| anyhow::anyhow!("{error}"))
}

impl State {
    /// Reads the files that a linter needs. `arguments` and `config` are tables of configuration
    /// keys as JSON; the first has priority. `config_file` is a configuration file.
    pub(crate) fn read(
        arguments: &str,
        config: Option<&str>,
        config_file: Option<&Path>,
    ) -> anyhow::Result<Self> {
        let here = std::env::current_dir().context("cannot find the working directory")?;
        let mut layers = Vec::new();
        for (name, table) in [("Linter", Some(arguments)), ("config", config)] {
            let table: toml::Table = match table {
                Some(table) => serde_json::from_str(table)
                    .context("the settings are not a table of TOML values")?,
                None => continue,
            };
            if !table.is_empty() {
                let file = UserFile::new(name, toml::to_string(&table)?);
                layers.push(Layer::parse(&file, here.clone())?);
            }
        }
        if let Some(path) = config_file {
            let path = here.join(path);
            if !path.exists() {
                bail!("config={}: no such file", path.display());
            }
            layers.extend(read_layers(&here, &path, |_| Ok(()))?);
        }
        let files = SettingsFiles::read(&here, layers)?;
        let file = |file: &Arc<UserFile>| File(file.path.clone(), file.text.clone());
        let layer = |layer: &Layer| {
            // Only patterns are relative to a directory; everything else has been read.
            let has_patterns = !layer.options.per_file_ignores.is_empty();
            (
                if has_patterns { layer.folder.clone() } else { PathBuf::from("/") },
                file(&layer.file),
            )
        };
        Ok(Self {
            layers: files.layers.iter().map(layer).collect(),
            rules: files.rules.iter().map(file).collect(),
            ignore_list: files.ignore_list.as_ref().map(file),
        })
    }

    /// Returns the settings with other rules selected, by their codes.
    pub(crate) fn selecting(mut self, codes: Vec<String>) -> anyhow::Result<Self> {
        let table = toml::Table::from_iter([("select".to_owned(), codes.into())]);
        let file = File("Linter".into(), toml::to_string(&table)?);
        self.layers.insert(0, (PathBuf::from("/"), file));
        Ok(self)
    }

    /// Compiles the settings. Does no I/O.
    pub(crate) fn compile(&self) -> anyhow::Result<ResolvedSettings> {
        let file = |File(path, text): &File| UserFile::new(path.as_str(), text.as_str());
        let mut layers = Vec::new();
        for (folder, content) in &self.layers {
            let file = file(content);
            let is_pyproject =
                Path::new(&file.path).file_name().is_some_and(|name| name == "pyproject.toml");
            layers.extend(match is_pyproject {
                true => Layer::parse_pyproject(&file, folder.clone())?,
                false => Some(Layer::parse(&file, folder.clone())?),
            });
        }
        let files = SettingsFiles {
            layers,
            rules: self.rules.iter().map(file).collect(),
            ignore_list: self.ignore_list.as_ref().map(file),
        };
        files.compile(&embedded()?)
    }
}
