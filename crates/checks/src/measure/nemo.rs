//! The heuristic filters of NeMo Curator for English pages: those of Gopher, C4 and its own.
//!
//! Source: `nemo_curator/stages/text/filters/heuristic` in NeMo Curator 1.4.0, with the thresholds
//! of `nemo_curator/config/text/heuristic_filter_english_pipeline.yaml`. Lines are called sentences
//! there. Its long boilerplate strings are omitted; most of them contain a short one.

use super::common;
use super::ngrams::{self, ngram_size};
use super::page::Page;
use super::set::{Measure, MeasureSet, number, ratio};
use super::words::{NGrams, PageWords, Repeats};
use crate::python;
use dechaff_text::Span;

/// NeMo Curator's heuristic filters.
pub(super) struct NemoHeuristics;

const MEASURES: &[Measure] = &[
    Measure::share(
        "other-characters",
        "{} of characters are neither letters from a to z, digits, line feeds nor common punctuation",
        "most of them",
    ),
    Measure::share("symbol-words", "{} of words are number signs or ellipses", "most of them"),
    Measure::share("digits", "{} of characters are digits", "most of them"),
    Measure::share("url-characters", "{} of characters are in URLs", "most of them"),
    Measure::share("space", "{} of characters are spaces, tabs or line breaks", ""),
    Measure::share("parentheses", "{} of characters are parentheses", "most of them"),
    Measure::share(
        "boilerplate-paragraphs",
        "{} of paragraphs are about cookies or terms of use",
        "most of them",
    ),
    common::REPEATED_LINES,
    common::REPEATED_PARAGRAPHS,
    common::REPEATED_LINE_CHARACTERS,
    common::REPEATED_PARAGRAPH_CHARACTERS,
    common::WORDS,
    Measure::share("unpunctuated-lines", "{} of lines do not end like a sentence", "such lines"),
    common::ALPHABETIC_WORDS,
    common::STOP_WORDS,
    common::MEAN_WORD_LENGTH,
    Measure::number("longest-word", "the longest word has {} [character|characters]", "here"),
    common::ELLIPSIS_LINES,
    ngrams::TOP_2_GRAM,
    ngrams::TOP_3_GRAM,
    ngrams::TOP_4_GRAM,
    ngrams::RECURRING_5_GRAMS,
    ngrams::RECURRING_6_GRAMS,
    ngrams::RECURRING_7_GRAMS,
    ngrams::RECURRING_8_GRAMS,
    ngrams::RECURRING_9_GRAMS,
    ngrams::RECURRING_10_GRAMS,
    common::BULLET_LINES,
];

const BULLETS: [char; 12] = ['•', '‣', '⁃', '⁌', '⁍', '∙', '○', '●', '◘', '◦', '⦾', '⦿'];
const ELLIPSES: [&str; 8] = ["...", "[...]", "…", "(...)", "[…]", "-»", "read more..", "read more"];
const POLICIES: [&str; 9] = [
    "terms of use",
    "privacy policy",
    "cookie policy",
    "uses cookies",
    "privacy overview",
    "use of cookies",
    "use cookies",
    "privacy & cookies policy",
    "privacy and cookies policy",
];

fn is_other(character: char) -> bool {
    !(character.is_ascii_alphanumeric() || matches!(character, '\n' | '?' | '!' | ',' | '.'))
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit()
}

fn is_space(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\x08' | ' ')
}

fn is_parenthesis(character: char) -> bool {
    matches!(character, '{' | '}' | '⟨' | '⟩' | '[' | ']' | '(' | ')')
}

/// Whether POSIX `alpha` matches: Unicode's property Alphabetic, which marks may have.
fn has_alphabetic(word: &str) -> bool {
    word.chars().any(char::is_alphabetic)
}

/// Whether a word is an ellipsis, or more than half of it are runs of number signs.
fn is_symbol(word: &str) -> bool {
    let runs = word.split(|one| one != '#').filter(|run| !run.is_empty()).count();
    ELLIPSES.contains(&word) || 2 * runs > python::length(word)
}

/// Counts the characters in URLs.
fn url_characters(text: &str) -> usize {
    let (mut count, mut rest) = (0, text);
    while let Some(at) = rest.find("http") {
        rest = &rest[at..];
        let scheme = ["http://", "https://"].iter().find(|scheme| rest.starts_with(**scheme));
        let Some(scheme) = scheme else {
            rest = &rest["http".len()..];
            continue;
        };
        let length = url_length(&rest.as_bytes()[scheme.len()..]);
        let own = if length > 0 { scheme.len() + length } else { 0 };
        count += own;
        rest = &rest[own.max("http".len())..];
    }
    count
}

/// Returns how many of the bytes after a scheme belong to the URL.
fn url_length(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += match byte {
            b'%' => match bytes.get(at + 1..at + 3) {
                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => 3,
                _ => return at,
            },
            byte if byte.is_ascii_alphanumeric() || b"$-_@.&+/:=?#~!*(),".contains(byte) => 1,
            _ => return at,
        };
    }
    at
}

/// Returns the share of paragraphs that mention a policy; 1 if one is lorem ipsum.
fn boilerplate(page: &Page<'_>, paragraphs: &[Span]) -> Option<f64> {
    let mut count = 0;
    for paragraph in paragraphs {
        let lower = page.slice(*paragraph).to_lowercase();
        if lower.contains("lorem ipsum") {
            return Some(1.0);
        }
        count += usize::from(POLICIES.iter().any(|policy| lower.contains(policy)));
    }
    ratio(count, paragraphs.len())
}

fn ends_like_sentence(line: &str) -> bool {
    python::strip(line).ends_with(['.', '?', '!', '"', '\''])
}

