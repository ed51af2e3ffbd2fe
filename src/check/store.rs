//! Where sketches and postings wait: in memory, or wherever the caller puts them.

use std::sync::{PoisonError, RwLock};

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

    /// Puts what was kept at `place`, or a part of it, into `buffer`, in place of what that held.
    ///
    /// # Errors
    ///
    /// It cannot be had.
    fn read(&self, place: Place, buffer: &mut Vec<u8>) -> Result<()>;
}

/// Keeps everything in memory.
#[derive(Debug, Default)]
pub struct Memory {
    chunks: RwLock<Vec<Vec<u8>>>,
}

impl Memory {
    const CHUNK: usize = 1 << 20;
}

impl Store for Memory {
    fn append(&self, bytes: &[u8]) -> Result<Place> {
        let mut chunks = self.chunks.write().unwrap_or_else(PoisonError::into_inner);
        let length =
            u32::try_from(bytes.len()).map_err(|_| StoreError { message: "more than 4 GiB in one piece".into() })?;
        let has_room = chunks.last().is_some_and(|last| last.len() + bytes.len() <= last.capacity());
        if !has_room {
            chunks.push(Vec::with_capacity(bytes.len().max(Self::CHUNK)));
        }
        let chunk = chunks.len() as u64 - 1;
        let Some(last) = chunks.last_mut() else {
            return Err(StoreError { message: "no room".into() });
        };
        let offset = chunk << 32 | last.len() as u64;
        last.extend_from_slice(bytes);
        Ok(Place { offset, length })
    }

    fn read(&self, place: Place, buffer: &mut Vec<u8>) -> Result<()> {
        let chunks = self.chunks.read().unwrap_or_else(PoisonError::into_inner);
        let start = place.offset as u32 as usize;
        let bytes = chunks
            .get((place.offset >> 32) as usize)
            .and_then(|chunk| chunk.get(start..start + place.length as usize))
            .ok_or_else(|| StoreError { message: "nothing was kept there".into() })?;
        buffer.clear();
        buffer.extend_from_slice(bytes);
        Ok(())
    }
}
