//! Tables whose rows are run together on one line, alone or within prose.

use std::ops::Range;

use super::defect::{TableDefect, TableDetection};
use super::parse::TableParser;
use super::row::{Row, is_delimiter_cell};
use super::structural::{find_blank_lines, newline, pluralize};
use super::verify::ExpectedTable;
use dechaff_findings::Edit;
use dechaff_text::{Span, trim};

/// A table on one line. Indices refer to the cells of the line.
struct FlattenedTable {
    header: Range<usize>,
    delimiter: Range<usize>,
    /// The index after the last cell of the last row.
    end: usize,
    rows: usize,
}

impl FlattenedTable {
    /// Returns the span of the table, with its outer pipes.
    fn span(&self, row: &Row) -> Span {
        Span::new(row.cells[self.header.start].start - 1, row.cells[self.end - 1].end + 1)
    }

    /// Returns the text before the table on its line, and the text after it.
    fn around(&self, text: &str, row: &Row) -> (Span, Span) {
        let span = self.span(row);
        let before = trim(text, Span::new(row.span.start, span.start));
        (before, trim(text, Span::new(span.end, row.span.end)))
    }
}

/// Detects the tables flattened into line `line`. Returns the line after them, if there are any.
pub(super) fn detect(
    parser: &TableParser<'_, '_>,
    row: &Row,
    detections: &mut Vec<TableDetection>,
) -> Option<usize> {
    let text = parser.text();
    const MIN_CELLS: usize = 5;
    if row.cells.len() < MIN_CELLS {
        return None;
    }
    let mut found = None;
    let mut at = 0;
    while let Some(delimiter) = next_delimiter(text, row, at) {
        at = delimiter.end;
        if let Some(flat) = parse_around(text, row, delimiter) {
            at = flat.end.max(at);
            let (detection, end) = detect_at(parser, row, &flat);
            detections.push(detection);
            found = Some(end);
        }
    }
    found
}

/// Returns the next two or more delimiter cells in a row.
fn next_delimiter(text: &str, row: &Row, from: usize) -> Option<Range<usize>> {
    let is_delimiter = |cell: &Span| is_delimiter_cell(text[cell.range()].trim());
    let mut start = from;
    loop {
        start += row.cells.get(start..)?.iter().position(is_delimiter)?;
        let length = row.cells[start..].iter().take_while(|cell| is_delimiter(cell)).count();
        let hyphens: usize = row.cells[start..start + length]
            .iter()
            .map(|cell| text[cell.range()].trim().len())
            .sum();
        if length >= 2 && hyphens >= 2 * length {
            return Some(start..start + length);
        }
        start += length;
    }
}

/// Returns the table around `delimiter`: a header before it and rows after it, separated by empty
/// cells.
fn parse_around(text: &str, row: &Row, delimiter: Range<usize>) -> Option<FlattenedTable> {
    let columns = delimiter.len();
    let is_joint = |index: usize| {
        row.cells.get(index).is_some_and(|cell| text[cell.range()].trim().is_empty())
    };
    let joint = delimiter.start.checked_sub(1)?;
    let first = joint.checked_sub(columns)?;
    if !is_joint(joint) || first == 0 && !row.leading {
        return None;
    }
    let header = first..joint;
    let is_titled =
        header.clone().any(|index| text[row.cells[index].range()].contains(char::is_alphanumeric));
    // A row ends with a pipe, so the last cell of an unclosed line is not part of one.
    let closed = if row.trailing { row.cells.len() } else { row.cells.len() - 1 };
    let mut end = delimiter.end;
    let mut rows = 0;
    while is_joint(end) && end + columns < closed && !is_next_header(text, row, end + 1, columns) {
        end += columns + 1;
        rows += 1;
    }
    (is_titled && delimiter.end <= closed).then_some(FlattenedTable {
        header,
        delimiter,
        end,
        rows,
    })
}

/// Whether the `columns` cells from `first` on are followed by a delimiter of their own.
fn is_next_header(text: &str, row: &Row, first: usize, columns: usize) -> bool {
    let after = row.cells.get(first + columns + 1);
    after.is_some_and(|cell| {
        is_delimiter_cell(text[cell.range()].trim()) && text[cell.range()].trim().len() >= 3
    })
}

fn detect_at(
    parser: &TableParser<'_, '_>,
    row: &Row,
    flat: &FlattenedTable,
) -> (TableDetection, usize) {
    let text = parser.text();
    let columns = flat.delimiter.len();
    let span = flat.span(row);
    let delimiter = Span::new(
        row.cells[flat.delimiter.start].start - 1,
        row.cells[flat.delimiter.end - 1].end + 1,
    );
    let (before, after) = flat.around(text, row);
    let in_prose = !before.is_empty() || !after.is_empty();
    let defect = if in_prose { TableDefect::InProse } else { TableDefect::Flattened };
    // More rows may follow below the line.
    let mut next = row.line + 1;
    while after.is_empty()
        && parser.row(next).is_some_and(|row| row.has_outer_pipes() && row.cells.len() == columns)
    {
        next += 1;
    }
    let rows = flat.rows + (next - row.line - 1);
    let detection = TableDetection::new(defect, delimiter).with_label(format!(
        "the delimiter row of a table of {} and {}",
        pluralize(columns, "column"),
        pluralize(rows, "row")
    ));

    // If a cut-off row may follow the last one, the end of the table is unclear.
    let rest = &row.cells[flat.end..];
    let is_cut =
        rest.len() > 1 && rest.first().is_some_and(|cell| text[cell.range()].trim().is_empty());
    let last_line = if next > row.line + 1 { parser.line(next - 1) } else { None };
    let bottom = last_line.map_or(span.end, |line| line.end);
    let expected = ExpectedTable { region: Span::new(span.start, bottom), columns, rows };
    let lines = row.line..next;
    if is_cut || rows == 0 {
        return (detection, next);
    }
    let mut edits = line_breaks(parser, row, flat);
    match find_blank_lines(parser, &edits, expected, lines, &[], None) {
        Some(blank_lines) => {
            edits.extend(blank_lines);
            edits.sort_by_key(|edit| edit.span);
            let help = if in_prose {
                "put the table and each of its rows on separate lines"
            } else {
                "put each row on its own line"
            };
            (detection.with_fix(help, edits), next)
        }
        None => (detection, next),
    }
}

/// Returns the edits that put the table, and each of its rows, on separate lines.
fn line_breaks(parser: &TableParser<'_, '_>, row: &Row, flat: &FlattenedTable) -> Vec<Edit> {
    let text = parser.text();
    let (span, (before, after)) = (flat.span(row), flat.around(text, row));
    let line_end = parser.line(row.line).map_or("\n", |line| newline(text, line));
    let prefix = &text[row.prefix.range()];
    let line = format!("{line_end}{prefix}");
    let quote = if prefix.contains('>') { prefix.trim_end() } else { "" };
    let paragraph = format!("{line_end}{quote}{line_end}{prefix}");
    let mut edits = Vec::new();
    if !before.is_empty() {
        let span = Span::new(before.end, span.start);
        edits.push(Edit { span, content: paragraph.clone() });
    }
    let joints = (flat.header.end..flat.end).step_by(flat.delimiter.len() + 1);
    edits.extend(joints.map(|joint| Edit { span: row.cells[joint], content: line.clone() }));
    if !after.is_empty() {
        edits.push(Edit { span: Span::new(span.end, after.start), content: paragraph });
    }
    edits
}
