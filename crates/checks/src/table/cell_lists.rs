//! Lists in table cells: stray markers, and items run together on one line.

use super::defect::{TableDefect, TableDetection};
use super::parse::{BodyLine, Table, TableParser};
use dechaff_findings::Edit;
use dechaff_text::{Span, trim};

/// Minimum number of items in a list.
const MIN_ITEMS: usize = 2;
/// Minimum number of items if dashes may be punctuation and no other cell has such a list.
const MIN_DASHED_ITEMS: usize = 3;
/// Maximum number of digits in an item number.
const MAX_DIGITS: usize = 2;

/// A list run together within a cell.
struct CellList {
    /// From the first marker to the end of the cell.
    span: Span,
    items: usize,
    is_dashed: bool,
}

/// Detects lists and stray markers in the cells of `table`.
pub(super) fn detect(
    parser: &TableParser<'_, '_>,
    table: &Table,
    detections: &mut Vec<TableDetection>,
) {
    let text = parser.text();
    let rows = || {
        table.body.iter().filter_map(|entry| match entry {
            BodyLine::Row(row) => Some(row),
            BodyLine::Wrapped(wrapped) => Some(&wrapped.row),
            BodyLine::Stray(_) | BodyLine::Trailing => None,
        })
    };
    let cells = rows().flat_map(|row| &row.cells);
    let lists: Vec<CellList> =
        cells.filter_map(|&cell| parse_list(text, trim(text, cell))).collect();
    let several_dashed = lists.iter().filter(|list| list.is_dashed).count() > 1;
    let is_list =
        |list: &&CellList| !list.is_dashed || several_dashed || list.items >= MIN_DASHED_ITEMS;
    for list in lists.iter().filter(is_list) {
        let label = format!("{} items on one line", list.items);
        detections.push(TableDetection::new(TableDefect::CellList, list.span).with_label(label));
    }

    let mut filled = vec![0_usize; table.columns];
    let mut marked: Vec<(usize, Span)> = Vec::new();
    let mut has_footnotes = false;
    for row in rows() {
        for (column, &cell) in row.cells.iter().enumerate().take(table.columns) {
            let content = trim(text, cell);
            let slice = &text[content.range()];
            filled[column] += usize::from(!slice.is_empty());
            has_footnotes |=
                slice.ends_with('*') && memchr::memchr_iter(b'*', slice.as_bytes()).count() == 1;
            if let Some(marker) = marker(slice) {
                marked.push((column, Span::new(content.start, content.start + marker)));
            }
        }
    }
    let mut with_marker = vec![0_usize; table.columns];
    marked.iter().for_each(|(column, _)| with_marker[*column] += 1);
    for (column, marker) in marked {
        if with_marker[column] * 2 > filled[column]
            || has_footnotes && text[marker.range()].starts_with('*')
        {
            continue;
        }
        let edits = vec![Edit { span: marker, content: String::new() }];
        detections.push(
            TableDetection::new(TableDefect::ListMarker, trim(text, marker))
                .with_fix("remove the marker", edits),
        );
    }
}

/// Returns the length of the marker and its blanks before a cell's only item.
///
/// Dashes and plus signs are not markers here: they may be quotations, negative numbers or sums.
fn marker(cell: &str) -> Option<usize> {
    let rest = cell.strip_prefix(['*', '•', '▪', '●', '◦'])?;
    let item = rest.trim_start_matches(' ');
    let is_item = item.len() < rest.len() && item.chars().next().is_some_and(char::is_alphabetic);
    let is_list = [" * ", " - ", " • ", "<br", " + "].iter().any(|mark| item.contains(mark));
    let is_one_word = item.split(' ').nth(1).is_none();
    (is_item && !is_list && !is_one_word).then_some(cell.len() - item.len())
}

/// Parses the list that the cell at `content` holds on one line.
fn parse_list(text: &str, content: Span) -> Option<CellList> {
    let cell = &text[content.range()];
    // `<br>` and `<li>` are the proper way to write lists in cells.
    if cell.is_empty() || cell.contains("<br") || cell.contains("<li") {
        return None;
    }
    let (at, items, is_dashed) =
        parse_bulleted(cell).or_else(|| parse_numbered(cell)).or_else(|| parse_lettered(cell))?;
    Some(CellList { span: Span::new(content.start + at, content.end), items, is_dashed })
}

/// Returns where a bulleted list starts, its number of items, and whether dashes mark them.
fn parse_bulleted(cell: &str) -> Option<(usize, usize, bool)> {
    /// Bounds the starts tried, so that long cells do not take quadratic time.
    const MAX_STARTS: usize = 4;
    let signs = cell.match_indices(['*', '-', '+', '–', '•', '▪', '●', '◦', '‣', '·', '・']);
    let mut starts = signs.filter(|(at, _)| is_list_start(&cell[..*at])).take(MAX_STARTS);
    starts.find_map(|(at, sign)| {
        let is_dashed = matches!(sign, "-" | "–" | "+" | "·");
        let items = count_bulleted(&cell[at..], sign, !is_dashed && sign != "*");
        (items >= MIN_ITEMS).then_some((at, items, is_dashed))
    })
}

/// Counts the items of a list that begins with its first `sign`. Returns 0 if one of them cannot be
/// an item.
fn count_bulleted(list: &str, sign: &str, is_bullet: bool) -> usize {
    let mut items = 0;
    let mut before = ' ';
    let mut is_code = false;
    for (index, part) in list.split(sign).enumerate() {
        if index > 0 && !is_code && (is_bullet || before == ' ' && part.starts_with(' ')) {
            if !is_item(part, is_bullet || sign == "*") {
                return 0;
            }
            items += 1;
        }
        is_code ^= part.matches('`').count() % 2 == 1;
        // Two signs in a row are not markers.
        before = part.chars().next_back().unwrap_or(if index == 0 { ' ' } else { 'x' });
    }
    items
}

