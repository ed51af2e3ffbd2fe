//! Words broken by a hyphen and a blank or line end, as extraction from printed columns leaves
//! them.
//!
//! One place alone does not tell what a hyphen and a blank mean: "mid- and long-term" is correct,
//! and so is "he ran- then fell" in careless typing. A break is repaired only if the whole word
//! occurs elsewhere in the text, or if a soft hyphen ends the line.

use std::collections::HashMap;
use std::sync::Arc;

use super::function_words::{is_conjunction, is_function_word, is_word_end};
use super::suspicious::is_text_or_table;
use crate::code_spans::{code_spans, is_within};
use dechaff_findings::{Edit, Finding, FindingSink, Fix, RuleInfo};
use dechaff_text::{BlockKind, Document, Span};

/// A hyphen between two parts of what may be one word.
struct BrokenWord {
    /// From the first letter to the hyphen, or to the last letter if both parts are on one line.
    span: Span,
    /// The hyphen itself.
    hyphen: Span,
    /// Offset of the first letter after the blank.
    resumes: usize,
    /// Offset of the end of the second part.
    ends: usize,
    crosses_line: bool,
    is_soft: bool,
    left: String,
    right: String,
}

/// How a word occurs elsewhere in the text.
#[derive(Debug, Default, Clone, Copy)]
struct Occurrences {
    joined: bool,
    hyphenated: bool,
}

/// Detects the broken words of a document.
pub(super) fn detect(
    document: &Document<'_>,
    rule: &Arc<RuleInfo>,
    findings: &mut FindingSink<'_>,
) {
    let broken_words = find_broken_words(document);
    if broken_words.is_empty() {
        return;
    }
    let occurrences = occurrences(document.text(), &broken_words);
    // Dashes come alone or in pairs, so more than two per line are hyphens.
    const MIN_HYPHENS_PER_LINE: usize = 3;
    let mut by_line: HashMap<usize, usize> = HashMap::new();
    for broken in broken_words.iter().filter(|broken| !is_function_word(&broken.right)) {
        *by_line.entry(document.line_at(broken.span.start)).or_default() += 1;
    }
    let has_confirmed = occurrences.values().any(|occurrences| occurrences.joined);
    for broken in &broken_words {
        let occurrences = occurrences.get(&joined(broken)).copied().unwrap_or_default();
        let is_confirmed =
            occurrences.joined != occurrences.hyphenated || broken.is_soft && broken.crosses_line;
        // Without confirmation, a hyphen before a whole word may well be a dash.
        let is_likely = broken.crosses_line
            || has_confirmed
            || is_word_end(&broken.right)
            || by_line
                .get(&document.line_at(broken.span.start))
                .is_some_and(|count| *count >= MIN_HYPHENS_PER_LINE);
        if !is_confirmed && (is_function_word(&broken.right) || !is_likely) {
            continue;
        }
        let mut finding = Finding::new(rule, document, broken.span);
        let keeps_hyphen = occurrences.hyphenated && !broken.is_soft;
        let whole =
            format!("{}{}{}", broken.left, if keeps_hyphen { "-" } else { "" }, broken.right);
        finding.label = Some(if is_confirmed {
            format!("broken out of `{whole}`")
        } else {
            format!("perhaps `{whole}`")
        });
        if let Some(applicability) = rule.fix.filter(|_| is_confirmed) {
            finding.help = Some(format!("write `{whole}`").into());
            finding.fix = Some(Fix { applicability, edits: edits(document, broken, keeps_hyphen) });
        }
        findings.push(finding);
    }
}

fn joined(broken: &BrokenWord) -> String {
    format!("{}{}", broken.left, broken.right).to_lowercase()
}

