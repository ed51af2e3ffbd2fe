//! Hashes of sentences, without regard to punctuation, for sketches.

use super::hash::{self, chain, mix};
use super::sketch::four_bytes;
use super::token::{Token, Tokens};
use crate::text::{Document, Span, ends_sentence};

/// Writes the sentences with a full stop and at least `minimum` words, hashed without regard to punctuation; how many they are.
pub(super) fn write_sentences(
    document: &Document<'_>,
    spans: &[Span],
    tokens: &Tokens,
    minimum: u32,
    bytes: &mut Vec<u8>,
) -> u32 {
    let mut count = 0;
    let mut rest = tokens.tokens.as_slice();
    for span in spans {
        let before = rest.partition_point(|token| token.span.start < span.start);
        let inside = rest.partition_point(|token| token.span.end <= span.end).max(before);
        let (taken, left) = rest.split_at(inside);
        rest = left;
        let taken = taken.get(before..).unwrap_or(&[]);
        if taken.len() >= minimum as usize && ends_sentence(document.slice(*span)) {
            let hash = taken.iter().fold(hash::START, |state, token| chain(state, token.hash));
            write_sentence(hash, *span, four_bytes(taken.len()), bytes);
            count += 1;
        }
    }
    count
}

/// Hashes the sentences of a unit whose tokens come one by one.
pub(super) struct SentenceHasher<'s> {
    /// The sentences that are not finished.
    spans: &'s [Span],
    minimum: u32,
    /// The hash of the first sentence so far, and its words.
    state: u64,
    words: u32,
}

impl<'s> SentenceHasher<'s> {
    /// Hashes the sentences at `spans` that have at least `minimum` words.
    pub(super) fn new(spans: &'s [Span], minimum: u32) -> Self {
        Self { spans, minimum, state: hash::START, words: 0 }
    }

    /// Adds a token; returns how many sentences were written.
    pub(super) fn add(&mut self, document: &Document<'_>, token: &Token, bytes: &mut Vec<u8>) -> u32 {
        let mut count = 0;
        while self.spans.first().is_some_and(|span| span.end < token.span.end) {
            count += self.finish(document, bytes);
        }
        if self.spans.first().is_some_and(|span| span.start <= token.span.start) {
            self.state = chain(self.state, token.hash);
            self.words += 1;
        }
        count
    }

    /// Finishes the first sentence; returns 1 if it was written.
    pub(super) fn finish(&mut self, document: &Document<'_>, bytes: &mut Vec<u8>) -> u32 {
        let Some((span, rest)) = self.spans.split_first() else { return 0 };
        let is_written = self.words >= self.minimum && ends_sentence(document.slice(*span));
        if is_written {
            write_sentence(self.state, *span, self.words, bytes);
        }
        (self.spans, self.state, self.words) = (rest, hash::START, 0);
        u32::from(is_written)
    }
}

fn write_sentence(state: u64, span: Span, words: u32, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&mix(state).to_le_bytes());
    for number in [four_bytes(span.start), four_bytes(span.end), words] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
}
