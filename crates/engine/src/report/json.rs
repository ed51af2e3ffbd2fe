//! Findings as JSON: one object per line, or one array. The fields are public; `docs/json.md`
//! explains them, and `docs/finding.schema.json` is their schema.

use std::borrow::Cow;

use serde::Serialize;

use super::{Medium, Reporter, Summary, location};
use dechaff_findings::{Applicability, Edit, Finding, Severity};
use dechaff_text::{Document, Position, Record, TextProvider};

/// Changes if a field is removed or changes its meaning.
const SCHEMA_VERSION: u32 = 1;

/// Flagged text beyond this length is left out.
const MAX_TEXT_BYTES: usize = 1_000;

/// One object per line, without a summary.
#[derive(Debug, Default)]
pub struct JsonLines;

/// One array of all findings.
#[derive(Debug, Default)]
pub struct Json {
    is_started: bool,
}

impl Reporter for JsonLines {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            output.push_str(&object(document, finding, texts));
            output.push('\n');
        }
    }

    fn finish(&mut self, _: &Summary, _: &mut String) {}

    fn medium(&self) -> Medium {
        Medium::Json
    }
}

impl Reporter for Json {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            output.push_str(if self.is_started { ",\n  " } else { "[\n  " });
            self.is_started = true;
            output.push_str(&object(document, finding, texts));
        }
    }

    fn finish(&mut self, _: &Summary, output: &mut String) {
        output.push_str(if self.is_started { "\n]\n" } else { "[]\n" });
    }

    fn medium(&self) -> Medium {
        Medium::Json
    }
}

#[derive(Serialize)]
struct JsonFinding<'f> {
    schema_version: u32,
    code: &'f str,
    name: &'f str,
    severity: Severity,
    message: &'f str,
    path: &'f str,
    record: Option<&'f Record>,
    start: Position,
    end: Position,
    /// The flagged text, or its start.
    text: &'f str,
    text_truncated: bool,
    labels: Vec<JsonLabel<'f>>,
    notes: &'f [Cow<'static, str>],
    also_reported_by: Vec<JsonRule<'f>>,
    help: Option<&'f str>,
    fix: Option<JsonFix<'f>>,
    probability: Option<f32>,
    kind_of_page: JsonPageKind,
    /// Further findings of the rule in the document, which are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    unlisted: usize,
}

#[derive(Serialize)]
struct JsonRule<'f> {
    code: &'f str,
    message: &'f str,
}

#[derive(Serialize)]
struct JsonPageKind {
    kind: &'static str,
    probability: f32,
}

#[derive(Serialize)]
struct JsonLabel<'f> {
    path: &'f str,
    record: Option<&'f Record>,
    start: Position,
    end: Position,
    message: &'f str,
}

#[derive(Serialize)]
struct JsonFix<'f> {
    applicability: Applicability,
    edits: &'f [Edit],
}

fn object(document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) -> String {
    let page = document.page_kind();
    let (text, text_truncated) = flagged_text(document, finding);
    let own = finding.label.iter().map(|message| JsonLabel {
        path: &finding.origin.path,
        record: finding.origin.record.as_ref(),
        start: document.position(finding.span.start),
        end: document.position(finding.span.end),
        message,
    });
    let others = finding.labels.iter().map(|label| {
        let origin = label.origin.as_ref().unwrap_or(&finding.origin);
        let unknown = |offset| Position { offset, line: 0, column: 0 };
        let (start, end) = location::locate_label(document, label, texts, location::start_end)
            .unwrap_or_else(|| (unknown(label.span.start), unknown(label.span.end)));
        JsonLabel {
            path: &origin.path,
            record: origin.record.as_ref(),
            start,
            end,
            message: &label.message,
        }
    });
    let also_reported_by =
        finding.also_reported_by.iter().map(|(code, message)| JsonRule { code, message });
    let finding = JsonFinding {
        schema_version: SCHEMA_VERSION,
        code: &finding.rule.code,
        name: &finding.rule.name,
        severity: finding.rule.severity,
        message: finding.message(),
        path: &finding.origin.path,
        record: finding.origin.record.as_ref(),
        start: document.position(finding.span.start),
        end: document.position(finding.span.end),
        text,
        text_truncated,
        labels: own.chain(others).collect(),
        notes: &finding.notes,
        also_reported_by: also_reported_by.collect(),
        help: finding.help.as_deref(),
        fix: finding
            .fix
            .as_ref()
            .map(|fix| JsonFix { applicability: fix.applicability, edits: &fix.edits }),
        probability: finding.probability.map(rounded),
        kind_of_page: JsonPageKind {
            kind: page.kind().name(),
            probability: rounded(page.probability(page.kind())),
        },
        unlisted: finding.unlisted,
    };
    // Serialising strings, numbers and lists cannot fail.
    serde_json::to_string(&finding).unwrap_or_default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// Returns the flagged text, or its start, and whether it was truncated.
pub(super) fn flagged_text<'t>(document: &Document<'t>, finding: &Finding) -> (&'t str, bool) {
    let flagged = document.slice(finding.span);
    let text = &flagged[..flagged.floor_char_boundary(MAX_TEXT_BYTES)];
    (text, text.len() < flagged.len())
}

/// Rounds a probability to two decimals, which is as precise as the model.
pub(super) fn rounded(probability: f32) -> f32 {
    (probability * 100.0).round() / 100.0
}
