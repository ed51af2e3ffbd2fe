//! The units of all documents, side by side.

use super::compare::Site;
use super::join::Sets;
use super::sketch::{self, UnitKind};
use super::spill::{eight, four};
use crate::check::Corpus;
use crate::check::store::{self, BlobRef, Store, StoreError, to_u32};

/// What is kept in memory of each unit.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    pub(super) document: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) words: u32,
    pub(super) exact: u64,
    /// Where its shingles are in the store, followed by its tokens if it is a short line.
    place: u64,
    pub(super) shingles: u32,
    line_tokens: u8,
    pub(super) kind: UnitKind,
    /// It is reported as a copy of another.
    pub(super) is_claimed: bool,
}

/// What [`Units`] holds, for an error.
const UNITS: &str = "paragraphs, lines and list items";

impl Unit {
    /// A unit of the sketch at `sketch`.
    fn new(document: u32, sketch: BlobRef, unit: &sketch::Encoded<'_>) -> store::Result<Self> {
        let (from, shingles) = unit.shingles;
        // A sketch that was kept elsewhere may be damaged.
        let line_tokens = u8::try_from(unit.tokens.len() / 4);
        Ok(Self {
            document,
            start: unit.start,
            end: unit.end,
            words: unit.words,
            exact: unit.exact,
            place: sketch.part(from, 0)?.offset,
            shingles: to_u32(shingles, "runs of words in one paragraph")?,
            line_tokens: line_tokens.map_err(|_| StoreError { message: "a sketch is damaged".into() })?,
            kind: unit.kind,
            is_claimed: false,
        })
    }

    /// Where its shingles are in the store.
    fn shingles(&self) -> store::Result<BlobRef> {
        BlobRef { offset: self.place, length: 0 }.part(0, self.shingles as usize * 8)
    }

    pub(super) fn site(&self) -> Site {
        Site { document: self.document, start: self.start, end: self.end }
    }
}

/// All units, in order of document and place.
pub(super) struct Units<'c> {
    pub(super) all: Vec<Unit>,
    sketches: &'c [BlobRef],
    store: &'c dyn Store,
    /// The first unit of each document, and one past the last unit.
    first: Vec<u32>,
}

impl<'c> Units<'c> {
    pub(super) fn load(corpus: &Corpus<'c, '_>) -> store::Result<Self> {
        let Corpus { sketches, store, .. } = *corpus;
        let mut units = Self { all: Vec::new(), sketches, store, first: Vec::with_capacity(sketches.len() + 1) };
        for (document, &place) in sketches.iter().enumerate() {
            let bytes = store.read(place)?;
            units.first.push(to_u32(units.all.len(), UNITS)?);
            let document = to_u32(document, "documents")?;
            for unit in sketch::decode(&bytes) {
                units.all.push(Unit::new(document, place, &unit)?);
            }
        }
        units.first.push(to_u32(units.all.len(), UNITS)?);
        Ok(units)
    }

    /// Calls `take` with each unit's index and sketch, in order.
    pub(super) fn each(
        &self,
        take: &mut dyn FnMut(u32, &sketch::Encoded<'_>) -> store::Result<()>,
    ) -> store::Result<()> {
        for (&place, &first) in self.sketches.iter().zip(&self.first) {
            let bytes = self.store.read(place)?;
            for (index, unit) in (first..).zip(sketch::decode(&bytes)) {
                take(index, &unit)?;
            }
        }
        Ok(())
    }

    /// Puts the shingles of a unit into `shingles`.
    pub(super) fn read_shingles(&self, unit: &Unit, shingles: &mut Vec<u64>) -> store::Result<()> {
        let bytes = self.store.read(unit.shingles()?)?;
        shingles.clear();
        shingles.extend(bytes.chunks_exact(8).map(|shingle| eight(shingle, 0)));
        Ok(())
    }

    /// Puts the tokens of a short line, all numbers alike, into `tokens`; none for others.
    pub(super) fn read_line_tokens(&self, unit: &Unit, tokens: &mut Vec<u32>) -> store::Result<()> {
        let offset = unit.place + u64::from(unit.shingles) * 8;
        let bytes = self.store.read(BlobRef { offset, length: u32::from(unit.line_tokens) * 4 })?;
        tokens.clear();
        tokens.extend(bytes.chunks_exact(4).map(|token| four(token, 0)));
        Ok(())
    }

    /// Where a unit stands.
    pub(super) fn site(&self, index: u32) -> Option<Site> {
        self.all.get(index as usize).map(Unit::site)
    }

    /// The indices of the units of each document.
    pub(super) fn documents(&self) -> impl Iterator<Item = std::ops::Range<u32>> + '_ {
        self.first.windows(2).map(|pair| pair[0]..pair[1])
    }

    /// The units at `indices` as sets of shingles.
    pub(super) fn sets<'u>(&'u self, indices: &'u [u32]) -> UnitSets<'u, 'c> {
        UnitSets { units: self, indices }
    }
}

/// The shingles of some units.
pub(super) struct UnitSets<'u, 'c> {
    units: &'u Units<'c>,
    indices: &'u [u32],
}

impl UnitSets<'_, '_> {
    fn unit(&self, index: usize) -> Option<&Unit> {
        self.units.all.get(*self.indices.get(index)? as usize)
    }
}

impl Sets for UnitSets<'_, '_> {
    fn count(&self) -> usize {
        self.indices.len()
    }

    fn size(&self, index: usize) -> usize {
        self.unit(index).map_or(0, |unit| unit.shingles as usize)
    }

    fn read(&self, index: usize, members: &mut Vec<u64>) -> store::Result<()> {
        match self.unit(index) {
            Some(unit) => self.units.read_shingles(unit, members),
            None => {
                members.clear();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Places of 4 GiB and more wrapped around and named other bytes.
    #[test]
    fn shingles_of_4_gib_are_an_error() {
        let unit = sketch::Encoded::of_size(1 << 29);
        let unit = Unit::new(0, BlobRef::default(), &unit).unwrap();
        assert_eq!(unit.shingles().unwrap_err().message, "more than 4 294 967 295 bytes in one piece");
        let unit = Unit { shingles: (1 << 29) - 1, ..unit };
        assert_eq!(unit.shingles().unwrap().length, u32::MAX - 7);
        assert!(Unit::new(0, BlobRef::default(), &sketch::Encoded::of_size(1 << 32)).is_err());
    }
}
