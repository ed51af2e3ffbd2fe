//! Suspicious characters, the lines they are on, and findings about them.

use std::sync::Arc;

use dechaff_findings::{Applicability, Edit, Finding, Fix, RuleInfo};
use dechaff_text::{BlockKind, Document, Span};

/// A suspicious character.
#[derive(Debug, Clone, Copy)]
pub(super) struct SuspiciousCharacter {
    pub(super) span: Span,
    pub(super) character: char,
}

/// A line of text with its suspicious characters.
pub(super) struct SuspiciousLine {
    pub(super) span: Span,
    pub(super) hits: Vec<SuspiciousCharacter>,
}

impl SuspiciousLine {
    pub(super) fn hits(&self, is_selected: impl Fn(char) -> bool) -> Vec<SuspiciousCharacter> {
        self.hits.iter().filter(|hit| is_selected(hit.character)).copied().collect()
    }
}

/// Whether the block at `offset` is text or a table.
pub(super) fn is_text_or_table(document: &Document<'_>, offset: usize) -> bool {
    let block = document.blocks().get(document.block_at(offset));
    block.is_some_and(|block| block.kind.is_text() || block.kind == BlockKind::Table)
}

/// Creates a finding at the first of `hits`, with a label that counts them.
pub(super) fn line_finding(
    document: &Document<'_>,
    rule: &Arc<RuleInfo>,
    hits: &[SuspiciousCharacter],
    edits: Vec<Edit>,
    applicability: Option<Applicability>,
) -> Option<Finding> {
    let first = hits.first()?;
    let mut finding = Finding::new(rule, document, first.span);
    let name = character_name(first.character);
    finding.label = Some(match hits.len() {
        1 => name,
        count => format!("{name}, first of {count} such characters on this line"),
    });
    if let Some(applicability) = applicability.filter(|_| rule.fix.is_some() && !edits.is_empty()) {
        finding.fix = Some(Fix { applicability, edits });
    }
    Some(finding)
}

fn character_name(character: char) -> String {
    let name = match character {
        '\u{AD}' => "soft hyphen",
        '\u{200B}' => "zero-width space",
        '\u{2060}' => "word joiner",
        '\u{FEFF}' => "byte order mark",
        _ => return format!("U+{:04X}", u32::from(character)),
    };
    format!("{name} U+{:04X}", u32::from(character))
}
