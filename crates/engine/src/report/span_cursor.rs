//! Looks up ascending positions in spans.

use dechaff_text::Span;

/// Spans in order of position, looked up by ascending positions.
pub(super) struct SpanCursor {
    spans: Vec<Span>,
    at: usize,
}

impl SpanCursor {
    /// Creates a cursor from spans in any order. Spans that overlap or touch are merged.
    pub(super) fn new(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable();
        let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match merged.last_mut().filter(|last| span.start <= last.end) {
                Some(last) => last.end = last.end.max(span.end),
                None => merged.push(span),
            }
        }
        Self { spans: merged, at: 0 }
    }

    /// Creates a cursor from sorted spans, which are kept as they are.
    pub(super) fn from_sorted(spans: Vec<Span>) -> Self {
        Self { spans, at: 0 }
    }

    /// Returns the index of the first span that contains `position`, which must not be less than
    /// that of the call before.
    pub(super) fn find(&mut self, position: usize) -> Option<usize> {
        while self.spans.get(self.at).is_some_and(|span| span.end <= position) {
            self.at += 1;
        }
        self.spans.get(self.at).filter(|span| span.start <= position).map(|_| self.at)
    }

    /// Returns 1 if a span contains `position`, otherwise 0. Positions must not decrease between
    /// calls.
    pub(super) fn count(&mut self, position: usize) -> usize {
        usize::from(self.find(position).is_some())
    }
}
