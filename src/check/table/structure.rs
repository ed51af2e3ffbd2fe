//! Faults of the table as a whole: its header, its delimiter, and the text around it.

use super::fault::{Defect, Fault};
use super::proof::{Promise, holds};
use super::reading::{Entry, Reader, Table};
use super::row::{Dashes, Row, is_delimiter_cell};
use super::wrapped::WrappedRow;
use crate::finding::Edit;
use crate::text::{Span, trim};

/// Adds the structural faults of `table`; their repair is proven for all of them together.
pub(super) fn faults(reader: &Reader<'_, '_>, table: &Table, faults: &mut Vec<Fault>) {
    let Some(region) = region(reader, table) else { return };
    let mut whole: Vec<Fault> = Vec::new();
    whole.extend(delimiter(reader, table));
    whole.extend(gaps(table));
    let mut local: Vec<Fault> = Vec::new();
    local.extend(empty_header(reader, table));
    local.extend(repeats(reader, table));
    local.extend(wraps(reader, table));
    local.extend(markers(reader, table));

    let dropped: Vec<Span> =
        table.repeats.iter().filter(|one| one.is_certain).map(|one| one_line(reader, one.line)).collect();
    let columns = table.columns;
    let kept_repeats = table.repeats.iter().filter(|one| !one.is_certain).count();
    let promise = Promise { region, columns, rows: table.body.len() + kept_repeats };
    let is_seen = reader.seen.table_at(region.start).is_some_and(|seen| {
        seen.columns == columns && seen.rows == promise.rows && seen.span.end == trim(reader.text(), region).end
    });
    if is_seen && whole.is_empty() && local.is_empty() {
        return;
    }
    let mendable = !table.is_doubtful && whole.iter().all(|fault| !fault.edits.is_empty());
    let has_guess = whole.iter().chain(&local).any(|fault| fault.is_guess);
    let mut edits: Vec<Edit> = whole.iter().chain(&local).flat_map(|fault| fault.edits.iter().cloned()).collect();
    edits.sort_by_key(|edit| edit.span);
    let settled = if mendable {
        settle(reader, &edits, promise, table.lines.clone(), &dropped, table.header.as_deref())
    } else {
        None
    };
    match settled {
        Some(glue) => {
            whole.extend(glued(reader, table, &glue));
            let mut shared: Vec<Edit> = whole.iter().flat_map(|fault| fault.edits.iter().cloned()).collect();
            shared.sort_by_key(|edit| edit.span);
            for fault in &mut whole {
                fault.edits.clone_from(&shared);
            }
            // The edits were proven together, so they are as certain as the least certain of them.
            for fault in whole.iter_mut().chain(&mut local) {
                fault.is_guess = has_guess;
            }
        }
        None => {
            whole.extend(swallowed(reader, table));
            for fault in whole.iter_mut().chain(&mut local) {
                fault.edits.clear();
                fault.help = None;
            }
        }
    }
    faults.append(&mut whole);
    faults.append(&mut local);
}

/// From the first row to the last.
fn region(reader: &Reader<'_, '_>, table: &Table) -> Option<Span> {
    let first = table.first()?;
    let last = reader.line(table.lines.end.checked_sub(1)?)?;
    Some(Span::new(first.marker.map_or(first.span.start, |marker| marker.start), last.end.max(first.span.end)))
}

/// The blank lines, before and after, that make the parser see the table once `edits` are made; `None` if none do.
pub(super) fn settle(
    reader: &Reader<'_, '_>,
    edits: &[Edit],
    promise: Promise,
    lines: std::ops::Range<usize>,
    dropped: &[Span],
    header: Option<&Row>,
) -> Option<Vec<Edit>> {
    let is_text = |line: usize| !reader.is_blank(line) && reader.row(line).is_none_or(|row| !row.leading);
    let is_text_before = lines.start.checked_sub(1).is_some_and(is_text);
    let before = is_text_before.then(|| blank_line(reader, lines.start, lines.start));
    let is_text_after = !reader.is_blank(lines.end) && !reader.rows_follow(lines.end, header);
    let after = is_text_after.then(|| blank_line(reader, lines.end, lines.start));
    let (before, after) = (before.flatten(), after.flatten());
    let tries = [(None, None), (before.as_ref(), None), (None, after.as_ref()), (before.as_ref(), after.as_ref())];
    tries.iter().enumerate().find_map(|(index, (before, after))| {
        // Without a line on one side a try is the same as one before it.
        if index > 0 && before.is_none() && after.is_none() || index == 3 && (before.is_none() || after.is_none()) {
            return None;
        }
        let glue: Vec<Edit> = before.iter().chain(after).map(|edit| (*edit).clone()).collect();
        let mut all: Vec<Edit> = before.iter().map(|edit| (*edit).clone()).collect();
        all.extend(edits.iter().cloned());
        all.extend(after.iter().map(|edit| (*edit).clone()));
        holds(reader.document, &all, promise, dropped).then_some(glue)
    })
}

