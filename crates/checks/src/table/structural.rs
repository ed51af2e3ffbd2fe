//! Defects of a table as a whole: its header, its delimiter, and the text around it.

use super::defect::{TableDefect, TableDetection};
use super::parse::{BodyLine, Table, TableParser};
use super::row::{DelimiterKind, Row, is_delimiter_cell};
use super::verify::{ExpectedTable, edits_produce};
use super::wrapped::WrappedRow;
use dechaff_findings::Edit;
use dechaff_text::{Span, trim};

/// Detects structural defects of `table`. Their repairs are verified together.
pub(super) fn detect(
    parser: &TableParser<'_, '_>,
    table: &Table,
    detections: &mut Vec<TableDetection>,
) {
    let Some(region) = region(parser, table) else { return };
    let mut whole: Vec<TableDetection> = Vec::new();
    whole.extend(detect_delimiter(parser, table));
    whole.extend(detect_gaps(table));
    let mut local: Vec<TableDetection> = Vec::new();
    local.extend(detect_empty_header(parser, table));
    local.extend(detect_repeated_rows(parser, table));
    local.extend(detect_wrapped_rows(parser, table));
    local.extend(detect_list_markers(parser, table));

    let dropped: Vec<Span> = table
        .repeats
        .iter()
        .filter(|row| row.is_certain)
        .map(|row| line_with_end(parser, row.line))
        .collect();
    let expected = expected_table(table, region);
    let is_seen = is_seen(parser, expected);
    if is_seen && whole.is_empty() && local.is_empty() {
        return;
    }
    let is_repairable =
        !table.is_doubtful && whole.iter().all(|detection| !detection.edits.is_empty());
    let is_heuristic = whole.iter().chain(&local).any(|detection| detection.is_heuristic);
    let edits = sorted_edits(whole.iter().chain(&local));
    let (lines, header) = (table.lines.clone(), table.header.as_deref());
    let blank_lines = is_repairable
        .then(|| find_blank_lines(parser, &edits, expected, lines, &dropped, header))
        .flatten();
    match blank_lines {
        Some(blank_lines) => {
            whole.extend(detect_glued_text(parser, table, &blank_lines));
            let shared = sorted_edits(&whole);
            for detection in &mut whole {
                detection.edits.clone_from(&shared);
            }
            // The edits were verified together, so each is only as certain as the least certain.
            for detection in whole.iter_mut().chain(&mut local) {
                detection.is_heuristic = is_heuristic;
            }
        }
        None => {
            whole.extend(detect_swallowed_text(parser, table));
            for detection in whole.iter_mut().chain(&mut local) {
                detection.edits.clear();
                detection.help = None;
            }
        }
    }
    detections.append(&mut whole);
    detections.append(&mut local);
}

/// Returns what parsers see once the certain repairs are made.
fn expected_table(table: &Table, region: Span) -> ExpectedTable {
    let kept_repeats = table.repeats.iter().filter(|row| !row.is_certain).count();
    ExpectedTable { region, columns: table.columns, rows: table.body.len() + kept_repeats }
}

/// Whether parsers see the expected table as it is.
fn is_seen(parser: &TableParser<'_, '_>, expected: ExpectedTable) -> bool {
    let ExpectedTable { region, columns, rows } = expected;
    parser.gfm.table_at(region.start).is_some_and(|gfm| {
        gfm.columns == columns
            && gfm.rows == rows
            && gfm.span.end == trim(parser.text(), region).end
    })
}

/// Returns the edits of all `detections` in order.
fn sorted_edits<'t>(detections: impl IntoIterator<Item = &'t TableDetection>) -> Vec<Edit> {
    let edits = detections.into_iter().flat_map(|detection| detection.edits.iter().cloned());
    let mut edits: Vec<Edit> = edits.collect();
    edits.sort_by_key(|edit| edit.span);
    edits
}

/// Returns the span from the first row to the last.
fn region(parser: &TableParser<'_, '_>, table: &Table) -> Option<Span> {
    let first = table.first_row()?;
    let last = parser.line(table.lines.end.checked_sub(1)?)?;
    Some(Span::new(
        first.marker.map_or(first.span.start, |marker| marker.start),
        last.end.max(first.span.end),
    ))
}

