//! The values of all measures of a document, as columns of a table.

use std::sync::Arc;

use super::page::Page;
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
