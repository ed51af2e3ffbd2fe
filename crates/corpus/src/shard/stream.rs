//! Formats that are read and written as a stream of bytes.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::input_format::{RecordWriter, ShardFile};
use super::record::{RawRecord, RecordBody, RecordHandle};
use super::{RecordAction, Shard, ShardItem};
use crate::codec::Encoder;
use crate::read::{ReadError, truncated};
use crate::storage::SourceFile;

/// The records of a stream, numbered from 1. Nothing can be read after an error.
pub(super) struct StreamRecords<I> {
    shard: Arc<Shard>,
    /// `None` after the end or an error.
    bodies: Option<I>,
    /// The number of records read.
    count: u64,
}

impl<I> StreamRecords<I> {
    pub(super) fn new(shard: &Arc<Shard>, bodies: I) -> Self {
        Self { shard: Arc::clone(shard), bodies: Some(bodies), count: 0 }
    }
}

impl<I: Iterator<Item = io::Result<RecordBody>>> Iterator for StreamRecords<I> {
    type Item = ShardItem;

    fn next(&mut self) -> Option<ShardItem> {
        match self.bodies.as_mut()?.next() {
            Some(Ok(body)) => {
                self.count += 1;
                Some(ShardItem::Record(RawRecord::new(&self.shard, self.count, body)))
            }
            Some(Err(error)) => {
                self.bodies = None;
                Some(ShardItem::Unreadable(damage(&self.shard, self.count, &error)))
            }
            None => {
                self.bodies = None;
                None
            }
        }
    }
}

/// Returns the error for a shard of which only the first `count` records can be read.
pub(super) fn damage(shard: &Shard, count: u64, error: &io::Error) -> ReadError {
    let reason = match count {
        0 => format!("cannot be read: {error}"),
        count => format!("cannot be read past record {count}: {error}"),
    };
    shard.unreadable(reason)
}

/// Decompresses a file, counts the bytes read from it, and fails if it ends early.
///
/// # Errors
///
/// The decoder cannot be created.
pub(super) fn counted_decoder(file: ShardFile) -> Result<Box<dyn BufRead + Send>, ReadError> {
    let ShardFile { file, shard, count, .. } = file;
    let complete = CompleteFile { file, count, rest: shard.stamp.length };
    let decoder = shard.format.codec.decoder(complete);
    decoder.map_err(|error| ReadError::Io { path: shard.name.clone(), error })
}

/// Reads a file to the length that it had when it was opened, and counts the bytes.
struct CompleteFile {
    file: SourceFile,
    count: Arc<AtomicU64>,
    /// Bytes not read yet.
    rest: u64,
}

impl Read for CompleteFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.count.fetch_add(length as u64, Ordering::Relaxed);
        self.rest = self.rest.saturating_sub(length as u64);
        // Otherwise, a shard truncated between two lines would be rewritten without the rest.
        if length == 0 && self.rest > 0 && !buffer.is_empty() {
            return Err(truncated(self.rest));
        }
        Ok(length)
    }
}

/// Writes records one after the other into a compressed stream.
pub(super) struct StreamWriter(Encoder);

impl StreamWriter {
    /// Starts to write a new version of `shard` into `file`.
    pub(super) fn start(shard: &Shard, file: File) -> io::Result<Box<dyn RecordWriter>> {
        Self::after_head(shard, file, b"")
    }

    /// Starts to write a new version of `shard`, which begins with the bytes `head`.
    pub(super) fn after_head(
        shard: &Shard,
        file: File,
        head: &[u8],
    ) -> io::Result<Box<dyn RecordWriter>> {
        let mut encoder = shard.format.codec.encoder(file)?;
        encoder.write_all(head)?;
        Ok(Box::new(Self(encoder)))
    }
}

impl RecordWriter for StreamWriter {
    fn write(&mut self, handle: &RecordHandle, action: RecordAction<'_>) -> io::Result<()> {
        handle.write_to(&mut self.0, action)
    }

    fn insert_line(&mut self, line: &str) -> io::Result<()> {
        self.0.write_all(line.as_bytes())
    }

    fn finish(self: Box<Self>, _: &Arc<Shard>, _: File) -> io::Result<()> {
        self.0.finish().map(|_| ())
    }
}
