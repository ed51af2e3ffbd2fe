//! Shards: files of many documents, and compressed files of one. Read record by record, and written again around what changed.

mod columns;
mod field;
mod lines;
mod other_json;
mod pages;
mod rewrite;
mod table;

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parquet::data_type::ByteArray;

use super::format::{Codec, Format, Kind};
use super::read::{ReadError, Source, read_document, too_long};
use super::write::Stamp;
use crate::text::{LossyDecoding, Origin, PathName, Record, path_of};
use columns::Columns;
use field::LoneSurrogates;
use lines::{Line, Lines};

pub use field::FIELDS;
pub(in crate::corpus) use lines::{Line as ByteLine, Lines as ByteLines};
pub use rewrite::{Fate, Rewriter};

/// How shards are read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What files hold, where names and bytes are not to decide.
    pub kind: Option<Kind>,
    /// The field that holds the text; with dots where it lies inside others.
    pub text_field: String,
    /// The field that holds the identifier.
    pub id_field: String,
    /// Most bytes of one document.
    pub max_record: usize,
}

impl Default for Reading {
    fn default() -> Self {
        Self { kind: None, text_field: "text".into(), id_field: "id".into(), max_record: 64 << 20 }
    }
}

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// The file itself.
    pub path: PathBuf,
    /// Its name for people.
    pub name: String,
    /// It was not found in a directory but given.
    pub is_named: bool,
}

impl Input {
    /// The file at `path`.
    pub fn of(path: PathBuf, is_named: bool) -> Self {
        let name = path.name();
        Self { path, name, is_named }
    }
}

/// A file of many documents, or a compressed one.
#[derive(Debug)]
pub struct Shard {
    /// The file itself.
    pub path: PathBuf,
    /// Its name for people.
    pub name: String,
    /// The path as it was given, which is not where the bytes are if they came from standard input.
    pub given: PathBuf,
    /// What it holds.
    pub format: Format,
    /// What the file was when it was opened.
    pub stamp: Stamp,
    reading: Reading,
}

impl Shard {
    /// Whether it holds records, and not one compressed document.
    pub fn has_records(&self) -> bool {
        self.format.kind != Kind::Text
    }

    fn origin(&self, index: u64, id: Option<String>) -> Origin {
        let record = self.has_records().then_some(Record { index, id });
        Origin { path: self.name.clone(), record }
    }
}

/// What an input turned out to be.
pub enum Opened {
    /// One document that is not compressed: to be read as a whole.
    Plain,
    /// A shard and its records.
    Shard(Arc<Shard>, Records),
}

/// Looks what `input` holds. Bytes that are read of a shard are counted in `count`.
///
/// # Errors
///
/// It cannot be read, or has no text.
pub fn open(input: &Input, reading: &Reading, count: &Arc<AtomicU64>) -> Result<Opened, ReadError> {
    let io = |error| ReadError::Io { path: input.name.clone(), error };
    let format = Format::of_file(&input.path, reading.kind).map_err(io)?;
    // What comes from elsewhere than it says cannot be read again by its name.
    let is_itself = input.path.name() == input.name;
    if format == Format::PLAIN && is_itself {
        return Ok(Opened::Plain);
    }
    let file = File::open(&input.path).map_err(io)?;
    let stamp = Stamp::of(&file).map_err(io)?;
    let (path, name) = (input.path.clone(), input.name.clone());
    let given = if is_itself { path.clone() } else { path_of(&name) };
    let shard = Shard { path, name, given, format, stamp, reading: reading.clone() };
    let shard = Arc::new(shard);
    let reader = match format.kind {
        Kind::Parquet => Reader::Columns(Box::new(Columns::open(file, &shard, input.is_named, Arc::clone(count))?)),
        Kind::JsonLines if let Some(reason) = other_json::fault(&shard).map_err(io)? => {
            return Err(ReadError::Bad { place: input.name.clone(), records: 1, reason });
        }
        kind => {
            if kind == Kind::JsonLines
                && !input.is_named
                && let Some(names) = foreign_fields(&shard).map_err(io)?
            {
                let reason = format!("its records have no field `{}`{}", reading.text_field, field::among(&names));
                return Err(ReadError::NoCorpus { path: input.name.clone(), reason });
            }
            let rest = shard.stamp.length;
            let counted = Counted { file, count: Arc::clone(count), rest };
            let reader = format.codec.decoder(counted).map_err(io)?;
            if kind == Kind::Text {
                Reader::Text(Some(reader))
            } else {
                Reader::Lines(Lines::new(reader, reading.max_record))
            }
        }
    };
    Ok(Opened::Shard(Arc::clone(&shard), Records { shard, reader, index: 0 }))
}

