//! Translation of phrases to regular expressions.
//!
//! Character classes are spelt out: Unicode's `\w`, `\d` and `\b` have hundreds of ranges, and a
//! Unicode word boundary rules out lazy DFAs on non-ASCII text.

use super::marks::{MARKS, SAME};
use super::slot::WORD;
use super::{Body, Extent, Part, Sequence, Word};

/// A run of blanks.
const BLANKS: &str = r"\s+";

/// Translates a phrase.
pub(super) fn phrase(body: &Body, extent: Extent) -> String {
    let inner = sequence(&body.sequence);
    let before = match extent {
        _ if body.at_start => format!("^(?-i:{MARKS})"),
        Extent::Contains if begins_with_letter(&body.sequence) => format!("(?:^|(?-i:[^{WORD}]))"),
        _ => String::new(),
    };
    let after = match extent {
        _ if body.at_end => format!("(?-i:{MARKS})$"),
        Extent::Contains if ends_with_letter(&body.sequence) => format!("(?:(?-i:[^{WORD}])|$)"),
        _ => String::new(),
    };
    format!("{before}{inner}{after}")
}

/// Whether a word can match the empty string. A gap with a minimum length counts as a word.
pub(super) fn is_nullable(word: &Word) -> bool {
    word.iter().all(|part| match part {
        Part::Optional(_) | Part::Gap { min: 0, .. } | Part::Ending | Part::OptionalBlank => true,
        Part::Choice(all) => all.iter().any(|sequence| sequence.words.iter().all(is_nullable)),
        Part::Text(_) | Part::Slot(_) | Part::Gap { .. } => false,
    })
}

/// Returns the expression of a word that is a single, possibly empty gap.
fn gap(word: &Word) -> Option<String> {
    match word.as_slice() {
        [Part::Gap { min: 0, max }] => Some(any_text(0, *max)),
        _ => None,
    }
}

fn any_text(min: usize, max: Option<usize>) -> String {
    match (min, max) {
        (0, None) => ".*".to_owned(),
        (1, None) => ".+".to_owned(),
        (min, None) => format!(".{{{min},}}"),
        (min, Some(max)) => format!(".{{{min},{max}}}"),
    }
}

/// Matches one punctuation character or blank, as required between a word and a gap.
fn mark() -> String {
    format!("(?-i:{})", MARKS.trim_end_matches('*'))
}

/// Translates words with blanks between them. An empty word disappears together with its blank.
fn sequence(sequence: &Sequence) -> String {
    let words = &sequence.words;
    match words.iter().position(|word| !is_nullable(word)) {
        Some(first) => {
            let before: String = words[..first].iter().map(leading).collect();
            format!("{before}{}{}", self::word(&words[first]), following(&words[first + 1..]))
        }
        None => {
            // Any of the words may be the first nonempty one.
            let from = |(index, word): (usize, &Word)| {
                format!("{}{}", self::word(word), following(&words[index + 1..]))
            };
            let all: Vec<String> = words.iter().enumerate().map(from).collect();
            if all.len() == 1 { all.concat() } else { format!("(?:{})", all.join("|")) }
        }
    }
}

/// Translates an optional word before a required one.
fn leading(word: &Word) -> String {
    match gap(word) {
        Some(gap) => format!("(?:{gap}{})?", mark()),
        None => format!("(?:{}{BLANKS})?", self::word(word)),
    }
}

