//! Reads a Brotli stream to the end of its file.

use std::io::{self, BufRead, Read};

use brotli::Decompressor;

/// Decompresses a file that is one Brotli stream. Bytes after its end are an error: rewriting the
/// file would lose them.
pub(super) struct BrotliDecoder<R: BufRead> {
    decoder: Decompressor<FirstByteCheck<R>>,
}

/// The first seven bits of a stream with a window of more than 16 MiB, an extension that is not in
/// RFC 7932.
const LARGE_WINDOW: u8 = 0x11;

impl<R: BufRead> BrotliDecoder<R> {
    pub(super) fn new(reader: R) -> Self {
        const BUFFER_BYTES: usize = 64 << 10;
        let reader = FirstByteCheck { reader, is_checked: false };
        Self { decoder: Decompressor::new(reader, BUFFER_BYTES) }
    }
}

impl<R: BufRead> Read for BrotliDecoder<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.decoder.read(buffer)?;
        if length > 0 || buffer.is_empty() {
            return Ok(length);
        }
        // Reading at the end makes the decoder fail if its buffer has more data.
        let length = self.decoder.read(buffer)?;
        if length == 0 && !self.decoder.get_mut().reader.fill_buf()?.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "more data follows the end of the Brotli stream",
            ));
        }
        Ok(length)
    }
}

/// Refuses a stream with a large window before memory is allocated for it.
struct FirstByteCheck<R> {
    reader: R,
    is_checked: bool,
}

impl<R: BufRead> Read for FirstByteCheck<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !self.is_checked {
            let first = self.reader.fill_buf()?.first();
            if first.is_some_and(|byte| byte & 0x7F == LARGE_WINDOW) {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the Brotli stream has a window of more than 16 MiB",
                ));
            }
            self.is_checked = true;
        }
        self.reader.read(buffer)
    }
}
