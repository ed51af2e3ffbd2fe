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
    ///
    /// # Errors
    ///
    /// They are 4 GiB or more.
    pub fn part(self, from: usize, length: usize) -> Result<Self> {
        Ok(Self { offset: self.offset + from as u64, length: to_u32(length, "bytes in one piece")? })
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

    /// The same, without copying them where that is not needed.
    ///
    /// # Errors
    ///
    /// They cannot be kept.
    fn keep(&self, bytes: Vec<u8>) -> Result<Place> {
        self.append(&bytes)
    }

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
    chunks: RwLock<Chunks>,
}

#[derive(Debug, Default)]
struct Chunks {
    all: Vec<Arc<Vec<u8>>>,
    /// Which of them is filled further, as long as nobody reads it.
    open: usize,
}

impl Memory {
    const CHUNK: usize = 1 << 20;
    /// Fewest bytes that make a chunk of their own.
    const LARGE: usize = 1 << 12;
}

/// A number as it is kept, in four bytes.
///
/// # Errors
///
/// It is too large; `what` says of what there are too many.
pub(super) fn to_u32(number: usize, what: &str) -> Result<u32> {
    u32::try_from(number).map_err(|_| StoreError { message: format!("more than 4 294 967 295 {what}") })
}

impl Store for Memory {
    fn append(&self, bytes: &[u8]) -> Result<Place> {
        let length = to_u32(bytes.len(), "bytes in one piece")?;
        let mut chunks = self.chunks.write().unwrap_or_else(PoisonError::into_inner);
        let Chunks { all, open } = &mut *chunks;
        let has_room = |chunk: &mut Arc<Vec<u8>>| {
            Arc::get_mut(chunk).is_some_and(|chunk| chunk.len() + bytes.len() <= chunk.capacity())
        };
        if !all.get_mut(*open).is_some_and(has_room) {
            *open = all.len();
            all.push(Arc::new(Vec::with_capacity(bytes.len().max(Self::CHUNK))));
        }
        let Some(chunk) = all.get_mut(*open).and_then(Arc::get_mut) else {
            return Err(StoreError { message: "no room".into() });
        };
        let offset = (*open as u64) << 32 | chunk.len() as u64;
        chunk.extend_from_slice(bytes);
        Ok(Place { offset, length })
    }

    fn keep(&self, bytes: Vec<u8>) -> Result<Place> {
        let spare = bytes.capacity() - bytes.len();
        if bytes.len() < Self::LARGE || spare > bytes.len() / 8 {
            return self.append(&bytes);
        }
        let length = to_u32(bytes.len(), "bytes in one piece")?;
        let mut chunks = self.chunks.write().unwrap_or_else(PoisonError::into_inner);
        let offset = (chunks.all.len() as u64) << 32;
        chunks.all.push(Arc::new(bytes));
        Ok(Place { offset, length })
    }

    fn read(&self, place: Place) -> Result<Piece> {
        let chunks = self.chunks.read().unwrap_or_else(PoisonError::into_inner);
        let number = usize::try_from(place.offset >> 32).unwrap_or(usize::MAX);
        let start = usize::try_from(place.offset & u64::from(u32::MAX)).unwrap_or(usize::MAX);
        let range = start..start.saturating_add(place.length as usize);
        let chunk = chunks.all.get(number).filter(|chunk| range.end <= chunk.len());
        let chunk = chunk.ok_or_else(|| StoreError { message: "nothing was kept there".into() })?;
        Ok(Piece { chunk: Arc::clone(chunk), range })
    }
}
