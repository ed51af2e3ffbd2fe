//! Sentence hashes for sketches. They ignore punctuation.

use super::hash::{self, combine, finalize};
use super::matches::to_u32_saturating;
use super::token::{Token, Tokens};
use dechaff_text::{Document, Span, ends_sentence};

/// Writes the hashes of complete sentences with at least `min_words` words. Returns their number.
pub(super) fn write_sentences(
    document: &Document<'_>,
    spans: &[Span],
    tokens: &Tokens,
    min_words: u32,
    bytes: &mut Vec<u8>,
) -> u32 {
    let mut count = 0;
    let mut rest = tokens.tokens.as_slice();
    for span in spans {
        let before = rest.partition_point(|token| token.span.start < span.start);
        let inside = rest.partition_point(|token| token.span.end <= span.end).max(before);
        let (sentence, after) = rest.split_at(inside);
        rest = after;
        let sentence = sentence.get(before..).unwrap_or(&[]);
        if sentence.len() >= min_words as usize && ends_sentence(document.slice(*span)) {
            let hash = sentence.iter().fold(hash::START, |state, token| combine(state, token.hash));
            write_sentence(hash, *span, to_u32_saturating(sentence.len()), bytes);
            count += 1;
        }
    }
    count
}

/// Hashes the sentences of a unit token by token.
pub(super) struct SentenceHasher<'s> {
    /// The current sentence and those after it.
    spans: &'s [Span],
    min_words: u32,
    /// The hash of the current sentence so far.
    state: u64,
    /// The words of the current sentence so far.
    words: u32,
}

impl<'s> SentenceHasher<'s> {
    /// Hashes the sentences at `spans` that have at least `min_words` words.
    pub(super) fn new(spans: &'s [Span], min_words: u32) -> Self {
        Self { spans, min_words, state: hash::START, words: 0 }
    }

    /// Adds a token. Returns the number of sentences written to `bytes`.
    pub(super) fn add(
        &mut self,
        document: &Document<'_>,
        token: &Token,
        bytes: &mut Vec<u8>,
    ) -> u32 {
        let mut count = 0;
        while self.spans.first().is_some_and(|span| span.end < token.span.end) {
            count += self.finish(document, bytes);
        }
        if self.spans.first().is_some_and(|span| span.start <= token.span.start) {
            self.state = combine(self.state, token.hash);
            self.words += 1;
        }
        count
    }

    /// Finishes the current sentence. Returns 1 if it is written to `bytes`, otherwise 0.
    pub(super) fn finish(&mut self, document: &Document<'_>, bytes: &mut Vec<u8>) -> u32 {
        let Some((span, rest)) = self.spans.split_first() else { return 0 };
        let is_written = self.words >= self.min_words && ends_sentence(document.slice(*span));
        if is_written {
            write_sentence(self.state, *span, self.words, bytes);
        }
        self.spans = rest;
        self.state = hash::START;
        self.words = 0;
        u32::from(is_written)
    }
}

fn write_sentence(state: u64, span: Span, words: u32, bytes: &mut Vec<u8>) {
    bytes.extend_from_slice(&finalize(state).to_le_bytes());
    for number in [to_u32_saturating(span.start), to_u32_saturating(span.end), words] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
}
