//! Determines what matches remove beyond their units.

use super::{Candidate, EvidenceSearch, Removal};
use dechaff_text::{Block, BlockKind, Document, Span, count_words, ends_sentence};

impl EvidenceSearch<'_, '_> {
    /// Returns what a match removes.
    pub(super) fn removed_span(&self, found: &Candidate, removal: Removal) -> Span {
        const MAX_WORDS: usize = 40;
        let blocks = self.document.blocks();
        let block = &blocks[found.block];
        let next_block =
            || blocks[found.block + 1..].iter().find(|one| one.kind != BlockKind::Blank);
        match removal {
            Removal::Match => found.unit,
            Removal::RestOfBlock => {
                let rest = Span::new(found.unit.end, block.content.end.max(found.unit.end));
                let is_short = count_words(self.document.slice(rest), MAX_WORDS + 1) <= MAX_WORDS;
                if is_short { found.unit.cover(rest) } else { found.unit }
            }
            Removal::RestOfText => {
                if found.block + 1 < self.end_start {
                    return found.unit;
                }
                let end = self.section_end(found.block, |block| self.is_label(block));
                Span::new(found.unit.start, end.max(found.unit.end))
            }
            Removal::NextLine => {
                const MAX_WORDS: usize = 8;
                let is_line = |next: &&Block| {
                    next.kind.is_text()
                        && count_words(self.document.slice(next.content), MAX_WORDS + 1)
                            <= MAX_WORDS
                };
                next_block().filter(is_line).map_or(found.unit, |next| found.unit.cover(next.span))
            }
            Removal::NextTitle => {
                const WORDS: std::ops::RangeInclusive<usize> = 4..=20;
                let is_title = |next: &&Block| {
                    let content = self.document.slice(next.content);
                    next.kind.is_text()
                        && next.lines.len() == 1
                        && !content.ends_with(['.', ':', '"', '”'])
                        && WORDS.contains(&count_words(content, WORDS.end() + 1))
                };
                next_block().filter(is_title).map_or(found.unit, |next| found.unit.cover(next.span))
            }
            Removal::NextList => {
                self.next_list(found.block).map_or(found.unit, |list| found.unit.cover(list))
            }
            Removal::Section => self.section(found.block).unwrap_or(found.unit),
            Removal::ShortRestOfText => {
                const MAX_WORDS: usize = 150;
                let rest = Span::new(found.unit.end, self.document.text().len());
                let is_short = count_words(self.document.slice(rest), MAX_WORDS + 1) <= MAX_WORDS;
                if !is_short {
                    return found.unit;
                }
                Span::new(
                    found.unit.start,
                    self.section_end(found.block, |_| false).max(found.unit.end),
                )
            }
        }
    }

    /// Returns the list directly below a block, if it is short enough to be a list of links.
    fn next_list(&self, block: usize) -> Option<Span> {
        const ITEMS: std::ops::RangeInclusive<usize> = 2..=15;
        const MAX_WORDS: usize = 40;
        let blocks = self.document.blocks().get(block + 1..)?;
        let visible = blocks.iter().filter(|block| block.kind != BlockKind::Blank);
        let items =
            visible.take_while(|block| block.kind == BlockKind::ListItem).take(ITEMS.end() + 1);
        let items: Vec<&Block> = items.collect();
        let is_short = |item: &&Block| {
            count_words(self.document.slice(item.content), MAX_WORDS + 1) <= MAX_WORDS
        };
        let is_list = ITEMS.contains(&items.len()) && items.iter().all(is_short);
        is_list.then(|| items.iter().map(|item| item.span).reduce(Span::cover)).flatten()
    }

    /// Returns a block and all blocks up to the next marked heading of its level or above; `None`
    /// if they include code or a table.
    pub(super) fn section(&self, block: usize) -> Option<Span> {
        let blocks = self.document.blocks();
        let Outline { headings, matter } = self.outline.get_or_init(|| Outline::new(self.document));
        let level = self.document.marked_heading(block);
        let below = &headings[headings.partition_point(|(heading, _)| *heading <= block)..];
        let next = below.iter().find(|(_, next)| level.is_none_or(|level| *next <= level));
        let end = next.map_or(blocks.len(), |(heading, _)| *heading);
        let code = matter.get(matter.partition_point(|matter| *matter <= block));
        if code.is_some_and(|code| *code < end) {
            return None;
        }
        let is_text = |index: &usize| blocks[*index].kind != BlockKind::Blank;
        let last = (block..end).rev().find(is_text).unwrap_or(block);
        Some(blocks[block].span.cover(blocks[last].span))
    }

    /// Whether a block is a label such as "Sources": too short for the title of another page.
    fn is_label(&self, block: usize) -> bool {
        const MAX_WORDS: usize = 3;
        let block = &self.document.blocks()[block];
        let content = self.document.slice(block.content);
        block.kind == BlockKind::Paragraph
            && count_words(content, MAX_WORDS + 1) <= MAX_WORDS
            && !ends_sentence(content)
    }

    /// Returns the blocks of prose that begin in `span`.
    pub(super) fn paragraphs(&self, span: Span) -> impl Iterator<Item = usize> {
        let blocks = self.document.blocks();
        let first = self.document.block_at(span.start);
        let reached =
            (first..blocks.len()).take_while(move |&block| blocks[block].span.start < span.end);
        reached.filter(|&block| self.document.is_prose(block))
    }

    /// Returns the end of a block's section: the next heading with text below it, or the end of the
    /// document. Blocks that satisfy `is_label` also count as headings.
    fn section_end(&self, block: usize, is_label: impl Fn(usize) -> bool) -> usize {
        let blocks = self.document.blocks();
        let level = self.document.marked_heading(block);
        let is_text = |index: &usize| blocks[*index].kind != BlockKind::Blank;
        let mut last = block;
        let mut rest = (block + 1..blocks.len()).filter(is_text).peekable();
        while let Some(next) = rest.next() {
            let heading = self.document.marked_heading(next);
            let is_below =
                level.is_some_and(|level| heading.is_some_and(|heading| heading > level));
            let is_heading = heading.is_some() || is_label(next);
            if is_heading
                && !is_below
                && rest.peek().is_some_and(|&body| self.document.is_body(body))
            {
                break;
            }
            last = next;
        }
        blocks[last].span.end
    }
}

/// The marked headings, code and tables of a document. A page may have a label above each line, so
/// sections are not searched block by block.
pub(super) struct Outline {
    /// The blocks that are headings, with their levels.
    headings: Vec<(usize, u8)>,
    /// The blocks of code, and the tables of more than one line.
    matter: Vec<usize>,
}

impl Outline {
    fn new(document: &Document<'_>) -> Self {
        let blocks = document.blocks();
        let level = |block: usize| Some((block, document.marked_heading(block)?));
        let is_matter = |block: &usize| match blocks[*block].kind {
            BlockKind::Blank => false,
            BlockKind::Table => blocks[*block].lines.len() > 1,
            kind => !kind.is_text(),
        };
        Self {
            headings: (0..blocks.len()).filter_map(level).collect(),
            matter: (0..blocks.len()).filter(is_matter).collect(),
        }
    }
}
