//! Blocks: the paragraphs, headings, list items and so on that a text is made of.
//!
//! This is no markdown parser. It says how a reader would take each line, in text that a program extracted from a page and
//! that may be markdown, nearly markdown or not markdown at all.

use std::ops::Range;

use super::Span;
use super::span::trim;

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// Metadata between `---` lines at the very start.
    FrontMatter,
    /// One line of text, or several that are wrapped.
    Paragraph,
    /// A `#` heading of the given level, or a line underlined with `===` (1) or `---` (2).
    Heading(u8),
    /// One item of a list, with its marker.
    ListItem,
    /// A line that begins with `>`.
    Quotation,
    /// A run of lines with cells between pipes.
    Table,
    /// Code between fences, or indented by four in markdown, or a comment of source code over several lines.
    Code,
    /// `<!-- … -->`.
    Comment,
    /// A run of blank lines.
    Blank,
}

impl BlockKind {
    /// Whether the block holds words meant to be read as text: not code, tables, comments or metadata.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Paragraph | Self::Heading(_) | Self::ListItem | Self::Quotation)
    }
}

/// A run of whole lines. The blocks of a document hold each of its lines once, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: BlockKind,
    /// Its lines, as indices into the document's lines.
    pub lines: Range<usize>,
    /// From the first byte of its first line to the last of its last line.
    pub span: Span,
    /// The words it holds, without markers of lists, headings and quotations, and without outer blanks.
    pub content: Span,
}

/// Signs that begin an item: markdown's own, and those that other writers and extractors use.
pub(super) const BULLETS: &str = "-*+•▪▫·◦‣●○■□►➤✓–";

/// The byte length of the list marker that `line` begins with, its blanks included, or `None`.
///
/// Besides markdown's own markers these are the bullets that other writers and extractors use.
pub fn list_marker(line: &str) -> Option<usize> {
    let indent = line.len() - line.trim_start().len();
    let rest = &line[indent..];
    let marker = match rest.chars().next()? {
        letter if letter.is_ascii_alphabetic() => return None,
        bullet if BULLETS.contains(bullet) => bullet.len_utf8(),
        digit if digit.is_ascii_digit() => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            match rest.as_bytes().get(digits) {
                Some(b'.' | b')') if digits <= 3 => digits + 1,
                _ => return None,
            }
        }
        _ => return None,
    };
    let after = &rest[marker..];
    let blank = after.len() - after.trim_start().len();
    (blank > 0 && blank < after.len()).then_some(indent + marker + blank)
}

/// Cuts `lines` of `text` into blocks.
pub(super) fn split(text: &str, lines: &[Span], markdown: bool) -> Vec<Block> {
    let wrap = wrap_width(text, lines);
    let blocks = Vec::with_capacity(lines.len());
    let mut splitter =
        Splitter { text, lines, markdown, wrap, local_wrap: None, blocks, comments_stay_open: false, plain_until: 0 };
    let mut at = 0;
    while at < lines.len() {
        at = splitter.take_block(at);
    }
    // As many as there are: they are kept for as long as the text is.
    splitter.blocks.as_slice().to_vec()
}

struct Splitter<'t> {
    text: &'t str,
    lines: &'t [Span],
    markdown: bool,
    wrap: Option<usize>,
    /// The width of the lines up to this one, which no blank line separates and which are wrapped more narrowly or widely
    /// than the rest of the text.
    local_wrap: Option<(usize, Option<usize>)>,
    blocks: Vec<Block>,
    /// No `-->` follows: known once, so that many open comments do not each search for one.
    comments_stay_open: bool,
    /// Lines before this one begin no comment of source code: known once, so that long lists are not searched for each item.
    plain_until: usize,
}

