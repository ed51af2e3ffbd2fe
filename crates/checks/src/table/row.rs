//! One line parsed as a row of cells.

use dechaff_text::{Span, trim};

/// A line with at least one unescaped pipe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// Index of the line.
    pub(super) line: usize,
    /// Indentation and quote markers before the row.
    pub(super) prefix: Span,
    /// Quotation depth.
    pub(super) quotes: usize,
    /// A list marker between the prefix and the first pipe, including its blanks.
    pub(super) marker: Option<Span>,
    /// From the first pipe or cell to the last, without surrounding blanks.
    pub(super) span: Span,
    /// Whether it starts with a pipe.
    pub(super) leading: bool,
    /// Whether it ends with a pipe.
    pub(super) trailing: bool,
    /// The text between the pipes, including blanks.
    pub(super) cells: Vec<Span>,
    /// If this is a delimiter row, its kind and number of columns.
    pub(super) delimiter: Option<(DelimiterKind, usize)>,
}

/// The characters of a delimiter row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DelimiterKind {
    /// Hyphens and colons, as GFM requires.
    Exact,
    /// Other dashes, equals signs, box drawing, or plus signs between the columns.
    Lookalike,
}

impl Row {
    /// Parses line `line`, which is `span` of `text`. Returns `None` without an unescaped pipe.
    pub(super) fn parse(text: &str, line: usize, span: Span) -> Option<Self> {
        let start = span.start + prefix_length(&text[span.range()]);
        let prefix = Span::new(span.start, start);
        let content = trim(text, Span::new(start, span.end));
        let marker = marker_length(&text[content.range()])
            .map(|length| Span::new(content.start, content.start + length));
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
        let delimiter = parse_delimiter(text, &cells)
            .filter(|(kind, _)| *kind == DelimiterKind::Exact || leading && trailing);
        Some(Self {
            line,
            prefix,
            quotes,
            marker,
            span: content,
            leading,
            trailing,
            cells,
            delimiter,
        })
    }

    /// Whether it starts and ends with a pipe, unlike prose and shell commands.
    pub(super) fn has_outer_pipes(&self) -> bool {
        self.leading && self.trailing
    }

    /// Whether all cells are empty.
    pub(super) fn is_blank(&self, text: &str) -> bool {
        self.cells.iter().all(|cell| text[cell.range()].trim().is_empty())
    }

    /// Whether both rows have the same cells, ignoring blanks.
    pub(super) fn has_same_cells(&self, text: &str, other: &Row) -> bool {
        self.cells.len() == other.cells.len()
            && self
                .cells
                .iter()
                .zip(&other.cells)
                .all(|(left, right)| text[left.range()].trim() == text[right.range()].trim())
    }
}

/// If all cells are delimiter cells, returns their kind and the number of columns.
fn parse_delimiter(text: &str, cells: &[Span]) -> Option<(DelimiterKind, usize)> {
    let mut kind = DelimiterKind::Exact;
    let mut columns = 0;
    for cell in cells {
        let cell = text[cell.range()].trim();
        if !is_delimiter_cell(cell) {
            kind = DelimiterKind::Lookalike;
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

/// Whether a cell is `---`, `:---:` or the like.
pub(super) fn is_delimiter_cell(cell: &str) -> bool {
    let core = cell.strip_prefix(':').unwrap_or(cell);
    let core = core.strip_suffix(':').unwrap_or(core);
    !core.is_empty() && core.bytes().all(|byte| byte == b'-')
}

fn is_dash(character: char) -> bool {
    matches!(
        character,
        '-' | '‐'
            | '‑'
            | '‒'
            | '–'
            | '—'
            | '―'
            | '−'
            | '─'
            | '━'
            | '═'
            | '='
            | '╌'
            | '┄'
    )
}

/// Returns the unescaped pipes in `span`.
pub(super) fn borders(text: &str, span: Span) -> impl Iterator<Item = usize> + '_ {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'|', &bytes[span.range()])
        .map(move |offset| span.start + offset)
        .filter(move |&at| at == span.start || bytes[at - 1] != b'\\')
}

/// Returns the length of the indentation and quote markers at the start of `line`.
pub(super) fn prefix_length(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t', '>']).len()
}

/// Returns the length of a list marker before a row that starts with a pipe.
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
        row.map(|row| row.cells.iter().map(|cell| text[cell.range()].trim()).collect())
            .unwrap_or_default()
    }

    #[test]
    fn splits_rows_at_unescaped_pipes() {
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
    fn recognises_delimiter_rows() {
        let delimiter =
            |text: &str| Row::parse(text, 0, Span::new(0, text.len())).unwrap().delimiter;
        assert_eq!(delimiter("|---|:-:|"), Some((DelimiterKind::Exact, 2)));
        assert_eq!(delimiter("--- | ---"), Some((DelimiterKind::Exact, 2)));
        assert_eq!(delimiter("|———|———|"), Some((DelimiterKind::Lookalike, 2)));
        assert_eq!(delimiter("|---+---|"), Some((DelimiterKind::Lookalike, 2)));
        assert_eq!(delimiter("|===|===|"), Some((DelimiterKind::Lookalike, 2)));
        assert_eq!(delimiter("| a | --- |"), None);
        assert_eq!(delimiter("| | |"), None);
    }
}