/// An empty line before line `at`, quoted as line `like` is.
fn blank_line(reader: &Reader<'_, '_>, at: usize, like: usize) -> Option<Edit> {
    let start = reader.line(at)?.start;
    let like = reader.line(like)?;
    let prefix = &reader.text()[like.start..like.start + super::row::prefix_length(&reader.text()[like.range()])];
    let quote = if prefix.contains('>') { prefix.trim_end() } else { "" };
    Some(Edit { span: Span::new(start, start), content: format!("{quote}{}", newline(reader.text(), like)) })
}

/// The line end that the line at `line` has.
pub(super) fn newline(text: &str, line: Span) -> &'static str {
    if text[line.end..].starts_with("\r\n") { "\r\n" } else { "\n" }
}

fn glued(reader: &Reader<'_, '_>, table: &Table, glue: &[Edit]) -> Option<Fault> {
    let first = table.first()?;
    let after = reader.line(table.lines.end).map(|line| trim(reader.text(), line));
    let is_before = glue.iter().any(|edit| edit.span.start <= first.span.start);
    let is_after = glue.iter().any(|edit| edit.span.start > first.span.start);
    let fault = match (is_before, is_after, after) {
        (false, true, Some(after)) => {
            Fault::new(Defect::Glued, after).label("parsed as a table row").at(first.span, "the table begins here")
        }
        (true, is_after, after) => {
            let fault = Fault::new(Defect::Glued, first.span).label("parsed as part of the text before it");
            match after.filter(|_| is_after) {
                Some(after) => fault.at(after, "parsed as a table row"),
                None => fault,
            }
        }
        _ => return None,
    };
    let help = match (is_before, is_after) {
        (true, true) => "put a blank line before and after the table",
        (true, false) => "put a blank line before the table",
        _ => "put a blank line after the table",
    };
    Some(fault.fix(help, glue.to_vec()))
}

/// The lines below the table that a parser takes for rows, where they may be rows.
pub(super) fn swallowed(reader: &Reader<'_, '_>, table: &Table) -> Option<Fault> {
    let first = table.first()?;
    let after = trim(reader.text(), reader.line(table.lines.end)?);
    let seen = reader.seen.table_at(first.span.start).filter(|seen| seen.span.contains(after))?;
    (!after.is_empty() && !table.is_doubtful).then(|| {
        Fault::new(Defect::Glued, Span::new(after.start, seen.span.end))
            .label("a parser takes this for rows of the table")
            .at(first.span, "the table begins here")
    })
}

