//! Finds the units of a document that patterns may match.

use std::borrow::Cow;

use crate::pattern::unit::{OwnLine, is_searchable};
use crate::pattern::{Matcher, PatternUnit, Region, SHORT_BYTES, SHORT_WORDS};
use crate::search::{Prefilter, SearchHits};
use crate::word_counter::WordCounter;
use dechaff_text::{Document, Span};

/// A unit that a pattern may match, because it contains a literal of the pattern.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) matcher: usize,
    pub(super) block: usize,
    pub(super) unit: Span,
}

/// Candidates of patterns for the start or end, in order of block.
pub(super) struct EdgeCandidates {
    candidates: Vec<Candidate>,
    /// Whether all candidates were kept. If not, they are searched for again.
    is_complete: bool,
}

impl Default for EdgeCandidates {
    fn default() -> Self {
        Self { candidates: Vec::new(), is_complete: true }
    }
}

impl EdgeCandidates {
    /// Whether there are certainly no candidates.
    pub(super) fn is_empty(&self) -> bool {
        self.candidates.is_empty() && self.is_complete
    }

    pub(super) fn push(&mut self, candidate: Candidate) {
        if self.is_complete {
            self.candidates.push(candidate);
        }
    }

    /// Drops all candidates if there are too many to keep.
    pub(super) fn drop_if_too_many(&mut self) {
        const MAX_CANDIDATES: usize = 1 << 18;
        if self.candidates.len() > MAX_CANDIDATES {
            *self = Self { candidates: Vec::new(), is_complete: false };
        }
    }

    /// Returns the candidates of a block; `None` if they were dropped.
    fn in_block(&self, block: usize) -> Option<&[Candidate]> {
        let start = self.candidates.partition_point(|candidate| candidate.block < block);
        let end = self.candidates.partition_point(|candidate| candidate.block <= block);
        self.is_complete.then(|| &self.candidates[start..end])
    }
}

/// Finds candidates block by block.
pub(super) struct CandidateSearch<'e, 't> {
    matchers: &'e [Matcher],
    prefilter: &'e Prefilter,
    document: &'e Document<'t>,
    of_block: WordCounter,
    of_sentence: WordCounter,
    found: SearchHits,
}

impl<'e, 't> CandidateSearch<'e, 't> {
    pub(super) fn new(
        matchers: &'e [Matcher],
        prefilter: &'e Prefilter,
        document: &'e Document<'t>,
    ) -> Self {
        Self {
            matchers,
            prefilter,
            document,
            of_block: WordCounter::default(),
            of_sentence: WordCounter::default(),
            found: SearchHits::default(),
        }
    }

    /// Calls `take` with each pattern that may match in a block, and the unit that it may match.
    pub(super) fn each_candidate(&mut self, block: usize, mut take: impl FnMut(Candidate)) {
        let content = self.document.blocks()[block].content;
        let text = self.document.slice(content);
        // Words are separated by at least one byte.
        let is_short = text.len() <= SHORT_BYTES
            && (text.len() < 2 * SHORT_WORDS
                || self.of_block.may_be_within(text, content, SHORT_WORDS));
        self.prefilter.find(text, is_short, &mut self.found);
        let mut own_line = OwnLine::default();
        let mut last: Option<Candidate> = None;
        for hit in &self.found.hits {
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
            if self.prefilter.may_match(hit.expression, &self.found.normal) {
                take(candidate);
            }
        }
    }

    /// Returns the candidates of a block for the start or end: those in `kept`, unless they were
    /// dropped.
    pub(super) fn edge_candidates<'c>(
        &mut self,
        block: usize,
        kept: &'c EdgeCandidates,
    ) -> Cow<'c, [Candidate]> {
        if let Some(candidates) = kept.in_block(block) {
            return candidates.into();
        }
        let mut candidates = Vec::new();
        if is_searchable(self.document, block) {
            let matchers = self.matchers;
            self.each_candidate(block, |candidate| {
                if matchers[candidate.matcher].pattern.near != Region::Anywhere {
                    candidates.push(candidate);
                }
            });
        }
        candidates.into()
    }
}
