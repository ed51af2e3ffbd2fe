//! Creates suppression comments and ignore list entries for findings.

use std::collections::BTreeMap;

use super::IgnoreEntry;
use super::baseline::preview;
use dechaff_findings::{Edit, Finding};
use dechaff_text::{BlockKind, Document, Span};

/// Returns insertions of suppression comments for `findings`, in order: one before each affected
/// block.
pub fn suppression_comments(document: &Document<'_>, findings: &[Finding]) -> Vec<Edit> {
    let mut block_codes: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let mut file_codes: Vec<&str> = Vec::new();
    for finding in findings {
        let codes = match comment_offset(document, finding.span) {
            Some(offset) => block_codes.entry(offset).or_default(),
            None => &mut file_codes,
        };
        // Otherwise, the other rules would report the same bytes instead.
        for code in std::iter::once(&finding.rule.code)
            .chain(finding.also_reported_by.iter().map(|(code, _)| code))
        {
            if !codes.contains(&code.as_str()) {
                codes.push(code);
            }
        }
    }
    let line_ending = line_ending(document.text());
    let mut edits: Vec<Edit> = block_codes
        .into_iter()
        .map(|(offset, codes)| {
            let content = format!("<!-- dechaff: ignore[{}] -->{line_ending}", codes.join(", "));
            Edit { span: Span::new(offset, offset), content }
        })
        .collect();
    if !file_codes.is_empty() {
        // No comment may precede front matter.
        edits.push(file_suppression_comment(document, &file_codes));
    }
    edits
}

/// Returns the insertion of a comment at the end of `document` that suppresses these rules in all
/// of it.
pub fn file_suppression_comment(document: &Document<'_>, codes: &[&str]) -> Edit {
    let text = document.text();
    let line_ending = line_ending(text);
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { line_ending };
    let content = format!(
        "{gap}{line_ending}<!-- dechaff: ignore-file[{}] -->{line_ending}",
        codes.join(", ")
    );
    Edit { span: Span::new(text.len(), text.len()), content }
}

/// Returns the line ending of the first line.
fn line_ending(text: &str) -> &'static str {
    if text.split('\n').next().is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
}

/// Returns where to insert a comment for a finding at `span`: before its block, or before the first
/// row if it is in a table. Returns `None` if no comment can precede the block.
fn comment_offset(document: &Document<'_>, span: Span) -> Option<usize> {
    let blocks = document.blocks();
    let mut index = document.block_at(span.start);
    let is_row = |index: usize| {
        blocks
            .get(index)
            .is_some_and(|block| document.slice(block.span).trim_start().starts_with('|'))
    };
    while is_row(index) && index > 0 && is_row(index - 1) {
        index -= 1;
    }
    let block = blocks.get(index)?;
    match block.kind {
        BlockKind::FrontMatter | BlockKind::Comment => None,
        _ => document.lines().get(block.lines.start).map(|line| line.start),
    }
}

/// Returns ignore list entries for `findings`.
pub fn ignore_entries<'f>(
    document: &'f Document<'_>,
    findings: &'f [Finding],
) -> impl Iterator<Item = IgnoreEntry> + use<'f> {
    findings.iter().map(|finding| IgnoreEntry {
        rule: finding.rule.code.clone(),
        fingerprint: finding.fingerprint(document.text()),
        remark: format!("{}: {}", document.origin(), preview(finding, document.text())),
    })
}
