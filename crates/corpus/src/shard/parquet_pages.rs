//! Checks the sizes of Parquet pages before they are decompressed: a file of some kilobytes can
//! contain pages of gigabytes.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;

use crate::storage::SourceFile;

/// Fails if a page of the column chunk has more than `max` bytes after decompression. Other errors
/// are left to the page reader.
pub(super) fn check_page_sizes(
    file: &SourceFile,
    chunk: &ColumnChunkMetaData,
    max: usize,
) -> Result<(), ParquetError> {
    let (mut offset, length) = chunk.byte_range();
    let end = offset.saturating_add(length);
    while offset < end {
        let mut reader = ThriftReader { reader: file.get_read(offset)?, count: 0 };
        let Ok(Some(size)) = PageSize::read(&mut reader) else { return Ok(()) };
        if size.uncompressed > max {
            return Err(too_large(size.uncompressed as u64, max));
        }
        let body = offset.saturating_add(reader.count);
        offset = body.saturating_add(size.compressed as u64);
        // For gzip, the decoder ignores the size in the header. Other decoders stop there.
        if let Compression::GZIP(_) = chunk.compression()
            && offset <= end
        {
            let compressed = reader.reader.take(size.compressed as u64);
            let mut unpacked = MultiGzDecoder::new(BufReader::new(compressed)).take(max as u64 + 1);
            // A corrupt page is reported by the page reader.
            let length = io::copy(&mut unpacked, &mut io::sink()).unwrap_or(0);
            if length > max as u64 {
                return Err(too_large(length, max));
            }
        }
    }
    Ok(())
}

fn too_large(size: u64, max: usize) -> ParquetError {
    ParquetError::General(format!(
        "a page has {size} bytes, more than {max}; a larger --max-record allows more"
    ))
}

/// The sizes in a page header.
struct PageSize {
    uncompressed: usize,
    compressed: usize,
}

/// Reads Thrift's compact protocol.
struct ThriftReader<R> {
    reader: R,
    /// Bytes read.
    count: u64,
}

/// Type IDs of Thrift's compact protocol.
mod thrift_type {
    pub(super) const STOP: u8 = 0;
    pub(super) const TRUE: u8 = 1;
    pub(super) const FALSE: u8 = 2;
    pub(super) const BYTE: u8 = 3;
    pub(super) const I16: u8 = 4;
    pub(super) const I32: u8 = 5;
    pub(super) const I64: u8 = 6;
    pub(super) const DOUBLE: u8 = 7;
    pub(super) const BINARY: u8 = 8;
    pub(super) const STRUCT: u8 = 12;
}

/// Maximum depth of structs in a page header.
const MAX_DEPTH: usize = 8;

impl PageSize {
    /// Reads a page header to its end. Returns `None` if the sizes are missing or negative.
    fn read(reader: &mut ThriftReader<impl BufRead>) -> io::Result<Option<Self>> {
        const UNCOMPRESSED: i64 = 2;
        const COMPRESSED: i64 = 3;
        let mut uncompressed = None;
        let mut compressed = None;
        let mut field = 0;
        while let Some((id, kind)) = reader.field(field)? {
            field = id;
            match (id, kind) {
                (UNCOMPRESSED, thrift_type::I32) => {
                    uncompressed = usize::try_from(reader.zigzag()?).ok()
                }
                (COMPRESSED, thrift_type::I32) => {
                    compressed = usize::try_from(reader.zigzag()?).ok()
                }
                _ => reader.skip(kind, MAX_DEPTH)?,
            }
        }
        Ok(uncompressed
            .zip(compressed)
            .map(|(uncompressed, compressed)| Self { uncompressed, compressed }))
    }
}

impl<R: BufRead> ThriftReader<R> {
    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.reader.read_exact(&mut byte)?;
        self.count += 1;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(io::ErrorKind::InvalidData.into())
    }

    fn zigzag(&mut self) -> io::Result<i64> {
        let number = self.varint()?;
        let half = (number >> 1).cast_signed();
        Ok(if number & 1 == 1 { !half } else { half })
    }

    /// Reads the ID and type of the next field of a struct, given the ID of the previous one.
    /// Returns `None` at the end of the struct.
    fn field(&mut self, last: i64) -> io::Result<Option<(i64, u8)>> {
        let byte = self.byte()?;
        let kind = byte & 0x0F;
        if kind == thrift_type::STOP {
            return Ok(None);
        }
        let id = match byte >> 4 {
            0 => self.zigzag()?,
            delta => last.saturating_add(i64::from(delta)),
        };
        Ok(Some((id, kind)))
    }

    fn skip_bytes(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.reader.by_ref().take(length), &mut io::sink())?;
        self.count += skipped;
        if skipped == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    fn skip(&mut self, kind: u8, depth: usize) -> io::Result<()> {
        match kind {
            thrift_type::TRUE | thrift_type::FALSE => Ok(()),
            thrift_type::BYTE => self.skip_bytes(1),
            thrift_type::I16 | thrift_type::I32 | thrift_type::I64 => self.varint().map(drop),
            thrift_type::DOUBLE => self.skip_bytes(8),
            thrift_type::BINARY => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            thrift_type::STRUCT if depth > 0 => {
                let mut field = 0;
                while let Some((id, kind)) = self.field(field)? {
                    field = id;
                    self.skip(kind, depth - 1)?;
                }
                Ok(())
            }
            // Page headers have no lists or maps.
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_headers_are_read_to_the_end() {
        // Type 0, 300 bytes, 20 compressed, a struct with a number, a string and a flag.
        let header = [
            0x15, 0, 0x15, 0xD8, 0x04, 0x15, 40, 0x2C, 0x15, 2, 0x18, 2, b'a', b'b', 0x11, 0, 0, 99,
        ];
        let mut reader = ThriftReader { reader: &header[..], count: 0 };
        let size = PageSize::read(&mut reader).unwrap().unwrap();
        assert_eq!(
            (size.uncompressed, size.compressed, reader.count),
            (300, 20, header.len() as u64 - 1)
        );
        for end in 0..header.len() - 1 {
            assert!(
                PageSize::read(&mut ThriftReader { reader: &header[..end], count: 0 }).is_err()
            );
        }
    }
}
