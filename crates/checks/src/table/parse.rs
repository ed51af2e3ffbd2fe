//! Parses the tables that the author meant: which lines belong to a table, and their roles.

use std::cell::OnceCell;
use std::ops::Range;
use std::rc::Rc;

use super::column_kinds::ColumnKinds;
use super::gfm::GfmView;
use super::row::{DelimiterKind, Row};
use super::wrapped::WrappedRow;
use dechaff_text::{Document, Span};

/// A table as the author meant it.
#[derive(Debug)]
pub(super) struct Table {
    /// The header row; `None` if it was lost.
    pub(super) header: Option<Rc<Row>>,
    /// The delimiter row, its kind and its number of columns; `None` if it was lost.
    pub(super) delimiter: Option<(Rc<Row>, DelimiterKind, usize)>,
    /// The lines of the header, if it is wrapped.
    pub(super) wrapped_header: Option<WrappedRow>,
    /// An empty header above the real one, with or without a delimiter.
    pub(super) empty_header: Option<EmptyHeader>,
    /// Whether the header may be data, or rows may belong to another table. Then no repair is
    /// certain.
    pub(super) is_doubtful: bool,
    /// Number of columns according to the header, or to the delimiter if there is no header.
    pub(super) columns: usize,
    /// The contents of the columns, from complete rows.
    pub(super) kinds: ColumnKinds,
    /// The data rows, and lines between them.
    pub(super) body: Vec<BodyLine>,
    /// Blank lines inside the table, including line ends.
    pub(super) gaps: Vec<Span>,
    /// Repeated headers and delimiters among the rows.
    pub(super) repeats: Vec<RepeatedRow>,
    /// The lines from the first to the last row.
    pub(super) lines: Range<usize>,
}

/// A data row, or a line in the place of one.
#[derive(Debug)]
pub(super) enum BodyLine {
    /// A row on one line.
    Row(Rc<Row>),
    /// A wrapped row. Together, its lines have the right number of cells.
    Wrapped(WrappedRow),
    /// Text without pipes between two rows.
    Stray(usize),
    /// A caption or the like below the last row.
    Trailing,
}

/// An empty header above the real one.
#[derive(Debug)]
pub(super) struct EmptyHeader {
    pub(super) lines: Range<usize>,
    /// Whether the row below it must be the header.
    pub(super) is_certain: bool,
}

/// A header or delimiter that repeats one above.
#[derive(Debug)]
pub(super) struct RepeatedRow {
    pub(super) line: usize,
    /// Whether nothing suggests that the repetition is intended.
    pub(super) is_certain: bool,
}

/// Maximum number of blank lines between two rows of a table, or within a cell.
pub(super) const MAX_BLANK_LINES: usize = 2;

/// Maximum number of lines in an empty header.
const MAX_EMPTY_HEADER_LINES: usize = 4;

/// Parses lines of a document as table rows, skipping code.
pub(super) struct TableParser<'d, 't> {
    pub(super) document: &'d Document<'t>,
    pub(super) gfm: &'d GfmView,
    /// Parsed rows by line, filled on demand.
    rows: Vec<OnceCell<Option<Rc<Row>>>>,
}

impl<'d, 't> TableParser<'d, 't> {
    pub(super) fn new(document: &'d Document<'t>, gfm: &'d GfmView) -> Self {
        Self { document, gfm, rows: vec![OnceCell::new(); document.lines().len()] }
    }

