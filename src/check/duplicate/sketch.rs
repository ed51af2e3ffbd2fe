//! What comparing needs to know of a document: hashes and places, not its text.

use serde::{Deserialize, Serialize};

use super::hash;
use super::join::MEMBER_BITS;
use super::sentence_hash::{SentenceHasher, write_sentences};
use super::spill::{eight, four};
use super::token::{Token, Tokens};
use crate::text::{BlockKind, Document, Span, count_words, ends_sentence};

/// Words in a row that make one shingle.
pub const SHINGLE: usize = 5;

/// Words in a row that make one fingerprint: fewer are too often shared by chance.
pub(super) const GRAM: usize = 8;

/// Most tokens of a line whose tokens are kept, to find lines like it.
pub(super) const LINE: usize = 12;

/// Most bytes of a unit whose tokens are held, which take up to twelve times as much. A longer one is compared as a whole and
/// sentence by sentence, but not for near-duplicates and shared passages.
const MAX_TOKENISED: usize = 4 << 20;

/// Most bytes of a document that is compared: places in it are kept as four bytes each, and so are counts of what it holds.
pub(super) const MAX_DOCUMENT: usize = u32::MAX as usize;

/// What a unit of comparison is in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// A paragraph.
    Paragraph,
    /// One item of a list.
    ListItem,
    /// A line of a quotation.
    Quotation,
    /// A heading.
    Heading,
    /// One row of a table.
    TableRow,
    /// A block of code.
    Code,
    /// A comment of source code over several lines, such as the header with a file's licence.
    Comment,
}

impl UnitKind {
    /// Whether it is text, not code or data.
    fn is_text(self) -> bool {
        !matches!(self, Self::Code | Self::Comment | Self::TableRow)
    }

    /// Whether it may be running text.
    fn is_running(self) -> bool {
        matches!(self, Self::Paragraph | Self::ListItem | Self::Quotation)
    }
}

/// The fewest words that a unit of each kind must have; a kind that is left out is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a number of words for each sort of text, such as { paragraph = 6 }"
)]
pub struct Minimum {
    /// Of a paragraph.
    pub paragraph: Option<u32>,
    /// Of a list item.
    pub list_item: Option<u32>,
    /// Of a line of a quotation.
    pub quotation: Option<u32>,
    /// Of a heading.
    pub heading: Option<u32>,
    /// Of a row of a table.
    pub table_row: Option<u32>,
    /// Of a block of code.
    pub code: Option<u32>,
    /// Of a comment of source code over several lines.
    pub comment: Option<u32>,
}

impl Minimum {
    /// Whether a unit is looked at.
    pub(super) fn admits(&self, kind: UnitKind, words: u32) -> bool {
        self.of(kind).is_some_and(|minimum| words >= minimum)
    }

    fn of(&self, kind: UnitKind) -> Option<u32> {
        match kind {
            UnitKind::Paragraph => self.paragraph,
            UnitKind::ListItem => self.list_item,
            UnitKind::Quotation => self.quotation,
            UnitKind::Heading => self.heading,
            UnitKind::TableRow => self.table_row,
            UnitKind::Code => self.code,
            UnitKind::Comment => self.comment,
        }
    }
}

/// What sketches hold, as the rules that will compare them need it.
#[derive(Debug, Clone, Default)]
pub(super) struct Needs {
    /// Units that some rule compares whole.
    pub(super) whole: Vec<Minimum>,
    /// Units that some rule compares by their shingles.
    pub(super) shingled: Vec<Minimum>,
    /// Fewest words of a sentence that some rule looks at.
    pub(super) sentence: Option<u32>,
    /// Fewest words of a passage that some rule looks at.
    pub(super) passage: Option<u32>,
    /// Fewest words of a paragraph that some rule looks for within longer ones.
    pub(super) whole_passage: Option<u32>,
    /// Short lines that some rule looks at.
    pub(super) lines: bool,
}

impl Needs {
    /// Whether some rule may need a unit of that kind.
    fn concern(&self, kind: UnitKind) -> bool {
        kind.is_text() && self.lines
            || kind.is_running() && (self.sentence.is_some() || self.passage.is_some())
            || self.whole.iter().chain(&self.shingled).any(|minimum| minimum.of(kind).is_some())
    }
}

/// A sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SentenceMark {
    pub(super) hash: u64,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) words: u32,
}

/// A fingerprint: [`GRAM`] tokens in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gram {
    pub(super) hash: u64,
    pub(super) start: u32,
}

/// Where a number stood in a short line.
pub(super) const NUMBER: u32 = 0;

