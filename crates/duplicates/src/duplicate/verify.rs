//! Compares spans in the texts of documents, to confirm what hashes suggest.

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use super::matches::DocSpan;
use super::text_cache::TextCache;
use dechaff_text::Span;

impl TextCache<'_> {
    /// Whether two spans have the same letters and digits after Unicode normalization, ignoring
    /// case.
    pub(super) fn are_equal(&mut self, left: DocSpan, right: DocSpan) -> bool {
        let (Some(left_text), Some(right_text)) =
            (self.text(left.document), self.text(right.document))
        else {
            return false;
        };
        match (left_text.get(left.span().range()), right_text.get(right.span().range())) {
            (Some(left), Some(right)) => left == right || folded(left) == folded(right),
            _ => false,
        }
    }

    /// Whether two lines are equal except for numbers, or have a normalized Levenshtein similarity
    /// of at least `min_similarity`.
    pub(super) fn are_lines_similar(
        &mut self,
        left: DocSpan,
        right: DocSpan,
        min_similarity: f64,
    ) -> bool {
        let (Some(left_text), Some(right_text)) =
            (self.text(left.document), self.text(right.document))
        else {
            return false;
        };
        let (Some(left_line), Some(right_line)) =
            (left_text.get(left.span().range()), right_text.get(right.span().range()))
        else {
            return false;
        };
        if left_line == right_line {
            return true;
        }
        // Many lines are compared with the same one in a row.
        let cached = self.last_line.take().filter(|(doc_span, _)| *doc_span == right);
        let right_line =
            cached.map_or_else(|| Arc::from(without_numbers(right_line)), |(_, line)| line);
        self.last_line = Some((right, Arc::clone(&right_line)));
        let left_line = without_numbers(left_line);
        are_normalized_lines_similar(&left_line, &right_line, min_similarity)
    }
}

/// Whether two lines are as [`TextCache::are_lines_similar`] says, given both after
/// [`without_numbers`].
pub(super) fn are_normalized_lines_similar(left: &str, right: &str, min_similarity: f64) -> bool {
    left == right || is_similar(left, right, min_similarity)
}

/// Whether the normalized Levenshtein similarity of two lines is at least `min_similarity`.
fn is_similar(left: &str, right: &str, min_similarity: f64) -> bool {
    let length = left.chars().count().max(right.chars().count());
    // The common prefix and suffix do not contribute to the distance.
    let pairs = left.chars().zip(right.chars());
    let prefix: usize = pairs
        .take_while(|(left, right)| left == right)
        .map(|(character, _)| character.len_utf8())
        .sum();
    let (left, right) = (&left[prefix..], &right[prefix..]);
    let pairs = left.chars().rev().zip(right.chars().rev());
    let suffix: usize = pairs
        .take_while(|(left, right)| left == right)
        .map(|(character, _)| character.len_utf8())
        .sum();
    let distance =
        strsim::levenshtein(&left[..left.len() - suffix], &right[..right.len() - suffix]);
    1.0 - distance as f64 / length as f64 >= min_similarity
}

/// Folds a text and replaces each number with a single 0.
pub(super) fn without_numbers(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for character in folded(text).chars() {
        let character = if character.is_numeric() { '0' } else { character };
        if character != '0' || !result.ends_with('0') {
            result.push(character);
        }
    }
    result
}

/// Returns the letters and digits of a text, normalized to NFKC and in lower case.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|character| character.to_ascii_lowercase())
            .collect();
    }
    text.nfkc()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .map(|character| if character == 'ς' { 'σ' } else { character })
        .collect()
}

/// Extends `span` over the full stop, closing quote or bracket that follows it.
pub(super) fn with_closing_marks(text: &str, span: Span) -> Span {
    let rest = text.get(span.end..).unwrap_or("");
    let after_marks = rest.trim_start_matches(|character: char| {
        !character.is_alphanumeric()
            && !character.is_whitespace()
            && !matches!(character, '(' | '[' | '{' | '“' | '‘' | '<' | '#')
    });
    Span::new(span.start, span.end + (rest.len() - after_marks.len()))
}
