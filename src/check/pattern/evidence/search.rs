//! Finds the units of a document that patterns may match.

use std::borrow::Cow;

use super::{Candidate, Evidence};
use crate::check::pattern::prefilter::{Glance, Hit, SHORT_WORDS};
use crate::check::pattern::unit::{IsLine, WordCounter, is_searched};
use crate::check::pattern::{Place, Unit};

impl Evidence<'_, '_> {
    /// Matches what counts anywhere, and notes what may count at an edge.
    pub(super) fn search(&mut self) {
        /// Hits to collect before they are tried. Collecting and trying use different data, so switching between
        /// them with each block would thrash the processor's caches.
        const MAX_HITS: usize = 1 << 16;
        let (mut of_block, mut hits, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
        for block in (0..self.document.blocks().len()).filter(|block| is_searched(self.document, *block)) {
            let glance = self.find_hits(block, &mut of_block);
            if !of_block.is_empty() {
                blocks.push((block, glance, std::mem::take(&mut self.of_block), of_block.len()));
                hits.append(&mut of_block);
            }
            if hits.len() > MAX_HITS {
                self.try_blocks(&mut blocks, &mut hits);
            }
        }
        self.try_blocks(&mut blocks, &mut hits);
    }

    /// Puts the hits in a block into `hits`.
    fn find_hits(&mut self, block: usize, hits: &mut Vec<Hit>) -> Glance {
        let content = self.document.blocks()[block].content;
        let text = self.document.slice(content);
        let may_be_short = || self.of_block.may_be_within(text, content, SHORT_WORDS);
        self.prefilters.hits(self.matchers, self.document.text(), content, may_be_short, hits)
    }

    /// Matches the patterns that were hit in some blocks, each given with the number of its hits.
    fn try_blocks(&mut self, blocks: &mut Vec<(usize, Glance, WordCounter, usize)>, hits: &mut Vec<Hit>) {
        /// Candidates to keep for the walk.
        const MAX_CANDIDATES: usize = 1 << 18;
        let mut rest = hits.as_slice();
        for (block, glance, words, count) in blocks.drain(..) {
            let (of_block, behind) = rest.split_at(count);
            self.of_block = words;
            self.glance = Some((self.document.blocks()[block].content, glance));
            self.each_candidate(block, of_block, |evidence, candidate| {
                if evidence.matchers[candidate.matcher].pattern.place == Place::Anywhere {
                    evidence.try_candidate(candidate);
                } else if evidence.has_all_candidates {
                    evidence.candidates.push(candidate);
                }
            });
            rest = behind;
        }
        hits.clear();
        if self.candidates.len() > MAX_CANDIDATES {
            self.candidates = Vec::new();
            self.has_all_candidates = false;
        }
    }

    /// Calls `take` with each pattern that was hit in a block and the unit it may match.
    fn each_candidate(&mut self, block: usize, hits: &[Hit], mut take: impl FnMut(&mut Self, Candidate)) {
        let content = self.document.blocks()[block].content;
        let mut is_line = IsLine::default();
        let mut last: Option<Candidate> = None;
        for hit in hits {
            let index = hit.pattern as usize;
            let matcher = &self.matchers[index];
            // The whole block needs no look at its lines if it has too many words.
            if matcher.pattern.unit != Unit::Sentence && !matcher.admits(self.document, content, &mut self.of_block) {
                continue;
            }
            let Some(unit) = matcher.unit_at(self.document, block, hit.offset, &mut is_line) else { continue };
            let candidate = Candidate { matcher: index, block, unit };
            // The hits of one pattern in one unit follow each other.
            if last == Some(candidate) {
                continue;
            }
            last = Some(candidate);
            if matcher.pattern.unit == Unit::Sentence && !matcher.admits(self.document, unit, &mut self.of_sentence) {
                continue;
            }
            take(self, candidate);
        }
    }

    /// Returns the candidates of a block that count at an edge, from `kept` unless those are not all.
    pub(super) fn edge_candidates<'c>(&mut self, block: usize, kept: &'c [Candidate]) -> Cow<'c, [Candidate]> {
        if self.has_all_candidates {
            let start = kept.partition_point(|candidate| candidate.block < block);
            let end = kept.partition_point(|candidate| candidate.block <= block);
            return kept[start..end].into();
        }
        let mut candidates = Vec::new();
        if is_searched(self.document, block) {
            let mut hits = Vec::new();
            self.find_hits(block, &mut hits);
            self.each_candidate(block, &hits, |evidence, candidate| {
                if evidence.matchers[candidate.matcher].pattern.place != Place::Anywhere {
                    candidates.push(candidate);
                }
            });
        }
        candidates.into()
    }
}
