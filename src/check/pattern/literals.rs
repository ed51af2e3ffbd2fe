//! Which strings are certain to occur in whatever a regular expression matches.
//!
//! The build script reads this file too, so that the signs of the rules that come with the program are known when it starts.

use std::borrow::Cow;

use regex_syntax::hir::literal::{Extractor, Seq};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind, Repetition};

use super::bytes::{Bytes, needed};
use super::compact::compact;
use super::rarity::bits;

/// Patterns whose `max-words` is at most this are only tried on short units.
pub(super) const SHORT_WORDS: usize = 80;
/// Fewest bytes of a literal worth searching for.
const SHORTEST: usize = 3;
/// Most bytes kept of a literal; more would tell little and cost memory.
const LONGEST: usize = 14;
/// Most literals of one expression.
const MOST: usize = 256;
/// Most sets of strings that a text is looked through for, and most strings of one.
const MOST_OTHERS: usize = 2;
const MOST_OF_OTHER: usize = 24;

/// What is certain of a text that an expression matches, so that others need not be tried.
pub(super) struct Certain {
    pub(super) signs: Signs,
    /// Of each of these sets it holds a string, ASCII case aside.
    pub(super) others: Vec<Strings>,
    /// Of each of these sets it holds a byte.
    pub(super) bytes: Vec<Bytes>,
}

/// What an expression is searched for by.
pub(super) enum Signs {
    /// It begins with one of these, marks before them and ASCII case aside.
    Opens(Strings),
    /// It holds one of these, ASCII case aside.
    Holds(Strings),
    /// Nothing.
    Blind,
}

/// Strings in small letters, none empty, one after the other.
pub(super) struct Strings(Cow<'static, str>);

/// Stands between them; no text worth checking holds it.
const PART: char = '\u{1F}';

impl Strings {
    fn of(strings: &[String]) -> Self {
        Self(Cow::Owned(strings.join(&PART.to_string())))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        Self::each(&self.0)
    }

    /// Each of its own, and copied only if they were made while the program ran.
    pub(super) fn into_each(self) -> Vec<Cow<'static, str>> {
        match self.0 {
            Cow::Borrowed(all) => Self::each(all).map(Cow::Borrowed).collect(),
            Cow::Owned(all) => Self::each(&all).map(|string| Cow::Owned(string.to_owned())).collect(),
        }
    }

    fn each(all: &str) -> impl Iterator<Item = &str> {
        all.split(PART).filter(|string| !string.is_empty())
    }
}

/// How a text is spaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Spacing {
    /// Between words stands one space, and no other blank anywhere: so is most text, and it has the longer signs.
    Single,
    /// However it likes.
    Any,
}

impl Certain {
    /// Nothing at all.
    pub(super) fn nothing() -> Self {
        Self { signs: Signs::Blind, others: Vec::new(), bytes: Vec::new() }
    }

    /// What is certain of a text of that spacing in which an alternative matches; `opens` tells whether it matches short
    /// units from their beginning.
    ///
    /// # Errors
    ///
    /// It is no regular expression; what is wrong with it.
    pub(super) fn of(branch: &str, opens: bool, spacing: Spacing) -> Result<Self, String> {
        let hir = parse(branch)?;
        let hir = if spacing == Spacing::Single { spaced(&hir) } else { hir };
        let signs = Signs::of(&hir, opens);
        let others = others(&hir, &signs.strings());
        Ok(Self { signs, others, bytes: needed(&hir) })
    }

    /// In a row of bytes: the kind of its signs, how many sets of bytes there are, and these; then signs and strings as text.
    #[allow(dead_code, reason = "the build script writes what the program reads")]
    pub(super) fn written(&self) -> Vec<u8> {
        let (kind, signs) = match &self.signs {
            Signs::Opens(signs) => (OPENS, signs.0.as_ref()),
            Signs::Holds(signs) => (HOLDS, signs.0.as_ref()),
            Signs::Blind => (BLIND, ""),
        };
        let mut bytes = vec![kind, self.bytes.len() as u8];
        bytes.extend(self.bytes.iter().flat_map(|set| set.0.to_le_bytes()));
        let lists: Vec<&str> = [signs].into_iter().chain(self.others.iter().map(|set| set.0.as_ref())).collect();
        bytes.extend_from_slice(lists.join(&LIST.to_string()).as_bytes());
        bytes
    }