/// What is wrong with the row of dashes, or with the header above it.
fn delimiter(reader: &Reader<'_, '_>, table: &Table) -> Option<Fault> {
    let text = reader.text();
    match (&table.header, &table.delimiter) {
        (Some(header), None) => {
            let next = reader.line(header.line + 1)?;
            let line = reader.line(header.line)?;
            let content =
                format!("{}{}{}", &text[header.prefix.range()], dashes(table.columns, &[]), newline(text, line));
            let row = table.body.iter().find_map(|entry| match entry {
                Entry::Row(row) => Some(row.span),
                Entry::Wrapped(wrapped) => Some(wrapped.row.span),
                Entry::Stray(_) | Entry::Layout => None,
            })?;
            let fault =
                Fault::new(Defect::NoDelimiter, row).label("no delimiter row above").at(header.span, "the header");
            Some(fault.fix("insert a delimiter row", vec![Edit { span: Span::new(next.start, next.start), content }]))
        }
        (None, Some((delimiter, _, width))) => {
            let line = reader.line(delimiter.line)?;
            let row = format!("|{}{}", "  |".repeat(*width), newline(text, line));
            let content = format!("{row}{}", &text[delimiter.prefix.range()]);
            let at = delimiter.span.start;
            let fault = Fault::new(Defect::Headless, delimiter.span).label("no header above");
            Some(fault.fix("insert an empty header", vec![Edit { span: Span::new(at, at), content }]).guess())
        }
        (Some(header), Some((delimiter, kind, width))) => {
            let cells = header.cells.len();
            let mut fault = match kind {
                Dashes::Alike => Fault::new(Defect::DelimiterSigns, delimiter.span)
                    .label("parsers do not recognise this as a delimiter row"),
                Dashes::Exact if *width != cells => Fault::new(Defect::DelimiterWidth, delimiter.span)
                    .label(format!("{}, the header has {cells}", counted(*width, "cell")))
                    .at(header.span, "the header"),
                Dashes::Exact => return None,
            };
            // Where the rows side with the delimiter it is the header that is wrong, and nobody can say where.
            if *width == cells || sides_with_header(table) {
                let rewritten = dashes(cells, &alignments(text, delimiter));
                fault = fault.fix("rewrite the delimiter row", vec![Edit { span: delimiter.span, content: rewritten }]);
            }
            Some(fault)
        }
        (None, None) => None,
    }
}

fn sides_with_header(table: &Table) -> bool {
    let rows = || table.body.iter().filter_map(|entry| if let Entry::Row(row) = entry { Some(row) } else { None });
    let agree = rows().filter(|row| row.cells.len() == table.columns).count();
    agree > 0 && agree * 2 > rows().count()
}

/// A delimiter row with as many cells as `columns`.
pub(super) fn dashes(columns: usize, alignments: &[&str]) -> String {
    let mut row = String::from("|");
    for column in 0..columns {
        row.push_str(alignments.get(column).copied().unwrap_or("---"));
        row.push('|');
    }
    row
}

fn alignments(text: &str, delimiter: &Row) -> Vec<&'static str> {
    let cells = delimiter.cells.iter().map(|cell| text[cell.range()].trim());
    cells
        .map(|cell| match (cell.starts_with(':'), cell.ends_with(':') && cell.len() > 1) {
            _ if !is_delimiter_cell(cell) => "---",
            (true, true) => ":---:",
            (true, false) => ":---",
            (false, true) => "---:",
            (false, false) => "---",
        })
        .collect()
}

fn gaps(table: &Table) -> Option<Fault> {
    let (first, more) = table.gaps.split_first()?;
    let mut fault = Fault::new(Defect::Gap, *first).label("the table ends here for a parser");
    for gap in more.iter().take(2) {
        fault = fault.at(*gap, "and here");
    }
    let edits = table.gaps.iter().map(|&span| Edit { span, content: String::new() }).collect();
    let help = if more.is_empty() {
        "remove the blank line".to_owned()
    } else {
        format!("remove {} blank lines", table.gaps.len())
    };
    Some(fault.fix(help, edits))
}

fn one_line(reader: &Reader<'_, '_>, line: usize) -> Span {
    reader.lines_span(line..line + 1)
}

fn repeats(reader: &Reader<'_, '_>, table: &Table) -> Vec<Fault> {
    let faults = table.repeats.iter().filter_map(|repeat| {
        let span = trim(reader.text(), reader.line(repeat.line)?);
        let fault = Fault::new(Defect::Repeated, span);
        let line = one_line(reader, repeat.line);
        // The table's last line takes the line end before it along, where none follows.
        let cut = if line.end == span.end && line.start > 0 {
            Span::new(reader.line(repeat.line - 1)?.end, line.end)
        } else {
            line
        };
        let edits = vec![Edit { span: cut, content: String::new() }];
        Some(if repeat.is_certain { fault.label("stands above already").fix("remove the line", edits) } else { fault })
    });
    faults.collect()
}

