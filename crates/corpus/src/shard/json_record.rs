//! Parses a line of JSON Lines: the ID and the text of a record.

use serde_json::value::RawValue;

use super::ReadOptions;
use super::json_fields::{field_list, field_names, find_fields, range_in};
use super::json_string::decode;
use super::labels::RecordLabels;
use super::line_syntax::{RecordFields, TextField};

/// Parses a line.
pub(super) fn parse_line(line: &str, read_options: &ReadOptions) -> RecordFields {
    let name = read_options.text_field.as_str();
    let (text_field, id_field) = (Some(name), Some(read_options.id_field.as_str()));
    // With fewer names, the search is faster.
    let found = match read_options.label_fields() {
        [None, None, None] => find_fields(line, [text_field, id_field])
            .map(|[value, id]| [value, id, None, None, None]),
        [group, None, None] => find_fields(line, [text_field, id_field, group])
            .map(|[value, id, group]| [value, id, group, None, None]),
        [group, language, other] => {
            find_fields(line, [text_field, id_field, group, language, other])
        }
    };
    let [value, id, labels @ ..] = match found {
        Ok(fields) => fields,
        Err(error) => {
            return RecordFields {
                id: None,
                labels: RecordLabels::default(),
                text: Err(format!("malformed JSON: {error}")),
            };
        }
    };
    // Objects, lists and null are neither IDs nor labels.
    let scalar = |value: Option<&RawValue>| {
        value
            .map(RawValue::get)
            .filter(|value| !value.starts_with(['{', '[', 'n']))
            .map(str::to_owned)
    };
    let text = match value {
        None => Err(format!("no field `{name}`{}", field_list(&field_names(line)))),
        Some(value) => match decode(value.get()) {
            Some((text, lone_surrogates)) => {
                Ok(TextField { literal: range_in(line, value), text, lone_surrogates })
            }
            None => Err(format!("the field `{name}` is {}, not a string", json_type(value.get()))),
        },
    };
    let labels = labels.map(|label| scalar(label).map(|label| unquoted(&label)));
    RecordFields { id: scalar(id), labels: RecordLabels::new(labels), text }
}

/// Returns a scalar as it is displayed: a JSON string without its quotes.
pub(super) fn unquoted(scalar: &str) -> String {
    decode(scalar).map_or_else(|| scalar.to_owned(), |(scalar, _)| scalar)
}

fn json_type(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(b'"') => "a broken string",
        _ => "a number",
    }
}
