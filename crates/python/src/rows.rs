//! Findings and fixes as passed to Python: dictionaries of plain values.

use std::collections::BTreeMap;
use std::sync::Arc;

use dechaff::check::measure::MeasureValue;
use dechaff::finding::{Applicability, Finding, RuleInfo};
use dechaff::fix::{Change, FixOutcome};
use dechaff::rule::Rule;
use dechaff::text::{CharacterIndex, Document, Origin, Span, TextProvider};
use pyo3::prelude::*;

/// Number of code points shown before and after a finding.
const CONTEXT: usize = 80;

/// A span of a text, in code points and in bytes.
#[derive(IntoPyObject, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) span_bytes: (usize, usize),
}

#[derive(IntoPyObject)]
pub(crate) struct LabelRow {
    pub(crate) place: Place,
    message: String,
    /// The number of the other document, from 0, if the label is in another one.
    document: Option<u64>,
}

#[derive(IntoPyObject)]
pub(crate) struct EditRow {
    place: Place,
    content: String,
}

#[derive(IntoPyObject)]
pub(crate) struct FixRow {
    applicability: &'static str,
    edits: Vec<EditRow>,
}

/// A finding.
#[derive(IntoPyObject)]
pub(crate) struct FindingRow {
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) severity: String,
    pub(crate) message: String,
    pub(crate) place: Place,
    pub(crate) line: usize,
    pub(crate) column: usize,
    text: String,
    context: (String, String),
    pub(crate) labels: Vec<LabelRow>,
    notes: Vec<String>,
    pub(crate) help: Option<String>,
    fix: Option<FixRow>,
    pub(crate) probability: Option<f32>,
    also_reported_by: Vec<(String, String)>,
    pub(crate) fingerprint: String,
    unlisted: usize,
}

/// A value in a table of measures.
#[derive(IntoPyObject)]
pub(crate) enum MeasureCell {
    Number(Option<f64>),
    Text(Option<String>),
}

impl From<MeasureValue> for MeasureCell {
    fn from(value: MeasureValue) -> Self {
        match value {
            MeasureValue::Number(number) => Self::Number(number),
            MeasureValue::Failed(text) | MeasureValue::Language(text) => Self::Text(text),
        }
    }
}

/// A change that a fix made.
#[derive(IntoPyObject)]
pub(crate) struct ChangeRow {
    pub(crate) place: Place,
    pub(crate) removed: String,
    pub(crate) inserted: String,
    pub(crate) rules: Vec<String>,
}

/// The result of fixing a document.
#[derive(IntoPyObject)]
pub(crate) struct FixedRow {
    /// The fixed text, if it changed.
    pub(crate) text: Option<String>,
    pub(crate) changes: Vec<ChangeRow>,
    pub(crate) applied: BTreeMap<String, usize>,
    pub(crate) refusal: Option<String>,
}

/// A rule.
#[derive(IntoPyObject)]
pub(crate) struct RuleRow {
    code: String,
    name: String,
    summary: String,
    why: String,
    severity: String,
    fix: Option<&'static str>,
    is_default: bool,
    is_selected: bool,
    is_custom: bool,
    since: String,
}

/// Converts byte offsets in a text to code points, which Python uses.
struct CodePoints<'t> {
    text: &'t str,
    index: CharacterIndex,
}

impl<'t> CodePoints<'t> {
    fn new(text: &'t str) -> Self {
        Self { text, index: CharacterIndex::default() }
    }

    fn before(&self, offset: usize) -> usize {
        self.index.count_characters(self.text, 0, offset.min(self.text.len()))
    }
}

fn place(points: &CodePoints<'_>, span: Span) -> Place {
    Place {
        start: points.before(span.start),
        end: points.before(span.end),
        span_bytes: (span.start, span.end),
    }
}

pub(crate) fn applicability(applicability: Applicability) -> &'static str {
    match applicability {
        Applicability::Safe => "safe",
        Applicability::Unsafe => "unsafe",
    }
}

