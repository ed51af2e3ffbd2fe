//! Lines as the kind sees them: what each is, and the marks it bears.

use crate::text::{
    Block, BlockKind, Document, Span, count_words, count_words_cjk_weighted, ends_sentence, is_blank, is_prose, trim,
};

/// What a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sort {
    /// Without letter or digit.
    Empty,
    /// A title, an entry, a label.
    Short,
    /// Running text of that many words.
    Prose(usize),
    /// Code, data in tables and the like: neither text nor around it.
    Matter,
}

/// What lines around a text often bear and lines of a text seldom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// A date or a time of day.
    Time = 1,
    /// Ends in a number in brackets, as of comments.
    Count = 2,
    /// Ends in dots, as a teaser does.
    Cut = 4,
    /// A row of cells that nobody filled, or a bullet behind another.
    Layout = 8,
}

/// A set of marks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks(u8);

impl Marks {
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn add(&mut self, mark: Mark, is: bool) {
        self.0 |= if is { mark as u8 } else { 0 };
    }
}

/// A block that is no table, or a row of one.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) span: Span,
    /// Its text, without what holds a row together.
    text: Span,
    is_row: bool,
    pub(super) sort: Sort,
    /// Only [`Mark::Cut`] before it was looked at closer.
    pub(super) marks: Marks,
    /// False before it was looked for.
    pub(super) is_code: bool,
    /// An earlier finding removes it.
    pub(super) is_flagged: bool,
}

impl Line {
    pub(super) fn has(&self, mark: Mark) -> bool {
        self.marks.0 & mark as u8 != 0
    }

    /// Forgets that it is cut off.
    pub(super) fn clear_cut(&mut self) {
        self.marks.0 &= !(Mark::Cut as u8);
    }

    /// Its words, counted no further than `limit`.
    pub(super) fn words(&self, document: &Document<'_>, limit: usize) -> usize {
        count_words(document.slice(self.text), limit)
    }

    /// Finds out whether it looks like code, as need be known of few lines.
    pub(super) fn look_for_code(&mut self, document: &Document<'_>) {
        self.is_code = self.sort == Sort::Short && !self.is_row && looks_like_code(document.slice(self.text));
    }

    /// Finds all marks, as need be known of fewer.
    pub(super) fn look_closer(&mut self, document: &Document<'_>) {
        const LONGEST: usize = 1000;
        let text = document.slice(self.text);
        if self.sort == Sort::Short && text.len() <= LONGEST {
            self.marks.add(Mark::Time, bears_time(text));
            self.marks.add(Mark::Count, ends_in_count(text));
        }
        let is_layout = match self.is_row {
            _ if self.sort == Sort::Matter => false,
            true => is_layout_row(document.slice(self.span)),
            false => {
                let block = || document.blocks().get(document.block_at(self.span.start));
                text.starts_with(['・', '·', '．', '•', '»'])
                    && block().is_some_and(|block| block.kind == BlockKind::ListItem)
            }
        };
        self.marks.add(Mark::Layout, is_layout);
    }
}

/// Whether a row has one cell, or empty cells by the half: a table of data has few that are empty, a page layout many.
fn is_layout_row(row: &str) -> bool {
    let (mut all, mut empty) = (0, 0);
    for cell in cells(row) {
        all += 1;
        empty += usize::from(cell.is_empty());
    }
    all == 1 || 2 * empty >= all
}

/// The cells of a row.
fn cells(row: &str) -> impl Iterator<Item = &str> {
    row.trim_matches('|').split('|').map(str::trim)
}

/// Most words of a paragraph that are counted.
const MOST_WORDS: usize = 60;

/// Whether a document has as many as `fewest` lines that are no running text.
pub(super) fn has_short_lines(document: &Document<'_>, fewest: usize) -> bool {
    let mut short = 0;
    document.blocks().iter().enumerate().any(|(index, block)| {
        let is_short = block.kind != BlockKind::Blank && !document.is_prose(index);
        short += if is_short { block.lines.len() } else { 0 };
        short >= fewest
    })
}

/// The lines of a document that are not blank.
pub(super) fn read(document: &Document<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, block) in document.blocks().iter().enumerate() {
        match block.kind {
            BlockKind::Blank => {}
            BlockKind::Table => read_table(document, block, &mut lines),
            kind if kind.is_text() => lines.push(read_text(document, block.content, document.is_prose(index))),
            _ => lines.push(matter(block.span)),
        }
    }
    lines
}

fn matter(span: Span) -> Line {
    let marks = Marks::default();
    Line { span, text: span, is_row: false, sort: Sort::Matter, marks, is_code: false, is_flagged: false }
}

