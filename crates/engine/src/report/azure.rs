//! Azure Pipelines logging commands.

use super::{Reporter, Summary, concise, location, message, printable};
use dechaff_findings::{Finding, Severity};
use dechaff_text::{Document, TextProvider};

/// One `##vso[task.logissue …]` per finding, and a summary.
#[derive(Debug, Default)]
pub struct Azure;

impl Reporter for Azure {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            // Azure Pipelines knows only these two types.
            let kind = if finding.rule.severity == Severity::Error { "error" } else { "warning" };
            let mut properties = format!(
                "type={kind};sourcepath={};",
                escape_property(&printable(&finding.origin.path))
            );
            if finding.origin.record.is_none() {
                let (start, _) = location::start_end(document, finding.span);
                properties
                    .push_str(&format!("linenumber={};columnnumber={};", start.line, start.column));
            }
            let mut lines = vec![concise::line(document, finding)];
            lines.extend(
                message::details(finding, message::related_locations(document, finding, texts))
                    .iter()
                    .map(|line| printable(line).into_owned()),
            );
            let code = escape_property(&finding.rule.code);
            let text = escape_message(&lines.join("\n"));
            output.push_str(&format!("##vso[task.logissue {properties}code={code};]{text}\n"));
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}

/// Escapes the message of a command. The agent reads `%AZP25` as a percent sign.
fn escape_message(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a command property.
fn escape_property(text: &str) -> String {
    escape_message(text).replace(';', "%3B").replace(']', "%5D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_messages_and_properties() {
        assert_eq!(escape_property("a;b]c%d\n"), "a%3Bb%5Dc%AZP25d%0A");
        assert_eq!(escape_message("a;b]%"), "a;b]%AZP25");
    }
}
