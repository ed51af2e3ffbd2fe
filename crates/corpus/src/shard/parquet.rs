//! Parquet: a table with a document per row.

use std::fs::File;
use std::io;

use super::Shard;
use super::input_format::{InputFormat, RecordWriter};
use super::parquet_reader::{ParquetReader, catch_parquet_panic};
use super::parquet_writer::ParquetRewriter;

/// A table with a document per row.
pub(super) static PARQUET: InputFormat = InputFormat {
    name: "parquet",
    summary: "A table, each row a document",
    extensions: &["parquet"],
    weak_extensions: &[],
    is_start: |start| start.starts_with(b"PAR1"),
    has_records: true,
    has_lines: false,
    read: |file| Ok(Box::new(ParquetReader::open(file)?)),
    rewrite: Some(rewrite),
};

fn rewrite(shard: &Shard, file: File) -> io::Result<Box<dyn RecordWriter>> {
    Ok(Box::new(catch_parquet_panic(|| ParquetRewriter::new(shard, file))?))
}
