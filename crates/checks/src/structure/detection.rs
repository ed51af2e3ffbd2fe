//! Detected defects, before a rule turns them into findings.

use std::sync::Arc;

use dechaff_findings::{Applicability, Edit, Finding, FindingSink, Fix, RuleInfo};
use dechaff_text::{Document, Span};

/// A defect found in a document.
#[derive(Debug)]
pub(super) struct StructureDetection {
    span: Span,
    label: Option<String>,
    help: &'static str,
    /// Verified edits, sorted by position; empty if there is no certain repair.
    edits: Vec<Edit>,
    /// The fix is safe, overriding the rule.
    is_safe: bool,
}

/// Turns the detections of a rule into findings.
pub(super) struct DetectionSink<'d, 't, 's> {
    pub(super) rule: &'d Arc<RuleInfo>,
    pub(super) document: &'d Document<'t>,
    pub(super) findings: &'d mut FindingSink<'s>,
}

impl DetectionSink<'_, '_, '_> {
    pub(super) fn push(&mut self, detection: StructureDetection) {
        self.findings.push(detection.into_finding(self.rule, self.document));
    }

    pub(super) fn extend(&mut self, detections: impl IntoIterator<Item = StructureDetection>) {
        detections.into_iter().for_each(|detection| self.push(detection));
    }
}

impl StructureDetection {
    pub(super) fn new(span: Span) -> Self {
        Self { span, label: None, help: "", edits: Vec::new(), is_safe: false }
    }

    pub(super) fn with_label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    pub(super) fn with_fix(mut self, help: &'static str, edits: Vec<Edit>) -> Self {
        self.help = help;
        self.edits = edits;
        self
    }

    pub(super) fn with_safe_fix(self, help: &'static str, edits: Vec<Edit>) -> Self {
        Self { is_safe: true, ..self.with_fix(help, edits) }
    }

    fn into_finding(self, rule: &Arc<RuleInfo>, document: &Document<'_>) -> Finding {
        let mut finding = Finding::new(rule, document, self.span);
        finding.label = self.label;
        if let Some(applicability) = rule.fix.filter(|_| !self.edits.is_empty()) {
            finding.help = Some(self.help.into());
            let applicability = if self.is_safe { Applicability::Safe } else { applicability };
            finding.fix = Some(Fix { applicability, edits: self.edits });
        }
        finding
    }
}
