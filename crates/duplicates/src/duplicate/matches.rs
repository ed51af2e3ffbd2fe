//! Matches between two spans of the corpus. They become findings when the texts confirm them.

use std::sync::Arc;

use dechaff_findings::RuleInfo;
use dechaff_text::Span;

/// A span of a document in the corpus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DocSpan {
    pub(super) document: u32,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl DocSpan {
    /// Offsets saturate at 4 GiB. No document that large is compared.
    pub(super) fn new(document: u32, span: Span) -> Self {
        Self { document, start: to_u32_saturating(span.start), end: to_u32_saturating(span.end) }
    }

    pub(super) fn span(self) -> Span {
        Span::new(self.start as usize, self.end as usize)
    }
}

/// A copy and the original that it matches.
#[derive(Debug, Clone)]
pub(super) struct Match<'r> {
    pub(super) rule: &'r Arc<RuleInfo>,
    pub(super) copy: DocSpan,
    pub(super) original: DocSpan,
    /// The number of copies in addition to these two.
    pub(super) extra_copies: u32,
    pub(super) evidence: MatchEvidence,
}

/// The evidence for a match in the sketches.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum MatchEvidence {
    /// The normalized texts have the same hash.
    Exact,
    /// The shingle sets are similar.
    Jaccard {
        shared: u32,
        union: u32,
        /// Whether there may be copies that were not counted.
        is_truncated: bool,
        /// Whether a similar paragraph remains if everything reported is deleted.
        may_delete: bool,
    },
    /// The same words in a row, compared one by one.
    SharedRun {
        words: u32,
        /// Whether the original is a whole paragraph.
        is_whole: bool,
    },
    /// A line in many documents, or many times in this one. Lines with a normalized Levenshtein
    /// similarity of at least `alike` count as the same.
    Recurring { documents: u32, times: u32, alike: f64 },
}

/// Calls `visit` with each copy in a group of `count` places with equal content, in order, its
/// original, and whether both are in one document. An original in the same document is preferred:
/// deleting that copy is safe, whatever happens to other documents.
pub(super) fn for_each_copy(
    count: usize,
    document: impl Fn(usize) -> u32,
    mut visit: impl FnMut(usize, usize, bool),
) {
    let mut first_here = 0;
    for copy in 1..count {
        let is_here = document(first_here) == document(copy);
        if !is_here {
            first_here = copy;
        }
        visit(copy, if is_here { first_here } else { 0 }, is_here);
    }
}

/// The number of copies in a group in addition to a pair.
pub(super) fn extra_copies<T>(group: &[T]) -> u32 {
    to_u32_saturating(group.len().saturating_sub(2))
}

/// Converts a count or an offset for storage. No corpus that can be compared exceeds the range.
pub(super) fn to_u32_saturating(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
