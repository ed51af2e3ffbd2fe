//! `dechaff config`: the settings in effect, and where each is set.

use std::fmt::Write as _;

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use toml::de::{DeTable, DeValue};

use super::Exit;
use super::arguments::ShowArguments;
use super::choices::ColorWhen;
use super::output::Output;
use super::settings_resolver::{ResolvedSettings, SettingsResolver};
use crate::config::{Layer, Options};
use crate::report::count;
use crate::rule::Rule;
use crate::text::PathName;

/// Default values.
const DEFAULTS: &[(&str, &str)] = &[
    ("include", "texts and shards, by their extensions"),
    ("unsafe-fixes", "false"),
    ("max-removed", "0.5"),
    ("documents.min-words", "1"),
    ("documents.drop-share", "0.9"),
    ("documents.review-share", "0.3"),
    ("memory", "a quarter of free memory"),
    ("text-field", "\"text\""),
    ("id-field", "\"id\""),
    ("max-record", "\"64MB\""),
    ("fail-on", "\"info\""),
    ("max-findings", "0"),
];

/// Keys whose lists are merged over all layers.
const ADDITIVE_KEYS: &[&str] = &[
    "rules",
    "extend-select",
    "ignore",
    "per-file-ignores",
    "exclude",
    "extend-safe-fixes",
    "extend-unsafe-fixes",
];

pub(super) fn run(arguments: &ShowArguments) -> anyhow::Result<Exit> {
    let text = if arguments.schema {
        schema()?
    } else {
        let resolver = SettingsResolver::new(&arguments.settings, &toml::Table::new(), false)?;
        if !arguments.path.exists() {
            anyhow::bail!("{}: no such file or directory", arguments.path.name());
        }
        let settings = resolver.settings(&arguments.path)?;
        show(
            &settings,
            &settings.settings.ignored_in(&settings.registry, &resolver.absolute(&arguments.path)),
        )?
    };
    Output::new(ColorWhen::Auto).write(&text)?;
    Ok(Exit::Success)
}

/// Returns the JSON Schema of configuration files.
fn schema() -> anyhow::Result<String> {
    let settings = SchemaSettings::default().with_transform(RecursiveTransform(join_lines));
    let schema = settings.into_generator().into_root_schema_for::<Options>();
    Ok(serde_json::to_string_pretty(&schema)? + "\n")
}

/// Joins the lines of a description, which breaks where the doc comment does.
fn join_lines(schema: &mut schemars::Schema) {
    if let Some(serde_json::Value::String(text)) = schema.get_mut("description") {
        *text = text.replace('\n', " ");
    }
}

/// A setting and the place that sets it.
struct SettingOrigin {
    key: String,
    value: String,
    place: String,
}

/// Formats the settings of a file. `ignored` has the codes of rules that do not run in it.
fn show(settings: &ResolvedSettings, ignored: &[String]) -> anyhow::Result<String> {
    let mut lines: Vec<SettingOrigin> = Vec::new();
    let mut has_selected = false;
    for layer in &settings.layers {
        for setting in settings_of(layer) {
            let head = setting.key.split('.').next().unwrap_or_default();
            let is_overridden =
                has_selected && matches!(head, "select" | "extend-select" | "ignore");
            let is_set = lines.iter().any(|line| line.key == setting.key);
            if !is_overridden && (ADDITIVE_KEYS.contains(&head) || !is_set) {
                lines.push(setting);
            }
        }
        has_selected |= layer.options.select.is_some();
    }
    for (key, value) in DEFAULTS {
        if !lines.iter().any(|line| line.key == *key) {
            lines.push(SettingOrigin {
                key: (*key).into(),
                value: (*value).into(),
                place: "default".into(),
            });
        }
    }
    let width =
        lines.iter().map(|line| line.key.len() + line.value.chars().count() + 3).max().unwrap_or(0);
    let mut text = String::new();
    for SettingOrigin { key, value, place } in lines {
        let setting = format!("{key} = {value}");
        let _ = writeln!(text, "{setting:width$}  # {place}");
    }
    let runs =
        |rule: &&Rule| settings.settings.is_selected(rule) && !ignored.contains(&rule.info.code);
    let all = settings.registry.rules();
    let _ =
        write!(text, "\n{} of {} run:", count(all.iter().filter(runs).count(), "rule"), all.len());
    let family = |rule: &Rule| {
        rule.info.code.trim_end_matches(|digit: char| digit.is_ascii_digit()).to_owned()
    };
    for rules in all.chunk_by(|left, right| family(left) == family(right)) {
        let (run, rest): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(runs);
        let codes = |rules: &[&Rule]| {
            rules.iter().map(|rule| rule.info.code.as_str()).collect::<Vec<_>>().join(" ")
        };
        let codes = match (run.len(), rest.len()) {
            (_, 0) => "all".to_owned(),
            (0, _) => "none".to_owned(),
            (run, others) if run > others => format!("all but {}", codes(&rest)),
            _ => codes(&run),
        };
        let name = rules.first().map(&family).unwrap_or_default();
        let _ = write!(text, "\n  {name}: {codes}");
    }
    text.push('\n');
    Ok(text)
}

/// Returns the settings of a layer, in the order of the file.
fn settings_of(layer: &Layer) -> Vec<SettingOrigin> {
    let mut all = Vec::new();
    if let Ok(table) = DeTable::parse(&layer.file.text) {
        let mut path: Vec<String> = Vec::new();
        flatten(layer, table.get_ref(), &mut path, &mut all);
    }
    all.sort_by_key(|(start, _)| *start);
    all.into_iter().map(|(_, setting)| setting).collect()
}

fn flatten(
    layer: &Layer,
    table: &DeTable<'_>,
    path: &mut Vec<String>,
    all: &mut Vec<(usize, SettingOrigin)>,
) {
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let is_bare = name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || "-_".contains(character));
        path.push(if is_bare { name.to_owned() } else { format!("\"{name}\"") });
        match value.get_ref() {
            DeValue::Table(inner) => flatten(layer, inner, path, all),
            _ => {
                // Only dechaff's section of a `pyproject.toml` counts.
                let own = path.strip_prefix(&["tool".to_owned(), "dechaff".to_owned()]);
                let is_project = layer.file.path.ends_with("pyproject.toml");
                let own = if is_project { own } else { Some(path.as_slice()) };
                if let Some(own) = own {
                    let line = layer.file.position(key.span().start).map_or(0, |(line, _)| line);
                    let is_file = layer.file.path.ends_with(".toml");
                    let place = if is_file {
                        format!("{}:{line}", layer.file.path)
                    } else {
                        layer.file.path.clone()
                    };
                    let value = layer.file.text.get(value.span()).unwrap_or_default();
                    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
                    all.push((
                        key.span().start,
                        SettingOrigin { key: own.join("."), value, place },
                    ));
                }
            }
        }
        path.pop();
    }
}
