//! WARC and WET: records of a web archive (ISO 28500).
//!
//! Documents are the texts that Common Crawl extracts (`conversion` records, as in WET files), and
//! responses and resources that are plain text. Pages in HTML are documents if dechaff is built
//! with the feature `html`. Other records, such as requests, metadata and images, are skipped.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use super::http_message::{HeaderFields, HttpHead, PageText};
use super::input_format::{InputFormat, ShardFile, ShardItems};
use super::record::{RawRecord, RecordBody};
use super::stream::{counted_decoder, damage};
use super::warc_record::WarcRecord;
use super::{Shard, ShardItem};
use crate::read::ReadError;
use dechaff_engine::report::count;

/// Records of a web archive.
pub(super) static WARC: InputFormat = InputFormat {
    name: "warc",
    summary: "A web archive: the texts of a WET file, or the plain-text pages of a WARC file",
    extensions: &["warc", "wet"],
    weak_extensions: &[],
    is_start: |start| start.starts_with(b"WARC/"),
    has_records: true,
    has_lines: false,
    read,
    rewrite: None,
};

fn read(file: ShardFile) -> Result<ShardItems, ReadError> {
    let shard = Arc::clone(&file.shard);
    let reader = counted_decoder(file)?;
    Ok(Box::new(WarcReader { shard, reader, index: 0, html_pages: 0, is_done: false }))
}

/// Maximum bytes of the headers of a record, and of those of a response.
const MAX_HEADER_BYTES: u64 = 256 << 10;

/// The documents among the records of a file.
struct WarcReader {
    shard: Arc<Shard>,
    reader: Box<dyn BufRead + Send>,
    /// The number of records read, including those that are not documents.
    index: u64,
    /// The number of HTML pages skipped.
    html_pages: u64,
    is_done: bool,
}

impl Iterator for WarcReader {
    type Item = ShardItem;

    fn next(&mut self) -> Option<ShardItem> {
        while !self.is_done {
            match self.next_record() {
                Ok(Some(body)) => {
                    return Some(ShardItem::Record(RawRecord::new(&self.shard, self.index, body)));
                }
                // This was the end, or a record without a document.
                Ok(None) => {}
                Err(error) => {
                    self.is_done = true;
                    return Some(ShardItem::Unreadable(damage(&self.shard, self.index, &error)));
                }
            }
        }
        match std::mem::take(&mut self.html_pages) {
            0 => None,
            pages => Some(ShardItem::Unreadable(ReadError::SkippedRecords {
                place: self.shard.name.clone(),
                records: pages,
                reason: format!(
                    "{} in HTML; to extract their text, build dechaff with `--features html`, or \
                     check the WET file of the crawl",
                    count(usize::try_from(pages).unwrap_or(usize::MAX), "page")
                ),
            })),
        }
    }
}

impl WarcReader {
    /// Reads the next record. Returns `None` if it is not a document, and at the end.
    fn next_record(&mut self) -> io::Result<Option<RecordBody>> {
        let Some(headers) = self.read_headers()? else {
            self.is_done = true;
            return Ok(None);
        };
        let length = headers.content_length().ok_or_else(|| corrupt("a record has no length"))?;
        let max = self.shard.read_options.max_record as u64;
        let kind = headers.get("WARC-Type").unwrap_or_default().to_ascii_lowercase();
        let mut content = Vec::new();
        let text = match kind.as_str() {
            "conversion" => Some(PageText::Plain),
            "resource" => headers.get("Content-Type").and_then(PageText::from_content_type),
            "response" if headers.is_http() => {
                // The start shows whether it is text.
                self.read_content(length.min(MAX_HEADER_BYTES), &mut content)?;
                HttpHead::parse(&content).and_then(|head| head.text())
            }
            _ => None,
        };
        let rest = length - content.len() as u64;
        let text = match text {
            Some(PageText::Html) if cfg!(not(feature = "html")) => {
                self.html_pages += 1;
                None
            }
            text => text,
        };
        let body = match text {
            None => {
                self.skip(rest)?;
                None
            }
            Some(_) if length > max.saturating_add(MAX_HEADER_BYTES) => {
                self.skip(rest)?;
                Some(RecordBody::TooLarge)
            }
            Some(text) => {
                self.read_content(rest, &mut content)?;
                let is_http = kind == "response";
                let record = WarcRecord { headers, content, text, is_http };
                Some(RecordBody::Foreign(Box::new(record)))
            }
        };
        self.end_record()?;
        self.index += 1;
        Ok(body)
    }

    /// Reads the headers of the next record, or returns `None` at the end of the file.
    fn read_headers(&mut self) -> io::Result<Option<HeaderFields>> {
        let mut limited = (&mut self.reader).take(MAX_HEADER_BYTES);
        let mut lines = Vec::new();
        loop {
            let mut line = Vec::new();
            limited.read_until(b'\n', &mut line)?;
            let is_blank = line.trim_ascii().is_empty();
            match line.last() {
                None if lines.is_empty() => return Ok(None),
                Some(b'\n') => {}
                _ if limited.limit() == 0 => {
                    return Err(corrupt("the headers of a record are too long"));
                }
                _ => return Err(ends_early()),
            }
            if is_blank && lines.is_empty() {
                // Some writers leave more blank lines between records than they should.
                continue;
            }
            if lines.is_empty() && !line.starts_with(b"WARC/") {
                return Err(corrupt("no WARC record follows"));
            }
            if is_blank {
                return Ok(Some(HeaderFields::parse(&lines)));
            }
            lines.extend(line);
        }
    }

    fn read_content(&mut self, length: u64, content: &mut Vec<u8>) -> io::Result<()> {
        let read = (&mut self.reader).take(length).read_to_end(content)?;
        if (read as u64) < length { Err(ends_early()) } else { Ok(()) }
    }

    fn skip(&mut self, length: u64) -> io::Result<()> {
        let skipped = io::copy(&mut (&mut self.reader).take(length), &mut io::sink())?;
        if skipped < length { Err(ends_early()) } else { Ok(()) }
    }

    /// Reads the two line ends after a record, which the last record may lack.
    fn end_record(&mut self) -> io::Result<()> {
        for _ in 0..2 {
            let mut line = Vec::new();
            (&mut self.reader).take(2).read_until(b'\n', &mut line)?;
            if !line.trim_ascii().is_empty() {
                return Err(corrupt("a record is longer than its header says"));
            }
        }
        Ok(())
    }
}

fn corrupt(message: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn ends_early() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the file ends within a record")
}
