//! One line per finding.

use std::fmt::Write as _;

use super::{Reporter, Summary, message, printable};
use crate::finding::Finding;
use crate::text::{Document, TextProvider};

/// `path:line:column: CODE message` per finding, and a summary.
#[derive(Debug, Default)]
pub struct Concise;

impl Reporter for Concise {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        _: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            push_line(document, finding, output);
            output.push('\n');
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}

/// Returns the line for a finding, without a line ending.
pub(super) fn line(document: &Document<'_>, finding: &Finding) -> String {
    let mut line = String::new();
    push_line(document, finding, &mut line);
    line
}

fn push_line(document: &Document<'_>, finding: &Finding, output: &mut String) {
    let start = document.position(finding.span.start);
    // Fast path: the path of a whole file needs no formatting.
    match &finding.origin.record {
        None => output.push_str(&printable(&finding.origin.path)),
        Some(_) => output.push_str(&printable(&finding.origin.to_string())),
    }
    let _ = write!(output, ":{}:{}: {} ", start.line, start.column, finding.rule.code);
    output.push_str(&printable(finding.message()));
    output.push_str(&message::fix_note(finding));
}