    /// What [`Certain::written`] wrote; `None` if it did not.
    pub(super) fn read(bytes: &'static [u8]) -> Option<Self> {
        let (&[kind, sets], rest) = bytes.split_first_chunk()?;
        let (sets, text) = rest.split_at_checked(usize::from(sets) * size_of::<u128>())?;
        let bytes = sets.as_chunks().0.iter().map(|set| Bytes(u128::from_le_bytes(*set))).collect();
        let mut lists = std::str::from_utf8(text).ok()?.split(LIST).map(|list| Strings(Cow::Borrowed(list)));
        let signs = lists.next()?;
        let signs = match kind {
            OPENS => Signs::Opens(signs),
            HOLDS => Signs::Holds(signs),
            BLIND => Signs::Blind,
            _ => return None,
        };
        Some(Self { signs, others: lists.collect(), bytes })
    }
}

const OPENS: u8 = 0;
const HOLDS: u8 = 1;
const BLIND: u8 = 2;
/// Stands between lists of strings.
const LIST: char = '\u{1E}';

/// An expression that matches whatever `hir` does in a text of single spaces, with line ends for spaces: there all blanks in a
/// row are one space.
fn spaced(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => match blanks(class) {
            Blanks::All => Hir::literal(*b" "),
            Blanks::Some => {
                let mut class = class.clone();
                class.push(ClassUnicodeRange::new(' ', ' '));
                Hir::class(Class::Unicode(class))
            }
            Blanks::None => hir.clone(),
        },
        HirKind::Literal(literal) => {
            Hir::literal(literal.0.iter().map(|byte| if *byte == b'\n' { b' ' } else { *byte }).collect::<Vec<u8>>())
        }
        HirKind::Repetition(Repetition { min, max, greedy, sub }) => {
            let is_blank = matches!(sub.kind(), HirKind::Class(Class::Unicode(class)) if blanks(class) == Blanks::All);
            match (is_blank, *min) {
                (true, 1..) => Hir::literal(*b" "),
                (true, 0) => optional(Hir::literal(*b" "), *greedy),
                _ => {
                    let sub = Box::new(spaced(sub));
                    Hir::repetition(Repetition { min: *min, max: *max, greedy: *greedy, sub })
                }
            }
        }
        HirKind::Capture(capture) => spaced(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(spaced).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(spaced).collect()),
        HirKind::Empty | HirKind::Class(_) | HirKind::Look(_) => hir.clone(),
    }
}

fn optional(hir: Hir, greedy: bool) -> Hir {
    Hir::repetition(Repetition { min: 0, max: Some(1), greedy, sub: Box::new(hir) })
}

/// How many of a class's characters are blanks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Blanks {
    None,
    Some,
    All,
}

fn blanks(class: &ClassUnicode) -> Blanks {
    /// More than there are.
    const MANY: usize = 100;
    let characters: Vec<char> = class.iter().flat_map(|range| range.start()..=range.end()).take(MANY).collect();
    match characters.iter().filter(|character| character.is_whitespace()).count() {
        _ if characters.len() == MANY => Blanks::Some,
        0 => Blanks::None,
        blank if blank == characters.len() => Blanks::All,
        _ => Blanks::Some,
    }
}

impl Signs {
    fn of(hir: &Hir, opens: bool) -> Self {
        let openings = if opens { openings(hir) } else { None };
        // Where a unit begins is a better sign than what it holds, unless that may be almost anything.
        const TELLING: usize = 3;
        if let Some(openings) = openings.as_ref().filter(|all| all.iter().all(|one| one.len() >= TELLING)) {
            return Self::Opens(Strings::of(openings));
        }
        match required(hir, SHORTEST) {
            Some(literals) => Self::Holds(Strings::of(&sorted(literals))),
            None => openings.map_or(Self::Blind, |openings| Self::Opens(Strings::of(&openings))),
        }
    }

