//! Faults of single rows and cells.

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
            faults.push(short(reader, row, columns));
        } else if row.cells.len() > columns {
            faults.push(long(reader, row, columns));
        }
    }
    markers(reader, table, faults);
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

fn short(reader: &Reader<'_, '_>, row: &Row, columns: usize) -> Fault {
    let missing = columns - row.cells.len();
    let fault = Fault::new(Defect::ShortRow, row.span)
        .label(format!("{}, the table has {columns} columns", counted(row.cells.len(), "cell")));
    let mut edits = Vec::new();
    let insert = |at: usize, content: String| Edit { span: Span::new(at, at), content };
    if !row.leading {
        edits.push(insert(row.span.start, "| ".to_owned()));
    }
    let end = if row.trailing { "" } else { " |" };
    edits.push(insert(row.span.end, format!("{end}{}", " |".repeat(missing))));
    proven(reader, fault, row, columns, 1, format!("add {}", counted(missing, "empty cell")), edits)
}

fn long(reader: &Reader<'_, '_>, row: &Row, columns: usize) -> Fault {
    let text = reader.text();
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
    let blank = row.cells.iter().skip(columns).all(|cell| text[cell.range()].trim().is_empty());
    match row.cells.get(columns - 1).filter(|_| blank && row.trailing) {
        Some(cell) => {
            let cut = Span::new(cell.end + 1, row.span.end);
            let help = format!("remove {}", counted(excess, "empty cell"));
            proven(reader, fault, row, columns, 1, help, vec![Edit { span: cut, content: String::new() }])
        }
        None => fault,
    }
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

/// List markers at the start of cells, where not the whole column has them.
fn markers(reader: &Reader<'_, '_>, table: &Table, faults: &mut Vec<Fault>) {
    let text = reader.text();
    let mut marked: Vec<(usize, Span)> = Vec::new();
    let mut filled = vec![0_usize; table.columns];
    let mut with_marker = vec![0_usize; table.columns];
    for entry in &table.body {
        let Entry::Row(row) = entry else { continue };
        for (column, &cell) in row.cells.iter().enumerate().take(table.columns) {
            let content = trim(text, cell);
            if content.is_empty() {
                continue;
            }
            filled[column] += 1;
            if let Some(marker) = cell_marker(&text[content.range()]) {
                with_marker[column] += 1;
                marked.push((column, Span::new(content.start, content.start + marker)));
            }
        }
    }
    for (column, marker) in marked {
        if with_marker[column] * 2 <= filled[column] {
            let sign = trim(text, marker);
            let edits = vec![Edit { span: marker, content: String::new() }];
            faults.push(Fault::new(Defect::ListMarker, sign).fix("remove the marker", edits));
        }
    }
}

/// Bytes of the marker that a cell with one item begins with, blanks included.
fn cell_marker(cell: &str) -> Option<usize> {
    let rest = cell.strip_prefix(['*', '-', '+', '•', '▪', '●', '◦'])?;
    let item = rest.trim_start_matches(' ');
    let is_item = item.len() < rest.len() && item.chars().next().is_some_and(char::is_alphabetic);
    // Several items in a cell are a list on purpose.
    let is_list =
        [" * ", " - ", " • ", "<br", " + "].iter().any(|mark| item.contains(mark)) || item.split(' ').nth(1).is_none();
    (is_item && !is_list).then_some(cell.len() - item.len())
}
