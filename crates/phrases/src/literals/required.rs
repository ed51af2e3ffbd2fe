//! Literals that every match of an expression contains, so that the expression only has to run
//! where they occur.
//!
//! This differs from the literal extraction of `regex-syntax` in three ways. That one extracts
//! prefixes and suffixes, while the rare part of `.*Reader's choice.*` is in the middle. Literals
//! here are in normal form (see `normal_text`), where `\s+` is one space, `\d` is `0` and a class
//! of apostrophes is one apostrophe, so that they extend over several words. And a literal of an
//! expression for whole units has a position: a literal that can only start the unit is not
//! searched for elsewhere.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Repetition};

use super::normal_text::{normal, normal_char};

/// Maximum length of a literal, in bytes. Longer ones make the automata larger and are hardly more
/// selective.
pub const MAX_LITERAL: usize = 16;
/// Maximum number of literals in a set, such as the names of weekdays in many languages. 600 instead
/// of 250 saves 2 % of a run on 7 MB of pages.
const MAX_LITERALS: usize = 600;
/// Maximum number of characters of a class that is expanded, in normal form.
const MAX_CLASS: usize = 12;
/// Maximum number of repetitions that are expanded.
const MAX_REPETITIONS: u32 = 4;
/// Sets that occur in a larger share of texts are not searched for. Trying the expression on each
/// short line is just as cheap.
const MAX_KEY_FREQUENCY: f64 = 0.05;
/// Sets that occur in a larger share of texts reject too few of them.
const MAX_CHECK_FREQUENCY: f64 = 0.2;
/// Maximum number of sets in addition to the key, and of literals per set. Each text that has the
/// key is searched for all of them.
const MAX_CHECKS: usize = 3;
const MAX_CHECK_LITERALS: usize = 12;

/// The literals that a text in normal form contains if an expression matches it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Required {
    /// One of these; empty if no rare set is known.
    pub key: Vec<String>,
    /// The literal of `key` starts at most this many bytes after the punctuation at the start of
    /// the unit.
    pub max_offset: Option<usize>,
    /// One of each of these.
    pub checks: Vec<Vec<String>>,
}

/// Literals of which each match contains at least one.
#[derive(Debug)]
struct LiteralSet {
    literals: Vec<String>,
    max_offset: Option<usize>,
    /// Expected share of texts that have one of them there; a rough measure for comparisons.
    frequency: f64,
}

impl Required {
    /// Extracts the literals that each match of the expression `source` contains, ignoring case.
    /// `is_whole` tells whether it matches whole units.
    ///
    /// # Errors
    ///
    /// Returns the message of a syntax error.
    pub fn parse(source: &str, is_whole: bool) -> Result<Self, String> {
        let mut sets = Vec::new();
        collect(&parse(source)?, is_whole.then_some(0), &mut sets);
        sets.sort_by(|left, right| left.frequency.total_cmp(&right.frequency));
        let mut sets = sets.into_iter().peekable();
        let key = sets.next_if(|set| set.frequency <= MAX_KEY_FREQUENCY);
        let max_offset = key.as_ref().and_then(|set| set.max_offset);
        let key = key.map(|set| set.literals).unwrap_or_default();
        let mut checks: Vec<Vec<String>> = Vec::new();
        for set in sets.filter(|set| set.frequency <= MAX_CHECK_FREQUENCY) {
            let is_new = !overlap(&set.literals, &key)
                && !checks.iter().any(|check| overlap(&set.literals, check));
            if is_new && set.literals.len() <= MAX_CHECK_LITERALS && checks.len() < MAX_CHECKS {
                checks.push(set.literals);
            }
        }
        Ok(Self { key, max_offset, checks })
    }
}

/// Parses an expression.
///
/// # Errors
///
/// Returns the message of a syntax error.
pub fn parse(source: &str) -> Result<Hir, String> {
    regex_syntax::parse(source).map_err(|error| syntax_message(&error.to_string()))
}

/// Returns the last line of a syntax error; the lines before it draw a picture.
pub fn syntax_message(error: &str) -> String {
    let last = error.lines().last().unwrap_or(error);
    format!("not a regular expression: {}", last.trim_start_matches("error: "))
}

