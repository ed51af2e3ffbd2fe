//! Writes Arrow files and streams, and columns of texts.

use std::io::{self, BufRead, BufWriter, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    ArrayRef, BooleanArray, LargeStringArray, RecordBatch, RecordBatchOptions, StringArray,
    StringViewArray, StructArray,
};
use arrow_ipc::writer::{DictionaryHandling, FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, DataType, SchemaRef};

use super::arrow_batches::ArrowBatches;
use crate::codec::Encoder;

/// The new file or stream.
pub(super) enum ArrowOutput {
    File(FileWriter<BufWriter<Encoder>>),
    Stream(StreamWriter<BufWriter<Encoder>>),
}

impl ArrowOutput {
    /// Starts a new version of `source`, whose first batch has been read.
    pub(super) fn new(source: &ArrowBatches<impl BufRead>, encoder: Encoder) -> io::Result<Self> {
        let schema: &SchemaRef = &source.schema;
        let writer = BufWriter::new(encoder);
        let output = || {
            // All batches get the compression of the first.
            let options = IpcWriteOptions::default().try_with_compression(source.compression)?;
            // In a file, a dictionary can grow but not be replaced.
            let growing = options.clone().with_dictionary_handling(DictionaryHandling::Delta);
            Ok::<_, ArrowError>(match source.is_file {
                true => Self::File(FileWriter::try_new_with_options(writer, schema, growing)?),
                false => Self::Stream(StreamWriter::try_new_with_options(writer, schema, options)?),
            })
        };
        output().map_err(io::Error::other)
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let written = match self {
            Self::File(writer) => writer.write(batch),
            Self::Stream(writer) => writer.write(batch),
        };
        written.map_err(io::Error::other)
    }

    pub(super) fn finish(self) -> io::Result<()> {
        let writer = match self {
            Self::File(writer) => writer.into_inner(),
            Self::Stream(writer) => writer.into_inner(),
        };
        let mut writer = writer.map_err(io::Error::other)?;
        writer.flush()?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.finish().map(|_| ())
    }
}

/// Creates the new version of a column.
type NewColumn<'a> = &'a mut dyn FnMut(&ArrayRef) -> io::Result<ArrayRef>;

/// Replaces the column at `path`, and drops the rows that are not in `keep`.
pub(super) fn replace_column(
    batch: RecordBatch,
    path: &[usize],
    keep: Vec<bool>,
    new_column: NewColumn<'_>,
) -> io::Result<RecordBatch> {
    let (schema, mut columns, length) = batch.into_parts();
    if let Some((first, rest)) = path.split_first()
        && let Some(column) = columns.get_mut(*first)
    {
        *column = with_column(column, rest, new_column)?;
    }
    let options = RecordBatchOptions::new().with_row_count(Some(length));
    let batch = RecordBatch::try_new_with_options(schema, columns, &options);
    let keep = BooleanArray::from(keep);
    batch
        .and_then(|batch| arrow_select::filter::filter_record_batch(&batch, &keep))
        .map_err(io::Error::other)
}

/// Returns a column in which the one that is nested at `path` is replaced.
fn with_column(
    column: &ArrayRef,
    path: &[usize],
    new_column: NewColumn<'_>,
) -> io::Result<ArrayRef> {
    let Some((first, rest)) = path.split_first() else { return new_column(column) };
    let (fields, mut columns, nulls) = column.as_struct().clone().into_parts();
    if let Some(column) = columns.get_mut(*first) {
        *column = with_column(column, rest, new_column)?;
    }
    let column = StructArray::try_new(fields, columns, nulls).map_err(io::Error::other)?;
    Ok(Arc::new(column))
}

/// Creates an array of strings of a type.
///
/// # Errors
///
/// dechaff cannot write strings of this type, or the array cannot hold that many bytes.
pub(super) fn text_array(data_type: &DataType, texts: &[Option<&str>]) -> io::Result<ArrayRef> {
    Ok(match data_type {
        DataType::Utf8 => {
            let bytes: usize = texts.iter().flatten().map(|text| text.len()).sum();
            if i32::try_from(bytes).is_err() {
                return Err(io::Error::other("the texts of a batch have more than 2 GiB"));
            }
            Arc::new(texts.iter().collect::<StringArray>())
        }
        DataType::LargeUtf8 => Arc::new(texts.iter().collect::<LargeStringArray>()),
        DataType::Utf8View => Arc::new(texts.iter().collect::<StringViewArray>()),
        other => {
            return Err(io::Error::other(format!(
                "texts in {other} are read and not written; write the column as strings"
            )));
        }
    })
}
