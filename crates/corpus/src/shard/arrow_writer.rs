//! Rewrites Arrow files and streams. Batches are read again from the original, and get a new text
//! column if their texts changed.

use std::fs::File;
use std::io::{self, BufRead};
use std::sync::Arc;

use arrow_array::RecordBatch;

use super::arrow_batches::{ArrowBatches, catch_panic};
use super::arrow_dictionary::DictionaryRewriter;
use super::arrow_output::{ArrowOutput, replace_column, text_array};
use super::arrow_rows::{ArrowColumns, ColumnPath};
use super::input_format::RecordWriter;
use super::record::{RecordBody, RecordHandle};
use super::{RecordAction, Shard};

/// Starts to write a new version of `shard` into `file`.
pub(super) fn rewrite(shard: &Shard, file: File) -> io::Result<Box<dyn RecordWriter>> {
    let codec = shard.format.codec;
    let open = || ArrowBatches::open(codec.decoder(shard.reopen()?)?);
    let mut source = open()?;
    let columns = ArrowColumns::find(source.schema.fields(), &shard.read_options);
    let columns = columns.map_err(io::Error::other)?;
    let batch = source.next()?;
    let output = ArrowOutput::new(&source, codec.encoder(file)?)?;
    let (text, rows) = (columns.text, BatchRows::default());
    Ok(match columns.has_dictionary {
        true => Box::new(DictionaryRewriter::new((source, batch), open()?, output, text)),
        false => Box::new(ArrowRewriter { source, batch, output, text, rows }),
    })
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
    /// Writes the batch if all of its rows are known, and any empty batches after it.
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
    replace_column(batch, text, rows.keep, &mut |column| {
        let texts: Vec<Option<&str>> = rows.texts.iter().map(Option::as_deref).collect();
        text_array(column.data_type(), &texts)
    })
}
