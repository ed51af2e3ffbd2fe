//! Words broken by a hyphen and a blank or a line end, as columns of print leave them.
//!
//! What a hyphen and a blank mean cannot be seen in one place: "mid- and long-term" is right, and so is "he ran- then fell" in
//! careless typing. A break is mended only if the word occurs whole elsewhere in the same text, or if a soft hyphen ends the line.

use std::collections::HashMap;
use std::sync::Arc;

use super::function_words::{is_conjunction, is_function_word, is_word_end};
use super::holds_text;
use crate::check::code_spans::{code_spans, is_within};
use crate::finding::{Edit, Finding, Fix, RuleInfo};
use crate::text::{BlockKind, Document, Span};

/// A hyphen between two parts of what may be one word.
struct Break {
    /// From the first letter to the hyphen, or to the last letter where all stands on one line.
    span: Span,
    /// The hyphen itself.
    hyphen: Span,
    /// The first letter after the blank.
    resumes: usize,
    /// The last of the letters there.
    ends: usize,
    crosses_line: bool,
    is_soft: bool,
    left: String,
    right: String,
}

/// How a word occurs elsewhere in the text.
#[derive(Debug, Default, Clone, Copy)]
struct Seen {
    joined: bool,
    hyphenated: bool,
}

/// Reports the broken words of a document.
pub(super) fn find(document: &Document<'_>, rule: &Arc<RuleInfo>, findings: &mut Vec<Finding>) {
    let breaks = breaks(document);
    if breaks.is_empty() {
        return;
    }
    let seen = seen(document.text(), &breaks);
    // Dashes come one at a time or in pairs.
    const MANY: usize = 3;
    let mut by_line: HashMap<usize, usize> = HashMap::new();
    for one in breaks.iter().filter(|one| !is_function_word(&one.right)) {
        *by_line.entry(document.line_at(one.span.start)).or_default() += 1;
    }
    let has_proof = seen.values().any(|seen| seen.joined);
    for one in &breaks {
        let seen = seen.get(&joined(one)).copied().unwrap_or_default();
        let is_proven = seen.joined != seen.hyphenated || one.is_soft && one.crosses_line;
        // Without proof, a hyphen before a whole word may well be a dash.
        let is_likely = one.crosses_line
            || has_proof
            || is_word_end(&one.right)
            || by_line.get(&document.line_at(one.span.start)).is_some_and(|count| *count >= MANY);
        if !is_proven && (is_function_word(&one.right) || !is_likely) {
            continue;
        }
        let mut finding = Finding::new(rule, document, one.span);
        let keeps_hyphen = seen.hyphenated && !one.is_soft;
        let whole = format!("{}{}{}", one.left, if keeps_hyphen { "-" } else { "" }, one.right);
        finding.label = Some(if is_proven { format!("broken out of `{whole}`") } else { format!("perhaps `{whole}`") });
        if let Some(applicability) = rule.fix.filter(|_| is_proven) {
            finding.help = Some(format!("write `{whole}`").into());
            finding.fix = Some(Fix { applicability, edits: edits(document, one, keeps_hyphen) });
        }
        findings.push(finding);
    }
}

fn joined(one: &Break) -> String {
    format!("{}{}", one.left, one.right).to_lowercase()
}

