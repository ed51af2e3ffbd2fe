//! Arrow IPC, also known as Feather version 2: a table in record batches, with a document per row.

use super::input_format::InputFormat;

/// A table in record batches.
pub(super) static ARROW: InputFormat = InputFormat {
    name: "arrow",
    summary: "Arrow IPC or Feather, each row a document",
    extensions: &["arrow", "arrows", "feather", "ipc"],
    weak_extensions: &[],
    is_start,
    has_records: true,
    has_lines: false,
    #[cfg(feature = "arrow")]
    read: super::arrow_rows::read,
    #[cfg(feature = "arrow")]
    rewrite: Some(super::arrow_writer::rewrite),
    #[cfg(not(feature = "arrow"))]
    read,
    #[cfg(not(feature = "arrow"))]
    rewrite: None,
};

/// Whether a file starts like an Arrow file, or like a stream: with a marker and the length of the
/// schema.
fn is_start(start: &[u8]) -> bool {
    start.starts_with(b"ARROW1\0\0")
        || matches!(start, [0xFF, 0xFF, 0xFF, 0xFF, _, _, _, 0, 0x10, 0, 0, 0, ..])
}

#[cfg(not(feature = "arrow"))]
fn read(
    file: super::input_format::ShardFile,
) -> Result<super::input_format::ShardItems, crate::read::ReadError> {
    use crate::read::ReadError;
    use dechaff_text::NotText;
    const REASON: &str = "Arrow data, which this build does not read; build dechaff with \
                          `--features arrow`, or convert it to Parquet";
    Err(match file.is_explicit {
        true => file.unreadable(REASON.into()),
        false => ReadError::NotText {
            path: file.shard.name.clone(),
            reason: NotText::KnownFormat(REASON),
        },
    })
}
