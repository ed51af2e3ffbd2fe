//! The units that patterns are matched against, and the guards on them.

use std::ops::RangeInclusive;

use super::{Matcher, PatternUnit};
use crate::text::{BlockKind, Document, Span, count_words, word_count_bounds};

impl Matcher {
    /// The unit of block `block` in which the byte at `offset` stands, if the pattern looks at such
    /// units.
    pub(super) fn unit_at(
        &self,
        document: &Document<'_>,
        block: usize,
        offset: usize,
        is_line: &mut IsLine,
    ) -> Option<Span> {
        match self.pattern.unit {
            PatternUnit::Line => {
                is_line.get(document, block).then(|| document.blocks()[block].content)
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

    /// Whether `unit` has as many words as the pattern asks for.
    pub(super) fn admits(
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

    /// Whether the pattern matches the unit that is `text`, whose words and place are right.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.regex.as_ref().is_none_or(|regex| regex.is_match(text))
            && !self.unless.as_ref().is_some_and(|unless| unless.is_match(text))
    }
}

/// Whether a block is a line of its own; found out when first asked.
#[derive(Default)]
pub(super) struct IsLine(Option<bool>);

impl IsLine {
    fn get(&mut self, document: &Document<'_>, block: usize) -> bool {
        *self.0.get_or_insert_with(|| {
            document.blocks()[block].lines.len() == 1 && !is_cut(document, block)
        })
    }
}

/// Whether the line of block `index` is only part of a sentence that the line before or after it
/// holds the rest of.
fn is_cut(document: &Document<'_>, index: usize) -> bool {
    document.continues_in_next_block(index)
        || index > 0 && document.continues_in_next_block(index - 1)
}

/// Remembers how many words the last unit has, since many patterns ask in turn.
#[derive(Default)]
pub(super) struct WordCounter {
    unit: Span,
    /// Between which numbers that of its words lies.
    bounds: Option<RangeInclusive<usize>>,
    words: usize,
    /// No further was counted.
    limit: usize,
}

impl WordCounter {
    /// Between which numbers that of the words of `unit` lies, which is `text`.
    fn bounds(&mut self, text: &str, unit: Span) -> &RangeInclusive<usize> {
        if self.unit != unit {
            *self = Self { unit, ..Self::default() };
        }
        self.bounds.get_or_insert_with(|| word_count_bounds(text))
    }

    /// Whether `unit`, which is `text`, may have no more words than `most`: told without counting.
    pub(super) fn may_be_within(&mut self, text: &str, unit: Span, most: usize) -> bool {
        *self.bounds(text, unit).start() <= most
    }

    /// Whether `unit`, which is `text`, has so many words.
    pub(super) fn is_within(
        &mut self,
        text: &str,
        unit: Span,
        wanted: &RangeInclusive<usize>,
    ) -> bool {
        const MIN_LIMIT: usize = 100;
        let bounds = self.bounds(text, unit);
        if wanted.contains(bounds.start()) && wanted.contains(bounds.end()) {
            return true;
        }
        if bounds.end() < wanted.start() || wanted.end() < bounds.start() {
            return false;
        }
        let limit = wanted.end().saturating_add(1).max(*wanted.start());
        let is_known = self.words < self.limit || limit <= self.limit;
        if !is_known {
            self.limit = limit.max(MIN_LIMIT);
            self.words = count_words(text, self.limit);
        }
        wanted.contains(&self.words)
    }
}

/// Whether patterns look at a block at all: text, and a lone line with pipes, which is no table.
pub(super) fn is_searched(document: &Document<'_>, block: usize) -> bool {
    let block = &document.blocks()[block];
    block.kind.is_text() || block.kind == BlockKind::Table && block.lines.len() == 1
}
