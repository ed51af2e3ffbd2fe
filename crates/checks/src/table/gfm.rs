//! What a GFM parser sees: tables, and parts where pipes are not cell borders.

use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use dechaff_text::Span;

/// A table recognised by the parser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GfmTable {
    /// From the header to the last row.
    pub(super) span: Span,
    /// Number of cells in the header.
    pub(super) columns: usize,
    /// Number of rows below the header.
    pub(super) rows: usize,
}

/// Tables, and parts that cannot contain any, each in document order.
#[derive(Debug, Default)]
pub(super) struct GfmView {
    pub(super) tables: Vec<GfmTable>,
    /// Code, metadata, and HTML blocks without Markdown content.
    pub(super) code_or_html: Vec<Range<usize>>,
}

impl GfmView {
    /// Parses `text` as GFM.
    pub(super) fn parse(text: &str) -> Self {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
            | Options::ENABLE_GFM;
        let mut gfm = Self::default();
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            match event {
                Event::Start(Tag::Table(columns)) => {
                    let end = range.start + text[range.clone()].trim_end().len();
                    gfm.tables.push(GfmTable {
                        span: Span::new(range.start, end),
                        columns: columns.len(),
                        rows: 0,
                    });
                }
                Event::End(TagEnd::TableRow) => {
                    if let Some(table) = gfm.tables.last_mut() {
                        table.rows += 1;
                    }
                }
                Event::Start(Tag::CodeBlock(_) | Tag::MetadataBlock(_)) => {
                    gfm.code_or_html.push(range)
                }
                Event::Start(Tag::HtmlBlock) if has_no_markdown(&text[range.clone()]) => {
                    gfm.code_or_html.push(range)
                }
                _ => {}
            }
        }
        gfm
    }

    /// Returns the table that contains the byte at `offset`.
    pub(super) fn table_at(&self, offset: usize) -> Option<&GfmTable> {
        let index = self.tables.partition_point(|table| table.span.end <= offset);
        self.tables.get(index).filter(|table| table.span.start <= offset)
    }

    /// Whether the byte at `offset` is in code, metadata or HTML.
    pub(super) fn is_code_or_html(&self, offset: usize) -> bool {
        let index = self.code_or_html.partition_point(|range| range.end <= offset);
        self.code_or_html.get(index).is_some_and(|range| range.start <= offset)
    }
}

fn has_no_markdown(html: &str) -> bool {
    const MAX_HEAD_BYTES: usize = 2_000;
    let mut end = html.len().min(MAX_HEAD_BYTES);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let head = html[..end].to_ascii_lowercase();
    ["<pre", "<script", "<style", "<textarea", "<table", "<code", "<svg", "<!", "<?"]
        .iter()
        .any(|tag| head.contains(tag))
}
