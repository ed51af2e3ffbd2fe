//! The `suppression` kind: comments that ask for findings to be left out. What such comments do is decided where findings are
//! gathered; here is only which rules report those that do nothing.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Check, KindRule, ParameterError};
use crate::finding::RuleInfo;

/// The kind's name in rule files.
pub const NAME: &str = "suppression";

/// What is wrong with a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// It leaves nothing out.
    Unused,
    /// It does not say what it should.
    Invalid,
}

/// Which comments a rule reports.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// What is wrong with them.
    pub fault: Fault,
}

/// The rules that report comments.
#[derive(Debug, Clone, Default)]
pub struct SuppressionRules {
    /// Each with what it reports.
    pub rules: Vec<(Arc<RuleInfo>, Fault)>,
}

impl From<SuppressionRules> for Check {
    fn from(rules: SuppressionRules) -> Self {
        Self::Suppression(rules)
    }
}

/// There is nothing to go wrong.
///
/// # Errors
///
/// None.
pub fn validate(_: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}

/// Gathers the rules.
///
/// # Errors
///
/// None.
pub fn compile(rules: Vec<KindRule<'_, Parameters>>) -> Result<SuppressionRules, ParameterError> {
    Ok(SuppressionRules { rules: rules.into_iter().map(|(rule, parameters)| (rule, parameters.fault)).collect() })
}
