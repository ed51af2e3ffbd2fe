//! Reads configuration, rule and ignore list files, and compiles them into a linter.
//!
//! Reading and compiling are two steps: the files can be sent to another process, which compiles
//! the same settings without any I/O.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use toml::Spanned;

use super::group_by::GroupBy;
use super::shard::ReadOptions;
use super::storage::is_url;
use super::user_files::{read_suppression_file, read_user_file, rule_files};
use dechaff_checks::Parameters;
use dechaff_checks::measure::MeasureColumns;
use dechaff_checks::rule::{Registry, Rule};
use dechaff_engine::config::{Layer, Options, Settings, parse_size, with_presets};
use dechaff_engine::fix::{DEFAULT_MAX_REMOVED, Fixer};
use dechaff_engine::linter::Linter;
use dechaff_engine::report::VerdictThresholds;
use dechaff_engine::suppress::IgnoreList;
use dechaff_findings::Applicability;
use dechaff_findings::user_file::{UserFile, UserFileError};
use dechaff_text::PathName;

/// Configuration layers, and the files that they name.
#[derive(Debug, Clone)]
pub struct SettingsFiles {
    /// The layers, highest priority first.
    pub layers: Vec<Layer>,
    /// The files with custom rules, in the order in which they are added.
    pub rules: Vec<Arc<UserFile>>,
    /// The ignore list of the layer with the highest priority that has one.
    pub ignore_list: Option<Arc<UserFile>>,
}

/// Settings ready for use.
pub struct ResolvedSettings {
    /// Where the settings come from, highest priority first.
    pub layers: Vec<Layer>,
    /// The built-in rules and those that the layers add.
    pub registry: Arc<Registry>,
    /// The merged settings.
    pub settings: Settings,
    /// The selected rules.
    pub linter: Linter,
    /// Passages that are not reported.
    pub ignore_list: Arc<IgnoreList>,
    /// Linters without the rules of `per-file-ignores`, by the codes ignored.
    without: Mutex<HashMap<Vec<String>, Linter>>,
}

/// The hint for a path that does not exist.
const RELATIVE: &str = "paths are relative to the directory of the configuration";

impl SettingsFiles {
    /// Reads the rules and the ignore list of `layers`, highest priority first. Messages show paths
    /// relative to `here`.
    ///
    /// # Errors
    ///
    /// Returns the first file that cannot be read, with its place in the configuration.
    pub fn read(here: &Path, layers: Vec<Layer>) -> anyhow::Result<Self> {
        let layers = with_presets(layers)?;
        let (rules, ignore_list) = (read_rules(here, &layers)?, read_ignore_list(&layers)?);
        Ok(Self { layers, rules, ignore_list })
    }

    /// Merges the layers and compiles the rules that they select. Does no I/O.
    ///
    /// # Errors
    ///
    /// Returns the first error in a file, or that no rule is selected.
    pub fn compile(self, embedded: &Arc<Registry>) -> anyhow::Result<ResolvedSettings> {
        let Self { layers, rules, ignore_list } = self;
        let mut registry = Arc::clone(embedded);
        if !rules.is_empty() {
            Arc::make_mut(&mut registry).extend(&rules)?;
        }
        let settings = Settings::from_layers(&registry, &layers)?;
        let ignore_list = match ignore_list {
            Some(file) => {
                let known: HashSet<&str> =
                    registry.infos().map(|rule| rule.code.as_str()).collect();
                IgnoreList::parse(&file, &known)?
            }
            None => IgnoreList::default(),
        };
        let ignore_list = Arc::new(ignore_list);
        let linter = Linter::new(&registry, &settings)?.with_ignore_list(Arc::clone(&ignore_list));
        if settings.rules(&registry).next().is_none() {
            bail!(
                "no rules are left to run; check `select` and `ignore` (`dechaff config` shows where they are set)"
            );
        }
        Ok(ResolvedSettings {
            layers,
            registry,
            settings,
            linter,
            ignore_list,
            without: Mutex::default(),
        })
    }
}

