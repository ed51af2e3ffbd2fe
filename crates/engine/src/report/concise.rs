//! One line per finding.

use std::fmt::Write as _;

use super::fold::FindingRun;
use super::quotation::quotation;
use super::{Reporter, Summary, message, printable};
use dechaff_findings::Finding;
use dechaff_text::{Document, TextProvider};

/// `path:line:column: CODE message: “text”` per finding, and a summary.
#[derive(Debug, Default)]
pub struct Concise {
    fold: bool,
}

impl Concise {
    /// Creates a report. With `fold`, a run of equal findings takes one line.
    pub fn new(fold: bool) -> Self {
        Self { fold }
    }
}

impl Reporter for Concise {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        _: &dyn TextProvider,
        output: &mut String,
    ) {
        for run in FindingRun::split(document, findings, self.fold) {
            push_line(document, run.first, output);
            if let Some(quotation) = quotation(document, run.first.span) {
                output.push_str(": ");
                output.push_str(&quotation);
            }
            if let Some(note) = run.note(document) {
                output.push_str(", ");
                output.push_str(&note);
            }
            output.push('\n');
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}

/// Returns the line for a finding, without a quotation and a line ending.
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
