//! Lines of running text, headings, lists and quotations, found by what they contain.

use dechaff_text::{Block, Document, Span};

/// A line of text that contains the characters searched for.
pub(super) struct Line<'d, 't> {
    pub(super) text: &'t str,
    /// Its span in the document, without surrounding blanks.
    pub(super) span: Span,
    /// Its index.
    pub(super) index: usize,
    pub(super) block: &'d Block,
}

/// Returns the lines that contain `needle`, except in code and tables.
pub(super) fn lines_containing<'d, 't>(
    document: &'d Document<'t>,
    needle: &str,
) -> Vec<Line<'d, 't>> {
    let mut lines: Vec<Line<'d, 't>> = Vec::new();
    let mut done = 0;
    let mut index = 0;
    let mut block_index = 0;
    for hit in memchr::memmem::find_iter(document.text().as_bytes(), needle.as_bytes()) {
        if hit < done {
            continue;
        }
        index = last_from(document.lines(), index, |line| line.start <= hit);
        let Some(&line) = document.lines().get(index) else { continue };
        done = line.end;
        block_index = last_from(document.blocks(), block_index, |block| block.span.start <= hit);
        let block = &document.blocks()[block_index];
        let span = dechaff_text::trim(document.text(), line);
        if block.kind.is_text() && !span.is_empty() {
            lines.push(Line { text: document.slice(span), span, index, block });
        }
    }
    lines
}

/// Returns the last index from `from` on for which `is_before` holds, by galloping search: fast if
/// it is nearby. `is_before` must hold up to some index and fail from there on.
fn last_from<T>(items: &[T], from: usize, is_before: impl Fn(&T) -> bool) -> usize {
    let mut start = from;
    let mut step = 1;
    while items.get(start + step).is_some_and(&is_before) {
        start += step;
        step *= 2;
    }
    let rest = items.get(start..(start + step).min(items.len())).unwrap_or_default();
    (start + rest.partition_point(is_before)).saturating_sub(1)
}

/// Returns the line ending of the line at `index`.
pub(super) fn newline(document: &Document<'_>, index: usize) -> &'static str {
    let end = document.lines().get(index).map_or(0, |line| line.end);
    if document.text()[end..].starts_with("\r\n") { "\r\n" } else { "\n" }
}
