//! A shard written again around the texts that changed.

use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::field::{Insertion, escaped, meaning, spellings, splice};
use super::table::Table;
use super::{Body, Carrier, Shard};
use crate::corpus::format::{Encoder, Kind};
use crate::corpus::undo_log::Replacement;
use crate::corpus::write::{Pending, Stamp, WriteError};
use crate::text::Span;

/// What becomes of a record.
pub enum Fate<'a> {
    /// It stays as it is.
    Keep,
    /// Its text becomes this, by replacing these passages of the old one, which are in order.
    Change(&'a str, Vec<(Span, &'a str)>),
    /// Its text becomes this, by what was spliced into the carrier.
    Become(&'a str),
    /// It goes, with all its fields.
    Drop,
}

/// A new file for a shard, written record by record; it goes if it is not finished.
pub struct Rewriter {
    shard: Arc<Shard>,
    pending: Pending,
    writer: Writer,
    is_in_place: bool,
    is_changed: bool,
    is_whole: bool,
}

enum Writer {
    Stream(Box<Encoder>),
    Table(Box<Table>),
}

impl Rewriter {
    /// Begins to write `shard` again: in its place if there is no `target`.
    ///
    /// # Errors
    ///
    /// The file system refuses.
    pub fn begin(shard: &Arc<Shard>, target: Option<&Path>) -> Result<Self, WriteError> {
        let pending = target.map_or_else(|| Pending::replacing(&shard.path), Pending::creating)?;
        let file = pending.file()?;
        let writer = match shard.format.kind {
            Kind::Parquet => Table::begin(shard, file).map(|table| Writer::Table(Box::new(table))),
            _ => shard.format.codec.encoder(file).map(|encoder| Writer::Stream(Box::new(encoder))),
        };
        let writer = writer.map_err(|error| pending.failed(error))?;
        let is_in_place = target.is_none();
        Ok(Self { shard: Arc::clone(shard), pending, writer, is_in_place, is_changed: false, is_whole: true })
    }

    /// Writes the next record.
    ///
    /// # Errors
    ///
    /// The file system refuses, or the change does not fit the record.
    pub fn record(&mut self, carrier: &Carrier, fate: Fate<'_>) -> Result<(), WriteError> {
        self.is_changed |= !matches!(fate, Fate::Keep);
        self.is_whole &= !matches!(carrier.body, Body::TooLong);
        let written = match &mut self.writer {
            Writer::Stream(encoder) => stream(encoder, carrier, fate),
            Writer::Table(table) => match &carrier.body {
                Body::Value(value, level, _) => table.row(value.as_ref(), *level, fate),
                _ => Ok(()),
            },
        };
        written.map_err(|error| self.pending.failed(error))
    }

    /// Writes a line between records of JSON Lines.
    ///
    /// # Errors
    ///
    /// The file system refuses, or the shard is no JSON Lines.
    pub fn insert_line(&mut self, line: &str) -> Result<(), WriteError> {
        self.is_changed = true;
        let written = match &mut self.writer {
            Writer::Stream(encoder) => encoder.write_all(line.as_bytes()),
            Writer::Table(_) => Err(io::Error::other("a line does not fit into a table")),
        };
        written.map_err(|error| self.pending.failed(error))
    }

    /// Says that a part of the shard cannot be read, so that writing it would lose that part.
    pub fn miss(&mut self) {
        self.is_whole = false;
    }

    /// Puts the new file into its place, or, if nothing changed, leaves the old one where it is or copies it byte for byte.
    /// Says whether all of the shard could be read; if not, nothing is written. `before_rename` runs before a changed file
    /// goes into its place, and is given the path at which it is whole.
    ///
    /// # Errors
    ///
    /// The file system refuses, or the shard changed since it was opened.
    pub fn finish(self, before_rename: impl FnOnce(&Path) -> io::Result<()>) -> Result<bool, WriteError> {
        let Self { shard, pending, writer, is_in_place, is_changed, is_whole } = self;
        if !is_whole || is_in_place && !is_changed {
            return Ok(is_whole);
        }
        if !is_changed {
            // What it still holds back must not come after the copy.
            drop(writer);
            let copied = copy(&shard.path, pending.file()?).map_err(|error| pending.failed(error));
            return copied.and_then(|()| pending.commit(|_| Ok(true), |_| Ok(()))).map(|()| true);
        }
        let finished = match writer {
            Writer::Stream(encoder) => encoder.finish().map(|_| ()),
            Writer::Table(table) => table.finish(),
        };
        finished.map_err(|error| pending.failed(error))?;
        if fs::metadata(&shard.path).map(|metadata| Stamp::from(&metadata)).ok().as_ref() != Some(&shard.stamp) {
            return Err(WriteError::Changed(shard.path.clone()));
        }
        pending.commit(|target| Ok(Stamp::from(&target.metadata()?) == shard.stamp), before_rename).map(|()| true)
    }
}

