//! Parses a line of JSON Lines: the ID and the text of a record.

use std::ops::Range;

use super::ReadOptions;
use super::json_fields::{field_list, field_names, find_fields, range_in};
use super::json_string::{LoneSurrogates, decode};

/// The text field of a line.
pub(super) struct TextField {
    /// The range of the string literal in the line, including the quotes.
    pub(super) literal: Range<usize>,
    pub(super) text: String,
    pub(super) lone_surrogates: Option<LoneSurrogates>,
}

/// Parses a line into the record's ID, as JSON, and its text field.
pub(super) fn parse_line(line: &str, read_options: &ReadOptions) -> (Option<String>, Result<TextField, String>) {
    let name = read_options.text_field.as_str();
    let [value, id] = match find_fields(line, [name, &read_options.id_field]) {
        Ok(fields) => fields,
        Err(error) => return (None, Err(format!("malformed JSON: {error}"))),
    };
    // Objects, lists and null are not IDs.
    let id = id.map(|id| id.get()).filter(|id| !id.starts_with(['{', '[', 'n'])).map(str::to_owned);
    let field = match value {
        None => Err(format!("no field `{name}`{}", field_list(&field_names(line)))),
        Some(value) => match decode(value.get()) {
            Some((text, lone_surrogates)) => Ok(TextField { literal: range_in(line, value), text, lone_surrogates }),
            None => Err(format!("the field `{name}` is {}, not a string", json_type(value.get()))),
        },
    };
    (id, field)
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
