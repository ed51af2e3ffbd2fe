//! How units begin: one look at the first characters of a unit tells which patterns may match all of it.

use super::expression::is_mark;
use super::places::{self, PLACES};

/// Patterns by what the units begin with that they match, marks before it aside.
pub(super) struct Openings {
    /// Of six bytes and more; most text that begins as a shorter one does not go on as these do.
    long: Placed<6>,
    middle: Placed<3>,
    short: Placed<1>,
}

/// Openings by their first `N` bytes.
struct Placed<const N: usize> {
    /// In order of where their first bytes fall.
    entries: Vec<Entry>,
    /// For each place the first entry, and one past the last.
    starts: Vec<u32>,
    /// Whether something falls on a place.
    taken: Box<[u64; PLACES / 64]>,
}

/// The bytes of an opening, of which there are sixteen or fewer, and a pattern.
struct Entry {
    /// Each with the bit set that tells small letters from capitals.
    bytes: u128,
    /// Which of them it has.
    mask: u128,
    pattern: u32,
}

/// Most bytes of an opening.
pub(super) const LONGEST: usize = 16;

/// The bit that tells small ASCII letters from capitals, in each byte.
const SMALL: u128 = 0x2020_2020_2020_2020_2020_2020_2020_2020;

impl Openings {
    /// Openings in small letters, each with a pattern.
    pub(super) fn new<'o>(openings: impl Iterator<Item = (&'o str, u32)>) -> Self {
        let (mut long, mut middle, mut short) = (Vec::new(), Vec::new(), Vec::new());
        for (opening, pattern) in openings {
            let length = opening.len().min(LONGEST);
            let mask = u128::MAX >> (128 - 8 * length.max(1));
            let entry = Entry { bytes: sixteen(opening.as_bytes()) & mask, mask, pattern };
            match length {
                6.. => long.push(entry),
                3.. => middle.push(entry),
                _ => short.push(entry),
            }
        }
        Self { long: Placed::new(long), middle: Placed::new(middle), short: Placed::new(short) }
    }

    /// Calls `found` with the patterns that may match `unit`.
    pub(super) fn find(&self, unit: &str, mut found: impl FnMut(u32)) {
        for (start, character) in unit.char_indices() {
            let here = sixteen(&unit.as_bytes()[start..]);
            self.long.among(here, &mut found);
            self.middle.among(here, &mut found);
            self.short.among(here, &mut found);
            if !is_mark(character) {
                break;
            }
        }
    }
}

impl<const N: usize> Placed<N> {
    fn new(mut entries: Vec<Entry>) -> Self {
        entries.sort_unstable_by_key(|entry| places::place(Self::hash(entry.bytes)));
        let starts = places::starts(entries.iter().map(|entry| Self::hash(entry.bytes)));
        let mut taken = Box::new([0; PLACES / 64]);
        for place in entries.iter().map(|entry| places::place(Self::hash(entry.bytes))) {
            taken[place / 64] |= 1 << (place % 64);
        }
        Self { entries, starts, taken }
    }

    /// Calls `found` with the patterns of the openings with which `here` begins.
    #[inline]
    fn among(&self, here: u128, found: &mut impl FnMut(u32)) {
        let place = places::place(Self::hash(here));
        if self.taken[place / 64] >> (place % 64) & 1 == 0 {
            return;
        }
        let range = self.starts[place] as usize..self.starts[place + 1] as usize;
        let entries = self.entries.get(range).unwrap_or_default();
        entries.iter().filter(|entry| here & entry.mask == entry.bytes).for_each(|entry| found(entry.pattern));
    }

    /// Of the first `N` bytes.
    #[inline]
    fn hash(bytes: u128) -> u64 {
        (bytes as u64 & (u64::MAX >> (64 - 8 * N))).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// The first sixteen bytes, capitals as small letters; some other bytes fall together as well.
fn sixteen(bytes: &[u8]) -> u128 {
    let first = match bytes.first_chunk() {
        Some(first) => *first,
        None => {
            let mut first = [0; LONGEST];
            first[..bytes.len()].copy_from_slice(bytes);
            first
        }
    };
    u128::from_le_bytes(first) | SMALL
}

/// The unit without the marks around it.
pub(super) fn without_marks(unit: &str) -> &str {
    unit.trim_matches(is_mark)
}
