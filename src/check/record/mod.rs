//! The `record` kind: runs of `label : value` lines about a person who was drawn at random.
//!
//! Random-person generators write a name, a user name, a mail address, a birth date, an address and so on, in any of many
//! languages, often with pseudo-Latin where a biography should be. A record is told by what its labels and values are;
//! the fields of a recipe or a product are of none of these classes. A real contact block has a name, a mail address and a
//! telephone number, but neither birth date, user name nor count of followers, so one private field is never enough.

mod field;
mod value;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::{DocumentCheck, KindRule, ParameterError};
use crate::finding::{Finding, Label, RuleInfo};
use crate::text::{BlockKind, Document, Span, trim};
use field::{Field, fields, key};
pub use value::Class;

/// The kind's name in rule files.
pub const NAME: &str = "record";

/// The labels that records use, and how many fields make one.
#[derive(Debug, Clone, Deserialize)]
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
pub fn compile(rules: Vec<KindRule<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| RecordRule::new(rule, parameters)).collect();
    Ok(Box::new(RecordCheck { rules }))
}

struct RecordCheck {
    rules: Vec<RecordRule>,
}

struct RecordRule {
    rule: Arc<RuleInfo>,
    min_fields: usize,
    headings: HashSet<String>,
    labels: HashMap<String, Class>,
}

impl DocumentCheck for RecordCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        for rule in &self.rules {
            rule.check(document, findings);
        }
    }
}

/// A run of fields under one heading, or under none.
struct Section {
    span: Span,
    fields: Vec<(Class, Field)>,
}

impl RecordRule {
    fn new(rule: Arc<RuleInfo>, parameters: &Parameters) -> Self {
        let labels = parameters
            .labels
            .iter()
            .flat_map(|(&class, labels)| labels.iter().map(move |label| (key(label), class)))
            .collect();
        let headings = parameters.headings.iter().map(|heading| key(heading)).collect();
        Self { rule, min_fields: parameters.min_fields, headings, labels }
    }

    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        let sections = self.sections(document);
        let proven: Vec<bool> = sections.iter().map(|section| self.is_invented(document, section)).collect();
        for (index, section) in sections.iter().enumerate() {
            let beside = |other: Option<usize>| {
                other.is_some_and(|other| proven.get(other) == Some(&true) && adjoin(document, section, &sections[other]))
            };
            let in_company = beside(index.checked_sub(1)) || beside(Some(index + 1));
            if proven[index] || in_company && classes(section).contains(&Class::Username) {
                findings.push(self.finding(document, section));
            }
        }
    }

    fn sections(&self, document: &Document<'_>) -> Vec<Section> {
        let mut sections: Vec<Section> = Vec::new();
        let mut open: Option<Section> = None;
        let mut heading: Option<Span> = None;
        for block in document.blocks() {
            if block.kind == BlockKind::Blank {
                continue;
            }
            let lines = document.lines()[block.lines.clone()].iter();
            for line in lines.map(|&line| trim(document.text(), line)) {
                let of_class: Vec<(Class, Field)> = fields(document.text(), line)
                    .into_iter()
                    .filter_map(|field| Some((*self.labels.get(&key(document.slice(field.label)))?, field)))
                    .collect();
                if let (Some(first), Some((_, last))) = (of_class.first(), of_class.last()) {
                    let start = heading.take().map_or(first.1.label.start.min(line.start), |heading| heading.start);
                    let end = last.value.end.max(line.end);
                    let section = open.get_or_insert_with(|| Section { span: Span::new(start, end), fields: Vec::new() });
                    section.span.end = end;
                    section.fields.extend(of_class);
                    continue;
                }
                let is_known = self.headings.contains(&key(document.slice(line)));
                let is_group = is_group_heading(document.slice(line));
                // A group such as `instagram:` stays in the section if fields follow; any other line ends it.
                if is_known || !is_group {
                    sections.extend(open.take());
                }
                let above = heading.take().filter(|_| is_group);
                heading = (is_known || is_group).then(|| above.map_or(line, |above| above.cover(line)));
            }
        }
        sections.extend(open);
        sections
    }

    /// Whether the section can only have been made by a generator.
    fn is_invented(&self, document: &Document<'_>, section: &Section) -> bool {
        let fitting: Vec<(Class, &Field)> = section
            .fields
            .iter()
            .filter(|(class, field)| class.fits(document.slice(field.value)))
            .map(|(class, field)| (*class, field))
            .collect();
        if fitting.len() < self.min_fields || fitting.len() * 10 < section.fields.len() * 6 {
            return false;
        }
        let kinds: BTreeSet<Class> = fitting.iter().map(|(class, _)| *class).collect();
        let filler = fitting.iter().any(|(class, field)| class.is_filler(document.slice(field.value)));
        let telling = kinds.iter().filter(|class| class.is_telling()).count();
        let private = kinds.iter().filter(|class| class.is_private()).count();
        filler && telling >= 1 || telling >= 2 && private >= 1 && kinds.len() >= 4
    }

    fn finding(&self, document: &Document<'_>, section: &Section) -> Finding {
        let mut finding = Finding::removing(&self.rule, document, section.span);
        let mut names: Vec<&str> = Vec::new();
        for (class, _) in &section.fields {
            if !names.contains(&class.noun()) {
                names.push(class.noun());
            }
        }
        finding.label = Some(format!("{} fields of an invented person: {}", section.fields.len(), names.join(", ")));
        finding.labels = section
            .fields
            .iter()
            .filter(|(class, field)| class.is_filler(document.slice(field.value)))
            .take(1)
            .map(|(_, field)| Label { origin: None, span: field.value, message: "pseudo-Latin".into() })
            .collect();
        finding
    }
}

fn classes(section: &Section) -> BTreeSet<Class> {
    section.fields.iter().map(|(class, _)| *class).collect()
}

/// A short line that ends with a colon and has nothing after it.
fn is_group_heading(line: &str) -> bool {
    const MOST_BYTES: usize = 60;
    let line = line.trim_end_matches(['*', '_', ' ']);
    line.len() <= MOST_BYTES && line.ends_with([':', '：']) && line.split_whitespace().count() <= 4
}

fn adjoin(document: &Document<'_>, left: &Section, right: &Section) -> bool {
    let (start, end) = (left.span.end.min(right.span.end), left.span.start.max(right.span.start));
    start <= end && document.slice(Span::new(start, end)).trim().is_empty()
}
