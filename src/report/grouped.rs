//! Findings under the name of their document.

use super::{Report, Summary, printable, words};
use crate::finding::Finding;
use crate::text::{Document, TextProvider};

/// A heading a document, below it a line a finding, and a summary at the end.
#[derive(Debug, Default)]
pub struct Grouped;

impl Report for Grouped {
    fn document(&mut self, document: &Document<'_>, findings: &[Finding], _: &dyn TextProvider, output: &mut String) {
        output.push_str(&format!("{}:\n", printable(&document.origin().to_string())));
        let places: Vec<String> = findings
            .iter()
            .map(|finding| {
                let place = document.position(finding.span.start);
                format!("{}:{}", place.line, place.column)
            })
            .collect();
        let width = places.iter().map(String::len).max().unwrap_or(0);
        for (finding, place) in findings.iter().zip(&places) {
            let (code, message, fix) = (&finding.rule.code, printable(finding.message()), words::fix(finding));
            output.push_str(&format!("  {place:width$}  {code} {message}{fix}\n"));
        }
        output.push('\n');
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}
