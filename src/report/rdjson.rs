//! reviewdog's diagnostic format, with suggestions. Columns are bytes of UTF-8, as it asks.

use serde::Serialize;

use super::{Medium, Report, Summary, place, words};
use crate::finding::{Finding, Severity};
use crate::text::{Document, Position, Span, TextProvider};

/// One object with all findings.
#[derive(Debug, Default)]
pub struct RdJson {
    begun: bool,
}

const HEAD: &str = r#"{"source":{"name":"dechaff"},"diagnostics":["#;

impl Report for RdJson {
    fn document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            output.push_str(if self.begun { "," } else { HEAD });
            output.push_str("\n  ");
            self.begun = true;
            // Strings and numbers always serialise.
            output.push_str(&serde_json::to_string(&diagnostic(document, finding, texts)).unwrap_or_default());
        }
    }

    fn finish(&mut self, _: &Summary, output: &mut String) {
        output.push_str(if self.begun { "\n" } else { HEAD });
        output.push_str("]}\n");
    }

    fn medium(&self) -> Medium {
        Medium::Json
    }
}

#[derive(Serialize)]
struct Diagnostic<'f> {
    message: String,
    location: Location<'f>,
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
struct Location<'f> {
    path: &'f str,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

#[derive(Serialize)]
struct Related<'f> {
    message: &'f str,
    location: Location<'f>,
}

#[derive(Serialize)]
struct Suggestion {
    range: Range,
    text: String,
}

#[derive(Serialize)]
struct Range {
    start: Place,
    end: Place,
}

#[derive(Serialize)]
struct Place {
    line: usize,
    column: usize,
}

fn diagnostic<'f>(document: &Document<'_>, finding: &'f Finding, texts: &dyn TextProvider) -> Diagnostic<'f> {
    // A record has no lines of its own in the file.
    let is_file = finding.origin.record.is_none();
    let lines = std::iter::once(words::message(document, finding)).chain(words::details(finding, Vec::new()));
    let suggestion = suggestion(document, finding).filter(|_| is_file);
    Diagnostic {
        message: lines.collect::<Vec<_>>().join("\n"),
        location: Location { path: &finding.origin.path, range: is_file.then(|| range(document, finding.span)) },
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

/// The other places, where they are in files and something is to be said of them.
fn related<'f>(document: &Document<'_>, finding: &'f Finding, texts: &dyn TextProvider) -> Vec<Related<'f>> {
    let labels = finding.labels.iter().filter(|label| !label.message.is_empty());
    labels
        .filter_map(|label| {
            let origin = label.origin.as_ref().unwrap_or(&finding.origin);
            let range = match origin.record {
                Some(_) => None,
                None => Some(place::of_label(document, label, texts, range)?),
            };
            Some(Related { message: &label.message, location: Location { path: &origin.path, range } })
        })
        .collect()
}

/// The fix as one replacement: reviewdog takes several for a choice. None where they lie far apart.
fn suggestion(document: &Document<'_>, finding: &Finding) -> Option<Suggestion> {
    const FARTHEST: usize = 10_000;
    let edits = &finding.fix.as_ref()?.edits;
    let whole = edits.iter().map(|edit| edit.span).reduce(Span::cover)?;
    if edits.len() > 1 && whole.len() > FARTHEST {
        return None;
    }
    let (mut text, mut kept) = (String::new(), whole.start);
    for edit in edits {
        text.push_str(document.text().get(kept..edit.span.start)?);
        text.push_str(&edit.content);
        kept = edit.span.end;
    }
    Some(Suggestion { range: range(document, whole), text })
}

fn range(document: &Document<'_>, span: Span) -> Range {
    let (start, end) = place::ends(document, span);
    let place = |position: Position| Place { line: position.line, column: place::byte_column(document, position) };
    Range { start: place(start), end: place(end) }
}
