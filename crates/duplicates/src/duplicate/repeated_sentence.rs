//! Finds sentences that occur more than once.

use std::sync::Arc;

use super::SentenceParameters;
use super::external_group::{ExternalGrouper, FixedRecord, read_u32_le, read_u64_le};
use super::matches::{DocSpan, Match, MatchEvidence, extra_copies, for_each_copy};
use super::units::Units;
use crate::{Corpus, store};
use dechaff_findings::RuleInfo;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SentenceOccurrence {
    pub(super) hash: u64,
    pub(super) document: u32,
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) words: u32,
}

impl FixedRecord for SentenceOccurrence {
    const BYTES: usize = 24;

    fn key(&self) -> u64 {
        self.hash
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.hash.to_le_bytes());
        for number in [self.document, self.start, self.end, self.words] {
            bytes.extend(number.to_le_bytes());
        }
    }

    fn read(bytes: &[u8]) -> Self {
        let [document, start, end, words] = [8, 12, 16, 20].map(|at| read_u32_le(bytes, at));
        Self { hash: read_u64_le(bytes, 0), document, start, end, words }
    }
}

impl SentenceOccurrence {
    fn doc_span(&self) -> DocSpan {
        DocSpan { document: self.document, start: self.start, end: self.end }
    }
}

/// Reports each later occurrence of a sentence, except in paragraphs that are copies themselves.
pub(super) fn find<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &SentenceParameters,
    units: &Units<'_>,
    corpus: &Corpus<'_, '_>,
    matches: &mut Vec<Match<'r>>,
) -> store::Result<()> {
    let mut occurrences = ExternalGrouper::new(corpus.documents.memory, corpus.store);
    units.for_each_sketch(&mut |index, sketch| {
        let Some(unit) = units.all.get(index as usize).filter(|unit| !unit.is_claimed) else {
            return Ok(());
        };
        sketch.sentences().try_for_each(|sentence| {
            occurrences.push(SentenceOccurrence {
                hash: sentence.hash,
                document: unit.document,
                start: sentence.start,
                end: sentence.end,
                words: sentence.words,
            })
        })
    })?;
    occurrences.for_each_group(&mut |group| {
        add_matches(rule, parameters, group, matches);
        Ok(())
    })
}

/// Adds the matches of the occurrences of one sentence, in order.
pub(super) fn add_matches<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &SentenceParameters,
    occurrences: &[SentenceOccurrence],
    matches: &mut Vec<Match<'r>>,
) {
    let document = |at: usize| occurrences[at].document;
    for_each_copy(occurrences.len(), document, |copy, original, is_here| {
        let min_words =
            if is_here { Some(parameters.min_words) } else { parameters.min_words_across };
        if min_words.is_some_and(|min_words| occurrences[copy].words >= min_words) {
            matches.push(Match {
                rule,
                copy: occurrences[copy].doc_span(),
                original: occurrences[original].doc_span(),
                extra_copies: extra_copies(occurrences),
                evidence: MatchEvidence::Exact,
            });
        }
    });
}