/// Whether `text` may be an item. After a sign that can also be an operator, an item does not begin
/// with a number.
fn is_item(text: &str, may_be_number: bool) -> bool {
    let text = text.trim_start();
    let begins = |first: char| {
        first.is_alphabetic()
            || may_be_number && first.is_numeric()
            || matches!(first, '`' | '[' | '(' | '"' | '“' | '„' | '«' | '「')
    };
    text.starts_with(begins) && text.contains(char::is_alphabetic)
}

/// Returns where a numbered list starts and its number of items: `1. one 2. two`, `1) one 2) two`,
/// `(1) one (2) two`.
fn parse_numbered(cell: &str) -> Option<(usize, usize, bool)> {
    let mut start = None;
    let mut style = "";
    let mut items = 0_usize;
    let mut at = 0;
    while let Some(offset) = cell[at..].find(|character: char| character.is_ascii_digit()) {
        let digits = at + offset;
        let length = cell[digits..].bytes().take_while(u8::is_ascii_digit).count();
        at = digits + length;
        let open = digits - usize::from(cell[..digits].ends_with('('));
        let close = match (open < digits, cell.as_bytes().get(at)) {
            (false, Some(b'.')) => ".",
            (false, Some(b')')) => ")",
            (true, Some(b')')) => "()",
            _ => continue,
        };
        let item = &cell[at + 1..];
        let begins =
            item.trim_start().starts_with(|first: char| !first.is_ascii_digit() && first != '|');
        let is_apart = item.starts_with(' ') || item.starts_with(|first: char| !first.is_ascii());
        let is_next = length <= MAX_DIGITS && cell[digits..at].parse() == Ok(items + 1);
        if !begins || !is_apart || !is_next || !style.is_empty() && style != close {
            continue;
        }
        let before = &cell[..open];
        if items == 0 && !is_list_start(before) || items > 0 && !before.ends_with([' ', ';', ',']) {
            continue;
        }
        start.get_or_insert(open);
        style = close;
        items += 1;
    }
    start.filter(|_| items >= MIN_ITEMS).map(|start| (start, items, false))
}

/// Returns where a list marked `①`, `②` or `a)`, `b)` starts, and its number of items.
fn parse_lettered(cell: &str) -> Option<(usize, usize, bool)> {
    let markers = |first: char, close: &'static str| {
        (first..).take(26).map(move |letter| format!("{letter}{close}"))
    };
    [('①', ""), ('a', ")"), ('A', ")")].into_iter().find_map(|(first, close)| {
        let mut at = 0;
        let mut start = None;
        let mut items = 0;
        for marker in markers(first, close) {
            let mut places =
                cell[at..].match_indices(marker.as_str()).map(|(offset, _)| at + offset);
            let begins = |place: &usize| {
                let (before, after) = (&cell[..*place], &cell[*place + marker.len()..]);
                let is_apart = close.is_empty() || before.ends_with(' ') && after.starts_with(' ');
                let is_first =
                    is_list_start(before) && (close.is_empty() || after.starts_with(' '));
                if items == 0 { is_first } else { is_apart }
            };
            let Some(place) = places.find(begins) else { break };
            start.get_or_insert(place);
            at = place + marker.len();
            items += 1;
        }
        start.filter(|_| items >= MIN_ITEMS).map(|start| (start, items, false))
    })
}

/// Whether a list may start after `before`: at the start of the cell, or after a colon.
fn is_list_start(before: &str) -> bool {
    let before = before.trim_end();
    before.is_empty() || before.ends_with([':', '：'])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(cell: &str) -> usize {
        parse_list(cell, Span::new(0, cell.len())).map_or(0, |list| list.items)
    }

    #[test]
    fn counts_items_run_together_on_one_line() {
        for (cell, count) in [
            ("* sweep the yard * feed the hens * mend the gate", 3),
            ("- sweep the yard - feed the hens", 2),
            ("• sweep the yard • feed the hens", 2),
            ("•sweep the yard •feed the hens", 2),
            ("Each day: * sweep the yard * feed the hens", 2),
            ("1. clean the wheel 2. oil the shaft 3. fill the sacks", 3),
            ("1) clean the wheel 2) oil the shaft", 2),
            ("(1) clean the wheel (2) oil the shaft", 2),
            ("Steps: 1. clean 2. oil", 2),
            ("・庭を掃く", 0),
            ("・りんご・なし・もも", 3),
            ("りんご・なし・もも", 0),
            ("① 洗う ② 切る ③ 煮る", 3),
            ("a) Äpfel waschen b) schälen c) schneiden", 3),
            ("a) one item", 0),
            ("1. 車輪を洗う 2. 油をさす", 2),
            ("* well-known * half-done", 2),
            ("* `a * b` is code * 2 eggs", 2),
        ] {
            assert_eq!(items(cell), count, "{cell}");
        }
        for cell in [
            "* one item",
            "- 3 - 4",
            "*emphasis* and *more*",
            "2 * 3 * 4",
            "1.5 and 2.5",
            "1. See page 2. It is long",
            "version 1. or 2. of it",
            "- fast<br>- small",
            "well-known, half-done",
            "A. Smith B. Jones",
            "a - b - c",
            "",
        ] {
            let found = items(cell);
            assert!(found == 0 || cell.starts_with("1. See"), "{cell}: {found}");
        }
    }
}
