//! Reads JSON Lines shards.

use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

use super::input_format::{InputFormat, PROBE_BYTES, ShardFile, ShardItems};
use super::json_fields::{field_list, field_names, find_fields};
use super::json_layout;
use super::json_record::parse_line;
use super::json_string::{Insertion, escaped, spellings, splice, unescaped};
use super::line_syntax::{LineSyntax, RecordFields};
use super::record::RecordBody;
use super::stream::{StreamRecords, StreamWriter, counted_decoder};
use super::{ReadOptions, Shard};
use crate::line_reader::{ByteLine, LineReader};
use crate::read::ReadError;
use crate::storage::SourceFile;
use crate::undo_log::Replacement;
use dechaff_text::Span;

/// A JSON object per line, each of them a document.
pub static JSON_LINES: InputFormat = InputFormat {
    name: "jsonl",
    summary: "One JSON object per line, each a document",
    extensions: &["jsonl", "ndjson"],
    // A plain `.json` file in a directory is rarely a corpus.
    weak_extensions: &["json"],
    is_start,
    has_records: true,
    has_lines: true,
    read,
    rewrite: Some(StreamWriter::start),
};

/// Whether the text starts with a line that is a JSON object, or seems to be one that is longer
/// than `start`.
fn is_start(start: &[u8]) -> bool {
    let text = start.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(start).trim_ascii_start();
    match text.iter().position(|byte| *byte == b'\n') {
        Some(end) => is_object(&text[..end]),
        None if (text.len() as u64) < PROBE_BYTES / 2 => is_object(text),
        None => text.starts_with(b"{\""),
    }
}

fn is_object(json: &[u8]) -> bool {
    serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(json).is_ok()
}

/// Starts to read the lines of a file.
///
/// # Errors
///
/// The file cannot be read or is not JSON Lines, or it was not passed explicitly and has no text
/// field.
fn read(file: ShardFile) -> Result<ShardItems, ReadError> {
    let shard = Arc::clone(&file.shard);
    if let Some(reason) = json_layout::problem(&shard).map_err(|error| file.io_error(error))? {
        return Err(file.unreadable(reason));
    }
    if !file.is_explicit
        && let Some(names) = foreign_fields(&shard).map_err(|error| file.io_error(error))?
    {
        let text_field = &shard.read_options.text_field;
        let reason = format!("no record has a field `{text_field}`{}", field_list(&names));
        return Err(file.no_text_field(reason));
    }
    let lines = LineReader::new(counted_decoder(file)?, shard.read_options.max_record);
    let lines = JsonLinesReader { lines, syntax: Arc::new(JsonSyntax) };
    Ok(Box::new(StreamRecords::new(&shard, lines)))
}

/// The lines of a shard.
struct JsonLinesReader {
    lines: LineReader<Box<dyn BufRead + Send>>,
    syntax: Arc<dyn LineSyntax>,
}

impl Iterator for JsonLinesReader {
    type Item = io::Result<RecordBody>;

    fn next(&mut self) -> Option<io::Result<RecordBody>> {
        let offset = self.lines.offset;
        let line = self.lines.next().transpose()?;
        Some(line.map(|line| RecordBody::from_line(line, offset, &self.syntax)))
    }
}

/// Returns the fields of the first record if none of the first lines has a text field. A directory
/// may contain other JSON Lines files, such as an undo log.
fn foreign_fields(shard: &Shard) -> io::Result<Option<Vec<String>>> {
    const MAX_LINES: usize = 20;
    const MAX_LINE_BYTES: usize = 1 << 20;
    let decoder = shard.format.codec.decoder(shard.reopen()?)?;
    // The limit also bounds endless lines.
    let mut lines =
        LineReader::new(decoder.take((MAX_LINES * MAX_LINE_BYTES) as u64), MAX_LINE_BYTES);
    let mut first = None;
    for _ in 0..MAX_LINES {
        // Errors are reported when the record is read.
        let Ok(Some(ByteLine::Complete(line))) = lines.next() else { break };
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_prefix('\u{FEFF}').unwrap_or(&line);
        if let Ok([text]) = find_fields(line, [Some(shard.read_options.text_field.as_str())]) {
            if text.is_some() {
                return Ok(None);
            }
            first.get_or_insert_with(|| field_names(line));
        }
    }
    Ok(first)
}

/// The syntax of JSON Lines.
#[derive(Debug)]
struct JsonSyntax;

impl LineSyntax for JsonSyntax {
    fn parse(&self, line: &str, read_options: &ReadOptions) -> RecordFields {
        parse_line(line, read_options)
    }

    fn is_self_contained(&self) -> bool {
        true
    }

    fn edit(&self, literal: &str, edits: &[(Span, &str)], ascii_only: bool) -> Option<String> {
        let edits = edits.iter().map(|(span, text)| (*span, Insertion::Text(text)));
        splice(literal, edits, ascii_only)
    }

    fn spellings(&self, literal: &str, spans: &[Span]) -> Option<Vec<Option<String>>> {
        spellings(literal, spans.iter().copied())
    }

    fn restore(
        &self,
        literal: &str,
        replacements: &[Replacement],
        ascii_only: bool,
    ) -> Option<String> {
        let mut insertions = Vec::new();
        for Replacement { span, text, raw } in replacements {
            // The log may have been edited: its JSON must be valid, and mean the same text.
            let json = match raw {
                Some(raw) => (unescaped(raw).as_ref() == Some(text)).then(|| raw.clone()),
                None => escaped(text),
            };
            insertions.push((*span, json?));
        }
        let edits = insertions.iter().map(|(span, json)| (*span, Insertion::Json(json)));
        splice(literal, edits, ascii_only)
    }
}

/// Reads the text of the record on the line at `range` of an uncompressed file.
///
/// # Errors
///
/// The file cannot be read.
pub(crate) fn text_at(
    file: &mut SourceFile,
    range: Range<u64>,
    read_options: &ReadOptions,
) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    file.seek(SeekFrom::Start(range.start))?;
    file.take(range.end - range.start).read_to_end(&mut line)?;
    let line = String::from_utf8_lossy(&line);
    let line = line.strip_prefix('\u{FEFF}').unwrap_or(&line);
    Ok(parse_line(line, read_options).text.ok().map(|field| field.text))
}
