//! Rows with too few or too many cells.

use std::borrow::Cow;

use super::defect::{TableDefect, TableDetection};
use super::gfm::GfmView;
use super::parse::{BodyLine, RowStyle, Table, TableParser};
use super::row::{Row, borders};
use super::structural::{delimiter_row, newline, pluralize};
use super::verify::preserves_words;
use dechaff_findings::Edit;
use dechaff_text::{Span, trim};

/// Detects defective rows of `table`.
pub(super) fn detect(
    parser: &TableParser<'_, '_>,
    table: &Table,
    detections: &mut Vec<TableDetection>,
) {
    let columns = match (&table.header, &table.delimiter) {
        // If header and delimiter disagree, it is unclear which rows are short.
        (Some(header), Some((.., width)))
            if *width != header.cells.len() && !some_row_fits(table) =>
        {
            return;
        }
        _ => table.columns,
    };
    let style = RowStyle::from_table(table);
    let last = table.body.len().saturating_sub(1);
    for (index, entry) in table.body.iter().enumerate() {
        let BodyLine::Row(row) = entry else { continue };
        let is_last = index == last && table.repeats.iter().all(|repeat| repeat.line < row.line);
        let others_end = || {
            table.body[..index]
                .iter()
                .all(|entry| !matches!(entry, BodyLine::Row(row) if !row.trailing))
        };
        if is_last && others_end() && is_cut_off(parser, &style, row, columns) {
            detections.push(
                TableDetection::new(TableDefect::CutOff, row.span)
                    .with_label("the document ends here")
                    .deleting_span(),
            );
        } else if row.cells.len() < columns {
            detections.push(check_short_row(parser, table, &style, row));
        } else if row.cells.len() > columns {
            detections.push(check_long_row(parser, table, row));
        }
    }
}

/// Whether a row has as many cells as the header.
fn some_row_fits(table: &Table) -> bool {
    table.rows().any(|row| row.cells.len() == table.columns)
}

/// Whether this is the last row of the document and lacks the closing pipe that other rows have.
fn is_cut_off(parser: &TableParser<'_, '_>, style: &RowStyle, row: &Row, columns: usize) -> bool {
    let rest = &parser.text()[row.span.end..];
    style.trailing
        && row.leading
        && !row.trailing
        && rest.trim().is_empty()
        && (row.cells.len() < columns || rest.is_empty())
}

fn check_short_row(
    parser: &TableParser<'_, '_>,
    table: &Table,
    style: &RowStyle,
    row: &Row,
) -> TableDetection {
    let columns = table.columns;
    let detection = TableDetection::new(TableDefect::ShortRow, row.span).with_label(format!(
        "{}, the table has {columns} columns",
        pluralize(row.cells.len(), "cell")
    ));
    let Some(gap) = missing_cell(parser, table, style, row) else { return detection };
    let place = match gap.cell {
        0 => "at the start",
        cell if cell == row.cells.len() => "at the end",
        _ => "in the middle",
    };
    let edits = empty_cell(row, gap.cell);
    let detection = with_verified_fix(
        parser,
        detection,
        row,
        columns,
        1,
        format!("add an empty cell {place}"),
        edits,
    );
    if gap.is_heuristic { detection.heuristic() } else { detection }
}

/// The position of the one missing cell of a row.
struct Gap {
    /// The missing cell comes before the cell with this index.
    cell: usize,
    is_heuristic: bool,
}

/// Locates the missing cell by the contents of the columns, or by a missing outer pipe.
fn missing_cell(
    parser: &TableParser<'_, '_>,
    table: &Table,
    style: &RowStyle,
    row: &Row,
) -> Option<Gap> {
    // A line of empty cells belongs to cells that were split over several lines.
    let is_blank = row.cells.iter().all(|cell| parser.text()[cell.range()].trim().is_empty());
    if row.cells.len() + 1 != table.columns || is_blank {
        return None;
    }
    if let Some(cell) = table.kinds.missing_cell(parser.text(), row) {
        return Some(Gap { cell, is_heuristic: false });
    }
    let last = row.cells.len();
    let has_no_outer_pipes = !style.leading && !style.trailing;
    match (row.leading, row.trailing) {
        // In rows without outer pipes, a pipe at the edge separates a cell from an empty one.
        (false, true) if has_no_outer_pipes => Some(Gap { cell: last, is_heuristic: false }),
        (true, false) if has_no_outer_pipes => Some(Gap { cell: 0, is_heuristic: false }),
        (false, true) if style.outer_pipes => Some(Gap { cell: 0, is_heuristic: true }),
        (true, false) if style.outer_pipes => Some(Gap { cell: last, is_heuristic: true }),
        _ => None,
    }
}

