//! Where sketches and postings wait: in memory, or wherever the caller puts them.

use std::ops::{Deref, Range};
use std::sync::{Arc, PoisonError, RwLock};

/// Bytes that cannot be kept or had again.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// Why not.
    pub message: String,
}

/// What a store answers.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Bytes in a [`Store`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Place {
    /// As the store counts.
    pub offset: u64,
    /// Number of bytes.
    pub length: u32,
}

impl Place {
    /// `length` of these bytes, from byte `from` on.
    pub fn part(self, from: usize, length: usize) -> Self {
        Self { offset: self.offset + from as u64, length: length as u32 }
    }
}

/// Takes bytes and gives them back.
pub trait Store: Send + Sync {
    /// Keeps `bytes`, of which there are less than 4 GiB.
    ///
    /// # Errors
    ///
    /// They cannot be kept.
    fn append(&self, bytes: &[u8]) -> Result<Place>;

    /// What was kept at `place`, or a part of it.
    ///
    /// # Errors
    ///
    /// It cannot be had.
    fn read(&self, place: Place) -> Result<Piece>;
}

/// Bytes that a [`Store`] gives back, without copying what it holds in memory.
#[derive(Debug, Clone)]
pub struct Piece {
    chunk: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl From<Vec<u8>> for Piece {
    fn from(bytes: Vec<u8>) -> Self {
        Self { range: 0..bytes.len(), chunk: Arc::new(bytes) }
    }
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.chunk.get(self.range.clone()).unwrap_or_default()
    }
}

/// Keeps everything in memory.
#[derive(Debug, Default)]
pub struct Memory {
    /// The last is filled further as long as nobody reads it.
    chunks: RwLock<Vec<Arc<Vec<u8>>>>,
}

impl Memory {
    const CHUNK: usize = 1 << 20;
}

impl Store for Memory {
    fn append(&self, bytes: &[u8]) -> Result<Place> {
        let mut chunks = self.chunks.write().unwrap_or_else(PoisonError::into_inner);
        let length =
            u32::try_from(bytes.len()).map_err(|_| StoreError { message: "more than 4 GiB in one piece".into() })?;
        let has_room = |last: &mut Arc<Vec<u8>>| {
            Arc::get_mut(last).is_some_and(|last| last.len() + bytes.len() <= last.capacity())
        };
        if !chunks.last_mut().is_some_and(has_room) {
            chunks.push(Arc::new(Vec::with_capacity(bytes.len().max(Self::CHUNK))));
        }
        let chunk = chunks.len() as u64 - 1;
        let Some(last) = chunks.last_mut().and_then(Arc::get_mut) else {
            return Err(StoreError { message: "no room".into() });
        };
        let offset = chunk << 32 | last.len() as u64;
        last.extend_from_slice(bytes);
        Ok(Place { offset, length })
    }

    fn read(&self, place: Place) -> Result<Piece> {
        let chunks = self.chunks.read().unwrap_or_else(PoisonError::into_inner);
        let start = place.offset as u32 as usize;
        let range = start..start + place.length as usize;
        let chunk = chunks.get((place.offset >> 32) as usize).filter(|chunk| range.end <= chunk.len());
        let chunk = chunk.ok_or_else(|| StoreError { message: "nothing was kept there".into() })?;
        Ok(Piece { chunk: Arc::clone(chunk), range })
    }
}