/// The fields of the first record if the first lines have no text field; a directory may hold other JSON, such as a trail.
fn foreign_fields(shard: &Shard) -> io::Result<Option<Vec<String>>> {
    const LINES: usize = 20;
    const LONGEST: usize = 1 << 20;
    let decoder = shard.format.codec.decoder(File::open(&shard.path)?)?;
    // A line that has no end is not followed to it.
    let mut lines = Lines::new(decoder.take((LINES * LONGEST) as u64), LONGEST);
    let mut first = None;
    for _ in 0..LINES {
        // What cannot be read is told when it is.
        let Ok(Some(Line::Whole(line))) = lines.next() else { break };
        let line = String::from_utf8_lossy(&line);
        let line = line.strip_prefix('\u{FEFF}').unwrap_or(&line);
        if let Ok([text]) = field::fields(line, [&shard.reading.text_field]) {
            if text.is_some() {
                return Ok(None);
            }
            first.get_or_insert_with(|| field::names(line));
        }
    }
    Ok(first)
}

/// A file of which the bytes read are counted, and of which all bytes are read.
struct Counted {
    file: File,
    count: Arc<AtomicU64>,
    /// Bytes that the file had when it was opened and that have not been read.
    rest: u64,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read(buffer)?;
        self.count.fetch_add(length as u64, Ordering::Relaxed);
        self.rest = self.rest.saturating_sub(length as u64);
        // Without this, a shard that ends between two lines would be written again without the rest.
        if length == 0 && self.rest > 0 && !buffer.is_empty() {
            return Err(ended_early(self.rest));
        }
        Ok(length)
    }
}

/// The error for a file that ends before its length.
pub(in crate::corpus) fn ended_early(missing: u64) -> io::Error {
    let message = format!("the file ends {missing} bytes before its length; did another process cut it off?");
    io::Error::new(io::ErrorKind::UnexpectedEof, message)
}

/// The records of a shard, in order.
pub struct Records {
    shard: Arc<Shard>,
    reader: Reader,
    index: u64,
}

enum Reader {
    Text(Option<Box<dyn BufRead + Send>>),
    Lines(Lines<Box<dyn BufRead + Send>>),
    Columns(Box<Columns>),
    Done,
}

/// What comes next in a shard.
pub enum Step {
    /// A record, as it was read.
    Record(Raw),
    /// A part that cannot be read; what can be read of the rest comes after it.
    Damage(ReadError),
}

/// A record, as it was read.
pub struct Raw {
    shard: Arc<Shard>,
    index: u64,
    body: Body,
}

/// The bytes of a record.
#[derive(Debug, Clone)]
enum Body {
    /// A whole file.
    File(Vec<u8>),
    /// A line with its line end, and where it begins in the decompressed file.
    Line(Vec<u8>, u64),
    /// A value of a column, how much of the path to it is there, and the row's identifier.
    Value(Option<ByteArray>, i16, Option<String>),
    /// More bytes than are read.
    TooLong,
}

