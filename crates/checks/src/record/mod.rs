//! The `record` kind: runs of `label: value` lines about a randomly generated person.
//!
//! Random-person generators output a name, a user name, an email address, a birth date, a postal
//! address and so on, in many languages, often with lorem ipsum as the biography. A record is
//! recognised by the kinds of its labels and values; the fields of a recipe or a product are of
//! other kinds. A real contact block has a name, an email address and a telephone number, but no
//! birth date, user name or follower count, so a single private field is never enough.

mod field;
mod field_group;
mod field_kind;
mod verdict;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DocumentCheck;
use dechaff_findings::{Finding, FindingSink, Label, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::{Document, Span};
use field::{LabelIndex, key};
use field_group::{FieldGroup, groups, may_contain_records};
pub use field_kind::FieldKind;

/// The kind's name in rule files.
pub const NAME: &str = "record";

/// The labels of records, and how many fields make a record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Minimum number of fields with a known label and a value to match.
    pub min_fields: usize,
    /// Headings of records and of groups of fields, in addition to lines that end with a colon.
    pub headings: Vec<String>,
    /// The labels of each field kind, in any language, compared by their words, ignoring case.
    pub labels: HashMap<FieldKind, Vec<String>>,
}

/// Validates the parameters.
///
/// # Errors
///
/// Fails without labels, if `min-fields` is 0, or if a label belongs to two kinds.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let fault = |message: String| Err(ParameterError { message, place: None });
    if parameters.labels.is_empty() || parameters.min_fields == 0 {
        return fault("give `labels`, and `min-fields` of 1 or more".into());
    }
    let mut seen: HashMap<String, FieldKind> = HashMap::new();
    for (&kind, labels) in &parameters.labels {
        for label in labels {
            if let Some(other) = seen.insert(key(label), kind).filter(|other| *other != kind) {
                return fault(format!(
                    "label {label:?} is listed under both `{kind:?}` and `{other:?}`"
                ));
            }
        }
    }
    Ok(())
}

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails; [`validate`] has checked the parameters.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules =
        rules.into_iter().map(|(rule, parameters)| RecordRule::new(rule, parameters)).collect();
    Ok(Box::new(RecordCheck { rules }))
}

struct RecordCheck {
    rules: Vec<RecordRule>,
}

struct RecordRule {
    rule: Arc<RuleInfo>,
    min_fields: usize,
    labels: LabelIndex,
}

impl DocumentCheck for RecordCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        for rule in &self.rules {
            rule.check(document, findings);
        }
    }
}

impl RecordRule {
    fn new(rule: Arc<RuleInfo>, parameters: &Parameters) -> Self {
        let labels = parameters
            .labels
            .iter()
            .flat_map(|(&kind, labels)| labels.iter().map(move |label| (label.as_str(), kind)));
        Self {
            rule,
            min_fields: parameters.min_fields,
            labels: LabelIndex::new(labels, &parameters.headings),
        }
    }

    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        if !may_contain_records(document, &self.labels, self.min_fields) {
            return;
        }
        let groups = groups(document, &self.labels);
        let mut invented: Vec<bool> = groups
            .iter()
            .map(|group| verdict::is_invented(document, &group.fields, self.min_fields))
            .collect();
        // Groups right next to a record that are about a person belong to it, one after the other.
        for index in 1..groups.len() {
            invented[index] |=
                invented[index - 1] && belongs_to(document, &groups[index - 1], &groups[index]);
        }
        for index in (1..groups.len()).rev() {
            invented[index - 1] |=
                invented[index] && belongs_to(document, &groups[index], &groups[index - 1]);
        }
        for (group, _) in groups.iter().zip(invented).filter(|(_, invented)| *invented) {
            findings.push(self.finding(document, group));
        }
    }

    fn finding(&self, document: &Document<'_>, group: &FieldGroup) -> Finding {
        let mut finding = Finding::with_deletion(&self.rule, document, group.span);
        let mut names: Vec<&str> = Vec::new();
        for field in &group.fields {
            if !names.contains(&field.kind.noun()) {
                names.push(field.kind.noun());
            }
        }
        finding.label = Some(format!(
            "{} fields of an invented person: {}",
            group.fields.len(),
            names.join(", ")
        ));
        let lorem_ipsum = group
            .fields
            .iter()
            .find(|field| field.kind.is_lorem_ipsum_biography(document.slice(field.value)));
        if let Some(field) = lorem_ipsum {
            finding.labels =
                vec![Label { origin: None, span: field.value, message: "pseudo-Latin".into() }];
        }
        finding
    }
}

/// Whether `group` is right next to the group `record` and has two or more fields, all about a
/// person.
fn belongs_to(document: &Document<'_>, record: &FieldGroup, group: &FieldGroup) -> bool {
    let start = record.span.end.min(group.span.end);
    let end = record.span.start.max(group.span.start);
    start <= end
        && document.slice(Span::new(start, end)).trim().is_empty()
        && group.fields.len() >= 2
        && verdict::valid_fields(document, &group.fields).len() == group.fields.len()
}
