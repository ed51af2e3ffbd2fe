//! Sketches: the hashes and positions of a document's units, encoded as bytes, without the text.

use super::external_group::{read_u32_le, read_u64_le};
use super::fingerprint::{FINGERPRINT_BYTES, Fingerprint, write_fingerprints};
use super::hash::{HashSorter, rolling_hashes};
use super::matches::to_u32_saturating;
use super::sentence_hash::{SentenceHasher, write_sentences};
use super::token::{Token, Tokens};
use super::unit_kind::{MinWords, UnitKind};
use crate::element_order::ELEMENT_BITS;
use dechaff_text::{BlockKind, Document, Span, count_words, ends_sentence};

/// The number of tokens in a shingle.
pub const SHINGLE: usize = 5;

/// The maximum number of tokens of a line whose tokens are sketched, to find similar lines.
pub(super) const MAX_LINE_TOKENS: usize = 12;

/// The maximum size of a unit whose tokens are kept in memory, where they take up to twelve times
/// that size. Longer units are compared as a whole and by sentence, but not for near-duplicates and
/// shared passages.
const MAX_TOKENIZED_BYTES: usize = 4 << 20;

/// The maximum size of a document that is compared. Offsets and counts are stored in four bytes.
pub(super) const MAX_DOCUMENT_BYTES: usize = u32::MAX as usize;

/// What the rules need in sketches.
#[derive(Debug, Clone, Default)]
pub(super) struct SketchConfig {
    /// Minima of rules that compare whole units.
    pub(super) whole: Vec<MinWords>,
    /// Minima of rules that compare units by their shingles.
    pub(super) shingled: Vec<MinWords>,
    /// Minimum number of words of a sentence.
    pub(super) sentence: Option<u32>,
    /// Minimum number of words of a shared passage.
    pub(super) passage: Option<u32>,
    /// Minimum number of words of a paragraph repeated within a longer one.
    pub(super) whole_passage: Option<u32>,
    /// Whether to include the tokens of short lines.
    pub(super) lines: bool,
}

impl SketchConfig {
    /// Whether any rule compares units of this kind.
    fn includes(&self, kind: UnitKind) -> bool {
        kind.is_text() && self.lines
            || kind.is_running() && (self.sentence.is_some() || self.passage.is_some())
            || self.whole.iter().chain(&self.shingled).any(|minima| minima.for_kind(kind).is_some())
    }
}

/// A sentence in a sketch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SketchedSentence {
    pub(super) hash: u64,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) words: u32,
}

/// Replaces numbers among the tokens of a short line.
pub(super) const NUMBER: u32 = 0;

/// Calls `visit` with the kind, block index and span of each unit of `document` that rules compare.
fn for_each_unit(
    document: &Document<'_>,
    config: &SketchConfig,
    mut visit: impl FnMut(UnitKind, usize, Span),
) {
    let mut visit = |kind: UnitKind, block: usize, span: Span| {
        if config.includes(kind) && u32::try_from(span.end).is_ok() {
            visit(kind, block, span);
        }
    };
    for (index, block) in document.blocks().iter().enumerate() {
        let kind = match block.kind {
            BlockKind::Paragraph if is_title(document, index) => UnitKind::Heading,
            BlockKind::Paragraph => UnitKind::Paragraph,
            BlockKind::ListItem => UnitKind::ListItem,
            BlockKind::Quotation => UnitKind::Quotation,
            BlockKind::Heading(_) if is_long_heading(document, index) => UnitKind::Paragraph,
            BlockKind::Heading(_) => UnitKind::Heading,
            BlockKind::Code if document.is_source_comment(index) => UnitKind::Comment,
            BlockKind::Code => UnitKind::Code,
            BlockKind::Table => {
                let rows = document.lines().get(block.lines.clone()).unwrap_or(&[]);
                rows.iter().for_each(|row| visit(UnitKind::TableRow, index, *row));
                continue;
            }
            BlockKind::FrontMatter | BlockKind::Comment | BlockKind::Blank => continue,
        };
        visit(kind, index, block.content);
    }
}

/// The maximum number of words of a heading.
const MAX_TITLE_WORDS: usize = 16;

