//! The texts of records, and of files that are not as they were read, to be had again in any order.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::ops::Range;
use std::path::PathBuf;

use super::shard::{Carrier, Reading, text_at};
use super::spill::Spill;
use crate::check::store::{BlobRef, Result, Store, StoreError};
use crate::text::Origin;

/// Keeps texts: compressed in memory or a temporary file, or as their places in the shard where that can be
/// read at any place.
pub struct Shelf {
    reading: Reading,
    store: Spill,
    shards: HashMap<String, Texts>,
    /// The shard that was read last.
    open: RefCell<Option<(PathBuf, File)>>,
}

struct Texts {
    path: PathBuf,
    /// One a record, by its number; 0 bytes for those that hold no text.
    places: Vec<BlobRef>,
}

/// How a text is had again.
pub enum Kept {
    /// From its line.
    Line(Range<u64>),
    /// From what was made of it.
    Compressed(Vec<u8>),
}

/// Added to the offsets of lines; the store uses the bit above.
const LINE: u64 = 1 << 62;

impl Kept {
    /// Of a document whose text is now `text`, and was `is_same` when it was read; `carrier` carries it if it is a record.
    ///
    /// # Errors
    ///
    /// It cannot be compressed.
    pub fn of(carrier: Option<&Carrier>, text: &str, is_same: bool) -> Result<Self> {
        let line = carrier.filter(|_| is_same).and_then(Carrier::line);
        match line.filter(|line| line.start < LINE && u32::try_from(line.end - line.start).is_ok()) {
            Some(line) => Ok(Self::Line(line)),
            None => zstd::bulk::compress(text.as_bytes(), 1).map(Self::Compressed).map_err(failed),
        }
    }
}

impl Shelf {
    /// A shelf that holds about `memory` bytes in memory.
    pub fn new(reading: Reading, memory: usize) -> Self {
        Self { reading, store: Spill::new(memory), shards: HashMap::new(), open: RefCell::new(None) }
    }

    /// Keeps the text of a record, or of a file as the only one there.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written.
    pub fn put(&mut self, name: &str, path: &std::path::Path, index: u64, kept: Kept) -> Result<()> {
        let place = match kept {
            Kept::Line(line) => {
                let length = usize::try_from(line.end - line.start).unwrap_or(usize::MAX);
                BlobRef { offset: line.start | LINE, length: 0 }.part(0, length)?
            }
            Kept::Compressed(bytes) => self.store.append(&bytes)?,
        };
        if !self.shards.contains_key(name) {
            self.shards.insert(name.to_owned(), Texts { path: path.to_owned(), places: Vec::new() });
        }
        if let Some(texts) = self.shards.get_mut(name) {
            let index = usize::try_from(index).map_err(|_| StoreError { message: "too many records".into() })?;
            if texts.places.len() <= index {
                texts.places.resize(index + 1, BlobRef::default());
            }
            texts.places[index] = place;
        }
        Ok(())
    }

    /// Whether the texts of that file are here.
    pub fn has(&self, origin: &Origin) -> bool {
        self.shards.contains_key(&origin.path)
    }

    /// A text that was put here; `None` where it can no longer be had.
    pub fn text(&self, origin: &Origin) -> Option<String> {
        let texts = self.shards.get(&origin.path)?;
        let index = origin.record.as_ref().map_or(1, |record| record.index);
        let place = texts.places.get(usize::try_from(index).ok()?).filter(|place| place.length > 0)?;
        if place.offset & LINE != 0 && place.offset >> 63 == 0 {
            let from = place.offset ^ LINE;
            let mut open = self.open.borrow_mut();
            if open.as_ref().is_none_or(|(path, _)| *path != texts.path) {
                *open = Some((texts.path.clone(), File::open(&texts.path).ok()?));
            }
            let (_, file) = open.as_mut()?;
            return text_at(file, from..from + u64::from(place.length), &self.reading).ok().flatten();
        }
        let bytes = self.store.read(*place).ok()?;
        String::from_utf8(zstd::stream::decode_all(&bytes[..]).ok()?).ok()
    }
}

fn failed(error: std::io::Error) -> StoreError {
    StoreError { message: format!("cannot compress a text: {error}") }
}