impl Iterator for Records {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        loop {
            let (most, offset) = (self.shard.reading.max_record, self.index);
            let body = match &mut self.reader {
                Reader::Done => return None,
                Reader::Text(reader) => reader.take().map(|reader| document(reader, most)).transpose(),
                Reader::Lines(lines) => {
                    let from = lines.offset;
                    lines.next().map(|line| {
                        line.map(|line| match line {
                            Line::Whole(bytes) => Body::Line(bytes, from),
                            Line::TooLong => Body::TooLong,
                        })
                    })
                }
                Reader::Columns(columns) => {
                    let step = columns.next(&self.shard);
                    if step.is_none() {
                        self.reader = Reader::Done;
                    }
                    return step;
                }
            };
            match body {
                Ok(Some(body)) => {
                    self.index += 1;
                    return Some(Step::Record(Raw { shard: Arc::clone(&self.shard), index: self.index, body }));
                }
                Ok(None) => self.reader = Reader::Done,
                Err(error) => {
                    self.reader = Reader::Done;
                    let reason = match offset {
                        0 => format!("cannot be read: {error}"),
                        records => format!("cannot be read past record {records}: {error}"),
                    };
                    return Some(Step::Damage(ReadError::Bad { place: self.shard.name.clone(), records: 1, reason }));
                }
            }
        }
    }
}

fn document(reader: Box<dyn BufRead + Send>, most: usize) -> io::Result<Body> {
    Ok(read_document(reader, 0, most)?.map_or(Body::TooLong, Body::File))
}

/// What is needed of a record to write it again.
#[derive(Debug)]
pub struct Carrier {
    /// The shard it stands in.
    pub shard: Arc<Shard>,
    /// Its place there, counted from 1.
    pub index: u64,
    /// Its identifier as JSON.
    pub id: Option<String>,
    body: Body,
    /// Where the text stands in a line, with its quotes.
    literal: Range<usize>,
}

impl Carrier {
    /// Bytes that it holds.
    pub fn size(&self) -> usize {
        match &self.body {
            Body::File(bytes) | Body::Line(bytes, _) => bytes.len(),
            Body::Value(value, ..) => value.as_ref().map_or(0, ByteArray::len),
            Body::TooLong => 0,
        }
    }

    /// Where its line stands in a file that is not compressed.
    pub fn line(&self) -> Option<Range<u64>> {
        match &self.body {
            Body::Line(line, from) if self.shard.format.codec == Codec::None => Some(*from..*from + line.len() as u64),
            _ => None,
        }
    }
}

impl Raw {
    /// Bytes that it holds.
    pub fn size(&self) -> usize {
        match &self.body {
            Body::File(bytes) | Body::Line(bytes, _) => bytes.len(),
            Body::Value(value, ..) => value.as_ref().map_or(0, ByteArray::len),
            Body::TooLong => 0,
        }
    }

    /// The document; `None` for a line that holds nothing.
    pub fn decode(self) -> (Carrier, Result<Option<Source>, ReadError>) {
        let Self { shard, index, body } = self;
        let mut carrier = Carrier { shard, index, id: None, body, literal: 0..0 };
        let decoded = carrier.decode();
        (carrier, decoded)
    }
}

impl Carrier {
    fn decode(&mut self) -> Result<Option<Source>, ReadError> {
        let shard = Arc::clone(&self.shard);
        let most = shard.reading.max_record;
        match &mut self.body {
            Body::File(bytes) => {
                let source = Source::of(shard.name.clone(), std::mem::take(bytes))?;
                Ok(Some(Source { path: shard.given.clone(), ..source }))
            }
            Body::Line(line, _) => {
                let whole = String::from_utf8_lossy(line);
                let mark = if self.index == 1 && whole.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
                let content = &whole[mark..];
                if content.trim().is_empty() {
                    return Ok(None);
                }
                let is_lossy = matches!(whole, Cow::Owned(_));
                let (id, found) = json(content, &shard.reading);
                let bad = |reason: String| bad_record(&shard, self.index, id.as_deref(), reason);
                let (literal, text, lost) = found.map_err(bad)?;
                let first_byte = text.find(char::REPLACEMENT_CHARACTER).unwrap_or(0);
                let decoding = if is_lossy {
                    let sequences = text.matches(char::REPLACEMENT_CHARACTER).count().max(1);
                    Some(LossyDecoding { first_byte, sequences, lone_surrogate: None })
                } else {
                    lost.map(|lost| LossyDecoding {
                        first_byte,
                        sequences: lost.count,
                        lone_surrogate: Some(lost.first),
                    })
                };
                let origin = shard.origin(self.index, id.as_deref().map(plain));
                self.literal = literal.start + mark..literal.end + mark;
                self.id = id;
                Ok(Some(Source { origin: Arc::new(origin), path: shard.given.clone(), text: text.into(), decoding }))
            }
            Body::Value(value, _, id) => {
                let bad = |reason: String| Err(bad_record(&shard, self.index, id.as_deref(), reason));
                let Some(value) = value else {
                    return bad(format!("the column `{}` is null", shard.reading.text_field));
                };
                if value.len() > most {
                    return bad(too_long(most));
                }
                let (text, decoding) = lossy(value.data());
                let (origin, text) = (shard.origin(self.index, id.clone()), Arc::from(text.as_ref()));
                Ok(Some(Source { origin: Arc::new(origin), path: shard.given.clone(), text, decoding }))
            }
            Body::TooLong => Err(bad_record(&shard, self.index, None, too_long(most))),
        }
    }
}

