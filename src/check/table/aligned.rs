//! Columns made with tabs or blanks instead of pipes.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::fault::{Defect, Fault};
use crate::text::{BlockKind, Document, Span, trim};

/// Fewest lines in a row with the same columns.
const FEWEST_LINES: usize = 3;
/// Longest line that may be a row, in bytes.
const LONGEST_LINE: usize = 240;
/// Fewest columns: two are a list of terms, or an address.
const FEWEST_COLUMNS: usize = 3;

/// Adds runs of lines whose columns are held together by blanks alone.
pub(super) fn faults(document: &Document<'_>, faults: &mut Vec<Fault>) {
    let mut run: Option<Run> = None;
    let text = document.text().as_bytes();
    let (mut tabs, mut blanks) = (memchr::memchr_iter(b'\t', text).peekable(), TWO_BLANKS.find_iter(text).peekable());
    for block in document.blocks() {
        let is_text = block.kind == BlockKind::Paragraph;
        for line in block.lines.clone() {
            let span = document.lines().get(line).copied().filter(|span| is_text && span.len() <= LONGEST_LINE);
            let may_have_gaps = |span: &Span| {
                let is_before = |hit: &usize| *hit < span.start;
                while tabs.next_if(is_before).is_some() {}
                while blanks.next_if(is_before).is_some() {}
                [tabs.peek(), blanks.peek()].into_iter().flatten().any(|hit| *hit < span.end)
            };
            let span = span.filter(may_have_gaps);
            let gaps = span.and_then(|span| gaps(document.slice(span)));
            let next = span.zip(gaps);
            let goes_on = run.as_mut().zip(next.as_ref()).is_some_and(|(run, (_, gaps))| run.goes_on(gaps));
            if !goes_on {
                faults.extend(run.take().and_then(|run| run.fault(document)));
                run = next.map(|(span, gaps)| Run { first: span, lines: 1, gaps });
            }
        }
    }
    faults.extend(run.and_then(|run| run.fault(document)));
}

static TWO_BLANKS: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(b"  "));

/// What parts the cells of a line.
#[derive(Debug, PartialEq, Eq)]
enum Gaps {
    /// That many tabs.
    Tabs(usize),
    /// Two blanks or more, each by the columns of its first and of the character after it.
    Blanks(Vec<(usize, usize)>),
}

struct Run {
    first: Span,
    lines: usize,
    gaps: Gaps,
}

impl Run {
    /// Takes a line with `gaps` into the run if it has the same columns.
    fn goes_on(&mut self, gaps: &Gaps) -> bool {
        let alike = match (&mut self.gaps, gaps) {
            (Gaps::Tabs(ours), Gaps::Tabs(theirs)) => ours == theirs,
            (Gaps::Blanks(ours), Gaps::Blanks(theirs)) if ours.len() == theirs.len() => {
                let shared: Vec<(usize, usize)> =
                    ours.iter().zip(theirs).map(|(our, their)| (our.0.max(their.0), our.1.min(their.1))).collect();
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

    fn fault(self, document: &Document<'_>) -> Option<Fault> {
        let columns = 1 + match &self.gaps {
            Gaps::Tabs(count) => *count,
            Gaps::Blanks(gaps) => gaps.len(),
        };
        let first = trim(document.text(), self.first);
        let label = format!("the first of {} lines with {columns} columns", self.lines);
        (self.lines >= FEWEST_LINES).then(|| Fault::new(Defect::Aligned, first).label(label))
    }
}

/// The gaps of a line that has enough of them and a cell on each side of each.
fn gaps(line: &str) -> Option<Gaps> {
    let line = line.trim_end();
    if line.starts_with(char::is_whitespace) || memchr::memchr(b'|', line.as_bytes()).is_some() {
        return None;
    }
    if memchr::memchr(b'\t', line.as_bytes()).is_some() {
        let cells = line.split('\t');
        let count = cells.clone().count();
        return (count >= FEWEST_COLUMNS && cells.clone().all(is_cell)).then_some(Gaps::Tabs(count - 1));
    }
    TWO_BLANKS.find(line.as_bytes())?;
    let (mut gaps, mut blanks) = (Vec::new(), 0);
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
    (gaps.len() + 1 >= FEWEST_COLUMNS).then_some(Gaps::Blanks(gaps))
}

/// A cell holds a few words, or a number.
fn is_cell(cell: &str) -> bool {
    const MOST_BYTES: usize = 60;
    cell.len() <= MOST_BYTES && !cell.trim().is_empty()
}
