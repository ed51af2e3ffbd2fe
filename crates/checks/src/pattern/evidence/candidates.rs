//! Finds the units of a document that patterns may match.

use std::borrow::Cow;

use super::{Candidate, EvidenceSearch};
use crate::pattern::unit::{OwnLine, is_searchable};
use crate::pattern::{PatternUnit, Region, SHORT_BYTES, SHORT_WORDS};

impl EvidenceSearch<'_, '_> {
    /// Tries patterns for anywhere, and collects candidates of patterns for the start or end.
    pub(super) fn search(&mut self) {
        /// Maximum number of candidates to keep.
        const MAX_CANDIDATES: usize = 1 << 18;
        for block in
            (0..self.document.blocks().len()).filter(|block| is_searchable(self.document, *block))
        {
            self.each_candidate(block, |evidence, candidate| {
                if evidence.matchers[candidate.matcher].pattern.near == Region::Anywhere {
                    evidence.try_candidate(candidate);
                } else if evidence.has_all_candidates {
                    evidence.candidates.push(candidate);
                }
            });
            if self.candidates.len() > MAX_CANDIDATES {
                self.candidates = Vec::new();
                self.has_all_candidates = false;
            }
        }
    }

    /// Calls `take` with each pattern that may match in a block, and the unit that it may match.
    fn each_candidate(&mut self, block: usize, mut take: impl FnMut(&mut Self, Candidate)) {
        let content = self.document.blocks()[block].content;
        let text = self.document.slice(content);
        // Words are separated by at least one byte.
        let is_short = text.len() <= SHORT_BYTES
            && (text.len() < 2 * SHORT_WORDS
                || self.of_block.may_be_within(text, content, SHORT_WORDS));
        let mut found = std::mem::take(&mut self.found);
        self.prefilter.find(text, is_short, &mut found);
        let mut own_line = OwnLine::default();
        let mut last: Option<Candidate> = None;
        for hit in &found.hits {
            let index = hit.expression as usize;
            let matcher = &self.matchers[index];
            let is_sentence = matcher.pattern.unit == PatternUnit::Sentence;
            if !is_sentence && !matcher.word_count_fits(self.document, content, &mut self.of_block)
            {
                continue;
            }
            let offset = content.start + hit.offset;
            let Some(unit) = matcher.unit_at(self.document, block, offset, &mut own_line) else {
                continue;
            };
            let candidate = Candidate { matcher: index, block, unit };
            // The hits of a pattern in a unit are consecutive, and the first is nearest to its
            // start.
            if last == Some(candidate) {
                continue;
            }
            last = Some(candidate);
            if is_sentence {
                let is_near = self.prefilter.may_begin(
                    hit.expression,
                    self.document.slice(unit),
                    offset.saturating_sub(unit.start),
                );
                if !is_near || !matcher.word_count_fits(self.document, unit, &mut self.of_sentence)
                {
                    continue;
                }
            }
            if self.prefilter.may_match(hit.expression, &found.normal) {
                take(self, candidate);
            }
        }
        self.found = found;
    }

    /// Returns the candidates of a block for the start or end: from `kept`, if that is complete.
    pub(super) fn edge_candidates<'c>(
        &mut self,
        block: usize,
        kept: &'c [Candidate],
    ) -> Cow<'c, [Candidate]> {
        if self.has_all_candidates {
            let start = kept.partition_point(|candidate| candidate.block < block);
            let end = kept.partition_point(|candidate| candidate.block <= block);
            return kept[start..end].into();
        }
        let mut candidates = Vec::new();
        if is_searchable(self.document, block) {
            self.each_candidate(block, |evidence, candidate| {
                if evidence.matchers[candidate.matcher].pattern.near != Region::Anywhere {
                    candidates.push(candidate);
                }
            });
        }
        candidates.into()
    }
}
