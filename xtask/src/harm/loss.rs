//! Finds the lines of a text that fixes delete or damage. Whitespace, punctuation, tags and
//! entities do not count, because a repair may change them.

use dechaff::fix::FixResult;
use dechaff::text::Span;

/// How much of a line is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LossKind {
    /// At least half of its letters and digits.
    Deleted,
    /// Fewer.
    Damaged,
}

/// A line that lost letters or digits.
#[derive(Debug, Clone)]
pub(crate) struct Loss {
    /// The number of the line, from 0.
    pub(crate) line: usize,
    pub(crate) kind: LossKind,
    /// The codes of the rules responsible.
    pub(crate) rules: Vec<String>,
}

/// Returns the losses of `text`, whose lines are given without line endings.
pub(crate) fn losses(text: &str, lines: &[Span], fixed: &FixResult) -> Vec<Loss> {
    let ink = ink(text);
    let mut lost: Vec<(usize, Vec<String>)> = vec![(0, Vec::new()); lines.len()];
    for change in &fixed.changes {
        let content: Vec<char> =
            self::ink(&change.content).into_iter().map(|(_, character)| character).collect();
        let mut content = content.into_iter().peekable();
        let from = ink.partition_point(|(at, _)| *at < change.span.start);
        let to = ink.partition_point(|(at, _)| *at < change.span.end);
        for (at, character) in ink.get(from..to).unwrap_or_default() {
            if content.next_if_eq(character).is_some() {
                continue;
            }
            let line = lines.partition_point(|line| line.end <= *at);
            let Some((count, rules)) = lost.get_mut(line) else { continue };
            *count += 1;
            for rule in &change.rules {
                if !rules.contains(rule) {
                    rules.push(rule.clone());
                }
            }
        }
    }
    let total = |line: &Span| {
        ink.partition_point(|(at, _)| *at < line.end)
            - ink.partition_point(|(at, _)| *at < line.start)
    };
    let loss = |(line, (count, rules)): (usize, (usize, Vec<String>))| {
        let kind =
            if 2 * count >= total(&lines[line]) { LossKind::Deleted } else { LossKind::Damaged };
        (count > 0).then_some(Loss { line, kind, rules })
    };
    lost.into_iter().enumerate().filter_map(loss).collect()
}

/// Splits `text` at line feeds.
pub(crate) fn line_spans(text: &str) -> Vec<Span> {
    let mut start = 0;
    let line = |line: &str| {
        let span = Span::new(start, start + line.len());
        start = span.end + 1;
        span
    };
    text.split('\n').map(line).collect()
}

/// Returns the letters and digits of `text` with their positions, skipping tags and entities. For a
/// line without any, returns the punctuation, unless it is the delimiter row of a table.
fn ink(text: &str) -> Vec<(usize, char)> {
    let mut ink = Vec::new();
    for line in line_spans(text) {
        let text = &text[line.range()];
        let skipped = tags_and_entities(text);
        let counts = |(at, _): &(usize, char)| {
            !skipped.iter().any(|span| span.start <= *at && *at < span.end)
        };
        let before = ink.len();
        let letters =
            text.char_indices().filter(|(_, character)| character.is_alphanumeric()).filter(counts);
        ink.extend(letters.map(|(at, character)| (line.start + at, character)));
        if ink.len() == before && !text.contains('|') {
            let marks = text
                .char_indices()
                .filter(|(_, character)| !character.is_whitespace())
                .filter(counts);
            ink.extend(marks.map(|(at, character)| (line.start + at, character)));
        }
    }
    ink
}

/// Returns the spans of tags and entities.
fn tags_and_entities(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(start) = line[at..].find(['<', '&']).map(|start| at + start) {
        let is_tag = line[start..].starts_with('<');
        let end = line[start + 1..]
            .find(if is_tag { '>' } else { ';' })
            .map(|length| start + 1 + length + 1);
        let end = end.filter(|end| {
            let inner = &line[start + 1..end - 1];
            match is_tag {
                true => {
                    inner.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/')
                }
                false => {
                    inner.len() < 10
                        && inner
                            .chars()
                            .all(|letter| letter.is_ascii_alphanumeric() || letter == '#')
                }
            }
        });
        at = end.unwrap_or(start + 1);
        spans.extend(end.map(|end| Span::new(start, end)));
    }
    spans
}