impl ResolvedSettings {
    /// Returns a value with the layer that sets it, the one with the highest priority.
    pub fn value<T>(&self, of: impl Fn(&Options) -> Option<&Spanned<T>>) -> Option<(&T, &Layer)> {
        self.layers
            .iter()
            .find_map(|layer| of(&layer.options).map(|value| (value.get_ref(), layer)))
    }

    /// Returns a path, resolved against its layer's directory.
    pub fn path(&self, of: impl Fn(&Options) -> Option<&Spanned<String>>) -> Option<PathBuf> {
        self.value(of).map(|(path, layer)| layer.folder.join(path))
    }

    /// Returns the indexes to compare with, resolved against the directories of their layers.
    pub fn against(&self) -> Vec<PathBuf> {
        let of_layer = |layer: &Layer| {
            let folder = layer.folder.clone();
            let resolve = move |path: Spanned<String>| {
                let path = PathBuf::from(path.into_inner());
                if is_url(&path) { path } else { folder.join(path) }
            };
            layer.options.against.clone().into_iter().map(resolve)
        };
        let mut paths: Vec<PathBuf> = Vec::new();
        for path in self.layers.iter().flat_map(of_layer) {
            if !paths.contains(&path) {
                paths.push(path);
            }
        }
        paths
    }

    /// Returns the columns of a table with the measures of the selected rules, or of all rules if
    /// none of them is selected.
    pub fn measure_columns(&self) -> MeasureColumns {
        let mut rules: Vec<&Rule> = self.settings.rules(&self.registry).collect();
        rules.retain(|rule| takes_measures(rule));
        if rules.is_empty() {
            let all = self.registry.rules().iter().map(|rule| self.settings.effective(rule));
            rules = all.filter(|rule| takes_measures(rule)).collect();
        }
        MeasureColumns::new(rules.into_iter().filter_map(|rule| match &rule.parameters {
            Parameters::Measure(parameters) => Some((Arc::clone(&rule.info), parameters)),
            _ => None,
        }))
    }

    /// Whether a rule that measures documents is selected.
    pub fn selects_measures(&self) -> bool {
        self.settings.rules(&self.registry).any(takes_measures)
    }

    /// Whether a selected rule measures documents depending on their language.
    pub fn measures_need_language(&self) -> bool {
        self.settings.rules(&self.registry).any(|rule| match &rule.parameters {
            Parameters::Measure(parameters) => !parameters.languages.is_empty(),
            _ => false,
        })
    }

    /// Returns the linter for a file, without the rules that `per-file-ignores` turn off there.
    /// `path` is absolute.
    pub fn linter_for(&self, path: &Path) -> Linter {
        let codes = self.settings.ignored_in(&self.registry, path);
        if codes.is_empty() {
            return self.linter.clone();
        }
        let mut known = self.without.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .entry(codes)
            .or_insert_with_key(|codes| self.linter.without_rules(codes.clone()))
            .clone()
    }

    /// Returns how corpora are read.
    pub fn read_options(&self) -> ReadOptions {
        let default = ReadOptions::default();
        let text_field = self.value(|options| options.text_field.as_ref());
        let id_field = self.value(|options| options.id_field.as_ref());
        let group_by = self.value(|options| options.group_by.as_ref());
        let language_field = self.value(|options| options.language_field.as_ref());
        let max_record = self.value(|options| options.max_record.as_ref());
        ReadOptions {
            content: None,
            text_field: text_field.map_or(default.text_field, |(field, _)| field.clone()),
            id_field: id_field.map_or(default.id_field, |(field, _)| field.clone()),
            language_fields: language_field.map(|(field, _)| field.clone()).into_iter().collect(),
            group_by: group_by.map(|(group_by, _)| GroupBy::parse(group_by)),
            max_record: max_record
                .and_then(|(size, _)| parse_size(size).ok())
                .unwrap_or(default.max_record),
        }
    }

    /// Returns the fixer configured by `unsafe-fixes` and `max-removed`.
    pub fn fixer(&self) -> Fixer {
        let is_unsafe =
            self.value(|options| options.unsafe_fixes.as_ref()).is_some_and(|(value, _)| *value);
        self.fixer_up_to(if is_unsafe { Applicability::Unsafe } else { Applicability::Safe })
    }

