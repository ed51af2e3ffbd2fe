//! The `measure` kind: published corpus filters, each as implemented by a particular project.
//!
//! There is no single "Gopher": whether a page passes depends on what counts as a word, a line or a
//! repeat, and implementations disagree. So a set is named after its implementation, such as
//! `gopher@dolma-v2`, and reproduces its counts. A finding covers the whole document, has no fix,
//! and reports the value, the threshold and the passage that contributes most.

mod bound;
mod c4;
mod common;
mod contractions;
mod datamap;
mod fineweb;
mod fineweb2;
mod gopher;
mod gopher_dolma;
mod madlad;
mod measure_rule;
mod nemo;
mod ngrams;
mod page;
mod parameters;
mod punctuation;
mod redpajama;
mod refinedweb;
mod set;
mod table;
mod tokens;
mod words;

use super::DocumentCheck;
use dechaff_findings::{FindingSink, ParameterError, RuleWithParams};
use dechaff_text::Document;
use measure_rule::MeasureRule;
use page::Page;

pub use parameters::{LanguageParameters, Parameters, SetName, Threshold, validate};
pub use table::{MeasureColumn, MeasureColumns, MeasureSetColumns, MeasureValue, SetValues};

/// The kind's name in rule files.
pub const NAME: &str = "measure";

/// Compiles all rules of this kind into one check.
///
/// # Errors
///
/// Never fails: the parameters have passed [`validate`].
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| MeasureRule::new(rule, parameters));
    Ok(Box::new(MeasureCheck { rules: rules.collect() }))
}

struct MeasureCheck {
    rules: Vec<MeasureRule>,
}

impl DocumentCheck for MeasureCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        // An empty page has no passage to report.
        if document.text().trim().is_empty() {
            return;
        }
        let page = Page::new(document.text(), document.language());
        findings.extend(self.rules.iter().filter_map(|rule| rule.finding(document, &page)));
    }
}
