//! Writing what leaves findings out.

use std::collections::BTreeMap;

use super::IgnoreEntry;
use super::baseline::beginning;
use crate::finding::{Edit, Finding};
use crate::text::{BlockKind, Document, Span};

/// Comments that leave `findings` out, as insertions into `document`, in order: one before each block that has some.
pub fn comments(document: &Document<'_>, findings: &[Finding]) -> Vec<Edit> {
    let mut wanted: BTreeMap<usize, Vec<&str>> = BTreeMap::new();
    let mut of_file: Vec<&str> = Vec::new();
    for finding in findings {
        let codes = match place(document, finding.span) {
            Some(place) => wanted.entry(place).or_default(),
            None => &mut of_file,
        };
        // What other rules say of the same bytes would come up in its place.
        for code in std::iter::once(&finding.rule.code).chain(finding.also_reported_by.iter().map(|(code, _)| code)) {
            if !codes.contains(&code.as_str()) {
                codes.push(code);
            }
        }
    }
    let line_end = line_end(document.text());
    let mut edits: Vec<Edit> = wanted
        .into_iter()
        .map(|(place, codes)| {
            let content = format!("<!-- dechaff: ignore[{}] -->{line_end}", codes.join(", "));
            Edit { span: Span::new(place, place), content }
        })
        .collect();
    if !of_file.is_empty() {
        // What stands before all text, such as metadata, has no room for a comment before it.
        edits.push(file_comment(document, &of_file));
    }
    edits
}

/// A comment at the end of `document` that leaves out what the rules with these codes find in all of it, as an insertion.
pub fn file_comment(document: &Document<'_>, codes: &[&str]) -> Edit {
    let text = document.text();
    let line_end = line_end(text);
    let gap = if text.is_empty() || text.ends_with('\n') { "" } else { line_end };
    let content = format!("{gap}{line_end}<!-- dechaff: ignore-file[{}] -->{line_end}", codes.join(", "));
    Edit { span: Span::new(text.len(), text.len()), content }
}

/// The line end that the first line has.
fn line_end(text: &str) -> &'static str {
    if text.split('\n').next().is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
}

/// Where a comment about what is found at `span` goes: before its block, or before the first of the rows it is one of.
fn place(document: &Document<'_>, span: Span) -> Option<usize> {
    let blocks = document.blocks();
    let mut index = document.block_at(span.start);
    let is_row =
        |index: usize| blocks.get(index).is_some_and(|block| document.slice(block.span).trim_start().starts_with('|'));
    while is_row(index) && index > 0 && is_row(index - 1) {
        index -= 1;
    }
    let block = blocks.get(index)?;
    match block.kind {
        BlockKind::FrontMatter | BlockKind::Comment => None,
        _ => document.lines().get(block.lines.start).map(|line| line.start),
    }
}

/// Entries of an ignore list that leave `findings` out.
pub fn entries<'f>(document: &'f Document<'_>, findings: &'f [Finding]) -> impl Iterator<Item = IgnoreEntry> + use<'f> {
    findings.iter().map(|finding| IgnoreEntry {
        rule: finding.rule.code.clone(),
        fingerprint: finding.fingerprint(document.text()),
        remark: format!("{}: {}", document.origin(), beginning(finding, document.text())),
    })
}