/// Calls `take` with each unit of `document` that may be needed, its block and what its text spans; places past 4 GiB are left out.
fn units(document: &Document<'_>, needs: &Needs, mut take: impl FnMut(UnitKind, usize, Span)) {
    let mut take = |kind: UnitKind, block: usize, span: Span| {
        if needs.concern(kind) && u32::try_from(span.end).is_ok() {
            take(kind, block, span);
        }
    };
    for (index, block) in document.blocks().iter().enumerate() {
        let kind = match block.kind {
            BlockKind::Paragraph if is_title(document, index) => UnitKind::Heading,
            BlockKind::Paragraph => UnitKind::Paragraph,
            BlockKind::ListItem => UnitKind::ListItem,
            BlockKind::Quotation => UnitKind::Quotation,
            BlockKind::Heading(_) if is_text(document, index) => UnitKind::Paragraph,
            BlockKind::Heading(_) => UnitKind::Heading,
            BlockKind::Code if document.is_source_comment(index) => UnitKind::Comment,
            BlockKind::Code => UnitKind::Code,
            BlockKind::Table => {
                let rows = document.lines().get(block.lines.clone()).unwrap_or(&[]);
                rows.iter().for_each(|row| take(UnitKind::TableRow, index, *row));
                continue;
            }
            BlockKind::FrontMatter | BlockKind::Comment | BlockKind::Blank => continue,
        };
        take(kind, index, block.content);
    }
}

/// Most words of a heading.
const TITLE: usize = 16;

/// Whether a paragraph is a heading in all but its markup: a short line without a full stop, with prose, a list or a table below.
///
/// A table of contents names each heading before it stands; that makes the heading no copy.
fn is_title(document: &Document<'_>, index: usize) -> bool {
    let Some(block) = document.blocks().get(index).filter(|block| block.lines.len() == 1) else { return false };
    let content = document.slice(block.content);
    if ends_sentence(content) || count_words(content, TITLE + 1) > TITLE {
        return false;
    }
    let below = (index + 1..document.blocks().len()).find(|&next| document.blocks()[next].kind != BlockKind::Blank);
    below.is_some_and(|next| {
        matches!(document.blocks()[next].kind, BlockKind::ListItem | BlockKind::Table) || document.is_prose(next)
    })
}

/// Whether a heading is text that lost its line breaks.
fn is_text(document: &Document<'_>, index: usize) -> bool {
    document.blocks().get(index).is_some_and(|block| count_words(document.slice(block.content), 2 * TITLE) == 2 * TITLE)
}

/// The sketch of a document: what of its units some rule needs, one after the other. Empty for a document of more than
/// [`MAX_DOCUMENT`] bytes.
pub(super) fn sketch(document: &Document<'_>, needs: &Needs, scratch: &mut Scratch) -> Vec<u8> {
    scratch.bytes.clear();
    if document.text().len() > MAX_DOCUMENT {
        return Vec::new();
    }
    let mut sketcher = Sketcher { document, needs, scratch };
    units(document, needs, |kind, block, span| sketcher.add(kind, block, span));
    // As many bytes as there are, since they are kept.
    scratch.bytes.as_slice().to_vec()
}

/// Writes the sketches of a document's units.
struct Sketcher<'d, 't> {
    document: &'d Document<'t>,
    needs: &'d Needs,
    scratch: &'d mut Scratch,
}

/// What units leave to the next, and documents too, so that memory is asked for once.
#[derive(Default)]
pub(super) struct Scratch {
    bytes: Vec<u8>,
    tokens: Tokens,
    hashes: Vec<u64>,
    sorter: hash::Sorter,
}

impl Scratch {
    /// Whether it is worth its memory: a large document leaves much.
    pub(super) fn is_small(&self) -> bool {
        self.bytes.capacity() <= 1 << 22
    }
}

impl Sketcher<'_, '_> {
    /// Adds a unit that some rule needs.
    fn add(&mut self, kind: UnitKind, block: usize, span: Span) {
        if span.len() > MAX_TOKENISED {
            return self.add_long(kind, block, span);
        }
        let mut tokens = std::mem::take(&mut self.scratch.tokens);
        tokens.read(self.document.text(), span);
        if let Some(parts) = self.parts(kind, &tokens) {
            self.write(kind, block, span, &tokens, &parts);
        }
        self.scratch.tokens = tokens;
    }

    /// Adds a unit too long to hold its tokens: its hash and its sentences, but no shingles or fingerprints.
    fn add_long(&mut self, kind: UnitKind, block: usize, span: Span) {
        const CHUNK: usize = 1 << 16;
        let (document, bytes) = (self.document, &mut self.scratch.bytes);
        let head_at = bytes.len();
        bytes.resize(head_at + HEAD, 0);
        let minimum = self.needs.sentence.filter(|_| kind.is_running());
        let spans = minimum.map_or(&[][..], |_| document.sentences(block));
        let mut sentences = SentenceHasher::new(spans, minimum.unwrap_or(u32::MAX));
        let mut count = 0;
        let summary = Tokens::read_chunks(document.text(), span, CHUNK, |tokens| {
            tokens.iter().for_each(|token| count += sentences.add(document, token, bytes));
        });
        count += sentences.finish(document, bytes);
        let admits = |minima: &[Minimum]| minima.iter().any(|minimum| minimum.admits(kind, four_bytes(summary.words)));
        if !summary.has_letters || !(admits(&self.needs.whole) || minimum.is_some()) {
            return bytes.truncate(head_at);
        }
        write_head(&mut bytes[head_at..head_at + HEAD], kind, span, &summary, [0, 0, count, 0]);
    }