/// The places where a hyphen follows letters and is followed by a blank or line end and lower-case letters.
fn breaks(document: &Document<'_>) -> Vec<Break> {
    let text = document.text();
    let bytes = text.as_bytes();
    let mut hyphens: Vec<Span> = memchr::memchr_iter(b'-', bytes)
        .filter(|&at| {
            at > 0
                && (bytes[at - 1].is_ascii_lowercase() || !bytes[at - 1].is_ascii())
                && bytes.get(at + 1).is_some_and(|next| matches!(next, b' ' | b'\n' | b'\r' | b'*' | b'_'))
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
    let mut code = CodeOfLine::default();
    hyphens.into_iter().filter_map(|hyphen| read_break(document, hyphen, &mut code)).collect()
}

fn read_break(document: &Document<'_>, hyphen: Span, code: &mut CodeOfLine) -> Option<Break> {
    const SHORTEST: usize = 2;
    const LONGEST: usize = 40;
    let text = document.text();
    let left = text[..hyphen.start].chars().rev().take(LONGEST).take_while(|c| c.is_alphabetic());
    let left: usize = left.map(char::len_utf8).sum();
    let start = hyphen.start - left;
    let left = &text[start..hyphen.start];
    if left.chars().count() < SHORTEST || !left.ends_with(char::is_lowercase) || !may_begin_word(&text[..start]) {
        return None;
    }
    // Emphasis that ends before the blank begins again after it.
    let after = &text[hyphen.end..];
    let marks = after.len() - after.trim_start_matches(['*', '_']).len();
    let (closing, after) = after.split_at(marks);
    let blank = after.len() - after.trim_start_matches([' ', '\u{A0}', '\r', '\n']).len();
    let newlines = after[..blank].matches('\n').count();
    let at = hyphen.end + marks + blank;
    let rest = text[at..].strip_prefix(closing)?;
    let resumes = at + marks;
    let right = rest.chars().take(LONGEST).take_while(|c| c.is_lowercase() && c.is_alphabetic());
    let right: usize = right.map(char::len_utf8).sum();
    let (right, next) = rest.split_at(right);
    let is_word = right.chars().count() >= SHORTEST && !next.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    if blank == 0 || newlines > 1 || !is_word || is_conjunction(right) || !is_in_text(document, hyphen, resumes, code) {
        return None;
    }
    // Something that ends like an address or a path is no word.
    if next.starts_with(['/', '\\', '(', '=']) || next.starts_with('.') && next[1..].starts_with(char::is_alphanumeric)
    {
        return None;
    }
    let ends = resumes + right.len();
    let crosses_line = newlines == 1;
    Some(Break {
        span: Span::new(start, if crosses_line { hyphen.end } else { ends }),
        hyphen,
        resumes,
        ends,
        crosses_line,
        is_soft: document.slice(hyphen) == "\u{AD}",
        left: left.to_owned(),
        right: right.to_owned(),
    })
}

/// Whether a word may begin after `before`; options of a command line and names in code go on to the left.
fn may_begin_word(before: &str) -> bool {
    let mut back = before.chars().rev();
    match back.next() {
        None => true,
        Some('-') => back.next().is_some_and(char::is_alphabetic),
        Some(last) => last.is_whitespace() || "\"'“”‘’«»„‚(*_¿¡–—".contains(last),
    }
}

/// The code spans of the line looked at last, so that a long line is searched for them once.
#[derive(Default)]
struct CodeOfLine {
    line: Option<usize>,
    spans: Vec<Span>,
}

impl CodeOfLine {
    fn contains(&mut self, document: &Document<'_>, offset: usize) -> bool {
        let index = document.line_at(offset);
        let Some(line) = document.lines().get(index) else { return false };
        if self.line != Some(index) {
            (self.line, self.spans) = (Some(index), code_spans(document.slice(*line)));
        }
        is_within(&self.spans, offset.saturating_sub(line.start))
    }
}

/// Whether both halves stand in the text of one block or of two blocks that follow each other, and not in code.
fn is_in_text(document: &Document<'_>, hyphen: Span, resumes: usize, code: &mut CodeOfLine) -> bool {
    let is_code = code.contains(document, hyphen.start);
    let kind = |offset: usize| document.blocks().get(document.block_at(offset)).map(|block| block.kind);
    let (from, to) = (kind(hyphen.start), kind(resumes));
    let goes_on = document.block_at(hyphen.start) == document.block_at(resumes)
        || matches!(from, Some(BlockKind::Paragraph | BlockKind::ListItem)) && to == Some(BlockKind::Paragraph);
    !is_code && goes_on && holds_text(document, hyphen.start)
}

/// For each joined word whether it occurs in the text, as one word or with a hyphen.
fn seen(text: &str, breaks: &[Break]) -> HashMap<String, Seen> {
    let mut seen: HashMap<String, Seen> = breaks.iter().map(|one| (joined(one), Seen::default())).collect();
    let hyphenated: HashMap<String, String> =
        breaks.iter().map(|one| (format!("{}-{}", one.left, one.right).to_lowercase(), joined(one))).collect();
    // Names in code prove nothing of words.
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '\u{AD}');
    for token in text.split(|c: char| !is_part(c)).filter(|token| token.len() > 2) {
        if token.contains('-') {
            let token = token.trim_matches('-').to_lowercase();
            if let Some(seen) = hyphenated.get(&token).and_then(|joined| seen.get_mut(joined)) {
                seen.hyphenated = true;
            }
        }
        for word in token.split('-') {
            let word = if word.contains('\u{AD}') { word.replace('\u{AD}', "") } else { word.to_owned() };
            if let Some(seen) = seen.get_mut(&word.to_lowercase()) {
                seen.joined = true;
            }
        }
    }
    seen
}

/// Takes out the hyphen and the blank. A word that was broken at a line end is finished on its first line, so that the text
/// keeps its lines.
fn edits(document: &Document<'_>, one: &Break, keeps_hyphen: bool) -> Vec<Edit> {
    let text = document.text();
    let from = if keeps_hyphen { one.hyphen.end } else { one.hyphen.start };
    let mut edits = vec![Edit { span: Span::new(from, one.resumes), content: String::new() }];
    if one.crosses_line {
        let line = document.lines().get(document.line_at(one.ends)).copied().unwrap_or_default();
        let rest = &text[one.ends..line.end.max(one.ends)];
        let word = rest.len() - rest.trim_start_matches(|c: char| !c.is_whitespace()).len();
        let blank = rest[word..].len() - rest[word..].trim_start().len();
        // Anything but a letter could begin a block of another kind there.
        if rest[word + blank..].starts_with(char::is_alphabetic) {
            let newline = if text[line.end..].starts_with("\r\n") || text[..one.resumes].ends_with("\r\n") {
                "\r\n"
            } else {
                "\n"
            };
            let span = Span::new(one.ends + word, one.ends + word + blank);
            edits.push(Edit { span, content: newline.to_owned() });
        }
    }
    edits
}
