//! Decisions drawn from the first bytes of an input.

use std::borrow::Cow;

use dechaff::fix::Change;
use dechaff::text::Span;

/// The bytes that decide what a target does; 0 when there are no more.
#[derive(Clone)]
pub(super) struct Control<'i>(&'i [u8]);

impl<'i> Control<'i> {
    /// Takes the first `length` bytes of `input`; returns the rest, too.
    pub(super) fn split(input: &'i [u8], length: usize) -> (Self, &'i [u8]) {
        let (control, rest) = input.split_at(length.min(input.len()));
        (Self(control), rest)
    }

    pub(super) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// Returns a number below `limit`, or 0 if `limit` is 0.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        let number = usize::from(self.byte()) << 8 | usize::from(self.byte());
        number % limit.max(1)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns the bytes as text, with U+FFFD for invalid UTF-8.
pub(super) fn text(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// A passage of `text`, on character boundaries.
pub(super) fn span(text: &str, control: &mut Control<'_>) -> Span {
    let start = text.floor_char_boundary(control.below(text.len() + 1));
    let length = usize::from(control.byte()).min(text.len() - start);
    Span::new(start, text.floor_char_boundary(start + length))
}

/// Returns up to four disjoint changes to `text`, in order.
pub(super) fn changes(text: &str, control: &mut Control<'_>) -> Vec<Change> {
    const CONTENTS: [&str; 4] = ["", "ü", "\"\\\n", "😀 word"];
    const RULES: [&str; 2] = ["AA001", "BB001"];
    let mut changes: Vec<Change> = Vec::new();
    for _ in 0..control.byte() % 5 {
        let span = span(text, control);
        let choice = usize::from(control.byte());
        let content = CONTENTS[choice % CONTENTS.len()];
        if changes.iter().any(|other| touches(other.span, span))
            || span.is_empty() && content.is_empty()
        {
            continue;
        }
        let rules = vec![RULES[choice / CONTENTS.len() % RULES.len()].to_owned()];
        changes.push(Change { span, content: content.to_owned(), rules });
    }
    changes.sort_by_key(|change| change.span);
    changes
}

fn touches(one: Span, other: Span) -> bool {
    one.start <= other.end && other.start <= one.end
}

/// `text` after `changes`.
pub(super) fn changed(text: &str, changes: &[Change]) -> String {
    let (mut changed, mut at) = (String::new(), 0);
    for change in changes {
        changed.push_str(&text[at..change.span.start]);
        changed.push_str(&change.content);
        at = change.span.end;
    }
    changed.push_str(&text[at..]);
    changed
}