    /// What is needed of a unit of these tokens; `None` if nothing is.
    fn parts(&self, kind: UnitKind, tokens: &Tokens) -> Option<Parts> {
        let (needs, words, count) = (self.needs, four_bytes(tokens.words), tokens.tokens.len());
        let admits = |minima: &[Minimum]| minima.iter().any(|minimum| minimum.admits(kind, words));
        let reaches = |minimum: &u32| kind.is_running() && words >= *minimum;
        let parts = Parts {
            shingles: admits(&needs.shingled) || needs.whole_passage.as_ref().is_some_and(reaches),
            line: needs.lines && kind.is_text() && (1..=LINE).contains(&count),
            sentences: needs.sentence.filter(reaches),
            passages: needs.passage.filter(reaches),
        };
        let is_needed = parts.shingles
            || parts.line
            || parts.sentences.is_some()
            || parts.passages.is_some()
            || admits(&needs.whole);
        (tokens.has_letters && is_needed).then_some(parts)
    }

    fn write(&mut self, kind: UnitKind, block: usize, span: Span, tokens: &Tokens, parts: &Parts) {
        let (document, Scratch { bytes, hashes, sorter, .. }) = (self.document, &mut *self.scratch);
        let head_at = bytes.len();
        bytes.resize(head_at + HEAD, 0);
        let mut counts = [0; 4];
        if parts.shingles {
            set_of_shingles(tokens, hashes, sorter);
            counts[0] = four_bytes(hashes.len());
            let start = bytes.len();
            bytes.resize(start + hashes.len() * 8, 0);
            let (places, _) = bytes[start..].as_chunks_mut();
            places.iter_mut().zip(&*hashes).for_each(|(place, shingle)| *place = shingle.to_le_bytes());
        }
        if parts.line {
            counts[1] = four_bytes(tokens.tokens.len());
            tokens.tokens.iter().for_each(|token| bytes.extend_from_slice(&line_token(document, token).to_le_bytes()));
        }
        if let Some(minimum) = parts.sentences {
            counts[2] = write_sentences(document, document.sentences(block), tokens, minimum, bytes);
        }
        if let Some(run) = parts.passages {
            counts[3] = write_fingerprints(tokens, run as usize, hashes, bytes);
        }
        write_head(&mut bytes[head_at..head_at + HEAD], kind, span, tokens, counts);
    }
}

