//! Sentences that stood before.

use std::sync::Arc;

use super::Sentence;
use super::compare::{Found, Proof, Site, further};
use super::spill::{Gather, Record, eight, four};
use super::units::Units;
use crate::check::{Corpus, store};
use crate::finding::RuleInfo;

/// Where a sentence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    hash: u64,
    document: u32,
    start: u32,
    end: u32,
    words: u32,
}

impl Record for Standing {
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
        let [document, start, end, words] = [8, 12, 16, 20].map(|at| four(bytes, at));
        Self { hash: eight(bytes, 0), document, start, end, words }
    }
}

impl Standing {
    fn site(&self) -> Site {
        Site { document: self.document, start: self.start, end: self.end }
    }
}

/// Reports each later occurrence of a sentence outside paragraphs that are copies themselves.
pub(super) fn find<'r>(
    rule: &'r Arc<RuleInfo>,
    parameters: &Sentence,
    units: &Units<'_>,
    corpus: &Corpus<'_, '_>,
    found: &mut Vec<Found<'r>>,
) -> store::Result<()> {
    let mut sentences = Gather::new(corpus.documents.memory, corpus.store);
    units.each(&mut |index, sketch| {
        let Some(unit) = units.all.get(index as usize).filter(|unit| !unit.is_claimed) else { return Ok(()) };
        sketch.sentences().try_for_each(|mark| {
            let (hash, document, words) = (mark.hash, unit.document, mark.words);
            sentences.push(Standing { hash, document, start: mark.start, end: mark.end, words })
        })
    })?;
    sentences.groups(&mut |group| {
        let Some(first) = group.first() else { return Ok(()) };
        let mut first_here = first;
        for one in group.iter().skip(1) {
            let is_here = first_here.document == one.document;
            if !is_here {
                first_here = one;
            }
            let minimum = if is_here { Some(parameters.min_words) } else { parameters.min_words_across };
            if minimum.is_some_and(|minimum| one.words >= minimum) {
                let first = if is_here { first_here } else { first };
                let more = further(group);
                found.push(Found { rule, site: one.site(), first: first.site(), more, proof: Proof::Equal });
            }
        }
        Ok(())
    })
}
