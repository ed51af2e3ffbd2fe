//! The values of all measures of a document, as columns of a table.

use std::sync::Arc;

use super::bound::Bound;
use super::measure_rule::{MeasureRule, Variant};
use super::page::Page;
use super::parameters::Parameters;
use super::set::{Measure, MeasureUnit, sentence};
use dechaff_findings::RuleInfo;

/// The columns of the measures of some rules.
pub struct MeasureColumns {
    rules: Vec<MeasureRule>,
}

/// A value in a table of measures.
#[derive(Debug, Clone, PartialEq)]
pub enum MeasureValue {
    /// The value of a measure; `None` if the set does not define it for the document.
    Number(Option<f64>),
    /// The threshold that the document fails first, such as `min-words`; `None` if it passes.
    Failed(Option<String>),
    /// The language that it is measured in, or the source of that; `None` if unknown.
    Language(Option<String>),
}

/// A set of measures in a table: one column for the set, up to two for the language, then one per
/// measure.
#[derive(Debug, Clone)]
pub struct MeasureSetColumns {
    /// The rule that tests the set.
    pub rule: Arc<RuleInfo>,
    /// The language of the documents that these thresholds apply to; `None` for all documents.
    pub language: Option<String>,
    /// The index of the set's column.
    first: usize,
    /// Its measures, in order.
    pub measures: Vec<MeasureColumn>,
}

/// The result of a set for a document.
#[derive(Debug, Clone, Copy)]
pub struct SetValues<'r> {
    /// Whether the document fails.
    pub is_failed: bool,
    /// The values of the measures, in order.
    pub values: &'r [MeasureValue],
}

impl MeasureSetColumns {
    /// Returns the set's part of a row, or `None` if the document is in another language.
    pub fn values<'r>(&self, row: &'r [MeasureValue]) -> Option<SetValues<'r>> {
        let row = row.get(self.first..)?;
        let skipped = match &self.language {
            None => 1,
            Some(language) => {
                let own = row.get(1)?;
                if *own != MeasureValue::Language(Some(language.clone())) {
                    return None;
                }
                1 + LANGUAGE_COLUMNS.len()
            }
        };
        let is_failed = matches!(row.first(), Some(MeasureValue::Failed(Some(_))));
        Some(SetValues { is_failed, values: row.get(skipped..skipped + self.measures.len())? })
    }
}

/// The language columns of a set that depends on the language.
const LANGUAGE_COLUMNS: [&str; 2] = ["language", "language-from"];

/// A measure in a table, with the thresholds of its rule.
#[derive(Debug, Clone, Copy)]
pub struct MeasureColumn {
    /// Its name in thresholds, after `min-` or `max-`.
    pub name: &'static str,
    /// The template for messages, see [`sentence`](Self::sentence).
    pub text: &'static str,
    /// Whether values are shares, from 0 to 1.
    pub is_share: bool,
    /// The smallest value that passes.
    pub min: Option<f64>,
    /// The largest value that passes, or the smallest that fails.
    pub max: Option<f64>,
    /// Whether `max` itself fails.
    pub excludes_max: bool,
}

impl MeasureColumn {
    /// Returns the message for a value, formatted as `value`.
    pub fn sentence(&self, value: &str) -> String {
        sentence(self.text, value)
    }

    /// Whether a value exceeds the maximum.
    pub fn is_above(&self, value: f64) -> bool {
        self.max.is_some_and(|max| value > max || self.excludes_max && value >= max)
    }
}

impl MeasureColumns {
    /// Creates the columns of `rules`, in their order.
    pub fn new<'r>(rules: impl IntoIterator<Item = (Arc<RuleInfo>, &'r Parameters)>) -> Self {
        let rules = rules.into_iter().map(|(rule, parameters)| MeasureRule::new(rule, parameters));
        Self { rules: rules.collect() }
    }

    /// Whether a set depends on the language of documents.
    pub fn need_language(&self) -> bool {
        self.rules.iter().any(MeasureRule::needs_language)
    }

    /// Returns the name of each column, and whether it is numeric: for each set its name, then its
    /// name with that of each measure, such as `gopher@dolma-v2:words`.
    pub fn names(&self) -> Vec<(String, bool)> {
        let of_rule = |rule: &MeasureRule| {
            let name = rule.rule.name.clone();
            let language = LANGUAGE_COLUMNS.iter().filter(|_| rule.needs_language());
            let texts = language.map(|column| (*column, false));
            let numbers = rule.measures().iter().map(|measure| (measure.name, true));
            let columns = texts.chain(numbers);
            let columns =
                columns.map(|(column, is_number)| (format!("{name}:{column}"), is_number));
            let columns: Vec<_> = columns.collect();
            std::iter::once((name, false)).chain(columns)
        };
        self.rules.iter().flat_map(of_rule).collect()
    }

    /// Returns the sets and their measures, in the order of the columns. A set that depends on the
    /// language is listed once per language.
    pub fn sets(&self) -> Vec<MeasureSetColumns> {
        let mut first = 0;
        let mut sets = Vec::new();
        for rule in &self.rules {
            sets.extend(rule.variants.iter().map(|variant| MeasureSetColumns {
                rule: Arc::clone(&rule.rule),
                language: variant.language.clone(),
                first,
                measures: variant.columns(),
            }));
            let languages = if rule.needs_language() { LANGUAGE_COLUMNS.len() } else { 0 };
            first += 1 + languages + rule.measures().len();
        }
        sets
    }

    /// Measures a text with an optional language label. Returns one value per column.
    pub fn measure(&self, text: &str, language: Option<&str>) -> Vec<MeasureValue> {
        let page = Page::new(text, language);
        let mut row = Vec::new();
        for rule in &self.rules {
            let language = rule.language_of(&page);
            let variant = rule.variant(language);
            let values = variant.map(|variant| variant.set.values(&page));
            let values = values.unwrap_or_else(|| vec![None; rule.measures().len()]);
            let failed = variant.and_then(|variant| variant.failures(&values).next());
            row.push(MeasureValue::Failed(failed.map(|failure| failure.key())));
            if rule.needs_language() {
                let text = |text: &str| MeasureValue::Language(Some(text.to_owned()));
                let columns = language.map(|language| [text(language.code), text(language.origin)]);
                let none = [MeasureValue::Language(None), MeasureValue::Language(None)];
                row.extend(columns.unwrap_or(none));
            }
            row.extend(values.into_iter().map(MeasureValue::Number));
        }
        row
    }
}

impl Variant {
    fn columns(&self) -> Vec<MeasureColumn> {
        let column = |(index, measure): (usize, &Measure)| {
            let limit = |bound: Bound| {
                let mut limits = self.limits.iter();
                let is_it =
                    |(limited, own, _): &&(usize, Bound, f64)| *limited == index && *own == bound;
                limits.find(is_it).map(|(.., limit)| *limit)
            };
            let (max, below) = (limit(Bound::Max), limit(Bound::Below));
            let excludes_max = below.is_some_and(|below| max.is_none_or(|max| below <= max));
            MeasureColumn {
                name: measure.name,
                text: measure.text,
                is_share: measure.unit == MeasureUnit::Share,
                min: limit(Bound::Min),
                max: if excludes_max { below } else { max },
                excludes_max,
            }
        };
        self.set.measures().iter().enumerate().map(column).collect()
    }
}
