//! Lines of a page: the kind of each, and its signals.

use dechaff_text::{
    Block, BlockKind, Document, Span, count_words, count_words_cjk_weighted, ends_sentence,
    is_blank, is_prose, trim,
};

/// The kind of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LineKind {
    /// Neither letter nor digit.
    Empty,
    /// A title, a list entry, a label.
    Short,
    /// Running text, with its number of words.
    Prose(usize),
    /// Code, data tables and the like: neither text nor page chrome.
    NonText,
}

/// A signal that lines of page chrome often have, and lines of a text rarely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// A date or a time of day.
    Time = 1,
    /// A number in parentheses at the end, such as a number of comments.
    Count = 2,
    /// An ellipsis at the end, as in teasers.
    Truncated = 4,
    /// A row of mostly empty cells, or a second bullet.
    Layout = 8,
}

/// A set of signals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Signals(u8);

impl Signals {
    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn add(&mut self, signal: Signal, is: bool) {
        self.0 |= if is { signal as u8 } else { 0 };
    }
}

/// A text block, or a row of a table.
#[derive(Debug)]
pub(super) struct PageLine {
    pub(super) span: Span,
    /// Its text, without the pipes around a row.
    text: Span,
    is_row: bool,
    pub(super) kind: LineKind,
    /// Only [`Signal::Truncated`] until [`PageLine::detect_signals`] is called.
    pub(super) signals: Signals,
    /// False until [`PageLine::detect_code`] is called.
    pub(super) is_code: bool,
    /// Whether an earlier finding deletes it.
    pub(super) is_flagged: bool,
}

impl PageLine {
    pub(super) fn has(&self, signal: Signal) -> bool {
        self.signals.0 & signal as u8 != 0
    }

    /// Removes the truncation signal.
    pub(super) fn clear_truncated(&mut self) {
        self.signals.0 &= !(Signal::Truncated as u8);
    }

    /// Counts its words, up to `limit`.
    pub(super) fn words(&self, document: &Document<'_>, limit: usize) -> usize {
        count_words(document.slice(self.text), limit)
    }

    /// Whether it is an item of a numbered list.
    fn is_numbered(&self, document: &Document<'_>) -> bool {
        let block = document.blocks().get(document.block_at(self.span.start));
        block.is_some_and(|block| {
            let marker = Span::new(block.span.start, block.content.start);
            block.kind == BlockKind::ListItem
                && document
                    .slice(marker)
                    .trim_start()
                    .starts_with(|sign: char| sign.is_ascii_digit())
        })
    }

    /// Detects code. Called only for the few lines outside the main content.
    pub(super) fn detect_code(&mut self, document: &Document<'_>) {
        self.is_code = self.kind == LineKind::Short
            && !self.is_row
            && looks_like_code(document.slice(self.text));
    }

    /// Detects all signals. Called for even fewer lines.
    pub(super) fn detect_signals(&mut self, document: &Document<'_>) {
        const MAX_BYTES: usize = 1000;
        let text = document.slice(self.text);
        // Results, programmes and rankings are numbered, with a time or a count on each line.
        let has_signals = self.kind == LineKind::Short && !self.is_numbered(document);
        if has_signals && text.len() <= MAX_BYTES {
            self.signals.add(Signal::Time, contains_time(text));
            self.signals.add(Signal::Count, ends_in_count(text));
        }
        let is_layout = match self.is_row {
            _ if self.kind == LineKind::NonText => false,
            true => is_layout_row(document.slice(self.span)),
            false => {
                let block = || document.blocks().get(document.block_at(self.span.start));
                text.starts_with(['・', '·', '．', '•', '»'])
                    && block().is_some_and(|block| block.kind == BlockKind::ListItem)
            }
        };
        self.signals.add(Signal::Layout, is_layout);
    }
}

/// Whether a row has a single cell, or half of its cells are empty. Data tables have few empty
/// cells, page layouts many.
fn is_layout_row(row: &str) -> bool {
    let mut all = 0;
    let mut empty = 0;
    for cell in cells(row) {
        all += 1;
        empty += usize::from(cell.is_empty());
    }
    all == 1 || 2 * empty >= all
}

/// Returns the cells of a row.
fn cells(row: &str) -> impl Iterator<Item = &str> {
    row.trim_matches('|').split('|').map(str::trim)
}

/// Maximum number of words counted per paragraph.
const MAX_WORDS: usize = 60;

/// Whether a document has at least `min_lines` lines that are not running text.
pub(super) fn has_short_lines(document: &Document<'_>, min_lines: usize) -> bool {
    let mut short = 0;
    document.blocks().iter().enumerate().any(|(index, block)| {
        let is_short = block.kind != BlockKind::Blank && !document.is_prose(index);
        short += if is_short { block.lines.len() } else { 0 };
        short >= min_lines
    })
}

