//! One line read as a row of cells.

use crate::text::{Span, trim};

/// A line with at least one pipe that GFM takes for a border of cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Index of the line.
    pub(super) line: usize,
    /// Indentation and quotation marks before the row.
    pub(super) prefix: Span,
    /// Depth of quotation.
    pub(super) quotes: usize,
    /// A list marker between the prefix and the first pipe, its blanks included.
    pub(super) marker: Option<Span>,
    /// From the first pipe or cell to the last, without outer blanks.
    pub(super) span: Span,
    /// Whether it begins with a pipe.
    pub(super) leading: bool,
    /// Whether it ends with a pipe.
    pub(super) trailing: bool,
    /// What stands between the pipes, blanks included.
    pub(super) cells: Vec<Span>,
    /// What it is made of and its number of columns, where this is a row of dashes.
    pub(super) dashes: Option<(Dashes, usize)>,
}

/// What a row of dashes is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dashes {
    /// Hyphens and colons: a delimiter row as GFM has it.
    Exact,
    /// Other dashes, equals signs, box drawing, or crosses between the columns.
    Alike,
}

impl Row {
    /// Reads line `line`, which is `span` of `text`; `None` if no pipe in it borders a cell.
    pub(super) fn parse(text: &str, line: usize, span: Span) -> Option<Self> {
        let start = span.start + prefix_length(&text[span.range()]);
        let prefix = Span::new(span.start, start);
        let content = trim(text, Span::new(start, span.end));
        let marker =
            marker_length(&text[content.range()]).map(|length| Span::new(content.start, content.start + length));
        let content = marker.map_or(content, |marker| Span::new(marker.end, content.end));

        let pipes: Vec<usize> = borders(text, content).collect();
        let (&first, &last) = (pipes.first()?, pipes.last()?);
        let leading = first == content.start;
        let trailing = last + 1 == content.end && (pipes.len() > 1 || !leading);
        let mut cells = Vec::with_capacity(pipes.len() + 1);
        let mut at = content.start;
        for pipe in pipes {
            if pipe > content.start {
                cells.push(Span::new(at, pipe));
            }
            at = pipe + 1;
        }
        if !trailing {
            cells.push(Span::new(at, content.end));
        }
        let quotes = memchr::memchr_iter(b'>', text[prefix.range()].as_bytes()).count();
        let dashes = dashes(text, &cells).filter(|(kind, _)| *kind == Dashes::Exact || leading && trailing);
        Some(Self { line, prefix, quotes, marker, span: content, leading, trailing, cells, dashes })
    }

    /// Whether it begins and ends with a pipe, as prose and shell commands do not.
    pub(super) fn is_firm(&self) -> bool {
        self.leading && self.trailing
    }

    /// Whether no cell holds anything.
    pub(super) fn is_blank(&self, text: &str) -> bool {
        self.cells.iter().all(|cell| text[cell.range()].trim().is_empty())
    }

    /// Whether the rows say the same, blanks aside.
    pub(super) fn says_same(&self, text: &str, other: &Row) -> bool {
        self.cells.len() == other.cells.len()
            && self
                .cells
                .iter()
                .zip(&other.cells)
                .all(|(left, right)| text[left.range()].trim() == text[right.range()].trim())
    }
}

/// What dashes cells are made of, if all are, and how many columns they part.
fn dashes(text: &str, cells: &[Span]) -> Option<(Dashes, usize)> {
    let mut kind = Dashes::Exact;
    let mut columns = 0;
    for cell in cells {
        let cell = text[cell.range()].trim();
        if !is_delimiter_cell(cell) {
            kind = Dashes::Alike;
            for part in cell.split('+') {
                let core = part.trim().trim_start_matches(':').trim_end_matches(':');
                if core.is_empty() || !core.chars().all(is_dash) {
                    return None;
                }
            }
        }
        columns += 1 + cell.matches('+').count();
    }
    Some((kind, columns))
}

/// `:---:` and the like.
pub(super) fn is_delimiter_cell(cell: &str) -> bool {
    let core = cell.strip_prefix(':').unwrap_or(cell);
    let core = core.strip_suffix(':').unwrap_or(core);
    !core.is_empty() && core.bytes().all(|byte| byte == b'-')
}

fn is_dash(character: char) -> bool {
    matches!(character, '-' | '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '─' | '━' | '═' | '=' | '╌' | '┄')
}

/// Pipes within `span` that no backslash escapes.
pub(super) fn borders(text: &str, span: Span) -> impl Iterator<Item = usize> + '_ {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'|', &bytes[span.range()])
        .map(move |offset| span.start + offset)
        .filter(move |&at| at == span.start || bytes[at - 1] != b'\\')
}

/// Bytes of indentation and quotation marks at the start of `line`.
pub(super) fn prefix_length(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t', '>']).len()
}

/// Bytes of a list marker before a row that begins with a pipe.
fn marker_length(content: &str) -> Option<usize> {
    let rest = content.strip_prefix(['*', '-', '+', '•', '▪', '◦', '‣', '●', '–'])?;
    let row = rest.trim_start();
    (row.len() < rest.len() && row.starts_with('|')).then_some(content.len() - row.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<&str> {
        let row = Row::parse(text, 0, Span::new(0, text.len()));
        row.map(|row| row.cells.iter().map(|cell| text[cell.range()].trim()).collect()).unwrap_or_default()
    }

    #[test]
    fn cells_stand_between_pipes() {
        assert_eq!(cells("| a | b |"), ["a", "b"]);
        assert_eq!(cells("a | b"), ["a", "b"]);
        assert_eq!(cells("| a | b"), ["a", "b"]);
        assert_eq!(cells("a |"), ["a"]);
        assert_eq!(cells("|"), [""]);
        assert_eq!(cells("| |"), [""]);
        assert_eq!(cells("| a || b |"), ["a", "", "b"]);
        assert_eq!(cells(r"| a \| b | c |"), [r"a \| b", "c"]);
        assert_eq!(cells("> * | a | b |"), ["a", "b"]);
        assert_eq!(cells("no pipe"), [""; 0]);
    }

    #[test]
    fn dashes_of_every_kind() {
        let dashes = |text: &str| Row::parse(text, 0, Span::new(0, text.len())).unwrap().dashes;
        assert_eq!(dashes("|---|:-:|"), Some((Dashes::Exact, 2)));
        assert_eq!(dashes("--- | ---"), Some((Dashes::Exact, 2)));
        assert_eq!(dashes("|———|———|"), Some((Dashes::Alike, 2)));
        assert_eq!(dashes("|---+---|"), Some((Dashes::Alike, 2)));
        assert_eq!(dashes("|===|===|"), Some((Dashes::Alike, 2)));
        assert_eq!(dashes("| a | --- |"), None);
        assert_eq!(dashes("| | |"), None);
    }
}
