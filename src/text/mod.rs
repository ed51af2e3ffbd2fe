//! The text model: a document parsed once into lines, blocks, sentences and words, all as byte spans into its text.
//!
//! Nothing here knows of rules or findings, and nothing here does I/O. Every pass is linear in the text, whatever it holds.

mod block;
mod comment;
mod decode;
mod heading;
mod latin;
mod line;
mod name;
mod page;
mod position;
mod removal;
mod sentence;
mod sentence_break;
mod span;
mod word;

use std::fmt;
use std::sync::{Arc, OnceLock};

pub use block::{Block, BlockKind, list_marker};
pub use decode::{Decoding, NotText, decode};
#[cfg(feature = "cli")]
pub(crate) use decode::{PROBE, not_text};
pub use latin::{hints_at_latin, is_pseudo_latin};
pub use name::{PathName, path_of};
pub use page::{MEASURES, Measure, PAGE_KINDS, PageKind, PageKindEstimate, PageKindWeights, Profile};
pub use position::Position;
pub use sentence::is_closed;
pub use span::{Span, is_blank, trim};
pub use word::{count_words, weigh_words, word_bounds, words};

/// Where a document comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// The path as it was given or found; `-` for standard input.
    pub path: String,
    /// The record within the file, where the file holds many documents.
    pub record: Option<Record>,
}

/// One record of a file that holds many documents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// Its place in the file, counted from 1.
    pub index: u64,
    /// Its own identifier, where it has one.
    pub id: Option<String>,
}

impl Origin {
    /// The origin of a document that is a whole file.
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), record: None }
    }

    /// Whether the name says that the text is markdown.
    pub fn is_markdown(&self) -> bool {
        let is = |extension: &str, known: &[&str]| known.iter().any(|known| extension.eq_ignore_ascii_case(known));
        let mut extensions = self.path.rsplit('.').peekable();
        extensions.next_if(|extension| is(extension, &["gz", "gzip", "zst", "zstd"]));
        extensions.next().is_some_and(|extension| is(extension, &["md", "markdown", "mdx"]))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        match &self.record {
            Some(Record { index, id: Some(id) }) => write!(formatter, ": record {index} (id {id:?})"),
            Some(Record { index, id: None }) => write!(formatter, ": record {index}"),
            None => Ok(()),
        }
    }
}

/// Finds the text of a document again, by where it comes from.
pub trait Texts: Sync {
    /// The text, or `None` where it can no longer be had.
    fn text(&self, origin: &Origin) -> Option<Arc<str>>;

    /// The index of that very text, if it is at hand.
    fn index(&self, _: &Origin) -> Option<Arc<Index>> {
        None
    }
}

/// A list that is made when first asked for.
type Lazy<T> = OnceLock<Box<[T]>>;

/// A document: its text and the index that every check shares.
#[derive(Debug)]
pub struct Document<'t> {
    origin: Arc<Origin>,
    text: &'t str,
    index: Arc<Index>,
    decoding: Option<Decoding>,
}

/// Where everything stands in a text; kept for when the same text is looked at again.
#[derive(Debug)]
pub struct Index {
    lines: Vec<Span>,
    /// Found when first asked for: who only looks up a place needs the lines alone.
    blocks: OnceLock<Vec<Block>>,
    /// For each block its sentences, found when first asked for.
    sentences: OnceLock<Box<[Lazy<Span>]>>,
    /// For each block whether it reads as running text.
    prose: OnceLock<Box<[bool]>>,
    page_kind: OnceLock<PageKindEstimate>,
    columns: position::Columns,
}

impl Index {
    /// Parses `text` into lines; the rest is found when first asked for.
    pub(crate) fn of(text: &str) -> Self {
        Self {
            lines: line::split(text),
            blocks: OnceLock::new(),
            sentences: OnceLock::new(),
            prose: OnceLock::new(),
            page_kind: OnceLock::new(),
            columns: position::Columns::default(),
        }
    }
}

impl<'t> Document<'t> {
    /// Parses `text` into lines; blocks and sentences are found when first asked for.
    pub fn parse(origin: Arc<Origin>, text: &'t str) -> Self {
        Self::indexed(origin, text, Arc::new(Index::of(text)))
    }

    /// The document with this text, of which the index is known.
    pub(crate) fn indexed(origin: Arc<Origin>, text: &'t str, index: Arc<Index>) -> Self {
        Self { origin, text, index, decoding: None }
    }

    /// This document, with what went wrong when its bytes were read.
    pub fn with_decoding(self, decoding: Option<Decoding>) -> Self {
        Self { decoding, ..self }
    }

