//! One line a finding.

use super::{Report, Summary, printable, words};
use crate::finding::Finding;
use crate::text::{Document, Texts};

/// `path:line:column: CODE message`, and a summary at the end.
#[derive(Debug, Default)]
pub struct Concise;

impl Report for Concise {
    fn document(&mut self, document: &Document<'_>, findings: &[Finding], _: &dyn Texts, output: &mut String) {
        for finding in findings {
            output.push_str(&line(document, finding));
            output.push('\n');
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}

/// The finding's line, without its end.
pub(super) fn line(document: &Document<'_>, finding: &Finding) -> String {
    let place = document.position(finding.span.start);
    format!(
        "{}:{}:{}: {} {}{}",
        printable(&finding.origin.to_string()),
        place.line,
        place.column,
        finding.rule.code,
        printable(&finding.message),
        words::fix(finding),
    )
}
