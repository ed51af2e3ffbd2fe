//! CSV and TSV: a header row, and a document per row.

use std::fs::File;
use std::io::{self, BufRead};
use std::sync::Arc;

use super::Shard;
use super::csv_rows::CsvRows;
use super::csv_syntax::CsvSyntax;
use super::input_format::{InputFormat, RecordWriter, ShardFile, ShardItems};
use super::json_fields::field_list;
use super::line_syntax::LineSyntax;
use super::record::RecordBody;
use super::stream::{StreamRecords, StreamWriter, counted_decoder};
use crate::line_reader::ByteLine;
use crate::read::ReadError;

/// Rows of fields separated by commas.
pub(super) static CSV: InputFormat = InputFormat {
    name: "csv",
    summary: "Rows of comma-separated fields below a header, each row a document",
    extensions: &["csv"],
    read: |file| read(file, b','),
    rewrite: Some(|shard, file| rewrite(shard, file, b',')),
    ..ROWS
};

/// Rows of fields separated by tabs.
pub(super) static TSV: InputFormat = InputFormat {
    name: "tsv",
    summary: "Rows of tab-separated fields below a header, each row a document",
    extensions: &["tsv"],
    read: |file| read(file, b'\t'),
    rewrite: Some(|shard, file| rewrite(shard, file, b'\t')),
    ..ROWS
};

/// Common properties of CSV and TSV.
const ROWS: InputFormat = InputFormat {
    name: "",
    summary: "",
    extensions: &[],
    weak_extensions: &[],
    // Prose contains commas too.
    is_start: |_| false,
    has_records: true,
    has_lines: true,
    read: |file| read(file, b','),
    rewrite: Some(|shard, file| rewrite(shard, file, b',')),
};

fn read(file: ShardFile, delimiter: u8) -> Result<ShardItems, ReadError> {
    let shard = Arc::clone(&file.shard);
    let is_explicit = file.is_explicit;
    let options = &shard.read_options;
    let missing = |reason: String| shard.no_text_field(reason, is_explicit);
    let mut rows = CsvRows::new(counted_decoder(file)?, delimiter, options.max_record);
    let header = match rows.next() {
        Ok(Some(ByteLine::Complete(header))) => header,
        Ok(Some(ByteLine::TooLong)) => {
            return Err(missing("the header row is larger than --max-record".into()));
        }
        // An empty file has no rows, and a damaged one is reported like any other.
        Ok(None) => return Ok(Box::new(std::iter::empty())),
        Err(error) => return Err(missing(format!("cannot be read: {error}"))),
    };
    let header = String::from_utf8_lossy(&header);
    let syntax = CsvSyntax::new(delimiter, &header, options).map_err(|columns| {
        missing(format!("no column `{}`{}", options.text_field, field_list(&columns)))
    })?;
    let bodies = RowBodies { rows, syntax: Arc::new(syntax) };
    Ok(Box::new(StreamRecords::new(&shard, bodies)))
}

/// The rows below the header.
struct RowBodies {
    rows: CsvRows<Box<dyn BufRead + Send>>,
    syntax: Arc<dyn LineSyntax>,
}

impl Iterator for RowBodies {
    type Item = io::Result<RecordBody>;

    fn next(&mut self) -> Option<io::Result<RecordBody>> {
        let offset = self.rows.offset;
        let row = self.rows.next().transpose()?;
        Some(row.map(|row| RecordBody::from_line(row, offset, &self.syntax)))
    }
}

/// Starts with a copy of the header row.
fn rewrite(shard: &Shard, file: File, delimiter: u8) -> io::Result<Box<dyn RecordWriter>> {
    let reader = shard.format.codec.decoder(shard.reopen()?)?;
    let mut rows = CsvRows::new(reader, delimiter, shard.read_options.max_record);
    match rows.next()? {
        Some(ByteLine::Complete(header)) => StreamWriter::after_head(shard, file, &header),
        Some(ByteLine::TooLong) => Err(io::Error::other("the header row is too large")),
        None => StreamWriter::start(shard, file),
    }
}
