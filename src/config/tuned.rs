//! A rule as the configuration wants it: its severity, and parameters of its check.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use toml::{Spanned, Value};
use toml_edit::{DocumentMut, Item, TableLike};

use super::{Layer, selector};
use crate::fault::{Fault, WrittenFile, nearest};
use crate::finding::{RuleInfo, Severity};
use crate::rule::{Registry, Rule};

/// The key that every rule has.
const SEVERITY: &str = "severity";

/// Adds to `tuned`, by code, the rules that `layer` changes.
pub(super) fn tune(registry: &Registry, layer: &Layer, tuned: &mut HashMap<String, Rule>) -> Result<(), Fault> {
    for (name, wanted) in &layer.options.rule {
        let selector = selector(registry, layer, name)?;
        let meant: Vec<&Rule> = registry.rules().iter().filter(|rule| selector.means(&rule.info)).collect();
        let parameter = wanted.iter().find(|(key, _)| key.get_ref() != SEVERITY);
        if let (Some((key, _)), 2..) = (parameter, meant.len()) {
            let message = format!(
                "`{}` means {} rules, whose checks differ; only `severity` can be set for all of them",
                name.get_ref(),
                meant.len()
            );
            let hint = format!("set `{}` under the code of one rule", key.get_ref());
            return Err(layer.fault(message, key.span()).with_hint(Some(hint)));
        }
        for rule in meant {
            let mut rule = tuned.get(&rule.info.code).unwrap_or(rule).clone();
            apply(layer, wanted, &mut rule)?;
            tuned.insert(rule.info.code.clone(), rule);
        }
    }
    Ok(())
}

fn apply(layer: &Layer, wanted: &BTreeMap<Spanned<String>, Spanned<Value>>, rule: &mut Rule) -> Result<(), Fault> {
    let RuleInfo { mut severity, is_custom, .. } = *rule.info;
    for (key, value) in wanted {
        if key.get_ref() == SEVERITY {
            severity = value
                .get_ref()
                .clone()
                .try_into::<Severity>()
                .map_err(|error| layer.fault(error.message(), value.span()))?;
        } else {
            *rule = with_parameter(layer, rule, key, value)?;
        }
    }
    rule.info = Arc::new(RuleInfo { severity, is_custom, ..rule.info.as_ref().clone() });
    Ok(())
}

/// The rule as its file would make it with another value under `key` of its check.
fn with_parameter(layer: &Layer, rule: &Rule, key: &Spanned<String>, value: &Spanned<Value>) -> Result<Rule, Fault> {
    let fault = |message: String| layer.fault(message, key.span());
    let mut file: DocumentMut =
        rule.file.text.parse().map_err(|error| fault(format!("{}: {error}", rule.file.path)))?;
    let item = edited(value.get_ref()).map_err(fault)?;
    let kind = rule.parameters.kind();
    let check = file.get_mut("check").and_then(|check| check.get_mut(kind));
    let Some(check) = check else {
        return Err(fault(format!("{} has no parameters that can be set", rule.info.code)));
    };
    let mut known: Vec<String> = Vec::new();
    for table in tables(check, key.get_ref()) {
        known.extend(table.iter().map(|(key, _)| key.to_owned()));
        table.insert(key.get_ref(), item.clone());
    }
    let written = WrittenFile::new(rule.file.path.as_str(), file.to_string());
    let changed = Rule::parse(&written).and_then(|rule| rule.validate().map(|()| rule));
    changed.map_err(|error| {
        let message = match error.message.strip_prefix("unknown key ") {
            Some(rest) => format!("{} has no parameter {rest}", rule.info.code),
            None => format!("{}: {}", rule.info.code, error.message),
        };
        let is_unknown = error.message.starts_with("unknown key ");
        let near = || nearest(key.get_ref(), known.iter().map(String::as_str)).filter(|_| is_unknown);
        let hint = error.hint.or_else(|| near().map(|known| format!("did you mean `{known}`?")));
        let place = if is_unknown { key.span() } else { value.span() };
        layer.fault(message, place).with_hint(hint)
    })
}

/// The tables that a parameter belongs to: each pattern of a rule, or the one table of its check; where all that the check has
/// is a table of its own, such as `[check.duplicate.near]`, that.
fn tables<'c>(check: &'c mut Item, key: &str) -> Vec<&'c mut dyn TableLike> {
    if check.is_array_of_tables() {
        let patterns = check.as_array_of_tables_mut().into_iter();
        return patterns.flat_map(|tables| tables.iter_mut()).map(|table| table as &mut dyn TableLike).collect();
    }
    let only = check.as_table_like().and_then(|table| match (table.len(), table.iter().next()) {
        (1, Some((name, item))) if name != key && item.is_table_like() => Some(name.to_owned()),
        _ => None,
    });
    let table = match only {
        Some(name) => check.get_mut(&name).and_then(Item::as_table_like_mut),
        None => check.as_table_like_mut(),
    };
    table.into_iter().collect()
}

/// A value as `toml_edit` takes it.
fn edited(value: &Value) -> Result<Item, String> {
    let text = format!("value = {value}");
    let document: DocumentMut = text.parse().map_err(|error| format!("not usable here: {error}"))?;
    document.get("value").cloned().ok_or_else(|| "not usable here".to_owned())
}
