//! Overrides of a rule's severity and parameters.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use toml::{Spanned, Table, Value};

use super::{Layer, selector};
use dechaff_checks::pattern;
use dechaff_checks::rule::{Registry, Rule};
use dechaff_findings::user_file::{UserFile, UserFileError, nearest};
use dechaff_findings::{RuleInfo, Severity};

/// The key that is available for every rule.
const SEVERITY: &str = "severity";

/// Adds the rules that `layer` overrides to `overrides`, by code.
pub(super) fn apply_rule_overrides(
    registry: &Registry,
    layer: &Layer,
    overrides: &mut HashMap<String, Rule>,
) -> Result<(), UserFileError> {
    for (name, values) in &layer.options.rule {
        let selector = selector(registry, layer, name)?;
        let rules: Vec<&Rule> =
            registry.rules().iter().filter(|rule| selector.means(&rule.info)).collect();
        let parameter = values.iter().find(|(key, _)| key.get_ref() != SEVERITY);
        if let (Some((key, _)), 2..) = (parameter, rules.len()) {
            let message = format!(
                "`{}` matches {} rules with different checks; only `severity` can be set for all of them",
                name.get_ref(),
                rules.len()
            );
            let hint = format!("set `{}` under the code of one rule", key.get_ref());
            return Err(layer.error(message, key.span()).with_hint(Some(hint)));
        }
        for rule in rules {
            let mut rule = overrides.get(&rule.info.code).unwrap_or(rule).clone();
            apply(layer, values, &mut rule)?;
            overrides.insert(rule.info.code.clone(), rule);
        }
    }
    Ok(())
}

fn apply(
    layer: &Layer,
    values: &BTreeMap<Spanned<String>, Spanned<Value>>,
    rule: &mut Rule,
) -> Result<(), UserFileError> {
    let RuleInfo { mut severity, is_custom, .. } = *rule.info;
    for (key, value) in values {
        if key.get_ref() == SEVERITY {
            severity = value
                .get_ref()
                .clone()
                .try_into::<Severity>()
                .map_err(|error| layer.error(error.message(), value.span()))?;
        } else {
            *rule = with_parameter(layer, rule, key, value)?;
        }
    }
    rule.info = Arc::new(RuleInfo { severity, is_custom, ..rule.info.as_ref().clone() });
    Ok(())
}

/// Parses the rule's file again with `value` for the parameter `key`.
fn with_parameter(
    layer: &Layer,
    rule: &Rule,
    key: &Spanned<String>,
    value: &Spanned<Value>,
) -> Result<Rule, UserFileError> {
    let key_error = |message: String| layer.error(message, key.span());
    let mut file: Table = rule
        .file
        .text
        .parse()
        .map_err(|error| key_error(format!("{}: {error}", rule.file.path)))?;
    let kind = rule.parameters.kind();
    let check = match kind {
        pattern::NAME => file.get_mut("find"),
        _ => file.get_mut("check").and_then(|check| check.get_mut(kind)),
    };
    let Some(check) = check else {
        return Err(key_error(format!("{} has no parameters that can be set", rule.info.code)));
    };
    let mut known: Vec<String> = Vec::new();
    for table in tables(check, key.get_ref()) {
        known.extend(table.keys().cloned());
        set(table, key.get_ref(), value.get_ref());
    }
    let file = UserFile::new(rule.file.path.as_str(), file.to_string());
    let changed = Rule::parse(&file).and_then(|rule| rule.validate().map(|()| rule));
    changed.map_err(|error| {
        let message = match error.message.strip_prefix("unknown key ") {
            Some(rest) => format!("{} has no parameter {rest}", rule.info.code),
            None => format!("{}: {}", rule.info.code, error.message),
        };
        let is_unknown = error.message.starts_with("unknown key ");
        let near =
            || nearest(key.get_ref(), known.iter().map(String::as_str)).filter(|_| is_unknown);
        let hint = error.hint.or_else(|| near().map(|known| format!("did you mean `{known}`?")));
        let span = if is_unknown { key.span() } else { value.span() };
        layer.error(message, span).with_hint(hint)
    })
}

/// Sets a value in a table. If the value is itself a table, merges its entries.
fn set(table: &mut Table, key: &str, value: &Value) {
    match (table.get_mut(key), value) {
        (Some(Value::Table(known)), Value::Table(given)) => {
            given.iter().for_each(|(key, value)| set(known, key, value));
        }
        _ => {
            table.insert(key.to_owned(), value.clone());
        }
    }
}

/// Returns the tables that a parameter belongs to: each pattern of a rule, or the one table of its
/// check. If that table only contains another table, such as `[check.duplicate.near]`, returns the
/// inner one.
fn tables<'c>(check: &'c mut Value, key: &str) -> Vec<&'c mut Table> {
    match check {
        Value::Array(patterns) => patterns.iter_mut().filter_map(Value::as_table_mut).collect(),
        Value::Table(table) => match only_table(table, key) {
            Some(name) => table.get_mut(&name).and_then(Value::as_table_mut).into_iter().collect(),
            None => vec![table],
        },
        _ => Vec::new(),
    }
}

/// Returns the name of the only entry of `table` if that entry is a table and not `key` itself.
fn only_table(table: &Table, key: &str) -> Option<String> {
    let mut entries = table.iter();
    match (entries.next(), entries.next()) {
        (Some((name, Value::Table(_))), None) if name != key => Some(name.clone()),
        _ => None,
    }
}
