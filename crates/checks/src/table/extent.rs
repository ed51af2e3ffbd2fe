//! Where a table ends: which lines below its first rows belong to it.

use std::iter;
use std::ops::Range;
use std::rc::Rc;

use super::column_kinds::ColumnKinds;
use super::parse::{BodyLine, MAX_BLANK_LINES, RepeatedRow, RowStyle, Table, TableParser};
use super::row::{DelimiterKind, Row};
use super::trailing_lines::belongs_to_table;
use dechaff_text::{Span, list_marker};

/// Maximum number of lines without pipes between two rows of a table.
const MAX_STRAY_LINES: usize = 3;
/// Maximum number of lines below the last row that belong to the table.
const MAX_TRAILING_LINES: usize = 3;

impl Table {
    /// Adds a copy of the header at line `line`, and returns the line after it. With a blank line
    /// above and its own delimiter, it `heads_whole_table`: one that every parser recognises.
    fn add_second_header(&mut self, line: usize, heads_whole_table: bool) -> usize {
        self.is_doubtful |= heads_whole_table;
        self.repeats.push(RepeatedRow { line, is_certain: !heads_whole_table });
        line + 1
    }
}

impl TableParser<'_, '_> {
    /// Parses the body of a table from line `at` on.
    pub(super) fn parse_body(
        &self,
        header: Option<Rc<Row>>,
        delimiter: Option<(Rc<Row>, DelimiterKind, usize)>,
        mut at: usize,
    ) -> Table {
        let first =
            header.as_ref().or(delimiter.as_ref().map(|(row, ..)| row)).map_or(at, |row| row.line);
        let columns = header
            .as_ref()
            .map(|row| row.cells.len())
            .or(delimiter.as_ref().map(|(.., width)| *width));
        let columns = columns.unwrap_or(0);
        let lines = first..at.max(first + 1);
        let mut table = Table {
            header,
            delimiter,
            wrapped_header: None,
            empty_header: None,
            is_doubtful: false,
            columns,
            kinds: ColumnKinds::new(columns),
            body: Vec::new(),
            gaps: Vec::new(),
            repeats: Vec::new(),
            lines,
        };
        let style = RowStyle::from_table(&table);
        loop {
            let next = if self.is_blank(at) {
                self.skip_blank_lines(at).filter(|_| table.may_continue())
            } else {
                Some(at)
            };
            let Some(next) = next else { break };
            let gap = next > at;
            let Some(end) = self.parse_body_line(&mut table, &style, next, gap) else { break };
            if gap {
                table.gaps.push(self.lines_span(at..next));
            }
            table.lines.end = end;
            at = end;
        }
        self.parse_trailing_lines(&mut table, &style);
        table
    }

    /// Adds captions and other lines directly below the table that belong to it.
    fn parse_trailing_lines(&self, table: &mut Table, style: &RowStyle) {
        if table.delimiter.is_none() {
            return;
        }
        let is_layout = |&line: &usize| {
            self.line(line).is_some_and(|span| belongs_to_table(&self.text()[span.range()]))
                && self.quotes(line) == style.quotes
        };
        let lines = table.lines.end..table.lines.end + MAX_TRAILING_LINES;
        for line in lines.take_while(is_layout) {
            table.body.push(BodyLine::Trailing);
            table.lines.end = line + 1;
        }
    }