/// Whether a paragraph is a heading without markup: a short line without a full stop, followed by
/// prose, a list or a table.
///
/// Headings are compared separately, so that an entry of a table of contents does not make its
/// heading a copy.
fn is_title(document: &Document<'_>, index: usize) -> bool {
    let Some(block) = document.blocks().get(index).filter(|block| block.lines.len() == 1) else {
        return false;
    };
    let content = document.slice(block.content);
    if ends_sentence(content) || count_words(content, MAX_TITLE_WORDS + 1) > MAX_TITLE_WORDS {
        return false;
    }
    let below = (index + 1..document.blocks().len())
        .find(|&next| document.blocks()[next].kind != BlockKind::Blank);
    below.is_some_and(|next| {
        matches!(document.blocks()[next].kind, BlockKind::ListItem | BlockKind::Table)
            || document.is_prose(next)
    })
}

/// Whether a heading is so long that it must be text that lost its line breaks.
fn is_long_heading(document: &Document<'_>, index: usize) -> bool {
    document.blocks().get(index).is_some_and(|block| {
        count_words(document.slice(block.content), 2 * MAX_TITLE_WORDS) == 2 * MAX_TITLE_WORDS
    })
}

/// Sketches a document: encodes its units one after the other. Empty if the document has more than
/// [`MAX_DOCUMENT_BYTES`].
pub(super) fn sketch(
    document: &Document<'_>,
    config: &SketchConfig,
    scratch: &mut Scratch,
) -> Vec<u8> {
    scratch.bytes.clear();
    if document.text().len() > MAX_DOCUMENT_BYTES {
        return Vec::new();
    }
    if document.text().len() > MAX_SCRATCH_BYTES {
        // Untouched memory costs nothing, and growing would copy what is there.
        scratch.bytes.reserve(document.text().len() * MAX_SKETCH_RATIO);
    }
    let mut sketcher = Sketcher { document, config, scratch };
    for_each_unit(document, config, |kind, block, span| sketcher.add(kind, block, span));
    if scratch.bytes.capacity() > MAX_SCRATCH_BYTES {
        // A copy would double the memory that a large document takes.
        let mut bytes = std::mem::take(&mut scratch.bytes);
        bytes.shrink_to_fit();
        return bytes;
    }
    // An exact allocation, because sketches are kept.
    scratch.bytes.as_slice().to_vec()
}

/// Encodes the units of a document.
struct Sketcher<'d, 't> {
    document: &'d Document<'t>,
    config: &'d SketchConfig,
    scratch: &'d mut Scratch,
}

/// Buffers that are reused for each unit and document.
#[derive(Default)]
pub(super) struct Scratch {
    bytes: Vec<u8>,
    tokens: Tokens,
    hashes: Vec<u64>,
    sorter: HashSorter,
}

/// The maximum size of buffers that are reused.
const MAX_SCRATCH_BYTES: usize = 4 << 20;
/// The size of the sketch of short lines, in relation to their text. Other text has smaller ones.
const MAX_SKETCH_RATIO: usize = 4;

impl Scratch {
    /// Whether the buffers are small enough to keep. A large unit makes them grow.
    pub(super) fn is_worth_keeping(&self) -> bool {
        self.tokens.tokens.capacity() * size_of::<Token>() <= MAX_SCRATCH_BYTES
    }
}

impl Sketcher<'_, '_> {
    /// Encodes a unit, if rules need it.
    fn add(&mut self, kind: UnitKind, block: usize, span: Span) {
        if span.len() > MAX_TOKENIZED_BYTES {
            return self.add_long(kind, block, span);
        }
        let mut tokens = std::mem::take(&mut self.scratch.tokens);
        tokens.parse_into(self.document.text(), span);
        if let Some(parts) = self.sketch_parts(kind, &tokens) {
            self.write(kind, block, span, &tokens, &parts);
        }
        self.scratch.tokens = tokens;
    }

    /// Encodes a unit whose tokens would take too much memory, without shingles and fingerprints.
    fn add_long(&mut self, kind: UnitKind, block: usize, span: Span) {
        const CHUNK_TOKENS: usize = 1 << 16;
        let document = self.document;
        let bytes = &mut self.scratch.bytes;
        let header_at = bytes.len();
        bytes.resize(header_at + HEADER_BYTES, 0);
        let min_words = self.config.sentence.filter(|_| kind.is_running());
        let spans = min_words.map_or(&[][..], |_| document.sentences(block));
        let mut sentences = SentenceHasher::new(spans, min_words.unwrap_or(u32::MAX));
        let mut count = 0;
        let summary = Tokens::parse_chunks(document.text(), span, CHUNK_TOKENS, |tokens| {
            tokens.iter().for_each(|token| count += sentences.add(document, token, bytes));
        });
        count += sentences.finish(document, bytes);
        let words = to_u32_saturating(summary.words);
        let is_compared_whole = self.config.whole.iter().any(|minima| minima.admits(kind, words));
        if !summary.has_letters || !(is_compared_whole || min_words.is_some()) {
            return bytes.truncate(header_at);
        }
        write_header(
            &mut bytes[header_at..header_at + HEADER_BYTES],
            kind,
            span,
            &summary,
            [0, 0, count, 0],
        );
    }

