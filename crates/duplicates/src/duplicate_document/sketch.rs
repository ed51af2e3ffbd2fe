//! Sketches of whole documents: their words and shingles.

use crate::duplicate::{SHINGLE, Tokens, count_shared, hash_sequence, shingles};
use crate::store::{self, BlobRef, Store, StoreError, to_u32};
use dechaff_text::{BlockKind, Document, Span};

/// Maximum size of a document that is compared as a whole.
const MAX_DOCUMENT_BYTES: usize = 16 << 20;
/// Minimum number of words of a paragraph of running text.
const MIN_RUNNING_WORDS: usize = 12;
/// The size of a sketch without shingles: words, share of running text, and hash.
const HEADER_BYTES: u32 = 16;

/// The part of a sketch that is kept in memory.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DocumentSketch {
    /// The number of words; 0 if the document is not compared.
    pub(super) words: u32,
    /// The share of words in paragraphs of running text, in millionths.
    pub(super) running_share: u32,
    /// The hash of all words in order.
    pub(super) exact: u64,
    pub(super) shingles: u32,
    blob: BlobRef,
}

impl DocumentSketch {
    /// Sketches a document.
    pub(super) fn encode(document: &Document<'_>) -> Vec<u8> {
        let text = document.text();
        if text.len() > MAX_DOCUMENT_BYTES {
            return Vec::new();
        }
        let tokens = Tokens::parse(text, Span::new(0, text.len()));
        let Ok(words) = u32::try_from(tokens.tokens.len()) else { return Vec::new() };
        let exact = hash_sequence(tokens.hashes());
        let shingles = shingle_set(&tokens, exact);
        let mut bytes = Vec::with_capacity(HEADER_BYTES as usize + size_of_val(&*shingles));
        bytes.extend_from_slice(&words.to_le_bytes());
        bytes.extend_from_slice(&running_share(document, &tokens).to_le_bytes());
        bytes.extend_from_slice(&exact.to_le_bytes());
        for shingle in shingles {
            bytes.extend_from_slice(&shingle.to_le_bytes());
        }
        bytes
    }

    /// Reads the header of a sketch.
    ///
    /// # Errors
    ///
    /// The store cannot be read, or the sketch is damaged.
    pub(super) fn read(store: &dyn Store, blob: BlobRef) -> store::Result<Self> {
        if blob.length == 0 {
            return Ok(Self::default());
        }
        let header = store.read(blob.part(0, HEADER_BYTES as usize)?)?;
        let damaged = || StoreError { message: "a sketch is damaged".into() };
        let number = |at: usize| {
            header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes)
        };
        let exact =
            header.get(8..16).and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
        let shingles = blob.length.checked_sub(HEADER_BYTES).ok_or_else(damaged)? / 8;
        Ok(Self {
            words: number(0).ok_or_else(damaged)?,
            running_share: number(4).ok_or_else(damaged)?,
            exact: exact.ok_or_else(damaged)?,
            shingles,
            blob,
        })
    }

    /// Reads the shingles.
    ///
    /// # Errors
    ///
    /// The store cannot be read.
    pub(super) fn read_shingles(
        &self,
        store: &dyn Store,
        shingles: &mut Vec<u64>,
    ) -> store::Result<()> {
        let bytes =
            store.read(self.blob.part(HEADER_BYTES as usize, self.shingles as usize * 8)?)?;
        shingles.extend(bytes.as_chunks().0.iter().map(|shingle| u64::from_le_bytes(*shingle)));
        Ok(())
    }
}

/// Returns the hash of all words and the shingles in a sketch, unless the document is not compared.
pub(super) fn exact_and_shingles(bytes: &[u8]) -> Option<(u64, impl Iterator<Item = u64> + '_)> {
    let (header, shingles) = bytes.split_at_checked(HEADER_BYTES as usize)?;
    let exact = header.get(8..16)?.try_into().ok().map(u64::from_le_bytes)?;
    Some((exact, shingles.as_chunks().0.iter().map(|shingle| u64::from_le_bytes(*shingle))))
}

/// Returns the header of an encoded sketch, unless the document is not compared.
pub(super) fn header(bytes: &[u8]) -> Option<DocumentSketch> {
    let number = |at: usize| {
        bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes)
    };
    let (exact, shingles) = exact_and_shingles(bytes)?;
    let shingles = to_u32(shingles.count(), "shingles").ok()?;
    Some(DocumentSketch {
        words: number(0)?,
        running_share: number(4)?,
        exact,
        shingles,
        blob: BlobRef::default(),
    })
}

/// Returns the shingles of a text, as in its sketch.
pub(super) fn shingles_of(text: &str) -> Vec<u64> {
    let tokens = Tokens::parse(text, Span::new(0, text.len()));
    shingle_set(&tokens, hash_sequence(tokens.hashes()))
}

/// The similarity of two texts.
pub(super) struct Similarity {
    /// Whether they have the same words in the same order.
    pub(super) is_equal: bool,
    shared: usize,
    union: usize,
}

impl Similarity {
    pub(super) fn new(left: &str, right: &str) -> Self {
        let [left, right] = [left, right].map(|text| Tokens::parse(text, Span::new(0, text.len())));
        let is_equal = left.hashes().eq(right.hashes());
        let [left, right] =
            [left, right].map(|tokens| shingle_set(&tokens, hash_sequence(tokens.hashes())));
        let shared = count_shared(&left, &right, 0).unwrap_or(0);
        Self { is_equal, shared, union: left.len() + right.len() - shared }
    }

    pub(super) fn reaches(&self, threshold: f64) -> bool {
        self.is_equal
            || threshold < 1.0
                && self.union > 0
                && self.shared as f64 >= threshold * self.union as f64
    }

    pub(super) fn describe(&self) -> String {
        let percent = 100 * self.shared / self.union.max(1);
        format!(
            "{percent} % alike: {} of {} runs of five words are in both",
            self.shared, self.union
        )
    }
}

/// Returns the shingles of a text, or the hash of the whole text if it is too short for one.
fn shingle_set(tokens: &Tokens, exact: u64) -> Vec<u64> {
    if tokens.tokens.len() < SHINGLE { vec![exact >> 8] } else { shingles(tokens) }
}

/// Returns the share of words in paragraphs of running text, in millionths.
fn running_share(document: &Document<'_>, tokens: &Tokens) -> u32 {
    let mut rest = tokens.tokens.as_slice();
    let mut running = 0;
    for block in document.blocks() {
        let before = rest.partition_point(|token| token.span.start < block.span.start);
        rest = rest.get(before..).unwrap_or_default();
        let words = rest.partition_point(|token| token.span.start < block.span.end);
        if block.kind == BlockKind::Paragraph && words >= MIN_RUNNING_WORDS {
            running += words;
        }
        rest = rest.get(words..).unwrap_or_default();
    }
    to_u32(running * 1_000_000 / tokens.tokens.len().max(1), "words").unwrap_or(0)
}