    fn strings(&self) -> Vec<&str> {
        match self {
            Self::Opens(strings) | Self::Holds(strings) => strings.iter().collect(),
            Self::Blind => Vec::new(),
        }
    }
}

/// The rarest sets of strings of each of which one stands in whatever `hir` matches, but for those that say no more than others
/// or than `signs` do.
fn others(hir: &Hir, signs: &[&str]) -> Vec<Strings> {
    let says_no_more = |set: &[String], other: &[&str]| {
        !other.is_empty() && other.iter().all(|one| set.iter().any(|part| one.contains(part.as_str())))
    };
    let mut sets = Vec::new();
    all_required(hir, &mut sets);
    sets.retain(|set| set.len() <= MOST_OF_OTHER && !says_no_more(set, signs));
    sets.sort_by(|left, right| frequency(left).total_cmp(&frequency(right)).then_with(|| left.cmp(right)));
    let mut others: Vec<Strings> = Vec::new();
    for set in sets {
        let is_new = |other: &Strings| !says_no_more(&set, &other.iter().collect::<Vec<_>>());
        if others.len() < MOST_OTHERS && others.iter().all(is_new) {
            others.push(Strings::of(&sorted(set)));
        }
    }
    others
}

/// Adds sets of strings that a match of `hir` cannot do without.
fn all_required(hir: &Hir, sets: &mut Vec<Vec<String>>) {
    match hir.kind() {
        HirKind::Concat(parts) => {
            for (at, part) in parts.iter().enumerate() {
                sets.extend(opens_literal(part).then(|| prefixes(&Hir::concat(parts[at..].to_vec()), 1)).flatten());
                all_required(part, sets);
            }
        }
        HirKind::Capture(capture) => all_required(&capture.sub, sets),
        HirKind::Repetition(repetition) if repetition.min > 0 => all_required(&repetition.sub, sets),
        _ => sets.extend(required(hir, 1)),
    }
}

fn sorted(mut literals: Vec<String>) -> Vec<String> {
    literals.sort();
    literals.dedup();
    literals
}

/// Strings with one of which whatever `hir` matches begins.
fn openings(hir: &Hir) -> Option<Vec<String>> {
    /// Most bytes of an opening; fewer where there would be too many of them.
    const LENGTHS: [usize; 4] = [14, 6, 4, 2];
    LENGTHS.iter().find_map(|length| openings_of(hir, *length))
}

fn openings_of(hir: &Hir, longest: usize) -> Option<Vec<String>> {
    /// Most openings of one expression.
    const MOST: usize = 250;
    let mut extractor = Extractor::new();
    extractor.limit_class(16).limit_total(MOST).limit_literal_len(longest);
    let sequence = extractor.extract(hir);
    let openings = sequence.literals()?.iter().map(|literal| {
        let bytes = literal.as_bytes();
        let valid = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), |text| text.len());
        let text = std::str::from_utf8(bytes.get(..valid)?).ok()?;
        let in_small_letters = |variant: String| variant.to_ascii_lowercase();
        (!text.is_empty()).then(|| case_variants(text).into_iter().map(in_small_letters).collect())
    });
    let openings: Option<Vec<Vec<String>>> = openings.collect();
    openings.map(|all| sorted(all.concat())).filter(|all| !all.is_empty())
}

/// What an expression says.
///
/// # Errors
///
/// It is no regular expression; what is wrong with it.
pub(super) fn parse(expression: &str) -> Result<Hir, String> {
    // As it is compiled: classes of all letters would be looked up in tables, and say nothing here.
    regex_syntax::Parser::new().parse(&compact(expression)).map_err(|error| fault(&error.to_string()))
}

/// What is wrong with an expression: the last line of a syntax error, since those before it draw a picture.
pub(super) fn fault(error: &str) -> String {
    let last = error.lines().last().unwrap_or(error);
    format!("not a regular expression: {}", last.trim_start_matches("error: "))
}