/// Returns the blank lines, before and after the table, that make parsers see the expected table
/// once `edits` are applied; `None` if none do.
pub(super) fn find_blank_lines(
    parser: &TableParser<'_, '_>,
    edits: &[Edit],
    expected: ExpectedTable,
    lines: std::ops::Range<usize>,
    dropped: &[Span],
    header: Option<&Row>,
) -> Option<Vec<Edit>> {
    let is_text =
        |line: usize| !parser.is_blank(line) && parser.row(line).is_none_or(|row| !row.leading);
    let is_text_before = lines.start.checked_sub(1).is_some_and(is_text);
    let before = is_text_before.then(|| blank_line(parser, lines.start, lines.start));
    let is_text_after = !parser.is_blank(lines.end) && !parser.rows_follow(lines.end, header);
    let after = is_text_after.then(|| blank_line(parser, lines.end, lines.start));
    let (before, after) = (before.flatten(), after.flatten());
    let attempts = [
        (None, None),
        (before.as_ref(), None),
        (None, after.as_ref()),
        (before.as_ref(), after.as_ref()),
    ];
    attempts.iter().enumerate().find_map(|(index, (before, after))| {
        // Skip an attempt that equals an earlier one because a side has no line to add.
        if index > 0 && before.is_none() && after.is_none()
            || index == 3 && (before.is_none() || after.is_none())
        {
            return None;
        }
        let blank_lines: Vec<Edit> =
            before.iter().chain(after).map(|edit| (*edit).clone()).collect();
        let mut all: Vec<Edit> = before.iter().map(|edit| (*edit).clone()).collect();
        all.extend(edits.iter().cloned());
        all.extend(after.iter().map(|edit| (*edit).clone()));
        edits_produce(parser.document, &all, expected, dropped).then_some(blank_lines)
    })
}

/// Inserts an empty line before line `at`, with the quote markers of line `like`.
fn blank_line(parser: &TableParser<'_, '_>, at: usize, like: usize) -> Option<Edit> {
    let start = parser.line(at)?.start;
    let like = parser.line(like)?;
    let prefix = &parser.text()
        [like.start..like.start + super::row::prefix_length(&parser.text()[like.range()])];
    let quote = if prefix.contains('>') { prefix.trim_end() } else { "" };
    Some(Edit {
        span: Span::new(start, start),
        content: format!("{quote}{}", newline(parser.text(), like)),
    })
}

/// Returns the line ending of `line`.
pub(super) fn newline(text: &str, line: Span) -> &'static str {
    if text[line.end..].starts_with("\r\n") { "\r\n" } else { "\n" }
}

fn detect_glued_text(
    parser: &TableParser<'_, '_>,
    table: &Table,
    blank_lines: &[Edit],
) -> Option<TableDetection> {
    let first = table.first_row()?;
    let after = parser.line(table.lines.end).map(|line| trim(parser.text(), line));
    let is_before = blank_lines.iter().any(|edit| edit.span.start <= first.span.start);
    let is_after = blank_lines.iter().any(|edit| edit.span.start > first.span.start);
    let detection = match (is_before, is_after, after) {
        (false, true, Some(after)) => TableDetection::new(TableDefect::Glued, after)
            .with_label("parsed as a table row")
            .with_related(first.span, "the table begins here"),
        (true, is_after, after) => {
            let detection = TableDetection::new(TableDefect::Glued, first.span)
                .with_label("parsed as part of the text before it");
            match after.filter(|_| is_after) {
                Some(after) => detection.with_related(after, "parsed as a table row"),
                None => detection,
            }
        }
        _ => return None,
    };
    let help = match (is_before, is_after) {
        (true, true) => "put a blank line before and after the table",
        (true, false) => "put a blank line before the table",
        _ => "put a blank line after the table",
    };
    Some(detection.with_fix(help, blank_lines.to_vec()))
}

/// Detects lines below the table that parsers treat as rows, and that may be rows.
pub(super) fn detect_swallowed_text(
    parser: &TableParser<'_, '_>,
    table: &Table,
) -> Option<TableDetection> {
    let first = table.first_row()?;
    let after = trim(parser.text(), parser.line(table.lines.end)?);
    let gfm = parser.gfm.table_at(first.span.start).filter(|gfm| gfm.span.contains(after))?;
    (!after.is_empty() && !table.is_doubtful).then(|| {
        TableDetection::new(TableDefect::Glued, Span::new(after.start, gfm.span.end))
            .with_label("parsed as rows of the table")
            .with_related(first.span, "the table begins here")
    })
}

/// Detects defects of the delimiter row, or of the header above it.
fn detect_delimiter(parser: &TableParser<'_, '_>, table: &Table) -> Option<TableDetection> {
    match (&table.header, &table.delimiter) {
        (Some(header), None) => missing_delimiter(parser, table, header),
        (None, Some((delimiter, _, width))) => missing_header(parser, delimiter, *width),
        (Some(header), Some((delimiter, kind, width))) => {
            let detection = wrong_delimiter(header, delimiter, *kind, *width)?;
            let cells = header.cells.len();
            // If the rows agree with the delimiter, the header is wrong, and it is unclear where.
            if *width != cells && !sides_with_header(table) {
                return Some(detection);
            }
            let content = delimiter_row(cells, &alignments(parser.text(), delimiter));
            let edit = Edit { span: delimiter.span, content };
            Some(detection.with_fix("rewrite the delimiter row", vec![edit]))
        }
        (None, None) => None,
    }
}