    pub(super) fn text(&self) -> &'t str {
        self.document.text()
    }

    pub(super) fn line(&self, line: usize) -> Option<Span> {
        self.document.lines().get(line).copied()
    }

    /// Returns line `line` as a row, if it is one.
    pub(super) fn row(&self, line: usize) -> Option<Rc<Row>> {
        let read = || {
            let span = self.line(line)?;
            memchr::memchr(b'|', self.text()[span.range()].as_bytes())?;
            let row = Row::parse(self.text(), line, span)?;
            (!self.gfm.is_code_or_html(row.span.start)).then(|| Rc::new(row))
        };
        self.rows.get(line)?.get_or_init(read).clone()
    }

    /// Whether line `line` does not exist, or holds only whitespace and quote markers.
    pub(super) fn is_blank(&self, line: usize) -> bool {
        self.line(line).is_none_or(|span| {
            self.text()[span.range()].trim_matches(['>', ' ', '\t', '\r']).is_empty()
        })
    }

    /// Returns the delimiter row at `line` below `header`, if there is one.
    fn delimiter_below(
        &self,
        header: &Row,
        line: usize,
    ) -> Option<(Rc<Row>, DelimiterKind, usize)> {
        let row = self.row(line).filter(|row| row.quotes == header.quotes)?;
        let (kind, columns) = row.delimiter?;
        let is_single_column = columns == 1 && header.cells.len() == 1;
        let agree = columns >= 2 || is_single_column && kind == DelimiterKind::Exact;
        (agree && header.delimiter.is_none()
            || columns == 1
                && kind == DelimiterKind::Exact
                && header.has_outer_pipes()
                && row.has_outer_pipes())
        .then_some((row, kind, columns))
    }

    /// Returns the first nonblank line from `line` on, past at most [`MAX_BLANK_LINES`].
    pub(super) fn skip_blank_lines(&self, line: usize) -> Option<usize> {
        let next = (line..=line + MAX_BLANK_LINES).find(|&line| !self.is_blank(line))?;
        (next < self.document.lines().len()).then_some(next)
    }

    /// Parses the table that starts at line `first`, if there is one.
    pub(super) fn parse_table(&self, first: usize) -> Option<Table> {
        let row = self.row(first)?;
        let text = self.text();
        if let Some(table) = self.parse_below_empty_header(&row) {
            return Some(table);
        }
        if let Some((DelimiterKind::Exact, columns)) = row.delimiter {
            return self.parse_headless(row, columns);
        }
        if let Some((delimiter, kind, width)) = self.delimiter_below(&row, first + 1) {
            // A delimiter that parsers do not recognise needs more evidence than one line.
            let is_sound = kind == DelimiterKind::Exact
                && (width == row.cells.len() || self.gfm.table_at(row.span.start).is_some());
            let table = self.parse_body(Some(row), Some((delimiter, kind, width)), first + 2);
            return (is_sound || !table.body.is_empty()).then_some(table);
        }
        if let Some((header, delimiter, columns)) = self.wrapped_header(first) {
            let at = delimiter.line + 1;
            let mut table = self.parse_body(
                Some(header.row.clone()),
                Some((delimiter, DelimiterKind::Exact, columns)),
                at,
            );
            table.is_doubtful |= columns != header.row.cells.len();
            table.wrapped_header = Some(header);
            return Some(table);
        }
        if !row.has_outer_pipes() || row.cells.len() < 2 || row.is_blank(text) {
            return None;
        }
        if let Some(next) = self.skip_blank_lines(first + 1).filter(|&next| next > first + 1)
            && let Some((delimiter, kind, width)) = self.delimiter_below(&row, next)
            && width == row.cells.len()
            && self.row(next + 1).or_else(|| self.row(self.skip_blank_lines(next + 1)?)).is_some()
        {
            let mut table = self.parse_body(Some(row), Some((delimiter, kind, width)), next + 1);
            table.gaps.insert(0, self.lines_span(first + 1..next));
            return Some(table);
        }
        self.parse_undelimited(row)
    }

    /// Parses a table below an empty header, or below a redundant delimiter.
    fn parse_below_empty_header(&self, first: &Row) -> Option<Table> {
        let text = self.text();
        let is_delimiter = |row: &Row| matches!(row.delimiter, Some((DelimiterKind::Exact, columns)) if columns > 1);
        let is_empty = |row: &Row| {
            is_delimiter(row) || row.has_outer_pipes() && row.cells.len() > 1 && row.is_blank(text)
        };
        if !is_empty(first) {
            return None;
        }
        let mut lines = first.line..first.line + 1;
        while lines.len() < MAX_EMPTY_HEADER_LINES
            && self.row(lines.end).is_some_and(|row| is_empty(&row))
        {
            lines.end += 1;
        }
        let header =
            self.row(lines.end).filter(|row| row.cells.len() > 1 && row.quotes == first.quotes)?;
        let (delimiter, kind, columns) = self.delimiter_below(&header, header.line + 1)?;
        if kind != DelimiterKind::Exact {
            return None;
        }
        let is_exact = columns == header.cells.len();
        let mut table = self.parse_body(
            Some(header.clone()),
            Some((delimiter, kind, columns)),
            header.line + 2,
        );
        let has_content = table.rows().any(|row| !row.is_blank(text));
        let is_data =
            table.kinds.look_like(text, &header) && !table.kinds.look_titled_by(text, &header);
        let is_parted = table
            .repeats
            .iter()
            .any(|repeat| self.row(repeat.line).is_some_and(|row| is_delimiter(&row)));
        // Two delimiters may also separate groups of rows. Without rows below, the last one may end
        // the table.
        let is_certain = is_exact && has_content && !is_data && !is_parted;
        table.lines.start = lines.start;
        table.empty_header = Some(EmptyHeader { lines, is_certain });
        Some(table)
    }

    /// Parses rows below a delimiter that has nothing above it.
    fn parse_headless(&self, delimiter: Rc<Row>, columns: usize) -> Option<Table> {
        let first = delimiter.line;
        if columns < 2 || first > 0 && !self.is_blank(first - 1) && self.row(first - 1).is_some() {
            return None;
        }
        let is_row = self.row(first + 1).is_some_and(|row| {
            row.cells.len() == columns
                && row.leading == delimiter.leading
                && row.delimiter.is_none()
        });
        is_row.then(|| {
            self.parse_body(None, Some((delimiter, DelimiterKind::Exact, columns)), first + 1)
        })
    }

    /// Parses rows without a delimiter: two or more with the same number of cells and different
    /// content.
    fn parse_undelimited(&self, header: Rc<Row>) -> Option<Table> {
        let text = self.text();
        let cells = header.cells.len();
        let titles = header.cells.iter().filter(|cell| is_worded(&text[cell.range()])).count();
        if titles * 2 < cells
            || header.marker.is_some()
            || looks_like_drawing(&text[header.span.range()])
        {
            return None;
        }
        let next = self
            .row(header.line + 1)
            .or_else(|| self.row(self.skip_blank_lines(header.line + 1)?))?;
        let agree = next.has_outer_pipes()
            && next.cells.len() == cells
            && !next.has_same_cells(text, &header)
            && !next.is_blank(text);
        // Layout tables have columns with nothing in them.
        let is_blank = |cell: &Span| text[cell.range()].trim().is_empty();
        let has_empty_column = header
            .cells
            .iter()
            .zip(&next.cells)
            .any(|(title, cell)| is_blank(title) && is_blank(cell));
        if !agree
            || has_empty_column
            || looks_like_drawing(&text[next.span.range()])
            || next.delimiter.is_some()
        {
            return None;
        }
        let is_full = !next.cells.iter().any(is_blank);
        // Two rows separated by blank lines are too little evidence.
        if header.cells.iter().any(|cell| is_operator(text[cell.range()].trim())) {
            return None;
        }
        let apart = next.line > header.line + 1;
        let first = header.line + 1;
        let mut table = self.parse_body(Some(header), None, next.line);
        if apart {
            table.gaps.insert(0, self.lines_span(first..next.line));
        }
        let header = table.header.as_ref()?;
        let is_titled = table.kinds.look_titled_by(text, header);
        let is_data = is_pair_list(text, &table)
            || table.kinds.look_like(text, header)
            || has_sentence(text, header);
        let has_stray = table.body.iter().any(|line| matches!(line, BodyLine::Stray(_)));
        table.is_doubtful |= has_stray || !is_titled && is_data;
        (table.body.len() >= 2 || !apart && is_full).then_some(table)
    }

    /// Whether the row is several rows of `columns` cells on one line.
    pub(super) fn is_flattened(&self, row: &Row, columns: usize) -> bool {
        let joints = row.cells.iter().skip(columns).step_by(columns + 1);
        columns >= 2
            && row.has_outer_pipes()
            && row.cells.len() > columns
            && (row.cells.len() + 1).is_multiple_of(columns + 1)
            && joints.clone().all(|cell| self.text()[cell.range()].trim().is_empty())
    }

    /// Returns the line after an ASCII drawing whose first row of boxes is at `first`, below a
    /// border.
    pub(super) fn drawing_end(&self, first: usize) -> Option<usize> {
        let above = self.line(first.checked_sub(1)?)?;
        let is_border = |line: Span| {
            let line = self.text()[line.range()].trim_matches([' ', '\t', '>']);
            line.starts_with('+') && line.ends_with('+') && line.contains('-')
        };
        is_border(above).then(|| {
            let is_part =
                |line: usize| self.row(line).is_some() || self.line(line).is_some_and(is_border);
            (first + 1..).find(|&line| !is_part(line)).unwrap_or(first + 1)
        })
    }

    /// Returns the span of `lines`, including their line ends.
    pub(super) fn lines_span(&self, lines: Range<usize>) -> Span {
        let all = self.document.lines();
        let end = self.text().len();
        let start_of = |line: usize| all.get(line).map_or(end, |span| span.start);
        Span::new(start_of(lines.start), start_of(lines.end))
    }
}

