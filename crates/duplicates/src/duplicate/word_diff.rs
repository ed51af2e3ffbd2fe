//! A word-level diff of two paragraphs.

use std::ops::Range;

use super::token::Tokens;

/// Tokens of the left text that are replaced by tokens of the right text. Either range may be
/// empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WordDifference {
    pub(super) left: Range<usize>,
    pub(super) right: Range<usize>,
}

/// Returns a minimal diff of two texts, or `None` if they are too long.
///
/// The algorithm is the textbook longest common subsequence, after stripping the common prefix and
/// suffix.
pub(super) fn diff_words(left: &Tokens, right: &Tokens) -> Option<Vec<WordDifference>> {
    /// Maximum number of table cells, enough for a thousand words on either side.
    const MAX_CELLS: usize = 1 << 20;
    let left: Vec<u64> = left.hashes().collect();
    let right: Vec<u64> = right.hashes().collect();
    let head = left.iter().zip(&right).take_while(|(one, other)| one == other).count();
    let max_tail = left.len().min(right.len()) - head;
    let tail = left
        .iter()
        .rev()
        .zip(right.iter().rev())
        .take(max_tail)
        .take_while(|(one, other)| one == other)
        .count();
    let (inner_left, inner_right) =
        (&left[head..left.len() - tail], &right[head..right.len() - tail]);
    let width = inner_right.len() + 1;
    if (inner_left.len() + 1).saturating_mul(width) > MAX_CELLS {
        return None;
    }
    // common[i * width + j] is the length of the longest common subsequence of inner_left[i..] and
    // inner_right[j..].
    let mut common = vec![0_u16; (inner_left.len() + 1) * width];
    for (i, one) in inner_left.iter().enumerate().rev() {
        for (j, other) in inner_right.iter().enumerate().rev() {
            let here = i * width + j;
            common[here] = if one == other {
                common[here + width + 1] + 1
            } else {
                common[here + width].max(common[here + 1])
            };
        }
    }
    let mut differences: Vec<WordDifference> = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < inner_left.len() || j < inner_right.len() {
        let is_equal = inner_left.get(i).is_some_and(|one| inner_right.get(j) == Some(one));
        if is_equal {
            (i, j) = (i + 1, j + 1);
            continue;
        }
        let skips_left = j == inner_right.len()
            || i < inner_left.len() && common[(i + 1) * width + j] >= common[i * width + j + 1];
        let (next_i, next_j) = if skips_left { (i + 1, j) } else { (i, j + 1) };
        match differences.last_mut() {
            Some(last) if last.left.end == head + i && last.right.end == head + j => {
                (last.left.end, last.right.end) = (head + next_i, head + next_j);
            }
            _ => differences.push(WordDifference {
                left: head + i..head + next_i,
                right: head + j..head + next_j,
            }),
        }
        (i, j) = (next_i, next_j);
    }
    Some(differences)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dechaff_text::Span;

    fn diff(left: &str, right: &str) -> Vec<(String, String)> {
        let tokens = |text: &str| Tokens::parse(text, Span::new(0, text.len()));
        let (own, other) = (tokens(left), tokens(right));
        let slice = |text: &str, tokens: &Tokens, range: Range<usize>| {
            tokens.span(range).map_or(String::new(), |span| text[span.range()].to_owned())
        };
        diff_words(&own, &other)
            .unwrap()
            .into_iter()
            .map(|one| (slice(left, &own, one.left), slice(right, &other, one.right)))
            .collect()
    }

    #[test]
    fn differing_words_are_paired() {
        let owned = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(left, right)| ((*left).to_owned(), (*right).to_owned())).collect()
        };
        assert_eq!(diff("a b c d e", "a x c d e"), owned(&[("b", "x")]));
        assert_eq!(diff("a b c", "a b c d"), owned(&[("", "d")]));
        assert_eq!(diff("z a b c q", "a b x y c"), owned(&[("z", ""), ("", "x y"), ("q", "")]));
        assert_eq!(diff("a b", "A, b!"), owned(&[]));
    }
}