fn bad_record(shard: &Shard, index: u64, id: Option<&str>, reason: String) -> ReadError {
    let id = id.filter(|_| shard.format.kind == Kind::JsonLines).map(plain).or_else(|| id.map(str::to_owned));
    ReadError::Bad { place: shard.origin(index, id).to_string(), records: 1, reason }
}

/// An identifier as people read it: without the quotes of JSON.
fn plain(id: &str) -> String {
    field::decode(id).map_or_else(|| id.to_owned(), |(id, _)| id)
}

/// The place of the text in a line, the text, and the lone surrogates in it.
type Text = (Range<usize>, String, Option<LoneSurrogates>);

/// The identifier of a line, as JSON, and its text.
fn json(line: &str, reading: &Reading) -> (Option<String>, Result<Text, String>) {
    let (name, id) = (reading.text_field.as_str(), reading.id_field.as_str());
    let [text, id] = match field::fields(line, [name, id]) {
        Ok(fields) => fields,
        Err(error) => return (None, Err(format!("malformed JSON: {error}"))),
    };
    // Objects and lists name nothing.
    let id = id.map(|id| id.get()).filter(|id| !id.starts_with(['{', '[', 'n'])).map(str::to_owned);
    let found = match text {
        None => Err(format!("no field `{name}`{}", field::among(&field::names(line)))),
        Some(value) => match field::decode(value.get()) {
            Some((text, lost)) => Ok((field::place(line, value), text, lost)),
            None => Err(format!("the field `{name}` is {}, not a string", kind_of(value.get()))),
        },
    };
    (id, found)
}

fn kind_of(json: &str) -> &'static str {
    match json.as_bytes().first() {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'n') => "null",
        Some(b't' | b'f') => "a boolean",
        Some(b'"') => "a broken string",
        _ => "a number",
    }
}

fn lossy(bytes: &[u8]) -> (Cow<'_, str>, Option<LossyDecoding>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), None),
        Err(error) => {
            let sequences = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
            let decoding = LossyDecoding { first_byte: error.valid_up_to(), sequences, lone_surrogate: None };
            (String::from_utf8_lossy(bytes), Some(decoding))
        }
    }
}

/// The text of the line at `place` of a file that is not compressed.
///
/// # Errors
///
/// It cannot be read.
pub(in crate::corpus) fn text_at(file: &mut File, place: Range<u64>, reading: &Reading) -> io::Result<Option<String>> {
    use std::io::{Seek, SeekFrom};
    let mut line = Vec::new();
    file.seek(SeekFrom::Start(place.start))?;
    file.take(place.end - place.start).read_to_end(&mut line)?;
    let line = String::from_utf8_lossy(&line);
    let line = line.strip_prefix('\u{FEFF}').unwrap_or(&line);
    Ok(json(line, reading).1.ok().map(|(_, text, _)| text))
}
