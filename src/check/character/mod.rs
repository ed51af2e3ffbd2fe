//! The `character` kind: words broken by a hyphen, and characters that show nothing or show something else than they are.
//!
//! One scan over the bytes finds the suspicious characters for all rules; most documents have none. Code, comments and
//! metadata are left alone, since a character may be the subject there.

mod broken_word;
mod form;
mod function_words;
mod invisible;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::code_spans::{code_spans, is_within};
use super::{DocumentCheck, ParameterError, RuleWithParams};
use crate::finding::{Applicability, Edit, Finding, Fix, RuleInfo};
use crate::text::{BlockKind, Document, Span};

/// The kind's name in rule files.
pub const NAME: &str = "character";

/// Which fault a rule is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// The fault.
    pub fault: Fault,
}

/// What can be wrong with characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A word cut by a hyphen and a blank or a line end.
    BrokenWord,
    /// Soft hyphens, zero-width spaces and the like.
    Invisible,
    /// Characters of the private use areas.
    PrivateUse,
    /// Latin ligatures as single characters.
    Ligature,
    /// Arabic letters in the form they have at one place in a word.
    ArabicForm,
}

/// Accepts every fault.
///
/// # Errors
///
/// None.
pub fn validate(_: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None.
pub fn compile(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.fault)).collect();
    Ok(Box::new(CharacterCheck { rules }))
}

struct CharacterCheck {
    rules: Vec<(Arc<RuleInfo>, Fault)>,
}

impl DocumentCheck for CharacterCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        let lines = suspicious_lines(document);
        for (rule, fault) in &self.rules {
            match fault {
                Fault::BrokenWord => broken_word::find(document, rule, findings),
                Fault::Invisible => {
                    findings.extend(lines.iter().filter_map(|line| invisible::find(document, rule, line)));
                }
                Fault::PrivateUse => {
                    findings.extend(lines.iter().filter_map(|line| form::private_use(document, rule, line)));
                }
                Fault::Ligature => {
                    findings.extend(lines.iter().filter_map(|line| form::ligatures(document, rule, line)));
                }
                Fault::ArabicForm => findings.extend(form::arabic(document, rule, &lines)),
            }
        }
    }
}

/// A suspicious character at its place.
#[derive(Debug, Clone, Copy)]
struct Hit {
    span: Span,
    character: char,
}

/// A line of text with its suspicious characters.
struct Line {
    span: Span,
    hits: Vec<Hit>,
}

impl Line {
    fn hits(&self, is_meant: impl Fn(char) -> bool) -> Vec<Hit> {
        self.hits.iter().filter(|hit| is_meant(hit.character)).copied().collect()
    }
}

/// The lines outside code that hold a character one of the rules may be about.
fn suspicious_lines(document: &Document<'_>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut code: Vec<Span> = Vec::new();
    for hit in suspicious_characters(document.text()) {
        if lines.last().is_none_or(|line| line.span.end <= hit.span.start) {
            let index = document.line_at(hit.span.start);
            let Some(&span) = document.lines().get(index) else { continue };
            lines.push(Line { span, hits: Vec::new() });
            code = code_spans(document.slice(span));
        }
        if let Some(line) = lines.last_mut()
            && line.span.contains(hit.span)
            && !is_within(&code, hit.span.start - line.span.start)
        {
            line.hits.push(hit);
        }
    }
    lines.retain(|line| !line.hits.is_empty() && holds_text(document, line.span.start));
    lines
}

/// Whether the block at `offset` is meant to be read, as text or as a table.
fn holds_text(document: &Document<'_>, offset: usize) -> bool {
    let block = document.blocks().get(document.block_at(offset));
    block.is_some_and(|block| block.kind.is_text() || block.kind == BlockKind::Table)
}

/// The characters that rules of this kind are about, in order, found by their first bytes.
fn suspicious_characters(text: &str) -> Vec<Hit> {
    if text.is_ascii() {
        return Vec::new();
    }
    let bytes = text.as_bytes();
    let mut starts: Vec<usize> = Vec::new();
    for needle in ["\u{AD}", "\u{200B}", "\u{2060}"] {
        starts.extend(memchr::memmem::find_iter(bytes, needle));
    }
    starts.extend(memchr::memchr3_iter(0xEE, 0xF3, 0xF4, bytes));
    // Most characters from U+F000 on are the signs and wide letters of Chinese and Japanese text.
    starts.extend(memchr::memchr_iter(0xEF, bytes).filter(|&at| {
        bytes.get(at + 1).is_some_and(|second| matches!(second, 0x80..=0xA3 | 0xAC..=0xB7 | 0xB9..=0xBB))
    }));
    starts.sort_unstable();
    let hit = |start: usize| {
        let character = text.get(start..)?.chars().next()?;
        let is_mark_of_order = character == '\u{FEFF}' && start == 0;
        let is_meant = invisible::is_invisible(character) && !is_mark_of_order || form::is_form(character);
        is_meant.then(|| Hit { span: Span::new(start, start + character.len_utf8()), character })
    };
    starts.into_iter().filter_map(hit).collect()
}

/// A finding at the first of `hits`, with a label that counts them and the edits that mend the line.
fn finding_of_line(
    document: &Document<'_>,
    rule: &Arc<RuleInfo>,
    hits: &[Hit],
    edits: Vec<Edit>,
    applicability: Option<Applicability>,
) -> Option<Finding> {
    let first = hits.first()?;
    let mut finding = Finding::new(rule, document, first.span);
    let name = name_of(first.character);
    finding.label = Some(match hits.len() {
        1 => name,
        count => format!("{name}, the first of {count} such characters in this line"),
    });
    if let Some(applicability) = applicability.filter(|_| rule.fix.is_some() && !edits.is_empty()) {
        finding.fix = Some(Fix { applicability, edits });
    }
    Some(finding)
}

fn name_of(character: char) -> String {
    let name = match character {
        '\u{AD}' => "soft hyphen",
        '\u{200B}' => "zero-width space",
        '\u{2060}' => "word joiner",
        '\u{FEFF}' => "byte order mark",
        _ => return format!("U+{:04X}", u32::from(character)),
    };
    format!("{name} U+{:04X}", u32::from(character))
}