    /// What went wrong when the document's bytes were read; `None` where they were valid UTF-8.
    pub fn decoding(&self) -> Option<Decoding> {
        self.decoding
    }

    /// Where the document comes from.
    pub fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// The whole text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// The text of a span.
    pub fn slice(&self, span: Span) -> &'t str {
        &self.text[span.range()]
    }

    /// Each line's content, without its line end.
    pub fn lines(&self) -> &[Span] {
        &self.index.lines
    }

    /// The blocks, in order; together they hold each line once.
    pub fn blocks(&self) -> &[Block] {
        self.index.blocks.get_or_init(|| block::split(self.text, &self.index.lines, self.origin.is_markdown()))
    }

    /// The index of the line that holds the byte at `offset`; a line end belongs to the line before it.
    pub fn line_at(&self, offset: usize) -> usize {
        self.index.lines.partition_point(|line| line.start <= offset).saturating_sub(1)
    }

    /// The same, found from the line `first`, which is that or one before: most passages end where they begin.
    pub(crate) fn line_from(&self, first: usize, offset: usize) -> usize {
        match self.index.lines.get(first + 1) {
            Some(next) if next.start <= offset => self.line_at(offset),
            _ => first,
        }
    }

    /// The index of the block that holds the byte at `offset`.
    pub fn block_at(&self, offset: usize) -> usize {
        self.blocks().partition_point(|block| block.span.start <= offset).saturating_sub(1)
    }

    /// The sentences of the block with index `block`, trimmed; the markers of lists and headings belong to none.
    pub fn sentences(&self, block: usize) -> &[Span] {
        let blocks = self.index.sentences.get_or_init(|| self.blocks().iter().map(|_| OnceLock::new()).collect());
        blocks[block].get_or_init(|| {
            let block = &self.blocks()[block];
            let lines: Vec<Span> = self.index.lines[block.lines.clone()]
                .iter()
                .map(|line| Span::new(line.start.clamp(block.content.start, line.end), line.end))
                .collect();
            sentence::sentences(self.text, &lines).into_boxed_slice()
        })
    }

    /// The line and column of a byte offset, both counted from 1, the column in Unicode scalar values.
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line_at(offset);
        let start = self.index.lines.get(line).map_or(0, |line| line.start);
        let column = self.index.columns.characters_between(self.text, start, offset.max(start));
        Position { offset, line: line + 1, column: column + 1 }
    }

    /// The span to delete so that `passage` goes without leaving a gap: a whole line with its line end and surplus blank
    /// lines, a sentence with one of the blanks beside it.
    pub fn removal(&self, passage: Span) -> Span {
        removal::removal(self, passage)
    }

    /// Whether the block is a comment of source code over several lines, outside any code.
    pub fn is_source_comment(&self, block: usize) -> bool {
        self.blocks().get(block).is_some_and(|block| {
            let text = self.slice(block.span);
            block.kind == BlockKind::Code
                && !text.starts_with("    ")
                && comment::comment_length(text.lines()).is_some()
        })
    }

    /// Whether the block reads as running text: a paragraph, list item or quotation with a sentence of some length, as
    /// [`reads_as_prose`] says.
    pub fn is_prose(&self, block: usize) -> bool {
        self.index.prose.get_or_init(|| self.blocks().iter().map(|block| self.is_prose_block(block)).collect())[block]
    }

    /// This document, with a given estimate of what kind of page it is.
    pub fn with_page_kind(self, estimate: PageKindEstimate) -> Self {
        // An estimate that was made before stays: findings may rest on it.
        let _ = self.index.page_kind.set(estimate);
        self
    }

    /// What kind of page the document is; estimated when first asked for.
    pub fn page_kind(&self) -> &PageKindEstimate {
        self.index.page_kind.get_or_init(|| PageKindEstimate::from_profile(&Profile::from_document(self)))
    }

    fn is_prose_block(&self, block: &Block) -> bool {
        block.kind.is_text()
            && !matches!(block.kind, BlockKind::Heading(_))
            && reads_as_prose(self.slice(block.content))
    }
}

/// Whether `text` is a sentence of some length: 12 words with a full stop, or 25 without.
pub fn reads_as_prose(text: &str) -> bool {
    const CLOSED: usize = 12;
    const OPEN: usize = 25;
    /// Bytes of so many words of one letter, with blanks between.
    const SHORTEST: usize = 2 * CLOSED - 1;
    if text.len() < SHORTEST {
        return false;
    }
    word::weighs_at_least(text, if is_closed(text) { CLOSED } else { OPEN })
}
