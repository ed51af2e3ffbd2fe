//! Tables without content, and tables that never were data.

use super::defect::{TableDefect, TableDetection};
use super::parse::{BodyLine, Table, TableParser};
use super::row::{DelimiterKind, Row};
use super::structural;
use dechaff_text::{Span, trim, words};

/// Detects a table without content. Returns whether no other check of the table is needed.
pub(super) fn detect(
    parser: &TableParser<'_, '_>,
    table: &Table,
    buttons: &[String],
    detections: &mut Vec<TableDetection>,
) -> bool {
    let text = parser.text();
    let Some(first) = table.first_row() else { return false };
    let Some(last) = table.lines.end.checked_sub(1).and_then(|line| parser.line(line)) else {
        return false;
    };
    let span = Span::new(first.span.start, trim(text, last).end.max(first.span.end));
    let is_blank = |line: &BodyLine| matches!(line, BodyLine::Row(row) if row.is_blank(text));
    let header_blank = table.header.as_ref().is_none_or(|row| row.is_blank(text));
    // Text right next to the pipes may belong into the cells.
    let is_isolated = parser.is_blank(table.lines.end)
        && table.lines.start.checked_sub(1).is_none_or(|line| parser.is_blank(line));
    if header_blank && is_isolated && table.body.iter().all(is_blank) {
        detections.push(
            TableDetection::new(TableDefect::Residue, span)
                .with_label("every cell is empty")
                .deleting_span(),
        );
        return true;
    }
    if table.columns == 1 && is_share_bar(text, span, buttons) {
        detections.push(TableDetection::new(TableDefect::ShareBar, span).deleting_span());
        return true;
    }
    let is_whole = table
        .delimiter
        .as_ref()
        .is_some_and(|(_, kind, width)| *kind == DelimiterKind::Exact && *width == table.columns);
    if table.body.is_empty() && table.repeats.is_empty() && is_whole {
        // A single cell is a box around text, and its text is all there.
        if table.columns > 1
            && parser.gfm.table_at(first.span.start).is_some_and(|gfm| gfm.rows == 0)
        {
            detections.push(
                TableDetection::new(TableDefect::NoData, span)
                    .with_label("a header without rows")
                    .deleting_span(),
            );
        } else if table.columns > 1 {
            // The lines that parsers treat as rows have no pipes: text, or cells that lost them.
            detections.extend(structural::detect_swallowed_text(parser, table));
        }
        return true;
    }
    false
}

/// Whether the only words are labels of buttons.
fn is_share_bar(text: &str, span: Span, buttons: &[String]) -> bool {
    const MAX_BYTES: usize = 1_000;
    let slice = &text[span.range()];
    if buttons.is_empty() || span.len() > MAX_BYTES {
        return false;
    }
    let shown = without_link_targets(slice);
    let mut any = false;
    let all = words(&shown).all(|word| {
        any |= word.len() >= 3;
        buttons.iter().any(|button| button.eq_ignore_ascii_case(&shown[word.range()]))
    });
    all && any
}

/// Returns the text with link targets removed.
fn without_link_targets(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        result.push_str(&rest[..=at]);
        rest = &rest[at + 2..];
        rest = rest.find([')', '\n']).map_or("", |close| &rest[close + 1..]);
    }
    result + rest
}

/// Detects a row of buttons, empty rows, or a delimiter without a table. Returns the line after
/// them.
pub(super) fn detect_without_table(
    parser: &TableParser<'_, '_>,
    row: &Row,
    buttons: &[String],
    detections: &mut Vec<TableDetection>,
) -> Option<usize> {
    let text = parser.text();
    if row.has_outer_pipes() && is_share_bar(text, row.span, buttons) {
        detections.push(TableDetection::new(TableDefect::ShareBar, row.span).deleting_span());
        return None;
    }
    let is_idle = |row: &Row| {
        row.has_outer_pipes()
            && (row.is_blank(text) || matches!(row.delimiter, Some((DelimiterKind::Exact, _))))
    };
    // Next to text or a drawing, the pipes may be part of it.
    let is_edge = |line: Option<usize>| line.is_none_or(|line| parser.is_blank(line));
    if !is_idle(row) || !is_edge(row.line.checked_sub(1)) {
        return None;
    }
    let mut end = row.line + 1;
    while parser.row(end).is_some_and(|row| is_idle(&row)) {
        end += 1;
    }
    let last = parser.line(end - 1)?;
    // A delimiter near rows belongs to them.
    let has_delimiter =
        (row.line..end).any(|line| parser.row(line).is_some_and(|row| row.delimiter.is_some()));
    if is_edge(Some(end)) && !(has_delimiter && parser.is_near_rows(row.line..end)) {
        let span = Span::new(row.span.start, trim(text, last).end.max(row.span.end));
        detections.push(
            TableDetection::new(TableDefect::Residue, span)
                .with_label("every cell is empty")
                .deleting_span(),
        );
    }
    Some(end)
}
