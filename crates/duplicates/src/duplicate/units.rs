//! The units of all documents in one list.

use super::external_group::{read_u32_le, read_u64_le};
use super::matches::DocSpan;
use super::set_join::SetSource;
use super::sketch;
use super::unit_kind::UnitKind;
use crate::Corpus;
use crate::store::{self, BlobRef, Store, StoreError, to_u32};

/// The part of a unit that is kept in memory. There is one per paragraph of the corpus.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unit {
    pub(super) document: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) words: u32,
    pub(super) exact: u64,
    /// The offset of its shingles in the store. The tokens follow if the unit is a short line.
    offset: u64,
    pub(super) shingles: u32,
    line_tokens: u8,
    pub(super) kind: UnitKind,
    /// Whether it is reported as a copy.
    pub(super) is_claimed: bool,
}

/// The content of [`Units`], for an error message.
const UNITS: &str = "paragraphs, lines and list items";

impl Unit {
    /// Creates a unit of the sketch at `sketch`.
    fn new(document: u32, sketch: BlobRef, unit: &sketch::UnitRecord<'_>) -> store::Result<Self> {
        let (from, shingles) = unit.shingles;
        // A sketch stored outside of this process may be damaged.
        let line_tokens = u8::try_from(unit.tokens.len() / 4);
        Ok(Self {
            document,
            start: unit.start,
            end: unit.end,
            words: unit.words,
            exact: unit.exact,
            offset: sketch.part(from, 0)?.offset,
            shingles: to_u32(shingles, "runs of words in one paragraph")?,
            line_tokens: line_tokens
                .map_err(|_| StoreError { message: "a sketch is damaged".into() })?,
            kind: unit.kind,
            is_claimed: false,
        })
    }

    fn shingle_blob(&self) -> store::Result<BlobRef> {
        BlobRef { offset: self.offset, length: 0 }.part(0, self.shingles as usize * 8)
    }

    pub(super) fn doc_span(&self) -> DocSpan {
        DocSpan { document: self.document, start: self.start, end: self.end }
    }
}

/// All units, sorted by document and position.
pub(super) struct Units<'c> {
    pub(super) all: Vec<Unit>,
    sketches: &'c [BlobRef],
    store: &'c dyn Store,
    /// The index of the first unit of each document, and the number of units.
    first: Vec<u32>,
}

impl<'c> Units<'c> {
    /// Decodes the sketches of the corpus.
    pub(super) fn load(corpus: &Corpus<'c, '_>) -> store::Result<Self> {
        let Corpus { sketches, store, .. } = *corpus;
        let limit = corpus.documents.limit;
        let mut units = Self {
            all: Vec::new(),
            sketches,
            store,
            first: Vec::with_capacity(sketches.len() + 1),
        };
        for (document, &blob) in (0_u32..).zip(sketches) {
            let bytes = store.read(blob)?;
            units.first.push(limit.check(units.all.len(), UNITS)?);
            for unit in sketch::decode(&bytes) {
                units.all.push(Unit::new(document, blob, &unit)?);
            }
        }
        units.first.push(limit.check(units.all.len(), UNITS)?);
        Ok(units)
    }

    /// Calls `visit` with the index and sketch of each unit, in order.
    pub(super) fn for_each_sketch(
        &self,
        visit: &mut dyn FnMut(u32, &sketch::UnitRecord<'_>) -> store::Result<()>,
    ) -> store::Result<()> {
        for (&blob, &first) in self.sketches.iter().zip(&self.first) {
            let bytes = self.store.read(blob)?;
            for (index, unit) in (first..).zip(sketch::decode(&bytes)) {
                visit(index, &unit)?;
            }
        }
        Ok(())
    }

    /// Reads the shingles of a unit into `shingles`.
    pub(super) fn read_shingles(&self, unit: &Unit, shingles: &mut Vec<u64>) -> store::Result<()> {
        let bytes = self.store.read(unit.shingle_blob()?)?;
        shingles.clear();
        shingles.extend(bytes.chunks_exact(8).map(|shingle| read_u64_le(shingle, 0)));
        Ok(())
    }

    /// Reads the tokens of a short line into `tokens`, with numbers replaced. Other units have
    /// none.
    pub(super) fn read_line_tokens(&self, unit: &Unit, tokens: &mut Vec<u32>) -> store::Result<()> {
        let offset = unit.offset + u64::from(unit.shingles) * 8;
        let bytes = self.store.read(BlobRef { offset, length: u32::from(unit.line_tokens) * 4 })?;
        tokens.clear();
        tokens.extend(bytes.chunks_exact(4).map(|token| read_u32_le(token, 0)));
        Ok(())
    }

    pub(super) fn doc_span(&self, index: u32) -> Option<DocSpan> {
        self.all.get(index as usize).map(Unit::doc_span)
    }

    /// Yields the range of units of each document.
    pub(super) fn documents(&self) -> impl Iterator<Item = std::ops::Range<u32>> + '_ {
        self.first.windows(2).map(|pair| pair[0]..pair[1])
    }

    /// Returns the shingle sets of the units at `indices`.
    pub(super) fn sets<'u>(&'u self, indices: &'u [u32]) -> UnitSets<'u, 'c> {
        UnitSets { units: self, indices }
    }
}

/// The shingle sets of some units.
pub(super) struct UnitSets<'u, 'c> {
    units: &'u Units<'c>,
    indices: &'u [u32],
}

impl UnitSets<'_, '_> {
    fn unit(&self, index: usize) -> Option<&Unit> {
        self.units.all.get(*self.indices.get(index)? as usize)
    }
}

impl SetSource for UnitSets<'_, '_> {
    fn count(&self) -> usize {
        self.indices.len()
    }

    fn size(&self, index: usize) -> usize {
        self.unit(index).map_or(0, |unit| unit.shingles as usize)
    }

    fn read(&self, index: usize, elements: &mut Vec<u64>) -> store::Result<()> {
        match self.unit(index) {
            Some(unit) => self.units.read_shingles(unit, elements),
            None => {
                elements.clear();
                Ok(())
            }
        }
    }
}

/// Groups the units that pass `filter` and have the same hash of their normalized text. Returns the
/// groups of two or more, each in order.
pub(super) fn equal_units(units: &Units<'_>, filter: impl Fn(&Unit) -> bool) -> Vec<Vec<u32>> {
    let mut hashes: Vec<(u64, u32)> = (0_u32..)
        .zip(&units.all)
        .filter(|(_, unit)| filter(unit))
        .map(|(index, unit)| (unit.exact, index))
        .collect();
    hashes.sort_unstable();
    hashes
        .chunk_by(|left, right| left.0 == right.0)
        .filter(|group| group.len() > 1)
        .map(|group| group.iter().map(|(_, index)| *index).collect())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Once, lengths of 4 GiB and more wrapped around.
    #[test]
    fn shingles_of_4_gib_are_an_error() {
        let unit = sketch::UnitRecord::with_shingles(1 << 29);
        let unit = Unit::new(0, BlobRef::default(), &unit).unwrap();
        assert_eq!(
            unit.shingle_blob().unwrap_err().message,
            "more than 4,294,967,295 bytes in one piece"
        );
        let unit = Unit { shingles: (1 << 29) - 1, ..unit };
        assert_eq!(unit.shingle_blob().unwrap().length, u32::MAX - 7);
        assert!(
            Unit::new(0, BlobRef::default(), &sketch::UnitRecord::with_shingles(1 << 32)).is_err()
        );
    }
}
