//! The interface between an index and the checks that compare documents.
//!
//! A sketch consists of units that are compared, such as paragraphs. An index posts each unit under
//! keys, and looks up the keys of new units to find the old ones that they may match. Only those
//! are compared, by the same code as in a run over all documents.

use std::ops::Range;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::element_order::ElementOrder;
use super::store;
use dechaff_text::Origin;

/// The version of sketches and keys. An index with another version cannot be used.
pub const SKETCH_VERSION: u32 = 2;

/// Returns the Unicode versions used to normalize and split text.
pub fn unicode_version() -> String {
    let (major, minor, update) = char::UNICODE_VERSION;
    let (normalization, of_minor, of_update) = unicode_normalization::UNICODE_VERSION;
    format!("{major}.{minor}.{update}, normalization {normalization}.{of_minor}.{of_update}")
}

/// The offset and line of each unit of the old documents in the comparison, by the number of the
/// document. They are used if the text of a document is no longer available.
pub type IndexedPlaces = FxHashMap<u32, Vec<(u32, u32)>>;

/// The kind of a key. Keys of different kinds never match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyKind {
    /// The hash of a unit's normalized text.
    Exact,
    /// The words of a short line, except for numbers.
    Line,
    /// A short line without one of its words.
    Variant,
    /// An element in the prefix of a unit's shingle set.
    Near,
    /// The hash of a sentence.
    Sentence,
    /// The hash of a few words in a row.
    Passage,
    /// The hash of all words of a document.
    Document,
    /// An element in the prefix of a document's shingle set.
    NearDocument,
}

impl KeyKind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Exact,
        Self::Line,
        Self::Variant,
        Self::Near,
        Self::Sentence,
        Self::Passage,
        Self::Document,
        Self::NearDocument,
    ];

    /// Returns the number of the kind.
    pub fn number(self) -> usize {
        self as usize
    }

    /// Returns the name of the kind.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Line => "line",
            Self::Variant => "variant",
            Self::Near => "near",
            Self::Sentence => "sentence",
            Self::Passage => "passage",
            Self::Document => "document",
            Self::NearDocument => "near-document",
        }
    }

    /// Whether a shared key only means that two units may be similar, so that they must be
    /// compared.
    pub fn is_candidate(self) -> bool {
        matches!(self, Self::Near | Self::NearDocument)
    }

    /// Whether a unit that shares the key with an old one may claim it, so that later finders skip
    /// it.
    pub fn may_claim(self) -> bool {
        !matches!(self, Self::Sentence | Self::Passage)
    }
}

/// A key of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IndexKey {
    /// The kind of the key.
    pub kind: KeyKind,
    /// A hash with uniformly distributed bits.
    pub key: u64,
    /// For near keys: the size of the set and the position of the element in it, see
    /// [`set_detail`].
    pub detail: u32,
}

/// A unit of a sketch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexUnit {
    /// The bytes of the unit in the sketch. Removing units leaves a valid sketch.
    pub bytes: Range<usize>,
    /// The offset of the unit in the text.
    pub start: u32,
}

/// A check whose sketches can be indexed.
pub trait IndexedCheck: Send + Sync {
    /// Returns the number of the check in an index. It never changes.
    fn number(&self) -> u32;

    /// Calls `visit` with each unit of a sketch, in order.
    fn for_each_unit(&self, sketch: &[u8], visit: &mut dyn FnMut(IndexUnit));

    /// Appends the keys of the units encoded in `bytes`.
    fn keys(&self, bytes: &[u8], order: &ElementOrder, keys: &mut Vec<IndexKey>);

    /// Returns the parts of an encoded unit that determine its keys. Other parts, such as the
    /// position, do not matter.
    fn content<'u>(&self, unit: &'u [u8]) -> [&'u [u8]; 2];

    /// Counts the elements of the sets that are posted.
    fn count_elements(&self, sketch: &[u8], order: &mut ElementOrder);

    /// Whether two sets may be similar, by the details of the same near key in both.
    fn may_be_similar(&self, left: u32, right: u32) -> bool;

    /// Whether the sets of two units are similar.
    fn are_similar(&self, left: &[u8], right: &[u8]) -> bool;

    /// Returns how many lines variants of a line must have before they are compared.
    fn min_variants(&self) -> usize {
        usize::MAX
    }
}

/// Packs the size of a set and the position of an element in it into 32 bits. Numbers saturate at
/// 16 bits.
pub fn set_detail(size: usize, position: usize) -> u32 {
    let short = |number: usize| u32::from(u16::try_from(number).unwrap_or(u16::MAX));
    short(size) << 16 | short(position)
}

/// Returns the size and the position in `detail`, unless one of them is saturated.
pub fn size_and_position(detail: u32) -> Option<(usize, usize)> {
    let max = u32::from(u16::MAX);
    let (size, position) = (detail >> 16, detail & max);
    (size < max && position < max).then_some((size as usize, position as usize))
}

/// The location of a unit in an index. Locations sort by segment, document and position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId {
    /// The number of the segment.
    pub segment: u32,
    /// The number of the unit in the segment.
    pub unit: u32,
}

/// The location of a document in an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IndexedDocument {
    /// The number of the segment.
    pub segment: u32,
    /// The number of the document in the segment.
    pub document: u32,
}

/// A unit as an index returns it.
#[derive(Debug, Clone)]
pub struct StoredUnit {
    /// The document that has the unit.
    pub document: IndexedDocument,
    /// The number of the check whose sketch has it.
    pub check: u32,
    /// The offset in the text.
    pub start: u32,
    /// The number of the line there, counted from 1.
    pub line: u32,
    /// The unit, encoded.
    pub bytes: Vec<u8>,
}

/// Receives the postings of a lookup: the key, the unit and the detail.
pub type PostingVisitor<'v> = dyn FnMut(u64, UnitId, u32) + 'v;

/// Looks up units by their keys.
pub trait ReferenceIndex {
    /// Calls `visit` for each posting of one of `keys`, which are sorted and distinct, in order of
    /// the keys within a segment.
    ///
    /// # Errors
    ///
    /// The index cannot be read.
    fn lookup(
        &mut self,
        kind: KeyKind,
        keys: &[u64],
        visit: &mut PostingVisitor<'_>,
    ) -> store::Result<()>;

    /// Returns the document that has a unit, or `None` if it has been removed.
    ///
    /// # Errors
    ///
    /// The index cannot be read.
    fn document_of(&mut self, unit: UnitId) -> store::Result<Option<IndexedDocument>>;

    /// Returns the origin of a document, with the path as shown to the user.
    ///
    /// # Errors
    ///
    /// The index cannot be read.
    fn origin(&mut self, document: IndexedDocument) -> store::Result<Arc<Origin>>;

    /// Reads a unit.
    ///
    /// # Errors
    ///
    /// The index cannot be read.
    fn unit(&mut self, unit: UnitId) -> store::Result<StoredUnit>;

    /// Returns the element order that determined the posted prefixes.
    fn order(&self) -> &ElementOrder;
}
