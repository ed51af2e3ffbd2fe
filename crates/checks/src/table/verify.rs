//! Verifies that a repair works: a GFM parser sees the intended table, and no word is lost or
//! moved.

use super::gfm::GfmView;
use dechaff_findings::Edit;
use dechaff_text::{Document, Span, words};

/// The table that the parser must see after a repair.
#[derive(Debug, Clone, Copy)]
pub(super) struct ExpectedTable {
    /// The span of the table before the repair.
    pub(super) region: Span,
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// Maximum number of bytes examined before and after a table.
const CONTEXT: usize = 1_024;

/// Whether `edits`, sorted by position, turn the region into the expected table, with all of its
/// words and no others.
///
/// Words in `dropped`, such as those of a repeated header, may disappear. Cost is linear in the
/// region.
pub(super) fn edits_produce(
    document: &Document<'_>,
    edits: &[Edit],
    expected: ExpectedTable,
    dropped: &[Span],
) -> bool {
    let text = document.text();
    let window = window(document, expected.region);
    let context = list_context(&text[window.range()]);
    let touched = edits.iter().fold(expected.region, |touched, edit| touched.cover(edit.span));
    let (Some(after), Some(changed)) =
        (apply_edits(text, window, edits), apply_edits(text, touched, edits))
    else {
        return false;
    };
    let kept = text_words(&text[touched.range()], touched.start, dropped);
    if !kept.eq(words(&changed).map(|word| &changed[word.range()])) {
        return false;
    }
    let start = context.len() + offset_after_edits(edits, window, expected.region.start);
    let end = context.len() + offset_after_edits(edits, window, expected.region.end);
    let parsed = context + &after;
    let gfm = GfmView::parse(&parsed);
    let mut tables =
        gfm.tables.iter().filter(|table| table.span.start < end && start < table.span.end);
    let (Some(table), None) = (tables.next(), tables.next()) else { return false };
    let inside = &parsed[table.span.range()];
    table.columns == expected.columns
        && table.rows == expected.rows
        && text_words(&text[expected.region.range()], expected.region.start, dropped)
            .eq(words(inside).map(|word| &inside[word.range()]))
}

/// Whether the edits keep every word of `region`, in order.
pub(super) fn preserves_words(document: &Document<'_>, edits: &[Edit], region: Span) -> bool {
    let text = document.text();
    apply_edits(text, region, edits).is_some_and(|after| {
        let before = &text[region.range()];
        words(before)
            .map(|word| &before[word.range()])
            .eq(words(&after).map(|word| &after[word.range()]))
    })
}

/// Returns the words of `slice`, which starts at `offset`, without those in `dropped`.
fn text_words<'t>(
    slice: &'t str,
    offset: usize,
    dropped: &'t [Span],
) -> impl Iterator<Item = &'t str> {
    let mut next = 0;
    words(slice).filter_map(move |word| {
        let place = word.shift(offset);
        while dropped.get(next).is_some_and(|span| span.end <= place.start) {
            next += 1;
        }
        let is_dropped = dropped.get(next).is_some_and(|span| span.contains(place));
        (!is_dropped).then(|| &slice[word.range()])
    })
}

/// Returns the lines from the blank line before `region` to the one after it, at most [`CONTEXT`]
/// bytes away.
fn window(document: &Document<'_>, region: Span) -> Span {
    let text = document.text();
    let lines = document.lines();
    let is_blank = |line: usize| text[lines[line].range()].trim().is_empty();
    let first = document.line_at(region.start);
    let last = document.line_at(region.end);
    let mut start = lines.get(first).map_or(region.start, |line| line.start.min(region.start));
    for line in (0..first).rev().take_while(|&line| !is_blank(line)) {
        if region.start - lines[line].start > CONTEXT {
            break;
        }
        start = lines[line].start;
    }
    if region.start - start > CONTEXT {
        start = floor_char_boundary(text, region.start - CONTEXT);
    }
    let mut end = lines.get(last).map_or(region.end, |line| line.end.max(region.end));
    for line in (last + 1..lines.len()).take_while(|&line| !is_blank(line)) {
        if lines[line].end - region.end > CONTEXT {
            break;
        }
        end = lines[line].end;
    }
    if end - region.end > CONTEXT {
        end = floor_char_boundary(text, region.end + CONTEXT);
    }
    Span::new(start, end)
}

fn floor_char_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Returns list items that give the window's indentation the meaning it has in the document.
fn list_context(window: &str) -> String {
    let blanks = window.bytes().take_while(|byte| matches!(byte, b' ' | b'\t'));
    let indent: usize = blanks.map(|byte| if byte == b'\t' { 4 } else { 1 }).sum();
    let mut context = String::new();
    let mut depth = 0;
    if indent % 2 == 1 && indent >= 3 {
        context.push_str("1. x\n");
        depth = 3;
    }
    const MAX_INDENT: usize = 24;
    while depth + 2 <= indent.min(MAX_INDENT) {
        context.push_str(&" ".repeat(depth));
        context.push_str("- x\n");
        depth += 2;
    }
    if !context.is_empty() {
        context.push('\n');
    }
    context
}

/// Applies the edits within `span` of `text`. Returns `None` if an edit is partly outside.
pub(super) fn apply_edits(text: &str, span: Span, edits: &[Edit]) -> Option<String> {
    let mut result = String::with_capacity(span.len() + 64);
    let mut at = span.start;
    for edit in edits {
        if !span.contains(edit.span) || edit.span.start < at {
            return None;
        }
        result.push_str(&text[at..edit.span.start]);
        result.push_str(&edit.content);
        at = edit.span.end;
    }
    result.push_str(&text[at..span.end]);
    Some(result)
}

/// Maps `offset` to its place in the edited window. Insertions at `offset` come after it.
fn offset_after_edits(edits: &[Edit], window: Span, offset: usize) -> usize {
    let mut place = offset - window.start;
    for edit in edits.iter().filter(|edit| edit.span.end <= offset && edit.span.start < offset) {
        place = (place + edit.content.len()).saturating_sub(edit.span.len());
    }
    place
}