    /// Returns the parts of the unit that rules need, if any.
    fn sketch_parts(&self, kind: UnitKind, tokens: &Tokens) -> Option<SketchParts> {
        let config = self.config;
        let words = to_u32_saturating(tokens.words);
        let admits = |minima: &[MinWords]| minima.iter().any(|minima| minima.admits(kind, words));
        let is_long_enough = |min_words: &u32| kind.is_running() && words >= *min_words;
        let parts = SketchParts {
            shingles: admits(&config.shingled)
                || config.whole_passage.as_ref().is_some_and(is_long_enough),
            line: config.lines
                && kind.is_text()
                && (1..=MAX_LINE_TOKENS).contains(&tokens.tokens.len()),
            sentences: config.sentence.filter(is_long_enough),
            passages: config.passage.filter(is_long_enough),
        };
        let is_needed = parts.shingles
            || parts.line
            || parts.sentences.is_some()
            || parts.passages.is_some()
            || admits(&config.whole);
        (tokens.has_letters && is_needed).then_some(parts)
    }

    fn write(
        &mut self,
        kind: UnitKind,
        block: usize,
        span: Span,
        tokens: &Tokens,
        parts: &SketchParts,
    ) {
        let document = self.document;
        let Scratch { bytes, hashes, sorter, .. } = &mut *self.scratch;
        let header_at = bytes.len();
        bytes.resize(header_at + HEADER_BYTES, 0);
        let mut counts = [0; 4];
        if parts.shingles {
            read_shingles(tokens, hashes, sorter);
            counts[0] = to_u32_saturating(hashes.len());
            let start = bytes.len();
            bytes.resize(start + hashes.len() * 8, 0);
            let (slots, _) = bytes[start..].as_chunks_mut();
            slots
                .iter_mut()
                .zip(&*hashes)
                .for_each(|(slot, shingle)| *slot = shingle.to_le_bytes());
        }
        if parts.line {
            counts[1] = to_u32_saturating(tokens.tokens.len());
            tokens.tokens.iter().for_each(|token| {
                bytes.extend_from_slice(&line_token(document.text(), token).to_le_bytes())
            });
        }
        if let Some(min_words) = parts.sentences {
            counts[2] =
                write_sentences(document, document.sentences(block), tokens, min_words, bytes);
        }
        if let Some(min_words) = parts.passages {
            counts[3] = write_fingerprints(tokens, min_words as usize, hashes, bytes);
        }
        write_header(&mut bytes[header_at..header_at + HEADER_BYTES], kind, span, tokens, counts);
    }
}

/// Encodes the header of a unit. `counts` are the lengths of the lists that follow.
fn write_header(header: &mut [u8], kind: UnitKind, span: Span, tokens: &Tokens, counts: [u32; 4]) {
    header[0] = kind as u8;
    header[EXACT_OFFSET..EXACT_OFFSET + 8].copy_from_slice(&tokens.exact.to_le_bytes());
    let numbers =
        [span.start, span.end, tokens.words].map(to_u32_saturating).into_iter().zip(NUMBER_OFFSETS);
    for (number, at) in numbers.chain(counts.into_iter().zip(COUNT_OFFSETS)) {
        header[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
}

/// The parts of a unit to sketch in addition to the hash of its text.
struct SketchParts {
    shingles: bool,
    /// Whether to include the tokens, because the unit is a short line.
    line: bool,
    /// Minimum number of words of a sentence.
    sentences: Option<u32>,
    /// Minimum number of words of a passage.
    passages: Option<u32>,
}

/// Returns the hashes of all shingles, sorted, distinct and below 2^56. Empty if there are fewer
/// than [`SHINGLE`] tokens.
pub fn shingles(tokens: &Tokens) -> Vec<u64> {
    let mut shingles = Vec::new();
    read_shingles(tokens, &mut shingles, &mut HashSorter::default());
    shingles
}

fn read_shingles(tokens: &Tokens, shingles: &mut Vec<u64>, sorter: &mut HashSorter) {
    shingles.clear();
    shingles.extend(
        rolling_hashes(tokens.hashes(), SHINGLE).map(|hash| hash >> (u64::BITS - ELEMENT_BITS)),
    );
    sorter.sort(shingles, ELEMENT_BITS);
    shingles.dedup();
}

/// Returns a token of a short line as stored, with numbers replaced.
pub(super) fn line_token(text: &str, token: &Token) -> u32 {
    let word = text.get(token.span.range()).unwrap_or_default();
    let is_number = word.chars().all(char::is_numeric);
    if is_number { NUMBER } else { u32::try_from(token.hash >> 32).unwrap_or(NUMBER) | 1 }
}

/// A unit decoded from a sketch.
pub(super) struct UnitRecord<'b> {
    pub(super) kind: UnitKind,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) words: u32,
    pub(super) exact: u64,
    /// The bytes of the unit in the sketch.
    pub(super) range: std::ops::Range<usize>,
    /// The offset of the shingles in the sketch, and their number.
    pub(super) shingles: (usize, usize),
    pub(super) tokens: &'b [u8],
    sentences: &'b [u8],
    fingerprints: &'b [u8],
}

