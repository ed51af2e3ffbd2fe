//! Rows whose cells contain line breaks: which lines make up one row.

use std::ops::Range;
use std::rc::Rc;

use super::parse::{MAX_BLANK_LINES, TableParser};
use super::row::{DelimiterKind, Row};
use dechaff_text::{Span, list_marker};

/// Maximum number of lines in a row.
const MAX_LINES: usize = 64;
/// Maximum number of lines in a row with a blank line inside.
const MAX_LINES_WITH_BLANK: usize = 8;

/// A row spread over several lines.
#[derive(Debug)]
pub(super) struct WrappedRow {
    pub(super) lines: Range<usize>,
    /// The row; its cells may contain line ends.
    pub(super) row: Rc<Row>,
    /// Whether a cell contains a blank line.
    pub(super) has_blank: bool,
}

/// The pipes that a complete row has.
#[derive(Debug, Clone, Copy)]
struct PipeCount {
    count: usize,
    leading: bool,
    trailing: bool,
}

impl PipeCount {
    fn from_delimiter(delimiter: &Row, columns: usize) -> Self {
        let outer = usize::from(delimiter.leading) + usize::from(delimiter.trailing);
        Self {
            count: columns - 1 + outer,
            leading: delimiter.leading,
            trailing: delimiter.trailing,
        }
    }
}

/// The state of a row after some of its lines.
#[derive(Debug)]
struct PartialRow {
    pipes: usize,
    ends_with_pipe: bool,
    /// Whether the lines so far are a single pipe.
    is_lone_pipe: bool,
    blank_lines: usize,
    has_blank: bool,
}

impl TableParser<'_, '_> {
    /// Parses the row of `columns` cells between outer pipes that starts at line `first` and
    /// continues below.
    pub(super) fn wrapped_row(&self, first: usize, columns: usize) -> Option<WrappedRow> {
        let start = self.row(first).filter(|row| row.leading && !row.trailing)?;
        let wanted = PipeCount { count: columns + 1, leading: true, trailing: true };
        let mut partial = PartialRow::new(&start);
        for line in first + 1..first + MAX_LINES {
            let next = self.row(line);
            // A line with both outer pipes is a separate row, unless it is indented more than the
            // row.
            let is_own_row = |next: &Row| {
                next.has_outer_pipes()
                    && (partial.is_lone_pipe || next.prefix.len() <= start.prefix.len())
            };
            // After the start of a cell, a single pipe without indentation may also start the next
            // row.
            let may_begin_row = |next: &Row| {
                is_lone_pipe(next)
                    && !is_lone_pipe(&start)
                    && next.prefix.len() <= start.prefix.len()
                    && partial.pipes + 1 < wanted.count
            };
            let ends_row =
                |next: &Row| is_delimiter(next) || is_own_row(next) || may_begin_row(next);
            if next.as_ref().is_some_and(|next| ends_row(next)) {
                return None;
            }
            self.advance(&mut partial, &start, line, next.as_deref())?;
            if partial.pipes > wanted.count {
                return None;
            }
            if partial.is_complete(wanted) && next.is_some() {
                return self.join(first..line + 1, &partial);
            }
        }
        None
    }

    /// Parses a header that starts at line `first` and continues below. Returns it with its
    /// delimiter row and the delimiter's width.
    ///
    /// The header may have more or fewer cells than the delimiter.
    pub(super) fn wrapped_header(&self, first: usize) -> Option<(WrappedRow, Rc<Row>, usize)> {
        let start = self.row(first).filter(|row| !row.trailing && !is_delimiter(row))?;
        let mut partial = PartialRow::new(&start);
        for line in first + 1..first + MAX_LINES {
            let next = self.row(line);
            if let Some(delimiter) =
                next.as_ref().filter(|next| is_delimiter(next) || is_single_delimiter(next))
            {
                let (_, columns) =
                    delimiter.delimiter.filter(|&(kind, _)| kind == DelimiterKind::Exact)?;
                let wanted = PipeCount::from_delimiter(delimiter, columns);
                let is_alike =
                    start.leading == wanted.leading && partial.ends_with_pipe == wanted.trailing;
                if !is_alike || partial.blank_lines > 0 {
                    return None;
                }
                let is_whole = partial.pipes == wanted.count && columns > 1;
                // The last line may be the whole header, below text.
                let is_other = self
                    .row(line - 1)
                    .is_none_or(|last| last.leading && last.cells.len() == columns);
                // Without a leading pipe, only a blank line shows where the header starts.
                let begins = wanted.leading || is_whole && (first == 0 || self.is_blank(first - 1));
                let header = (begins && (is_whole || !is_other))
                    .then(|| self.join(first..line, &partial))
                    .flatten()?;
                return Some((header, delimiter.clone(), columns));
            }
            self.advance(&mut partial, &start, line, next.as_deref())?;
        }
        None
    }

