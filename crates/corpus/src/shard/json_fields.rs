//! Finds fields in a line of JSON as raw bytes, without parsing the rest.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Finds the fields `names` in a line that is a JSON object. A missing field is `None`, and so is
/// one without a name.
///
/// A name with dots is the name of a field, or a path into nested objects. If a key is repeated,
/// the last value wins.
///
/// # Errors
///
/// The line is not a JSON object.
pub(super) fn find_fields<'l, const N: usize>(
    line: &'l str,
    names: [Option<&str>; N],
) -> Result<[Option<&'l RawValue>; N], serde_json::Error> {
    let mut values = [None; N];
    let mut parser = serde_json::Deserializer::from_str(line);
    parser.deserialize_map(FieldFinder { names, values: &mut values })?;
    parser.end()?;
    Ok(values)
}

/// Visits one object. A name is `None` if the object is nested and not on the path of that field.
struct FieldFinder<'n, 'v, 'l, const N: usize> {
    names: [Option<&'n str>; N],
    values: &'v mut [Option<&'l RawValue>; N],
}

impl<'l, const N: usize> Visitor<'l> for FieldFinder<'_, '_, 'l, N> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'l>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let is_match = self.names.map(|name| name == Some(&*key));
            let nested = self.names.map(|name| name?.strip_prefix(&*key)?.strip_prefix('.'));
            if !is_match.contains(&true) && nested.iter().all(Option::is_none) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &'l RawValue = map.next_value()?;
            if value.get().starts_with('{') && nested.iter().any(Option::is_some) {
                // The value has been parsed once, so it is valid JSON.
                let mut parser = serde_json::Deserializer::from_str(value.get());
                let _ = parser
                    .deserialize_map(FieldFinder { names: nested, values: &mut *self.values });
            }
            for (slot, _) in self.values.iter_mut().zip(is_match).filter(|(_, is_match)| *is_match)
            {
                *slot = Some(value);
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Key<'l>(#[serde(borrow)] Cow<'l, str>);

/// Separates the list of existing fields in a message about a missing field. Messages that only
/// differ after it have the same cause.
pub const FIELD_LIST_PREFIX: &str = " among ";

/// Lists the existing fields for the message about a missing one, and the option that selects one.
pub(super) fn field_list(names: &[String]) -> String {
    const MAX_NAMES: usize = 12;
    if names.is_empty() {
        return String::new();
    }
    let mut list =
        names.iter().take(MAX_NAMES).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > MAX_NAMES {
        list.push_str(&format!(" and {} more", names.len() - MAX_NAMES));
    }
    format!("{FIELD_LIST_PREFIX}{list}; give --text-field")
}

/// Returns the names of the fields in a line that is a JSON object. Fields of nested objects are
/// listed as paths with dots, one level deep.
pub(super) fn field_names(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(Value::Object(fields)) = serde_json::from_str(line) {
        for (name, value) in fields {
            match value {
                Value::Object(inner) => {
                    names.extend(inner.keys().map(|nested| format!("{name}.{nested}")))
                }
                _ => names.push(name),
            }
        }
    }
    names
}

/// Returns the range of `value` in `line`, of which it is a slice.
pub(super) fn range_in(line: &str, value: &RawValue) -> Range<usize> {
    let start = (value.get().as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    start..start + value.get().len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(line: &str, name: &str) -> Option<String> {
        find_fields(line, [Some(name)]).unwrap()[0].map(|value| value.get().to_owned())
    }

    #[test]
    fn fields_are_found_at_any_position_and_depth() {
        assert_eq!(find(r#"{"id": 1.50, "text" : "a"}"#, "text").unwrap(), "\"a\"");
        assert_eq!(find(r#"{"text": "a", "text": "b"}"#, "text").unwrap(), "\"b\"");
        assert_eq!(find(r#"{"te\u0078t": "a"}"#, "text").unwrap(), "\"a\"");
        assert_eq!(find(r#"{"doc": {"text": "a"}, "text": "b"}"#, "doc.text").unwrap(), "\"a\"");
        assert_eq!(find(r#"{"doc.text": "a"}"#, "doc.text").unwrap(), "\"a\"");
        assert_eq!(find(r#"{"doc": 1, "docs": {"text": "a"}}"#, "doc.text"), None);
        assert!(find_fields(r#"{"text": "a"} {}"#, [Some("text")]).is_err());
        assert!(find_fields(r#"["text"]"#, [Some("text")]).is_err());
        let deep =
            format!("{{\"a\": {}{}, \"text\": \"b\"}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(find(&deep, "text").unwrap(), "\"b\"");
    }
}