impl Table {
    /// Whether rows may follow after a blank line.
    pub(super) fn may_continue(&self) -> bool {
        self.columns >= 2 && (!self.body.is_empty() || self.delimiter.is_some())
    }

    /// Returns the data rows that are on one line.
    pub(super) fn rows(&self) -> impl Iterator<Item = &Rc<Row>> {
        self.body.iter().filter_map(|line| match line {
            BodyLine::Row(row) => Some(row),
            BodyLine::Wrapped(_) | BodyLine::Stray(_) | BodyLine::Trailing => None,
        })
    }

    /// Whether the last row lacks a leading pipe.
    pub(super) fn last_row_is_open(&self) -> bool {
        matches!(self.body.last(), Some(BodyLine::Row(row)) if !row.leading)
    }

    /// Returns the header, or the delimiter if there is no header.
    pub(super) fn first_row(&self) -> Option<&Rc<Row>> {
        self.header.as_ref().or(self.delimiter.as_ref().map(|(row, ..)| row))
    }
}

/// The style of the first rows of a table.
pub(super) struct RowStyle {
    pub(super) leading: bool,
    pub(super) trailing: bool,
    pub(super) outer_pipes: bool,
    pub(super) quotes: usize,
}

impl RowStyle {
    pub(super) fn from_table(table: &Table) -> Self {
        let rows: Vec<&Rc<Row>> =
            table.header.iter().chain(table.delimiter.iter().map(|(row, ..)| row)).collect();
        let leading = rows.iter().all(|row| row.leading);
        let trailing = rows.iter().all(|row| row.trailing);
        let quotes = rows.first().map_or(0, |row| row.quotes);
        Self { leading, trailing, outer_pipes: leading && trailing, quotes }
    }

