//! Rewrites Arrow files and streams. Batches are read again from the original, and written with a
//! new text column if texts in them changed.

use std::fs::File;
use std::io::{self, BufRead, BufWriter, Write};
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BooleanArray, LargeStringArray, RecordBatch, StringArray, StringViewArray,
    StructArray,
};
use arrow_ipc::writer::{FileWriter, IpcWriteOptions, StreamWriter};
use arrow_schema::{ArrowError, DataType, SchemaRef};

use super::arrow_batches::{ArrowBatches, catch_panic};
use super::arrow_rows::{ArrowColumns, ColumnPath};
use super::input_format::RecordWriter;
use super::record::{RecordBody, RecordHandle};
use super::{RecordAction, Shard};
use crate::corpus::codec::Encoder;

/// Starts to write a new version of `shard` into `file`.
pub(super) fn rewrite(shard: &Shard, file: File) -> io::Result<Box<dyn RecordWriter>> {
    let codec = shard.format.codec;
    let mut source = ArrowBatches::open(codec.decoder(File::open(&shard.path)?)?)?;
    let columns = ArrowColumns::find(source.schema.fields(), &shard.read_options);
    let text = columns.map_err(io::Error::other)?.text;
    let batch = source.next()?;
    // The compression of the first batch is that of all.
    let output = ArrowOutput::new(&source, codec.encoder(file)?)?;
    Ok(Box::new(ArrowRewriter { source, batch, output, text, rows: BatchRows::default() }))
}

struct ArrowRewriter {
    source: ArrowBatches<Box<dyn BufRead + Send>>,
    /// The batch whose rows are being written.
    batch: Option<RecordBatch>,
    output: ArrowOutput,
    text: ColumnPath,
    rows: BatchRows,
}

/// The rows of a batch so far.
#[derive(Default)]
struct BatchRows {
    texts: Vec<Option<String>>,
    keep: Vec<bool>,
    is_changed: bool,
}

impl RecordWriter for ArrowRewriter {
    fn write(&mut self, handle: &RecordHandle, action: RecordAction<'_>) -> io::Result<()> {
        let RecordBody::Value(value, ..) = &handle.body else { return Ok(()) };
        self.write_full_batches()?;
        self.rows.is_changed |= !matches!(action, RecordAction::Keep);
        self.rows.keep.push(!matches!(action, RecordAction::Drop));
        self.rows.texts.push(match action {
            RecordAction::Edit(text, _) | RecordAction::Replace(text) => Some(text.to_owned()),
            RecordAction::Keep | RecordAction::Drop => {
                value.as_ref().map(|value| String::from_utf8_lossy(value.data()).into_owned())
            }
        });
        Ok(())
    }

    fn finish(mut self: Box<Self>, _: &Arc<Shard>, _: File) -> io::Result<()> {
        self.write_full_batches()?;
        if self.batch.is_some() || !self.rows.keep.is_empty() {
            return Err(io::Error::other("the file has changed since it was opened"));
        }
        self.output.finish()
    }
}

impl ArrowRewriter {
    /// Writes the batch if all of its rows are known, and empty ones after it.
    fn write_full_batches(&mut self) -> io::Result<()> {
        while let Some(batch) = self.batch.take_if(|batch| batch.num_rows() == self.rows.keep.len())
        {
            let rows = std::mem::take(&mut self.rows);
            let batch = catch_panic(|| new_batch(batch, &self.text, rows))?;
            self.output.write(&batch)?;
            self.batch = self.source.next()?;
        }
        Ok(())
    }
}

fn new_batch(batch: RecordBatch, text: &[usize], rows: BatchRows) -> io::Result<RecordBatch> {
    if !rows.is_changed {
        return Ok(batch);
    }
    let (schema, mut columns, length) = batch.into_parts();
    if let Some((first, rest)) = text.split_first()
        && let Some(column) = columns.get_mut(*first)
    {
        *column = with_texts(column, rest, rows.texts)?;
    }
    let options = arrow_array::RecordBatchOptions::new().with_row_count(Some(length));
    let batch = RecordBatch::try_new_with_options(schema, columns, &options);
    let keep = BooleanArray::from(rows.keep);
    batch
        .and_then(|batch| arrow_select::filter::filter_record_batch(&batch, &keep))
        .map_err(io::Error::other)
}

/// Returns a column with new texts in the column that is nested in it at `path`.
fn with_texts(
    column: &ArrayRef,
    path: &[usize],
    texts: Vec<Option<String>>,
) -> io::Result<ArrayRef> {
    if let Some((first, rest)) = path.split_first() {
        let (fields, mut columns, nulls) = column.as_struct().clone().into_parts();
        if let Some(column) = columns.get_mut(*first) {
            *column = with_texts(column, rest, texts)?;
        }
        let column = StructArray::try_new(fields, columns, nulls).map_err(io::Error::other)?;
        return Ok(Arc::new(column));
    }
    Ok(match column.data_type() {
        DataType::Utf8 => {
            let bytes: usize = texts.iter().flatten().map(String::len).sum();
            if i32::try_from(bytes).is_err() {
                return Err(io::Error::other("the texts of a batch have more than 2 GiB"));
            }
            Arc::new(StringArray::from_iter(texts))
        }
        DataType::LargeUtf8 => Arc::new(LargeStringArray::from_iter(texts)),
        DataType::Utf8View => Arc::new(StringViewArray::from_iter(texts)),
        _ => {
            return Err(io::Error::other(
                "texts in a dictionary are read and not written; write the column as strings",
            ));
        }
    })
}

/// The new file or stream.
enum ArrowOutput {
    File(FileWriter<BufWriter<Encoder>>),
    Stream(StreamWriter<BufWriter<Encoder>>),
}

impl ArrowOutput {
    fn new(source: &ArrowBatches<impl BufRead>, encoder: Encoder) -> io::Result<Self> {
        let schema: &SchemaRef = &source.schema;
        let writer = BufWriter::new(encoder);
        let output = || {
            let options = IpcWriteOptions::default().try_with_compression(source.compression)?;
            Ok::<_, ArrowError>(match source.is_file {
                true => Self::File(FileWriter::try_new_with_options(writer, schema, options)?),
                false => Self::Stream(StreamWriter::try_new_with_options(writer, schema, options)?),
            })
        };
        output().map_err(io::Error::other)
    }

    fn write(&mut self, batch: &RecordBatch) -> io::Result<()> {
        let written = match self {
            Self::File(writer) => writer.write(batch),
            Self::Stream(writer) => writer.write(batch),
        };
        written.map_err(io::Error::other)
    }

    fn finish(self) -> io::Result<()> {
        let writer = match self {
            Self::File(writer) => writer.into_inner(),
            Self::Stream(writer) => writer.into_inner(),
        };
        let mut writer = writer.map_err(io::Error::other)?;
        writer.flush()?;
        writer.into_inner().map_err(io::IntoInnerError::into_error)?.finish().map(|_| ())
    }
}
