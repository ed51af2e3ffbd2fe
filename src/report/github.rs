//! Annotations of a GitHub Actions run, as workflow commands in its log.
//!
//! GitHub keeps ten annotations of each kind of a step and drops the rest in silence. So no more are printed; what is left
//! over stands in the log as plain lines, and a last annotation says how much that is.

use super::{Report, Summary, concise, count, place, printable, words};
use crate::finding::{Finding, Severity};
use crate::text::{Document, TextProvider};

/// Annotations of one kind that GitHub keeps of a step.
const MOST: usize = 10;

/// `::warning file=…,line=…::…`, and plain lines for what is past GitHub's limit.
#[derive(Debug, Default)]
pub struct GitHub {
    errors: usize,
    warnings: usize,
    notices: usize,
    /// Findings that got no annotation.
    more: usize,
}

impl GitHub {
    /// The command for a severity, while there is room for one more of its kind.
    fn command(&mut self, severity: Severity) -> Option<&'static str> {
        let (count, most, command) = match severity {
            Severity::Error => (&mut self.errors, MOST, "error"),
            Severity::Warning => (&mut self.warnings, MOST, "warning"),
            // The last is for saying how many there are more.
            Severity::Info => (&mut self.notices, MOST - 1, "notice"),
        };
        (*count < most).then(|| {
            *count += 1;
            command
        })
    }
}

impl Report for GitHub {
    fn document(
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
                    output.push_str(&plain(&concise::line(document, finding)));
                }
            }
            output.push('\n');
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        if self.more > 0 {
            let more = count(self.more, "more finding");
            output.push_str(&format!(
                "::notice title=dechaff::{more} in the log of this step: GitHub shows {MOST} annotations of a kind\n"
            ));
        }
        output.push_str(&summary.line());
        output.push('\n');
    }
}

fn annotation(command: &str, document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) -> String {
    let mut properties = format!("file={}", property(&printable(&finding.origin.path)));
    // A record has no lines of its own in the file.
    if finding.origin.record.is_none() {
        let (first, last) = place::lines(document, finding.span);
        properties.push_str(&format!(",line={first},endLine={last}"));
        // GitHub refuses columns of marks that go over a line end.
        if first == last {
            let (start, end) = place::ends(document, finding.span);
            let end = if end.line == start.line { end.column } else { start.column };
            properties.push_str(&format!(",col={},endColumn={end}", start.column));
        }
    }
    let title = format!("{} {}", finding.rule.code, finding.rule.name);
    let mut lines = vec![concise::line(document, finding)];
    lines.extend(
        words::details(finding, words::places(document, finding, texts))
            .iter()
            .map(|line| printable(line).into_owned()),
    );
    format!("::{command} {properties},title={}::{}", property(&title), data(&lines.join("\n")))
}

/// The text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A line of the log that cannot be taken for a command: those begin with `::` or hold `##[`.
fn plain(line: &str) -> String {
    format!("- {}", line.replace("##[", "## ["))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_a_command() {
        assert_eq!(property("a:b,c%d\n"), "a%3Ab%2Cc%25d%0A");
        assert_eq!(data("100 %\r\n::error::x"), "100 %25%0D%0A::error::x");
        assert_eq!(plain("::set-output ##[add-path]x"), "- ::set-output ## [add-path]x");
    }
}
