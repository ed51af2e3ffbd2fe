//! The `suppression` kind: rules that report suppression comments that are invalid or unused. The
//! comments themselves are parsed and applied by the `suppress` module.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Check;
use dechaff_findings::{ParameterError, RuleInfo, RuleWithParams};

/// The kind's name in rule files.
pub const NAME: &str = "suppression";

/// A defect of a suppression comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuppressionDefect {
    /// It suppresses nothing.
    Unused,
    /// It cannot be parsed.
    Invalid,
}

/// Which comments a rule reports.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// The defect to report.
    pub fault: SuppressionDefect,
}

/// The rules of this kind.
#[derive(Debug, Clone, Default)]
pub struct SuppressionRules {
    /// Each rule with the defect it reports.
    pub rules: Vec<(Arc<RuleInfo>, SuppressionDefect)>,
}

impl From<SuppressionRules> for Check {
    fn from(rules: SuppressionRules) -> Self {
        Self::Suppression(rules)
    }
}

/// Accepts all parameters.
///
/// # Errors
///
/// Never fails.
pub fn validate(_: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}

/// Collects the rules.
///
/// # Errors
///
/// Never fails.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<SuppressionRules, ParameterError> {
    Ok(SuppressionRules {
        rules: rules.into_iter().map(|(rule, parameters)| (rule, parameters.fault)).collect(),
    })
}
