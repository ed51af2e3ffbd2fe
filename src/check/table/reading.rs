//! What the author meant: which lines are one table, and what each of them is in it.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use super::row::{Dashes, Row};
use super::seen::Seen;
use crate::text::{Document, Span};

/// A table as it was meant.
#[derive(Debug)]
pub(super) struct Table {
    /// The row of column titles; `None` where it was lost.
    pub(super) header: Option<Rc<Row>>,
    /// The row of dashes; `None` where it was lost.
    pub(super) delimiter: Option<(Rc<Row>, Dashes, usize)>,
    /// Number of columns, as the header has it, or the delimiter where there is no header.
    pub(super) columns: usize,
    /// The rows of data.
    pub(super) body: Vec<Entry>,
    /// Blank lines inside, as their bytes with line ends.
    pub(super) gaps: Vec<Span>,
    /// Headers and delimiters that stand again among the rows.
    pub(super) repeats: Vec<Repeat>,
    /// The lines from the first to the last row.
    pub(super) lines: Range<usize>,
}

/// One row of data, or a line that stands where one should.
#[derive(Debug)]
pub(super) enum Entry {
    /// A row on one line.
    Row(Rc<Row>),
    /// A row that was wrapped; its lines, and the row they make together has as many cells as it should.
    Wrapped(Range<usize>),
    /// Text without pipes between two rows.
    Stray(usize),
}

/// A line that stands twice.
#[derive(Debug)]
pub(super) struct Repeat {
    pub(super) line: usize,
    /// Whether nothing speaks for the line standing there on purpose.
    pub(super) is_certain: bool,
}

/// Most blank lines between two rows of one table.
const MOST_BLANK: usize = 2;
/// Most lines of one wrapped row.
const MOST_WRAPPED: usize = 8;

/// Reads rows by line, leaving out code.
pub(super) struct Reader<'d, 't> {
    pub(super) document: &'d Document<'t>,
    pub(super) seen: &'d Seen,
    /// By line what was read of it.
    rows: Vec<OnceCell<Option<Rc<Row>>>>,
}

impl<'d, 't> Reader<'d, 't> {
    pub(super) fn new(document: &'d Document<'t>, seen: &'d Seen) -> Self {
        Self { document, seen, rows: vec![OnceCell::new(); document.lines().len()] }
    }

