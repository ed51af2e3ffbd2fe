//! Rewrites a shard around the texts that changed.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::Shard;
use super::json_string::{Insertion, escaped, spellings, splice, unescaped};
use super::parquet_reader::catch_decoder_panic;
use super::parquet_writer::ParquetRewriter;
use super::record::{RecordBody, RecordHandle};
use crate::corpus::atomic_write::{AtomicFile, FileStamp, WriteError};
use crate::corpus::format::{ContentType, Encoder};
use crate::corpus::undo_log::Replacement;
use crate::text::Span;

/// What to write for a record.
pub enum RecordAction<'a> {
    /// The record as it was read.
    Keep,
    /// A new text, and the edits of the old one that lead to it, sorted.
    Edit(&'a str, Vec<(Span, &'a str)>),
    /// A new text that has been spliced into the handle by [`RecordHandle::restore`].
    Replace(&'a str),
    /// Nothing: the record is dropped with all its fields.
    Drop,
}

/// Writes a new version of a shard, record by record. If it is dropped before [`Rewriter::finish`],
/// nothing is left.
pub struct Rewriter {
    shard: Arc<Shard>,
    file: AtomicFile,
    writer: RecordWriter,
    is_in_place: bool,
    is_changed: bool,
    /// Whether all of the shard could be read.
    is_complete: bool,
}

enum RecordWriter {
    Stream(Box<Encoder>),
    Parquet(Box<ParquetRewriter>),
}

impl Rewriter {
    /// Starts to rewrite `shard`, in place if there is no `target`.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be created, or the shard cannot be replaced.
    pub fn new(shard: &Arc<Shard>, target: Option<&Path>) -> Result<Self, WriteError> {
        let atomic =
            target.map_or_else(|| AtomicFile::new_replacing(&shard.path), AtomicFile::new)?;
        let file = atomic.file()?;
        let writer = match shard.format.content {
            ContentType::Parquet => catch_decoder_panic(|| ParquetRewriter::new(shard, file))
                .map(|writer| RecordWriter::Parquet(Box::new(writer))),
            ContentType::Text | ContentType::JsonLines => shard
                .format
                .codec
                .encoder(file)
                .map(|encoder| RecordWriter::Stream(Box::new(encoder))),
        };
        Ok(Self {
            shard: Arc::clone(shard),
            writer: writer.map_err(|error| atomic.io_error(error))?,
            file: atomic,
            is_in_place: target.is_none(),
            is_changed: false,
            is_complete: true,
        })
    }

    /// Writes the next record.
    ///
    /// # Errors
    ///
    /// Writing fails, or the edits do not fit the record.
    pub fn write_record(
        &mut self,
        handle: &RecordHandle,
        action: RecordAction<'_>,
    ) -> Result<(), WriteError> {
        self.is_changed |= !matches!(action, RecordAction::Keep);
        self.is_complete &= !matches!(handle.body, RecordBody::TooLarge);
        let result = match &mut self.writer {
            RecordWriter::Stream(encoder) => write_to_stream(encoder, handle, action),
            RecordWriter::Parquet(writer) => match &handle.body {
                RecordBody::Value(value, level, _) => {
                    catch_decoder_panic(|| writer.write_row(value.as_ref(), *level, action))
                }
                _ => Ok(()),
            },
        };
        result.map_err(|error| self.file.io_error(error))
    }

    /// Inserts a line between two records of JSON Lines.
    ///
    /// # Errors
    ///
    /// Writing fails, or the shard is Parquet.
    pub fn insert_line(&mut self, line: &str) -> Result<(), WriteError> {
        self.is_changed = true;
        let result = match &mut self.writer {
            RecordWriter::Stream(encoder) => encoder.write_all(line.as_bytes()),
            RecordWriter::Parquet(_) => Err(io::Error::other("a line does not fit into a table")),
        };
        result.map_err(|error| self.file.io_error(error))
    }

    /// Notes that a part of the shard cannot be read. [`Rewriter::finish`] then writes nothing,
    /// because that part would be lost.
    pub fn mark_damaged(&mut self) {
        self.is_complete = false;
    }

