//! Columns aligned with tabs or spaces instead of pipes.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::defect::{TableDefect, TableDetection};
use dechaff_text::{BlockKind, Document, Span, trim};

/// Minimum number of consecutive lines with the same columns.
const MIN_LINES: usize = 3;
/// Maximum length of a row, in bytes.
const MAX_LINE_BYTES: usize = 240;
/// Minimum number of columns: two columns are a list of terms, or an address.
const MIN_COLUMNS: usize = 3;

/// Detects runs of lines whose columns are separated only by whitespace.
pub(super) fn detect(document: &Document<'_>, detections: &mut Vec<TableDetection>) {
    let mut run: Option<Run> = None;
    let text = document.text().as_bytes();
    let mut tabs = memchr::memchr_iter(b'\t', text).peekable();
    let mut blanks = TWO_BLANKS.find_iter(text).peekable();
    for block in document.blocks() {
        let is_text = block.kind == BlockKind::Paragraph;
        for line in block.lines.clone() {
            let span = document
                .lines()
                .get(line)
                .copied()
                .filter(|span| is_text && span.len() <= MAX_LINE_BYTES);
            let may_have_gaps = |span: &Span| {
                let is_before = |hit: &usize| *hit < span.start;
                while tabs.next_if(is_before).is_some() {}
                while blanks.next_if(is_before).is_some() {}
                [tabs.peek(), blanks.peek()].into_iter().flatten().any(|hit| *hit < span.end)
            };
            let span = span.filter(may_have_gaps);
            let gaps = span.and_then(|span| gaps(document.slice(span)));
            let next = span.zip(gaps);
            let continues =
                run.as_mut().zip(next.as_ref()).is_some_and(|(run, (_, gaps))| run.continues(gaps));
            if !continues {
                detections.extend(run.take().and_then(|run| run.detection(document)));
                run = next.map(|(span, gaps)| Run { first: span, lines: 1, gaps });
            }
        }
    }
    detections.extend(run.and_then(|run| run.detection(document)));
}

/// Builds the searcher for blanks.
pub(super) fn warm_up() {
    LazyLock::force(&TWO_BLANKS);
}

static TWO_BLANKS: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"  "));

/// The gaps between the cells of a line.
#[derive(Debug, PartialEq, Eq)]
enum ColumnGaps {
    /// The number of tabs.
    Tabs(usize),
    /// Runs of two or more spaces, each as the column where it starts and the column after its end.
    Blanks(Vec<(usize, usize)>),
}

struct Run {
    first: Span,
    lines: usize,
    gaps: ColumnGaps,
}

impl Run {
    /// Adds a line with `gaps` to the run if its columns line up.
    fn continues(&mut self, gaps: &ColumnGaps) -> bool {
        let alike = match (&mut self.gaps, gaps) {
            (ColumnGaps::Tabs(ours), ColumnGaps::Tabs(theirs)) => ours == theirs,
            (ColumnGaps::Blanks(ours), ColumnGaps::Blanks(theirs))
                if ours.len() == theirs.len() =>
            {
                let shared: Vec<(usize, usize)> = ours
                    .iter()
                    .zip(theirs)
                    .map(|(our, their)| (our.0.max(their.0), our.1.min(their.1)))
                    .collect();
                let any = shared.iter().all(|(start, end)| end >= &(start + 2));
                if any {
                    *ours = shared;
                }
                any
            }
            _ => false,
        };
        self.lines += usize::from(alike);
        alike
    }

    fn detection(self, document: &Document<'_>) -> Option<TableDetection> {
        let columns = 1 + match &self.gaps {
            ColumnGaps::Tabs(count) => *count,
            ColumnGaps::Blanks(gaps) => gaps.len(),
        };
        let first = trim(document.text(), self.first);
        let label = format!("the first of {} lines with {columns} columns", self.lines);
        (self.lines >= MIN_LINES)
            .then(|| TableDetection::new(TableDefect::Aligned, first).with_label(label))
    }
}

/// Returns the gaps of a line, if there are enough of them and each has a cell on both sides.
fn gaps(line: &str) -> Option<ColumnGaps> {
    let line = line.trim_end();
    if line.starts_with(char::is_whitespace) || memchr::memchr(b'|', line.as_bytes()).is_some() {
        return None;
    }
    if memchr::memchr(b'\t', line.as_bytes()).is_some() {
        let cells = line.split('\t');
        let count = cells.clone().count();
        return (count >= MIN_COLUMNS && cells.clone().all(is_cell))
            .then_some(ColumnGaps::Tabs(count - 1));
    }
    TWO_BLANKS.find(line.as_bytes())?;
    let mut gaps = Vec::new();
    let mut blanks = 0;
    for (column, character) in line.chars().enumerate() {
        if character == ' ' {
            blanks += 1;
            continue;
        }
        if blanks >= 2 {
            gaps.push((column - blanks, column));
        }
        blanks = 0;
    }
    (gaps.len() + 1 >= MIN_COLUMNS).then_some(ColumnGaps::Blanks(gaps))
}

/// A cell holds a few words or a number.
fn is_cell(cell: &str) -> bool {
    const MAX_BYTES: usize = 60;
    cell.len() <= MAX_BYTES && !cell.trim().is_empty()
}
