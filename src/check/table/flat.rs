//! Tables whose rows run together on one line, alone or within prose.

use std::ops::Range;

use super::fault::{Defect, Fault};
use super::proof::Promise;
use super::reading::Reader;
use super::row::{Row, is_delimiter_cell};
use super::structure::{counted, newline, settle};
use crate::finding::Edit;
use crate::text::{Span, trim};

/// A table found in one line: indices into the line's cells.
struct Flat {
    header: Range<usize>,
    delimiter: Range<usize>,
    /// The cell after the last row.
    end: usize,
    rows: usize,
}

/// Adds the tables flattened into line `line`; returns the line after them if there are any.
pub(super) fn faults(reader: &Reader<'_, '_>, row: &Row, faults: &mut Vec<Fault>) -> Option<usize> {
    let text = reader.text();
    const FEWEST_CELLS: usize = 5;
    if row.cells.len() < FEWEST_CELLS {
        return None;
    }
    let mut found = None;
    let mut at = 0;
    while let Some(delimiter) = next_delimiter(text, row, at) {
        at = delimiter.end;
        if let Some(flat) = read(text, row, delimiter) {
            at = flat.end.max(at);
            let (fault, end) = fault(reader, row, &flat);
            faults.push(fault);
            found = Some(end);
        }
    }
    found
}

/// The next two or more cells of dashes in a row.
fn next_delimiter(text: &str, row: &Row, from: usize) -> Option<Range<usize>> {
    let is_dashes = |cell: &Span| is_delimiter_cell(text[cell.range()].trim());
    let mut start = from;
    loop {
        start += row.cells.get(start..)?.iter().position(is_dashes)?;
        let length = row.cells[start..].iter().take_while(|cell| is_dashes(cell)).count();
        let dashes: usize = row.cells[start..start + length].iter().map(|cell| text[cell.range()].trim().len()).sum();
        if length >= 2 && dashes >= 2 * length {
            return Some(start..start + length);
        }
        start += length;
    }
}

/// The table around `delimiter`: a header before it and rows after it, each parted from the next by a blank cell.
fn read(text: &str, row: &Row, delimiter: Range<usize>) -> Option<Flat> {
    let columns = delimiter.len();
    let is_joint = |index: usize| row.cells.get(index).is_some_and(|cell| text[cell.range()].trim().is_empty());
    let joint = delimiter.start.checked_sub(1)?;
    let first = joint.checked_sub(columns)?;
    if !is_joint(joint) || first == 0 && !row.leading {
        return None;
    }
    let header = first..joint;
    let is_titled = header.clone().any(|index| text[row.cells[index].range()].contains(char::is_alphanumeric));
    // A row ends with a pipe: the last cell of an unclosed line has none.
    let closed = if row.trailing { row.cells.len() } else { row.cells.len() - 1 };
    let mut end = delimiter.end;
    let mut rows = 0;
    while is_joint(end) && end + columns < closed && !is_next_header(text, row, end + 1, columns) {
        end += columns + 1;
        rows += 1;
    }
    (is_titled && delimiter.end <= closed).then_some(Flat { header, delimiter, end, rows })
}

/// Whether the `columns` cells from `first` on stand above a delimiter of their own.
fn is_next_header(text: &str, row: &Row, first: usize, columns: usize) -> bool {
    let after = row.cells.get(first + columns + 1);
    after.is_some_and(|cell| is_delimiter_cell(text[cell.range()].trim()) && text[cell.range()].trim().len() >= 3)
}

fn fault(reader: &Reader<'_, '_>, row: &Row, flat: &Flat) -> (Fault, usize) {
    let text = reader.text();
    let columns = flat.delimiter.len();
    let start = row.cells[flat.header.start].start - 1;
    let last = row.cells[flat.end - 1];
    let end = last.end + 1;
    let dashes = Span::new(row.cells[flat.delimiter.start].start - 1, row.cells[flat.delimiter.end - 1].end + 1);
    let before = trim(text, Span::new(row.span.start, start));
    let after = trim(text, Span::new(end, row.span.end));
    let in_prose = !before.is_empty() || !after.is_empty();
    let defect = if in_prose { Defect::InProse } else { Defect::Flattened };
    // Rows may go on below the line.
    let mut next = row.line + 1;
    while after.is_empty() && reader.row(next).is_some_and(|row| row.is_firm() && row.cells.len() == columns) {
        next += 1;
    }
    let rows = flat.rows + (next - row.line - 1);
    let fault = Fault::new(defect, dashes).label(format!(
        "the delimiter row of a table of {} and {}",
        counted(columns, "column"),
        counted(rows, "row")
    ));

    let line_end = reader.line(row.line).map_or("\n", |line| newline(text, line));
    let prefix = &text[row.prefix.range()];
    let line = format!("{line_end}{prefix}");
    let quote = if prefix.contains('>') { prefix.trim_end() } else { "" };
    let paragraph = format!("{line_end}{quote}{line_end}{prefix}");
    let mut edits = Vec::new();
    if !before.is_empty() {
        edits.push(Edit { span: Span::new(before.end, start), content: paragraph.clone() });
    }
    let mut joint = flat.header.end;
    while joint < flat.end {
        edits.push(Edit { span: row.cells[joint], content: line.clone() });
        joint += columns + 1;
    }
    if !after.is_empty() {
        edits.push(Edit { span: Span::new(end, after.start), content: paragraph });
    }
    // What follows the last row may be one more that was cut: then nobody can say where the table ends.
    let rest = &row.cells[flat.end..];
    let is_cut = rest.len() > 1 && rest.first().is_some_and(|cell| text[cell.range()].trim().is_empty());
    let bottom = if next > row.line + 1 { reader.line(next - 1).map_or(end, |line| line.end) } else { end };
    let promise = Promise { region: Span::new(start, bottom), columns, rows };
    let lines = row.line..next;
    if is_cut || rows == 0 {
        return (fault, next);
    }
    match settle(reader, &edits, promise, lines, &[], None) {
        Some(glue) => {
            edits.extend(glue);
            edits.sort_by_key(|edit| edit.span);
            let help = if in_prose {
                "put the table and each of its rows on lines of their own"
            } else {
                "put each row on a line of its own"
            };
            (fault.fix(help, edits), next)
        }
        None => (fault, next),
    }
}