fn missing_delimiter(
    parser: &TableParser<'_, '_>,
    table: &Table,
    header: &Row,
) -> Option<TableDetection> {
    let text = parser.text();
    let next = parser.line(header.line + 1)?;
    let line = parser.line(header.line)?;
    let content = format!(
        "{}{}{}",
        &text[header.prefix.range()],
        delimiter_row(table.columns, &[]),
        newline(text, line)
    );
    let row = table.body.iter().find_map(|entry| match entry {
        BodyLine::Row(row) => Some(row.span),
        BodyLine::Wrapped(wrapped) => Some(wrapped.row.span),
        BodyLine::Stray(_) | BodyLine::Trailing => None,
    })?;
    let detection = TableDetection::new(TableDefect::NoDelimiter, row)
        .with_label("no delimiter row above")
        .with_related(header.span, "the header");
    let edit = Edit { span: Span::new(next.start, next.start), content };
    Some(detection.with_fix("insert a delimiter row", vec![edit]))
}

fn missing_header(
    parser: &TableParser<'_, '_>,
    delimiter: &Row,
    width: usize,
) -> Option<TableDetection> {
    let text = parser.text();
    let line = parser.line(delimiter.line)?;
    let row = format!("|{}{}", "  |".repeat(width), newline(text, line));
    let content = format!("{row}{}", &text[delimiter.prefix.range()]);
    let at = delimiter.span.start;
    let detection =
        TableDetection::new(TableDefect::Headless, delimiter.span).with_label("no header above");
    let edit = Edit { span: Span::new(at, at), content };
    Some(detection.with_fix("insert an empty header", vec![edit]).heuristic())
}

fn wrong_delimiter(
    header: &Row,
    delimiter: &Row,
    kind: DelimiterKind,
    width: usize,
) -> Option<TableDetection> {
    let cells = header.cells.len();
    match kind {
        DelimiterKind::Lookalike => Some(
            TableDetection::new(TableDefect::DelimiterSigns, delimiter.span)
                .with_label("parsers do not recognise this as a delimiter row"),
        ),
        DelimiterKind::Exact if width != cells => Some(
            TableDetection::new(TableDefect::DelimiterWidth, delimiter.span)
                .with_label(format!("{}, the header has {cells}", pluralize(width, "cell")))
                .with_related(header.span, "the header"),
        ),
        DelimiterKind::Exact => None,
    }
}

fn sides_with_header(table: &Table) -> bool {
    let agree = table.rows().filter(|row| row.cells.len() == table.columns).count();
    agree > 0 && agree * 2 > table.rows().count()
}