    /// Adds line `line` to the table and returns the line after the part added, or `None` if the
    /// table ends before it.
    fn parse_body_line(
        &self,
        table: &mut Table,
        style: &RowStyle,
        line: usize,
        gap: bool,
    ) -> Option<usize> {
        let text = self.text();
        let Some(row) = self.row(line) else {
            return self.parse_stray(table, style, line, gap);
        };
        if row.quotes != style.quotes || !self.is_alike(table, style, &row, gap) {
            return None;
        }
        if let Some(width) = self.delimiter_width(&row, gap) {
            return self.parse_second_delimiter(table, line, width, gap);
        }
        let wrapped = if style.outer_pipes { self.wrapped_row(line, table.columns) } else { None };
        let is_whole = row.has_outer_pipes()
            && (row.cells.len() == table.columns || self.is_flattened(&row, table.columns));
        if gap && !is_whole && wrapped.is_none() {
            return None;
        }
        let width_below =
            self.row(line + 1).and_then(|next| next.delimiter).map(|(_, width)| width);
        let heads_another = width_below == Some(row.cells.len().max(2));
        if width_below.is_some_and(|width| width == row.cells.len() && width != table.columns) {
            return None;
        }
        let repeats_header =
            table.header.as_ref().is_some_and(|header| header.has_same_cells(text, &row));
        if repeats_header && (heads_another || gap) {
            return Some(table.add_second_header(line, gap && heads_another));
        }
        let is_short = row.has_outer_pipes()
            && row.cells.len() < table.columns
            && !gap
            && !table.body.is_empty();
        if table.delimiter.is_none() && row.cells.len() != table.columns && !is_short {
            return None;
        }
        let is_new = || {
            heads_another
                || table.kinds.look_titled_by(text, &row)
                || table.delimiter.is_none() && style.starts_new_table(self, table, &row)
        };
        if gap && is_new() {
            return None;
        }
        if let Some(wrapped) = wrapped {
            let end = wrapped.lines.end;
            table.body.push(BodyLine::Wrapped(wrapped));
            return Some(end);
        }
        table.kinds.add(text, &row);
        table.body.push(BodyLine::Row(row));
        Some(line + 1)
    }

    /// Whether a line looks like the rows above it. If those begin with a pipe, a line without one
    /// may be prose. It is a row if it ends with a pipe, has as many cells as the table has columns,
    /// or is followed by more rows.
    fn is_alike(&self, table: &Table, style: &RowStyle, row: &Row, gap: bool) -> bool {
        row.leading
            || !style.leading
            || !gap
                && (row.trailing
                    || row.cells.len() == table.columns
                    || table.last_row_is_open()
                    || self.continues(table, style, row.line + 1))
    }

    /// Returns the width of a row that is certainly a delimiter. An empty row can look like one:
    /// `| - | - |`.
    fn delimiter_width(&self, row: &Row, gap: bool) -> Option<usize> {
        let is_short = |cell: &Span| self.text()[cell.range()].trim().chars().count() < 3;
        let (_, width) = row.delimiter?;
        (width >= 2 && (gap || !row.cells.iter().all(is_short))).then_some(width)
    }

    /// Adds another delimiter at line `line`, unless it belongs to the next table.
    fn parse_second_delimiter(
        &self,
        table: &mut Table,
        line: usize,
        width: usize,
        gap: bool,
    ) -> Option<usize> {
        if gap && (width != table.columns || self.row(line + 1).is_none()) {
            return None;
        }
        let is_certain = width == table.columns && self.is_idle_delimiter(table, line);
        table.repeats.push(RepeatedRow { line, is_certain });
        Some(line + 1)
    }

    /// Adds line `line`, which has no pipe, to the table if more rows follow.
    fn parse_stray(
        &self,
        table: &mut Table,
        style: &RowStyle,
        line: usize,
        gap: bool,
    ) -> Option<usize> {
        let is_label = |line: &usize| {
            self.row(*line).is_none() && !self.is_blank(*line) && !self.starts_other_block(*line)
        };
        let labels = (line..line + MAX_STRAY_LINES).take_while(is_label).count();
        if gap
            || labels == 0
            || self.quotes(line) != style.quotes
            || !self.continues(table, style, line + labels)
        {
            return None;
        }
        table.body.push(BodyLine::Stray(line));
        Some(line + 1)
    }

    /// Whether line `line` is another row of the table and not the header of the next one.
    fn continues(&self, table: &Table, style: &RowStyle, line: usize) -> bool {
        let Some(row) =
            self.row(line).filter(|row| row.quotes == style.quotes && row.delimiter.is_none())
        else {
            return false;
        };
        let heads_another = self.row(line + 1).is_some_and(|next| next.delimiter.is_some())
            || table.header.as_ref().is_some_and(|header| header.has_same_cells(self.text(), &row));
        let has_bar = row.leading || row.trailing;
        let is_row = row.cells.len() <= table.columns + 1 && (has_bar || !style.leading);
        is_row && !heads_another
    }

