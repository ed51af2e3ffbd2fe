//! The values of all measures of a document, as columns of a table.

use std::sync::Arc;

use super::page::Page;
use super::set::{Measure, MeasureUnit, sentence};
use super::{Bound, MeasureRule, Parameters};
use crate::finding::RuleInfo;

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
}

/// A set of measures in a table: one column for the set, followed by those of its measures.
#[derive(Debug, Clone)]
pub struct MeasureSetColumns {
    /// The rule that tests the set.
    pub rule: Arc<RuleInfo>,
    /// Its measures, in order.
    pub measures: Vec<MeasureColumn>,
}

/// A measure in a table, with the thresholds of its rule.
#[derive(Debug, Clone, Copy)]
pub struct MeasureColumn {
    /// Its name in thresholds, after `min-` or `max-`.
    pub name: &'static str,
    /// What a value says of a page, see [`sentence`](Self::sentence).
    pub text: &'static str,
    /// Whether values are shares, from 0 to 1.
    pub is_share: bool,
    /// The least value that passes.
    pub min: Option<f64>,
    /// The greatest value that passes, or the least that does not.
    pub max: Option<f64>,
    /// Whether `max` itself does not pass.
    pub excludes_max: bool,
}

impl MeasureColumn {
    /// Returns what a value, written as `value`, says of a page.
    pub fn sentence(&self, value: &str) -> String {
        sentence(self.text, value)
    }

    /// Whether a value is more than may be.
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

    /// Returns the name of each column, and whether it has numbers: for each set its name, and then
    /// its name with that of each measure, such as `gopher@dolma-v2:words`.
    pub fn names(&self) -> Vec<(String, bool)> {
        let of_rule = |rule: &MeasureRule| {
            let name = rule.rule.name.clone();
            let measures: Vec<_> = rule
                .set
                .measures()
                .iter()
                .map(|measure| (format!("{name}:{}", measure.name), true))
                .collect();
            std::iter::once((name, false)).chain(measures)
        };
        self.rules.iter().flat_map(of_rule).collect()
    }

    /// Returns the sets and their measures, in the order of the columns.
    pub fn sets(&self) -> Vec<MeasureSetColumns> {
        let of_rule = |rule: &MeasureRule| MeasureSetColumns {
            rule: Arc::clone(&rule.rule),
            measures: rule.columns(),
        };
        self.rules.iter().map(of_rule).collect()
    }

    /// Measures a text. Returns one value per column.
    pub fn measure(&self, text: &str) -> Vec<MeasureValue> {
        let page = Page::new(text);
        let mut row = Vec::new();
        for rule in &self.rules {
            let values = rule.set.values(&page);
            let failed = rule.failures(&values).next().map(|failure| failure.key());
            row.push(MeasureValue::Failed(failed));
            row.extend(values.into_iter().map(MeasureValue::Number));
        }
        row
    }
}

impl MeasureRule {
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