fn read_text(document: &Document<'_>, span: Span, is_prose: bool) -> Line {
    let text = document.slice(span);
    let mut marks = Marks::default();
    marks.add(Mark::Cut, ends_in_dots(text));
    let sort = if is_prose {
        Sort::Prose(count_words_cjk_weighted(text, MOST_WORDS))
    } else if !text.contains(char::is_alphanumeric) {
        Sort::Empty
    } else {
        Sort::Short
    };
    Line { span, text: span, is_row: false, sort, marks, is_code: false, is_flagged: false }
}

/// The rows of a table: data where a row of dashes says that it is one, the remains of a layout else.
fn read_table(document: &Document<'_>, block: &Block, lines: &mut Vec<Line>) {
    let is_dashes = |row: &str| row.contains("---") && row.chars().all(|sign| "|-: \t".contains(sign));
    let rows = || document.lines()[block.lines.clone()].iter().map(|line| trim(document.text(), *line));
    if rows().any(|row| is_dashes(document.slice(row))) {
        lines.extend(rows().map(matter));
        return;
    }
    for row in rows() {
        let text = document.slice(row);
        let is_prose = cells(text).any(|cell| is_prose(cell) && (ends_sentence(cell) || cell.contains(['.', '。'])));
        let is_around = |sign: char| sign == '|' || is_blank(sign);
        let start = row.start + (text.len() - text.trim_start_matches(is_around).len());
        let inner = Span::new(start, start + text.trim_matches(is_around).len());
        lines.push(Line { span: row, is_row: true, ..read_text(document, inner, is_prose) });
    }
}

fn ends_in_dots(text: &str) -> bool {
    let text = text.trim_end_matches(|sign: char| is_blank(sign) || ")]»>|\"”".contains(sign));
    text.ends_with("...") || text.ends_with('…') || text.ends_with("。。")
}

/// Whether a number in brackets ends the line that is no year.
fn ends_in_count(text: &str) -> bool {
    const LONGEST: usize = 7;
    let Some(rest) = text.strip_suffix([')', '）']) else { return false };
    let inner = rest.rsplit(['(', '（']).next().map_or("", str::trim);
    inner.len() < rest.trim().len()
        && (1..=LONGEST).contains(&inner.len())
        && inner.bytes().all(|byte| byte.is_ascii_digit())
        && !is_year(inner)
}

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}

/// Whether a line has a time such as `9:05` or a date such as `2012-01-17`, `17.1.2012`, `17/01/12` or `17 января 2012`.
fn bears_time(text: &str) -> bool {
    // The last two numbers, and what stands between them and this one.
    let mut before: Option<(&str, &str)> = None;
    let mut last: Option<(&str, usize)> = None;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        let number = &text[start..at];
        let Some((left, end)) = last.replace((number, at)) else { continue };
        let between = &text[end..start];
        let is_clock = between == ":" && left.len() <= 2 && number.len() == 2;
        let is_worded = left.len() <= 2 && is_year(number) && is_month(between);
        let is_date = before.is_some_and(|(first, gap)| {
            let (days, is_joined) = (left.len() <= 2, is_joint(gap) && is_joint(between));
            is_joined && days && (is_year(first) && number.len() <= 2 || first.len() <= 2 && is_year(number))
                || gap == between
                    && matches!(gap, "/" | "-" | ".")
                    && [first, left, number].iter().all(|part| part.len() == 2)
        });
        if is_clock || is_worded || is_date {
            return true;
        }
        before = Some((left, between));
    }
    false
}

fn is_joint(gap: &str) -> bool {
    matches!(gap, "-" | "/" | "." | "年" | "月" | ". " | " / ")
}

/// Whether one word, such as the name of a month, stands between blanks.
fn is_month(gap: &str) -> bool {
    const LONGEST: usize = 40;
    gap.len() <= LONGEST
        && gap.starts_with([' ', '\u{a0}'])
        && gap.ends_with([' ', '\u{a0}'])
        && gap.trim().trim_end_matches(['.', ',']).chars().all(char::is_alphabetic)
}

/// Whether a line may be one of code.
fn looks_like_code(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_pair = |at: usize| matches!(bytes.get(at..at + 2), Some(b"()" | b"::"));
    let is_key = || {
        text.split(':').next().is_some_and(|key| {
            key.len() < text.len()
                && !key.is_empty()
                && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        })
    };
    memchr::memchr3(b'{', b'}', b'`', bytes).is_some()
        || memchr::memchr3(b'\\', b'=', b'<', bytes).is_some()
        || text.ends_with(';')
        || memchr::memchr2_iter(b'(', b':', bytes).any(is_pair)
        || text.starts_with("//")
        || is_key()
}
