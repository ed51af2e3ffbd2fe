//! The `record` kind: runs of `label : value` lines about a person who was drawn at random.
//!
//! Random-person generators write a name, a user name, a mail address, a birth date, an address and so on, in any of many
//! languages, often with pseudo-Latin where a biography should be. A record is told by what its labels and values are;
//! the fields of a recipe or a product are of none of these classes. A real contact block has a name, a mail address and a
//! telephone number, but neither birth date, user name nor count of followers, so one private field is never enough.

mod field;
mod proof;
mod section;
mod value;

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DocumentCheck, ParameterError, RuleWithParams};
use crate::finding::{Finding, Label, RuleInfo};
use crate::text::{Document, Span};
use field::{Labels, key};
use section::{Section, may_hold, sections};
pub use value::Class;

/// The kind's name in rule files.
pub const NAME: &str = "record";

/// The labels that records use, and how many fields make one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Fewest fields whose label and value are both of a known class.
    pub min_fields: usize,
    /// Lines that head a record or a group of its fields, besides those that end with a colon.
    pub headings: Vec<String>,
    /// The labels of each class, in any language, compared by their words, case aside.
    pub labels: HashMap<Class, Vec<String>>,
}

/// Whether labels are given, and each for one class only.
///
/// # Errors
///
/// No labels, a minimum of no fields, or a label that stands for two classes.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let fault = |message: String| Err(ParameterError { message, place: None });
    if parameters.labels.is_empty() || parameters.min_fields == 0 {
        return fault("give `labels`, and `min-fields` of 1 or more".into());
    }
    let mut seen: HashMap<String, Class> = HashMap::new();
    for (&class, labels) in &parameters.labels {
        for label in labels {
            if let Some(other) = seen.insert(key(label), class).filter(|other| *other != class) {
                return fault(format!("label {label:?} stands under both `{class:?}` and `{other:?}`"));
            }
        }
    }
    Ok(())
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None: what can be wrong is found by [`validate`].
pub fn compile(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| RecordRule::new(rule, parameters)).collect();
    Ok(Box::new(RecordCheck { rules }))
}

struct RecordCheck {
    rules: Vec<RecordRule>,
}

struct RecordRule {
    rule: Arc<RuleInfo>,
    min_fields: usize,
    labels: Labels,
}

impl DocumentCheck for RecordCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        for rule in &self.rules {
            rule.check(document, findings);
        }
    }
}

impl RecordRule {
    fn new(rule: Arc<RuleInfo>, parameters: &Parameters) -> Self {
        let of_class = |(&class, labels): (&Class, &'_ Vec<String>)| -> Vec<(String, Class)> {
            labels.iter().map(|label| (label.clone(), class)).collect()
        };
        let labels: Vec<(String, Class)> = parameters.labels.iter().flat_map(of_class).collect();
        Self {
            rule,
            min_fields: parameters.min_fields,
            labels: Labels::new(labels.iter().map(|(label, class)| (label.as_str(), *class)), &parameters.headings),
        }
    }

    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        if !may_hold(document, &self.labels, self.min_fields) {
            return;
        }
        let sections = sections(document, &self.labels);
        let mut invented: Vec<bool> =
            sections.iter().map(|section| proof::is_invented(document, &section.fields, self.min_fields)).collect();
        // What stands directly beside a record and is about a person belongs to it, from section to section.
        for index in 1..sections.len() {
            invented[index] |= invented[index - 1] && belongs(document, &sections[index - 1], &sections[index]);
        }
        for index in (1..sections.len()).rev() {
            invented[index - 1] |= invented[index] && belongs(document, &sections[index], &sections[index - 1]);
        }
        for (section, _) in sections.iter().zip(invented).filter(|(_, invented)| *invented) {
            findings.push(self.finding(document, section));
        }
    }

    fn finding(&self, document: &Document<'_>, section: &Section) -> Finding {
        let mut finding = Finding::with_deletion(&self.rule, document, section.span);
        let mut names: Vec<&str> = Vec::new();
        for field in &section.fields {
            if !names.contains(&field.class.noun()) {
                names.push(field.class.noun());
            }
        }
        finding.label = Some(format!("{} fields of an invented person: {}", section.fields.len(), names.join(", ")));
        let filler = section.fields.iter().find(|field| field.class.is_filler(document.slice(field.value)));
        if let Some(field) = filler {
            finding.labels = vec![Label { origin: None, span: field.value, message: "pseudo-Latin".into() }];
        }
        finding
    }
}

/// Whether `section` stands directly beside the record `proven` and holds two fields of a person or more.
fn belongs(document: &Document<'_>, proven: &Section, section: &Section) -> bool {
    let (left, right) = (proven.span, section.span);
    let (start, end) = (left.end.min(right.end), left.start.max(right.start));
    start <= end
        && document.slice(Span::new(start, end)).trim().is_empty()
        && section.fields.len() >= 2
        && proof::fitting(document, &section.fields).len() == section.fields.len()
}
