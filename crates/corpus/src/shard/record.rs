//! Records of shards, raw and decoded.

use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;
use std::sync::Arc;

use parquet::data_type::ByteArray;

use super::foreign_record::{ForeignRecord, json_line};
use super::json_record::unquoted;
use super::labels::RecordLabels;
use super::line_syntax::{LineSyntax, RecordFields};
use super::{RecordAction, Shard};
use crate::codec::Codec;
use crate::line_reader::ByteLine;
use crate::read::{ReadError, Source, too_large};
use crate::undo_log::Replacement;
use dechaff_text::{LossyDecoding, Span};

/// A record that is not decoded yet.
pub struct RawRecord {
    pub(super) shard: Arc<Shard>,
    pub(super) index: u64,
    /// The labels of the document, from columns.
    pub(super) labels: RecordLabels,
    pub(super) body: RecordBody,
}

/// The bytes of a record.
#[derive(Debug)]
pub(super) enum RecordBody {
    /// A whole file.
    File(Vec<u8>),
    /// A line including its line ending, its offset in the decompressed file, and its syntax.
    Line(Vec<u8>, u64, Arc<dyn LineSyntax>),
    /// A value of a Parquet column, its definition level, and the ID of its row.
    Value(Option<ByteArray>, i16, Option<String>),
    /// A record of a format that cannot be written.
    Foreign(Box<dyn ForeignRecord>),
    /// The record was larger than allowed and has been skipped.
    TooLarge,
}

impl RecordBody {
    /// Creates the body of a line at `offset` of the decompressed file.
    pub(super) fn from_line(line: ByteLine, offset: u64, syntax: &Arc<dyn LineSyntax>) -> Self {
        match line {
            ByteLine::Complete(bytes) => Self::Line(bytes, offset, Arc::clone(syntax)),
            ByteLine::TooLong => Self::TooLarge,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::File(bytes) | Self::Line(bytes, ..) => bytes.len(),
            Self::Value(value, ..) => value.as_ref().map_or(0, ByteArray::len),
            Self::Foreign(record) => record.size(),
            Self::TooLarge => 0,
        }
    }
}

impl RawRecord {
    /// Creates record number `index` of a shard, counted from 1.
    pub(super) fn new(shard: &Arc<Shard>, index: u64, body: RecordBody) -> Self {
        Self { shard: Arc::clone(shard), index, labels: RecordLabels::default(), body }
    }

    /// Returns the size in bytes.
    pub fn size(&self) -> usize {
        self.body.size()
    }

    /// Decodes the document. A blank line has none.
    pub fn decode(self) -> (RecordHandle, Result<Option<Source>, ReadError>) {
        let Self { shard, index, labels, body } = self;
        let mut handle = RecordHandle { shard, index, id: None, labels, body, literal: 0..0 };
        let decoded = handle.decode();
        (handle, decoded)
    }
}

/// A decoded record, with what is needed to write it back.
#[derive(Debug)]
pub struct RecordHandle {
    /// The shard of the record.
    pub shard: Arc<Shard>,
    /// The number of the record in the shard, counted from 1.
    pub index: u64,
    /// The ID as JSON, if the shard has lines.
    pub id: Option<String>,
    /// The labels of the document.
    pub labels: RecordLabels,
    pub(super) body: RecordBody,
    /// The range of the text's string literal in the line, including the quotes.
    pub(super) literal: Range<usize>,
}

impl RecordHandle {
    /// Returns the size in bytes.
    pub fn size(&self) -> usize {
        self.body.size()
    }

    /// Returns the byte range of the record's line, if its text can be read from there.
    pub fn line(&self) -> Option<Range<u64>> {
        match &self.body {
            RecordBody::Line(line, offset, syntax)
                if self.shard.format.codec == Codec::None && syntax.is_self_contained() =>
            {
                Some(*offset..*offset + line.len() as u64)
            }
            _ => None,
        }
    }