/// One expression of several, any of which may match.
pub(super) fn joined<'e>(expressions: impl Iterator<Item = &'e str>) -> String {
    expressions.collect::<Vec<_>>().join("|")
}

/// The alternatives of an expression that is `a|b|c` outside all brackets; each can be looked for on its own.
pub(super) fn branches(expression: &str) -> Vec<&str> {
    let (mut branches, mut start, mut depth, mut in_class, mut escaped) = (Vec::new(), 0, 0_usize, false, false);
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

/// The best set of strings of at least `shortest` bytes that a match of `hir` cannot do without.
fn required(hir: &Hir, shortest: usize) -> Option<Vec<String>> {
    match hir.kind() {
        HirKind::Concat(parts) => best_of_concat(parts, shortest),
        HirKind::Alternation(branches) => {
            let sets: Option<Vec<Vec<String>>> = branches.iter().map(|branch| required(branch, shortest)).collect();
            sets.map(|sets| sets.concat()).filter(|set| set.len() <= MOST)
        }
        HirKind::Capture(capture) => required(&capture.sub, shortest),
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub, shortest),
        HirKind::Literal(_) | HirKind::Class(_) => prefixes(hir, shortest),
        _ => None,
    }
}

/// The best that any place in a sequence offers; the search ends at the first that is good enough.
fn best_of_concat(parts: &[Hir], shortest: usize) -> Option<Vec<String>> {
    /// As of eight words of eight letters.
    const GOOD: f64 = 1.0 / (1 << 24) as f64;
    let mut best: Option<Vec<String>> = None;
    for (at, part) in parts.iter().enumerate() {
        let from_here = opens_literal(part).then(|| prefixes(&Hir::concat(parts[at..].to_vec()), shortest)).flatten();
        let within = match part.kind() {
            HirKind::Literal(_) | HirKind::Class(_) if shortest == SHORTEST => None,
            _ => required(part, shortest),
        };
        for set in [from_here, within].into_iter().flatten().filter(|set| set.len() <= MOST) {
            if best.as_ref().is_none_or(|best| frequency(&set) < frequency(best)) {
                best = Some(set);
            }
        }
        if best.as_ref().is_some_and(|best| frequency(best) <= GOOD) {
            break;
        }
    }
    best
}

/// Whether what stands at a place in a sequence may be the beginning of a string.
fn opens_literal(part: &Hir) -> bool {
    match part.kind() {
        HirKind::Literal(_) | HirKind::Capture(_) | HirKind::Alternation(_) => true,
        HirKind::Class(class) => class.maximum_len().is_some_and(|length| length <= 4) && is_small(part),
        _ => false,
    }
}

/// Whether a class has few enough characters to be spelt out.
fn is_small(hir: &Hir) -> bool {
    let mut extractor = Extractor::new();
    extractor.limit_class(4);
    extractor.extract(hir).is_finite()
}

/// How often text holds one of a set, as a rough share of its places: long literals are rare, few are better than many, and some
/// words stand everywhere.
fn frequency(set: &[String]) -> f64 {
    const COMMONER: f64 = 64.0;
    let of_one = |literal: &String| {
        let common = if COMMON.contains(&literal.trim()) { COMMONER } else { 1.0 };
        common * (-f64::from(bits(literal.as_bytes()))).exp2()
    };
    set.iter().map(of_one).sum()
}

