//! The affixes of spaCy's tokenizer for Polish: it splits off full stops, and splits at every
//! hyphen.
//!
//! Source: `spacy/lang/pl/punctuation.py` in spaCy 3.8.

use super::{QUOTES, dots_length, is_alpha, is_icon, is_sign, is_upper, unit_length};

/// Prefixes of compounds, split off with their hyphen.
const COMPOUNDS: [&str; 6] = ["długo-", "krótko-", "jedno-", "dwu-", "trzy-", "cztero-"];

/// Returns the length of the prefix to split off.
pub(super) fn prefix_length(text: &str) -> usize {
    let compound = COMPOUNDS.iter().find(|compound| text.starts_with(**compound));
    compound.map_or_else(|| super::prefix_length(text), |compound| compound.len())
}

/// Returns the length of the suffix to split off.
pub(super) fn suffix_length(text: &str) -> usize {
    let mut characters = text.chars().rev();
    let Some(last) = characters.next() else { return 0 };
    let before = characters.next();
    match last {
        '.' => 1,
        '\'' | '’' if before == Some(last) => 2 * last.len_utf8(),
        '+' => usize::from(before.is_some_and(|before| before.is_ascii_digit())),
        _ if is_sign(last) || is_icon(last) => last.len_utf8(),
        _ => unit_length(text),
    }
}

/// Returns the length of the infix at `at`.
pub(super) fn infix_length(text: &str, at: usize) -> usize {
    let Some(sign) = text[at..].chars().next() else { return 0 };
    if sign.is_ascii_alphanumeric() {
        return 0;
    }
    let length = sign.len_utf8();
    let before = text[..at].chars().next_back();
    let after = text[at + length..].chars().next();
    let is = |character: Option<char>, test: fn(char) -> bool| character.is_some_and(test);
    let splits = match sign {
        '.' if dots_length(&text[at..]) > 1 => return dots_length(&text[at..]),
        '.' => {
            is(before, |before| is_alpha(before) || before.is_ascii_digit())
                && is(after, |after| is_upper(after) || after.is_ascii_digit())
        }
        '-' | '–' | '—' | '~' | '…' => true,
        ',' | '!' | '?' | ':' | '<' | '>' | '=' | '/' => {
            is(before, is_alpha) && is(after, is_alpha)
        }
        '(' | ')' | '[' | ']' => is(before, is_alpha) && is(after, may_follow),
        quote if quote != '\'' && QUOTES.contains(quote) => {
            is(before, is_alpha) && is(after, may_follow)
        }
        _ => is_icon(sign),
    };
    if splits { length } else { 0 }
}

fn may_follow(character: char) -> bool {
    character == '-' || is_alpha(character)
}
