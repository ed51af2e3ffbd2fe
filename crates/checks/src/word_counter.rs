//! Counts the words of parts of a document.

use std::ops::RangeInclusive;

use dechaff_text::{Span, count_words, word_count_bounds};

/// Counts words. Caches the count of the last unit, because many patterns need it.
#[derive(Default)]
pub(super) struct WordCounter {
    unit: Span,
    /// Bounds of its number of words, which are cheap to compute.
    bounds: Option<RangeInclusive<usize>>,
    words: usize,
    /// Counting stopped there.
    limit: usize,
}

impl WordCounter {
    /// Returns bounds of the number of words of `unit`, whose text is `text`.
    fn bounds(&mut self, text: &str, unit: Span) -> &RangeInclusive<usize> {
        if self.unit != unit {
            *self = Self { unit, ..Self::default() };
        }
        self.bounds.get_or_insert_with(|| word_count_bounds(text))
    }

    /// Whether `unit` may have at most `max` words, without counting them.
    pub(super) fn may_be_within(&mut self, text: &str, unit: Span, max: usize) -> bool {
        *self.bounds(text, unit).start() <= max
    }

    /// Whether the number of words of `unit`, whose text is `text`, is in `wanted`.
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
