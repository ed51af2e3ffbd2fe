//! What became of each byte of a text over several rounds of edits.

use super::Change;
use crate::finding::Edit;
use crate::text::Span;

/// An edit and the rule that asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attributed {
    pub(super) edit: Edit,
    pub(super) code: String,
}

/// The original, cut into what is kept and what went, with what came between; in order.
pub(super) struct Pieces {
    pieces: Vec<Piece>,
}

enum Piece {
    /// Bytes of the original that still stand.
    Kept(Span),
    /// Bytes of the original that a rule took out.
    Removed(Span, String),
    /// Text that a rule put in, or took out after another had put it in.
    New(String, String),
}

impl Pieces {
    /// A text of which nothing has changed yet.
    pub(super) fn of(text: &str) -> Self {
        Self { pieces: vec![Piece::Kept(Span::new(0, text.len()))] }
    }

    /// Applies `edits`, which are in order, disjoint and placed in the text as it stands now, and returns the next text.
    pub(super) fn apply(&mut self, original: &str, edits: &[Attributed]) -> String {
        let mut writer = Writer { edits, pieces: Vec::with_capacity(self.pieces.len() + 2 * edits.len()) };
        let mut at = 0;
        for piece in std::mem::take(&mut self.pieces) {
            match piece {
                Piece::Removed(..) => writer.pieces.push(piece),
                Piece::Kept(span) => {
                    let kept = |range: Span| Piece::Kept(range.shift(span.start));
                    let removed = |range: Span, code: &str| Piece::Removed(range.shift(span.start), code.to_owned());
                    writer.piece(at, span.len(), kept, removed);
                    at += span.len();
                }
                Piece::New(text, code) => {
                    let kept = |range: Span| Piece::New(text[range.range()].to_owned(), code.clone());
                    let removed = |_: Span, by: &str| Piece::New(String::new(), by.to_owned());
                    writer.piece(at, text.len(), kept, removed);
                    at += text.len();
                }
            }
        }
        for last in std::mem::take(&mut writer.edits) {
            writer.pieces.push(Piece::New(last.edit.content.clone(), last.code.clone()));
        }
        self.pieces = writer.pieces;
        self.text(original)
    }

    fn text(&self, original: &str) -> String {
        let parts = self.pieces.iter().map(|piece| match piece {
            Piece::Kept(span) => &original[span.range()],
            Piece::Removed(..) => "",
            Piece::New(text, _) => text,
        });
        parts.collect()
    }

    /// The changes, in order: what stands between two kept pieces is one change if anything was put in there, else one for
    /// each rule.
    pub(super) fn changes(&self) -> Vec<Change> {
        let mut changes: Vec<Change> = Vec::new();
        let mut at = 0;
        for gap in self.pieces.chunk_by(|left, right| is_kept(left) == is_kept(right)) {
            let mut change: Option<Change> = None;
            let is_replaced = gap.iter().any(|piece| matches!(piece, Piece::New(text, _) if !text.is_empty()));
            for piece in gap {
                let (span, content, code) = match piece {
                    Piece::Kept(span) => {
                        at = span.end;
                        continue;
                    }
                    Piece::Removed(span, code) => (*span, "", code),
                    Piece::New(text, code) => (Span::new(at, at), text.as_str(), code),
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
                        let next = Change { span, content: content.to_owned(), rules: vec![code.clone()] };
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

fn is_kept(piece: &Piece) -> bool {
    matches!(piece, Piece::Kept(_))
}

/// Writes pieces anew, cut where edits begin and end.
struct Writer<'e> {
    /// Edits that are not yet done with.
    edits: &'e [Attributed],
    pieces: Vec<Piece>,
}

impl Writer<'_> {
    /// Adds a piece of `length` bytes that begins at `start` in the current text; `kept` and `removed` make pieces of parts
    /// of it, as ranges from its own start.
    fn piece(
        &mut self,
        start: usize,
        length: usize,
        kept: impl Fn(Span) -> Piece,
        removed: impl Fn(Span, &str) -> Piece,
    ) {
        let end = start + length;
        let mut at = start;
        while let Some(next) = self.edits.first() {
            let span = next.edit.span;
            if span.start >= end {
                break;
            }
            // What the edit puts in stands where it begins; it may have begun in an earlier piece.
            if span.start >= at {
                if span.start > at {
                    self.pieces.push(kept(Span::new(at - start, span.start - start)));
                }
                if !next.edit.content.is_empty() {
                    self.pieces.push(Piece::New(next.edit.content.clone(), next.code.clone()));
                }
            }
            let from = span.start.max(at);
            let to = span.end.min(end);
            if to > from {
                self.pieces.push(removed(Span::new(from - start, to - start), &next.code));
            }
            at = to.max(from);
            if span.end > end {
                return;
            }
            self.edits = &self.edits[1..];
        }
        if at < end {
            self.pieces.push(kept(Span::new(at - start, end - start)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edit(start: usize, end: usize, content: &str, code: &str) -> Attributed {
        Attributed { edit: Edit { span: Span::new(start, end), content: content.into() }, code: code.into() }
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
    fn changes_of_several_rounds_are_told_in_terms_of_the_original() {
        let original = "one two three four";
        let mut pieces = Pieces::of(original);
        assert_eq!(pieces.apply(original, &[edit(4, 8, "", "A"), edit(8, 8, "new ", "B")]), "one new three four");
        assert_eq!(pieces.apply(original, &[edit(4, 8, "", "C"), edit(14, 18, "4", "D")]), "one three 4");
        let changes = pieces.changes();
        assert_eq!(rebuild(original, &changes), "one three 4");
        assert_eq!(
            changes.last(),
            Some(&Change { span: Span::new(14, 18), content: "4".into(), rules: vec!["D".into()] })
        );
    }

    #[test]
    fn neighbours_that_different_rules_removed_stay_apart() {
        let original = "abcd";
        let mut pieces = Pieces::of(original);
        pieces.apply(original, &[edit(0, 1, "", "A"), edit(1, 3, "", "B")]);
        let spans: Vec<_> = pieces.changes().into_iter().map(|change| (change.span, change.rules[0].clone())).collect();
        assert_eq!(spans, [(Span::new(0, 1), "A".to_owned()), (Span::new(1, 3), "B".to_owned())]);
    }

    proptest! {
        #[test]
        fn the_changes_always_lead_to_the_text(
            rounds in proptest::collection::vec(proptest::collection::vec((0_usize..8, 0_usize..5, "[x-z]{0,3}"), 0..4), 0..5)
        ) {
            let original = "abcdefghijklmnop";
            let mut pieces = Pieces::of(original);
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
                text = pieces.apply(original, &edits);
                prop_assert_eq!(&text, &expected);
                prop_assert_eq!(rebuild(original, &pieces.changes()), expected);
            }
        }
    }
}
