//! Records of shards: as read, and decoded.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use parquet::data_type::ByteArray;

use super::Shard;
use super::json_record::{RecordFields, parse_line, unquoted};
use crate::corpus::format::Codec;
use crate::corpus::read::{ReadError, Source, too_large};
use crate::text::LossyDecoding;

/// A record that is not decoded yet.
pub struct RawRecord {
    pub(super) shard: Arc<Shard>,
    pub(super) index: u64,
    /// The value by which records are grouped, if a column has it.
    pub(super) group: Option<String>,
    pub(super) body: RecordBody,
}

/// The bytes of a record.
#[derive(Debug, Clone)]
pub(super) enum RecordBody {
    /// A whole file.
    File(Vec<u8>),
    /// A line including its line ending, and its offset in the decompressed file.
    Line(Vec<u8>, u64),
    /// A value of a Parquet column, its definition level, and the ID of its row.
    Value(Option<ByteArray>, i16, Option<String>),
    /// The record was larger than allowed and has been skipped.
    TooLarge,
}

impl RecordBody {
    fn size(&self) -> usize {
        match self {
            Self::File(bytes) | Self::Line(bytes, _) => bytes.len(),
            Self::Value(value, ..) => value.as_ref().map_or(0, ByteArray::len),
            Self::TooLarge => 0,
        }
    }
}

impl RawRecord {
    /// Returns the size in bytes.
    pub fn size(&self) -> usize {
        self.body.size()
    }

    /// Decodes the document. A blank line has none.
    pub fn decode(self) -> (RecordHandle, Result<Option<Source>, ReadError>) {
        let Self { shard, index, group, body } = self;
        let mut handle = RecordHandle { shard, index, id: None, group, body, literal: 0..0 };
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
    /// The ID as JSON, if the shard is JSON Lines.
    pub id: Option<String>,
    /// The value by which records are grouped, see
    /// [`ReadOptions::group_by`](super::ReadOptions::group_by).
    pub group: Option<String>,
    pub(super) body: RecordBody,
    /// The range of the text's string literal in the line, including the quotes.
    pub(super) literal: Range<usize>,
}

impl RecordHandle {
    /// Returns the size in bytes.
    pub fn size(&self) -> usize {
        self.body.size()
    }

    /// Returns the byte range of the record's line, if the file is an uncompressed one.
    pub fn line(&self) -> Option<Range<u64>> {
        match &self.body {
            RecordBody::Line(line, offset) if self.shard.format.codec == Codec::None => {
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
            RecordBody::TooLarge => {
                let reason = too_large(self.shard.read_options.max_record);
                Err(self.shard.record_error(self.index, None, reason))
            }
        }
    }

    fn decode_line(&mut self) -> Result<Option<Source>, ReadError> {
        let RecordBody::Line(line, _) = &self.body else { return Ok(None) };
        let shard = &self.shard;
        let line = String::from_utf8_lossy(line);
        let bom =
            if self.index == 1 && line.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
        let content = &line[bom..];
        if content.trim().is_empty() {
            return Ok(None);
        }
        let RecordFields { id, group, text } = parse_line(content, &shard.read_options);
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
        self.group = group;
        Ok(Some(source))
    }
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
