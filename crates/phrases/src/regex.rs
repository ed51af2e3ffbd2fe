//! Translation of phrases to regular expressions, as text or as syntax trees.
//!
//! Character classes are spelt out: Unicode's `\w`, `\d` and `\b` have hundreds of ranges, and a
//! Unicode word boundary rules out lazy DFAs on non-ASCII text.

use super::marks::{MARKS, SAME};
use super::slot::WORD;
use super::{Body, Extent, Part, Sequence, Word};

/// A run of blanks.
const BLANKS: &str = r"\s+";

/// Builds the translation of a phrase from its parts: the text of a regular expression, or its
/// syntax tree.
pub trait Translation {
    /// An expression.
    type Expression;

    /// Translates a regular expression without alternatives outside of groups.
    fn fragment(&mut self, regex: &str) -> Self::Expression;
    /// Matches `parts` one after the other.
    fn concat(&mut self, parts: Vec<Self::Expression>) -> Self::Expression;
    /// Matches one of `alternatives`.
    fn choice(&mut self, alternatives: Vec<Self::Expression>) -> Self::Expression;
    /// Matches one of `alternatives` or nothing.
    fn optional(&mut self, alternatives: Vec<Self::Expression>) -> Self::Expression;
}

/// Translates phrases to the text of regular expressions.
pub(super) struct Text;

impl Translation for Text {
    type Expression = String;

    fn fragment(&mut self, regex: &str) -> String {
        regex.to_owned()
    }

    fn concat(&mut self, parts: Vec<String>) -> String {
        parts.concat()
    }

    fn choice(&mut self, alternatives: Vec<String>) -> String {
        format!("(?:{})", alternatives.join("|"))
    }

    fn optional(&mut self, alternatives: Vec<String>) -> String {
        format!("(?:{})?", alternatives.join("|"))
    }
}

/// Translates a phrase.
pub(super) fn phrase<T: Translation>(body: &Body, extent: Extent, to: &mut T) -> T::Expression {
    let is_part = extent == Extent::Contains;
    let mut parts = Vec::new();
    if body.at_start {
        parts.push(to.fragment(&format!("^(?-i:{MARKS})")));
    } else if is_part && begins_with_letter(&body.sequence) {
        parts.push(to.fragment(&format!("(?:^|(?-i:[^{WORD}]))")));
    }
    parts.push(sequence(&body.sequence, to));
    if body.at_end {
        parts.push(to.fragment(&format!("(?-i:{MARKS})$")));
    } else if is_part && ends_with_letter(&body.sequence) {
        parts.push(to.fragment(&format!("(?:(?-i:[^{WORD}])|$)")));
    }
    to.concat(parts)
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
fn sequence<T: Translation>(sequence: &Sequence, to: &mut T) -> T::Expression {
    let words = &sequence.words;
    let from = |first: usize, mut parts: Vec<T::Expression>, to: &mut T| {
        parts.push(word(&words[first], to));
        following(&words[first + 1..], &mut parts, to);
        to.concat(parts)
    };
    match words.iter().position(|word| !is_nullable(word)) {
        Some(first) => {
            let before = words[..first].iter().map(|word| leading(word, to)).collect();
            from(first, before, to)
        }
        // Any of the words may be the first that is not empty.
        None if words.len() == 1 => from(0, Vec::new(), to),
        None => {
            let all = (0..words.len()).map(|first| from(first, Vec::new(), to)).collect();
            to.choice(all)
        }
    }
}

/// Translates an optional word before a required one.
fn leading<T: Translation>(word: &Word, to: &mut T) -> T::Expression {
    let parts = match gap(word) {
        Some(gap) => vec![to.fragment(&gap), to.fragment(&mark())],
        None => vec![self::word(word, to), to.fragment(BLANKS)],
    };
    let inner = to.concat(parts);
    to.optional(vec![inner])
}

/// Translates the words after a nonempty one, and appends them to `parts`.
fn following<T: Translation>(words: &[Word], parts: &mut Vec<T::Expression>, to: &mut T) {
    let mut is_after_gap = false;
    for (index, word) in words.iter().enumerate() {
        let is_last = || words[index + 1..].iter().all(is_nullable);
        match gap(word) {
            Some(_) if is_after_gap => parts.push(leading(word, to)),
            Some(gap) if is_last() => {
                let inner = vec![to.fragment(&mark()), to.fragment(&gap)];
                let inner = to.concat(inner);
                parts.push(to.optional(vec![inner]));
            }
            Some(_) => {
                parts.push(to.fragment(&mark()));
                parts.push(leading(word, to));
                is_after_gap = true;
            }
            None if is_nullable(word) && is_after_gap => parts.push(leading(word, to)),
            None if is_nullable(word) => {
                let inner = vec![to.fragment(BLANKS), self::word(word, to)];
                let inner = to.concat(inner);
                parts.push(to.optional(vec![inner]));
            }
            None => {
                if !is_after_gap {
                    parts.push(to.fragment(BLANKS));
                }
                parts.push(self::word(word, to));
                is_after_gap = false;
            }
        }
    }
}

fn word<T: Translation>(word: &Word, to: &mut T) -> T::Expression {
    let mut parts = Vec::new();
    for part in word {
        match part {
            Part::Text(text) => {
                parts.extend(text.chars().map(|character| to.fragment(&literal(character))));
            }
            Part::Optional(all) => {
                let all = all.iter().map(|one| sequence(one, to)).collect();
                parts.push(to.optional(all));
            }
            Part::Choice(all) => {
                let all = all.iter().map(|one| sequence(one, to)).collect();
                parts.push(to.choice(all));
            }
            Part::Slot(slot) => parts.push(to.fragment(&slot.regex())),
            Part::Gap { min, max } => parts.push(to.fragment(&any_text(*min, *max))),
            Part::Ending => parts.push(to.fragment(&format!("(?-i:[{WORD}])*"))),
            Part::OptionalBlank => parts.push(to.fragment(r"\s*")),
        }
    }
    to.concat(parts)
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