/// Writes over what stands in `target` the bytes of `source`.
fn copy(source: &Path, mut target: fs::File) -> io::Result<()> {
    use std::io::Seek;
    target.set_len(0)?;
    target.rewind()?;
    io::copy(&mut fs::File::open(source)?, &mut target).map(|_| ())
}

fn stream(encoder: &mut Encoder, carrier: &Carrier, fate: Fate<'_>) -> io::Result<()> {
    match (&carrier.body, fate) {
        (_, Fate::Drop) => Ok(()),
        (Body::Line(line, _), Fate::Keep | Fate::Become(_)) => encoder.write_all(line),
        (Body::Line(line, _), Fate::Change(_, changes)) => {
            let (start, end) = (carrier.literal.start, carrier.literal.end);
            let changes = changes.into_iter().map(|(span, text)| (span, Insertion::Text(text)));
            let literal = changed(line, &carrier.literal, changes)?;
            encoder.write_all(line.get(..start).unwrap_or_default())?;
            encoder.write_all(literal.as_bytes())?;
            encoder.write_all(line.get(end..).unwrap_or_default())
        }
        (_, Fate::Change(text, _) | Fate::Become(text)) => encoder.write_all(text.as_bytes()),
        // A file of one document that does not change is not written at all.
        (_, Fate::Keep) => Ok(()),
    }
}

/// The string that stands at `literal` in `line`, with changes made in it.
fn changed<'c>(
    line: &[u8],
    literal: &Range<usize>,
    changes: impl IntoIterator<Item = (Span, Insertion<'c>)>,
) -> io::Result<String> {
    let changed = literal_at(line, literal).and_then(|literal| splice(literal, changes, line.is_ascii()));
    changed.ok_or_else(unfit)
}

fn unfit() -> io::Error {
    io::Error::other("a change does not fit the record")
}

fn literal_at<'l>(line: &'l [u8], literal: &Range<usize>) -> Option<&'l str> {
    line.get(literal.clone()).and_then(|literal| std::str::from_utf8(literal).ok())
}

impl Carrier {
    /// How the record's JSON spells the passages at `spans`, as [`Replacement::raw`] keeps it; empty where it is no JSON.
    ///
    /// # Errors
    ///
    /// They do not fit the record.
    pub fn spellings(&self, spans: impl IntoIterator<Item = Span>) -> io::Result<Vec<Option<String>>> {
        let Body::Line(line, _) = &self.body else { return Ok(Vec::new()) };
        let found = literal_at(line, &self.literal).and_then(|literal| spellings(literal, spans));
        found.ok_or_else(unfit)
    }

    /// The record's line, with its line end.
    ///
    /// # Errors
    ///
    /// It is no line of JSON, or not UTF-8.
    pub fn line_text(&self) -> io::Result<&str> {
        match &self.body {
            Body::Line(line, _) => std::str::from_utf8(line).map_err(io::Error::other),
            _ => Err(io::Error::other("the record is no line of JSON")),
        }
    }

    /// Puts passages back into the text where it is spelled in JSON; the record is then written as [`Fate::Become`].
    ///
    /// # Errors
    ///
    /// They do not fit the record.
    pub fn restore(&mut self, replacements: &[Replacement]) -> io::Result<()> {
        if let Body::Line(line, _) = &mut self.body {
            let mut insertions = Vec::new();
            for Replacement { span, text, raw } in replacements {
                // A log may have been edited: what it says is JSON must be that, and must say the same.
                let json = match raw {
                    Some(raw) => (meaning(raw).as_ref() == Some(text)).then(|| raw.clone()),
                    None => escaped(text),
                };
                insertions.push((*span, json.ok_or_else(unfit)?));
            }
            let changes = insertions.iter().map(|(span, json)| (*span, Insertion::Json(json)));
            let literal = changed(line, &self.literal, changes)?;
            let length = literal.len();
            line.splice(self.literal.clone(), literal.into_bytes());
            self.literal.end = self.literal.start + length;
        }
        Ok(())
    }
}