fn ends_with_ellipsis(line: &str) -> bool {
    let line = python::strip(line).to_lowercase();
    ELLIPSES.iter().any(|ellipsis| line.ends_with(ellipsis))
}

fn starts_with_bullet(line: &str) -> bool {
    python::strip(line).starts_with(BULLETS)
}

impl MeasureSet for NemoHeuristics {
    fn measures(&self) -> &'static [Measure] {
        MEASURES
    }

    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>> {
        let (words, lines, paragraphs) =
            (page.words(), page.filled_lines(), python::split_at_two_line_feeds(page.text));
        let characters = page.characters();
        let share_of_characters = |test: fn(char) -> bool| {
            let count = page.text.chars().filter(|one| test(*one)).count();
            Some(ratio(count, characters).unwrap_or(1.0))
        };
        let count_words = |test: fn(&str) -> bool| page.count(&words.spans, test);
        let share_of_lines = |test: fn(&str) -> bool| ratio(page.count(lines, test), lines.len());
        let repeats = |parts: &[Span]| {
            let found = Repeats::new(page.text, parts);
            let characters = parts.iter().map(|part| python::length(page.slice(*part))).sum();
            (ratio(found.count, parts.len()), ratio(found.characters, characters))
        };
        let (line_share, line_characters) = repeats(lines);
        let (paragraph_share, paragraph_characters) = repeats(&paragraphs);
        let mut values = vec![
            share_of_characters(is_other),
            ratio(count_words(is_symbol), words.count()),
            share_of_characters(is_digit),
            Some(ratio(url_characters(page.text), characters).unwrap_or(1.0)),
            share_of_characters(is_space),
            share_of_characters(is_parenthesis),
            boilerplate(page, &paragraphs),
            line_share,
            paragraph_share,
            line_characters,
            paragraph_characters,
            Some(number(words.count())),
            share_of_lines(|line| !ends_like_sentence(line)),
            ratio(count_words(has_alphabetic), words.count()),
            Some(number(count_words(common::is_stop_word))),
            ratio(words.characters(), words.count()),
            words.lengths.iter().max().map(|length| number(*length)),
            share_of_lines(ends_with_ellipsis),
        ];
        values.extend(words.ngrams(10).skip(1).map(|ngrams| {
            let repeated = match ngrams.size < 5 {
                true => top_characters(page, words, &ngrams),
                false => repeated_characters(words, &ngrams),
            };
            // Pages with fewer words fail.
            repeated.map_or(Some(1.0), |repeated| ratio(repeated, characters))
        }));
        values.push(share_of_lines(starts_with_bullet));
        values
    }

    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span> {
        let words = page.words();
        let heaviest = |test: fn(&str) -> bool| page.heaviest_lines(|line| usize::from(test(line)));
        let characters = |test: fn(char) -> bool| {
            page.heaviest_lines(|line| line.chars().filter(|one| test(*one)).count())
        };
        match (name, ngram_size(name)) {
            (_, Some(size)) => words.heaviest_ngram(size, |ngrams| Some(ngrams.top()?.first)),
            ("other-characters", _) => characters(is_other),
            ("digits", _) => characters(is_digit),
            ("parentheses", _) => characters(is_parenthesis),
            ("url-characters", _) => page.heaviest_lines(url_characters),
            ("symbol-words", _) => page.heaviest_lines(|line| {
                line.split(python::is_space)
                    .filter(|word| !word.is_empty() && is_symbol(word))
                    .count()
            }),
            ("boilerplate-paragraphs", _) => page.heaviest_lines(|line| {
                let lower = line.to_lowercase();
                usize::from(POLICIES.iter().any(|policy| lower.contains(policy)))
            }),
            ("repeated-lines" | "repeated-line-characters", _) => {
                Repeats::new(page.text, page.filled_lines()).heaviest
            }
            ("repeated-paragraphs" | "repeated-paragraph-characters", _) => {
                Repeats::new(page.text, &python::split_at_two_line_feeds(page.text)).heaviest
            }
            ("unpunctuated-lines", _) => heaviest(|line| !ends_like_sentence(line)),
            ("ellipsis-lines", _) => heaviest(ends_with_ellipsis),
            ("bullet-lines", _) => heaviest(starts_with_bullet),
            ("alphabetic-words", _) => page.most_words_without_letter(),
            ("mean-word-length" | "longest-word", _) => words.longest(),
            _ => None,
        }
    }
}

/// Returns the total characters of the most frequent n-gram, counting all occurrences of its words,
/// separated by single spaces, even within other words. `None` if the page has fewer words.
fn top_characters(page: &Page<'_>, words: &PageWords, ngrams: &NGrams<'_>) -> Option<usize> {
    let top = ngrams.top()?;
    let spans = words.spans.get(top.first..top.first + ngrams.size)?;
    let joined = spans.iter().map(|span| page.slice(*span)).collect::<Vec<_>>().join(" ");
    let occurrences = memchr::memmem::find_iter(page.text.as_bytes(), joined.as_bytes()).count();
    Some(occurrences * python::length(&joined))
}

/// Returns the characters in repeated n-grams, including spaces, each counted once. `None` if the
/// page has fewer words.
fn repeated_characters(words: &PageWords, ngrams: &NGrams<'_>) -> Option<usize> {
    (ngrams.count > 0).then_some(())?;
    let size = ngrams.size;
    let (mut characters, mut until) = (0, 0);
    for first in ngrams.later_occurrences() {
        // Words before `until` have been counted.
        let from = until.max(first);
        let own: usize = words.lengths[from..first + size].iter().sum();
        characters += own + (first + size - from).min(size - 1);
        until = first + size;
    }
    Some(characters)
}