    /// Whether `row`, without a delimiter, starts a new table.
    pub(super) fn starts_new_table(
        &self,
        parser: &TableParser<'_, '_>,
        table: &Table,
        row: &Row,
    ) -> bool {
        // Rows that are all separated by blank lines are one table; a second block of rows is
        // another.
        table.gaps.is_empty() && table.body.len() > 1 || parser.row(row.line + 1).is_some()
    }
}

/// Whether the rows are names with values, which have no header.
fn is_pair_list(text: &str, table: &Table) -> bool {
    let is_name = |row: &Row| {
        let name =
            row.cells.first().map_or("", |cell| text[cell.range()].trim_matches([' ', '*', '_']));
        name.ends_with([':', '：'])
    };
    let are_names = table.header.as_ref().is_some_and(|row| is_name(row))
        && matches!(table.body.first(), Some(BodyLine::Row(row)) if is_name(row));
    // An empty first cell above a column of names is the corner of a header.
    let has_corner = table
        .header
        .as_ref()
        .and_then(|row| row.cells.first())
        .is_some_and(|cell| text[cell.range()].trim().is_empty());
    are_names || !has_corner && table.kinds.look_like_pairs()
}

/// Whether a cell of `row` is too long for a title and ends like a sentence.
fn has_sentence(text: &str, row: &Row) -> bool {
    const MIN_WORDS: usize = 8;
    row.cells.iter().any(|cell| {
        let cell = text[cell.range()].trim();
        cell.ends_with(['.', '!', '?', '。']) && cell.split(' ').nth(MIN_WORDS - 1).is_some()
    })
}

/// Whether a cell holds words and not just punctuation.
fn is_worded(cell: &str) -> bool {
    cell.chars().any(char::is_alphanumeric)
}

/// Whether a cell is only an operator between two operands: `|x| + |y|`.
fn is_operator(cell: &str) -> bool {
    matches!(
        cell,
        "+" | "-" | "−" | "=" | "<" | ">" | "≤" | "≥" | "<=" | ">=" | "*" | "·" | "×" | "/" | "±"
    )
}

/// Whether a line is part of an ASCII drawing: boxes, arrows, slopes.
fn looks_like_drawing(line: &str) -> bool {
    line.contains("+--")
        || line.contains("--+")
        || line.contains("__") && line.contains("|_")
        || line.contains("->") && line.contains("<-")
}
