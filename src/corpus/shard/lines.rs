//! The lines of a JSON Lines shard, one at a time, however long they are.

use std::io::{self, BufRead};

/// Reads lines, and passes over those that are too long without holding them.
pub(in crate::corpus) struct Lines<R> {
    reader: R,
    /// Most bytes of a line.
    most: usize,
    /// Bytes read so far.
    pub(in crate::corpus) offset: u64,
}

/// What stands on a line.
pub(in crate::corpus) enum Line {
    /// Its bytes, with its line end.
    Whole(Vec<u8>),
    /// More bytes than are read.
    TooLong,
}

impl<R: BufRead> Lines<R> {
    pub(in crate::corpus) fn new(reader: R, most: usize) -> Self {
        Self { reader, most, offset: 0 }
    }

    /// The next line; `None` at the end.
    pub(in crate::corpus) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut line = Vec::new();
        let mut is_too_long = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            let end = memchr::memchr(b'\n', buffer);
            let length = end.map_or(buffer.len(), |end| end + 1);
            if length == 0 {
                let is_empty = line.is_empty() && !is_too_long;
                return Ok((!is_empty).then_some(if is_too_long { Line::TooLong } else { Line::Whole(line) }));
            }
            is_too_long |= line.len() + length > self.most;
            if is_too_long {
                line = Vec::new();
            } else {
                line.extend_from_slice(&buffer[..length]);
            }
            self.reader.consume(length);
            self.offset += length as u64;
            if end.is_some() {
                return Ok(Some(if is_too_long { Line::TooLong } else { Line::Whole(line) }));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_are_too_long_are_passed_over() {
        let text = format!("one\r\n{}\n\nlast", "x".repeat(10_000));
        let reader = io::BufReader::with_capacity(16, text.as_bytes());
        let mut lines = Lines::new(reader, 100);
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push(match line {
                Line::Whole(bytes) => String::from_utf8(bytes).unwrap(),
                Line::TooLong => "…".into(),
            });
        }
        assert_eq!(all, ["one\r\n", "…", "\n", "last"]);
        assert_eq!(lines.offset, text.len() as u64);
    }
}
