//! Headings by any markup, and the body text they introduce.

use super::{BlockKind, Document, count_words, ends_sentence};

/// Level of headings without a number, such as a line in bold: deeper than any other.
const UNNUMBERED_LEVEL: u8 = 7;

impl Document<'_> {
    /// Returns the level of a block marked as a heading: `#`, an underline, `<h2>`, `== … ==` or
    /// bold.
    pub fn marked_heading(&self, block: usize) -> Option<u8> {
        let block = self.blocks().get(block)?;
        match block.kind {
            BlockKind::Heading(level) => Some(level),
            BlockKind::Paragraph if block.lines.len() == 1 => {
                marked_level(self.slice(block.content))
            }
            _ => None,
        }
    }

    /// Whether the block can be the body of a section: prose, however short, a list, a quotation, a
    /// table or code.
    ///
    /// A short line that does not end like a sentence does not count: it may itself be a heading or
    /// label.
    pub fn is_body(&self, block: usize) -> bool {
        const MIN_INTRODUCTION_WORDS: usize = 6;
        let Some(one) = self.blocks().get(block) else { return false };
        match one.kind {
            BlockKind::ListItem | BlockKind::Quotation | BlockKind::Table | BlockKind::Code => true,
            BlockKind::Paragraph => {
                let content = self.slice(one.content);
                self.marked_heading(block).is_none()
                    && content.contains(char::is_alphabetic)
                    && (ends_sentence(content)
                        || one.lines.len() > 1
                        || content.ends_with([':', '：', ';', ','])
                            && count_words(content, MIN_INTRODUCTION_WORDS)
                                == MIN_INTRODUCTION_WORDS
                        || self.is_prose(block))
            }
            BlockKind::FrontMatter
            | BlockKind::Heading(_)
            | BlockKind::Comment
            | BlockKind::Blank => false,
        }
    }

    /// Whether a line break split a sentence between the block `left` and the next one.
    pub fn continues_in_next_block(&self, left: usize) -> bool {
        const MIN_WORDS: usize = 4;
        /// Words that end a line only if the sentence continues.
        const DANGLING_WORDS: [&str; 10] =
            ["the", "a", "an", "of", "to", "and", "or", "with", "for", "in"];
        let blocks = self.blocks();
        let (Some(left), Some(right)) = (blocks.get(left), blocks.get(left + 1)) else {
            return false;
        };
        let is_text = matches!(left.kind, BlockKind::Paragraph | BlockKind::Quotation)
            && left.kind == right.kind;
        is_text && {
            let (left, right) = (self.slice(left.content), self.slice(right.content));
            let is_continued = right.starts_with(char::is_lowercase)
                || right.starts_with(['[', '`', '('])
                    && left.rsplit(' ').next().is_some_and(|last| DANGLING_WORDS.contains(&last));
            is_continued
                && left.ends_with(|last: char| last.is_alphabetic() || last == ',')
                && count_words(left, MIN_WORDS) == MIN_WORDS
        }
    }
}

/// Returns the level of a line with heading markup other than Markdown's `#` and underlines.
fn marked_level(line: &str) -> Option<u8> {
    if let Some(rest) = line.strip_prefix("<h").or_else(|| line.strip_prefix("<H")) {
        let level = rest.as_bytes().first()?;
        return (b'1'..=b'6').contains(level).then(|| level - b'0');
    }
    let signs = line.bytes().take_while(|&byte| byte == b'=').count();
    if signs > 0 {
        let has_closing_signs = line.len() > 2 * signs + 1 && line.ends_with(line.get(..signs)?);
        return u8::try_from(signs)
            .ok()
            .filter(|level| has_closing_signs && (2..=6).contains(level));
    }
    is_bold_title(line).then_some(UNNUMBERED_LEVEL)
}

/// Whether the whole line is bold and looks like a title: few words, no full stop, no label.
fn is_bold_title(line: &str) -> bool {
    const MAX_WORDS: usize = 12;
    let line = line.trim_end_matches([':', '：']);
    let inner = ["**", "__"].iter().find_map(|mark| {
        let inner = line.strip_prefix(mark)?.strip_suffix(mark)?;
        (!inner.is_empty() && !inner.contains(mark)).then_some(inner)
    });
    let html = || {
        let inner = ["b", "strong"].iter().find_map(|name| {
            line.strip_prefix('<')?
                .strip_prefix(name)?
                .strip_prefix('>')?
                .strip_suffix('>')?
                .strip_suffix(name)
        })?;
        inner.strip_suffix("</")
    };
    inner.or_else(html).is_some_and(|inner| {
        let title = inner.trim_matches(['*', '_', ' ']).trim_end_matches([':', '：']);
        !title.is_empty()
            && !ends_sentence(title)
            && !title.contains(": ")
            && count_words(title, MAX_WORDS + 1) <= MAX_WORDS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_heading_markup_of_html_wikis_and_bold_lines() {
        let levels = [
            "<h2>Results</h2>",
            "== Results ==",
            "**Results**",
            "__Results:__",
            "**Results**:",
            "<b>Results</b>",
        ];
        let actual = levels.map(marked_level);
        assert_eq!(actual, [Some(2), Some(2), Some(7), Some(7), Some(7), Some(7)]);
        for line in [
            "Results",
            "**Results** are in.",
            "**He left.**",
            "**Read also: the harbour**",
            "====",
            "<hr>",
        ] {
            assert_eq!(marked_level(line), None, "{line}");
        }
    }
}