    /// Returns the fixer configured by `max-removed`, with fixes up to `max_applicability`.
    pub fn fixer_up_to(&self, max_applicability: Applicability) -> Fixer {
        let max_removed = self.value(|options| options.max_removed.as_ref());
        Fixer::new(max_applicability, max_removed.map_or(DEFAULT_MAX_REMOVED, |(share, _)| *share))
    }

    /// Returns the thresholds for verdicts on documents.
    pub fn verdict_thresholds(&self) -> VerdictThresholds {
        let default = VerdictThresholds::default();
        let min_words = self.value(|options| options.documents.min_words.as_ref());
        let drop_share = self.value(|options| options.documents.drop_share.as_ref());
        let review_share = self.value(|options| options.documents.review_share.as_ref());
        let max_removed = self.value(|options| options.max_removed.as_ref());
        VerdictThresholds {
            min_words: min_words.map_or(default.min_words, |(words, _)| *words),
            drop_share: drop_share.map_or(default.drop_share, |(share, _)| *share),
            review_share: review_share.map_or(default.review_share, |(share, _)| *share),
            max_removed: max_removed.map_or(default.max_removed, |(share, _)| *share),
        }
    }
}

/// Reads the files with the rules that `layers` add, lowest priority first.
fn read_rules(here: &Path, layers: &[Layer]) -> anyhow::Result<Vec<Arc<UserFile>>> {
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
                return Err(layer
                    .error("no rule files (*.toml) in this directory", pack.span())
                    .into());
            }
            for file in found {
                files.push(read_user_file(&file, &display_path(here, &file)).map_err(unreadable)?);
            }
        }
    }
    Ok(files)
}

/// Reads the ignore list of the layer with the highest priority that has one.
fn read_ignore_list(layers: &[Layer]) -> anyhow::Result<Option<Arc<UserFile>>> {
    let named = layers
        .iter()
        .find_map(|layer| layer.options.ignore_list.as_ref().map(|name| (layer, name)));
    let Some((layer, name)) = named else { return Ok(None) };
    let path = layer.folder.join(name.get_ref());
    if !path.exists() {
        // `--add-ignore` will create it.
        return Ok(None);
    }
    let file = read_suppression_file(&path, name.get_ref()).map_err(|error| {
        layer.error(format!("cannot read the ignore list: {error}"), name.span())
    })?;
    Ok(Some(file))
}

/// Reads the configuration at `path` and those that it extends, highest priority first. The result
/// is empty for a `pyproject.toml` without a section for dechaff.
///
/// `accept` is called with each layer before any file that it refers to is read. Messages show
/// paths relative to `here`.
///
/// # Errors
///
/// Returns the first file that cannot be read or is invalid, or the error of `accept`.
pub fn read_layers(
    here: &Path,
    path: &Path,
    accept: impl Fn(&Layer) -> Result<(), UserFileError>,
) -> anyhow::Result<Vec<Layer>> {
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
            return Err(extends(layer, "circular `extend` of configurations".into()).into());
        }
        let file = match (read_user_file(&path, &display_path(here, &path)), layers.last()) {
            (Ok(file), _) => file,
            (Err(error), Some(layer)) => {
                return Err(extends(
                    layer,
                    format!("cannot read the configuration to extend: {error}"),
                )
                .into());
            }
            (Err(error), None) => {
                return Err(error)
                    .with_context(|| format!("cannot read the configuration {}", path.name()));
            }
        };
        let folder = path.parent().unwrap_or(&path).to_owned();
        let layer = match path.file_name().is_some_and(|name| name == "pyproject.toml") {
            true => Layer::parse_pyproject(&file, folder.clone())?,
            false => Some(Layer::parse(&file, folder.clone())?),
        };
        if let Some(layer) = layer {
            accept(&layer)?;
            next = layer.options.extend.as_ref().map(|name| folder.join(name.get_ref()));
            layers.push(layer);
        }
    }
    Ok(layers)
}

/// Returns `path` for display: relative to `here` if it is below it.
pub fn display_path(here: &Path, path: &Path) -> String {
    path.strip_prefix(here).unwrap_or(path).name()
}

fn takes_measures(rule: &Rule) -> bool {
    matches!(rule.parameters, Parameters::Measure(_))
}