    /// Renames the new file into place. If nothing changed, an original is left alone, and a copy
    /// is made byte for byte. Returns whether all of the shard could be read; if not, nothing is
    /// written.
    ///
    /// `before_rename` is called with the path of the complete temporary file if something changed.
    ///
    /// # Errors
    ///
    /// Writing fails, or the shard changed after it was opened.
    pub fn finish(
        self,
        before_rename: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<bool, WriteError> {
        let Self { shard, file, writer, is_in_place, is_changed, is_complete } = self;
        if !is_complete || is_in_place && !is_changed {
            return Ok(is_complete);
        }
        if !is_changed {
            // Flush now: buffered bytes must not end up after the copy.
            drop(writer);
            copy_over(&shard.path, file.file()?).map_err(|error| file.io_error(error))?;
            file.commit(|_| Ok(true), |_| Ok(()))?;
            return Ok(true);
        }
        let result = match writer {
            RecordWriter::Stream(encoder) => encoder.finish().map(|_| ()),
            RecordWriter::Parquet(writer) => {
                let written = file.file()?;
                catch_decoder_panic(|| writer.finish(&shard, written))
            }
        };
        result.map_err(|error| file.io_error(error))?;
        if fs::metadata(&shard.path).map(|metadata| FileStamp::from(&metadata)).ok().as_ref()
            != Some(&shard.stamp)
        {
            return Err(WriteError::Changed(shard.path.clone()));
        }
        file.commit(
            |target| Ok(FileStamp::from(&target.metadata()?) == shard.stamp),
            before_rename,
        )?;
        Ok(true)
    }
}

/// Overwrites `target` with the bytes of `source`.
fn copy_over(source: &Path, mut target: File) -> io::Result<()> {
    target.set_len(0)?;
    target.rewind()?;
    io::copy(&mut File::open(source)?, &mut target).map(|_| ())
}

fn write_to_stream(
    encoder: &mut Encoder,
    handle: &RecordHandle,
    action: RecordAction<'_>,
) -> io::Result<()> {
    match (&handle.body, action) {
        (_, RecordAction::Drop) => Ok(()),
        (RecordBody::Line(line, _), RecordAction::Keep | RecordAction::Replace(_)) => {
            encoder.write_all(line)
        }
        (RecordBody::Line(line, _), RecordAction::Edit(_, edits)) => {
            let edits = edits.into_iter().map(|(span, text)| (span, Insertion::Text(text)));
            let literal = edit_literal(line, &handle.literal, edits)?;
            encoder.write_all(line.get(..handle.literal.start).unwrap_or_default())?;
            encoder.write_all(literal.as_bytes())?;
            encoder.write_all(line.get(handle.literal.end..).unwrap_or_default())
        }
        (_, RecordAction::Edit(text, _) | RecordAction::Replace(text)) => {
            encoder.write_all(text.as_bytes())
        }
        // The file is a single document, and nothing is written if it does not change.
        (_, RecordAction::Keep) => Ok(()),
    }
}

/// Returns the string literal at `literal` in `line` with its text edited.
fn edit_literal<'c>(
    line: &[u8],
    literal: &Range<usize>,
    edits: impl IntoIterator<Item = (Span, Insertion<'c>)>,
) -> io::Result<String> {
    let edited =
        literal_in(line, literal).and_then(|literal| splice(literal, edits, line.is_ascii()));
    edited.ok_or_else(mismatch)
}

fn literal_in<'l>(line: &'l [u8], literal: &Range<usize>) -> Option<&'l str> {
    line.get(literal.clone()).and_then(|literal| std::str::from_utf8(literal).ok())
}

fn mismatch() -> io::Error {
    io::Error::other("a change does not fit the record")
}

impl RecordHandle {
    /// Returns how the record's JSON escapes the passages at `spans`, for [`Replacement::raw`].
    /// Empty if the record is not JSON.
    ///
    /// # Errors
    ///
    /// The spans do not fit the record.
    pub fn spellings(
        &self,
        spans: impl IntoIterator<Item = Span>,
    ) -> io::Result<Vec<Option<String>>> {
        let RecordBody::Line(line, _) = &self.body else { return Ok(Vec::new()) };
        let spellings =
            literal_in(line, &self.literal).and_then(|literal| spellings(literal, spans));
        spellings.ok_or_else(mismatch)
    }

    /// Returns the record's line, including its line ending.
    ///
    /// # Errors
    ///
    /// The record is not a line of JSON, or not UTF-8.
    pub fn line_text(&self) -> io::Result<&str> {
        match &self.body {
            RecordBody::Line(line, _) => std::str::from_utf8(line).map_err(io::Error::other),
            _ => Err(io::Error::other("the record is no line of JSON")),
        }
    }

    /// Splices passages back into the text of a JSON record, to be written with
    /// [`RecordAction::Replace`].
    ///
    /// # Errors
    ///
    /// The passages do not fit the record.
    pub fn restore(&mut self, replacements: &[Replacement]) -> io::Result<()> {
        let RecordBody::Line(line, _) = &mut self.body else { return Ok(()) };
        let mut insertions = Vec::new();
        for Replacement { span, text, raw } in replacements {
            // The log may have been edited: its JSON must be valid, and mean the same text.
            let json = match raw {
                Some(raw) => (unescaped(raw).as_ref() == Some(text)).then(|| raw.clone()),
                None => escaped(text),
            };
            insertions.push((*span, json.ok_or_else(mismatch)?));
        }
        let edits = insertions.iter().map(|(span, json)| (*span, Insertion::Json(json)));
        let literal = edit_literal(line, &self.literal, edits)?;
        let length = literal.len();
        line.splice(self.literal.clone(), literal.into_bytes());
        self.literal.end = self.literal.start + length;
        Ok(())
    }
}
