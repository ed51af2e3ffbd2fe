//! A blob store that spills to a temporary file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use dechaff_duplicates::store::{Blob, BlobRef, MemoryStore, Result, Store, StoreError};

/// Keeps blobs in memory up to a budget, and later ones in an anonymous temporary file, which
/// disappears with the process.
#[derive(Debug)]
pub struct SpillStore {
    memory: MemoryStore,
    state: Mutex<SpillState>,
}

#[derive(Debug)]
struct SpillState {
    /// Bytes of the memory budget that are left.
    budget: usize,
    file: Option<File>,
    file_length: u64,
}

/// Marks offsets in the temporary file.
const IN_FILE: u64 = 1 << 63;

impl SpillStore {
    /// Creates a store that keeps at most `memory` bytes in memory.
    pub fn new(memory: usize) -> Self {
        let state = SpillState { budget: memory, file: None, file_length: 0 };
        Self { memory: MemoryStore::default(), state: Mutex::new(state) }
    }
}

impl Store for SpillStore {
    fn append(&self, bytes: &[u8]) -> Result<BlobRef> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.reserve_memory(bytes.len()) {
            return self.memory.append(bytes);
        }
        let length =
            u32::try_from(bytes.len()).map_err(|_| store_error("more than 4 GiB in one piece"))?;
        let offset = state.file_length | IN_FILE;
        state
            .write(bytes)
            .map_err(|error| store_error(&format!("cannot write a temporary file: {error}")))?;
        Ok(BlobRef { offset, length })
    }

    fn append_owned(&self, bytes: Vec<u8>) -> Result<BlobRef> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.reserve_memory(bytes.len()) {
            return self.memory.append_owned(bytes);
        }
        drop(state);
        self.append(&bytes)
    }

    fn read(&self, blob: BlobRef) -> Result<Blob> {
        if blob.offset & IN_FILE == 0 {
            return self.memory.read(blob);
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = vec![0; blob.length as usize];
        match state.read(blob.offset ^ IN_FILE, &mut bytes) {
            Ok(()) => Ok(bytes.into()),
            Err(error) => Err(store_error(&format!("cannot read a temporary file: {error}"))),
        }
    }
}

impl SpillState {
    /// Takes `bytes` from the memory budget. Returns whether they fit; nothing does once the file
    /// is in use.
    fn reserve_memory(&mut self, bytes: usize) -> bool {
        let rest = self.budget.checked_sub(bytes).filter(|_| self.file.is_none());
        self.budget = rest.unwrap_or(self.budget);
        rest.is_some()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.file_length))?;
        file.write_all(bytes)?;
        self.file_length += bytes.len() as u64;
        Ok(())
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::UnexpectedEof)?;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }
}

fn store_error(message: &str) -> StoreError {
    StoreError { message: message.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_are_read_back_from_memory_and_file() {
        let store = SpillStore::new(1_000);
        let blobs: Vec<Vec<u8>> =
            (0..100_u8).map(|number| vec![number; usize::from(number)]).collect();
        let refs: Vec<BlobRef> = blobs.iter().map(|blob| store.append(blob).unwrap()).collect();
        assert!(refs.iter().any(|blob_ref| blob_ref.offset & IN_FILE != 0));
        for (blob_ref, blob) in refs.iter().zip(&blobs).rev() {
            assert_eq!(*store.read(*blob_ref).unwrap(), **blob);
        }
        assert_eq!(*store.read(refs[99].part(3, 5).unwrap()).unwrap(), [99; 5]);
    }

    #[test]
    fn owned_and_small_blobs_mix() {
        let store = SpillStore::new(20_000);
        let blobs: Vec<Vec<u8>> =
            (0..9_u8).map(|number| vec![number; 3_000 * usize::from(number % 3)]).collect();
        let refs: Vec<BlobRef> =
            blobs.iter().map(|blob| store.append_owned(blob.clone()).unwrap()).collect();
        for (blob_ref, blob) in refs.iter().zip(&blobs) {
            assert_eq!(*store.read(*blob_ref).unwrap(), **blob);
        }
    }

    #[test]
    fn a_read_blob_is_unaffected_by_appends() {
        let store = MemoryStore::default();
        let first = store.append(b"first").unwrap();
        let read = store.read(first).unwrap();
        let second = store.append(b"second").unwrap();
        assert_eq!(*read, *b"first");
        assert_eq!(*store.read(second).unwrap(), *b"second");
        assert!(store.read(second.part(1, 6).unwrap()).is_err());
    }
}
