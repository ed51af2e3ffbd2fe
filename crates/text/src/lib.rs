//! The text model: a document parsed once into lines, blocks, sentences and words, all stored as
//! byte spans into its text.
//!
//! This crate knows nothing about rules or findings and does no I/O. Every pass is linear in the
//! length of the text, whatever it contains.

#![forbid(unsafe_code)]

mod block;
mod decode;
mod deletion_span;
mod heading_markup;
mod language;
mod page;
mod path_name;
mod position;
mod sentences;
mod source_comment;
mod span;
mod split_lines;
pub mod swar;
mod uax29_sentences;
mod uax29_words;

use std::fmt;
use std::sync::{Arc, OnceLock};

pub use block::{Block, BlockKind, list_marker};
pub use decode::{LossyDecoding, NotText, decode};
pub use decode::{PROBE_BYTES, not_text};
pub use language::{identify_language, language_code};

pub use page::{
    PAGE_FEATURE_COUNT, PAGE_KIND_COUNT, PageFeature, PageFeatures, PageKind, PageKindEstimate,
    PageKindWeights, template_hash,
};
pub use path_name::{PathName, path_of};
pub use position::{CharacterIndex, Position};
pub use sentences::ends_sentence;
pub use span::{Span, is_blank, trim};
pub use uax29_words::{count_words, count_words_cjk_weighted, word_count_bounds, words};

/// The source of a document: a file, or a record in one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Path as passed on the command line or found in a directory; `-` for standard input.
    pub path: String,
    /// The record, if the file contains many documents.
    pub record: Option<Record>,
}

/// A record of a file that contains many documents.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Record {
    /// 1-based position in the file.
    pub index: u64,
    /// Value of the record's ID field, if it has one.
    pub id: Option<String>,
}

impl Origin {
    /// Creates the origin of a document that is a whole file.
    pub fn file(path: impl Into<String>) -> Self {
        Self { path: path.into(), record: None }
    }

    /// Whether the file extension is that of Markdown, ignoring a compression suffix.
    pub fn is_markdown(&self) -> bool {
        let is = |extension: &str, known: &[&str]| {
            known.iter().any(|known| extension.eq_ignore_ascii_case(known))
        };
        let mut extensions = self.path.rsplit('.').peekable();
        extensions.next_if(|extension| is(extension, &["gz", "gzip", "zst", "zstd"]));
        extensions.next().is_some_and(|extension| is(extension, &["md", "markdown", "mdx"]))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        match &self.record {
            Some(Record { index, id: Some(id) }) => {
                write!(formatter, ": record {index} (id {id:?})")
            }
            Some(Record { index, id: None }) => write!(formatter, ": record {index}"),
            None => Ok(()),
        }
    }
}

/// Looks up document texts by origin.
///
/// The comparison keeps only hashes of most documents and asks for a text when it has to verify a
/// match or show an excerpt.
pub trait TextProvider: Sync {
    /// Returns the text, or `None` if it is no longer available.
    fn text(&self, origin: &Origin) -> Option<Arc<str>>;

    /// Returns the cached index of the same text, if there is one.
    fn index(&self, _: &Origin) -> Option<Arc<DocumentIndex>> {
        None
    }
}

/// The sentences of a block, computed on first use. `None` if the block is a single sentence, so
/// that a text with millions of short lines needs no allocation for each.
type BlockSentences = OnceLock<Option<Box<[Span]>>>;

/// A document: its text, and the index shared by all checks.
#[derive(Debug)]
pub struct Document<'t> {
    origin: Arc<Origin>,
    text: &'t str,
    index: Arc<DocumentIndex>,
    decoding: Option<LossyDecoding>,
    site: Option<Arc<str>>,
    language: Option<Arc<str>>,
}

/// The parsed structure of a text. It outlives the [`Document`], so that a text checked twice is
/// parsed once.
#[derive(Debug)]
pub struct DocumentIndex {
    lines: Vec<Span>,
    /// Computed on first use: looking up a position needs only the lines.
    blocks: OnceLock<Vec<Block>>,
    /// Sentences of each block, computed on first use.
    sentences: OnceLock<Box<[BlockSentences]>>,
    /// Whether each block is prose.
    prose: OnceLock<Box<[bool]>>,
    page_kind: OnceLock<PageKindEstimate>,
    character_index: CharacterIndex,
}