impl<'t> Splitter<'t> {
    /// Adds the block that begins at line `first` and returns the line after it.
    fn take_block(&mut self, first: usize) -> usize {
        let line = self.line(first);
        let trimmed = line.trim_start();
        let is_indented = line.starts_with('\t') || line.len() - trimmed.len() >= 4;
        let (kind, end) = if begins_with_letter(line) {
            self.plain(first)
        } else if let Some(end) = self.source_comment_end(first) {
            (BlockKind::Code, end)
        } else if is_blank_line(line) {
            (BlockKind::Blank, self.run(first, is_blank_line))
        } else if first == 0 && trimmed.trim_end() == "---" && self.front_matter_end().is_some() {
            (BlockKind::FrontMatter, self.front_matter_end().unwrap_or(first + 1))
        } else if let Some(fence) = fence(trimmed) {
            (BlockKind::Code, self.fence_end(first, fence))
        } else if trimmed.starts_with("<!--") {
            (BlockKind::Comment, self.comment_end(first))
        } else if self.markdown && is_indented && self.may_begin_code() && list_marker(line).is_none() {
            (BlockKind::Code, self.run(first, |line| line.starts_with("    ") || line.starts_with('\t')))
        } else if let Some(level) = heading_level(trimmed) {
            (BlockKind::Heading(level), first + 1)
        } else if is_table_row(trimmed) {
            (BlockKind::Table, self.run(first, |line| is_table_row(line.trim_start())))
        } else if trimmed.starts_with('>') {
            (BlockKind::Quotation, self.wrapped_end(first))
        } else if list_marker(line).is_some() {
            (BlockKind::ListItem, self.wrapped_end(first))
        } else {
            self.plain(first)
        };
        let span = Span::new(self.lines[first].start, self.lines[end - 1].end);
        let content = self.content(kind, first, span);
        self.blocks.push(Block { kind, lines: first..end, span, content });
        end
    }

    fn source_comment_end(&mut self, first: usize) -> Option<usize> {
        if first < self.plain_until || !self.line(first).trim_start().starts_with(['/', '-', '#', '*', ';', '%']) {
            return None;
        }
        let (text, lines) = (self.text, self.lines);
        let rest = lines[first..].iter().map(|line| &text[line.range()]);
        let length = super::comment::comment_length(rest);
        if length.is_none() {
            let mark = self.line(first).trim_start().as_bytes().first().copied();
            let is_alike = |line: &str| line.trim_start().as_bytes().first().copied() == mark;
            self.plain_until = self.run(first, is_alike);
        }
        length.map(|length| first + length)
    }

    /// A line without signs, with the lines that belong to it.
    fn plain(&mut self, first: usize) -> (BlockKind, usize) {
        match self.underline_level(first) {
            Some(level) => (BlockKind::Heading(level), first + 2),
            None => (BlockKind::Paragraph, self.wrapped_end(first)),
        }
    }

