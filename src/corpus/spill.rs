//! A store that goes on in a temporary file when memory is full.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use crate::check::store::{Blob, BlobRef, MemoryStore, Result, Store, StoreError};

/// Keeps so many bytes in memory, and what comes after them in a temporary file that has no name and goes with the process.
#[derive(Debug)]
pub struct Spill {
    memory: MemoryStore,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Bytes that memory still has room for.
    room: usize,
    file: Option<File>,
    /// Bytes in the file.
    length: u64,
}

/// Added to the offsets of what is in the file.
const IN_FILE: u64 = 1 << 63;

impl Spill {
    /// A store that holds at most `memory` bytes in memory.
    pub fn new(memory: usize) -> Self {
        Self { memory: MemoryStore::default(), state: Mutex::new(State { room: memory, file: None, length: 0 }) }
    }
}

impl Store for Spill {
    fn append(&self, bytes: &[u8]) -> Result<BlobRef> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.takes(bytes.len()) {
            return self.memory.append(bytes);
        }
        let length = u32::try_from(bytes.len()).map_err(|_| failed("more than 4 GiB in one piece"))?;
        let offset = state.length | IN_FILE;
        state.write(bytes).map_err(|error| failed(&format!("cannot write a temporary file: {error}")))?;
        Ok(BlobRef { offset, length })
    }

    fn append_owned(&self, bytes: Vec<u8>) -> Result<BlobRef> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.takes(bytes.len()) {
            return self.memory.append_owned(bytes);
        }
        drop(state);
        self.append(&bytes)
    }

    fn read(&self, place: BlobRef) -> Result<Blob> {
        if place.offset & IN_FILE == 0 {
            return self.memory.read(place);
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut bytes = vec![0; place.length as usize];
        match state.read(place.offset ^ IN_FILE, &mut bytes) {
            Ok(()) => Ok(bytes.into()),
            Err(error) => Err(failed(&format!("cannot read a temporary file: {error}"))),
        }
    }
}

impl State {
    /// Whether so many bytes go to memory; they are counted if they do.
    fn takes(&mut self, bytes: usize) -> bool {
        let room = self.room.checked_sub(bytes).filter(|_| self.file.is_none());
        self.room = room.unwrap_or(self.room);
        room.is_some()
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        file.seek(SeekFrom::Start(self.length))?;
        file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn read(&mut self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let file = self.file.as_mut().ok_or(io::ErrorKind::UnexpectedEof)?;
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }
}

fn failed(message: &str) -> StoreError {
    StoreError { message: message.to_owned() }
}

/// Bytes of memory that this machine has free, where that can be known.
pub fn free_memory() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: usize = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_had_again_wherever_it_went() {
        let store = Spill::new(1_000);
        let pieces: Vec<Vec<u8>> = (0..100_u8).map(|number| vec![number; usize::from(number)]).collect();
        let places: Vec<BlobRef> = pieces.iter().map(|piece| store.append(piece).unwrap()).collect();
        assert!(places.iter().any(|place| place.offset & IN_FILE != 0));
        for (place, piece) in places.iter().zip(&pieces).rev() {
            assert_eq!(*store.read(*place).unwrap(), **piece);
        }
        assert_eq!(*store.read(places[99].part(3, 5).unwrap()).unwrap(), [99; 5]);
    }

    #[test]
    fn large_pieces_are_kept_as_they_are_among_small_ones() {
        let store = Spill::new(20_000);
        let pieces: Vec<Vec<u8>> = (0..9_u8).map(|number| vec![number; 3_000 * usize::from(number % 3)]).collect();
        let places: Vec<BlobRef> = pieces.iter().map(|piece| store.append_owned(piece.clone()).unwrap()).collect();
        for (place, piece) in places.iter().zip(&pieces) {
            assert_eq!(*store.read(*place).unwrap(), **piece);
        }
    }

    #[test]
    fn what_is_being_read_stays_as_it_is_while_more_is_kept() {
        let store = MemoryStore::default();
        let first = store.append(b"first").unwrap();
        let read = store.read(first).unwrap();
        let second = store.append(b"second").unwrap();
        assert_eq!(*read, *b"first");
        assert_eq!(*store.read(second).unwrap(), *b"second");
        assert!(store.read(second.part(1, 6).unwrap()).is_err());
    }
}
