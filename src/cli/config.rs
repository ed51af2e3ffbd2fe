//! `dechaff config`: the settings in force, and where each comes from.

use std::fmt::Write as _;

use toml::de::{DeTable, DeValue};

use super::Exit;
use super::arguments::{ColorWhen, ShowArguments};
use super::output::Output;
use super::workspace::{Profile, Workspace};
use crate::config::{Layer, Options};
use crate::report::count;
use crate::rule::Rule;
use crate::text::PathName;

/// What holds where nothing is said.
const DEFAULTS: &[(&str, &str)] = &[
    ("include", "texts and shards, by their endings"),
    ("unsafe-fixes", "false"),
    ("max-removed", "0.5"),
    ("memory", "a quarter of what is free"),
    ("text-field", "\"text\""),
    ("id-field", "\"id\""),
    ("max-record", "\"64MB\""),
    ("fail-on", "\"info\""),
    ("max-findings", "0"),
];

/// Keys whose lists add up over all layers.
const ADDED: &[&str] =
    &["rules", "extend-select", "ignore", "per-file-ignores", "exclude", "extend-safe-fixes", "extend-unsafe-fixes"];

pub(super) fn run(arguments: &ShowArguments) -> anyhow::Result<Exit> {
    let text = if arguments.schema {
        schema()?
    } else {
        let workspace = Workspace::new(&arguments.settings, &toml::Table::new(), false)?;
        if !arguments.path.exists() {
            anyhow::bail!("{}: no such file or directory", arguments.path.name());
        }
        let profile = workspace.profile(&arguments.path)?;
        show(&profile, &profile.settings.ignored_in(&profile.registry, &workspace.absolute(&arguments.path)))?
    };
    Output::new(ColorWhen::Auto).write(&text)?;
    Ok(Exit::Clean)
}

/// The JSON Schema of configuration files.
fn schema() -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(&schemars::schema_for!(Options))? + "\n")
}

/// One thing that a layer says.
struct Said {
    key: String,
    value: String,
    place: String,
}

/// The settings of a file in which the rules with the codes `ignored` do not run.
fn show(profile: &Profile, ignored: &[String]) -> anyhow::Result<String> {
    let mut lines: Vec<Said> = Vec::new();
    let mut has_selected = false;
    for layer in &profile.layers {
        for said in said(layer) {
            let head = said.key.split('.').next().unwrap_or_default();
            let is_put_aside = has_selected && matches!(head, "select" | "extend-select" | "ignore");
            let is_known = lines.iter().any(|line| line.key == said.key);
            if !is_put_aside && (ADDED.contains(&head) || !is_known) {
                lines.push(said);
            }
        }
        has_selected |= layer.options.select.is_some();
    }
    for (key, value) in DEFAULTS {
        if !lines.iter().any(|line| line.key == *key) {
            lines.push(Said { key: (*key).into(), value: (*value).into(), place: "default".into() });
        }
    }
    let width = lines.iter().map(|line| line.key.len() + line.value.chars().count() + 3).max().unwrap_or(0);
    let mut text = String::new();
    for Said { key, value, place } in lines {
        let setting = format!("{key} = {value}");
        let _ = writeln!(text, "{setting:width$}  # {place}");
    }
    let runs = |rule: &&Rule| profile.settings.is_selected(rule) && !ignored.contains(&rule.info.code);
    let all = profile.registry.rules();
    let _ = write!(text, "\n{} of {} run:", count(all.iter().filter(runs).count(), "rule"), all.len());
    let family = |rule: &Rule| rule.info.code.trim_end_matches(|digit: char| digit.is_ascii_digit()).to_owned();
    for rules in all.chunk_by(|left, right| family(left) == family(right)) {
        let (run, rest): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(runs);
        let codes = |rules: &[&Rule]| rules.iter().map(|rule| rule.info.code.as_str()).collect::<Vec<_>>().join(" ");
        let said = match (run.len(), rest.len()) {
            (_, 0) => "all".to_owned(),
            (0, _) => "none".to_owned(),
            (run, others) if run > others => format!("all but {}", codes(&rest)),
            _ => codes(&run),
        };
        let name = rules.first().map(&family).unwrap_or_default();
        let _ = write!(text, "\n  {name}: {said}");
    }
    text.push('\n');
    Ok(text)
}

/// All that a layer says, each with its place, in the order of the file.
fn said(layer: &Layer) -> Vec<Said> {
    let mut all = Vec::new();
    if let Ok(table) = DeTable::parse(&layer.file.text) {
        let mut path: Vec<String> = Vec::new();
        flatten(layer, table.get_ref(), &mut path, &mut all);
    }
    all.sort_by_key(|(start, _)| *start);
    all.into_iter().map(|(_, said)| said).collect()
}

fn flatten(layer: &Layer, table: &DeTable<'_>, path: &mut Vec<String>, all: &mut Vec<(usize, Said)>) {
    for (key, value) in table {
        let name = key.get_ref().as_ref();
        let is_bare = name.chars().all(|character| character.is_ascii_alphanumeric() || "-_".contains(character));
        path.push(if is_bare { name.to_owned() } else { format!("\"{name}\"") });
        match value.get_ref() {
            DeValue::Table(inner) => flatten(layer, inner, path, all),
            _ => {
                // Of a project's file only the section of this program is meant.
                let own = path.strip_prefix(&["tool".to_owned(), "dechaff".to_owned()]);
                let is_project = layer.file.path.ends_with("pyproject.toml");
                let own = if is_project { own } else { Some(path.as_slice()) };
                if let Some(own) = own {
                    let line = layer.file.position(key.span().start).map_or(0, |(line, _)| line);
                    let is_file = layer.file.path.ends_with(".toml");
                    let place = if is_file { format!("{}:{line}", layer.file.path) } else { layer.file.path.clone() };
                    let value = layer.file.text.get(value.span()).unwrap_or_default();
                    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
                    all.push((key.span().start, Said { key: own.join("."), value, place }));
                }
            }
        }
        path.pop();
    }
}