impl DocumentIndex {
    /// Splits `text` into lines; the rest is computed on first use.
    pub fn new(text: &str) -> Self {
        Self {
            lines: split_lines::split_lines(text),
            blocks: OnceLock::new(),
            sentences: OnceLock::new(),
            prose: OnceLock::new(),
            page_kind: OnceLock::new(),
            character_index: CharacterIndex::default(),
        }
    }
}

impl<'t> Document<'t> {
    /// Splits `text` into lines; blocks and sentences are computed on first use.
    pub fn parse(origin: Arc<Origin>, text: &'t str) -> Self {
        Self::from_index(origin, text, Arc::new(DocumentIndex::new(text)))
    }

    /// Creates a document from a text and the index made of that text.
    pub fn from_index(origin: Arc<Origin>, text: &'t str, index: Arc<DocumentIndex>) -> Self {
        Self { origin, text, index, decoding: None, site: None, language: None }
    }

    /// Like [`parse`](Self::parse), unless `texts` has an index of the text.
    pub fn parse_or_reuse(origin: &Arc<Origin>, text: &'t str, texts: &dyn TextProvider) -> Self {
        let index = texts.index(origin).unwrap_or_else(|| Arc::new(DocumentIndex::new(text)));
        Self::from_index(Arc::clone(origin), text, index)
    }

    /// Records what was replaced while decoding the document.
    pub fn with_decoding(self, decoding: Option<LossyDecoding>) -> Self {
        Self { decoding, ..self }
    }

    /// Sets the site, or other group, whose pages are compared with this one.
    pub fn with_site(self, site: Option<Arc<str>>) -> Self {
        Self { site, ..self }
    }

    /// Sets the language from a label that came with the document. Labels unknown to
    /// [`language_code`] are ignored.
    pub fn with_language(self, label: Option<&str>) -> Self {
        Self { language: label.and_then(language_code).map(Arc::from), ..self }
    }

    /// Returns the code of the document's language label, such as `de`.
    pub fn language(&self) -> Option<&str> {
        self.language.as_deref()
    }

    /// Returns the site of the document, if known.
    pub fn site(&self) -> Option<&str> {
        self.site.as_deref()
    }

    /// Returns what was replaced while decoding; `None` if the bytes were valid UTF-8.
    pub fn decoding(&self) -> Option<LossyDecoding> {
        self.decoding
    }

    /// Returns the file or record that the document was read from.
    pub fn origin(&self) -> &Arc<Origin> {
        &self.origin
    }

