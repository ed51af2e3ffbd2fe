//! Invisible characters: soft hyphens, zero-width spaces, word joiners, and byte order marks inside
//! a text.

use std::sync::Arc;

use super::suspicious::{SuspiciousCharacter, SuspiciousLine, line_finding};
use dechaff_findings::{Edit, Finding, RuleInfo};
use dechaff_text::Document;

/// Whether the character is invisible and has no meaning in most scripts.
///
/// U+200C and U+200D are not included: Persian, Indic scripts and emoji need them.
pub(super) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{AD}' | '\u{200B}' | '\u{2060}' | '\u{FEFF}')
}

/// Detects the invisible characters in a line. The fix removes those that cannot have a meaning.
pub(super) fn detect(
    document: &Document<'_>,
    rule: &Arc<RuleInfo>,
    line: &SuspiciousLine,
) -> Option<Finding> {
    let text = document.slice(line.span);
    let sides = |hit: &SuspiciousCharacter| {
        /// Maximum number of invisible characters skipped to find a neighbour.
        const MAX_SKIPPED: usize = 32;
        let (before, after) =
            (&text[..hit.span.start - line.span.start], &text[hit.span.end - line.span.start..]);
        let before =
            before.chars().rev().take(MAX_SKIPPED).find(|&character| !is_invisible(character));
        let after = after.chars().take(MAX_SKIPPED).find(|&character| !is_invisible(character));
        (before, after)
    };
    let mut hits = line.hits(is_invisible);
    hits.retain(|hit| {
        let (before, after) = sides(hit);
        let separates_words = hit.character != '\u{FEFF}'
            && [before, after].into_iter().flatten().any(is_of_script_without_blanks);
        // At a line end or before a blank, a soft hyphen is the remains of a broken word.
        let breaks_word = hit.character == '\u{AD}'
            && before.is_some_and(char::is_alphabetic)
            && after.is_none_or(char::is_whitespace);
        !separates_words && !breaks_word
    });
    let removable = hits.iter().filter(|hit| is_removable(hit.character, sides(hit)));
    let edits: Vec<Edit> =
        removable.map(|hit| Edit { span: hit.span, content: String::new() }).collect();
    let mut finding = line_finding(document, rule, &hits, edits, rule.fix)?;
    if let Some(fix) = &finding.fix {
        finding.help = Some(
            if fix.edits.len() == 1 { "remove the character" } else { "remove the characters" }
                .into(),
        );
    }
    Some(finding)
}

fn is_removable(character: char, (before, after): (Option<char>, Option<char>)) -> bool {
    match character {
        // Outside a word, it may represent a hyphen or dash.
        '\u{AD}' => [before, after].into_iter().all(|side| side.is_some_and(char::is_alphabetic)),
        // It may keep a character from being parsed as markup.
        '\u{200B}' | '\u{2060}' => {
            let opens = "#*_`~>|[]<-+=";
            let closes = "*_`~|[]<\\";
            let guards_markup = after.is_some_and(|after| opens.contains(after))
                || before.is_some_and(|before| closes.contains(before))
                || before.is_none() && after.is_some_and(|after| after.is_ascii_digit());
            !guards_markup
        }
        _ => true,
    }
}

/// Whether the character belongs to a script without spaces between words, where a zero-width space
/// marks a possible line break: Thai, Lao, Tibetan, Burmese, Khmer, scripts of Java, Bali and their
/// neighbours, Chinese, Japanese and Korean.
fn is_of_script_without_blanks(character: char) -> bool {
    matches!(
        character,
        '\u{E00}'..='\u{109F}'
            | '\u{1700}'..='\u{17FF}'
            | '\u{1950}'..='\u{1BFF}'
            | '\u{2E80}'..='\u{9FFF}'
            | '\u{A980}'..='\u{AAFF}'
            | '\u{AC00}'..='\u{D7FF}'
            | '\u{F900}'..='\u{FAFF}'
            | '\u{FE30}'..='\u{FE4F}'
            | '\u{FF00}'..='\u{FFEF}'
            | '\u{11000}'..='\u{11FFF}'
            | '\u{20000}'..='\u{3FFFF}'
    )
}