    fn decode(&mut self) -> Result<Option<Source>, ReadError> {
        match &mut self.body {
            RecordBody::File(bytes) => {
                let source = Source::from_bytes(self.shard.name.clone(), std::mem::take(bytes))?;
                Ok(Some(Source { path: self.shard.given.clone(), ..source }))
            }
            RecordBody::Line(..) => self.decode_line(),
            RecordBody::Value(value, _, id) => {
                decode_value(&self.shard, self.index, value.as_ref(), id.as_ref()).map(Some)
            }
            RecordBody::Foreign(_) => self.decode_foreign().map(Some),
            RecordBody::TooLarge => {
                let reason = too_large(self.shard.read_options.max_record);
                Err(self.shard.record_error(self.index, None, reason))
            }
        }
    }

    fn decode_line(&mut self) -> Result<Option<Source>, ReadError> {
        let RecordBody::Line(line, _, syntax) = &self.body else { return Ok(None) };
        let shard = &self.shard;
        let line = String::from_utf8_lossy(line);
        let bom =
            if self.index == 1 && line.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        let content = &line[bom..];
        if content.trim().is_empty() {
            return Ok(None);
        }
        let RecordFields { id, labels, text } = syntax.parse(content, &shard.read_options);
        let display_id = id.as_deref().map(unquoted);
        let field =
            text.map_err(|reason| shard.record_error(self.index, display_id.clone(), reason))?;
        let first_byte = field.text.find(char::REPLACEMENT_CHARACTER).unwrap_or(0);
        let decoding = match (&line, field.lone_surrogates) {
            (Cow::Owned(_), _) => {
                let sequences = field.text.matches(char::REPLACEMENT_CHARACTER).count().max(1);
                Some(LossyDecoding { first_byte, sequences, lone_surrogate: None })
            }
            (_, Some(lost)) => Some(LossyDecoding {
                first_byte,
                sequences: lost.count,
                lone_surrogate: Some(lost.first),
            }),
            _ => None,
        };
        let source = Source {
            origin: Arc::new(shard.origin(self.index, display_id)),
            path: shard.given.clone(),
            text: field.text.into(),
            decoding,
        };
        self.literal = field.literal.start + bom..field.literal.end + bom;
        self.id = id;
        self.labels = labels;
        Ok(Some(source))
    }

    fn decode_foreign(&mut self) -> Result<Source, ReadError> {
        let (shard, index) = (&self.shard, self.index);
        let RecordBody::Foreign(record) = &mut self.body else {
            return Err(shard.record_error(index, None, "it has no text".into()));
        };
        let options = &shard.read_options;
        let id = record.field(&options.id_field);
        let labels = options.label_fields().map(|field| record.field(field?));
        self.labels = RecordLabels::new(labels);
        let error = |reason| shard.record_error(index, id.clone(), reason);
        let bytes = record.take_text(options).map_err(error)?;
        let (text, decoding) = decode_utf8(&bytes);
        Ok(Source {
            origin: Arc::new(shard.origin(index, id)),
            path: shard.given.clone(),
            text: Arc::from(text.as_ref()),
            decoding,
        })
    }

    /// Writes the record to a stream of bytes, with `action` applied.
    ///
    /// # Errors
    ///
    /// Writing fails, or the edits do not fit the record.
    pub(super) fn write_to(
        &self,
        stream: &mut dyn Write,
        action: RecordAction<'_>,
    ) -> io::Result<()> {
        match (&self.body, action) {
            (_, RecordAction::Drop) => Ok(()),
            (RecordBody::Line(line, ..), RecordAction::Keep | RecordAction::Replace(_)) => {
                stream.write_all(line)
            }
            (RecordBody::Line(line, _, syntax), RecordAction::Edit(_, edits)) => {
                let literal = literal_in(line, &self.literal)
                    .and_then(|literal| syntax.edit(literal, &edits, line.is_ascii()));
                stream.write_all(line.get(..self.literal.start).unwrap_or_default())?;
                stream.write_all(literal.ok_or_else(mismatch)?.as_bytes())?;
                stream.write_all(line.get(self.literal.end..).unwrap_or_default())
            }
            (
                RecordBody::Foreign(record),
                RecordAction::Edit(text, _) | RecordAction::Replace(text),
            ) => {
                let line = json_line(&**record, text, &self.shard.read_options);
                stream.write_all(line.as_bytes())
            }
            (_, RecordAction::Edit(text, _) | RecordAction::Replace(text)) => {
                stream.write_all(text.as_bytes())
            }
            // A single document, which is not rewritten if it is unchanged, or a record without a
            // text.
            (_, RecordAction::Keep) => Ok(()),
        }
    }

