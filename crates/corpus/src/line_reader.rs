//! Reads lines of bytes without buffering lines that are too long.

use std::io::{self, BufRead};

/// Reads lines, and skips the content of those with more than `max` bytes.
pub(super) struct LineReader<R> {
    reader: R,
    max: usize,
    /// Bytes read so far.
    pub(super) offset: u64,
}

/// A line as bytes.
pub(super) enum ByteLine {
    /// The bytes, including the line ending.
    Complete(Vec<u8>),
    /// The line has more than the maximum number of bytes.
    TooLong,
}

impl<R: BufRead> LineReader<R> {
    pub(super) fn new(reader: R, max: usize) -> Self {
        Self { reader, max, offset: 0 }
    }

    /// Reads the next line. Returns `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<ByteLine>> {
        let mut line = Vec::new();
        let mut is_too_long = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            let end = memchr::memchr(b'\n', buffer);
            let length = end.map_or(buffer.len(), |end| end + 1);
            if length == 0 && line.is_empty() && !is_too_long {
                return Ok(None);
            }
            is_too_long |= line.len() + length > self.max;
            if is_too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(&buffer[..length]);
            }
            self.reader.consume(length);
            self.offset += length as u64;
            if end.is_some() || length == 0 {
                return Ok(Some(if is_too_long {
                    ByteLine::TooLong
                } else {
                    ByteLine::Complete(line)
                }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlong_lines_are_skipped() {
        let text = format!("one\r\n{}\n\nlast", "x".repeat(10_000));
        let reader = io::BufReader::with_capacity(16, text.as_bytes());
        let mut lines = LineReader::new(reader, 100);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(match line {
                ByteLine::Complete(bytes) => String::from_utf8(bytes).unwrap(),
                ByteLine::TooLong => "…".into(),
            });
        }
        assert_eq!(all, ["one\r\n", "…", "\n", "last"]);
        assert_eq!(lines.offset, text.len() as u64);
    }
}
