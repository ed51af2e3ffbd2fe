//! Expansion of finite phrases to all lines that they match.

use super::marks::{fold, is_mark};
use super::{Part, Sequence, Word};

/// Counts the lines that `sequence` expands to, including repetitions. Returns `usize::MAX` for an
/// infinite number.
pub(super) fn count(sequence: &Sequence) -> usize {
    let of_word = |word: &Word| word.iter().map(count_part).fold(1, usize::saturating_mul);
    sequence.words.iter().map(of_word).fold(1, usize::saturating_mul)
}

fn count_part(part: &Part) -> usize {
    let of_all = |all: &[Sequence]| all.iter().map(count).fold(0, usize::saturating_add);
    match part {
        Part::Text(_) => 1,
        Part::Optional(alternatives) => of_all(alternatives).saturating_add(1),
        Part::Choice(alternatives) => of_all(alternatives),
        Part::OptionalBlank => 2,
        Part::Slot(_) | Part::Gap { .. } | Part::Ending => usize::MAX,
    }
}

/// Returns the distinct lines that `sequence` matches, sorted; `None` if there are more than `max`,
/// or if one contains a digit or starts or ends with a mark.
pub(super) fn expand(sequence: &Sequence, max: usize) -> Option<Vec<String>> {
    if count(sequence) > max {
        return None;
    }
    let mut lines = expand_sequence(sequence);
    lines.sort_unstable();
    lines.dedup();
    let is_trimmed =
        |line: &String| !line.is_empty() && !line.starts_with(is_mark) && !line.ends_with(is_mark);
    lines.iter().all(|line| is_trimmed(line) && !line.contains(char::is_numeric)).then_some(lines)
}

/// An empty word disappears together with its blank.
fn expand_sequence(sequence: &Sequence) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in &sequence.words {
        let words = expand_word(word);
        let with = |line: &String, word: &String| {
            let blank = if line.is_empty() || word.is_empty() { "" } else { " " };
            format!("{line}{blank}{word}")
        };
        lines =
            lines.iter().flat_map(|line| words.iter().map(move |word| with(line, word))).collect();
    }
    lines
}

fn expand_word(word: &Word) -> Vec<String> {
    let mut words = vec![String::new()];
    for part in word {
        let endings = match part {
            Part::Text(text) => vec![text.chars().map(fold).collect()],
            Part::Optional(all) => {
                std::iter::once(String::new()).chain(all.iter().flat_map(expand_sequence)).collect()
            }
            Part::Choice(all) => all.iter().flat_map(expand_sequence).collect(),
            Part::OptionalBlank => vec![String::new(), " ".to_owned()],
            // `count` rules these out.
            Part::Slot(_) | Part::Gap { .. } | Part::Ending => Vec::new(),
        };
        words = words
            .iter()
            .flat_map(|word| endings.iter().map(move |ending| format!("{word}{ending}")))
            .collect();
    }
    words
}
