//! What the author meant: which lines are one table, and what each of them is in it.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use super::kinds::ColumnKinds;
use super::row::{Dashes, Row};
use super::seen::Seen;
use super::wrapped::WrappedRow;
use crate::text::{Document, Span};

/// A table as it was meant.
#[derive(Debug)]
pub(super) struct Table {
    /// The row of column titles; `None` where it was lost.
    pub(super) header: Option<Rc<Row>>,
    /// The row of dashes; `None` where it was lost.
    pub(super) delimiter: Option<(Rc<Row>, Dashes, usize)>,
    /// The lines of the header, where it is wrapped over several.
    pub(super) wrapped_header: Option<WrappedRow>,
    /// An empty header, with or without a row of dashes, above the header.
    pub(super) empty_header: Option<EmptyHeader>,
    /// Whether the first row may be data, or rows may belong to another table, so that no repair is certain.
    pub(super) is_doubtful: bool,
    /// Number of columns, as the header has it, or the delimiter where there is no header.
    pub(super) columns: usize,
    /// What the columns of the whole rows hold.
    pub(super) kinds: ColumnKinds,
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
    /// A row that was wrapped; together its lines have as many cells as they should.
    Wrapped(WrappedRow),
    /// Text without pipes between two rows.
    Stray(usize),
    /// A caption or the like below the last row.
    Layout,
}

/// An empty header above the real one.
#[derive(Debug)]
pub(super) struct EmptyHeader {
    pub(super) lines: Range<usize>,
    /// Whether the row below it can be nothing but the header.
    pub(super) is_certain: bool,
}

/// A line that stands twice.
#[derive(Debug)]
pub(super) struct Repeat {
    pub(super) line: usize,
    /// Whether nothing speaks for the line standing there on purpose.
    pub(super) is_certain: bool,
}

/// Most blank lines between two rows of one table, or within a cell.
pub(super) const MAX_BLANK_LINES: usize = 2;

/// Most lines of an empty header.
const MAX_EMPTY_LINES: usize = 4;

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
    pub(super) fn past_blank(&self, line: usize) -> Option<usize> {
        let next = (line..=line + MAX_BLANK_LINES).find(|&line| !self.is_blank(line))?;
        (next < self.document.lines().len()).then_some(next)
    }

    /// The table that begins with line `first`, if one does.
    pub(super) fn table(&self, first: usize) -> Option<Table> {
        let row = self.row(first)?;
        let text = self.text();
        if let Some(table) = self.below_empty_header(&row) {
            return Some(table);
        }
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
        if let Some((header, delimiter, columns)) = self.wrapped_header(first) {
            let at = delimiter.line + 1;
            let mut table = self.read(Some(header.row.clone()), Some((delimiter, Dashes::Exact, columns)), at);
            table.is_doubtful |= columns != header.row.cells.len();
            table.wrapped_header = Some(header);
            return Some(table);
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

    /// The table below an empty header, or below a row of dashes that is one too many.
    fn below_empty_header(&self, first: &Row) -> Option<Table> {
        let text = self.text();
        let is_dashes = |row: &Row| matches!(row.dashes, Some((Dashes::Exact, columns)) if columns > 1);
        let is_empty = |row: &Row| is_dashes(row) || row.is_firm() && row.cells.len() > 1 && row.is_blank(text);
        if !is_empty(first) {
            return None;
        }
        let mut lines = first.line..first.line + 1;
        while lines.len() < MAX_EMPTY_LINES && self.row(lines.end).is_some_and(|row| is_empty(&row)) {
            lines.end += 1;
        }
        let header = self.row(lines.end).filter(|row| row.cells.len() > 1 && row.quotes == first.quotes)?;
        let (delimiter, kind, columns) = self.delimiter(&header, header.line + 1)?;
        if kind != Dashes::Exact {
            return None;
        }
        let is_exact = columns == header.cells.len();
        let mut table = self.read(Some(header.clone()), Some((delimiter, kind, columns)), header.line + 2);
        let mut rows = table.body.iter().filter(|entry| matches!(entry, Entry::Row(row) if !row.is_blank(text)));
        let is_data = table.kinds.look_like(text, &header) && !table.kinds.look_titled_by(text, &header);
        let is_parted = table.repeats.iter().any(|repeat| self.row(repeat.line).is_some_and(|row| is_dashes(&row)));
        // Two rows of dashes may also part groups of rows; without rows below, the last may end the table.
        let is_certain = is_exact && rows.next().is_some() && !is_data && !is_parted;
        table.lines.start = lines.start;
        table.empty_header = Some(EmptyHeader { lines, is_certain });
        Some(table)
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
        let header = table.header.as_ref()?;
        let is_titled = table.kinds.look_titled_by(text, header);
        let is_data = is_pair_list(text, &table) || table.kinds.look_like(text, header) || has_sentence(text, header);
        let has_stray = table.body.iter().any(|entry| matches!(entry, Entry::Stray(_)));
        table.is_doubtful |= has_stray || !is_titled && is_data;
        (table.body.len() >= 2 || !apart && is_full).then_some(table)
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
    pub(super) fn may_go_on(&self) -> bool {
        self.columns >= 2 && (!self.body.is_empty() || self.delimiter.is_some())
    }

    /// Whether the last row began without a pipe.
    pub(super) fn is_open(&self) -> bool {
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
    pub(super) quotes: usize,
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
    pub(super) fn new_table(&self, reader: &Reader<'_, '_>, table: &Table, row: &Row) -> bool {
        // Rows that all stand apart are one table; a second block of rows is another.
        table.gaps.is_empty() && table.body.len() > 1 || reader.row(row.line + 1).is_some()
    }
}

/// Whether the rows hold names and their values, which have no header.
fn is_pair_list(text: &str, table: &Table) -> bool {
    let is_name = |row: &Row| {
        let name = row.cells.first().map_or("", |cell| text[cell.range()].trim_matches([' ', '*', '_']));
        name.ends_with([':', '：'])
    };
    let are_names = table.header.as_ref().is_some_and(|row| is_name(row))
        && matches!(table.body.first(), Some(Entry::Row(row)) if is_name(row));
    // Above a column of names, an empty first cell is the corner of a header.
    let has_corner = table
        .header
        .as_ref()
        .and_then(|row| row.cells.first())
        .is_some_and(|cell| text[cell.range()].trim().is_empty());
    are_names || !has_corner && table.kinds.look_like_pairs()
}

/// Whether a cell of `row` is too long for a title, and ends like a sentence.
fn has_sentence(text: &str, row: &Row) -> bool {
    const MIN_WORDS: usize = 8;
    row.cells.iter().any(|cell| {
        let cell = text[cell.range()].trim();
        cell.ends_with(['.', '!', '?', '。']) && cell.split(' ').nth(MIN_WORDS - 1).is_some()
    })
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
