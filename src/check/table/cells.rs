//! Rows with too few or too many cells.

use std::borrow::Cow;

use super::fault::{Defect, Fault};
use super::proof::keeps_words;
use super::reading::{Entry, Reader, Style, Table};
use super::row::{Row, borders};
use super::seen::Seen;
use super::structure::{counted, dashes, newline};
use crate::finding::Edit;
use crate::text::{Span, trim};

/// Adds the faults of the rows of `table`.
pub(super) fn faults(reader: &Reader<'_, '_>, table: &Table, faults: &mut Vec<Fault>) {
    let columns = match (&table.header, &table.delimiter) {
        // With header and delimiter at odds nobody can say which row is short.
        (Some(header), Some((.., width))) if *width != header.cells.len() && !agree(table) => return,
        _ => table.columns,
    };
    let style = Style::of(table);
    let last = table.body.len().saturating_sub(1);
    for (index, entry) in table.body.iter().enumerate() {
        let Entry::Row(row) = entry else { continue };
        let cut = index == last && table.repeats.iter().all(|repeat| repeat.line < row.line);
        let others_end = || table.body[..index].iter().all(|entry| !matches!(entry, Entry::Row(row) if !row.trailing));
        if cut && others_end() && is_cut_off(reader, &style, row, columns) {
            faults.push(Fault::new(Defect::CutOff, row.span).label("the document ends here").remove());
        } else if row.cells.len() < columns {
            faults.push(short(reader, table, &style, row));
        } else if row.cells.len() > columns {
            faults.push(long(reader, table, row));
        }
    }
}

fn agree(table: &Table) -> bool {
    let mut rows = table.body.iter().filter_map(|entry| if let Entry::Row(row) = entry { Some(row) } else { None });
    rows.any(|row| row.cells.len() == table.columns)
}

/// The last row of the document, without the pipe at its end that the others have.
fn is_cut_off(reader: &Reader<'_, '_>, style: &Style, row: &Row, columns: usize) -> bool {
    let rest = &reader.text()[row.span.end..];
    style.trailing
        && row.leading
        && !row.trailing
        && rest.trim().is_empty()
        && (row.cells.len() < columns || rest.is_empty())
}

fn short(reader: &Reader<'_, '_>, table: &Table, style: &Style, row: &Row) -> Fault {
    let columns = table.columns;
    let fault = Fault::new(Defect::ShortRow, row.span)
        .label(format!("{}, the table has {columns} columns", counted(row.cells.len(), "cell")));
    let Some(gap) = missing_cell(reader, table, style, row) else { return fault };
    let place = match gap.cell {
        0 => "at the start",
        cell if cell == row.cells.len() => "at the end",
        _ => "in the middle",
    };
    let edits = empty_cell(row, gap.cell);
    let fault = proven(reader, fault, row, columns, 1, format!("add an empty cell {place}"), edits);
    if gap.is_guess { fault.guess() } else { fault }
}

/// Where a row lacks its one missing cell.
struct Gap {
    /// The missing cell comes before this one.
    cell: usize,
    is_guess: bool,
}

/// Finds the missing cell by what the columns hold, or by the bar that is missing too.
fn missing_cell(reader: &Reader<'_, '_>, table: &Table, style: &Style, row: &Row) -> Option<Gap> {
    // A line of nothing but bars belongs to cells that were split over several lines.
    let is_blank = row.cells.iter().all(|cell| reader.text()[cell.range()].trim().is_empty());
    if row.cells.len() + 1 != table.columns || is_blank {
        return None;
    }
    if let Some(cell) = table.kinds.missing_cell(reader.text(), row) {
        return Some(Gap { cell, is_guess: false });
    }
    let last = row.cells.len();
    let has_no_bars = !style.leading && !style.trailing;
    match (row.leading, row.trailing) {
        // Where rows have no outer bars, a bar at the edge stands between a cell and an empty one.
        (false, true) if has_no_bars => Some(Gap { cell: last, is_guess: false }),
        (true, false) if has_no_bars => Some(Gap { cell: 0, is_guess: false }),
        (false, true) if style.firm => Some(Gap { cell: 0, is_guess: true }),
        (true, false) if style.firm => Some(Gap { cell: last, is_guess: true }),
        _ => None,
    }
}

/// Edits that add an empty cell before cell `cell` of `row`, and the outer bars.
fn empty_cell(row: &Row, cell: usize) -> Vec<Edit> {
    let insert = |at: usize, content: &str| Edit { span: Span::new(at, at), content: content.to_owned() };
    let mut edits = Vec::new();
    match (cell, row.leading) {
        (0, false) => edits.push(insert(row.span.start, "| | ")),
        (_, false) => edits.push(insert(row.span.start, "| ")),
        _ => {}
    }
    match row.cells.get(cell) {
        Some(_) if cell == 0 && !row.leading => {}
        Some(next) => edits.push(insert(next.start, " |")),
        None if row.trailing => edits.push(insert(row.span.end, " |")),
        None => edits.push(insert(row.span.end, " | |")),
    }
    if cell < row.cells.len() && !row.trailing {
        edits.push(insert(row.span.end, " |"));
    }
    edits
}