impl FindingRow {
    /// Returns the rows of all findings in `document`. `texts` has the texts that labels refer to.
    pub(crate) fn all(
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
    ) -> Vec<Self> {
        let points = CodePoints::new(document.text());
        findings.iter().map(|finding| Self::new(document, finding, &points, texts)).collect()
    }

    /// Returns whether the fix is safe or unsafe, if there is one.
    pub(crate) fn applicability(&self) -> Option<&'static str> {
        self.fix.as_ref().map(|fix| fix.applicability)
    }

    fn new(
        document: &Document<'_>,
        finding: &Finding,
        points: &CodePoints<'_>,
        texts: &dyn TextProvider,
    ) -> Self {
        let text = document.text();
        let Finding { span, .. } = *finding;
        let position = document.position(span.start);
        let before = text.get(..span.start).unwrap_or_default();
        let after = text.get(span.end..).unwrap_or_default();
        let kept =
            before.char_indices().rev().take(CONTEXT).last().map_or(before.len(), |(at, _)| at);
        let own = finding.label.iter().map(|message| LabelRow {
            place: place(points, span),
            message: message.clone(),
            document: None,
        });
        let others = finding.labels.iter().map(|label| {
            let other = label.origin.as_ref().filter(|origin| *origin != document.origin());
            let other_text = other.and_then(|origin| texts.text(origin));
            LabelRow {
                place: match &other_text {
                    Some(text) => place(&CodePoints::new(text), label.span),
                    None => place(points, label.span),
                },
                message: label.message.to_string(),
                document: other.and_then(number),
            }
        });
        let edit = |edit: &dechaff::finding::Edit| EditRow {
            place: place(points, edit.span),
            content: edit.content.clone(),
        };
        Self {
            code: finding.rule.code.clone(),
            name: finding.rule.name.clone(),
            severity: finding.rule.severity.to_string(),
            message: finding.message().to_owned(),
            place: place(points, span),
            line: position.line,
            column: position.column,
            text: text.get(span.range()).unwrap_or_default().to_owned(),
            context: (
                before.get(kept..).unwrap_or_default().to_owned(),
                after.chars().take(CONTEXT).collect(),
            ),
            labels: own.chain(others).collect(),
            notes: finding.notes.iter().map(ToString::to_string).collect(),
            help: finding.help.as_ref().map(ToString::to_string),
            fix: finding.fix.as_ref().map(|fix| FixRow {
                applicability: applicability(fix.applicability),
                edits: fix.edits.iter().map(edit).collect(),
            }),
            probability: finding.probability,
            also_reported_by: finding.also_reported_by.clone(),
            fingerprint: finding.fingerprint(text),
            unlisted: finding.unlisted,
        }
    }
}

/// Returns the number of a document, from 0.
fn number(origin: &Arc<Origin>) -> Option<u64> {
    origin.record.as_ref().and_then(|record| record.index.checked_sub(1))
}

impl FixedRow {
    pub(crate) fn new(original: &str, outcome: FixOutcome) -> Self {
        let points = CodePoints::new(original);
        let change = |change: Change| ChangeRow {
            place: place(&points, change.span),
            removed: original.get(change.span.range()).unwrap_or_default().to_owned(),
            inserted: change.content,
            rules: change.rules,
        };
        let refusal = outcome.refusal.map(|refusal| refusal.to_string());
        match outcome.fixed {
            Some(fixed) => Self {
                text: Some(fixed.text),
                changes: fixed.changes.into_iter().map(change).collect(),
                applied: fixed.applied,
                refusal,
            },
            None => Self { text: None, changes: Vec::new(), applied: BTreeMap::new(), refusal },
        }
    }
}

impl RuleRow {
    /// Describes `rule`, whose findings have the properties `info`.
    pub(crate) fn new(
        rule: &Rule,
        info: &RuleInfo,
        fix: Option<Applicability>,
        is_selected: bool,
    ) -> Self {
        Self {
            code: info.code.clone(),
            name: info.name.clone(),
            summary: info.summary.clone(),
            why: rule.why.clone(),
            severity: info.severity.to_string(),
            fix: fix.map(applicability),
            is_default: rule.default,
            is_selected,
            is_custom: info.is_custom,
            since: rule.since.clone(),
        }
    }
}