    pub(super) fn text(&self) -> &'t str {
        self.document.text()
    }

    pub(super) fn line(&self, line: usize) -> Option<Span> {
        self.document.lines().get(line).copied()
    }

    /// Line `line` as a row, if it is one.
    pub(super) fn row(&self, line: usize) -> Option<Rc<Row>> {
        let read = || {
            let span = self.line(line)?;
            memchr::memchr(b'|', self.text()[span.range()].as_bytes())?;
            let row = Row::parse(self.text(), line, span)?;
            (!self.seen.is_opaque(row.span.start)).then(|| Rc::new(row))
        };
        self.rows.get(line)?.get_or_init(read).clone()
    }

    /// Whether there is no line `line`, or nothing in it but quotation marks.
    pub(super) fn is_blank(&self, line: usize) -> bool {
        self.line(line).is_none_or(|span| self.text()[span.range()].trim_matches(['>', ' ', '\t', '\r']).is_empty())
    }

    /// The delimiter row at `line` below `header`, if there is one.
    fn delimiter(&self, header: &Row, line: usize) -> Option<(Rc<Row>, Dashes, usize)> {
        let row = self.row(line).filter(|row| row.quotes == header.quotes)?;
        let (kind, columns) = row.dashes?;
        let one_column = columns == 1 && header.cells.len() == 1;
        let agree = columns >= 2 || one_column && kind == Dashes::Exact;
        (agree && header.dashes.is_none() || columns == 1 && kind == Dashes::Exact && header.is_firm() && row.is_firm())
            .then_some((row, kind, columns))
    }

    /// The first line after blank ones from `line` on, if there are not too many of them.
    fn past_blank(&self, line: usize) -> Option<usize> {
        let next = (line..=line + MOST_BLANK).find(|&line| !self.is_blank(line))?;
        (next < self.document.lines().len()).then_some(next)
    }

    /// The table that begins with line `first`, if one does.
    pub(super) fn table(&self, first: usize) -> Option<Table> {
        let row = self.row(first)?;
        let text = self.text();
        if let Some((Dashes::Exact, columns)) = row.dashes {
            return self.headless(row, columns);
        }
        if let Some((delimiter, kind, width)) = self.delimiter(&row, first + 1) {
            // Rows of dashes that no parser takes for a delimiter need more than one line of evidence.
            let sound =
                kind == Dashes::Exact && (width == row.cells.len() || self.seen.table_at(row.span.start).is_some());
            let table = self.read(Some(row), Some((delimiter, kind, width)), first + 2);
            return (sound || !table.body.is_empty()).then_some(table);
        }
        if !row.is_firm() || row.cells.len() < 2 || row.is_blank(text) {
            return None;
        }
        if let Some(next) = self.past_blank(first + 1).filter(|&next| next > first + 1)
            && let Some((delimiter, kind, width)) = self.delimiter(&row, next)
            && width == row.cells.len()
            && self.row(next + 1).or_else(|| self.row(self.past_blank(next + 1)?)).is_some()
        {
            let mut table = self.read(Some(row), Some((delimiter, kind, width)), next + 1);
            table.gaps.insert(0, self.lines_span(first + 1..next));
            return Some(table);
        }
        self.undelimited(row)
    }

    /// Rows under a delimiter with nothing above it.
    fn headless(&self, delimiter: Rc<Row>, columns: usize) -> Option<Table> {
        let first = delimiter.line;
        if columns < 2 || first > 0 && !self.is_blank(first - 1) && self.row(first - 1).is_some() {
            return None;
        }
        let is_row = self
            .row(first + 1)
            .is_some_and(|row| row.cells.len() == columns && row.leading == delimiter.leading && row.dashes.is_none());
        is_row.then(|| self.read(None, Some((delimiter, Dashes::Exact, columns)), first + 1))
    }

    /// Rows without a delimiter: at least two that agree in their number of cells and say different things.
    fn undelimited(&self, header: Rc<Row>) -> Option<Table> {
        let text = self.text();
        let cells = header.cells.len();
        let titles = header.cells.iter().filter(|cell| is_worded(&text[cell.range()])).count();
        if titles * 2 < cells || header.marker.is_some() || looks_drawn(&text[header.span.range()]) {
            return None;
        }
        let next = self.row(header.line + 1).or_else(|| self.row(self.past_blank(header.line + 1)?))?;
        let agree =
            next.is_firm() && next.cells.len() == cells && !next.says_same(text, &header) && !next.is_blank(text);
        // What laid out a page has columns with nothing in them.
        let is_blank = |cell: &Span| text[cell.range()].trim().is_empty();
        let hollow = header.cells.iter().zip(&next.cells).any(|(title, cell)| is_blank(title) && is_blank(cell));
        if !agree || hollow || looks_drawn(&text[next.span.range()]) || next.dashes.is_some() {
            return None;
        }
        let is_full = !next.cells.iter().any(is_blank);
        // With blank lines between them two rows are too little to go by.
        if header.cells.iter().any(|cell| is_operator(text[cell.range()].trim())) {
            return None;
        }
        let apart = next.line > header.line + 1;
        let first = header.line + 1;
        let mut table = self.read(Some(header), None, next.line);
        if apart {
            table.gaps.insert(0, self.lines_span(first..next.line));
        }
        (table.body.len() >= 2 || !apart && is_full).then_some(table)
    }

    /// Reads the rows of data from line `at` on.
    fn read(&self, header: Option<Rc<Row>>, delimiter: Option<(Rc<Row>, Dashes, usize)>, mut at: usize) -> Table {
        let first = header.as_ref().or(delimiter.as_ref().map(|(row, ..)| row)).map_or(at, |row| row.line);
        let columns = header.as_ref().map(|row| row.cells.len()).or(delimiter.as_ref().map(|(.., width)| *width));
        let columns = columns.unwrap_or(0);
        let lines = first..at.max(first + 1);
        let mut table =
            Table { header, delimiter, columns, body: Vec::new(), gaps: Vec::new(), repeats: Vec::new(), lines };
        let style = Style::of(&table);
        loop {
            let next = if self.is_blank(at) { self.past_blank(at).filter(|_| table.may_go_on()) } else { Some(at) };
            let Some(next) = next else { break };
            let gap = next > at;
            let Some(end) = self.take(&mut table, &style, next, gap) else { break };
            if gap {
                table.gaps.push(self.lines_span(at..next));
            }
            table.lines.end = end;
            at = end;
        }
        table
    }

    /// Adds line `line` to the table and returns the line after what it took; `None` where the table has ended.
    fn take(&self, table: &mut Table, style: &Style, line: usize, gap: bool) -> Option<usize> {
        let text = self.text();
        let Some(row) = self.row(line) else {
            return self.stray(table, style, line, gap);
        };
        // Among rows that begin with a pipe, a line that does not may be prose, unless it has as many cells as they do.
        let is_alike = row.leading || !style.leading || !gap && (row.cells.len() == table.columns || table.is_open());
        if row.quotes != style.quotes || !is_alike {
            return None;
        }
        if let Some((_, width)) = row.dashes {
            let parted = gap && (width != table.columns || self.row(line + 1).is_none());
            // A blank row of a table may look like a delimiter too: `| - | - |`.
            let short = row.cells.iter().all(|cell| text[cell.range()].trim().chars().count() < 3);
            if width >= 2 && (gap || !short) {
                if parted || width != table.columns {
                    return None;
                }
                table.repeats.push(Repeat { line, is_certain: self.is_idle_delimiter(table, line) });
                return Some(line + 1);
            }
        }
        let wrapped =
            if style.trailing && row.leading && !row.trailing { self.wrapped_end(line, table.columns) } else { None };
        let is_whole = row.is_firm() && (row.cells.len() == table.columns || self.is_flattened(&row, table.columns));
        if gap && !is_whole && wrapped.is_none() {
            return None;
        }
        let width_below = self.row(line + 1).and_then(|next| next.dashes).map(|(_, width)| width);
        let heads_another = width_below == Some(row.cells.len().max(2));
        if width_below.is_some_and(|width| width == row.cells.len() && width != table.columns) {
            return None;
        }
        let repeats_header = table.header.as_ref().is_some_and(|header| header.says_same(text, &row));
        if repeats_header && (heads_another || gap) {
            table.repeats.push(Repeat { line, is_certain: true });
            return Some(line + 1);
        }
        if table.delimiter.is_none() && row.cells.len() != table.columns {
            return None;
        }
        if gap && (heads_another || table.delimiter.is_none() && style.new_table(self, table, &row)) {
            return None;
        }
        if let Some(end) = wrapped {
            table.body.push(Entry::Wrapped(line..end));
            return Some(end);
        }
        table.body.push(Entry::Row(row));
        Some(line + 1)
    }

    /// Text without a pipe belongs to the table if rows of the table go on below it.
    fn stray(&self, table: &mut Table, style: &Style, line: usize, gap: bool) -> Option<usize> {
        // A line that begins like a sentence is text between two tables.
        let text = &self.text()[self.line(line)?.range()];
        let is_rest = !text.trim_start().starts_with(char::is_uppercase) && table.delimiter.is_some();
        let goes_on = is_rest && !gap && style.firm && !table.body.is_empty() && {
            let next = self.row(line + 1);
            let ends = self.row(line + 2).and_then(|row| row.dashes).is_some();
            !ends && next.is_some_and(|row| row.is_firm() && row.cells.len() == table.columns)
        };
        if !goes_on || crate::text::list_marker(text).is_some() {
            return None;
        }
        table.body.push(Entry::Stray(line));
        Some(line + 1)
    }

    /// Whether the delimiter at `line` parts nothing: it follows the delimiter or ends the table.
    fn is_idle_delimiter(&self, table: &Table, line: usize) -> bool {
        let after_header = table.body.is_empty();
        let after_repeat = table.repeats.last().is_some_and(|repeat| repeat.line + 1 == line);
        after_header || after_repeat || self.row(line + 1).is_none()
    }

    /// The line after a row that begins at `first` without its last pipe and goes on below.
    fn wrapped_end(&self, first: usize, columns: usize) -> Option<usize> {
        let mut cells = self.row(first)?.cells.len();
        for line in first + 1..first + MOST_WRAPPED {
            if self.is_blank(line) {
                return None;
            }
            let Some(row) = self.row(line) else { continue };
            if row.leading && row.cells.len() >= columns || row.dashes.is_some() {
                return None;
            }
            // The first cell of the line goes on with the last cell of the line before, unless a pipe parts them.
            cells += row.cells.len() - usize::from(!row.leading);
            if cells > columns {
                return None;
            }
            if row.trailing {
                return (cells == columns).then_some(line + 1);
            }
        }
        None
    }

    /// Whether the row is several rows of `columns` cells on one line.
    pub(super) fn is_flattened(&self, row: &Row, columns: usize) -> bool {
        let joints = row.cells.iter().skip(columns).step_by(columns + 1);
        columns >= 2
            && row.is_firm()
            && row.cells.len() > columns
            && (row.cells.len() + 1).is_multiple_of(columns + 1)
            && joints.clone().all(|cell| self.text()[cell.range()].trim().is_empty())
    }

    /// The line after a drawing whose first row of boxes is at `first`, below a border.
    pub(super) fn drawing_end(&self, first: usize) -> Option<usize> {
        let above = self.line(first.checked_sub(1)?)?;
        let is_border = |line: Span| {
            let line = self.text()[line.range()].trim_matches([' ', '\t', '>']);
            line.starts_with('+') && line.ends_with('+') && line.contains('-')
        };
        is_border(above).then(|| {
            let is_part = |line: usize| self.row(line).is_some() || self.line(line).is_some_and(is_border);
            (first + 1..).find(|&line| !is_part(line)).unwrap_or(first + 1)
        })
    }

    /// The bytes of `lines` with their line ends.
    pub(super) fn lines_span(&self, lines: Range<usize>) -> Span {
        let all = self.document.lines();
        let end = self.text().len();
        let start_of = |line: usize| all.get(line).map_or(end, |span| span.start);
        Span::new(start_of(lines.start), start_of(lines.end))
    }
}