    /// Adds `line` to the row that starts with `start`; `None` if it cannot be part of it.
    fn advance(
        &self,
        partial: &mut PartialRow,
        start: &Row,
        line: usize,
        row: Option<&Row>,
    ) -> Option<()> {
        let span = self.line(line)?;
        let lines = line - start.line;
        if self.is_blank(line) {
            partial.blank_lines += 1;
            partial.has_blank = true;
            return (start.leading
                && partial.blank_lines <= MAX_BLANK_LINES
                && lines < MAX_LINES_WITH_BLANK)
                .then_some(());
        }
        // After a blank line, a leading pipe starts a new row.
        let is_apart = partial.blank_lines > 0 && row.is_some_and(|row| row.leading);
        let text = &self.text()[span.range()];
        let is_other_block = partial.has_blank
            && (list_marker(text).is_some() || text.trim_start().starts_with('#'));
        if is_apart
            || is_other_block
            || self.quotes(line) != start.quotes
            || self.gfm.is_code_or_html(span.start)
        {
            return None;
        }
        partial.blank_lines = 0;
        partial.is_lone_pipe = false;
        partial.pipes += row.map_or(0, count_pipes);
        partial.ends_with_pipe = row.is_some_and(ends_with_pipe);
        (!partial.has_blank || lines < MAX_LINES_WITH_BLANK).then_some(())
    }

    fn join(&self, lines: Range<usize>, partial: &PartialRow) -> Option<WrappedRow> {
        let span = Span::new(self.line(lines.start)?.start, self.line(lines.end - 1)?.end);
        let row = Rc::new(Row::parse(self.text(), lines.start, span)?);
        Some(WrappedRow { lines, row, has_blank: partial.has_blank })
    }

    /// Returns the quotation depth of `line`.
    pub(super) fn quotes(&self, line: usize) -> usize {
        let text = self.line(line).map_or("", |span| &self.text()[span.range()]);
        let prefix = &text.as_bytes()[..super::row::prefix_length(text)];
        memchr::memchr_iter(b'>', prefix).count()
    }
}

impl PartialRow {
    fn new(start: &Row) -> Self {
        Self {
            pipes: count_pipes(start),
            ends_with_pipe: ends_with_pipe(start),
            is_lone_pipe: is_lone_pipe(start),
            blank_lines: 0,
            has_blank: false,
        }
    }

    fn is_complete(&self, wanted: PipeCount) -> bool {
        self.pipes == wanted.count && self.ends_with_pipe == wanted.trailing
    }
}

fn is_delimiter(row: &Row) -> bool {
    row.delimiter.is_some_and(|(_, columns)| columns > 1)
}

fn is_single_delimiter(row: &Row) -> bool {
    row.has_outer_pipes()
        && matches!(row.delimiter, Some((DelimiterKind::Exact, 1)))
        && row.span.len() > 4
}

/// Whether the line is a single pipe.
pub(super) fn is_lone_pipe(row: &Row) -> bool {
    row.span.len() == 1
}

fn count_pipes(row: &Row) -> usize {
    row.cells.len() - 1 + usize::from(row.leading) + usize::from(row.trailing)
}

fn ends_with_pipe(row: &Row) -> bool {
    row.trailing || is_lone_pipe(row)
}
