//! One line a finding.

use super::{Report, Summary, printable};
use crate::finding::Finding;
use crate::text::{Document, Texts};

/// `path:line:column: CODE message`, and a summary at the end.
#[derive(Debug, Default)]
pub struct Concise;

impl Report for Concise {
    fn document(&mut self, document: &Document<'_>, findings: &[Finding], _: &dyn Texts, output: &mut String) {
        for finding in findings {
            let place = document.position(finding.span.start);
            let fix = finding.fix.as_ref().map_or(String::new(), |fix| format!(" ({} fix)", fix.applicability));
            output.push_str(&format!(
                "{}:{}:{}: {} {}{fix}\n",
                printable(&finding.origin.to_string()),
                place.line,
                place.column,
                finding.rule.code,
                printable(&finding.message),
            ));
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}
