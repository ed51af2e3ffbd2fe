//! Splits CSV into rows of raw bytes.

use std::io::{self, BufRead};

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::line_reader::ByteLine;

/// Reads rows, and skips the content of those with more than `max` bytes. The bytes of a row
/// include blank lines before it and its line ending. Blank lines at the end are a row too.
pub(super) struct CsvRows<R> {
    reader: R,
    parser: Reader,
    max: usize,
    /// Bytes read so far.
    pub(super) offset: u64,
}

/// Returns a parser for fields separated by `delimiter` and quoted with `"`.
pub(super) fn parser(delimiter: u8) -> Reader {
    ReaderBuilder::new().delimiter(delimiter).build()
}

impl<R: BufRead> CsvRows<R> {
    pub(super) fn new(reader: R, delimiter: u8, max: usize) -> Self {
        Self { reader, parser: parser(delimiter), max, offset: 0 }
    }

    /// Reads the next row. Returns `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<ByteLine>> {
        let (mut fields, mut ends) = ([0; 4_096], [0; 256]);
        let mut row = Vec::new();
        let mut is_too_long = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            // An empty buffer signals the end to the parser.
            let (result, length, ..) = self.parser.read_record(buffer, &mut fields, &mut ends);
            is_too_long |= row.len() + length > self.max;
            if is_too_long {
                row = Vec::new();
            } else {
                row.extend_from_slice(buffer.get(..length).unwrap_or_default());
            }
            self.reader.consume(length);
            self.offset += length as u64;
            match result {
                ReadRecordResult::Record => break,
                ReadRecordResult::End if row.is_empty() && !is_too_long => return Ok(None),
                ReadRecordResult::End => break,
                // The content of the fields is not needed.
                ReadRecordResult::InputEmpty
                | ReadRecordResult::OutputFull
                | ReadRecordResult::OutputEndsFull => {}
            }
        }
        if row.last() == Some(&b'\r') && self.reader.fill_buf()?.first() == Some(&b'\n') {
            self.reader.consume(1);
            self.offset += 1;
            row.push(b'\n');
        }
        Ok(Some(if is_too_long { ByteLine::TooLong } else { ByteLine::Complete(row) }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str, max: usize) -> Vec<String> {
        let reader = io::BufReader::with_capacity(7, text.as_bytes());
        let mut rows = CsvRows::new(reader, b',', max);
        let mut all = Vec::new();
        while let Some(row) = rows.next().unwrap() {
            all.push(match row {
                ByteLine::Complete(bytes) => String::from_utf8(bytes).unwrap(),
                ByteLine::TooLong => "…".into(),
            });
        }
        assert_eq!(rows.offset, text.len() as u64);
        all
    }

    #[test]
    fn rows_keep_their_bytes() {
        let text = "a,b\r\n\r\n\"x\r\ny\",\"\"\"z\"\n\n1,2\r3,4\n\n\n";
        let expected = ["a,b\r\n", "\r\n\"x\r\ny\",\"\"\"z\"\n", "\n1,2\r", "3,4\n", "\n\n"];
        assert_eq!(rows(text, 100), expected);
        assert_eq!(rows("a\n\"b", 100), ["a\n", "\"b"]);
        assert_eq!(rows("", 100), [""; 0]);
    }

    #[test]
    fn overlong_rows_are_skipped() {
        let text = format!("a,b\n1,\"{}\"\n2,3\n", "x\n".repeat(10_000));
        assert_eq!(rows(&text, 50), ["a,b\n", "…", "2,3\n"]);
    }
}
