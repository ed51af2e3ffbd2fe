//! What comparing needs to know of a document: hashes and places, not its text.

use serde::Deserialize;

use super::hash::{self, chain, mix};
use super::join::MEMBER_BITS;
use super::spill::{eight, four};
use super::token::Tokens;
use crate::text::{BlockKind, Document, Span, count_words, is_closed};

/// Words in a row that make one shingle.
pub const SHINGLE: usize = 5;

/// Words in a row that make one fingerprint: fewer are too often shared by chance.
pub(super) const GRAM: usize = 8;

/// Most tokens of a line whose tokens are kept, to find lines like it.
pub(super) const LINE: usize = 12;

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
}

/// The fewest words that a unit of each kind must have; a kind that is left out is not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
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
}

impl Minimum {
    /// Whether a unit is looked at.
    pub(super) fn admits(&self, kind: UnitKind, words: u32) -> bool {
        let minimum = match kind {
            UnitKind::Paragraph => self.paragraph,
            UnitKind::ListItem => self.list_item,
            UnitKind::Quotation => self.quotation,
            UnitKind::Heading => self.heading,
            UnitKind::TableRow => self.table_row,
            UnitKind::Code => self.code,
        };
        minimum.is_some_and(|minimum| words >= minimum)
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
    /// Short lines that some rule looks at.
    pub(super) lines: bool,
}

/// A unit of comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnitSketch {
    pub(super) kind: UnitKind,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) words: u32,
    /// Equal for texts that are the same but for case, white space and the like.
    pub(super) exact: u64,
    /// Ascending, without repeats, below 2^56.
    pub(super) shingles: Vec<u64>,
    /// Of a short line, its tokens, all numbers alike.
    pub(super) tokens: Vec<u32>,
    pub(super) sentences: Vec<SentenceMark>,
    pub(super) grams: Vec<Gram>,
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

/// The units of `document` as their text spans; places past 4 GiB are left out.
pub(super) fn units(document: &Document<'_>) -> Vec<(UnitKind, usize, Span)> {
    let mut units = Vec::with_capacity(document.blocks().len());
    for (index, block) in document.blocks().iter().enumerate() {
        let kind = match block.kind {
            BlockKind::Paragraph if is_title(document, index) => UnitKind::Heading,
            BlockKind::Paragraph => UnitKind::Paragraph,
            BlockKind::ListItem => UnitKind::ListItem,
            BlockKind::Quotation => UnitKind::Quotation,
            BlockKind::Heading(_) if is_text(document, index) => UnitKind::Paragraph,
            BlockKind::Heading(_) => UnitKind::Heading,
            BlockKind::Code => UnitKind::Code,
            BlockKind::Table => {
                let rows = document.lines().get(block.lines.clone()).unwrap_or(&[]);
                units.extend(rows.iter().map(|row| (UnitKind::TableRow, index, *row)));
                continue;
            }
            BlockKind::FrontMatter | BlockKind::Comment | BlockKind::Blank => continue,
        };
        units.push((kind, index, block.content));
    }
    units.retain(|(_, _, span)| u32::try_from(span.end).is_ok());
    units
}

/// Most words of a heading.
const TITLE: usize = 16;

