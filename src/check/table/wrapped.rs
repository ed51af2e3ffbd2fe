//! Rows whose cells hold line breaks: the lines that make up one row.

use std::ops::Range;
use std::rc::Rc;

use super::reading::{MAX_BLANK_LINES, Reader};
use super::row::{Dashes, Row};
use crate::text::{Span, list_marker};

/// Most lines of one row.
const MAX_LINES: usize = 64;
/// Most lines of one row that has a blank line inside.
const MAX_LINES_WITH_BLANK: usize = 8;

/// A row over several lines.
#[derive(Debug)]
pub(super) struct WrappedRow {
    pub(super) lines: Range<usize>,
    /// The cells, which may hold line ends.
    pub(super) row: Rc<Row>,
    /// Whether a cell holds a blank line.
    pub(super) has_blank: bool,
}

/// The bars that a row has.
#[derive(Debug, Clone, Copy)]
struct Bars {
    count: usize,
    leading: bool,
    trailing: bool,
}

impl Bars {
    fn of(delimiter: &Row, columns: usize) -> Self {
        let (leading, trailing) = (delimiter.leading, delimiter.trailing);
        Self { count: columns - 1 + usize::from(leading) + usize::from(trailing), leading, trailing }
    }
}

/// What is known of a row after some of its lines.
#[derive(Debug)]
struct Progress {
    bars: usize,
    ends_with_bar: bool,
    /// Whether the lines so far are one bar.
    is_lone_bar: bool,
    blank_lines: usize,
    has_blank: bool,
}

impl Reader<'_, '_> {
    /// The row of `columns` cells between outer bars that begins at line `first` and goes on below.
    pub(super) fn wrapped_row(&self, first: usize, columns: usize) -> Option<WrappedRow> {
        let start = self.row(first).filter(|row| row.leading && !row.trailing)?;
        let wanted = Bars { count: columns + 1, leading: true, trailing: true };
        let mut progress = Progress::new(&start);
        for line in first + 1..first + MAX_LINES {
            let next = self.row(line);
            // A line with both outer bars is a row of its own, unless it is indented as no row is.
            let is_own_row =
                |next: &Row| next.is_firm() && (progress.is_lone_bar || next.prefix.len() <= start.prefix.len());
            // Below the start of a cell, a bar alone and not indented may begin the next row as well.
            let may_begin_row = |next: &Row| {
                is_lone_bar(next)
                    && !is_lone_bar(&start)
                    && next.prefix.len() <= start.prefix.len()
                    && progress.bars + 1 < wanted.count
            };
            let ends_row = |next: &Row| is_delimiter(next) || is_own_row(next) || may_begin_row(next);
            if next.as_ref().is_some_and(|next| ends_row(next)) {
                return None;
            }
            self.advance(&mut progress, &start, line, next.as_deref())?;
            if progress.bars > wanted.count {
                return None;
            }
            if progress.fits(wanted) && next.is_some() {
                return self.join(first..line + 1, &progress);
            }
        }
        None
    }

    /// The header that begins at line `first` and goes on below, with the delimiter row under it and its width.
    ///
    /// The header may have more or fewer cells than the delimiter.
    pub(super) fn wrapped_header(&self, first: usize) -> Option<(WrappedRow, Rc<Row>, usize)> {
        let start = self.row(first).filter(|row| !row.trailing && !is_delimiter(row))?;
        let mut progress = Progress::new(&start);
        for line in first + 1..first + MAX_LINES {
            let next = self.row(line);
            if let Some(delimiter) = next.as_ref().filter(|next| is_delimiter(next) || is_single_delimiter(next)) {
                let (_, columns) = delimiter.dashes.filter(|&(kind, _)| kind == Dashes::Exact)?;
                let wanted = Bars::of(delimiter, columns);
                let is_alike = start.leading == wanted.leading && progress.ends_with_bar == wanted.trailing;
                if !is_alike || progress.blank_lines > 0 {
                    return None;
                }
                let is_whole = progress.bars == wanted.count && columns > 1;
                // The last line may be a header of its own, below text.
                let is_other = self.row(line - 1).is_none_or(|last| last.leading && last.cells.len() == columns);
                // Without a bar in front, only a blank line says where the header begins.
                let begins = wanted.leading || is_whole && (first == 0 || self.is_blank(first - 1));
                let header =
                    (begins && (is_whole || !is_other)).then(|| self.join(first..line, &progress)).flatten()?;
                return Some((header, delimiter.clone(), columns));
            }
            self.advance(&mut progress, &start, line, next.as_deref())?;
        }
        None
    }

    /// Adds `line`; `None` where it cannot be part of the row that begins with `start`.
    fn advance(&self, progress: &mut Progress, start: &Row, line: usize, row: Option<&Row>) -> Option<()> {
        let span = self.line(line)?;
        let lines = line - start.line;
        if self.is_blank(line) {
            progress.blank_lines += 1;
            progress.has_blank = true;
            return (start.leading && progress.blank_lines <= MAX_BLANK_LINES && lines < MAX_LINES_WITH_BLANK)
                .then_some(());
        }
        // Below a blank line a row of its own begins with a bar.
        let is_apart = progress.blank_lines > 0 && row.is_some_and(|row| row.leading);
        let text = &self.text()[span.range()];
        let is_other_block = progress.has_blank && (list_marker(text).is_some() || text.trim_start().starts_with('#'));
        if is_apart || is_other_block || self.quotes(line) != start.quotes || self.seen.is_opaque(span.start) {
            return None;
        }
        progress.blank_lines = 0;
        progress.is_lone_bar = false;
        progress.bars += row.map_or(0, bar_count);
        progress.ends_with_bar = row.is_some_and(ends_with_bar);
        (!progress.has_blank || lines < MAX_LINES_WITH_BLANK).then_some(())
    }

    fn join(&self, lines: Range<usize>, progress: &Progress) -> Option<WrappedRow> {
        let span = Span::new(self.line(lines.start)?.start, self.line(lines.end - 1)?.end);
        let row = Rc::new(Row::parse(self.text(), lines.start, span)?);
        Some(WrappedRow { lines, row, has_blank: progress.has_blank })
    }

    /// Depth of quotation of `line`.
    pub(super) fn quotes(&self, line: usize) -> usize {
        let text = self.line(line).map_or("", |span| &self.text()[span.range()]);
        let prefix = &text.as_bytes()[..super::row::prefix_length(text)];
        memchr::memchr_iter(b'>', prefix).count()
    }
}

impl Progress {
    fn new(start: &Row) -> Self {
        let is_lone_bar = is_lone_bar(start);
        let bars = bar_count(start);
        Self { bars, ends_with_bar: ends_with_bar(start), is_lone_bar, blank_lines: 0, has_blank: false }
    }

    fn fits(&self, wanted: Bars) -> bool {
        self.bars == wanted.count && self.ends_with_bar == wanted.trailing
    }
}

fn is_delimiter(row: &Row) -> bool {
    row.dashes.is_some_and(|(_, columns)| columns > 1)
}

fn is_single_delimiter(row: &Row) -> bool {
    row.is_firm() && matches!(row.dashes, Some((Dashes::Exact, 1))) && row.span.len() > 4
}

/// Whether the line is a bar and nothing else.
pub(super) fn is_lone_bar(row: &Row) -> bool {
    row.span.len() == 1
}

fn bar_count(row: &Row) -> usize {
    row.cells.len() - 1 + usize::from(row.leading) + usize::from(row.trailing)
}

fn ends_with_bar(row: &Row) -> bool {
    row.trailing || is_lone_bar(row)
}