/// Adds an empty cell before cell `cell` of `row`, and outer pipes if the row has none.
fn empty_cell(row: &Row, cell: usize) -> Vec<Edit> {
    let insert =
        |at: usize, content: &str| Edit { span: Span::new(at, at), content: content.to_owned() };
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

fn check_long_row(parser: &TableParser<'_, '_>, table: &Table, row: &Row) -> TableDetection {
    let text = parser.text();
    let columns = table.columns;
    if parser.is_flattened(row, columns) {
        return check_flattened_row(parser, row, columns);
    }
    let excess = row.cells.len() - columns;
    let excess_cells = row
        .cells
        .get(columns)
        .map_or(row.span, |first| trim(text, Span::new(first.start, row.span.end)));
    let detection = TableDetection::new(TableDefect::LongRow, excess_cells).with_label(format!(
        "{}, the table has {columns}; parsers drop the rest",
        pluralize(row.cells.len(), "cell")
    ));
    let protected: Vec<usize> = protected_pipes(text, row.span);
    if protected.len() == excess {
        let edits = protected
            .iter()
            .map(|&at| Edit { span: Span::new(at, at), content: "\\".to_owned() })
            .collect();
        let detection = TableDetection {
            span: protected.first().map_or(excess_cells, |&at| Span::new(at, at + 1)),
            ..detection
        };
        let detection = detection.with_label("a pipe in code, math or a link splits the cell");
        return with_verified_fix(parser, detection, row, columns, 1, "escape the pipe", edits);
    }
    // If most rows are long, the header lacks a title, and it is unclear which.
    let is_blank = row.cells.iter().skip(columns).all(|cell| text[cell.range()].trim().is_empty());
    let last = row.cells.get(columns - 1);
    let Some(last) = last.filter(|_| is_blank && row.trailing && mostly_fits(text, table)) else {
        return detection;
    };
    let cut = Span::new(last.end + 1, row.span.end);
    let help = format!("remove {}", pluralize(excess, "empty cell"));
    let edits = vec![Edit { span: cut, content: String::new() }];
    with_verified_fix(parser, detection, row, columns, 1, help, edits)
}

/// Detects several rows on one line.
fn check_flattened_row(parser: &TableParser<'_, '_>, row: &Row, columns: usize) -> TableDetection {
    let joints = row.cells.iter().skip(columns).step_by(columns + 1);
    let prefix = &parser.text()[row.prefix.range()];
    let break_line = format!("{}{prefix}", line_end(parser, row));
    let edits: Vec<Edit> = joints.map(|&span| Edit { span, content: break_line.clone() }).collect();
    let rows = edits.len() + 1;
    let detection = TableDetection::new(TableDefect::Flattened, row.span)
        .with_label(format!("{rows} rows on one line"));
    let help = "put each row on its own line";
    with_verified_fix(parser, detection, row, columns, rows, help, edits)
}

/// Whether at least as many rows have the right number of cells as have content beyond the last
/// column.
fn mostly_fits(text: &str, table: &Table) -> bool {
    let mut fitting = 0;
    let mut long = 0;
    for row in table.rows() {
        let is_filled = |cell: &Span| !text[cell.range()].trim().is_empty();
        fitting += usize::from(row.cells.len() == table.columns);
        long += usize::from(row.cells.iter().skip(table.columns).any(is_filled));
    }
    fitting >= long
}

fn line_end(parser: &TableParser<'_, '_>, row: &Row) -> &'static str {
    parser.line(row.line).map_or("\n", |line| newline(parser.text(), line))
}

/// Attaches `edits` to the detection if they make `rows` rows of `columns` cells each, as a GFM
/// parser sees them, and preserve every word.
fn with_verified_fix(
    parser: &TableParser<'_, '_>,
    detection: TableDetection,
    row: &Row,
    columns: usize,
    rows: usize,
    help: impl Into<Cow<'static, str>>,
    edits: Vec<Edit>,
) -> TableDetection {
    let text = parser.text();
    let Some(repaired) = super::verify::apply_edits(text, row.span, &edits) else {
        return detection;
    };
    let lines = repaired.lines().map(|line| line.trim_start_matches(['>', ' ', '\t']));
    let has_width = lines.clone().all(|line| {
        Row::parse(line, 0, Span::new(0, line.len())).is_some_and(|row| row.cells.len() == columns)
    });
    let header = format!("|{}\n{}\n", " x |".repeat(columns), delimiter_row(columns, &[]));
    let table = lines.fold(header, |table, line| table + line + "\n");
    let gfm = GfmView::parse(&table);
    let is_table =
        matches!(gfm.tables.as_slice(), [only] if only.rows == rows && only.columns == columns);
    if has_width && is_table && preserves_words(parser.document, &edits, row.span) {
        detection.with_fix(help, edits)
    } else {
        detection
    }
}

/// Returns the pipes inside code spans, math and links, which were not meant to separate cells.
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

/// Returns the code spans, `$math$` and `[[links]]` of a row, in order.
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
        // A code span ends at a run of the same length. If there is none, it is not code; continue
        // after the opening run.
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

/// Finds the next occurrence of `close` as a run of that exact length. The search is bounded, since
/// cells are short and an unbounded search would be quadratic.
fn find_close(slice: &str, from: usize, close: &str) -> Option<usize> {
    const MAX_DISTANCE: usize = 400;
    let bytes = slice.as_bytes();
    let end = bytes.len().min(from + MAX_DISTANCE);
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
