//! reviewdog's diagnostic format, with suggestions. It counts columns in UTF-8 bytes.

use serde::Serialize;

use super::{Medium, Reporter, Summary, location, message};
use dechaff_findings::{Finding, Severity};
use dechaff_text::{Document, Position, Span, TextProvider};

/// One object with all findings.
#[derive(Debug, Default)]
pub struct RdJson {
    is_started: bool,
}

const HEAD: &str = r#"{"source":{"name":"dechaff"},"diagnostics":["#;

impl Reporter for RdJson {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            output.push_str(if self.is_started { "," } else { HEAD });
            output.push_str("\n  ");
            self.is_started = true;
            // Strings and numbers always serialise.
            output.push_str(
                &serde_json::to_string(&diagnostic(document, finding, texts)).unwrap_or_default(),
            );
        }
    }

    fn finish(&mut self, _: &Summary, output: &mut String) {
        output.push_str(if self.is_started { "\n" } else { HEAD });
        output.push_str("]}\n");
    }

    fn medium(&self) -> Medium {
        Medium::Json
    }
}

#[derive(Serialize)]
struct Diagnostic<'f> {
    message: String,
    location: RdLocation<'f>,
    severity: &'static str,
    code: Code<'f>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related<'f>>,
}

#[derive(Serialize)]
struct Code<'f> {
    value: &'f str,
}

#[derive(Serialize)]
struct RdLocation<'f> {
    path: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

#[derive(Serialize)]
struct Related<'f> {
    message: &'f str,
    location: RdLocation<'f>,
}

#[derive(Serialize)]
struct Suggestion {
    range: Range,
    text: String,
}

#[derive(Serialize)]
struct Range {
    start: LineColumn,
    end: LineColumn,
}

#[derive(Serialize)]
struct LineColumn {
    line: usize,
    column: usize,
}

fn diagnostic<'f>(
    document: &Document<'_>,
    finding: &'f Finding,
    texts: &dyn TextProvider,
) -> Diagnostic<'f> {
    // The lines of a record are not lines of the file.
    let is_file = finding.origin.record.is_none();
    let lines = std::iter::once(message::message(document, finding))
        .chain(message::details(finding, Vec::new()));
    let suggestion = suggestion(document, finding).filter(|_| is_file);
    Diagnostic {
        message: lines.collect::<Vec<_>>().join("\n"),
        location: RdLocation {
            path: &finding.origin.path,
            range: is_file.then(|| range(document, finding.span)),
        },
        severity: match finding.rule.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Info => "INFO",
        },
        code: Code { value: &finding.rule.code },
        suggestions: suggestion.into_iter().collect(),
        related_locations: related(document, finding, texts),
    }
}

/// Returns the labels with a message whose text is available.
fn related<'f>(
    document: &Document<'_>,
    finding: &'f Finding,
    texts: &dyn TextProvider,
) -> Vec<Related<'f>> {
    let labels = finding.labels.iter().filter(|label| !label.message.is_empty());
    labels
        .filter_map(|label| {
            let origin = label.origin.as_ref().unwrap_or(&finding.origin);
            let range = match origin.record {
                Some(_) => None,
                None => Some(location::locate_label(document, label, texts, range)?),
            };
            Some(Related {
                message: &label.message,
                location: RdLocation { path: &origin.path, range },
            })
        })
        .collect()
}

/// Merges the edits of the fix into one replacement, since reviewdog treats several as
/// alternatives. Returns `None` if they are too far apart.
fn suggestion(document: &Document<'_>, finding: &Finding) -> Option<Suggestion> {
    const MAX_BYTES: usize = 10_000;
    let edits = &finding.fix.as_ref()?.edits;
    let whole = edits.iter().map(|edit| edit.span).reduce(Span::cover)?;
    if edits.len() > 1 && whole.len() > MAX_BYTES {
        return None;
    }
    let mut text = String::new();
    let mut copied_to = whole.start;
    for edit in edits {
        text.push_str(document.text().get(copied_to..edit.span.start)?);
        text.push_str(&edit.content);
        copied_to = edit.span.end;
    }
    Some(Suggestion { range: range(document, whole), text })
}

fn range(document: &Document<'_>, span: Span) -> Range {
    let (start, end) = location::start_end(document, span);
    let convert = |position: Position| LineColumn {
        line: position.line,
        column: location::byte_column(document, position),
    };
    Range { start: convert(start), end: convert(end) }
}
