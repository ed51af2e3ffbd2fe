//! Sentence segmentation: UAX #29, without the breaks it makes after abbreviations.

use super::Span;
use super::span::trim;
use super::uax29_sentences::sentence_bounds;

/// Returns the trimmed sentences of a block as spans into `text`.
///
/// `lines` are the lines of the block. A line break does not end a sentence, since a sentence may
/// continue on the next line of wrapped text.
pub(super) fn sentences(text: &str, lines: &[Span]) -> Vec<Span> {
    let mut sentences: Vec<Span> = Vec::new();
    let mut is_open = false;
    for &line in lines {
        for sentence in sentence_bounds(&text[line.range()]) {
            let span = trim(text, sentence.shift(line.start));
            if span.is_empty() {
                continue;
            }
            match sentences.last_mut() {
                Some(last)
                    if is_open || is_false_break(&text[last.range()], &text[span.range()]) =>
                {
                    *last = last.cover(span);
                }
                _ => sentences.push(span),
            }
            is_open = false;
        }
        is_open = sentences.last().is_some_and(|last| !ends_sentence(&text[last.range()]));
    }
    sentences
}

/// Whether `sentence` ends with a full stop or the sentence terminator of another script, ignoring
/// closing quotes, brackets and emphasis marks.
pub fn ends_sentence(sentence: &str) -> bool {
    sentence.trim_end_matches(is_closer).ends_with(is_terminator)
}

fn is_terminator(character: char) -> bool {
    matches!(
        character,
        '.' | '!' | '?' | '…' | '。' | '！' | '？' | '｡' | '۔' | '؟' | '।' | '։' | '።' | '\u{37E}'
    )
}

fn is_closer(character: char) -> bool {
    matches!(
        character,
        '"' | '\'' | ')' | ']' | '}' | '”' | '’' | '»' | '›' | '」' | '』' | '）' | '*' | '_'
    ) || character.is_whitespace()
}

/// Whether the break between `left` and `right` follows an abbreviation and does not end a
/// sentence.
fn is_false_break(left: &str, right: &str) -> bool {
    let Some(stem) = left.strip_suffix('.') else {
        return false;
    };
    let token =
        stem.rsplit(|c: char| c.is_whitespace() || "([\"'“‘—".contains(c)).next().unwrap_or("");
    if ABBREVIATIONS.iter().any(|known| token.eq_ignore_ascii_case(known)) {
        return true;
    }
    let letters = token.split('.').all(|part| {
        let mut characters = part.chars();
        matches!((characters.next(), characters.next()), (Some(c), None) if c.is_uppercase())
    });
    if !letters {
        return false;
    }
    // No break in "J. Smith" and "the U.S. Department", but one in "the U.S. The talks".
    let next = right.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    !SENTENCE_STARTERS.contains(&next)
}

/// Abbreviations that precede a name or a number and so do not end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "St", "Gen", "Sen", "Rep", "Gov", "Lt", "Col", "Capt",
    "Sgt", "Maj", "Rev", "Hon", "Pres", "Fr", "Messrs", "Mt", "Ft", "No", "Nos", "vs", "v", "cf",
    "e.g", "i.e", "viz", "al", "approx", "Fig", "Figs", "Eq", "pp", "vol", "Hr", "Sr", "Sra",
    "Dra", "Mme", "Mlle",
];

/// Words that start a sentence far more often than they follow an abbreviation within one.
const SENTENCE_STARTERS: &[&str] = &[
    "A",
    "After",
    "All",
    "Although",
    "An",
    "And",
    "As",
    "At",
    "Because",
    "Before",
    "But",
    "By",
    "Despite",
    "During",
    "Even",
    "For",
    "From",
    "He",
    "Her",
    "Here",
    "His",
    "How",
    "However",
    "I",
    "If",
    "In",
    "Is",
    "It",
    "Its",
    "Many",
    "Meanwhile",
    "More",
    "Most",
    "My",
    "No",
    "Not",
    "Now",
    "On",
    "Once",
    "One",
    "Or",
    "Our",
    "She",
    "Since",
    "So",
    "Some",
    "Such",
    "That",
    "The",
    "Their",
    "Then",
    "There",
    "These",
    "They",
    "This",
    "Those",
    "Though",
    "Through",
    "To",
    "Under",
    "Until",
    "We",
    "What",
    "When",
    "Where",
    "Whether",
    "Which",
    "While",
    "Who",
    "Why",
    "With",
    "Yet",
    "You",
    "Your",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let lines = crate::split_lines::split_lines(text);
        sentences(text, &lines).into_iter().map(|span| &text[span.range()]).collect()
    }

    #[test]
    fn abbreviations_do_not_end_a_sentence() {
        assert_eq!(
            split("Visit the U.S. Department of State. He left the U.S. The rest stayed."),
            ["Visit the U.S. Department of State.", "He left the U.S.", "The rest stayed."]
        );
        assert_eq!(
            split("Dr. Who met J. Smith. They spoke."),
            ["Dr. Who met J. Smith.", "They spoke."]
        );
    }

    #[test]
    fn joins_wrapped_sentences() {
        assert_eq!(
            split("It was late\nin the year. Then\nit ended."),
            ["It was late\nin the year.", "Then\nit ended."]
        );
    }

    #[test]
    fn splits_at_the_terminators_of_other_scripts() {
        assert_eq!(split("今天很好。明天更好。"), ["今天很好。", "明天更好。"]);
    }
}
