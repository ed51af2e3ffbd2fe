//! Tables with nothing in them, and tables that were never data.

use super::fault::{Defect, Fault};
use super::reading::{Entry, Reader, Table};
use super::row::{Dashes, Row};
use super::structure;
use crate::text::{Span, trim, words};

/// Adds what is wrong with a table that says nothing; returns whether that is all there is to say of it.
pub(super) fn faults(reader: &Reader<'_, '_>, table: &Table, buttons: &[String], faults: &mut Vec<Fault>) -> bool {
    let text = reader.text();
    let Some(first) = table.first() else { return false };
    let Some(last) = table.lines.end.checked_sub(1).and_then(|line| reader.line(line)) else { return false };
    let span = Span::new(first.span.start, trim(text, last).end.max(first.span.end));
    let is_blank = |entry: &Entry| matches!(entry, Entry::Row(row) if row.is_blank(text));
    let header_blank = table.header.as_ref().is_none_or(|row| row.is_blank(text));
    // Text right beside the bars may be what the cells hold.
    let stands_alone =
        reader.is_blank(table.lines.end) && table.lines.start.checked_sub(1).is_none_or(|line| reader.is_blank(line));
    if header_blank && stands_alone && table.body.iter().all(is_blank) {
        faults.push(Fault::new(Defect::Residue, span).label("every cell is empty").remove());
        return true;
    }
    if table.columns == 1 && is_share_bar(text, span, buttons) {
        faults.push(Fault::new(Defect::ShareBar, span).remove());
        return true;
    }
    let is_whole =
        table.delimiter.as_ref().is_some_and(|(_, kind, width)| *kind == Dashes::Exact && *width == table.columns);
    if table.body.is_empty() && table.repeats.is_empty() && is_whole {
        // One cell is a box around text, and its text is all there.
        if table.columns > 1 && reader.seen.table_at(first.span.start).is_some_and(|seen| seen.rows == 0) {
            faults.push(Fault::new(Defect::NoData, span).label("a header without rows").remove());
        } else if table.columns > 1 {
            // What a parser takes for rows has no bars: text, or cells that lost them.
            faults.extend(structure::swallowed(reader, table));
        }
        return true;
    }
    false
}

/// Whether the only words are names of buttons.
fn is_share_bar(text: &str, span: Span, buttons: &[String]) -> bool {
    const MOST_BYTES: usize = 1_000;
    let slice = &text[span.range()];
    if buttons.is_empty() || span.len() > MOST_BYTES {
        return false;
    }
    let shown = without_targets(slice);
    let mut any = false;
    let all = words(&shown).all(|word| {
        any |= word.len() >= 3;
        buttons.iter().any(|button| button.eq_ignore_ascii_case(&shown[word.range()]))
    });
    all && any
}

/// The text of links without what they point to.
fn without_targets(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("](") {
        result.push_str(&rest[..=at]);
        rest = &rest[at + 2..];
        rest = rest.find([')', '\n']).map_or("", |close| &rest[close + 1..]);
    }
    result + rest
}

/// A row of buttons, lines of pipes alone, or a row of dashes with no table to it; returns the line after them.
pub(super) fn lone(reader: &Reader<'_, '_>, row: &Row, buttons: &[String], faults: &mut Vec<Fault>) -> Option<usize> {
    let text = reader.text();
    if row.is_firm() && is_share_bar(text, row.span, buttons) {
        faults.push(Fault::new(Defect::ShareBar, row.span).remove());
        return None;
    }
    let is_idle = |row: &Row| row.is_firm() && (row.is_blank(text) || matches!(row.dashes, Some((Dashes::Exact, _))));
    // Bars with text or drawing right beside them may be part of it.
    let is_edge = |line: Option<usize>| line.is_none_or(|line| reader.is_blank(line));
    if !is_idle(row) || !is_edge(row.line.checked_sub(1)) {
        return None;
    }
    let mut end = row.line + 1;
    while reader.row(end).is_some_and(|row| is_idle(&row)) {
        end += 1;
    }
    let last = reader.line(end - 1)?;
    // A row of dashes near rows belongs to them.
    let has_dashes = (row.line..end).any(|line| reader.row(line).is_some_and(|row| row.dashes.is_some()));
    if is_edge(Some(end)) && !(has_dashes && reader.is_near_rows(row.line..end)) {
        let span = Span::new(row.span.start, trim(text, last).end.max(row.span.end));
        faults.push(Fault::new(Defect::Residue, span).label("every cell is empty").remove());
    }
    Some(end)
}