/// Returns a delimiter row with `columns` cells.
pub(super) fn delimiter_row(columns: usize, alignments: &[&str]) -> String {
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

fn detect_gaps(table: &Table) -> Option<TableDetection> {
    let (first, more) = table.gaps.split_first()?;
    let mut detection =
        TableDetection::new(TableDefect::Gap, *first).with_label("parsers end the table here");
    for gap in more.iter().take(2) {
        detection = detection.with_related(*gap, "and here");
    }
    let edits = table.gaps.iter().map(|&span| Edit { span, content: String::new() }).collect();
    let help = if more.is_empty() {
        "remove the blank line".to_owned()
    } else {
        format!("remove {} blank lines", table.gaps.len())
    };
    Some(detection.with_fix(help, edits))
}

fn line_with_end(parser: &TableParser<'_, '_>, line: usize) -> Span {
    parser.lines_span(line..line + 1)
}

fn detect_repeated_rows(parser: &TableParser<'_, '_>, table: &Table) -> Vec<TableDetection> {
    let detections = table.repeats.iter().filter_map(|repeat| {
        let span = trim(parser.text(), parser.line(repeat.line)?);
        let detection = TableDetection::new(TableDefect::Repeated, span);
        let line = line_with_end(parser, repeat.line);
        // The last line of a table has no line end, so the one before it goes.
        let cut = if line.end == span.end && line.start > 0 {
            Span::new(parser.line(repeat.line - 1)?.end, line.end)
        } else {
            line
        };
        let edits = vec![Edit { span: cut, content: String::new() }];
        Some(if repeat.is_certain {
            detection.with_label("repeats a line above").with_fix("remove the line", edits)
        } else {
            detection
        })
    });
    detections.collect()
}

/// Detects an empty header above the real one.
fn detect_empty_header(parser: &TableParser<'_, '_>, table: &Table) -> Option<TableDetection> {
    let empty = table.empty_header.as_ref()?;
    let (first, last) = (parser.row(empty.lines.start)?, parser.row(empty.lines.end - 1)?);
    let detection = TableDetection::new(TableDefect::EmptyHeader, first.span.cover(last.span))
        .with_label("an empty header above the real one")
        .with_related(table.header.as_ref()?.span, "the header");
    if !empty.is_certain {
        return Some(detection);
    }
    let help = format!("remove {}", pluralize(empty.lines.len(), "line"));
    let edit = Edit { span: parser.lines_span(empty.lines.clone()), content: String::new() };
    Some(detection.with_fix(help, vec![edit]))
}

fn detect_wrapped_rows(parser: &TableParser<'_, '_>, table: &Table) -> Vec<TableDetection> {
    let text = parser.text();
    let body = table.body.iter().filter_map(|entry| match entry {
        BodyLine::Row(_) | BodyLine::Trailing => None,
        BodyLine::Stray(line) => Some(
            TableDetection::new(TableDefect::Wrapped, trim(text, parser.line(*line)?))
                .with_label("no pipes: parsed as a row of one cell"),
        ),
        BodyLine::Wrapped(wrapped) => wrapped_detection(parser, wrapped),
    });
    table
        .wrapped_header
        .iter()
        .filter_map(|header| wrapped_detection(parser, header))
        .chain(body)
        .collect()
}

fn wrapped_detection(parser: &TableParser<'_, '_>, wrapped: &WrappedRow) -> Option<TableDetection> {
    let text = parser.text();
    let first = trim(text, parser.line(wrapped.lines.start)?);
    let below =
        (wrapped.lines.start + 1..wrapped.lines.end).find(|&line| !parser.is_blank(line))?;
    let rest = trim(text, parser.line(below)?);
    let label = if wrapped.has_blank {
        "a cell of this row contains a blank line"
    } else {
        "the row continues below"
    };
    let detection = TableDetection::new(TableDefect::Wrapped, first)
        .with_label(label)
        .with_related(rest, "part of the row above");
    let detection = detection.with_fix("join the lines", joints(parser, wrapped));
    Some(if wrapped.has_blank { detection.heuristic() } else { detection })
}

/// Returns the edits that put a wrapped row on one line, with one blank on each side of a pipe.
fn joints(parser: &TableParser<'_, '_>, wrapped: &WrappedRow) -> Vec<Edit> {
    let text = parser.text();
    let mut edits: Vec<Edit> = Vec::new();
    let mut end = None;
    for line in wrapped.lines.clone().filter(|&line| !parser.is_blank(line)) {
        let Some(span) = parser.line(line) else { continue };
        let start = span.start + super::row::prefix_length(&text[span.range()]);
        let content = trim(text, Span::new(start, span.end));
        edits.extend(
            end.map(|end| Edit { span: Span::new(end, content.start), content: " ".to_owned() }),
        );
        let borders = super::row::borders(text, content);
        edits.extend(borders.flat_map(|pipe| collapse_blanks(text, content, pipe)));
        end = Some(content.end);
    }
    edits.sort_by_key(|edit| edit.span);
    edits.dedup_by_key(|edit| edit.span);
    edits
}

/// Returns edits that collapse the blanks around the pipe at `pipe`, within `line`.
fn collapse_blanks(text: &str, line: Span, pipe: usize) -> impl Iterator<Item = Edit> {
    let bytes = text.as_bytes();
    let is_blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let before = bytes[line.start..pipe].iter().rev().take_while(is_blank).count();
    let after = bytes[pipe + 1..line.end].iter().take_while(is_blank).count();
    let gaps = [Span::new(pipe - before, pipe), Span::new(pipe + 1, pipe + 1 + after)];
    gaps.into_iter().filter(|gap| gap.len() > 1).map(|span| Edit { span, content: " ".to_owned() })
}

/// Detects list markers before rows. One before the header may be the list item that contains the
/// table.
fn detect_list_markers(parser: &TableParser<'_, '_>, table: &Table) -> Vec<TableDetection> {
    let is_item = table
        .header
        .as_ref()
        .is_some_and(|header| parser.gfm.table_at(header.span.start).is_some());
    let head =
        table.header.iter().chain(table.delimiter.iter().map(|(row, ..)| row)).filter(|_| !is_item);
    head.chain(table.rows())
        .filter_map(|row| {
            let marker = row.marker?;
            let sign = trim(parser.text(), marker);
            let edit = Edit { span: marker, content: String::new() };
            Some(
                TableDetection::new(TableDefect::ListMarker, sign)
                    .with_fix("remove the marker", vec![edit]),
            )
        })
        .collect()
}

/// Formats a count with its noun: "1 cell", "2 cells".
pub(super) fn pluralize(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
