//! The parameters of a rule's check with their values, including defaults.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::Rule;
use crate::Parameters;

/// Keys that select the problem to look for. Another value would make it another rule.
const FIXED: &[&str] = &["defect", "fault", "set"];

/// Lists with more entries than this are shortened.
const MAX_ENTRIES: usize = 6;

impl Rule {
    /// Returns the parameters that a configuration can change, by name, with their values in TOML.
    /// If the patterns of a rule differ in a value, all its values are listed.
    pub fn parameter_values(&self) -> Vec<(String, String)> {
        let mut values = Vec::new();
        match serde_json::to_value(&self.parameters) {
            Ok(Value::Object(kind)) => match kind.into_iter().next() {
                Some((_, Value::Array(patterns))) => of_patterns(&patterns, &mut values),
                Some((_, Value::Object(table))) => flatten("", variant(table), &mut values),
                _ => {}
            },
            // Every kind serializes to a table.
            _ => return values,
        }
        values
    }

    /// Counts the rule's phrases under each language key.
    pub fn languages(&self) -> BTreeMap<Arc<str>, usize> {
        let mut languages = BTreeMap::new();
        // The file was parsed when the rule was loaded.
        for phrase in
            self.sources().unwrap_or_default().into_iter().flat_map(|source| source.phrases)
        {
            *languages.entry(phrase.language).or_default() += 1;
        }
        languages
    }

    /// Returns the number of patterns, if the rule is of the kind `pattern`.
    pub fn patterns(&self) -> Option<usize> {
        match &self.parameters {
            Parameters::Pattern(patterns) => Some(patterns.len()),
            _ => None,
        }
    }
}

/// Returns the table of a variant such as `[check.duplicate.near]`, which configurations omit, or
/// otherwise the table itself.
fn variant(table: Map<String, Value>) -> Map<String, Value> {
    match (table.len(), table.values().next()) {
        (1, Some(Value::Object(inner))) => inner.clone(),
        _ => table,
    }
}

fn flatten(prefix: &str, table: Map<String, Value>, values: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let key = format!("{prefix}{key}");
        match value {
            Value::Object(inner) => flatten(&format!("{key}."), inner, values),
            // An empty list belongs to other rules of the same kind.
            Value::Array(entries) if entries.is_empty() => {}
            value if !FIXED.contains(&key.as_str()) => values.push((key, written(&value))),
            _ => {}
        }
    }
}

fn of_patterns(patterns: &[Value], values: &mut Vec<(String, String)>) {
    let Some(Value::Object(first)) = patterns.first() else { return };
    for key in first.keys() {
        let mut all: Vec<String> = Vec::new();
        let mut expressions = 0;
        for value in patterns.iter().filter_map(|pattern| pattern.get(key)) {
            expressions += value.as_array().map_or(0, Vec::len);
            let value = written(value);
            if !all.contains(&value) {
                all.push(value);
            }
        }
        let is_list = first.get(key).is_some_and(Value::is_array);
        let value = if is_list { format!("({expressions} in all)") } else { all.join(" or ") };
        values.push((key.clone(), value));
    }
}

/// Formats a value as TOML. Text in parentheses is not a TOML value.
fn written(value: &Value) -> String {
    match value {
        Value::Null => "(not set)".into(),
        Value::Number(number)
            if number.as_u64().is_some_and(|number| number == usize::MAX as u64) =>
        {
            "(no limit)".into()
        }
        // Single precision keeps 0.85 from becoming 0.8500000238418579.
        #[expect(clippy::cast_possible_truncation, reason = "that is what it is for")]
        Value::Number(number) if number.is_f64() => {
            format!("{:?}", number.as_f64().unwrap_or_default() as f32)
        }
        Value::Array(entries) => {
            let mut shown: Vec<String> = entries.iter().take(MAX_ENTRIES).map(written).collect();
            if entries.len() > MAX_ENTRIES {
                shown.push(format!("… ({} in all)", entries.len()));
            }
            format!("[{}]", shown.join(", "))
        }
        other => other.to_string(),
    }
}