    fn line(&self, index: usize) -> &'t str {
        &self.text[self.lines[index].range()]
    }

    /// The end of the run of lines from `first` on that are all `alike`; `first` itself is taken as it is.
    fn run(&self, first: usize, alike: impl Fn(&str) -> bool) -> usize {
        (first + 1..self.lines.len()).find(|&index| !alike(self.line(index))).unwrap_or(self.lines.len())
    }

    fn front_matter_end(&self) -> Option<usize> {
        const LONGEST: usize = 200;
        let end =
            (1..self.lines.len().min(LONGEST)).find(|&index| matches!(self.line(index).trim_end(), "---" | "..."))?;
        let is_metadata = (1..end).any(|index| self.line(index).contains(':'));
        is_metadata.then_some(end + 1)
    }

    /// As in CommonMark, a fence that is never closed runs to the end.
    fn fence_end(&self, first: usize, (mark, length): (char, usize)) -> usize {
        let closes = |line: &str| {
            let line = line.trim();
            line.len() >= length && line.chars().all(|character| character == mark)
        };
        (first + 1..self.lines.len())
            .find(|&index| closes(self.line(index)))
            .map_or(self.lines.len(), |index| index + 1)
    }

    fn comment_end(&mut self, first: usize) -> usize {
        if self.comments_stay_open {
            return first + 1;
        }
        let closing = (first..self.lines.len()).find(|&index| self.line(index).contains("-->"));
        self.comments_stay_open = closing.is_none();
        closing.map_or(first + 1, |index| index + 1)
    }

    /// In markdown, indented code follows a blank line and does not continue a list.
    fn may_begin_code(&self) -> bool {
        match self.blocks.as_slice() {
            [] => true,
            [.., before, last] if last.kind == BlockKind::Blank => {
                !matches!(before.kind, BlockKind::ListItem) && !self.line(before.lines.start).starts_with(' ')
            }
            [last] => last.kind == BlockKind::Blank,
            [.., last] => last.kind == BlockKind::Code,
        }
    }

    fn underline_level(&self, first: usize) -> Option<u8> {
        let line = self.lines.get(first + 1).map(|line| &self.text[line.range()])?;
        if begins_with_letter(line) {
            return None;
        }
        let underline = line.trim();
        let mark = underline.bytes().next()?;
        let level = match mark {
            b'=' => 1,
            b'-' => 2,
            _ => return None,
        };
        (underline.len() >= 3 && underline.bytes().all(|byte| byte == mark)).then_some(level)
    }

    /// The end of the paragraph that begins at `first`: further lines belong to it only where the text is wrapped and the
    /// break was forced, because the next line's first word had no room.
    fn wrapped_end(&mut self, first: usize) -> usize {
        let is_quotation = self.is_quotation(first);
        let local_wrap = self.local_wrap(first, is_quotation);
        let end_at = |width: usize| {
            let mut end = first + 1;
            while end < self.lines.len() {
                let (line, next) = (self.line(end - 1), unquoted(self.line(end)));
                let word = next.split(' ').next().unwrap_or("");
                let is_same = self.is_quotation(end) == is_quotation && (is_quotation || !self.begins_block(end));
                if word.is_empty() || !is_same || !is_forced_break(line, word, width) {
                    break;
                }
                end += 1;
            }
            end
        };
        let by_document = self.wrap.filter(|_| !is_quotation).map_or(first + 1, end_at);
        let Some(width) = local_wrap else { return by_document };
        let by_run = end_at(width);
        let runs_on = (first + 1..by_run).any(|next| continues(self.line(next - 1), unquoted(self.line(next))));
        if runs_on { by_run.max(by_document) } else { by_document }
    }

    fn is_quotation(&self, index: usize) -> bool {
        self.line(index).trim_start().starts_with('>')
    }

    /// The width of the run of lines from `first` on that no blank line parts, if it is wrapped at one.
    fn local_wrap(&mut self, first: usize, is_quotation: bool) -> Option<usize> {
        const MAX_WIDTH: usize = 400;
        const MIN_WIDTH: usize = 25;
        /// Two lines are a paragraph only if they are long.
        const MIN_WIDTH_OF_TWO: usize = 50;
        if let Some((_, width)) = self.local_wrap.filter(|(end, _)| first < *end) {
            return width;
        }
        let is_part = |index: usize| {
            let line = self.line(index);
            if is_quotation {
                self.is_quotation(index) && !unquoted(line).is_empty()
            } else {
                !is_blank_line(line) && !self.begins_block(index)
            }
        };
        let end = (first + 1..self.lines.len()).find(|&index| !is_part(index)).unwrap_or(self.lines.len());
        let lines = self.lines[first..end].iter().map(|line| &self.text[line.range()]);
        let width =
            lines.clone().map(|line| if line.len() > 4 * MAX_WIDTH { usize::MAX } else { line.chars().count() });
        let width = width.max().filter(|width| (MIN_WIDTH..=MAX_WIDTH).contains(width));
        let width = width.filter(|&width| {
            let pairs = lines.clone().zip(lines.skip(1).map(unquoted));
            let is_continued = |(line, next): &(&str, &str)| {
                continues(line, next) && is_forced_break(line, next.split(' ').next().unwrap_or(""), width)
            };
            let continued = pairs.filter(is_continued).count();
            let breaks = end - first - 1;
            continued > 0 && continued * 4 >= breaks && (breaks > 1 || width >= MIN_WIDTH_OF_TWO)
        });
        self.local_wrap = Some((end, width));
        width
    }

    fn begins_block(&self, index: usize) -> bool {
        let line = self.line(index);
        let trimmed = line.trim_start();
        let has_sign = || {
            fence(trimmed).is_some()
                || trimmed.starts_with("<!--")
                || trimmed.starts_with('>')
                || heading_level(trimmed).is_some()
                || is_table_row(trimmed)
                || list_marker(line).is_some()
        };
        !begins_with_letter(line) && has_sign() || self.underline_level(index).is_some()
    }

    fn content(&self, kind: BlockKind, first: usize, span: Span) -> Span {
        let line = self.line(first);
        let marker = match kind {
            BlockKind::Heading(_) => {
                let trimmed = line.trim_start();
                line.len() - trimmed.trim_start_matches('#').len()
            }
            BlockKind::ListItem => list_marker(line).unwrap_or(0),
            BlockKind::Quotation => line.len() - line.trim_start_matches([' ', '\t', '>']).len(),
            _ => 0,
        };
        let mut end = span.end;
        if let (BlockKind::Heading(_), Some(line)) = (kind, self.lines.get(first)) {
            let head = &self.text[span.start + marker..line.end];
            end = line.end - (head.len() - head.trim_end_matches(['#', ' ', '\t']).len());
        }
        trim(self.text, Span::new(span.start + marker, end.max(span.start + marker)))
    }
}

/// Whether a line begins as lines of text do: no sign of markup stands before a letter.
fn begins_with_letter(line: &str) -> bool {
    line.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
}

