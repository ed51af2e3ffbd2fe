//! The encoding of the data that the build script extracts from built-in rules.
//!
//! Numbers take one or two bytes. Literals are sorted, and each is stored as the length of the
//! prefix that it shares with the previous one, and the rest.

#![allow(clippy::cast_possible_truncation, reason = "a test reads all records back")]

use std::ops::Range;

use super::required::Required;

/// Marks an expression without a maximum offset.
const NO_OFFSET: u16 = u16::MAX;

/// A phrase of a block: bytes `start..end` of the block with this number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhrasePlace {
    /// Number of the block in its table.
    pub block: u8,
    /// Offset of its first byte.
    pub start: u16,
    /// Offset past its last byte.
    pub end: u16,
}

impl PhrasePlace {
    /// Creates the place of a phrase. Rule files are far shorter than 64 KiB.
    pub fn new(block: usize, place: &Range<usize>) -> Self {
        Self { block: block as u8, start: place.start as u16, end: place.end as u16 }
    }

    /// Appends it to `bytes`.
    pub fn write(self, bytes: &mut Vec<u8>) {
        bytes.push(self.block);
        bytes.extend(self.start.to_le_bytes());
        bytes.extend(self.end.to_le_bytes());
    }

    /// Reads it from the start of `bytes`, which then start after it; `None` at their end.
    pub fn read(bytes: &mut &[u8]) -> Option<Self> {
        let block = read_u8(bytes)?;
        Some(Self { block, start: read_u16(bytes)?, end: read_u16(bytes)? })
    }
}

impl Required {
    /// Appends them to `bytes`.
    pub fn write(&self, bytes: &mut Vec<u8>) {
        let max_offset =
            self.max_offset.and_then(|offset| u16::try_from(offset).ok()).unwrap_or(NO_OFFSET);
        bytes.extend(max_offset.to_le_bytes());
        bytes.push(self.checks.len() as u8);
        write_literals(&self.key, bytes);
        self.checks.iter().for_each(|set| write_literals(set, bytes));
    }

    /// Reads them from the start of `bytes`, which then start after them; `None` at their end.
    pub fn read(bytes: &mut &[u8]) -> Option<Self> {
        let max_offset =
            Some(read_u16(bytes)?).filter(|offset| *offset != NO_OFFSET).map(usize::from);
        let checks = read_u8(bytes)?;
        let key = read_literals(bytes)?;
        let checks = (0..checks).map(|_| read_literals(bytes)).collect::<Option<_>>()?;
        Some(Self { key, max_offset, checks })
    }
}

fn write_literals(literals: &[String], bytes: &mut Vec<u8>) {
    bytes.extend((literals.len() as u16).to_le_bytes());
    let mut last = "";
    for literal in literals {
        let shared =
            last.bytes().zip(literal.bytes()).take_while(|(left, right)| left == right).count();
        bytes.extend([shared as u8, (literal.len() - shared) as u8]);
        bytes.extend(&literal.as_bytes()[shared..]);
        last = literal;
    }
}

fn read_literals(bytes: &mut &[u8]) -> Option<Vec<String>> {
    let count = read_u16(bytes)?;
    let mut last = Vec::new();
    let literal = |_| {
        last.truncate(read_u8(bytes)?.into());
        let rest = read_u8(bytes)?;
        last.extend(bytes.split_off(..rest.into())?);
        String::from_utf8(last.clone()).ok()
    };
    (0..count).map(literal).collect()
}

fn read_u8(bytes: &mut &[u8]) -> Option<u8> {
    bytes.split_off_first().copied()
}

fn read_u16(bytes: &mut &[u8]) -> Option<u16> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u16::from_le_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_can_be_read_back() {
        let place = PhrasePlace { block: 3, start: 500, end: 20_000 };
        let required =
            Required::parse(r"\d+ (?:comment|café|comments)\b.*\bsubscribe\b.*", true).unwrap();
        let mut bytes = Vec::new();
        place.write(&mut bytes);
        required.write(&mut bytes);
        required.write(&mut bytes);
        let mut rest = bytes.as_slice();
        assert_eq!(PhrasePlace::read(&mut rest), Some(place));
        assert_eq!(Required::read(&mut rest), Some(required.clone()));
        assert_eq!(Required::read(&mut rest), Some(required));
        assert_eq!(rest, b"");
    }
}
