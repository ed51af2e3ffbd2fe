//! The units that patterns match, and conditions on their number of words.

use super::{Matcher, PatternUnit};
use crate::word_counter::WordCounter;
use dechaff_text::{BlockKind, Document, Span};

impl Matcher {
    /// Returns the unit of the pattern that contains the byte at `offset`, in a block; `None` if
    /// the block has no such unit.
    pub(super) fn unit_at(
        &self,
        document: &Document<'_>,
        block: usize,
        offset: usize,
        own_line: &mut OwnLine,
    ) -> Option<Span> {
        match self.pattern.unit {
            PatternUnit::Line => {
                own_line.get(document, block).then(|| document.blocks()[block].content)
            }
            PatternUnit::Paragraph => Some(document.blocks()[block].content),
            PatternUnit::Sentence => {
                let sentences = document.sentences(block);
                let at = sentences
                    .partition_point(|sentence| sentence.start <= offset)
                    .checked_sub(1)?;
                sentences.get(at).copied()
            }
        }
    }

    /// Whether the number of words of `unit` is in the range of the pattern.
    pub(super) fn word_count_fits(
        &self,
        document: &Document<'_>,
        unit: Span,
        counter: &mut WordCounter,
    ) -> bool {
        let (min, max) = (self.pattern.min_words, self.pattern.max_words);
        if min == 0 && max == usize::MAX {
            return true;
        }
        counter.is_within(document.slice(unit), unit, &(min..=max))
    }

    /// Whether the expression matches `text`, the text of a unit, and no exception matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_none_or(|regex| regex.is_match(text))
            && !self.except.as_ref().is_some_and(|except| except.is_match(text))
    }
}

/// For each block, whether it is a separate line. Computed on first use.
#[derive(Default)]
pub(super) struct OwnLine(Option<bool>);

impl OwnLine {
    fn get(&mut self, document: &Document<'_>, block: usize) -> bool {
        *self.0.get_or_insert_with(|| {
            document.blocks()[block].lines.len() == 1 && !is_cut(document, block)
        })
    }
}

/// Whether the sentence in the line of block `index` continues in the line before or after it.
fn is_cut(document: &Document<'_>, index: usize) -> bool {
    document.continues_in_next_block(index)
        || index > 0 && document.continues_in_next_block(index - 1)
}

/// Whether a block is searched: text, or a single line with pipes that is not a table.
pub(super) fn is_searchable(document: &Document<'_>, block: usize) -> bool {
    let block = &document.blocks()[block];
    block.kind.is_text() || block.kind == BlockKind::Table && block.lines.len() == 1
}