/// An empty header above the real one.
fn empty_header(reader: &Reader<'_, '_>, table: &Table) -> Option<Fault> {
    let empty = table.empty_header.as_ref()?;
    let (first, last) = (reader.row(empty.lines.start)?, reader.row(empty.lines.end - 1)?);
    let fault = Fault::new(Defect::EmptyHeader, first.span.cover(last.span))
        .label("an empty header above the real one")
        .at(table.header.as_ref()?.span, "the header");
    if !empty.is_certain {
        return Some(fault);
    }
    let help = format!("remove {}", counted(empty.lines.len(), "line"));
    let edit = Edit { span: reader.lines_span(empty.lines.clone()), content: String::new() };
    Some(fault.fix(help, vec![edit]))
}

fn wraps(reader: &Reader<'_, '_>, table: &Table) -> Vec<Fault> {
    let text = reader.text();
    let body = table.body.iter().filter_map(|entry| match entry {
        Entry::Row(_) | Entry::Layout => None,
        Entry::Stray(line) => Some(
            Fault::new(Defect::Wrapped, trim(text, reader.line(*line)?))
                .label("no bars: a parser takes it for a row of one cell"),
        ),
        Entry::Wrapped(wrapped) => wrapped_fault(reader, wrapped),
    });
    table.wrapped_header.iter().filter_map(|header| wrapped_fault(reader, header)).chain(body).collect()
}

fn wrapped_fault(reader: &Reader<'_, '_>, wrapped: &WrappedRow) -> Option<Fault> {
    let text = reader.text();
    let first = trim(text, reader.line(wrapped.lines.start)?);
    let below = (wrapped.lines.start + 1..wrapped.lines.end).find(|&line| !reader.is_blank(line))?;
    let rest = trim(text, reader.line(below)?);
    let label = if wrapped.has_blank { "a cell of this row holds a blank line" } else { "the row goes on below" };
    let fault = Fault::new(Defect::Wrapped, first).label(label).at(rest, "part of the row above");
    let fault = fault.fix("join the lines", joints(reader, wrapped));
    Some(if wrapped.has_blank { fault.guess() } else { fault })
}

/// The edits that put a wrapped row on one line, with one blank on each side of a bar.
fn joints(reader: &Reader<'_, '_>, wrapped: &WrappedRow) -> Vec<Edit> {
    let text = reader.text();
    let mut edits: Vec<Edit> = Vec::new();
    let mut end = None;
    for line in wrapped.lines.clone().filter(|&line| !reader.is_blank(line)) {
        let Some(span) = reader.line(line) else { continue };
        let start = span.start + super::row::prefix_length(&text[span.range()]);
        let content = trim(text, Span::new(start, span.end));
        edits.extend(end.map(|end| Edit { span: Span::new(end, content.start), content: " ".to_owned() }));
        let borders = super::row::borders(text, content);
        edits.extend(borders.flat_map(|bar| wide_gaps(text, content, bar)));
        end = Some(content.end);
    }
    edits.sort_by_key(|edit| edit.span);
    edits.dedup_by(|one, other| one.span == other.span);
    edits
}

/// Edits that leave one of several blanks before and after the bar at `bar`, within `line`.
fn wide_gaps(text: &str, line: Span, bar: usize) -> impl Iterator<Item = Edit> {
    let bytes = text.as_bytes();
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let before = bytes[line.start..bar].iter().rev().take_while(is_blank).count();
    let after = bytes[bar + 1..line.end].iter().take_while(is_blank).count();
    let gaps = [Span::new(bar - before, bar), Span::new(bar + 1, bar + 1 + after)];
    gaps.into_iter().filter(|gap| gap.len() > 1).map(|span| Edit { span, content: " ".to_owned() })
}

/// List markers before rows. One before the header may be the list item that holds the table.
fn markers(reader: &Reader<'_, '_>, table: &Table) -> Vec<Fault> {
    let body = table.body.iter().filter_map(|entry| if let Entry::Row(row) = entry { Some(row) } else { None });
    let is_item = table.header.as_ref().is_some_and(|header| reader.seen.table_at(header.span.start).is_some());
    let head = table.header.iter().chain(table.delimiter.iter().map(|(row, ..)| row)).filter(|_| !is_item);
    head.chain(body)
        .filter_map(|row| {
            let marker = row.marker?;
            let sign = trim(reader.text(), marker);
            let edit = Edit { span: marker, content: String::new() };
            Some(Fault::new(Defect::ListMarker, sign).fix("remove the marker", vec![edit]))
        })
        .collect()
}

/// "1 cell", "2 cells".
pub(super) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
