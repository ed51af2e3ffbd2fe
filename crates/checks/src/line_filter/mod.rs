//! The `line-filter` kind: lines that published corpus filters drop.
//!
//! The filters are blunt: C4 drops every heading. So these rules are opt-in and their fixes unsafe.
//! They show what a filter would remove before you apply it.

mod c4;
mod refinedweb;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DocumentCheck;
pub(crate) use c4::LineFate;
use dechaff_findings::{Finding, FindingSink, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::{Document, trim};
pub(crate) use refinedweb::{is_counter, reason as refinedweb_reason};

/// The kind's name in rule files.
pub const NAME: &str = "line-filter";

/// The filter to apply.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// The filter.
    pub set: LineSet,
}

/// The filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineSet {
    /// C4's in datatrove.
    #[serde(rename = "c4-lines@datatrove")]
    C4,
    /// RefinedWeb's in DCLM.
    #[serde(rename = "refinedweb-lines@dclm")]
    RefinedWeb,
}

/// Accepts all parameters.
///
/// # Errors
///
/// Never fails.
pub fn validate(_: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.set)).collect();
    Ok(Box::new(LineFilterCheck { rules }))
}

struct LineFilterCheck {
    rules: Vec<(Arc<RuleInfo>, LineSet)>,
}

impl LineSet {
    /// Returns why the filter drops a line, if it does.
    fn reason(self, line: &str) -> Option<&'static str> {
        match self {
            Self::C4 => match LineFate::new(line, true) {
                LineFate::LeftOut(reason) => Some(reason),
                _ => None,
            },
            Self::RefinedWeb => refinedweb::reason(line),
        }
    }
}

impl DocumentCheck for LineFilterCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        for line in document.lines() {
            let span = trim(document.text(), *line);
            if span.start == span.end {
                continue;
            }
            for (rule, set) in &self.rules {
                if let Some(reason) = set.reason(document.slice(*line)) {
                    let mut finding = Finding::with_deletion(rule, document, span);
                    finding.label = Some(reason.into());
                    findings.push(finding);
                }
            }
        }
    }
}
