//! A shard written again around the texts that changed.

use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::field::splice;
use super::table::Table;
use super::{Body, Carrier, Shard};
use crate::corpus::format::{Encoder, Kind};
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

    /// Says that a part of the shard cannot be read, so that writing it would lose that part.
    pub fn miss(&mut self) {
        self.is_whole = false;
    }

    /// Puts the new file into its place, or, if nothing changed, leaves the old one where it is or copies it byte for byte.
    /// Says whether all of the shard could be read; if not, nothing is written. `before_rename` runs before a changed file
    /// goes into its place.
    ///
    /// # Errors
    ///
    /// The file system refuses, or the shard changed since it was opened.
    pub fn finish(self, before_rename: impl FnOnce() -> io::Result<()>) -> Result<bool, WriteError> {
        let Self { shard, pending, writer, is_in_place, is_changed, is_whole } = self;
        if !is_whole || is_in_place && !is_changed {
            return Ok(is_whole);
        }
        if !is_changed {
            // What it still holds back must not come after the copy.
            drop(writer);
            let copied = copy(&shard.path, pending.file()?).map_err(|error| pending.failed(error));
            return copied.and_then(|()| pending.commit(|_| Ok(true), || Ok(()))).map(|()| true);
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
    changes: impl IntoIterator<Item = (Span, &'c str)>,
) -> io::Result<String> {
    let found = line.get(literal.clone()).and_then(|literal| std::str::from_utf8(literal).ok());
    let changed = found.and_then(|literal| splice(literal, changes, line.is_ascii()));
    changed.ok_or_else(|| io::Error::other("a change does not fit the record"))
}

impl Carrier {
    /// Makes `changes` in the text where it stands in its line, if it does; what is written of the record then is
    /// [`Fate::Become`].
    ///
    /// # Errors
    ///
    /// They do not fit it.
    pub fn splice(&mut self, changes: &[(Span, &str)]) -> io::Result<()> {
        if let Body::Line(line, _) = &mut self.body {
            let literal = changed(line, &self.literal, changes.iter().copied())?;
            let length = literal.len();
            line.splice(self.literal.clone(), literal.into_bytes());
            self.literal.end = self.literal.start + length;
        }
        Ok(())
    }
}