/// A place in a document, or a count of what it holds, as a sketch has it; neither is above [`MAX_DOCUMENT`].
pub(super) fn four_bytes(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Writes what stands before the lists of a unit; `counts` are the lengths of those.
fn write_head(head: &mut [u8], kind: UnitKind, span: Span, tokens: &Tokens, counts: [u32; 4]) {
    head[0] = kind as u8;
    head[EXACT..EXACT + 8].copy_from_slice(&tokens.exact.to_le_bytes());
    let numbers = [span.start, span.end, tokens.words].map(four_bytes).into_iter().zip(NUMBERS);
    for (number, at) in numbers.chain(counts.into_iter().zip(COUNTS)) {
        head[at..at + 4].copy_from_slice(&number.to_le_bytes());
    }
}

/// What is needed of a unit, beyond the hash of all of it.
struct Parts {
    shingles: bool,
    /// The tokens of a short line.
    line: bool,
    /// Fewest words of a sentence.
    sentences: Option<u32>,
    /// Fewest words in a row.
    passages: Option<u32>,
}

/// The set of hashes of all runs of [`SHINGLE`] tokens, ascending, below 2^56; empty where there are fewer.
pub fn shingles(tokens: &Tokens) -> Vec<u64> {
    let mut shingles = Vec::new();
    set_of_shingles(tokens, &mut shingles, &mut hash::Sorter::default());
    shingles
}

fn set_of_shingles(tokens: &Tokens, shingles: &mut Vec<u64>, sorter: &mut hash::Sorter) {
    shingles.clear();
    shingles.extend(hash::runs(tokens.hashes(), SHINGLE).map(|hash| hash >> (u64::BITS - MEMBER_BITS)));
    sorter.sort(shingles, MEMBER_BITS);
    shingles.dedup();
}

/// A token of a short line, all numbers alike.
fn line_token(document: &Document<'_>, token: &Token) -> u32 {
    let is_number = document.slice(token.span).chars().all(char::is_numeric);
    if is_number { NUMBER } else { u32::try_from(token.hash >> 32).unwrap_or(NUMBER) | 1 }
}

/// Writes fingerprints such that two texts that share `run` tokens in a row share one: of each window of runs of [`GRAM`] tokens
/// the one with the smallest hash; of equals the one that was chosen before, else the last, which keeps few of text that repeats
/// itself (robust winnowing: Schleimer, Wilkerson and Aiken 2003). How many they are.
fn write_fingerprints(tokens: &Tokens, run: usize, hashes: &mut Vec<u64>, bytes: &mut Vec<u8>) -> u32 {
    let window = run.saturating_sub(GRAM) + 1;
    hashes.clear();
    hashes.extend(hash::runs(tokens.hashes(), GRAM));
    let (mut count, mut smallest, mut chosen) = (0, 0, None);
    for at in 0..hashes.len() {
        let first = (at + 1).saturating_sub(window);
        if hashes[at] < hashes[smallest] {
            smallest = at;
        } else if smallest < first {
            smallest = (first..=at).rev().min_by_key(|&index| hashes[index]).unwrap_or(at);
        }
        if at + 1 < window.min(hashes.len()) || chosen == Some(smallest) {
            continue;
        }
        chosen = Some(smallest);
        if let Some(token) = tokens.tokens.get(smallest) {
            bytes.extend_from_slice(&hashes[smallest].to_le_bytes());
            bytes.extend_from_slice(&four_bytes(token.span.start).to_le_bytes());
            count += 1;
        }
    }
    count
}

/// A unit as it stands in a sketch's bytes.
pub(super) struct Encoded<'b> {
    pub(super) kind: UnitKind,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) words: u32,
    pub(super) exact: u64,
    /// Where its shingles begin in the sketch, and how many there are.
    pub(super) shingles: (usize, usize),
    pub(super) tokens: &'b [u8],
    sentences: &'b [u8],
    grams: &'b [u8],
}

impl Encoded<'_> {
    /// A unit of that many shingles.
    #[cfg(test)]
    pub(super) fn of_size(shingles: usize) -> Self {
        let (kind, list) = (UnitKind::Paragraph, &[][..]);
        let shingles = (0, shingles);
        Self { kind, start: 0, end: 0, words: 0, exact: 0, shingles, tokens: list, sentences: list, grams: list }
    }

    pub(super) fn sentences(&self) -> impl Iterator<Item = SentenceMark> + '_ {
        self.sentences.chunks_exact(SENTENCE).map(|mark| SentenceMark {
            hash: eight(mark, 0),
            start: four(mark, 8),
            end: four(mark, 12),
            words: four(mark, 16),
        })
    }

    pub(super) fn grams(&self) -> impl Iterator<Item = Gram> + '_ {
        self.grams.chunks_exact(FINGERPRINT).map(|gram| Gram { hash: eight(gram, 0), start: four(gram, 8) })
    }
}

/// Bytes of what stands before the lists of an encoded unit.
const HEAD: usize = 37;
/// Where in it, behind the kind, the start, the end and the number of words stand, then the hash, then the lengths of the lists.
const NUMBERS: [usize; 3] = [1, 5, 9];
const EXACT: usize = 13;
const COUNTS: [usize; 4] = [21, 25, 29, 33];
/// Bytes of an encoded sentence and of an encoded fingerprint.
const SENTENCE: usize = 20;
const FINGERPRINT: usize = 12;

/// Reads what [`sketch`] wrote; ends early where it was cut off.
pub(super) fn decode(bytes: &[u8]) -> impl Iterator<Item = Encoded<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let head = bytes.get(at..at + HEAD)?;
        let kind = match head.first()? {
            0 => UnitKind::Paragraph,
            1 => UnitKind::ListItem,
            2 => UnitKind::Quotation,
            3 => UnitKind::Heading,
            4 => UnitKind::TableRow,
            5 => UnitKind::Code,
            _ => UnitKind::Comment,
        };
        let counts = COUNTS.map(|place| four(head, place) as usize);
        let [start, end, words] = NUMBERS.map(|place| four(head, place));
        let shingles = at + HEAD;
        let tokens = shingles + counts[0] * 8;
        let sentences = tokens + counts[1] * 4;
        let grams = sentences + counts[2] * SENTENCE;
        at = grams + counts[3] * FINGERPRINT;
        Some(Encoded {
            kind,
            start,
            end,
            words,
            exact: eight(head, EXACT),
            shingles: (shingles, counts[0]),
            tokens: bytes.get(tokens..sentences)?,
            sentences: bytes.get(sentences..grams)?,
            grams: bytes.get(grams..at)?,
        })
    })
}
