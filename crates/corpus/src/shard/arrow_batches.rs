//! Reads the record batches of Arrow files and streams, with limits on their size.
//!
//! Both are sequences of messages. A file also has a signature before them and an index after them,
//! which is not needed. The size of a message is checked before it is decoded, because the decoder
//! allocates as much as the message declares.

use std::io::{self, BufRead, Read};

use arrow_array::RecordBatch;
use arrow_buffer::Buffer;
use arrow_ipc::reader::StreamDecoder;
use arrow_ipc::{CompressionType, Message, root_as_message};
use arrow_schema::SchemaRef;

use crate::decoder_panic::catch_decoder_panic;

/// Maximum bytes of a record batch, as stored and as decompressed.
const MAX_BATCH_BYTES: u64 = 1 << 30;
const MAX_METADATA_BYTES: u64 = 16 << 20;
const CONTINUATION: [u8; 4] = [0xFF; 4];
const MAGIC: &[u8; 6] = b"ARROW1";

/// The record batches of a file or stream.
pub(super) struct ArrowBatches<R> {
    reader: R,
    decoder: StreamDecoder,
    /// Bytes not decoded yet.
    pending: Buffer,
    /// Whether it is a file, and not a stream.
    pub(super) is_file: bool,
    pub(super) schema: SchemaRef,
    /// The compression of the last batch.
    pub(super) compression: Option<CompressionType>,
    is_done: bool,
}

impl<R: BufRead> ArrowBatches<R> {
    /// Reads the schema.
    ///
    /// # Errors
    ///
    /// The data cannot be read, or is not Arrow.
    pub(super) fn open(mut reader: R) -> io::Result<Self> {
        let is_file = reader.fill_buf()?.starts_with(MAGIC);
        if is_file {
            reader.read_exact(&mut [0; 8])?;
            // Some writers align the first message to 64 bytes.
            while reader.fill_buf()?.starts_with(&[0; 8]) {
                reader.consume(8);
            }
        }
        let first = read_message(&mut reader)?.ok_or_else(|| corrupt("it has no schema"))?;
        let schema = catch_panic(|| {
            let message = parsed(&first)?;
            let schema = message.header_as_schema().ok_or_else(|| corrupt("it has no schema"))?;
            arrow_ipc::convert::try_fb_to_schema(schema).map_err(io::Error::other)
        })?;
        Ok(Self {
            reader,
            decoder: StreamDecoder::new(),
            pending: Buffer::from(first),
            is_file,
            schema: schema.into(),
            compression: None,
            is_done: false,
        })
    }

    /// Reads the next batch. Returns `None` at the end.
    ///
    /// # Errors
    ///
    /// The data cannot be read, a batch is larger than allowed, or the end is missing.
    pub(super) fn next(&mut self) -> io::Result<Option<RecordBatch>> {
        loop {
            if !self.pending.is_empty() {
                let (decoder, pending) = (&mut self.decoder, &mut self.pending);
                let batch = catch_panic(|| decoder.decode(pending).map_err(io::Error::other))?;
                if batch.is_some() {
                    return Ok(batch);
                }
                continue;
            }
            if self.is_done {
                return Ok(None);
            }
            match read_message(&mut self.reader)? {
                Some(message) => {
                    if let Some(batch) = parsed(&message)?.header_as_record_batch() {
                        self.compression = batch.compression().map(|body| body.codec());
                    }
                    self.pending = Buffer::from(message);
                }
                None => {
                    self.is_done = true;
                    // A batch without a body is only decoded once more data follows.
                    self.pending = Buffer::from([&CONTINUATION[..], &[0; 4]].concat());
                    if self.is_file {
                        check_tail(&mut self.reader)?;
                    }
                }
            }
        }
    }
}

/// Reads a message with its length and its body. Returns `None` at the marker of the end.
fn read_message(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 4];
    reader.read_exact(&mut length)?;
    // Versions before 0.15 write no marker.
    if length == CONTINUATION {
        reader.read_exact(&mut length)?;
    }
    let metadata_bytes = u64::from(u32::from_le_bytes(length));
    if metadata_bytes == 0 {
        return Ok(None);
    }
    if metadata_bytes > MAX_METADATA_BYTES {
        return Err(corrupt("a message is too large"));
    }
    let mut message = [CONTINUATION, length].concat();
    read_exactly(reader, metadata_bytes, &mut message)?;
    let body_bytes = catch_panic(|| Ok::<_, io::Error>(parsed(&message)?.bodyLength()))?;
    let body_bytes = u64::try_from(body_bytes).unwrap_or(u64::MAX);
    if body_bytes > MAX_BATCH_BYTES {
        return Err(too_large());
    }
    let body_at = message.len();
    read_exactly(reader, body_bytes, &mut message)?;
    catch_panic(|| check_buffers(&message, body_at))?;
    Ok(Some(message))
}

fn read_exactly(reader: &mut impl Read, length: u64, message: &mut Vec<u8>) -> io::Result<()> {
    let read = reader.take(length).read_to_end(message)?;
    if (read as u64) < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Parses the metadata of a message, which follows the marker and its length.
fn parsed(message: &[u8]) -> io::Result<Message<'_>> {
    let metadata = message.get(8..).unwrap_or_default();
    root_as_message(metadata).map_err(|_| corrupt("a message cannot be read"))
}

/// Checks the sizes of a message's buffers, and that they lie in its body. Compressed buffers start
/// with their decompressed length.
fn check_buffers(message: &[u8], body_at: usize) -> io::Result<()> {
    let parsed = parsed(message)?;
    let dictionary = parsed.header_as_dictionary_batch().and_then(|batch| batch.data());
    let Some(batch) = parsed.header_as_record_batch().or(dictionary) else { return Ok(()) };
    let body = message.get(body_at..).unwrap_or_default();
    let mut total = 0_u64;
    for buffer in batch.buffers().into_iter().flatten() {
        let range = || {
            let start = usize::try_from(buffer.offset()).ok()?;
            body.get(start..start.checked_add(usize::try_from(buffer.length()).ok()?)?)
        };
        let bytes = range().ok_or_else(|| corrupt("a buffer is not in its message"))?;
        if let (Some(_), Some(length)) = (batch.compression(), bytes.first_chunk()) {
            // -1 stands for a buffer that is not compressed.
            let length = i64::from_le_bytes(*length).max(0);
            total = total.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
    }
    if total > MAX_BATCH_BYTES { Err(too_large()) } else { Ok(()) }
}

/// Turns a panic of the decoder or encoder on corrupt data into an error.
pub(super) fn catch_panic<T>(work: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    catch_decoder_panic(work).unwrap_or_else(|| Err(corrupt("the data is malformed")))
}

/// Reads the index of a file to its end.
fn check_tail(reader: &mut impl BufRead) -> io::Result<()> {
    let mut tail = Vec::new();
    loop {
        let buffer = reader.fill_buf()?;
        if buffer.is_empty() {
            break;
        }
        tail.extend_from_slice(buffer);
        let length = buffer.len();
        reader.consume(length);
        tail.drain(..tail.len().saturating_sub(MAGIC.len()));
    }
    if tail == MAGIC { Ok(()) } else { Err(corrupt("its index is incomplete")) }
}

fn corrupt(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn too_large() -> io::Error {
    corrupt("a record batch is larger than 1 GiB; write smaller batches")
}