/// Translates the words after a nonempty one.
fn following(words: &[Word]) -> String {
    let mut expression = String::new();
    let mut is_after_gap = false;
    for (index, word) in words.iter().enumerate() {
        let is_last = || words[index + 1..].iter().all(is_nullable);
        match gap(word) {
            Some(gap) if is_after_gap => expression.push_str(&format!("(?:{gap}{})?", mark())),
            Some(gap) if is_last() => expression.push_str(&format!("(?:{}{gap})?", mark())),
            Some(gap) => {
                expression.push_str(&format!("{0}(?:{gap}{0})?", mark()));
                is_after_gap = true;
            }
            None if is_nullable(word) && is_after_gap => expression.push_str(&leading(word)),
            None if is_nullable(word) => {
                expression.push_str(&format!("(?:{BLANKS}{})?", self::word(word)))
            }
            None if is_after_gap => {
                expression.push_str(&self::word(word));
                is_after_gap = false;
            }
            None => expression.push_str(&format!("{BLANKS}{}", self::word(word))),
        }
    }
    expression
}

fn word(word: &Word) -> String {
    word.iter().map(part).collect()
}

fn part(part: &Part) -> String {
    match part {
        Part::Text(text) => text.chars().map(literal).collect(),
        Part::Optional(all) => format!("{}?", choice(all)),
        Part::Choice(all) => choice(all),
        Part::Slot(slot) => slot.regex(),
        Part::Gap { min, max } => any_text(*min, *max),
        Part::Ending => format!("(?-i:[{WORD}])*"),
        Part::OptionalBlank => r"\s*".to_owned(),
    }
}

fn choice(alternatives: &[Sequence]) -> String {
    let all: Vec<String> = alternatives.iter().map(sequence).collect();
    format!("(?:{})", all.join("|"))
}

fn literal(character: char) -> String {
    match SAME.iter().find(|same| same.contains(character)) {
        // A hyphen at the start of a class is literal.
        Some(same) => format!("[{same}]"),
        None => regex_syntax::escape(character.encode_utf8(&mut [0; 4])),
    }
}

/// Whether the sequence may start with a letter or digit of a script with spaces between words.
fn begins_with_letter(sequence: &Sequence) -> bool {
    let begins = |word: &Word| word.first().is_some_and(|part| touches_letter(part, true));
    let count = sequence.words.iter().take_while(|word| is_nullable(word)).count();
    sequence.words.iter().take(count + 1).any(begins)
}

fn ends_with_letter(sequence: &Sequence) -> bool {
    let ends = |word: &Word| word.last().is_some_and(|part| touches_letter(part, false));
    let count = sequence.words.iter().rev().take_while(|word| is_nullable(word)).count();
    sequence.words.iter().rev().take(count + 1).any(ends)
}

fn touches_letter(part: &Part, at_start: bool) -> bool {
    match part {
        Part::Text(text) => {
            // A letter keeps its combining marks: `নয়` ends with a letter and a nukta.
            let last = || text.chars().rev().find(|character| !is_combining_mark(*character));
            let edge = if at_start { text.chars().next() } else { last() };
            edge.is_some_and(|edge| edge.is_alphanumeric() && has_blanks(edge))
        }
        Part::Optional(all) | Part::Choice(all) => all
            .iter()
            .any(|one| if at_start { begins_with_letter(one) } else { ends_with_letter(one) }),
        Part::Slot(_) => true,
        Part::Gap { .. } | Part::Ending | Part::OptionalBlank => false,
    }
}

/// Whether a character is a diacritic or vowel sign that is not itself a letter, in the scripts
/// that phrases are written in.
fn is_combining_mark(character: char) -> bool {
    !character.is_alphanumeric()
        && matches!(character,
            '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5C7}' | '\u{610}'..='\u{61A}' | '\u{64B}'..='\u{65F}'
            | '\u{900}'..='\u{963}' | '\u{981}'..='\u{DFF}')
}

/// Whether the script of a letter puts spaces between words.
fn has_blanks(letter: char) -> bool {
    !matches!(letter,
        '\u{E00}'..='\u{EFF}' | '\u{1000}'..='\u{109F}' | '\u{1780}'..='\u{17FF}' | '\u{3005}'..='\u{30FF}'
        | '\u{3400}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{FF66}'..='\u{FF9F}'
        | '\u{20000}'..='\u{3FFFF}')
}