/// Whether a paragraph is a heading in all but its markup: a short line without a full stop, with prose, a list or a table below.
///
/// A table of contents names each heading before it stands; that makes the heading no copy.
fn is_title(document: &Document<'_>, index: usize) -> bool {
    let Some(block) = document.blocks().get(index).filter(|block| block.lines.len() == 1) else { return false };
    let content = document.slice(block.content);
    if is_closed(content) || count_words(content, TITLE + 1) > TITLE {
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

impl UnitSketch {
    /// A sketch of the unit at `span`, or `None` where no rule needs one.
    pub(super) fn of(
        document: &Document<'_>,
        (kind, block, span): (UnitKind, usize, Span),
        needs: &Needs,
    ) -> Option<Self> {
        let tokens = Tokens::of(document.text(), span);
        let words = tokens.words as u32;
        let admits = |minima: &[Minimum]| minima.iter().any(|minimum| minimum.admits(kind, words));
        let is_text = !matches!(kind, UnitKind::Code | UnitKind::TableRow);
        let reads = matches!(kind, UnitKind::Paragraph | UnitKind::ListItem | UnitKind::Quotation);
        let is_line = needs.lines && is_text && (1..=LINE).contains(&tokens.tokens.len());
        let has_passage = reads && needs.passage.is_some();
        let is_shingled = admits(&needs.shingled) || has_passage && tokens.tokens.len() >= SHINGLE;
        let has_sentences = reads && needs.sentence.is_some_and(|minimum| words >= minimum);
        if !tokens.has_letters || !(is_shingled || is_line || has_sentences || admits(&needs.whole)) {
            return None;
        }
        let mut sketch = Self {
            kind,
            start: span.start as u32,
            end: span.end as u32,
            words,
            exact: tokens.exact,
            shingles: Vec::new(),
            tokens: Vec::new(),
            sentences: Vec::new(),
            grams: Vec::new(),
        };
        if is_shingled {
            sketch.shingles = shingles(&tokens);
        }
        if is_line {
            sketch.tokens = line_tokens(document, &tokens);
        }
        if let Some(minimum) = needs.sentence.filter(|_| has_sentences) {
            sketch.sentences = sentences(document, document.sentences(block), &tokens, minimum);
        }
        if let Some(minimum) = needs.passage.filter(|&minimum| reads && words >= minimum) {
            sketch.grams = winnow(&tokens, minimum as usize);
        }
        Some(sketch)
    }
}

/// The set of hashes of all runs of [`SHINGLE`] tokens, ascending; empty where there are fewer.
pub fn shingles(tokens: &Tokens) -> Vec<u64> {
    let mut members = Vec::with_capacity(tokens.tokens.len());
    members.extend(hash::runs(tokens.hashes(), SHINGLE).map(|hash| hash >> (u64::BITS - MEMBER_BITS)));
    let mut shingles = hash::sorted(members, MEMBER_BITS);
    shingles.dedup();
    shingles
}

fn line_tokens(document: &Document<'_>, tokens: &Tokens) -> Vec<u32> {
    let of = |token: &super::token::Token| {
        let is_number = document.slice(token.span).chars().all(char::is_numeric);
        if is_number { NUMBER } else { (token.hash >> 32) as u32 | 1 }
    };
    tokens.tokens.iter().map(of).collect()
}

/// The sentences with a full stop and at least `minimum` words, hashed without regard to punctuation.
fn sentences(document: &Document<'_>, spans: &[Span], tokens: &Tokens, minimum: u32) -> Vec<SentenceMark> {
    let mut marks = Vec::new();
    let mut rest = tokens.tokens.as_slice();
    for span in spans {
        let before = rest.partition_point(|token| token.span.start < span.start);
        let inside = rest.partition_point(|token| token.span.end <= span.end).max(before);
        let (taken, left) = rest.split_at(inside);
        rest = left;
        let taken = taken.get(before..).unwrap_or(&[]);
        if taken.len() >= minimum as usize && is_closed(document.slice(*span)) {
            let hash = taken.iter().fold(hash::START, |state, token| chain(state, token.hash));
            let words = taken.len() as u32;
            marks.push(SentenceMark { hash: mix(hash), start: span.start as u32, end: span.end as u32, words });
        }
    }
    marks
}

/// Fingerprints such that two texts that share `run` tokens in a row share one: of each window of runs of [`GRAM`] tokens
/// the one with the smallest hash, the last of equals (Schleimer, Wilkerson and Aiken 2003).
fn winnow(tokens: &Tokens, run: usize) -> Vec<Gram> {
    let window = run.saturating_sub(GRAM) + 1;
    let hashes: Vec<u64> = hash::runs(tokens.hashes(), GRAM).collect();
    let mut grams: Vec<Gram> = Vec::new();
    let mut candidates: std::collections::VecDeque<usize> = std::collections::VecDeque::new();
    let mut chosen = None;
    for (at, hash) in hashes.iter().enumerate() {
        while candidates.back().is_some_and(|&last| hashes[last] >= *hash) {
            candidates.pop_back();
        }
        candidates.push_back(at);
        if candidates.front().is_some_and(|&first| first + window <= at) {
            candidates.pop_front();
        }
        if at + 1 < window.min(hashes.len()) {
            continue;
        }
        let Some(&first) = candidates.front().filter(|first| chosen != Some(**first)) else { continue };
        chosen = Some(first);
        if let Some(span) = tokens.span(first..first + GRAM) {
            grams.push(Gram { hash: hashes[first], start: span.start as u32 });
        }
    }
    grams
}

/// Writes the units' sketches one after the other.
pub(super) fn encode(units: &[UnitSketch]) -> Vec<u8> {
    let size = |unit: &UnitSketch| {
        let (sentences, grams) = (unit.sentences.len() * SENTENCE, unit.grams.len() * FINGERPRINT);
        HEAD + unit.shingles.len() * 8 + unit.tokens.len() * 4 + sentences + grams
    };
    let mut bytes = Vec::with_capacity(units.iter().map(size).sum());
    let length = |list: usize| (list as u32).to_le_bytes();
    for unit in units {
        bytes.push(unit.kind as u8);
        for number in [unit.start, unit.end, unit.words] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(unit.exact.to_le_bytes());
        for list in [unit.shingles.len(), unit.tokens.len(), unit.sentences.len(), unit.grams.len()] {
            bytes.extend(length(list));
        }
        for shingle in &unit.shingles {
            bytes.extend(shingle.to_le_bytes());
        }
        for token in &unit.tokens {
            bytes.extend(token.to_le_bytes());
        }
        for sentence in &unit.sentences {
            bytes.extend(sentence.hash.to_le_bytes());
            for number in [sentence.start, sentence.end, sentence.words] {
                bytes.extend(number.to_le_bytes());
            }
        }
        for gram in &unit.grams {
            bytes.extend(gram.hash.to_le_bytes());
            bytes.extend(gram.start.to_le_bytes());
        }
    }
    bytes
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
/// Bytes of an encoded sentence and of an encoded fingerprint.
const SENTENCE: usize = 20;
const FINGERPRINT: usize = 12;

/// Reads what [`encode`] wrote; ends early where it was cut off.
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
            _ => UnitKind::Code,
        };
        let counts = [21, 25, 29, 33].map(|place| four(head, place) as usize);
        let shingles = at + HEAD;
        let tokens = shingles + counts[0] * 8;
        let sentences = tokens + counts[1] * 4;
        let grams = sentences + counts[2] * SENTENCE;
        at = grams + counts[3] * FINGERPRINT;
        Some(Encoded {
            kind,
            start: four(head, 1),
            end: four(head, 5),
            words: four(head, 9),
            exact: eight(head, 13),
            shingles: (shingles, counts[0]),
            tokens: bytes.get(tokens..sentences)?,
            sentences: bytes.get(sentences..grams)?,
            grams: bytes.get(grams..at)?,
        })
    })
}