impl Table {
    /// Whether rows may follow a blank line.
    fn may_go_on(&self) -> bool {
        self.columns >= 2 && (!self.body.is_empty() || self.delimiter.is_some())
    }

    /// Whether the last row began without a pipe.
    fn is_open(&self) -> bool {
        matches!(self.body.last(), Some(Entry::Row(row)) if !row.leading)
    }

    /// The first of its rows, whatever it is.
    pub(super) fn first(&self) -> Option<&Rc<Row>> {
        self.header.as_ref().or(self.delimiter.as_ref().map(|(row, ..)| row))
    }
}

/// How the table's first rows are written.
pub(super) struct Style {
    pub(super) leading: bool,
    pub(super) trailing: bool,
    pub(super) firm: bool,
    quotes: usize,
}

impl Style {
    pub(super) fn of(table: &Table) -> Self {
        let rows: Vec<&Rc<Row>> = table.header.iter().chain(table.delimiter.iter().map(|(row, ..)| row)).collect();
        let leading = rows.iter().all(|row| row.leading);
        let trailing = rows.iter().all(|row| row.trailing);
        let quotes = rows.first().map_or(0, |row| row.quotes);
        Self { leading, trailing, firm: leading && trailing, quotes }
    }

    /// Whether, among rows without delimiters, `row` begins a table of its own.
    fn new_table(&self, reader: &Reader<'_, '_>, table: &Table, row: &Row) -> bool {
        // Rows that all stand apart are one table; a second block of rows is another.
        table.gaps.is_empty() && table.body.len() > 1 || reader.row(row.line + 1).is_some()
    }
}

/// Whether a cell holds words rather than signs.
fn is_worded(cell: &str) -> bool {
    cell.chars().any(char::is_alphanumeric)
}

/// Whether all a cell holds is a sign between two numbers: `|x| + |y|`.
fn is_operator(cell: &str) -> bool {
    matches!(cell, "+" | "-" | "−" | "=" | "<" | ">" | "≤" | "≥" | "<=" | ">=" | "*" | "·" | "×" | "/" | "±")
}

/// Whether a line is part of a drawing: boxes, arrows, slopes.
fn looks_drawn(line: &str) -> bool {
    line.contains("+--")
        || line.contains("--+")
        || line.contains("__") && line.contains("|_")
        || line.contains("->") && line.contains("<-")
}
