//! Recognizes JSON that is not JSON Lines: an array of records, or pretty-printed objects. It is
//! reported once, with the command that converts it, instead of once per line.

use std::io::{self, BufRead, Read};
use std::path::Path;

use serde::de::IgnoredAny;

use super::Shard;
use super::input_format::PROBE_BYTES;
use crate::codec::Codec;
use dechaff_text::PathName;

/// Returns what is wrong with the layout of the file, or `None` if its first lines may be JSON
/// Lines.
///
/// # Errors
///
/// The file cannot be opened. Decompression errors are left to the record reader.
pub(super) fn problem(shard: &Shard) -> io::Result<Option<String>> {
    let reader = shard.format.codec.decoder(shard.reopen()?)?;
    let start = first_bytes(reader);
    let text = String::from_utf8_lossy(&start);
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    Ok(layout(text).map(|layout| layout.reason(&shard.given, shard.format.codec)))
}

fn first_bytes(reader: impl BufRead) -> Vec<u8> {
    let mut start = Vec::new();
    // The bytes up to an error are enough.
    let _ = reader.take(PROBE_BYTES).read_to_end(&mut start);
    start
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JsonLayout {
    Array,
    /// Objects that span several lines.
    PrettyPrinted,
}

fn layout(text: &str) -> Option<JsonLayout> {
    let text = text.trim_start();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let is_complete = |line: &str| serde_json::from_str::<IgnoredAny>(line).is_ok();
    let next = rest.trim_start();
    match first.as_bytes().first()? {
        // Each line is an array, and is reported as a record that is not an object.
        b'[' if next.starts_with('[') && is_complete(first) => None,
        b'[' => Some(JsonLayout::Array),
        // A truncated record, followed by another.
        b'{' if next.is_empty() || next.starts_with('{') => None,
        b'{' => {
            let error = serde_json::from_str::<IgnoredAny>(first).err()?;
            error.is_eof().then_some(JsonLayout::PrettyPrinted)
        }
        _ => None,
    }
}

impl JsonLayout {
    fn reason(self, path: &Path, codec: Codec) -> String {
        let (what, filter) = match self {
            Self::Array => ("a JSON array, not JSON Lines", "'.[]'"),
            Self::PrettyPrinted => ("pretty-printed JSON, not JSON Lines", "."),
        };
        let unpack = codec.command();
        let name = shell_word(&path.name());
        let stem = path.file_name().unwrap_or_default().to_string_lossy();
        let is_plain = |stem: &&str| !matches!(*stem, "" | "-") && shell_word(stem) == *stem;
        let stem = stem.split('.').next().filter(is_plain).unwrap_or("records");
        let target = if path.extension().is_some_and(|extension| extension == "jsonl") {
            format!("{stem}-lines.jsonl")
        } else {
            format!("{stem}.jsonl")
        };
        let convert = match (unpack, name.as_str()) {
            (None, "-") => format!("jq -c {filter} > {target}"),
            (None, _) => format!("jq -c {filter} {name} > {target}"),
            (Some(unpack), _) => format!("{unpack} {name} | jq -c {filter} > {target}"),
        };
        format!("{what}, which has one object per line; convert it with: {convert}")
    }
}

/// Quotes `name` for a shell if necessary.
fn shell_word(name: &str) -> String {
    let is_plain = |character: char| character.is_alphanumeric() || "._-/+=:@,".contains(character);
    if name.chars().all(is_plain) {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_are_quoted_for_the_shell() {
        assert_eq!(shell_word("a/b-c.json"), "a/b-c.json");
        assert_eq!(shell_word("$(reboot).json"), "'$(reboot).json'");
        assert_eq!(shell_word("it's"), r"'it'\''s'");
    }

    #[test]
    fn json_that_is_not_json_lines_is_recognised() {
        assert_eq!(
            layout("[\n {\"text\": \"a\"},\n {\"text\": \"b\"}\n]"),
            Some(JsonLayout::Array)
        );
        assert_eq!(layout("[{\"text\": \"a\"}, {\"text\": \"b\"}]"), Some(JsonLayout::Array));
        assert_eq!(layout("\n[]"), Some(JsonLayout::Array));
        assert_eq!(layout("[\r\n  [1],\r\n  [2]\r\n]"), Some(JsonLayout::Array));
        assert_eq!(
            layout("{\n  \"text\": \"a\"\n}\n{\n  \"text\": \"b\"\n}"),
            Some(JsonLayout::PrettyPrinted)
        );
        assert_eq!(layout("{ \"id\": 1,\n  \"text\": \"a\" }"), Some(JsonLayout::PrettyPrinted));
        assert_eq!(layout("{\"text\": \"a\"}\n{\"text\": \"b\"}"), None);
        assert_eq!(layout("{\"text\": \"a\n{\"text\": \"b\"}"), None);
        assert_eq!(layout("{\"text\": \"a"), None);
        assert_eq!(layout("[1]\n[2]"), None);
        assert_eq!(layout(""), None);
    }
}
