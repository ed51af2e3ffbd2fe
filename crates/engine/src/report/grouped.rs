//! Findings grouped by document.

use super::quotation::quotation;
use super::{Reporter, Summary, message, printable};
use dechaff_findings::Finding;
use dechaff_text::{Document, TextProvider};

/// One heading per document with one line per finding below it, and a summary.
#[derive(Debug, Default)]
pub struct Grouped;

impl Reporter for Grouped {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        _: &dyn TextProvider,
        output: &mut String,
    ) {
        output.push_str(&format!("{}:\n", printable(&document.origin().to_string())));
        let positions: Vec<String> = findings
            .iter()
            .map(|finding| {
                let start = document.position(finding.span.start);
                format!("{}:{}", start.line, start.column)
            })
            .collect();
        let width = positions.iter().map(String::len).max().unwrap_or(0);
        for (finding, position) in findings.iter().zip(&positions) {
            let code = &finding.rule.code;
            let message = printable(finding.message());
            let quotation =
                quotation(document, finding.span).map_or(String::new(), |text| format!(": {text}"));
            let fix = message::fix_note(finding);
            output.push_str(&format!("  {position:width$}  {code} {message}{fix}{quotation}\n"));
        }
        output.push('\n');
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}