    /// Returns the whole text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Returns the text of a span.
    pub fn slice(&self, span: Span) -> &'t str {
        &self.text[span.range()]
    }

    /// Returns the content of each line, without its line ending.
    pub fn lines(&self) -> &[Span] {
        &self.index.lines
    }

    /// Returns the blocks in order. Every line belongs to exactly one.
    pub fn blocks(&self) -> &[Block] {
        self.index.blocks.get_or_init(|| {
            block::split_blocks(self.text, &self.index.lines, self.origin.is_markdown())
        })
    }

    /// Returns the index of the line containing `offset`. A line ending belongs to the line before
    /// it.
    pub fn line_at(&self, offset: usize) -> usize {
        self.index.lines.partition_point(|line| line.start <= offset).saturating_sub(1)
    }

    /// Like [`line_at`](Self::line_at), given that `offset` is not before line `first`. Avoids the
    /// search for the common span that starts and ends on one line.
    pub fn line_at_or_after(&self, first: usize, offset: usize) -> usize {
        match self.index.lines.get(first + 1) {
            Some(next) if next.start <= offset => self.line_at(offset),
            _ => first,
        }
    }

    /// Returns the index of the block containing `offset`.
    pub fn block_at(&self, offset: usize) -> usize {
        self.blocks().partition_point(|block| block.span.start <= offset).saturating_sub(1)
    }

    /// Returns the blocks of each list: items in a row, also across blank lines.
    pub fn lists(&self) -> Vec<Vec<usize>> {
        let visible =
            self.blocks().iter().enumerate().filter(|(_, block)| block.kind != BlockKind::Blank);
        let mut lists: Vec<Vec<usize>> = Vec::new();
        let mut follows_item = false;
        for (index, block) in visible {
            let is_item = block.kind == BlockKind::ListItem;
            match lists.last_mut().filter(|_| follows_item) {
                Some(list) if is_item => list.push(index),
                _ if is_item => lists.push(vec![index]),
                _ => {}
            }
            follows_item = is_item;
        }
        lists
    }

    /// Returns the trimmed sentences of a block, without list and heading markers.
    pub fn sentences(&self, block: usize) -> &[Span] {
        let all = self
            .index
            .sentences
            .get_or_init(|| self.blocks().iter().map(|_| OnceLock::new()).collect());
        let content = &self.blocks()[block].content;
        let sentences = all[block].get_or_init(|| {
            let lines: Vec<Span> = self.index.lines[self.blocks()[block].lines.clone()]
                .iter()
                .map(|line| Span::new(line.start.clamp(content.start, line.end), line.end))
                .collect();
            let sentences = sentences::sentences(self.text, &lines);
            (sentences != [*content]).then(|| sentences.into_boxed_slice())
        });
        sentences.as_deref().unwrap_or(std::slice::from_ref(content))
    }

    /// Returns the 1-based line and column of a byte offset. Columns count Unicode scalar values.
    pub fn position(&self, offset: usize) -> Position {
        let line = self.line_at(offset);
        let start = self.index.lines.get(line).map_or(0, |line| line.start);
        let column =
            self.index.character_index.count_characters(self.text, start, offset.max(start));
        Position { offset, line: line + 1, column: column + 1 }
    }

    /// Returns the span to delete so that removing `passage` leaves no gap: a whole line with its
    /// line ending and surplus blank lines, or part of a line with the whitespace on one side.
    pub fn deletion_span(&self, passage: Span) -> Span {
        deletion_span::deletion_span(self, passage)
    }

    /// Whether the block is a multi-line source code comment that is not inside a code block.
    pub fn is_source_comment(&self, block: usize) -> bool {
        self.blocks().get(block).is_some_and(|block| {
            let text = self.slice(block.span);
            block.kind == BlockKind::Code
                && !text.starts_with("    ")
                && source_comment::comment_length(text.lines()).is_some()
        })
    }

    /// Whether the block is prose: a paragraph, list item or quotation for which [`is_prose`]
    /// holds.
    pub fn is_prose(&self, block: usize) -> bool {
        self.index
            .prose
            .get_or_init(|| self.blocks().iter().map(|block| self.is_prose_block(block)).collect())
            [block]
    }

    /// Sets the page kind instead of estimating it. Has no effect once the page kind has been read.
    pub fn with_page_kind(self, estimate: PageKindEstimate) -> Self {
        // Findings may already depend on an earlier estimate, so it is kept.
        let _ = self.index.page_kind.set(estimate);
        self
    }

    /// Returns the estimated kind of page, computed on first use.
    pub fn page_kind(&self) -> &PageKindEstimate {
        self.index
            .page_kind
            .get_or_init(|| PageKindEstimate::from_features(&PageFeatures::from_document(self)))
    }

    fn is_prose_block(&self, block: &Block) -> bool {
        block.kind.is_text()
            && !matches!(block.kind, BlockKind::Heading(_))
            && is_prose(self.slice(block.content))
    }
}

/// Whether `text` is prose: at least 12 words that end like a sentence, or 25 that do not.
pub fn is_prose(text: &str) -> bool {
    const MIN_WORDS: usize = 12;
    const MIN_WORDS_UNTERMINATED: usize = 25;
    /// Length of the minimum number of one-letter words separated by spaces.
    const MIN_BYTES: usize = 2 * MIN_WORDS - 1;
    if text.len() < MIN_BYTES {
        return false;
    }
    let min_words = if ends_sentence(text) { MIN_WORDS } else { MIN_WORDS_UNTERMINATED };
    uax29_words::has_weighted_words(text, min_words)
}
