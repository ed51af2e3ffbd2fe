//! The history of a text over several rounds of edits, in terms of the original.

use super::Change;
use dechaff_findings::Edit;
use dechaff_text::Span;

/// An edit and the code of the rule that proposed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttributedEdit {
    pub(super) edit: Edit,
    pub(super) code: String,
}

/// The original as a sequence of kept and deleted segments, with the insertions between them.
pub(super) struct EditHistory {
    segments: Vec<Segment>,
}

enum Segment {
    /// Bytes of the original that are still in the text.
    Kept(Span),
    /// Bytes of the original, and the rule that deleted them.
    Deleted(Span, String),
    /// Inserted text, empty if it was deleted again, and the rule that did so.
    Inserted(String, String),
}

impl EditHistory {
    /// Starts with an unchanged text.
    pub(super) fn new(text: &str) -> Self {
        Self { segments: vec![Segment::Kept(Span::new(0, text.len()))] }
    }

    /// Applies `edits` to the current text and returns the new text. The edits are disjoint and in
    /// order.
    pub(super) fn apply(&mut self, original: &str, edits: &[AttributedEdit]) -> String {
        let mut splitter = SegmentSplitter {
            edits,
            segments: Vec::with_capacity(self.segments.len() + 2 * edits.len()),
        };
        let mut at = 0;
        for segment in std::mem::take(&mut self.segments) {
            match segment {
                Segment::Deleted(..) => splitter.segments.push(segment),
                Segment::Kept(span) => {
                    let kept = |range: Span| Segment::Kept(range.shift(span.start));
                    let deleted = |range: Span, code: &str| {
                        Segment::Deleted(range.shift(span.start), code.to_owned())
                    };
                    splitter.split(at, span.len(), kept, deleted);
                    at += span.len();
                }
                Segment::Inserted(text, code) => {
                    let kept = |range: Span| {
                        Segment::Inserted(text[range.range()].to_owned(), code.clone())
                    };
                    let deleted =
                        |_: Span, by: &str| Segment::Inserted(String::new(), by.to_owned());
                    splitter.split(at, text.len(), kept, deleted);
                    at += text.len();
                }
            }
        }
        for last in std::mem::take(&mut splitter.edits) {
            splitter.segments.push(Segment::Inserted(last.edit.content.clone(), last.code.clone()));
        }
        self.segments = splitter.segments;
        self.text(original)
    }

    fn text(&self, original: &str) -> String {
        let parts = self.segments.iter().map(|segment| match segment {
            Segment::Kept(span) => &original[span.range()],
            Segment::Deleted(..) => "",
            Segment::Inserted(text, _) => text,
        });
        parts.collect()
    }

    /// Returns the changes in order. The segments between two kept ones form a single change if
    /// anything was inserted there, and otherwise one change per rule.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        let mut at = 0;
        for gap in self.segments.chunk_by(|left, right| is_kept(left) == is_kept(right)) {
            let mut change: Option<Change> = None;
            let is_insertion = |segment: &Segment| matches!(segment, Segment::Inserted(text, _) if !text.is_empty());
            let is_replaced = gap.iter().any(is_insertion);
            for segment in gap {
                let (span, content, code) = match segment {
                    Segment::Kept(span) => {
                        at = span.end;
                        continue;
                    }
                    Segment::Deleted(span, code) => (*span, "", code),
                    Segment::Inserted(text, code) => (Span::new(at, at), text.as_str(), code),
                };
                at = span.end;
                match &mut change {
                    Some(open) if is_replaced || open.rules.last() == Some(code) => {
                        open.span.end = span.end;
                        open.content.push_str(content);
                        if !open.rules.contains(code) {
                            open.rules.push(code.clone());
                        }
                    }
                    _ => {
                        let next =
                            Change { span, content: content.to_owned(), rules: vec![code.clone()] };
                        changes.extend(change.replace(next));
                    }
                }
            }
            changes.extend(change);
        }
        changes.retain(|change| !change.span.is_empty() || !change.content.is_empty());
        changes
    }
}

fn is_kept(segment: &Segment) -> bool {
    matches!(segment, Segment::Kept(_))
}

