//! The lines of a page that may recur on other pages of its site.

use crate::duplicate::{Tokens, hash_sequence};
use dechaff_text::{BlockKind, Document, Span, ends_sentence, trim};

/// The part of a page that a line is in. The same words in another part do not count as the same
/// line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Zone {
    /// Before the first paragraph of prose, table or code block.
    Top,
    /// Between these, or on a page without them.
    Between,
    /// After the last of them.
    Bottom,
}

impl Zone {
    /// Describes the zone in a note.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Top => "above the text",
            Self::Between => "between the text",
            Self::Bottom => "below the text",
        }
    }
}

/// A nonblank line of a page.
#[derive(Debug)]
pub(super) struct SiteLine {
    pub(super) span: Span,
    pub(super) block: usize,
    pub(super) zone: Zone,
    /// A hash of its zone and its words. `None` for lines that are never page furniture: prose,
    /// table rows, code and lines without letters.
    pub(super) key: Option<u64>,
}

/// Returns the nonblank lines of a page, in order.
pub(super) fn page_lines(document: &Document<'_>) -> Vec<SiteLine> {
    let blocks = document.blocks();
    let body = |&block: &usize| is_text_body(document, block);
    let first = (0..blocks.len()).find(body);
    let last = (0..blocks.len()).rev().find(body);
    let mut lines = Vec::new();
    let mut tokens = Tokens::default();
    for (index, block) in blocks.iter().enumerate() {
        if block.kind == BlockKind::Blank {
            continue;
        }
        let zone = match first.zip(last) {
            Some((first, _)) if index < first => Zone::Top,
            Some((_, last)) if index > last => Zone::Bottom,
            _ => Zone::Between,
        };
        let may_recur = block.kind.is_text() && !document.is_prose(index);
        for line in document.lines().get(block.lines.clone()).unwrap_or_default() {
            let span = trim(document.text(), *line);
            if !span.is_empty() {
                let key =
                    if may_recur { line_key(document, span, zone, &mut tokens) } else { None };
                lines.push(SiteLine { span, block: index, zone, key });
            }
        }
    }
    lines
}

/// Whether a block certainly belongs to the text of a page.
fn is_text_body(document: &Document<'_>, block: usize) -> bool {
    let one = &document.blocks()[block];
    match one.kind {
        BlockKind::Code => true,
        BlockKind::Table => one.lines.len() > 1,
        _ => document.is_prose(block),
    }
}

fn line_key(document: &Document<'_>, span: Span, zone: Zone, tokens: &mut Tokens) -> Option<u64> {
    /// Maximum length of a line. Longer ones are text or data.
    const MAX_BYTES: usize = 1_000;
    if span.len() > MAX_BYTES {
        return None;
    }
    tokens.parse_into(document.text(), span);
    tokens.has_letters.then(|| add_hash(zone as u64, tokens.exact))
}

/// Combines two hashes.
pub(super) fn add_hash(state: u64, hash: u64) -> u64 {
    hash_sequence([state, hash].into_iter())
}

/// Returns the indexes of the lines that are page furniture, given which lines recur.
///
/// A line that recurs may still be content: the heading of a section on each page, the label of a
/// value, or a step of every recipe. So lines only count at the edge of the page, or if several in
/// a row are neither sentences nor headings. A line that may be the heading or label of the text
/// below it stays.
pub(super) fn furniture(
    document: &Document<'_>,
    lines: &[SiteLine],
    recurs: impl Fn(usize) -> Recurrence,
) -> Vec<usize> {
    let mut recurrences: Vec<Recurrence> = (0..lines.len()).map(recurs).collect();
    keep_content_items(document, lines, &mut recurrences);
    let recurrences = recurrences;
    let is_rare = |index: usize| {
        recurrences.get(index).is_none_or(|recurrence| *recurrence == Recurrence::Rare)
    };
    let mut found = Vec::new();
    let mut end = 0;
    while end < lines.len() {
        let start = end;
        end += recurrences[start..]
            .iter()
            .take_while(|recurrence| **recurrence != Recurrence::Rare)
            .count();
        let run = start..end;
        end += 1;
        if run.is_empty() {
            continue;
        }
        if run.start == 0 || run.end == lines.len() {
            let is_sentence = run.len() == 1 && ends_sentence(document.slice(lines[start].span));
            // A short sentence may recur because pages are similar. If it is on most of them, it is
            // printed by the site.
            let is_doubtful = is_sentence && recurrences[start] != Recurrence::Usual;
            // Labels and values alternate.
            let is_label = run.len() == 1 && run.end + 1 < lines.len() && !is_rare(run.end + 1);
            if !is_doubtful && !is_label {
                found.extend(run.start..run.end - headings_at_end(document, lines, run.clone()));
            }
            continue;
        }
        let is_text = |index: &usize| {
            let line = &lines[*index];
            ends_sentence(document.slice(line.span))
                || document.marked_heading(line.block).is_some()
        };
        let indexes: Vec<usize> = run.collect();
        for part in indexes.split(is_text).filter(|part| part.len() >= MIN_LINES_WITHIN) {
            if let (Some(first), Some(last)) = (part.first(), part.last()) {
                let run = *first..last + 1;
                found.extend(run.start..run.end - headings_at_end(document, lines, run.clone()));
            }
        }
    }
    found
}

/// Minimum number of lines in a row away from the edge of the page. Shop and recipe pages repeat
/// single labels and headings.
const MIN_LINES_WITHIN: usize = 3;

/// Marks list items as rare that are steps, or belong to a list whose other items differ between
/// pages.
fn keep_content_items(document: &Document<'_>, lines: &[SiteLine], recurrences: &mut [Recurrence]) {
    let is_item = |line: &SiteLine| document.blocks()[line.block].kind == BlockKind::ListItem;
    let mut start = 0;
    for list in lines.chunk_by(|left, right| is_item(left) && is_item(right)) {
        let items = &mut recurrences[start..start + list.len()];
        start += list.len();
        if !is_item(&list[0]) {
            continue;
        }
        let recurring = items.iter().filter(|recurrence| **recurrence != Recurrence::Rare).count();
        let is_step = |line: &SiteLine| {
            document.slice(line.span).starts_with(|sign: char| sign.is_ascii_digit())
        };
        for (line, item) in list.iter().zip(items) {
            if 4 * recurring < 3 * list.len() || is_step(line) {
                *item = Recurrence::Rare;
            }
        }
    }
}

/// How many pages of its site have a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Recurrence {
    /// Too few.
    Rare,
    /// Enough for page furniture.
    Frequent,
    /// Half of them or more.
    Usual,
}

/// Counts the lines at the end of a run that may be headings or labels of the text below it.
fn headings_at_end(
    document: &Document<'_>,
    lines: &[SiteLine],
    run: std::ops::Range<usize>,
) -> usize {
    let Some(below) = lines.get(run.end) else { return 0 };
    let is_marked = |line: &&SiteLine| document.marked_heading(line.block).is_some();
    let marked = lines[run.clone()].iter().rev().take_while(is_marked).count();
    if marked > 0 {
        return marked;
    }
    let Some(last) = lines[run].last() else { return 0 };
    let is_item = document.blocks()[last.block].kind == BlockKind::ListItem;
    let may_label = last.zone == Zone::Between
        || last.block == below.block
        || !is_item && !ends_sentence(document.slice(last.span)) && document.is_body(below.block);
    usize::from(may_label)
}