    /// Whether parsers end the table at line `line` because another block starts there.
    fn starts_other_block(&self, line: usize) -> bool {
        let Some(span) = self.line(line) else { return true };
        let text = self.text()[span.range()].trim_start_matches(['>', ' ', '\t']);
        list_marker(text).is_some()
            || text.starts_with(['#', '<'])
            || text.starts_with("```")
            || text.starts_with("~~~")
    }

    /// Whether the delimiter at `line` is redundant: it follows the delimiter or a repeated header,
    /// or ends the table.
    fn is_idle_delimiter(&self, table: &Table, line: usize) -> bool {
        let after_header = table.body.is_empty();
        let after_repeat =
            table.repeats.last().is_some_and(|repeat| repeat.is_certain && repeat.line + 1 == line);
        // A delimiter with rows further down may belong to the next table, with its header above.
        let is_last = || {
            self.is_blank(line + 1)
                && self.skip_blank_lines(line + 1).is_none_or(|next| self.row(next).is_none())
        };
        after_header || after_repeat || table.body.len() > 1 && is_last()
    }

    /// Whether the lines from `line` to the next blank line continue the table above with more
    /// rows.
    ///
    /// Rows with a delimiter of their own, or below a copy of `header`, belong to another table.
    pub(super) fn rows_follow(&self, line: usize, header: Option<&Row>) -> bool {
        const MAX_LINES: usize = 8;
        let lines = (line..line + MAX_LINES)
            .take_while(|&line| !self.is_blank(line) && !self.starts_other_block(line));
        let first = lines
            .filter_map(|line| self.row(line))
            .find(|row| row.leading || row.trailing || row.line == line);
        let is_header = |row: &Row| {
            self.row(row.line + 1).is_some_and(|next| next.delimiter.is_some())
                || header.is_some_and(|header| header.has_same_cells(self.text(), row))
        };
        first.is_some_and(|row| !is_header(&row))
    }

    /// Whether there is a row within a few lines above `line`.
    pub(super) fn is_below_row(&self, line: usize) -> bool {
        const MAX_LINES: usize = 4;
        // An empty header starts another table.
        let row_above = line.checked_sub(1).and_then(|above| self.row(above));
        if row_above.is_some_and(|row| row.has_outer_pipes() && row.is_blank(self.text())) {
            return false;
        }
        let is_heading = |line: &usize| {
            self.line(*line).is_some_and(|span| self.text()[span.range()].starts_with('#'))
        };
        let above = iter::successors(self.text_above(line), |&line| self.text_above(line));
        let mut rows = above
            .take(MAX_LINES)
            .take_while(|line| !is_heading(line))
            .filter_map(|line| self.row(line));
        rows.any(|row| row.leading || row.trailing)
    }

    /// Returns the last nonblank line above `line`, past at most [`MAX_BLANK_LINES`] blank lines.
    fn text_above(&self, line: usize) -> Option<usize> {
        (line.saturating_sub(MAX_BLANK_LINES + 1)..line).rev().find(|&line| !self.is_blank(line))
    }

    /// Whether there is a row above or below `lines`, with only blank lines between.
    pub(super) fn is_near_rows(&self, lines: Range<usize>) -> bool {
        let above = self.text_above(lines.start);
        let below = self.skip_blank_lines(lines.end);
        above.into_iter().chain(below).any(|line| self.row(line).is_some())
    }

    /// Whether `table`, which has no delimiter, may continue the table `above`, or one that was not
    /// recognised.
    pub(super) fn may_continue_from(&self, above: Option<&Table>, table: &Table) -> bool {
        const MAX_LINES_BETWEEN: usize = 4;
        let (Some(header), None) = (&table.header, &table.delimiter) else { return false };
        let repeats = |above: &Table| {
            above.header.as_ref().is_some_and(|above| above.has_same_cells(self.text(), header))
        };
        if table.kinds.look_titled_by(self.text(), header) || above.is_some_and(repeats) {
            return false;
        }
        let is_near = |above: &&Table| {
            let most = if above.delimiter.is_some() { MAX_LINES_BETWEEN } else { 1 };
            let mut between =
                (above.lines.end..table.lines.start).filter(|&line| !self.is_blank(line));
            between.nth(most).is_none() && header.cells.len() <= above.columns
        };
        self.is_below_row(table.lines.start) || above.filter(is_near).is_some()
    }
}
