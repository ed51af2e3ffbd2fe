//! Rewrites a shard around the texts that changed.

use std::fs::File;
use std::io::{self, Seek};
use std::path::Path;
use std::sync::Arc;

use super::Shard;
use super::input_format::RecordWriter;
use super::record::{RecordBody, RecordHandle};
use super::stream::StreamWriter;
use crate::atomic_write::{AtomicFile, FileStamp, WriteError};
use crate::storage::SourceFile;
use dechaff_text::Span;

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

/// Writes a new version of a shard, record by record. Dropping it before [`Rewriter::finish`]
/// leaves no files behind.
pub struct Rewriter {
    shard: Arc<Shard>,
    file: AtomicFile,
    writer: Box<dyn RecordWriter>,
    is_in_place: bool,
    is_changed: bool,
    /// Whether all of the shard could be read.
    is_complete: bool,
}

impl Rewriter {
    /// Starts to rewrite `shard`, in place if there is no `target`.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be created, or the shard cannot be replaced.
    pub fn new(shard: &Arc<Shard>, target: Option<&Path>) -> Result<Self, WriteError> {
        let rewrite = shard.format.content.rewrite;
        if rewrite.is_none() && target.is_none() {
            return Err(WriteError::ReadOnlyFormat {
                path: shard.path.clone(),
                format: shard.format.content.name,
            });
        }
        let atomic =
            target.map_or_else(|| AtomicFile::new_replacing(&shard.path), AtomicFile::new)?;
        let file = atomic.file()?;
        // Records of a read-only format become lines of JSON.
        let writer = rewrite.unwrap_or(StreamWriter::start)(shard, file);
        Ok(Self {
            shard: Arc::clone(shard),
            writer: writer.map_err(|error| atomic.io_error(error))?,
            file: atomic,
            is_in_place: target.is_none(),
            // Lines of JSON always differ from the original.
            is_changed: rewrite.is_none(),
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
        let result = self.writer.write(handle, action);
        result.map_err(|error| self.file.io_error(error))
    }

    /// Inserts a line between two records.
    ///
    /// # Errors
    ///
    /// Writing fails, or the records of the format are not lines.
    pub fn insert_line(&mut self, line: &str) -> Result<(), WriteError> {
        self.is_changed = true;
        let result = self.writer.insert_line(line);
        result.map_err(|error| self.file.io_error(error))
    }

    /// Records that a part of the shard cannot be read. [`Rewriter::finish`] then writes nothing,
    /// because that part would be lost.
    pub fn mark_damaged(&mut self) {
        self.is_complete = false;
    }

    /// Renames the new file into place. If nothing changed, the original is not touched, and a copy
    /// is made byte for byte. Returns whether the whole shard could be read; if not, nothing is
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
            let target = file.file()?;
            let copied = shard.reopen().and_then(|source| copy_over(source, target));
            copied.map_err(|error| file.io_error(error))?;
            file.commit(|_| Ok(true), |_| Ok(()))?;
            return Ok(true);
        }
        let result = file.file().map(|written| writer.finish(&shard, written))?;
        result.map_err(|error| file.io_error(error))?;
        if FileStamp::at(&shard.path).ok().as_ref() != Some(&shard.stamp) {
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
fn copy_over(mut source: SourceFile, mut target: File) -> io::Result<()> {
    target.set_len(0)?;
    target.rewind()?;
    io::copy(&mut source, &mut target).map(|_| ())
}