/// Words of three to five letters that are met on every page.
const COMMON: &[&str] = &[
    "about", "after", "again", "all", "also", "and", "any", "are", "back", "been", "being", "both", "but", "call",
    "came", "can", "come", "could", "day", "days", "did", "does", "done", "down", "each", "even", "every", "few",
    "find", "first", "for", "found", "from", "full", "get", "give", "good", "got", "great", "had", "has", "have",
    "head", "help", "her", "here", "him", "his", "home", "how", "into", "its", "just", "keep", "know", "large", "last",
    "left", "less", "life", "like", "live", "long", "look", "made", "make", "man", "many", "may", "might", "more",
    "most", "much", "must", "name", "near", "need", "never", "new", "next", "not", "now", "off", "old", "once", "one",
    "only", "open", "other", "our", "out", "over", "own", "part", "place", "point", "put", "read", "right", "said",
    "same", "say", "says", "see", "set", "she", "show", "side", "since", "small", "some", "still", "such", "sure",
    "take", "tell", "than", "that", "the", "their", "them", "then", "there", "these", "they", "thing", "think", "this",
    "those", "three", "time", "too", "took", "two", "under", "use", "used", "very", "want", "was", "way", "week",
    "well", "were", "what", "when", "where", "which", "while", "who", "why", "will", "with", "word", "work", "world",
    "would", "write", "year", "years", "you", "your",
];

fn prefixes(hir: &Hir, shortest: usize) -> Option<Vec<String>> {
    let mut extractor = Extractor::new();
    extractor.limit_class(if shortest < SHORTEST { 8 } else { 4 }).limit_total(MOST).limit_literal_len(2 * LONGEST);
    let sequence: Seq = extractor.extract(hir);
    let literals: Vec<String> =
        sequence.literals()?.iter().map(|literal| searchable(literal.as_bytes(), shortest)).collect::<Option<_>>()?;
    let variants: Vec<String> = literals.iter().flat_map(|literal| case_variants(literal)).collect();
    (!variants.is_empty()).then_some(variants)
}

/// The part of a literal that is searched for: valid UTF-8, long enough, not too long. What is short must be a sign, for every
/// text holds letters.
fn searchable(bytes: &[u8], shortest: usize) -> Option<String> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).ok()?,
    };
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let is_sign = || !text[..end].contains(|character: char| character.is_alphanumeric() || character.is_whitespace());
    (end >= SHORTEST || end >= shortest && is_sign()).then(|| text[..end].to_ascii_lowercase())
}

/// The search ignores the case of ASCII letters only. Other words are searched for in small letters, in capitals and with
/// a capital first letter; so only the first word of a literal is kept, as each word may have a case of its own.
fn case_variants(literal: &str) -> Vec<String> {
    if literal.is_ascii() {
        return vec![literal.to_owned()];
    }
    let lower = literal.to_lowercase();
    let word = match lower.find(' ') {
        Some(end) if end >= SHORTEST => &lower[..end],
        _ => &lower,
    };
    // A bracket may stand before the first letter.
    let (marks, letters) = word.split_at(word.find(char::is_alphabetic).unwrap_or(0));
    let mut rest = letters.chars();
    let capital: String = rest.next().into_iter().flat_map(char::to_uppercase).collect();
    let mut variants = vec![word.to_owned(), format!("{marks}{capital}{}", rest.as_str()), word.to_uppercase()];
    variants.sort_unstable();
    variants.dedup();
    variants
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(expression: &str) -> Vec<String> {
        match Certain::of(expression, false, Spacing::Any).map(|certain| certain.signs) {
            Ok(Signs::Holds(literals)) => literals.iter().map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn alternatives_are_told_apart() {
        assert_eq!(branches(r"a|b(?:c|d)|[|e]\||"), ["a", "b(?:c|d)", r"[|e]\|", ""]);
    }

    #[test]
    fn words_of_other_scripts_are_searched_for_in_their_usual_cases() {
        assert_eq!(literals("читать далее"), ["ЧИТАТЬ", "Читать", "читать"]);
        assert_eq!(literals(r"\(φωτ.*"), ["(ΦΩΤ", "(Φωτ", "(φωτ"]);
        assert_eq!(literals("Read More"), ["read more"]);
    }

    #[test]
    fn a_long_list_of_words_keeps_its_literals() {
        let words: Vec<String> = ('а'..='я').map(|letter| format!("{letter}бвг")).collect();
        assert_eq!(literals(&format!("(?:{})", words.join("|"))).len(), 3 * words.len());
    }
}