/// Returns the places where a hyphen follows letters and precedes a blank or line end and
/// lower-case letters.
fn find_broken_words(document: &Document<'_>) -> Vec<BrokenWord> {
    let text = document.text();
    let bytes = text.as_bytes();
    let mut hyphens: Vec<Span> = memchr::memchr_iter(b'-', bytes)
        .filter(|&at| {
            at > 0
                && (bytes[at - 1].is_ascii_lowercase() || !bytes[at - 1].is_ascii())
                && bytes
                    .get(at + 1)
                    .is_some_and(|next| matches!(next, b' ' | b'\n' | b'\r' | b'*' | b'_'))
        })
        .map(|at| Span::new(at, at + 1))
        .collect();
    if !text.is_ascii() {
        for hyphen in ["\u{AD}", "\u{2010}", "\u{AC}"] {
            let found = memchr::memmem::find_iter(bytes, hyphen);
            hyphens.extend(found.map(|at| Span::new(at, at + hyphen.len())));
        }
        hyphens.sort_unstable();
    }
    let mut code = LineCodeSpans::default();
    hyphens
        .into_iter()
        .filter_map(|hyphen| parse_broken_word(document, hyphen, &mut code))
        .collect()
}

/// Minimum number of letters on each side of the hyphen.
const MIN_LETTERS: usize = 2;
/// Maximum number of letters on each side of the hyphen.
const MAX_LETTERS: usize = 40;

/// Returns the letters at the end of `before` if they may start a word.
fn word_start(before: &str) -> Option<&str> {
    let letters = before.chars().rev().take(MAX_LETTERS).take_while(|c| c.is_alphabetic());
    let length: usize = letters.map(char::len_utf8).sum();
    let (before, left) = before.split_at(before.len() - length);
    let is_start = left.chars().count() >= MIN_LETTERS
        && left.ends_with(char::is_lowercase)
        && may_start_word(before);
    is_start.then_some(left)
}

/// Whether text continues like a URL, a path or a call, so that it is not a word.
fn continues_like_path(next: &str) -> bool {
    next.starts_with(['/', '\\', '(', '='])
        || next.starts_with('.') && next[1..].starts_with(char::is_alphanumeric)
}

fn parse_broken_word(
    document: &Document<'_>,
    hyphen: Span,
    code: &mut LineCodeSpans,
) -> Option<BrokenWord> {
    let text = document.text();
    let left = word_start(&text[..hyphen.start])?;
    // Emphasis that ends before the blank starts again after it.
    let after = &text[hyphen.end..];
    let marks = after.len() - after.trim_start_matches(['*', '_']).len();
    let (closing, after) = after.split_at(marks);
    let blank = after.len() - after.trim_start_matches([' ', '\u{A0}', '\r', '\n']).len();
    let newlines = after[..blank].matches('\n').count();
    let at = hyphen.end + marks + blank;
    let rest = text[at..].strip_prefix(closing)?;
    let resumes = at + marks;
    let right =
        rest.chars().take(MAX_LETTERS).take_while(|c| c.is_lowercase() && c.is_alphabetic());
    let right: usize = right.map(char::len_utf8).sum();
    let (right, next) = rest.split_at(right);
    let is_word = right.chars().count() >= MIN_LETTERS
        && !next.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    if blank == 0
        || newlines > 1
        || !is_word
        || is_conjunction(right)
        || !is_in_text(document, hyphen, resumes, code)
        || continues_like_path(next)
    {
        return None;
    }
    let ends = resumes + right.len();
    let crosses_line = newlines == 1;
    Some(BrokenWord {
        span: Span::new(hyphen.start - left.len(), if crosses_line { hyphen.end } else { ends }),
        hyphen,
        resumes,
        ends,
        crosses_line,
        is_soft: document.slice(hyphen) == "\u{AD}",
        left: left.to_owned(),
        right: right.to_owned(),
    })
}

/// Whether a word may start after `before`. Command-line options and names in code extend to the
/// left.
fn may_start_word(before: &str) -> bool {
    let mut back = before.chars().rev();
    match back.next() {
        None => true,
        Some('-') => back.next().is_some_and(char::is_alphabetic),
        Some(last) => last.is_whitespace() || "\"'“”‘’«»„‚(*_¿¡–—".contains(last),
    }
}