    /// Returns the record's spelling of the passages at `spans`, for [`Replacement::raw`]. Empty if
    /// the record is not a line.
    ///
    /// # Errors
    ///
    /// The spans do not fit the record.
    pub fn spellings(
        &self,
        spans: impl IntoIterator<Item = Span>,
    ) -> io::Result<Vec<Option<String>>> {
        let RecordBody::Line(line, _, syntax) = &self.body else { return Ok(Vec::new()) };
        let spans: Vec<Span> = spans.into_iter().collect();
        let spellings =
            literal_in(line, &self.literal).and_then(|literal| syntax.spellings(literal, &spans));
        spellings.ok_or_else(mismatch)
    }

    /// Returns the record's line, including its line ending.
    ///
    /// # Errors
    ///
    /// The record is not a line, or not UTF-8.
    pub fn line_text(&self) -> io::Result<&str> {
        match &self.body {
            RecordBody::Line(line, ..) => std::str::from_utf8(line).map_err(io::Error::other),
            _ => Err(io::Error::other("the record is not a line")),
        }
    }

    /// Splices passages back into the text of a line, to be written with
    /// [`RecordAction::Replace`].
    ///
    /// # Errors
    ///
    /// The passages do not fit the record.
    pub fn restore(&mut self, replacements: &[Replacement]) -> io::Result<()> {
        let RecordBody::Line(line, _, syntax) = &mut self.body else { return Ok(()) };
        let literal = literal_in(line, &self.literal)
            .and_then(|literal| syntax.restore(literal, replacements, line.is_ascii()))
            .ok_or_else(mismatch)?;
        let length = literal.len();
        line.splice(self.literal.clone(), literal.into_bytes());
        self.literal.end = self.literal.start + length;
        Ok(())
    }
}

fn literal_in<'l>(line: &'l [u8], literal: &Range<usize>) -> Option<&'l str> {
    line.get(literal.clone()).and_then(|literal| std::str::from_utf8(literal).ok())
}

fn mismatch() -> io::Error {
    io::Error::other("a change does not fit the record")
}

fn decode_value(
    shard: &Shard,
    index: u64,
    value: Option<&ByteArray>,
    id: Option<&String>,
) -> Result<Source, ReadError> {
    let max = shard.read_options.max_record;
    let error = |reason| shard.record_error(index, id.cloned(), reason);
    let Some(value) = value else {
        return Err(error(format!("the column `{}` is null", shard.read_options.text_field)));
    };
    if value.len() > max {
        return Err(error(too_large(max)));
    }
    let (text, decoding) = decode_utf8(value.data());
    Ok(Source {
        origin: Arc::new(shard.origin(index, id.cloned())),
        path: shard.given.clone(),
        text: Arc::from(text.as_ref()),
        decoding,
    })
}

fn decode_utf8(bytes: &[u8]) -> (Cow<'_, str>, Option<LossyDecoding>) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), None),
        Err(error) => {
            let sequences = bytes.utf8_chunks().filter(|chunk| !chunk.invalid().is_empty()).count();
            let decoding =
                LossyDecoding { first_byte: error.valid_up_to(), sequences, lone_surrogate: None };
            (String::from_utf8_lossy(bytes), Some(decoding))
        }
    }
}
