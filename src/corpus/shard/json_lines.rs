//! Reads JSON Lines shards.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::json_fields::{field_list, field_names, find_fields};
use super::json_record::parse_line;
use super::record::RecordBody;
use super::{ReadOptions, Shard, counted_decoder, json_layout};
use crate::corpus::line_reader::{ByteLine, LineReader};
use crate::corpus::read::ReadError;

/// The lines of a shard.
pub(super) struct JsonLinesReader(LineReader<Box<dyn BufRead + Send>>);

impl JsonLinesReader {
    /// Starts to read the lines of `file`.
    ///
    /// # Errors
    ///
    /// The file cannot be read or is not JSON Lines, or it was not passed explicitly and has no
    /// text field.
    pub(super) fn open(
        file: File,
        shard: &Shard,
        is_explicit: bool,
        count: Arc<AtomicU64>,
    ) -> Result<Self, ReadError> {
        let io = |error| ReadError::Io { path: shard.name.clone(), error };
        if let Some(reason) = json_layout::problem(shard).map_err(io)? {
            return Err(ReadError::UnreadableRecords {
                place: shard.name.clone(),
                records: 1,
                reason,
            });
        }
        if !is_explicit && let Some(names) = foreign_fields(shard).map_err(io)? {
            let text_field = &shard.read_options.text_field;
            let reason = format!("its records have no field `{text_field}`{}", field_list(&names));
            return Err(ReadError::NotACorpus { path: shard.name.clone(), reason });
        }
        let reader = counted_decoder(file, shard, count).map_err(io)?;
        Ok(Self(LineReader::new(reader, shard.read_options.max_record)))
    }
}

impl Iterator for JsonLinesReader {
    type Item = io::Result<RecordBody>;

    fn next(&mut self) -> Option<io::Result<RecordBody>> {
        let offset = self.0.offset;
        let line = self.0.next().transpose()?;
        Some(line.map(|line| match line {
            ByteLine::Complete(bytes) => RecordBody::Line(bytes, offset),
            ByteLine::TooLong => RecordBody::TooLarge,
        }))
    }
}

/// Returns the fields of the first record if none of the first lines has a text field. A directory
/// may contain other JSON Lines files, such as an undo log.
fn foreign_fields(shard: &Shard) -> io::Result<Option<Vec<String>>> {
    const MAX_LINES: usize = 20;
    const MAX_LINE_BYTES: usize = 1 << 20;
    let decoder = shard.format.codec.decoder(File::open(&shard.path)?)?;
    // The limit also ends a line that would never end.
    let mut lines =
        LineReader::new(decoder.take((MAX_LINES * MAX_LINE_BYTES) as u64), MAX_LINE_BYTES);
    let mut first = None;
    for _ in 0..MAX_LINES {
        // Errors are reported when the record is read.
        let Ok(Some(ByteLine::Complete(line))) = lines.next() else { break };
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_prefix('\u{FEFF}').unwrap_or(&line);
        if let Ok([text]) = find_fields(line, [&shard.read_options.text_field]) {
            if text.is_some() {
                return Ok(None);
            }
            first.get_or_insert_with(|| field_names(line));
        }
    }
    Ok(first)
}

/// Reads the text of the record on the line at `range` of an uncompressed file.
///
/// # Errors
///
/// The file cannot be read.
pub(in crate::corpus) fn text_at(
    file: &mut File,
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
