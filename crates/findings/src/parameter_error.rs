//! What compiling the rules of a kind takes and returns.

use std::sync::Arc;

use crate::RuleInfo;

/// An error in the parameters of a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParameterError {
    /// What is wrong and what to write instead.
    pub message: String,
    /// The byte range in the rule file, if known.
    pub place: Option<std::ops::Range<usize>>,
}

/// A rule with its parameters, as a kind's `compile` takes it.
pub type RuleWithParams<'r, P> = (Arc<RuleInfo>, &'r P);
