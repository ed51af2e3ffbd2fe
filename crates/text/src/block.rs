//! Blocks: paragraphs, headings, list items and other runs of lines.
//!
//! This is not a Markdown parser. Extracted text may be Markdown, almost Markdown or plain text, so
//! each line is classified the way a human reader would see it.

use std::ops::Range;

use super::Span;
use super::span::trim;

/// The kind of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BlockKind {
    /// Metadata between `---` lines at the start of the document.
    FrontMatter,
    /// A line of text, or several if the text is hard-wrapped.
    Paragraph,
    /// A `#` heading of this level, or a line underlined with `===` (level 1) or `---` (level 2).
    Heading(u8),
    /// A list item with its marker.
    ListItem,
    /// A line that starts with `>`.
    Quotation,
    /// Consecutive lines with cells between pipes.
    Table,
    /// A fenced code block, a Markdown code block indented by four spaces, or a multi-line source
    /// code comment.
    Code,
    /// `<!-- … -->`.
    Comment,
    /// Consecutive blank lines.
    Blank,
}

impl BlockKind {
    /// Whether the block contains text to read, as opposed to code, tables, comments or metadata.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Paragraph | Self::Heading(_) | Self::ListItem | Self::Quotation)
    }
}

/// Consecutive whole lines. Every line of a document belongs to exactly one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The kind of block.
    pub kind: BlockKind,
    /// Indices into the document's lines.
    pub lines: Range<usize>,
    /// From the start of the first line to the end of the last, without its line ending.
    pub span: Span,
    /// The text without list, heading and quotation markers and without surrounding whitespace.
    pub content: Span,
}

/// List bullets: those of Markdown, and those used by other editors and extractors.
pub(super) const BULLETS: &str = "-*+•▪▫·◦‣●○■□►➤✓–";

/// Returns the length in bytes of the list marker at the start of `line`, including the whitespace
/// around it. Accepts Markdown's bullets and those of other editors and extractors.
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

/// Splits `lines` of `text` into blocks.
pub(super) fn split_blocks(text: &str, lines: &[Span], markdown: bool) -> Vec<Block> {
    let mut splitter = BlockSplitter {
        text,
        lines,
        markdown,
        wrap: wrap_width(text, lines),
        local_wrap: None,
        blocks: Vec::with_capacity(lines.len()),
        has_unclosed_comment: false,
        no_comment_before: 0,
    };
    let mut at = 0;
    while at < lines.len() {
        at = splitter.take_block(at);
    }
    // The blocks live as long as the document.
    let mut blocks = splitter.blocks;
    blocks.shrink_to_fit();
    blocks
}

struct BlockSplitter<'t> {
    text: &'t str,
    lines: &'t [Span],
    markdown: bool,
    wrap: Option<usize>,
    /// End and wrap width of the current run of lines without a blank line, if the run is wrapped
    /// differently from the rest of the document.
    local_wrap: Option<(usize, Option<usize>)>,
    blocks: Vec<Block>,
    /// No `-->` follows. Remembered so that many unclosed comments do not each scan to the end.
    has_unclosed_comment: bool,
    /// No source comment starts before this line. Remembered so that the items of a long list do
    /// not each scan the list.
    no_comment_before: usize,
}

impl<'t> BlockSplitter<'t> {
    /// Appends the block that starts at line `first` and returns the line after it.
    fn take_block(&mut self, first: usize) -> usize {
        let line = self.line(first);
        let trimmed = line.trim_start();
        let is_indented = line.starts_with('\t') || line.len() - trimmed.len() >= 4;
        let (kind, end) = if begins_with_letter(line) {
            self.take_plain_block(first)
        } else if let Some(end) = self.source_comment_end(first) {
            (BlockKind::Code, end)
        } else if is_blank_line(line) {
            (BlockKind::Blank, self.run_end(first, is_blank_line))
        } else if first == 0 && trimmed.trim_end() == "---" && self.front_matter_end().is_some() {
            (BlockKind::FrontMatter, self.front_matter_end().unwrap_or(first + 1))
        } else if let Some(fence) = fence(trimmed) {
            (BlockKind::Code, self.fence_end(first, fence))
        } else if trimmed.starts_with("<!--") {
            (BlockKind::Comment, self.comment_end(first))
        } else if self.markdown
            && is_indented
            && self.may_begin_code()
            && list_marker(line).is_none()
        {
            (
                BlockKind::Code,
                self.run_end(first, |line| line.starts_with("    ") || line.starts_with('\t')),
            )
        } else if let Some(level) = heading_level(trimmed) {
            (BlockKind::Heading(level), first + 1)
        } else if is_table_row(trimmed) {
            (BlockKind::Table, self.run_end(first, |line| is_table_row(line.trim_start())))
        } else if trimmed.starts_with('>') {
            (BlockKind::Quotation, self.wrapped_end(first))
        } else if list_marker(line).is_some() {
            (BlockKind::ListItem, self.wrapped_end(first))
        } else {
            self.take_plain_block(first)
        };
        let span = Span::new(self.lines[first].start, self.lines[end - 1].end);
        let content = self.content(kind, first, span);
        self.blocks.push(Block { kind, lines: first..end, span, content });
        end
    }

    fn source_comment_end(&mut self, first: usize) -> Option<usize> {
        if first < self.no_comment_before
            || !self.line(first).trim_start().starts_with(['/', '-', '#', '*', ';', '%'])
        {
            return None;
        }
        let (text, lines) = (self.text, self.lines);
        let rest = lines[first..].iter().map(|line| &text[line.range()]);
        let length = super::source_comment::comment_length(rest);
        if length.is_none() {
            let mark = self.line(first).trim_start().as_bytes().first().copied();
            let is_alike = |line: &str| line.trim_start().as_bytes().first().copied() == mark;
            self.no_comment_before = self.run_end(first, is_alike);
        }
        length.map(|length| first + length)
    }

