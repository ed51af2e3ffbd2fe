//! Characters in place of letters: private use, ligatures and Arabic presentation forms.

use std::sync::Arc;

use super::suspicious::{SuspiciousCharacter, SuspiciousLine, line_finding};
use dechaff_findings::{Applicability, Edit, Finding, RuleInfo};
use dechaff_text::{Document, Span};

/// Whether a check in this file is about the character.
pub(super) fn is_presentation_form(character: char) -> bool {
    is_private_use(character)
        || ligature_letters(character).is_some()
        || is_arabic_presentation_form(character)
}

fn is_private_use(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// Returns the letters of a Latin ligature.
fn ligature_letters(ligature: char) -> Option<&'static str> {
    Some(match ligature {
        '\u{FB00}' => "ff",
        '\u{FB01}' => "fi",
        '\u{FB02}' => "fl",
        '\u{FB03}' => "ffi",
        '\u{FB04}' => "ffl",
        '\u{FB05}' | '\u{FB06}' => "st",
        _ => return None,
    })
}

/// Whether the character is an Arabic letter in a presentation form. Symbols and phrases in these
/// blocks, such as the rial sign and honorifics, have no other form.
fn is_arabic_presentation_form(character: char) -> bool {
    matches!(character, '\u{FB50}'..='\u{FBB1}' | '\u{FBD3}'..='\u{FD3D}' | '\u{FD50}'..='\u{FDC7}' | '\u{FE70}'..='\u{FEFC}')
}

/// Detects private-use characters in a line. The fix, which is never safe, removes those that stand
/// alone, as icons do; one inside a word is a lost letter.
pub(super) fn detect_private_use(
    document: &Document<'_>,
    rule: &Arc<RuleInfo>,
    line: &SuspiciousLine,
) -> Option<Finding> {
    let hits = line.hits(is_private_use);
    let (first, last) = (hits.first()?, hits.last()?);
    let text = document.slice(line.span);
    let is_blank = |character: Option<char>| character.is_none_or(char::is_whitespace);
    let runs = runs(&hits);
    let stands_alone = |run: &Span| {
        is_blank(document.text()[..run.start].chars().next_back())
            && is_blank(document.text()[run.end..].chars().next())
    };
    let indent = text.len() - text.trim_start().len();
    let is_all = runs.len() == 1 && text.trim().len() == last.span.end - first.span.start;
    let edits = runs
        .iter()
        .filter(|run| stands_alone(run))
        .map(|&run| {
            let opens_line = run.start - line.span.start == indent;
            // Word processors write bullets this way; without them the list would be lost.
            if opens_line && !is_all && document.slice(run).chars().all(is_symbol_bullet) {
                Edit { span: run, content: "•".to_owned() }
            } else if is_all {
                Edit { span: document.deletion_span(run), content: String::new() }
            } else {
                // Also remove the blank after it, or before it at the end of a line.
                // `deletion_span` would consider the whole line.
                let after = document.text()[run.end..line.span.end].starts_with(' ');
                let before = !after && document.text()[line.span.start..run.start].ends_with(' ');
                let span = Span::new(run.start - usize::from(before), run.end + usize::from(after));
                Edit { span, content: String::new() }
            }
        })
        .collect();
    let mut finding = line_finding(document, rule, &hits, edits, Some(Applicability::Unsafe))?;
    finding.help = finding.fix.is_some().then(|| "remove icons, and write `•` for a bullet".into());
    Some(finding)
}

/// Whether the Symbol and Wingdings fonts have a bullet at this code point.
fn is_symbol_bullet(character: char) -> bool {
    matches!(
        character,
        '\u{F0A7}'
            | '\u{F0A8}'
            | '\u{F0B7}'
            | '\u{F0D8}'
            | '\u{F0E0}'
            | '\u{F0FC}'
            | '\u{F06E}'
            | '\u{F071}'
            | '\u{F076}'
    )
}

/// Merges adjacent hits.
fn runs(hits: &[SuspiciousCharacter]) -> Vec<Span> {
    let mut runs: Vec<Span> = Vec::new();
    for hit in hits {
        match runs.last_mut().filter(|run| run.end == hit.span.start) {
            Some(run) => run.end = hit.span.end,
            None => runs.push(hit.span),
        }
    }
    runs
}

/// Detects the ligatures in a line. The fix replaces them with their letters.
pub(super) fn detect_ligatures(
    document: &Document<'_>,
    rule: &Arc<RuleInfo>,
    line: &SuspiciousLine,
) -> Option<Finding> {
    let hits = line.hits(|character| ligature_letters(character).is_some());
    let edit = |hit: &SuspiciousCharacter| {
        Some(Edit { span: hit.span, content: ligature_letters(hit.character)?.to_owned() })
    };
    let edits = hits.iter().filter_map(edit).collect();
    let mut finding = line_finding(document, rule, &hits, edits, rule.fix)?;
    finding.help = finding.fix.is_some().then(|| "write the letters".into());
    Some(finding)
}

/// Counts Arabic presentation forms, and keeps the first. They are reported once per document,
/// since a text with any rarely has other letters.
pub(super) fn count_arabic_forms(line: &SuspiciousLine, forms: &mut Option<(Span, usize)>) {
    for hit in line.hits.iter().filter(|hit| is_arabic_presentation_form(hit.character)) {
        forms.get_or_insert((hit.span, 0)).1 += 1;
    }
}

/// Reports `count` Arabic presentation forms at the first of them.
pub(super) fn arabic_finding(
    document: &Document<'_>,
    rule: &Arc<RuleInfo>,
    first: Span,
    count: usize,
) -> Finding {
    let mut finding = Finding::new(rule, document, first);
    if count > 1 {
        finding.label = Some(format!("first of {count} in this document"));
    }
    finding
}
