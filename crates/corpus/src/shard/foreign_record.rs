//! Records of formats that dechaff cannot write.

use std::fmt::Debug;

use serde_json::{Map, Value};

use super::ReadOptions;

/// A record of a format that dechaff reads but does not write. Its copy is a line of JSON.
pub(super) trait ForeignRecord: Debug + Send {
    /// Returns the size in bytes.
    fn size(&self) -> usize;

    /// Returns the value of a field other than the text, if the record has it.
    fn field(&self, name: &str) -> Option<String>;

    /// Returns the fields of a copy other than the text and those named in the options.
    fn fields(&self) -> Map<String, Value>;

    /// Extracts the text of the record.
    ///
    /// # Errors
    ///
    /// The text cannot be decoded.
    fn take_text(&mut self, read_options: &ReadOptions) -> Result<Vec<u8>, String>;
}

/// Returns the line of JSON Lines for a record with the given text. Its fields are named as in
/// `read_options`, so that the copy is read like the original.
pub(super) fn json_line(
    record: &dyn ForeignRecord,
    text: &str,
    read_options: &ReadOptions,
) -> String {
    let mut fields = Map::new();
    let id_field = Some(read_options.id_field.as_str());
    let named = [id_field].into_iter().chain(read_options.label_fields());
    for name in named.flatten() {
        if let Some(value) = record.field(name) {
            fields.insert(name.to_owned(), value.into());
        }
    }
    for (name, value) in record.fields() {
        fields.entry(name).or_insert(value);
    }
    fields.insert(read_options.text_field.clone(), text.into());
    let mut line = Value::Object(fields).to_string();
    line.push('\n');
    line
}
