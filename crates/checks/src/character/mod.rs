//! The `character` kind: words broken by a hyphen, and characters that are invisible or look like
//! others.
//!
//! A single scan over the bytes finds the suspicious characters for all rules; most documents have
//! none. Code, comments and metadata are skipped, since a character may be the subject there.

mod broken_word;
mod function_words;
mod invisible;
mod presentation_forms;
mod suspicious;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DocumentCheck;
use super::code_spans::{code_spans, is_within};
use dechaff_findings::{FindingSink, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::{Document, Span};
use suspicious::{SuspiciousCharacter, SuspiciousLine, is_text_or_table};

/// The kind's name in rule files.
pub const NAME: &str = "character";

/// The defect a rule reports.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// The defect.
    pub fault: CharacterDefect,
}

/// A defect of characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CharacterDefect {
    /// A word broken by a hyphen and a blank or line end.
    BrokenWord,
    /// Soft hyphens, zero-width spaces and the like.
    Invisible,
    /// Characters of the private use areas.
    PrivateUse,
    /// Latin ligatures as single characters.
    Ligature,
    /// Arabic letters in presentation forms.
    ArabicForm,
}

/// Accepts all parameters.
///
/// # Errors
///
/// Never fails.
pub fn validate(_: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.fault)).collect();
    Ok(Box::new(CharacterCheck { rules }))
}

struct CharacterCheck {
    rules: Vec<(Arc<RuleInfo>, CharacterDefect)>,
}

impl DocumentCheck for CharacterCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        let mut arabic_forms: Option<(Span, usize)> = None;
        for_each_suspicious_line(document, |line| {
            presentation_forms::count_arabic_forms(line, &mut arabic_forms);
            for (rule, defect) in &self.rules {
                findings.extend(match defect {
                    CharacterDefect::BrokenWord | CharacterDefect::ArabicForm => None,
                    CharacterDefect::Invisible => invisible::detect(document, rule, line),
                    CharacterDefect::PrivateUse => {
                        presentation_forms::detect_private_use(document, rule, line)
                    }
                    CharacterDefect::Ligature => {
                        presentation_forms::detect_ligatures(document, rule, line)
                    }
                });
            }
        });
        for (rule, defect) in &self.rules {
            match (defect, arabic_forms) {
                (CharacterDefect::BrokenWord, _) => broken_word::detect(document, rule, findings),
                (CharacterDefect::ArabicForm, Some((first, count))) => {
                    findings.push(presentation_forms::arabic_finding(document, rule, first, count));
                }
                _ => {}
            }
        }
    }
}

/// Calls `found` for the lines outside code with a character that some rule may be about. A line
/// with very many is passed in parts.
fn for_each_suspicious_line(document: &Document<'_>, mut found: impl FnMut(&SuspiciousLine)) {
    /// Maximum number of characters passed at once.
    const MAX_HITS: usize = 10_000;
    let mut found = |line: &SuspiciousLine| {
        if !line.hits.is_empty() && is_text_or_table(document, line.span.start) {
            found(line);
        }
    };
    let mut last: Option<SuspiciousLine> = None;
    let mut code: Vec<Span> = Vec::new();
    for hit in suspicious_characters(document.text()) {
        if last.as_ref().is_none_or(|line| line.span.end <= hit.span.start) {
            let index = document.line_at(hit.span.start);
            let Some(&span) = document.lines().get(index) else { continue };
            if let Some(line) = last.replace(SuspiciousLine { span, hits: Vec::new() }) {
                found(&line);
            }
            code = code_spans(document.slice(span));
        }
        if let Some(line) = &mut last
            && line.span.contains(hit.span)
            && !is_within(&code, hit.span.start - line.span.start)
        {
            if line.hits.len() == MAX_HITS {
                found(line);
                line.hits.clear();
            }
            line.hits.push(hit);
        }
    }
    if let Some(line) = last {
        found(&line);
    }
}

/// Returns the characters that rules of this kind are about, in order, found by their first bytes.
fn suspicious_characters(text: &str) -> impl Iterator<Item = SuspiciousCharacter> {
    let bytes = text.as_bytes();
    let mut starts: Vec<usize> = Vec::new();
    let bytes = if text.is_ascii() { &[] } else { bytes };
    for needle in ["\u{AD}", "\u{200B}", "\u{2060}"] {
        starts.extend(memchr::memmem::find_iter(bytes, needle));
    }
    starts.extend(memchr::memchr3_iter(0xEE, 0xF3, 0xF4, bytes));
    // Most characters from U+F000 on are punctuation and full-width letters of Chinese and Japanese
    // text.
    starts.extend(memchr::memchr_iter(0xEF, bytes).filter(|&at| {
        bytes
            .get(at + 1)
            .is_some_and(|second| matches!(second, 0x80..=0xA3 | 0xAC..=0xB7 | 0xB9..=0xBB))
    }));
    starts.sort_unstable();
    let hit = move |start: usize| {
        let character = text.get(start..)?.chars().next()?;
        let is_byte_order_mark = character == '\u{FEFF}' && start == 0;
        let is_selected = invisible::is_invisible(character) && !is_byte_order_mark
            || presentation_forms::is_presentation_form(character);
        is_selected.then(|| SuspiciousCharacter {
            span: Span::new(start, start + character.len_utf8()),
            character,
        })
    };
    starts.into_iter().filter_map(hit)
}
