//! Sentences, by Unicode Standard Annex #29, with the breaks mended that it makes after abbreviations.

use super::Span;
use super::sentence_break::pieces;
use super::span::trim;

/// The sentences of one block of prose, trimmed, as spans into `text`.
///
/// `lines` are the block's lines. A line end is no sentence end here: in wrapped text a sentence runs over it.
pub(super) fn sentences(text: &str, lines: &[Span]) -> Vec<Span> {
    let mut sentences: Vec<Span> = Vec::new();
    let mut open = false;
    for &line in lines {
        for piece in pieces(&text[line.range()]) {
            let span = trim(text, piece.shift(line.start));
            if span.is_empty() {
                continue;
            }
            match sentences.last_mut() {
                Some(last) if open || runs_on(&text[last.range()], &text[span.range()]) => *last = last.cover(span),
                _ => sentences.push(span),
            }
            open = false;
        }
        open = sentences.last().is_some_and(|last| !is_closed(&text[last.range()]));
    }
    sentences
}

/// Whether a sentence has its full stop, or the mark that stands for one in its script.
pub fn is_closed(sentence: &str) -> bool {
    sentence.trim_end_matches(is_closer).ends_with(is_terminator)
}

fn is_terminator(character: char) -> bool {
    matches!(character, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '｡' | '۔' | '؟' | '।' | '։' | '።' | '\u{37E}')
}

fn is_closer(character: char) -> bool {
    matches!(character, '"' | '\'' | ')' | ']' | '}' | '”' | '’' | '»' | '›' | '」' | '』' | '）' | '*' | '_')
        || character.is_whitespace()
}

/// Whether the break between `left` and `right` stands after an abbreviation and ends no sentence.
fn runs_on(left: &str, right: &str) -> bool {
    let Some(stem) = left.strip_suffix('.') else {
        return false;
    };
    let token = stem.rsplit(|c: char| c.is_whitespace() || "([\"'“‘—".contains(c)).next().unwrap_or("");
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
    // "J. Smith" always runs on; "the U.S. The talks" does not, "the U.S. Department" does.
    let next = right.split(|c: char| !c.is_alphanumeric()).next().unwrap_or("");
    !OPENERS.contains(&next)
}

/// Abbreviations that stand before a name or a number, and so do not end a sentence.
const ABBREVIATIONS: &[&str] = &[
    "Mr", "Mrs", "Ms", "Mx", "Dr", "Prof", "St", "Gen", "Sen", "Rep", "Gov", "Lt", "Col", "Capt", "Sgt", "Maj", "Rev",
    "Hon", "Pres", "Fr", "Messrs", "Mt", "Ft", "No", "Nos", "vs", "v", "cf", "e.g", "i.e", "viz", "al", "approx",
    "Fig", "Figs", "Eq", "pp", "vol", "Hr", "Sr", "Sra", "Dra", "Mme", "Mlle",
];

/// Words that open a sentence far more often than they follow an abbreviation inside one.
const OPENERS: &[&str] = &[
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

    fn of(text: &str) -> Vec<&str> {
        let lines = crate::text::line::split(text);
        sentences(text, &lines).into_iter().map(|span| &text[span.range()]).collect()
    }

    #[test]
    fn abbreviations_do_not_end_a_sentence() {
        assert_eq!(
            of("Visit the U.S. Department of State. He left the U.S. The rest stayed."),
            ["Visit the U.S. Department of State.", "He left the U.S.", "The rest stayed."]
        );
        assert_eq!(of("Dr. Who met J. Smith. They spoke."), ["Dr. Who met J. Smith.", "They spoke."]);
    }

    #[test]
    fn a_wrapped_sentence_is_one() {
        assert_eq!(of("It was late\nin the year. Then\nit ended."), ["It was late\nin the year.", "Then\nit ended."]);
    }

    #[test]
    fn other_scripts_end_sentences_their_own_way() {
        assert_eq!(of("今天很好。明天更好。"), ["今天很好。", "明天更好。"]);
    }
}
