//! How units begin: one look at the first characters of a unit tells which patterns may match all of it.

use super::expression::is_mark;

/// Patterns by what the units begin with that they match, marks before it aside.
pub(super) struct Openings {
    /// In order of where their first bytes fall.
    entries: Vec<Entry>,
    /// For each place the first entry, and one past the last.
    starts: Vec<u32>,
    /// Whether something falls on a place.
    taken: Box<[u64; PLACES / 64]>,
    /// The range of those with fewer than three bytes, by their first.
    short: Vec<(u32, u32)>,
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
    pub(super) fn new(openings: impl Iterator<Item = (String, u32)>) -> Self {
        let entry = |(opening, pattern): (String, u32)| {
            let length = opening.len().min(LONGEST);
            let mask = u128::MAX >> (128 - 8 * length.max(1));
            let is_short = length < 3;
            let bytes = sixteen(opening.as_bytes()) & mask;
            // Short ones come first, by their first byte.
            let place = if is_short { bytes as usize & 0xFF } else { 256 + place(bytes) };
            (place, Entry { bytes, mask, pattern })
        };
        let mut placed: Vec<(usize, Entry)> = openings.map(entry).collect();
        placed.sort_by_key(|(place, entry)| (*place, entry.bytes, entry.pattern));
        let first = |place: usize| placed.partition_point(|(other, _)| *other < place) as u32;
        let short = (0..256).map(|byte| (first(byte), first(byte + 1))).collect();
        let starts = (0..=PLACES).map(|place| first(256 + place)).collect();
        let mut taken = Box::new([0; PLACES / 64]);
        for place in placed.iter().filter_map(|(place, _)| place.checked_sub(256)) {
            taken[place / 64] |= 1 << (place % 64);
        }
        Self { entries: placed.into_iter().map(|(_, entry)| entry).collect(), starts, taken, short }
    }

    /// Calls `found` with the patterns that may match `unit`.
    pub(super) fn find(&self, unit: &str, mut found: impl FnMut(u32)) {
        for (start, character) in unit.char_indices() {
            let here = sixteen(&unit.as_bytes()[start..]);
            let place = place(here);
            if self.taken[place / 64] >> (place % 64) & 1 != 0 {
                self.among((self.starts[place], self.starts[place + 1]), here, &mut found);
            }
            self.among(self.short[here as usize & 0xFF], here, &mut found);
            if !is_mark(character) {
                break;
            }
        }
    }

    fn among(&self, (start, end): (u32, u32), here: u128, found: &mut impl FnMut(u32)) {
        let entries = self.entries.get(start as usize..end as usize).unwrap_or_default();
        entries.iter().filter(|entry| here & entry.mask == entry.bytes).for_each(|entry| found(entry.pattern));
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

const PLACE_BITS: u32 = 13;
const PLACES: usize = 1 << PLACE_BITS;

/// Where the first three bytes fall.
fn place(bytes: u128) -> usize {
    ((bytes as u32 & 0x00FF_FFFF).wrapping_mul(0x9E37_79B1) >> (u32::BITS - PLACE_BITS)) as usize
}

/// The unit without the marks around it.
pub(super) fn without_marks(unit: &str) -> &str {
    unit.trim_matches(is_mark)
}
