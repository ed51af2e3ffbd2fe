//! The values of all measures of a document, as columns of a table.

use std::sync::Arc;

use super::page::Page;
use super::set::{Measure, MeasureUnit};
use super::{MeasureRule, Parameters};
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
    /// What a value says of a page; `{}` stands for the value.
    pub text: &'static str,
    /// Whether values are shares, from 0 to 1.
    pub is_share: bool,
    /// The least value that passes.
    pub min: Option<f64>,
    /// The greatest value that passes.
    pub max: Option<f64>,
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
            let limits = self.limits.iter().find(|(limited, ..)| *limited == index);
            MeasureColumn {
                name: measure.name,
                text: measure.text,
                is_share: measure.unit == MeasureUnit::Share,
                min: limits.and_then(|(_, min, _)| *min),
                max: limits.and_then(|(_, _, max)| *max),
            }
        };
        self.set.measures().iter().enumerate().map(column).collect()
    }
}