/// The code spans of the last line examined, so that a long line is searched only once.
#[derive(Default)]
struct LineCodeSpans {
    line: Option<usize>,
    spans: Vec<Span>,
}

impl LineCodeSpans {
    fn contains(&mut self, document: &Document<'_>, offset: usize) -> bool {
        let index = document.line_at(offset);
        let Some(line) = document.lines().get(index) else { return false };
        if self.line != Some(index) {
            (self.line, self.spans) = (Some(index), code_spans(document.slice(*line)));
        }
        is_within(&self.spans, offset.saturating_sub(line.start))
    }
}

/// Whether both parts are in one block or in consecutive blocks of text, and not in code.
fn is_in_text(
    document: &Document<'_>,
    hyphen: Span,
    resumes: usize,
    code: &mut LineCodeSpans,
) -> bool {
    let is_code = code.contains(document, hyphen.start);
    let kind =
        |offset: usize| document.blocks().get(document.block_at(offset)).map(|block| block.kind);
    let (from, to) = (kind(hyphen.start), kind(resumes));
    let continues = document.block_at(hyphen.start) == document.block_at(resumes)
        || matches!(from, Some(BlockKind::Paragraph | BlockKind::ListItem))
            && to == Some(BlockKind::Paragraph);
    !is_code && continues && is_text_or_table(document, hyphen.start)
}

/// Returns, for each joined word, whether it occurs in the text, as one word or hyphenated.
fn occurrences(text: &str, broken_words: &[BrokenWord]) -> HashMap<String, Occurrences> {
    let mut occurrences: HashMap<String, Occurrences> =
        broken_words.iter().map(|broken| (joined(broken), Occurrences::default())).collect();
    let hyphenated: HashMap<String, String> = broken_words
        .iter()
        .map(|broken| (format!("{}-{}", broken.left, broken.right).to_lowercase(), joined(broken)))
        .collect();
    // Identifiers in code say nothing about words.
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\u{AD}');
    for token in text.split(|c: char| !is_part(c)).filter(|token| token.len() > 2) {
        if token.contains('-') {
            let token = token.trim_matches('-').to_lowercase();
            if let Some(occurrences) =
                hyphenated.get(&token).and_then(|joined| occurrences.get_mut(joined))
            {
                occurrences.hyphenated = true;
            }
        }
        for word in token.split('-') {
            let word =
                if word.contains('\u{AD}') { word.replace('\u{AD}', "") } else { word.to_owned() };
            if let Some(occurrences) = occurrences.get_mut(&word.to_lowercase()) {
                occurrences.joined = true;
            }
        }
    }
    occurrences
}

/// Removes the hyphen and the blank. A word broken at a line end is completed on the first line, so
/// that the text keeps its lines.
fn edits(document: &Document<'_>, broken: &BrokenWord, keeps_hyphen: bool) -> Vec<Edit> {
    let text = document.text();
    let from = if keeps_hyphen { broken.hyphen.end } else { broken.hyphen.start };
    let mut edits = vec![Edit { span: Span::new(from, broken.resumes), content: String::new() }];
    if broken.crosses_line {
        let line = document.lines().get(document.line_at(broken.ends)).copied().unwrap_or_default();
        let rest = &text[broken.ends..line.end.max(broken.ends)];
        let word = rest.len() - rest.trim_start_matches(|c: char| !c.is_whitespace()).len();
        let blank = rest[word..].len() - rest[word..].trim_start().len();
        // Anything but a letter might start another kind of block on the new line.
        if rest[word + blank..].starts_with(char::is_alphabetic) {
            let newline = if text[line.end..].starts_with("\r\n")
                || text[..broken.resumes].ends_with("\r\n")
            {
                "\r\n"
            } else {
                "\n"
            };
            let span = Span::new(broken.ends + word, broken.ends + word + blank);
            edits.push(Edit { span, content: newline.to_owned() });
        }
    }
    edits
}