impl UnitRecord<'_> {
    /// Creates a unit with this number of shingles and nothing else.
    #[cfg(test)]
    pub(super) fn with_shingles(shingles: usize) -> Self {
        Self {
            kind: UnitKind::Paragraph,
            start: 0,
            end: 0,
            words: 0,
            exact: 0,
            range: 0..0,
            shingles: (0, shingles),
            tokens: &[],
            sentences: &[],
            fingerprints: &[],
        }
    }

    /// Yields the shingles of a unit of the sketch `bytes`.
    pub(super) fn elements<'b>(&self, bytes: &'b [u8]) -> impl Iterator<Item = u64> + use<'b> {
        let (from, count) = self.shingles;
        let bytes = bytes.get(from..from + count * 8).unwrap_or_default();
        bytes.as_chunks().0.iter().map(|element| u64::from_le_bytes(*element))
    }

    pub(super) fn sentences(&self) -> impl Iterator<Item = SketchedSentence> + '_ {
        self.sentences.chunks_exact(SENTENCE_BYTES).map(|bytes| {
            let start = read_u32_le(bytes, 8);
            SketchedSentence {
                hash: read_u64_le(bytes, 0),
                start,
                end: read_u32_le(bytes, 12).max(start),
                words: read_u32_le(bytes, 16),
            }
        })
    }

    pub(super) fn fingerprints(&self) -> impl Iterator<Item = Fingerprint> + '_ {
        self.fingerprints.chunks_exact(FINGERPRINT_BYTES).map(Fingerprint::read)
    }
}

/// Size of the header of an encoded unit. The first byte is the kind.
const HEADER_BYTES: usize = 37;
/// Offsets in the header: start, end and number of words; the hash of the normalized text; the
/// lengths of the lists.
const NUMBER_OFFSETS: [usize; 3] = [1, 5, 9];
const EXACT_OFFSET: usize = 13;
const COUNT_OFFSETS: [usize; 4] = [21, 25, 29, 33];
const SENTENCE_BYTES: usize = 20;

/// Returns the parts of an encoded unit before and after its start and end.
pub(super) fn without_position(unit: &[u8]) -> [&[u8]; 2] {
    let [start, _, words] = NUMBER_OFFSETS;
    [unit.get(..start).unwrap_or_default(), unit.get(words..).unwrap_or_default()]
}

/// Decodes the units of a sketch. Stops at the end of a truncated one. Sketches are read from files,
/// which may be damaged, so a span that ends before its start is read as empty.
pub(super) fn decode(bytes: &[u8]) -> impl Iterator<Item = UnitRecord<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let header = bytes.get(at..at + HEADER_BYTES)?;
        let kind = UnitKind::from_number(u32::from(*header.first()?));
        let counts = COUNT_OFFSETS.map(|offset| read_u32_le(header, offset) as usize);
        let [start, end, words] = NUMBER_OFFSETS.map(|offset| read_u32_le(header, offset));
        let start_at = at;
        let shingles = at + HEADER_BYTES;
        let tokens = shingles + counts[0] * 8;
        let sentences = tokens + counts[1] * 4;
        let fingerprints = sentences + counts[2] * SENTENCE_BYTES;
        at = fingerprints + counts[3] * FINGERPRINT_BYTES;
        Some(UnitRecord {
            kind,
            start,
            end: end.max(start),
            words,
            exact: read_u64_le(header, EXACT_OFFSET),
            range: start_at..at,
            shingles: (shingles, counts[0]),
            tokens: bytes.get(tokens..sentences)?,
            sentences: bytes.get(sentences..fingerprints)?,
            fingerprints: bytes.get(fingerprints..at)?,
        })
    })
}