/// Returns the alternatives of an expression that is `a|b|c` outside all brackets. Each has its own
/// literals.
pub fn branches(expression: &str) -> Vec<&str> {
    let (mut branches, mut start, mut depth, mut in_class, mut escaped) =
        (Vec::new(), 0, 0_usize, false, false);
    for (at, character) in expression.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            _ if in_class => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => {
                branches.push(&expression[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    branches.push(&expression[start..]);
    branches
}

fn overlap(left: &[String], right: &[String]) -> bool {
    left.iter().any(|left| {
        right.iter().any(|right| left.contains(right.as_str()) || right.contains(left.as_str()))
    })
}

/// Collects sets of literals such that each match of `hir` contains a literal of each set. A match
/// starts at most `max_offset` bytes after the punctuation at the start of the unit.
fn collect(hir: &Hir, max_offset: Option<usize>, sets: &mut Vec<LiteralSet>) {
    match hir.kind() {
        HirKind::Concat(parts) => {
            let mut offset = max_offset;
            for (index, part) in parts.iter().enumerate() {
                collect(part, offset, sets);
                // Literals that extend over several parts.
                let mut run = finite_texts(part);
                for next in &parts[index + 1..] {
                    run = run.filter(|run| run.iter().any(|text| text.len() < MAX_LITERAL));
                    run = run.and_then(|run| product(&run, &finite_texts(next)?));
                    let Some(run) = &run else { break };
                    sets.extend(LiteralSet::new(run, offset));
                }
                offset = offset.zip(max_bytes(part)).map(|(offset, bytes)| offset + bytes);
            }
        }
        HirKind::Alternation(branches) => {
            let rarest = |branch: &Hir| {
                let mut sets = Vec::new();
                collect(branch, max_offset, &mut sets);
                sets.into_iter().min_by(|left, right| left.frequency.total_cmp(&right.frequency))
            };
            if let Some(all) = branches.iter().map(rarest).collect::<Option<Vec<LiteralSet>>>() {
                let offset = all
                    .iter()
                    .map(|set| set.max_offset)
                    .reduce(|left, right| Some(left?.max(right?)));
                let literals: Vec<String> = all.into_iter().flat_map(|set| set.literals).collect();
                sets.extend(LiteralSet::new(&literals, offset.flatten()));
            }
        }
        HirKind::Capture(capture) => collect(&capture.sub, max_offset, sets),
        HirKind::Repetition(repetition) if repetition.min > 0 => {
            collect(&repetition.sub, max_offset, sets);
            sets.extend(finite_texts(hir).and_then(|texts| LiteralSet::new(&texts, max_offset)));
        }
        _ => sets.extend(finite_texts(hir).and_then(|texts| LiteralSet::new(&texts, max_offset))),
    }
}

/// Returns the maximum length in bytes of a match of `hir`, ignoring case: `k` may be the Kelvin
/// sign, which has three bytes.
fn max_bytes(hir: &Hir) -> Option<usize> {
    hir.properties().maximum_len().map(|bytes| 3 * bytes)
}

impl LiteralSet {
    fn new(texts: &[String], max_offset: Option<usize>) -> Option<Self> {
        let cut = |text: &String| text[..text.floor_char_boundary(MAX_LITERAL)].to_owned();
        let literals = few(texts.iter().map(cut).collect())?;
        if literals.iter().any(String::is_empty) {
            return None;
        }
        // A line has about 150 bytes.
        let share = max_offset.map_or(1.0, |offset| ((offset + 8) as f64 / 150.0).min(1.0));
        // Few literals are better than many.
        let frequency = literals.iter().map(|text| share * frequency(text) + 1e-7).sum();
        Some(Self { literals, max_offset, frequency })
    }
}

/// Estimates the frequency of a literal from its bytes and its words.
fn frequency(literal: &str) -> f64 {
    /// Bytes are not independent, so literals are more frequent than the product of the frequencies
    /// of their bytes.
    const DEPENDENCE: f64 = 0.7;
    const COMMON_WORD: f64 = 1e-2;
    const OTHER_WORD: f64 = 1e-6;
    let by_bytes: f64 = literal.bytes().map(byte_frequency).product();
    let of_word = |word: &str| if COMMON.contains(&word) { COMMON_WORD } else { OTHER_WORD };
    let by_words: f64 = literal.split(' ').filter(|word| !word.is_empty()).map(of_word).product();
    by_bytes.powf(DEPENDENCE).max(by_words)
}

/// Estimates the share of a byte in text in normal form.
fn byte_frequency(byte: u8) -> f64 {
    const LETTERS: [u16; 26] = [
        65, 12, 23, 33, 100, 16, 16, 45, 58, 2, 6, 34, 20, 57, 62, 16, 1, 50, 53, 75, 23, 8, 15, 2,
        15, 1,
    ];
    let per_thousand = match byte {
        b' ' => 180,
        b'a'..=b'z' => LETTERS[usize::from(byte - b'a')],
        b'0' => 15,
        b'.' | b',' => 10,
        b'\'' | b'"' | b'-' => 5,
        0x80.. => 100,
        _ => 1,
    };
    f64::from(per_thousand) / 1000.0
}

/// Words that are much more frequent than their bytes suggest.
const COMMON: &[&str] = &[
    "a", "about", "all", "also", "an", "and", "any", "are", "as", "at", "be", "but", "by", "can",
    "das", "de", "der", "des", "die", "do", "el", "en", "et", "for", "from", "has", "have", "he",
    "her", "here", "his", "how", "i", "if", "in", "is", "it", "its", "la", "le", "les", "los",
    "more", "na", "new", "not", "of", "on", "one", "or", "our", "out", "que", "s", "t", "that",
    "the", "their", "they", "this", "to", "un", "una", "und", "up", "w", "was", "we", "what",
    "when", "which", "who", "will", "with", "y", "you", "your",
];

/// Returns all texts that `hir` matches, in normal form; `None` if there are too many.
fn finite_texts(hir: &Hir) -> Option<Vec<String>> {
    let empty = || vec![String::new()];
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(empty()),
        HirKind::Literal(literal) => Some(vec![normal(std::str::from_utf8(&literal.0).ok()?)]),
        HirKind::Class(Class::Unicode(class)) => class_texts(class),
        HirKind::Class(Class::Bytes(_)) => None,
        HirKind::Repetition(repetition) => repeated_texts(repetition),
        HirKind::Capture(capture) => finite_texts(&capture.sub),
        HirKind::Concat(parts) => {
            parts.iter().try_fold(empty(), |all, part| product(&all, &finite_texts(part)?))
        }
        HirKind::Alternation(branches) => {
            let all: Option<Vec<Vec<String>>> = branches.iter().map(finite_texts).collect();
            few(all?.concat())
        }
    }
}

fn class_texts(class: &ClassUnicode) -> Option<Vec<String>> {
    /// More than there are digits, which share one normal form.
    const MAX_CHARACTERS: usize = 1_000;
    if class.iter().map(|range| range.len()).sum::<usize>() > MAX_CHARACTERS {
        return None;
    }
    let characters = class.iter().flat_map(|range| range.start()..=range.end());
    let texts = few(characters.map(|character| normal_char(character).to_string()).collect())?;
    (texts.len() <= MAX_CLASS).then_some(texts)
}

fn repeated_texts(repetition: &Repetition) -> Option<Vec<String>> {
    let sub = finite_texts(&repetition.sub)?;
    let is_blank = sub == [" "];
    let max = if is_blank { 1 } else { repetition.max.filter(|max| *max <= MAX_REPETITIONS)? };
    let mut repeated = vec![String::new()];
    let mut all = if repetition.min == 0 { repeated.clone() } else { Vec::new() };
    for count in 1..=max {
        repeated = product(&repeated, &sub)?;
        if count >= repetition.min.min(max) {
            all.extend_from_slice(&repeated);
        }
    }
    few(all)
}

/// Concatenates each of `left` with each of `right`.
fn product(left: &[String], right: &[String]) -> Option<Vec<String>> {
    if left.len() * right.len() > MAX_LITERALS {
        return None;
    }
    let join = |left: &String, right: &String| {
        let is_double = left.ends_with(' ') && right.starts_with(' ');
        format!("{left}{}", if is_double { &right[1..] } else { right })
    };
    few(left.iter().flat_map(|left| right.iter().map(move |right| join(left, right))).collect())
}

/// Removes duplicates; `None` if too many texts are left.
fn few(mut texts: Vec<String>) -> Option<Vec<String>> {
    texts.sort_unstable();
    texts.dedup();
    (texts.len() <= MAX_LITERALS).then_some(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_split_outside_brackets_only() {
        assert_eq!(branches(r"a|b(?:c|d)|[|e]\||"), ["a", "b(?:c|d)", r"[|e]\|", ""]);
    }

    #[test]
    fn the_rarest_part_of_an_expression_is_searched_for() {
        for (expression, key, max_offset) in [
            (r"\d+ comments? on .*", vec![" comment on ", " comments on "], None),
            (r"(?:view|see)\s+all\s+comment", vec![" all comment"], Some(12)),
            // One literal is better than two rarer ones.
            (r".{2,9}: Reader[’']s [‘“]choice", vec![": reader's "], Some(108)),
            (r".*Читать далее", vec!["читать д"], None), // of at most 16 bytes
            (r".{3}|\d\d", vec![], None),
            ("(?:home|news|.*)", vec![], None),
            ("ab?c{2}", vec!["abcc", "acc"], Some(0)),
        ] {
            let required = Required::parse(expression, true).unwrap();
            assert_eq!(
                (required.key, required.max_offset),
                (key.into_iter().map(str::to_owned).collect(), max_offset)
            );
        }
    }

    #[test]
    fn further_literals_are_checked() {
        let required = Required::parse(r".*\bsubscribe\b.*\bnewsletter\b.*", true).unwrap();
        assert_eq!(
            (required.key.concat(), required.checks.concat().concat()),
            ("subscribe".into(), "newsletter".into())
        );
    }
}
