//! The sizes of a column's pages, looked at before any is decompressed: a file of some kilobytes can hold pages of gigabytes.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::ChunkReader;

/// Fails if a page of the column chunk has more than `max` bytes when it is decompressed. What else is wrong with the pages is left
/// to their reader.
pub(super) fn check(file: &File, chunk: &ColumnChunkMetaData, max: usize) -> Result<(), ParquetError> {
    let (mut offset, length) = chunk.byte_range();
    let end = offset.saturating_add(length);
    while offset < end {
        let mut reader = Counted { reader: file.get_read(offset)?, count: 0 };
        let Ok(Some(size)) = PageSize::read(&mut reader) else { return Ok(()) };
        if size.uncompressed > max {
            return Err(too_large(size.uncompressed as u64, max));
        }
        let body = offset.saturating_add(reader.count);
        offset = body.saturating_add(size.compressed as u64);
        // Other codecs stop at the size in the header, whatever comes after it.
        if let Compression::GZIP(_) = chunk.compression()
            && offset <= end
        {
            let compressed = reader.reader.take(size.compressed as u64);
            let mut unpacked = MultiGzDecoder::new(BufReader::new(compressed)).take(max as u64 + 1);
            // A damaged page is named by its reader.
            let length = io::copy(&mut unpacked, &mut io::sink()).unwrap_or(0);
            if length > max as u64 {
                return Err(too_large(length, max));
            }
        }
    }
    Ok(())
}

fn too_large(size: u64, max: usize) -> ParquetError {
    ParquetError::General(format!("a page has {size} bytes, more than {max}; a larger --max-record allows more"))
}

/// What the header of a page says of its size.
struct PageSize {
    uncompressed: usize,
    compressed: usize,
}

/// A reader that counts.
struct Counted<R> {
    reader: R,
    count: u64,
}

/// Types of values in Thrift's compact protocol.
mod kind {
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

/// Deepest structure in a header, which has statistics in a page's own part.
const MAX_DEPTH: usize = 8;

impl PageSize {
    /// Reads a page header up to its end; `None` if it is not one.
    fn read(reader: &mut Counted<impl BufRead>) -> io::Result<Option<Self>> {
        const UNCOMPRESSED: i64 = 2;
        const COMPRESSED: i64 = 3;
        let (mut uncompressed, mut compressed) = (None, None);
        let mut field = 0;
        while let Some((id, kind)) = reader.field(field)? {
            field = id;
            match (id, kind) {
                (UNCOMPRESSED, kind::I32) => uncompressed = usize::try_from(reader.zigzag()?).ok(),
                (COMPRESSED, kind::I32) => compressed = usize::try_from(reader.zigzag()?).ok(),
                _ => reader.skip(kind, MAX_DEPTH)?,
            }
        }
        Ok(uncompressed.zip(compressed).map(|(uncompressed, compressed)| Self { uncompressed, compressed }))
    }
}

impl<R: BufRead> Counted<R> {
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

    /// The next field of a structure, after the one numbered `last`; `None` at its end.
    fn field(&mut self, last: i64) -> io::Result<Option<(i64, u8)>> {
        let byte = self.byte()?;
        let kind = byte & 0x0F;
        if kind == kind::STOP {
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
            kind::TRUE | kind::FALSE => Ok(()),
            kind::BYTE => self.skip_bytes(1),
            kind::I16 | kind::I32 | kind::I64 => self.varint().map(drop),
            kind::DOUBLE => self.skip_bytes(8),
            kind::BINARY => {
                let length = self.varint()?;
                self.skip_bytes(length)
            }
            kind::STRUCT if depth > 0 => {
                let mut field = 0;
                while let Some((id, kind)) = self.field(field)? {
                    field = id;
                    self.skip(kind, depth - 1)?;
                }
                Ok(())
            }
            // Headers have no lists or maps.
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_headers_are_read_to_their_end() {
        // type 0, 300 bytes, 20 compressed, a structure with a number, a string and a flag.
        let header = [0x15, 0, 0x15, 0xD8, 0x04, 0x15, 40, 0x2C, 0x15, 2, 0x18, 2, b'a', b'b', 0x11, 0, 0, 99];
        let mut reader = Counted { reader: &header[..], count: 0 };
        let size = PageSize::read(&mut reader).unwrap().unwrap();
        assert_eq!((size.uncompressed, size.compressed, reader.count), (300, 20, header.len() as u64 - 1));
        for end in 0..header.len() - 1 {
            assert!(PageSize::read(&mut Counted { reader: &header[..end], count: 0 }).is_err());
        }
    }
}