fn long(reader: &Reader<'_, '_>, table: &Table, row: &Row) -> Fault {
    let (text, columns) = (reader.text(), table.columns);
    if reader.is_flattened(row, columns) {
        let joints: Vec<Span> = row.cells.iter().skip(columns).step_by(columns + 1).copied().collect();
        let break_line = format!("{}{}", line_end(reader, row), &text[row.prefix.range()]);
        let edits: Vec<Edit> = joints.iter().map(|&span| Edit { span, content: break_line.clone() }).collect();
        let rows = joints.len() + 1;
        let fault = Fault::new(Defect::Flattened, row.span).label(format!("{rows} rows on one line"));
        return proven(reader, fault, row, columns, rows, "put each row on a line of its own", edits);
    }
    let excess = row.cells.len() - columns;
    let surplus = row.cells.get(columns).map_or(row.span, |first| trim(text, Span::new(first.start, row.span.end)));
    let fault = Fault::new(Defect::LongRow, surplus)
        .label(format!("{}, the table has {columns}; a parser drops the rest", counted(row.cells.len(), "cell")));
    let protected: Vec<usize> = protected_pipes(text, row.span);
    if protected.len() == excess {
        let edits = protected.iter().map(|&at| Edit { span: Span::new(at, at), content: "\\".to_owned() }).collect();
        let fault = Fault { span: protected.first().map_or(surplus, |&at| Span::new(at, at + 1)), ..fault };
        let fault = fault.label("a pipe in code, math or a link parts the cell");
        return proven(reader, fault, row, columns, 1, "escape the pipe", edits);
    }
    // Where most rows are long, the header lacks a title, and nobody can say which.
    let is_blank = row.cells.iter().skip(columns).all(|cell| text[cell.range()].trim().is_empty());
    match row.cells.get(columns - 1).filter(|_| is_blank && row.trailing && mostly_fits(text, table)) {
        Some(cell) => {
            let cut = Span::new(cell.end + 1, row.span.end);
            let help = format!("remove {}", counted(excess, "empty cell"));
            proven(reader, fault, row, columns, 1, help, vec![Edit { span: cut, content: String::new() }])
        }
        None => fault,
    }
}

/// Whether no more rows have content beyond the last column than have as many cells as there are columns.
fn mostly_fits(text: &str, table: &Table) -> bool {
    let (mut fitting, mut long) = (0, 0);
    for entry in &table.body {
        let Entry::Row(row) = entry else { continue };
        let is_filled = |cell: &Span| !text[cell.range()].trim().is_empty();
        fitting += usize::from(row.cells.len() == table.columns);
        long += usize::from(row.cells.iter().skip(table.columns).any(is_filled));
    }
    fitting >= long
}

fn line_end(reader: &Reader<'_, '_>, row: &Row) -> &'static str {
    reader.line(row.line).map_or("\n", |line| newline(reader.text(), line))
}

/// `fault` with `edits` if they make `rows` rows of `columns` cells each, under a header of that width, and keep every word.
fn proven(
    reader: &Reader<'_, '_>,
    fault: Fault,
    row: &Row,
    columns: usize,
    rows: usize,
    help: impl Into<Cow<'static, str>>,
    edits: Vec<Edit>,
) -> Fault {
    let text = reader.text();
    let Some(mended) = super::proof::spliced(text, row.span, &edits) else { return fault };
    let lines = mended.lines().map(|line| line.trim_start_matches(['>', ' ', '\t']));
    let wide = lines
        .clone()
        .all(|line| Row::parse(line, 0, Span::new(0, line.len())).is_some_and(|row| row.cells.len() == columns));
    let header = format!("|{}\n{}\n", " x |".repeat(columns), dashes(columns, &[]));
    let table = lines.fold(header, |table, line| table + line + "\n");
    let seen = Seen::parse(&table);
    let is_table = matches!(seen.tables.as_slice(), [one] if one.rows == rows && one.columns == columns);
    if wide && is_table && keeps_words(reader.document, &edits, row.span) { fault.fix(help, edits) } else { fault }
}

/// Pipes of a row that stand in a code span, in math or in a link, and so were not meant to part cells.
fn protected_pipes(text: &str, row: Span) -> Vec<usize> {
    let spans = enclosed(text, row);
    let mut next = 0;
    borders(text, row)
        .filter(|&pipe| {
            while spans.get(next).is_some_and(|span| span.end <= pipe) {
                next += 1;
            }
            spans.get(next).is_some_and(|span| span.start <= pipe)
        })
        .collect()
}

/// Code spans, `$math$` and `[[links]]` in order of place.
fn enclosed(text: &str, row: Span) -> Vec<Span> {
    let slice = &text[row.range()];
    let bytes = slice.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(offset) = memchr::memchr3(b'`', b'$', b'[', &bytes[at..]) {
        let start = at + offset;
        let run = bytes[start..].iter().take_while(|&&byte| byte == bytes[start]).count();
        let close = match bytes[start] {
            b'[' if run >= 2 => "]]",
            b'[' => {
                at = start + 1;
                continue;
            }
            _ => &slice[start..start + run],
        };
        let body = start + run;
        // Code ends at a run of the same length; what never ends is no code, and the search goes on after it.
        match find_close(slice, body, close) {
            Some(end) => {
                spans.push(Span::new(row.start + start, row.start + end + close.len()));
                at = end + close.len();
            }
            None => at = body,
        }
    }
    spans
}

/// Where `close` next stands as a run of its own. Cells are short; a longer search would be quadratic.
fn find_close(slice: &str, from: usize, close: &str) -> Option<usize> {
    const FARTHEST: usize = 400;
    let bytes = slice.as_bytes();
    let end = bytes.len().min(from + FARTHEST);
    let mark = *close.as_bytes().first()?;
    let mut at = from;
    while let Some(offset) = memchr::memchr(mark, bytes.get(at..end)?) {
        let start = at + offset;
        let run = bytes[start..].iter().take_while(|&&byte| byte == mark).count();
        if run == close.len() {
            return Some(start);
        }
        at = start + run;
    }
    None
}
