//! Compressed files with a single document: text or Markdown. Uncompressed ones are read by
//! [`fn@crate::read`].

use std::iter;

use super::input_format::{InputFormat, ShardFile, ShardItems};
use super::record::RecordBody;
use super::stream::{StreamRecords, StreamWriter, counted_decoder};
use crate::read::{ReadError, read_document};

/// Text and Markdown.
pub(super) static TEXT: InputFormat = InputFormat {
    name: "text",
    summary: "One document: text or markdown",
    extensions: &["txt", "md", "markdown"],
    weak_extensions: &[],
    is_start: |_| true,
    has_records: false,
    has_lines: false,
    read,
    rewrite: Some(StreamWriter::start),
};

fn read(file: ShardFile) -> Result<ShardItems, ReadError> {
    let shard = file.shard.clone();
    let max = shard.read_options.max_record;
    let reader = counted_decoder(file)?;
    let body = iter::once_with(move || read_document(reader, 0, max))
        .map(|read| read.map(|bytes| bytes.map_or(RecordBody::TooLarge, RecordBody::File)));
    Ok(Box::new(StreamRecords::new(&shard, body)))
}
