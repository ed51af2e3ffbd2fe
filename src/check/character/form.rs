//! Characters in place of letters: private use, ligatures, and Arabic letters in the shape they have at one place in a word.

use std::sync::Arc;

use super::{Hit, Line, finding_of_line};
use crate::finding::{Applicability, Edit, Finding, RuleInfo};
use crate::text::{Document, Span};

/// Whether a rule of this file is about the character.
pub(super) fn is_form(character: char) -> bool {
    is_private_use(character) || letters(character).is_some() || is_arabic_form(character)
}

fn is_private_use(character: char) -> bool {
    matches!(character, '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{FFFFD}' | '\u{100000}'..='\u{10FFFD}')
}

/// The letters that a Latin ligature is made of.
fn letters(ligature: char) -> Option<&'static str> {
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

/// Whether the character is an Arabic letter in a presentation form; the signs and phrases among these blocks, such as the
/// rial sign and the names of honour, have no other form.
fn is_arabic_form(character: char) -> bool {
    matches!(character, '\u{FB50}'..='\u{FBB1}' | '\u{FBD3}'..='\u{FD3D}' | '\u{FD50}'..='\u{FDC7}' | '\u{FE70}'..='\u{FEFC}')
}

/// Reports the private-use characters of a line. The fix, which is never safe, takes out those that stand alone, as icons do;
/// one inside a word is a letter that was lost.
pub(super) fn private_use(document: &Document<'_>, rule: &Arc<RuleInfo>, line: &Line) -> Option<Finding> {
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
            // Word processors write bullets so; without them a list would be no list.
            if opens_line && !is_all && document.slice(run).chars().all(is_symbol_bullet) {
                Edit { span: run, content: "•".to_owned() }
            } else if is_all {
                Edit { span: document.deletion_span(run), content: String::new() }
            } else {
                // The blank after it goes too, or at the end of a line that before it; `deletion_span` would look at the whole line.
                let after = document.text()[run.end..line.span.end].starts_with(' ');
                let before = !after && document.text()[line.span.start..run.start].ends_with(' ');
                let span = Span::new(run.start - usize::from(before), run.end + usize::from(after));
                Edit { span, content: String::new() }
            }
        })
        .collect();
    let mut finding = finding_of_line(document, rule, &hits, edits, Some(Applicability::Unsafe))?;
    finding.help = finding.fix.is_some().then(|| "remove icons, and write `•` for a bullet".into());
    Some(finding)
}

/// Whether the fonts Symbol and Wingdings have a bullet at this place.
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

/// The runs of hits that touch each other.
fn runs(hits: &[Hit]) -> Vec<Span> {
    let mut runs: Vec<Span> = Vec::new();
    for hit in hits {
        match runs.last_mut().filter(|run| run.end == hit.span.start) {
            Some(run) => run.end = hit.span.end,
            None => runs.push(hit.span),
        }
    }
    runs
}

/// Reports the ligatures of a line; the fix writes their letters.
pub(super) fn ligatures(document: &Document<'_>, rule: &Arc<RuleInfo>, line: &Line) -> Option<Finding> {
    let hits = line.hits(|character| letters(character).is_some());
    let edit = |hit: &Hit| Some(Edit { span: hit.span, content: letters(hit.character)?.to_owned() });
    let edits = hits.iter().filter_map(edit).collect();
    let mut finding = finding_of_line(document, rule, &hits, edits, rule.fix)?;
    finding.help = finding.fix.is_some().then(|| "write the letters".into());
    Some(finding)
}

/// Reports Arabic presentation forms once for a document, since a text that has them seldom has any other letters.
pub(super) fn arabic(document: &Document<'_>, rule: &Arc<RuleInfo>, lines: &[Line]) -> Option<Finding> {
    let hits: Vec<Hit> = lines.iter().flat_map(|line| line.hits(is_arabic_form)).collect();
    let first = hits.first()?;
    let mut finding = Finding::new(rule, document, first.span);
    if hits.len() > 1 {
        finding.label = Some(format!("the first of {} in this document", hits.len()));
    }
    Some(finding)
}
