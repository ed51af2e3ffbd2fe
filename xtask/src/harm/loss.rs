//! Which lines of a text a fix takes or damages. Blanks, marks, tags and entities do not count: a repair may change those.

use dechaff::fix::FixResult;
use dechaff::text::Span;

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// At least half of its letters and digits are gone.
    Gone,
    /// Fewer are gone.
    Damaged,
}

/// A line that lost letters or digits.
#[derive(Debug, Clone)]
pub(crate) struct Loss {
    /// The number of the line, from 0.
    pub(crate) line: usize,
    pub(crate) fate: Fate,
    /// The codes of the rules that did it.
    pub(crate) rules: Vec<String>,
}

/// The lines of `text`, given without their ends, that lost something by `fixed`.
pub(crate) fn losses(text: &str, lines: &[Span], fixed: &FixResult) -> Vec<Loss> {
    let ink = ink(text);
    let mut lost: Vec<(usize, Vec<String>)> = vec![(0, Vec::new()); lines.len()];
    for change in &fixed.changes {
        let content: Vec<char> = self::ink(&change.content).into_iter().map(|(_, character)| character).collect();
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
    let total =
        |line: &Span| ink.partition_point(|(at, _)| *at < line.end) - ink.partition_point(|(at, _)| *at < line.start);
    let loss = |(line, (count, rules)): (usize, (usize, Vec<String>))| {
        let fate = if 2 * count >= total(&lines[line]) { Fate::Gone } else { Fate::Damaged };
        (count > 0).then_some(Loss { line, fate, rules })
    };
    lost.into_iter().enumerate().filter_map(loss).collect()
}

/// The lines of `text` without their ends, cut at line feeds.
pub(crate) fn line_spans(text: &str) -> Vec<Span> {
    let mut start = 0;
    let line = |line: &str| {
        let span = Span::new(start, start + line.len());
        start = span.end + 1;
        span
    };
    text.split('\n').map(line).collect()
}

/// The letters and digits of `text` with their places, without those of tags and entities. A line without any counts by
/// its marks, unless it is a table's row of dashes.
fn ink(text: &str) -> Vec<(usize, char)> {
    let mut ink = Vec::new();
    for line in line_spans(text) {
        let text = &text[line.range()];
        let skipped = skipped(text);
        let counts = |(at, _): &(usize, char)| !skipped.iter().any(|span| span.start <= *at && *at < span.end);
        let before = ink.len();
        let letters = text.char_indices().filter(|(_, character)| character.is_alphanumeric()).filter(counts);
        ink.extend(letters.map(|(at, character)| (line.start + at, character)));
        if ink.len() == before && !text.contains('|') {
            let marks = text.char_indices().filter(|(_, character)| !character.is_whitespace()).filter(counts);
            ink.extend(marks.map(|(at, character)| (line.start + at, character)));
        }
    }
    ink
}

/// Tags and entities.
fn skipped(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(start) = line[at..].find(['<', '&']).map(|start| at + start) {
        let is_tag = line[start..].starts_with('<');
        let end = line[start + 1..].find(if is_tag { '>' } else { ';' }).map(|length| start + 1 + length + 1);
        let end = end.filter(|end| {
            let inner = &line[start + 1..end - 1];
            match is_tag {
                true => inner.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/'),
                false => {
                    inner.len() < 10 && inner.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '#')
                }
            }
        });
        at = end.unwrap_or(start + 1);
        spans.extend(end.map(|end| Span::new(start, end)));
    }
    spans
}