/// Splits segments where edits start and end.
struct SegmentSplitter<'e> {
    /// The edits that have not been applied completely.
    edits: &'e [AttributedEdit],
    segments: Vec<Segment>,
}

impl SegmentSplitter<'_> {
    /// Splits a segment of `length` bytes at `start` in the current text. `kept` and `deleted`
    /// create the parts, given a range relative to the segment.
    fn split(
        &mut self,
        start: usize,
        length: usize,
        kept: impl Fn(Span) -> Segment,
        deleted: impl Fn(Span, &str) -> Segment,
    ) {
        let end = start + length;
        let mut at = start;
        while let Some(next) = self.edits.first() {
            let span = next.edit.span;
            if span.start >= end {
                break;
            }
            // Insert the content where the edit starts, unless it started in an earlier segment.
            if span.start >= at {
                if span.start > at {
                    self.segments.push(kept(Span::new(at - start, span.start - start)));
                }
                if !next.edit.content.is_empty() {
                    self.segments
                        .push(Segment::Inserted(next.edit.content.clone(), next.code.clone()));
                }
            }
            let from = span.start.max(at);
            let to = span.end.min(end);
            if to > from {
                self.segments.push(deleted(Span::new(from - start, to - start), &next.code));
            }
            at = to.max(from);
            if span.end > end {
                return;
            }
            self.edits = &self.edits[1..];
        }
        if at < end {
            self.segments.push(kept(Span::new(at - start, end - start)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(start: usize, end: usize, content: &str, code: &str) -> AttributedEdit {
        AttributedEdit {
            edit: Edit { span: Span::new(start, end), content: content.into() },
            code: code.into(),
        }
    }

    fn rebuild(original: &str, changes: &[Change]) -> String {
        let (mut text, mut at) = (String::new(), 0);
        for change in changes {
            text.push_str(&original[at..change.span.start]);
            text.push_str(&change.content);
            at = change.span.end;
        }
        text + &original[at..]
    }

    #[test]
    fn combines_the_changes_of_several_rounds() {
        let original = "one two three four";
        let mut history = EditHistory::new(original);
        assert_eq!(
            history.apply(original, &[edit(4, 8, "", "A"), edit(8, 8, "new ", "B")]),
            "one new three four"
        );
        assert_eq!(
            history.apply(original, &[edit(4, 8, "", "C"), edit(14, 18, "4", "D")]),
            "one three 4"
        );
        let changes = history.changes();
        assert_eq!(rebuild(original, &changes), "one three 4");
        assert_eq!(
            changes.last(),
            Some(&Change { span: Span::new(14, 18), content: "4".into(), rules: vec!["D".into()] })
        );
    }

    #[test]
    fn separates_adjacent_deletions_of_different_rules() {
        let original = "abcd";
        let mut history = EditHistory::new(original);
        history.apply(original, &[edit(0, 1, "", "A"), edit(1, 3, "", "B")]);
        let spans: Vec<_> = history
            .changes()
            .into_iter()
            .map(|change| (change.span, change.rules[0].clone()))
            .collect();
        assert_eq!(spans, [(Span::new(0, 1), "A".to_owned()), (Span::new(1, 3), "B".to_owned())]);
    }

    proptest! {
        #[test]
        fn changes_reproduce_the_text(
            rounds in proptest::collection::vec(proptest::collection::vec((0_usize..8, 0_usize..5, "[x-z]{0,3}"), 0..4), 0..5)
        ) {
            let original = "abcdefghijklmnop";
            let mut history = EditHistory::new(original);
            let mut text = original.to_owned();
            for round in rounds {
                let mut at = 0;
                let mut edits = Vec::new();
                for (skip, length, content) in round {
                    let start = at + skip;
                    let end = start + length;
                    if end > text.len() {
                        break;
                    }
                    edits.push(edit(start, end, &content, "A"));
                    at = end + 1;
                }
                let mut expected = text.clone();
                for one in edits.iter().rev() {
                    expected.replace_range(one.edit.span.range(), &one.edit.content);
                }
                text = history.apply(original, &edits);
                prop_assert_eq!(&text, &expected);
                prop_assert_eq!(rebuild(original, &history.changes()), expected);
            }
        }
    }
}
