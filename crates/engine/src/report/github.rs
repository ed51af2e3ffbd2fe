//! GitHub Actions annotations, as workflow commands in the log.
//!
//! GitHub keeps ten annotations of each kind per step and silently drops the rest. Findings beyond
//! the limit are printed as plain log lines, and a last annotation gives their number.

use super::{Reporter, Summary, concise, count, location, message, printable};
use dechaff_findings::{Finding, Severity};
use dechaff_text::{Document, TextProvider};

/// GitHub's limit per kind and step.
const MAX_ANNOTATIONS: usize = 10;

/// `::warning file=…,line=…::…`, and plain lines beyond GitHub's limit.
#[derive(Debug, Default)]
pub struct GitHub {
    errors: usize,
    warnings: usize,
    notices: usize,
    /// Number of findings without an annotation.
    more: usize,
}

impl GitHub {
    /// Returns the command for a severity, or `None` once its limit is reached.
    fn command(&mut self, severity: Severity) -> Option<&'static str> {
        let (count, limit, command) = match severity {
            Severity::Error => (&mut self.errors, MAX_ANNOTATIONS, "error"),
            Severity::Warning => (&mut self.warnings, MAX_ANNOTATIONS, "warning"),
            // The last notice is reserved for the number of remaining findings.
            Severity::Info => (&mut self.notices, MAX_ANNOTATIONS - 1, "notice"),
        };
        (*count < limit).then(|| {
            *count += 1;
            command
        })
    }
}

impl Reporter for GitHub {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            match self.command(finding.rule.severity) {
                Some(command) => output.push_str(&annotation(command, document, finding, texts)),
                None => {
                    self.more += 1;
                    output.push_str(&escape_log_line(&concise::line(document, finding)));
                }
            }
            output.push('\n');
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        if self.more > 0 {
            let more = count(self.more, "more finding");
            output.push_str(&format!(
                "::notice title=dechaff::{more} in the log of this step: GitHub shows {MAX_ANNOTATIONS} annotations per kind\n"
            ));
        }
        output.push_str(&summary.line());
        output.push('\n');
    }
}

fn annotation(
    command: &str,
    document: &Document<'_>,
    finding: &Finding,
    texts: &dyn TextProvider,
) -> String {
    let mut properties = format!("file={}", escape_property(&printable(&finding.origin.path)));
    // The lines of a record are not lines of the file.
    if finding.origin.record.is_none() {
        let (first, last) = location::lines(document, finding.span);
        properties.push_str(&format!(",line={first},endLine={last}"));
        // GitHub rejects columns on multi-line annotations.
        if first == last {
            let (start, end) = location::start_end(document, finding.span);
            let end = if end.line == start.line { end.column } else { start.column };
            properties.push_str(&format!(",col={},endColumn={end}", start.column));
        }
    }
    let title = format!("{} {}", finding.rule.code, finding.rule.name);
    let mut lines = vec![concise::line(document, finding)];
    lines.extend(
        message::details(finding, message::related_locations(document, finding, texts))
            .iter()
            .map(|line| printable(line).into_owned()),
    );
    format!(
        "::{command} {properties},title={}::{}",
        escape_property(&title),
        escape_message(&lines.join("\n"))
    )
}

/// Escapes the message of a command.
fn escape_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a command property.
fn escape_property(text: &str) -> String {
    escape_message(text).replace(':', "%3A").replace(',', "%2C")
}

/// Escapes a log line so that it is not interpreted as a command, which starts with `::` or
/// contains `##[`.
fn escape_log_line(line: &str) -> String {
    format!("- {}", line.replace("##[", "## ["))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_workflow_commands() {
        assert_eq!(escape_property("a:b,c%d\n"), "a%3Ab%2Cc%25d%0A");
        assert_eq!(escape_message("100 %\r\n::error::x"), "100 %25%0D%0A::error::x");
        assert_eq!(escape_log_line("::set-output ##[add-path]x"), "- ::set-output ## [add-path]x");
    }
}