/// Returns the nonblank lines of a document.
pub(super) fn parse_lines(document: &Document<'_>) -> Vec<PageLine> {
    let mut lines = Vec::new();
    for (index, block) in document.blocks().iter().enumerate() {
        match block.kind {
            BlockKind::Blank => {}
            BlockKind::Table => parse_table(document, block, &mut lines),
            kind if kind.is_text() => {
                lines.push(parse_text(document, block.content, document.is_prose(index)))
            }
            _ => lines.push(non_text(block.span)),
        }
    }
    lines
}

fn non_text(span: Span) -> PageLine {
    let signals = Signals::default();
    PageLine {
        span,
        text: span,
        is_row: false,
        kind: LineKind::NonText,
        signals,
        is_code: false,
        is_flagged: false,
    }
}

fn parse_text(document: &Document<'_>, span: Span, is_prose: bool) -> PageLine {
    let text = document.slice(span);
    let mut signals = Signals::default();
    signals.add(Signal::Truncated, ends_in_ellipsis(text));
    let kind = if is_prose {
        LineKind::Prose(count_words_cjk_weighted(text, MAX_WORDS))
    } else if !text.contains(char::is_alphanumeric) {
        LineKind::Empty
    } else {
        LineKind::Short
    };
    PageLine { span, text: span, is_row: false, kind, signals, is_code: false, is_flagged: false }
}

/// Adds the rows of a table: data if there is a delimiter row, otherwise remnants of a page layout.
fn parse_table(document: &Document<'_>, block: &Block, lines: &mut Vec<PageLine>) {
    let is_dashes =
        |row: &str| row.contains("---") && row.chars().all(|sign| "|-: \t".contains(sign));
    let rows =
        || document.lines()[block.lines.clone()].iter().map(|line| trim(document.text(), *line));
    if rows().any(|row| is_dashes(document.slice(row))) {
        lines.extend(rows().map(non_text));
        return;
    }
    for row in rows() {
        let text = document.slice(row);
        let is_prose = cells(text)
            .any(|cell| is_prose(cell) && (ends_sentence(cell) || cell.contains(['.', '。'])));
        let is_around = |sign: char| sign == '|' || is_blank(sign);
        let start = row.start + (text.len() - text.trim_start_matches(is_around).len());
        let inner = Span::new(start, start + text.trim_matches(is_around).len());
        lines.push(PageLine { span: row, is_row: true, ..parse_text(document, inner, is_prose) });
    }
}

fn ends_in_ellipsis(text: &str) -> bool {
    let text = text.trim_end_matches(|sign: char| is_blank(sign) || ")]»>|\"”".contains(sign));
    text.ends_with("...") || text.ends_with('…') || text.ends_with("。。")
}

/// Whether the line ends in a number in parentheses that is not a year.
fn ends_in_count(text: &str) -> bool {
    const MAX_BYTES: usize = 7;
    let Some(rest) = text.strip_suffix([')', '）']) else { return false };
    let inner = rest.rsplit(['(', '（']).next().map_or("", str::trim);
    inner.len() < rest.trim().len()
        && (1..=MAX_BYTES).contains(&inner.len())
        && inner.bytes().all(|byte| byte.is_ascii_digit())
        && !is_year(inner)
}

fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}

/// Whether a line contains a time such as `9:05` or a date such as `2012-01-17`, `17.1.2012`,
/// `17/01/12` or `17 января 2012`.
fn contains_time(text: &str) -> bool {
    // The last number, and the one before it with the text between them.
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
        let is_worded = left.len() <= 2 && is_year(number) && is_month_name(between);
        let is_date = before.is_some_and(|(first, gap)| {
            let is_joined = is_date_separator(gap) && is_date_separator(between);
            is_joined
                && left.len() <= 2
                && (is_year(first) && number.len() <= 2 || first.len() <= 2 && is_year(number))
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

fn is_date_separator(gap: &str) -> bool {
    matches!(gap, "-" | "/" | "." | "年" | "月" | ". " | " / ")
}

/// Whether a gap is a single word between blanks, such as the name of a month.
fn is_month_name(gap: &str) -> bool {
    const MAX_BYTES: usize = 40;
    gap.len() <= MAX_BYTES
        && gap.starts_with([' ', '\u{a0}'])
        && gap.ends_with([' ', '\u{a0}'])
        && gap.trim().trim_end_matches(['.', ',']).chars().all(char::is_alphabetic)
}

/// Whether a line may be code, or the time of a subtitle.
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
        || text.contains("-->")
        || is_key()
}
