//! Byte stores for sketches and postings, in memory or provided by the caller.

use std::ops::{Deref, Range};
use std::sync::{Arc, PoisonError, RwLock};

/// An error of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    /// What went wrong.
    pub message: String,
}

/// The result of a store operation.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A reference to bytes in a [`Store`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlobRef {
    /// Position; each store defines its own meaning.
    pub offset: u64,
    /// Number of bytes.
    pub length: u32,
}

impl BlobRef {
    /// Returns a reference to a part: `length` bytes starting at byte `from`.
    ///
    /// # Errors
    ///
    /// Fails if `length` is 4 GiB or more.
    pub fn part(self, from: usize, length: usize) -> Result<Self> {
        Ok(Self {
            offset: self.offset + from as u64,
            length: to_u32(length, "bytes in one piece")?,
        })
    }
}

/// An append-only byte store.
pub trait Store: Send + Sync {
    /// Appends a copy of `bytes`.
    ///
    /// # Errors
    ///
    /// Fails if there are 4 GiB or more, or if writing fails.
    fn append(&self, bytes: &[u8]) -> Result<BlobRef>;

    /// Appends `bytes`, without copying them if possible.
    ///
    /// # Errors
    ///
    /// As [`Store::append`].
    fn append_owned(&self, bytes: Vec<u8>) -> Result<BlobRef> {
        self.append(&bytes)
    }

    /// Reads what was appended at `place`, or a part of it.
    ///
    /// # Errors
    ///
    /// Fails if nothing was appended there, or if reading fails.
    fn read(&self, place: BlobRef) -> Result<Blob>;
}

/// Bytes read from a [`Store`], shared with it if it holds them in memory.
#[derive(Debug, Clone)]
pub struct Blob {
    chunk: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self { range: 0..bytes.len(), chunk: Arc::new(bytes) }
    }
}

impl Deref for Blob {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.chunk.get(self.range.clone()).unwrap_or_default()
    }
}

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    chunks: RwLock<Chunks>,
}

#[derive(Debug, Default)]
struct Chunks {
    all: Vec<Arc<Vec<u8>>>,
    /// Index of the chunk being filled, unless it is being read.
    open: usize,
}

impl MemoryStore {
    const CHUNK: usize = 1 << 20;
    /// Minimum number of bytes that become a chunk without being copied.
    const LARGE: usize = 1 << 12;
}

/// The largest number of a document, unit or match in a comparison. Numbers have 32 bits to save
/// memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberLimit(u32);

impl Default for NumberLimit {
    fn default() -> Self {
        Self(u32::MAX)
    }
}

impl NumberLimit {
    /// Sets a limit of `max`.
    pub fn new(max: u32) -> Self {
        Self(max)
    }

    /// Returns `count` if it is within the limit. `what` describes the counted items in the error
    /// message.
    ///
    /// # Errors
    ///
    /// Fails if the count exceeds the limit.
    pub fn check(self, count: usize, what: &str) -> Result<u32> {
        u32::try_from(count).ok().filter(|count| *count <= self.0).ok_or_else(|| StoreError {
            message: format!(
                "more than {} {what}: check the corpus in parts, such as one directory at a time, or \
                 turn off the rules that compare documents (ND)",
                with_commas(self.0)
            ),
        })
    }
}

/// Formats a number with a comma before each group of three digits.
fn with_commas(number: u32) -> String {
    let digits = number.to_string();
    let mut formatted = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            formatted.push(',');
        }
        formatted.push(digit);
    }
    formatted
}

/// Converts to `u32`. `what` completes the error message "more than 4,294,967,295 …".
///
/// # Errors
///
/// Fails if the number is too large.
pub(super) fn to_u32(number: usize, what: &str) -> Result<u32> {
    u32::try_from(number)
        .map_err(|_| StoreError { message: format!("more than {} {what}", with_commas(u32::MAX)) })
}

impl Store for MemoryStore {
    fn append(&self, bytes: &[u8]) -> Result<BlobRef> {
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
        Ok(BlobRef { offset, length })
    }

    fn append_owned(&self, bytes: Vec<u8>) -> Result<BlobRef> {
        let spare = bytes.capacity() - bytes.len();
        if bytes.len() < Self::LARGE || spare > bytes.len() / 8 {
            return self.append(&bytes);
        }
        let length = to_u32(bytes.len(), "bytes in one piece")?;
        let mut chunks = self.chunks.write().unwrap_or_else(PoisonError::into_inner);
        let offset = (chunks.all.len() as u64) << 32;
        chunks.all.push(Arc::new(bytes));
        Ok(BlobRef { offset, length })
    }

    fn read(&self, place: BlobRef) -> Result<Blob> {
        let chunks = self.chunks.read().unwrap_or_else(PoisonError::into_inner);
        let number = usize::try_from(place.offset >> 32).unwrap_or(usize::MAX);
        let start = usize::try_from(place.offset & u64::from(u32::MAX)).unwrap_or(usize::MAX);
        let range = start..start.saturating_add(place.length as usize);
        let chunk = chunks.all.get(number).filter(|chunk| range.end <= chunk.len());
        let chunk = chunk.ok_or_else(|| StoreError { message: "no such entry".into() })?;
        Ok(Blob { chunk: Arc::clone(chunk), range })
    }
}
