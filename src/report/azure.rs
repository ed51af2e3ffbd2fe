//! Issues of an Azure Pipelines run, as logging commands.

use super::{Report, Summary, concise, place, printable, words};
use crate::finding::{Finding, Severity};
use crate::text::{Document, TextProvider};

/// `##vso[task.logissue …]`, and a summary at the end.
#[derive(Debug, Default)]
pub struct Azure;

impl Report for Azure {
    fn document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            // There are only these two.
            let kind = if finding.rule.severity == Severity::Error { "error" } else { "warning" };
            let mut properties = format!("type={kind};sourcepath={};", property(&printable(&finding.origin.path)));
            if finding.origin.record.is_none() {
                let (start, _) = place::ends(document, finding.span);
                properties.push_str(&format!("linenumber={};columnnumber={};", start.line, start.column));
            }
            let mut lines = vec![concise::line(document, finding)];
            lines.extend(
                words::details(finding, words::places(document, finding, texts))
                    .iter()
                    .map(|line| printable(line).into_owned()),
            );
            let (code, text) = (property(&finding.rule.code), data(&lines.join("\n")));
            output.push_str(&format!("##vso[task.logissue {properties}code={code};]{text}\n"));
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}

/// The text of a command. `%AZP25` is how the agent knows a per cent sign that is meant.
fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_a_property() {
        assert_eq!(property("a;b]c%d\n"), "a%3Bb%5Dc%AZP25d%0A");
        assert_eq!(data("a;b]%"), "a;b]%AZP25");
    }
}