fn is_blank_line(line: &str) -> bool {
    !line.as_bytes().first().is_some_and(u8::is_ascii_graphic) && line.chars().all(super::span::is_blank)
}

/// Whether the next line begins with a word that had no room on `line`.
fn is_forced_break(line: &str, next_word: &str, width: usize) -> bool {
    line.chars().count() + 1 + next_word.chars().count() > width
}

/// Whether a sentence seems to run on from `line` to the next.
fn continues(line: &str, next: &str) -> bool {
    next.starts_with(char::is_lowercase) && !super::is_closed(line)
}

/// A line without the markers of quotations and outer blanks.
fn unquoted(line: &str) -> &str {
    line.trim_start_matches([' ', '\t', '>']).trim_end()
}

fn fence(trimmed: &str) -> Option<(char, usize)> {
    let mark = trimmed.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = trimmed.chars().take_while(|&character| character == mark).count();
    (length >= 3 && !(mark == '`' && trimmed[length..].contains('`'))).then_some((mark, length))
}

fn heading_level(trimmed: &str) -> Option<u8> {
    let hashes = trimmed.bytes().take_while(|&byte| byte == b'#').count();
    let separated = trimmed[hashes..].is_empty() || trimmed[hashes..].starts_with([' ', '\t']);
    u8::try_from(hashes).ok().filter(|level| (1..=6).contains(level) && separated)
}

/// A row begins with a pipe and has another, or is a row of dashes between pipes.
fn is_table_row(trimmed: &str) -> bool {
    let Some(rest) = trimmed.strip_prefix('|') else {
        return false;
    };
    rest.contains('|')
}

/// The column at which the document's lines are wrapped, or `None` where each line is a paragraph of its own.
///
/// Wrapped text betrays itself by many long lines that all stop just short of one width and go on in lower case.
fn wrap_width(text: &str, lines: &[Span]) -> Option<usize> {
    const WIDTHS: std::ops::RangeInclusive<usize> = 50..=130;
    const SAMPLE: usize = 2_000;
    let mut widths: Vec<usize> = Vec::new();
    let mut continued = 0;
    for pair in lines[..lines.len().min(SAMPLE)].windows(2) {
        let [line, next] = [&text[pair[0].range()], &text[pair[1].range()]];
        if line.len() > 3 * WIDTHS.end() {
            return None;
        }
        let is_empty = |line: &str| !begins_with_letter(line) && line.trim().is_empty();
        if is_empty(line) || is_empty(next) {
            continue;
        }
        widths.push(line.chars().count());
        continued += usize::from(next.trim_start().starts_with(char::is_lowercase));
    }
    if widths.len() < 3 || continued * 4 < widths.len() {
        return None;
    }
    widths.sort_unstable();
    let width = widths[widths.len() * 95 / 100];
    WIDTHS.contains(&width).then_some(width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::line;

    fn kinds(text: &str) -> Vec<(BlockKind, &str)> {
        split(text, &line::split(text), true)
            .into_iter()
            .map(|block| (block.kind, &text[block.content.range()]))
            .collect()
    }

    #[test]
    fn each_line_of_extracted_text_is_a_paragraph() {
        let text = "First paragraph.\nSecond Paragraph, longer.\nShare this";
        assert_eq!(kinds(text).len(), 3);
    }

    #[test]
    fn wrapped_lines_are_one_paragraph() {
        let text = "The quick brown fox jumps over the lazy dog and then goes on\n\
                    running over the hills until it comes to a place where the\n\
                    river is too wide to jump and it has to swim all the way to\n\
                    the other bank.\n\nShare this\nTweet this\n";
        let kinds = kinds(text);
        assert_eq!(kinds.len(), 4, "{kinds:?}");
        assert_eq!(kinds[2].1, "Share this");
    }

    #[test]
    fn markers_are_not_content() {
        assert_eq!(kinds("## Title ##"), [(BlockKind::Heading(2), "Title")]);
        assert_eq!(kinds("  • item"), [(BlockKind::ListItem, "item")]);
        assert_eq!(kinds("> said"), [(BlockKind::Quotation, "said")]);
        assert_eq!(kinds("Title\n====="), [(BlockKind::Heading(1), "Title")]);
    }

    #[test]
    fn code_is_not_text() {
        assert_eq!(kinds("```\nLeave a Comment\n```")[0].0, BlockKind::Code);
        assert_eq!(kinds("Run:\n\n    make install\n")[2].0, BlockKind::Code);
        assert_eq!(kinds("Run:\n\n\tmake install\n")[2].0, BlockKind::Code);
    }
}