    /// Appends a paragraph or an underlined heading.
    fn take_plain_block(&mut self, first: usize) -> (BlockKind, usize) {
        match self.underline_level(first) {
            Some(level) => (BlockKind::Heading(level), first + 2),
            None => (BlockKind::Paragraph, self.wrapped_end(first)),
        }
    }

    fn line(&self, index: usize) -> &'t str {
        &self.text[self.lines[index].range()]
    }

    /// Returns the end of the run of lines that satisfy `is_alike`, not checking line `first`
    /// itself.
    fn run_end(&self, first: usize, is_alike: impl Fn(&str) -> bool) -> usize {
        let mut rest = first + 1..self.lines.len();
        rest.find(|&index| !is_alike(self.line(index))).unwrap_or(self.lines.len())
    }

    fn front_matter_end(&self) -> Option<usize> {
        const MAX_LINES: usize = 200;
        let mut candidates = 1..self.lines.len().min(MAX_LINES);
        let end = candidates.find(|&index| matches!(self.line(index).trim_end(), "---" | "..."))?;
        let is_metadata = (1..end).any(|index| self.line(index).contains(':'));
        is_metadata.then_some(end + 1)
    }

    /// An unclosed fence runs to the end of the document, as in CommonMark.
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
        if self.has_unclosed_comment {
            return first + 1;
        }
        let closing = (first..self.lines.len()).find(|&index| self.line(index).contains("-->"));
        self.has_unclosed_comment = closing.is_none();
        closing.map_or(first + 1, |index| index + 1)
    }

    /// Whether Markdown allows an indented code block here: after a blank line, and not in a list.
    fn may_begin_code(&self) -> bool {
        match self.blocks.as_slice() {
            [] => true,
            [.., before, last] if last.kind == BlockKind::Blank => {
                !matches!(before.kind, BlockKind::ListItem)
                    && !self.line(before.lines.start).starts_with(' ')
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

    /// Returns the end of the paragraph that starts at line `first`.
    ///
    /// A following line continues the paragraph only in hard-wrapped text, and only if the line
    /// break was forced: its first word would not have fit on the line before.
    fn wrapped_end(&mut self, first: usize) -> usize {
        let is_quotation = self.is_quotation(first);
        let local_wrap = self.local_wrap(first, is_quotation);
        let end_at = |width: usize| {
            let mut end = first + 1;
            while end < self.lines.len() {
                let (line, next) = (self.line(end - 1), unquoted(self.line(end)));
                let word = next.split(' ').next().unwrap_or("");
                let is_same = self.is_quotation(end) == is_quotation
                    && (is_quotation || !self.begins_block(end));
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
        let runs_on = (first + 1..by_run)
            .any(|next| continues(self.line(next - 1), unquoted(self.line(next))));
        if runs_on { by_run.max(by_document) } else { by_document }
    }

    fn is_quotation(&self, index: usize) -> bool {
        self.line(index).trim_start().starts_with('>')
    }

    /// Returns the width at which the run of lines from `first` to the next blank line is wrapped.
    fn local_wrap(&mut self, first: usize, is_quotation: bool) -> Option<usize> {
        const MAX_WIDTH: usize = 400;
        const MIN_WIDTH: usize = 25;
        /// Short pairs of lines are rarely wrapped text.
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
        let end = (first + 1..self.lines.len())
            .find(|&index| !is_part(index))
            .unwrap_or(self.lines.len());
        let lines = self.lines[first..end].iter().map(|line| &self.text[line.range()]);
        let width = lines
            .clone()
            .map(|line| if line.len() > 4 * MAX_WIDTH { usize::MAX } else { line.chars().count() });
        let width = width.max().filter(|width| (MIN_WIDTH..=MAX_WIDTH).contains(width));
        let width = width.filter(|&width| {
            let pairs = lines.clone().zip(lines.skip(1).map(unquoted));
            let is_continued = |(line, next): &(&str, &str)| {
                continues(line, next)
                    && is_forced_break(line, next.split(' ').next().unwrap_or(""), width)
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

/// Whether a line starts with a letter, so that it cannot start with markup.
fn begins_with_letter(line: &str) -> bool {
    line.as_bytes().first().is_some_and(u8::is_ascii_alphabetic)
}

fn is_blank_line(line: &str) -> bool {
    !line.as_bytes().first().is_some_and(u8::is_ascii_graphic)
        && line.chars().all(super::span::is_blank)
}

/// Whether `next_word` would not have fit on `line`.
fn is_forced_break(line: &str, next_word: &str, width: usize) -> bool {
    line.chars().count() + 1 + next_word.chars().count() > width
}

/// Whether a sentence seems to continue from `line` to `next`.
fn continues(line: &str, next: &str) -> bool {
    next.starts_with(char::is_lowercase) && !super::ends_sentence(line)
}

/// Strips quotation markers and surrounding whitespace.
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

/// Whether a line starts with a pipe and contains another.
fn is_table_row(trimmed: &str) -> bool {
    trimmed.strip_prefix('|').is_some_and(|rest| rest.contains('|'))
}

/// Returns the column at which the document is hard-wrapped, or `None` if each line is a paragraph.
///
/// In wrapped text many lines end just short of one width, and many continue in lower case.
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
    use crate::split_lines::split_lines;

    fn kinds(text: &str) -> Vec<(BlockKind, &str)> {
        split_blocks(text, &split_lines(text), true)
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
