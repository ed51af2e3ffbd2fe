//! Headings as a reader sees them: lines with heading markup, and what counts as text below a line.

use super::{BlockKind, Document, count_words, is_closed};

/// The level of a heading that has none of its own, such as a bold line: deeper than any other.
const UNNUMBERED: u8 = 7;

impl Document<'_> {
    /// The level of a block with explicit heading markup: `#`, an underline, `<h2>`, `== … ==` or a line in bold.
    pub fn marked_heading(&self, block: usize) -> Option<u8> {
        let block = self.blocks().get(block)?;
        match block.kind {
            BlockKind::Heading(level) => Some(level),
            BlockKind::Paragraph if block.lines.len() == 1 => marked_level(self.slice(block.content)),
            _ => None,
        }
    }

    /// Whether a heading above the block would be about it: running text, however short, a list, a quotation, a table or code.
    ///
    /// A short line without a full stop is none of these; it may be a heading or a label itself.
    pub fn is_body(&self, block: usize) -> bool {
        const INTRODUCTION: usize = 6;
        let Some(one) = self.blocks().get(block) else { return false };
        match one.kind {
            BlockKind::ListItem | BlockKind::Quotation | BlockKind::Table | BlockKind::Code => true,
            BlockKind::Paragraph => {
                let content = self.slice(one.content);
                self.marked_heading(block).is_none()
                    && content.contains(char::is_alphabetic)
                    && (is_closed(content)
                        || one.lines.len() > 1
                        || content.ends_with([':', '：', ';', ','])
                            && count_words(content, INTRODUCTION) == INTRODUCTION
                        || self.is_prose(block))
            }
            BlockKind::FrontMatter | BlockKind::Heading(_) | BlockKind::Comment | BlockKind::Blank => false,
        }
    }

    /// Whether a sentence runs on from the block `left` into the next one, because a line break cut it.
    pub fn runs_on(&self, left: usize) -> bool {
        const FEWEST_WORDS: usize = 4;
        /// Words that no line ends with unless it is cut.
        const OPEN_ENDS: [&str; 10] = ["the", "a", "an", "of", "to", "and", "or", "with", "for", "in"];
        let blocks = self.blocks();
        let (Some(left), Some(right)) = (blocks.get(left), blocks.get(left + 1)) else { return false };
        let is_text = matches!(left.kind, BlockKind::Paragraph | BlockKind::Quotation) && left.kind == right.kind;
        is_text && {
            let (left, right) = (self.slice(left.content), self.slice(right.content));
            let goes_on = right.starts_with(char::is_lowercase)
                || right.starts_with(['[', '`', '('])
                    && left.rsplit(' ').next().is_some_and(|last| OPEN_ENDS.contains(&last));
            goes_on
                && left.ends_with(|last: char| last.is_alphabetic() || last == ',')
                && count_words(left, FEWEST_WORDS) == FEWEST_WORDS
        }
    }
}

/// The level of a lone line with heading markup that is not markdown's own.
fn marked_level(line: &str) -> Option<u8> {
    if let Some(rest) = line.strip_prefix("<h").or_else(|| line.strip_prefix("<H")) {
        let level = rest.as_bytes().first()?;
        return (b'1'..=b'6').contains(level).then(|| level - b'0');
    }
    let signs = line.bytes().take_while(|&byte| byte == b'=').count();
    if signs > 0 {
        let is_closed = line.len() > 2 * signs + 1 && line.ends_with(line.get(..signs)?);
        return u8::try_from(signs).ok().filter(|level| is_closed && (2..=6).contains(level));
    }
    is_bold_title(line).then_some(UNNUMBERED)
}

/// Whether the whole line is bold and reads as a title: few words, no full stop, and no label before a colon.
fn is_bold_title(line: &str) -> bool {
    const MAX_WORDS: usize = 12;
    let line = line.trim_end_matches([':', '：']);
    let inner = ["**", "__"].iter().find_map(|mark| {
        let inner = line.strip_prefix(mark)?.strip_suffix(mark)?;
        (!inner.is_empty() && !inner.contains(mark)).then_some(inner)
    });
    let html = || {
        let inner = ["b", "strong"].iter().find_map(|name| {
            line.strip_prefix('<')?.strip_prefix(name)?.strip_prefix('>')?.strip_suffix('>')?.strip_suffix(name)
        })?;
        inner.strip_suffix("</")
    };
    inner.or_else(html).is_some_and(|inner| {
        let title = inner.trim_matches(['*', '_', ' ']).trim_end_matches([':', '：']);
        !title.is_empty()
            && !is_closed(title)
            && !title.contains(": ")
            && count_words(title, MAX_WORDS + 1) <= MAX_WORDS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heading_markup_is_recognised_whoever_wrote_it() {
        let levels =
            ["<h2>Results</h2>", "== Results ==", "**Results**", "__Results:__", "**Results**:", "<b>Results</b>"];
        let known = levels.map(marked_level);
        assert_eq!(known, [Some(2), Some(2), Some(7), Some(7), Some(7), Some(7)]);
        for line in ["Results", "**Results** are in.", "**He left.**", "**Read also: the harbour**", "====", "<hr>"] {
            assert_eq!(marked_level(line), None, "{line}");
        }
    }
}
