//! What a GFM parser sees: its tables, and the parts where pipes are not cells.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::text::Span;

/// A table as the parser has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeenTable {
    /// Its bytes, from the header to the last row.
    pub(super) span: Span,
    /// Cells of the header.
    pub(super) columns: usize,
    /// Rows below the header.
    pub(super) rows: usize,
}

/// Tables, and parts that hold none, each in order of place.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) tables: Vec<SeenTable>,
    /// Code, metadata and such HTML as holds no markdown.
    pub(super) opaque: Vec<Range<usize>>,
}

impl Seen {
    /// Parses `text` as GFM.
    pub(super) fn parse(text: &str) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
            | Options::ENABLE_GFM;
        let mut seen = Self::default();
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            match event {
                Event::Start(Tag::Table(columns)) => {
                    let end = range.start + text[range.clone()].trim_end().len();
                    seen.tables.push(SeenTable { span: Span::new(range.start, end), columns: columns.len(), rows: 0 });
                }
                Event::End(TagEnd::TableRow) => {
                    if let Some(table) = seen.tables.last_mut() {
                        table.rows += 1;
                    }
                }
                Event::Start(Tag::CodeBlock(_) | Tag::MetadataBlock(_)) => seen.opaque.push(range),
                Event::Start(Tag::HtmlBlock) if holds_no_markdown(&text[range.clone()]) => seen.opaque.push(range),
                _ => {}
            }
        }
        seen
    }

    /// The table that holds the byte at `offset`.
    pub(super) fn table_at(&self, offset: usize) -> Option<&SeenTable> {
        let index = self.tables.partition_point(|table| table.span.end <= offset);
        self.tables.get(index).filter(|table| table.span.start <= offset)
    }

    /// Whether the byte at `offset` is code or the like.
    pub(super) fn is_opaque(&self, offset: usize) -> bool {
        let index = self.opaque.partition_point(|range| range.end <= offset);
        self.opaque.get(index).is_some_and(|range| range.start <= offset)
    }
}

fn holds_no_markdown(html: &str) -> bool {
    const HEAD: usize = 2_000;
    let mut end = html.len().min(HEAD);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let head = html[..end].to_ascii_lowercase();
    ["<pre", "<script", "<style", "<textarea", "<table", "<code", "<svg", "<!", "<?"]
        .iter()
        .any(|tag| head.contains(tag))
}
