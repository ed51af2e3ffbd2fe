//! A rule that measures documents: one set of measures with thresholds, or one per language.

use std::fmt::Write as _;
use std::sync::Arc;

use super::bound::Bound;
use super::page::{Page, PageLanguage};
use super::parameters::Parameters;
use super::set::{Measure, MeasureSet, MeasureUnit, sentence};
use dechaff_findings::{Finding, Label, RuleInfo};
use dechaff_text::{Document, Span};

/// A rule of this kind.
pub(super) struct MeasureRule {
    pub(super) rule: Arc<RuleInfo>,
    /// The language set for all documents.
    language: Option<String>,
    /// The sets with thresholds: one per language, or one for all documents.
    pub(super) variants: Vec<Variant>,
}

/// A set with its thresholds.
pub(super) struct Variant {
    /// The language code of the documents that it measures; `None` for all documents.
    pub(super) language: Option<String>,
    pub(super) set: Box<dyn MeasureSet>,
    /// The thresholds in the order of the set, with the index of their measure.
    pub(super) limits: Vec<(usize, Bound, f64)>,
}

/// A measure that fails its threshold.
pub(super) struct Failure {
    measure: Measure,
    value: f64,
    bound: Bound,
    threshold: f64,
}

impl MeasureRule {
    pub(super) fn new(rule: Arc<RuleInfo>, parameters: &Parameters) -> Self {
        let variants = parameters.by_language();
        let variant = |(language, own): (Option<String>, Parameters)| Variant::new(language, &own);
        let variants = variants.into_iter().map(variant).collect();
        Self { rule, language: parameters.language.clone(), variants }
    }

    /// Whether measuring depends on the language of documents.
    pub(super) fn needs_language(&self) -> bool {
        self.variants.iter().any(|variant| variant.language.is_some())
    }

    /// Returns the measures, which are the same in all languages.
    pub(super) fn measures(&self) -> &'static [Measure] {
        self.variants.first().map_or(&[], |variant| variant.set.measures())
    }

    /// Returns the language of a page, if measuring depends on it and it is known.
    pub(super) fn language_of<'p>(&'p self, page: &'p Page<'_>) -> Option<PageLanguage<'p>> {
        if !self.needs_language() {
            return None;
        }
        let set = |code| PageLanguage { code, origin: "setting" };
        self.language.as_deref().map(set).or_else(|| page.language())
    }

    /// Returns the set for a page, or `None` for a page in another language.
    pub(super) fn variant(&self, language: Option<PageLanguage<'_>>) -> Option<&Variant> {
        let code = language.map(|language| language.code);
        self.variants.iter().find(|variant| variant.language.as_deref() == code)
    }

    /// Returns the finding on a page that fails.
    pub(super) fn finding(&self, document: &Document<'_>, page: &Page<'_>) -> Option<Finding> {
        let language = self.language_of(page);
        let variant = self.variant(language)?;
        let values = variant.set.values(page);
        let mut failures = variant.failures(&values);
        let first = failures.next()?;
        let mut finding = Finding::new(
            &self.rule,
            document,
            dechaff_text::trim(page.text, Span::new(0, page.text.len())),
        );
        let key = first.key();
        let limit = first.threshold;
        finding.message = Some(first.message());
        finding.notes.push(format!("`{key} = {limit}` in {}", self.rule.name).into());
        finding.notes.extend(language.map(|language| language.note().into()));
        finding.notes.extend(failures.map(|failure| format!("also {}", failure.message()).into()));
        let passage =
            variant.set.heaviest(page, first.measure.name).filter(|span| span.start < span.end);
        if let Some(span) = passage {
            finding.labels.push(Label { origin: None, span, message: first.measure.label.into() });
        }
        Some(finding)
    }
}

impl Variant {
    fn new(language: Option<String>, parameters: &Parameters) -> Self {
        let set = parameters.measure_set();
        let mut limits = Vec::new();
        for (index, measure) in set.measures().iter().enumerate() {
            for bound in Bound::ALL {
                let key = format!("{}{}", bound.prefix(), measure.name);
                limits.extend(parameters.thresholds.get(&key).map(|limit| (index, bound, limit.0)));
            }
        }
        Self { language, set, limits }
    }

    /// Returns the measures that fail their thresholds. An undefined value never fails.
    pub(super) fn failures<'v>(
        &'v self,
        values: &'v [Option<f64>],
    ) -> impl Iterator<Item = Failure> + 'v {
        self.limits.iter().filter_map(|(index, bound, threshold)| {
            let value = values.get(*index).copied().flatten()?;
            let measure = *self.set.measures().get(*index)?;
            let failure = Failure { measure, value, bound: *bound, threshold: *threshold };
            (!bound.is_passed(value, *threshold)).then_some(failure)
        })
    }
}

impl Failure {
    /// Returns the key of the threshold.
    pub(super) fn key(&self) -> String {
        format!("{}{}", self.bound.prefix(), self.measure.name)
    }

    /// Returns a sentence such as "61 % of words contain a letter; at least 80 % required".
    fn message(&self) -> String {
        let (value, threshold) = written(self.measure.unit, self.value, self.threshold);
        let mut message = sentence(self.measure.text, &value);
        let _ = match self.bound {
            Bound::Min => write!(message, "; at least {threshold} required"),
            Bound::Max => write!(message, "; at most {threshold} allowed"),
            Bound::Below => write!(message, "; less than {threshold} required"),
        };
        message
    }
}

/// Formats a value and its threshold, with as many digits as needed to distinguish them.
fn written(unit: MeasureUnit, value: f64, threshold: f64) -> (String, String) {
    const MAX_DIGITS: usize = 6;
    let (factor, sign) = match unit {
        MeasureUnit::Share => (100.0, " %"),
        MeasureUnit::Number => (1.0, ""),
    };
    let write = |value: f64, digits: usize| {
        let text = format!("{:.digits$}", value * factor);
        let short = match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text,
        };
        format!("{short}{sign}")
    };
    let threshold = write(threshold, MAX_DIGITS);
    let shortest = match unit {
        MeasureUnit::Share => 0,
        MeasureUnit::Number => usize::from(value.fract() != 0.0),
    };
    let value = (shortest..=MAX_DIGITS)
        .map(|digits| write(value, digits))
        .find(|value| *value != threshold)
        .unwrap_or_else(|| write(value, MAX_DIGITS));
    (value, threshold)
}
