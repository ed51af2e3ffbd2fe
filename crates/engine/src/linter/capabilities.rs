//! What the rules of a linter can do apart from checking documents one by one.

use std::collections::HashMap;
use std::sync::Arc;

use dechaff_checks::{Parameters, measure};
use dechaff_duplicates::{duplicate, duplicate_document, site_line};
use dechaff_findings::RuleInfo;

/// The kinds of rules that compare documents.
const CORPUS_KINDS: [&str; 3] = [duplicate::NAME, site_line::NAME, duplicate_document::NAME];

/// The codes of rules by capability.
pub(super) struct RuleCapabilities {
    /// The rules that compare documents: the kind of each, by code.
    corpus_kinds: HashMap<String, &'static str>,
    /// The codes of the rules that measure whole documents.
    measures: Vec<String>,
    /// The parameters of the rules that can compare documents with an index, by code.
    pub(super) indexed: Vec<(String, serde_json::Value)>,
    /// The parameters of the rules that can compare documents in steps, by code.
    pub(super) staged: Vec<(String, serde_json::Value)>,
}

impl RuleCapabilities {
    pub(super) fn from_rules(rules: &[(Arc<RuleInfo>, &Parameters)]) -> Self {
        let kinds = rules.iter().map(|(rule, parameters)| (rule.code.clone(), parameters.kind()));
        let measures = kinds.clone().filter(|(_, kind)| *kind == measure::NAME);
        Self {
            measures: measures.map(|(code, _)| code).collect(),
            corpus_kinds: kinds.filter(|(_, kind)| CORPUS_KINDS.contains(kind)).collect(),
            indexed: parameters_of(rules, &[duplicate::NAME, duplicate_document::NAME]),
            staged: parameters_of(rules, &CORPUS_KINDS),
        }
    }

    /// Returns the kind of the rule with this code if it compares documents.
    pub(super) fn corpus_kind(&self, code: &str) -> Option<&'static str> {
        self.corpus_kinds.get(code).copied()
    }

    /// Whether the rule with this code measures whole documents.
    pub(super) fn is_measure(&self, code: &str) -> bool {
        self.measures.iter().any(|measure| measure == code)
    }
}

/// Returns the codes and parameters of the rules of the given kinds.
fn parameters_of(
    rules: &[(Arc<RuleInfo>, &Parameters)],
    kinds: &[&str],
) -> Vec<(String, serde_json::Value)> {
    let of_kind = rules.iter().filter(|(_, parameters)| kinds.contains(&parameters.kind()));
    let value = |parameters: &Parameters| serde_json::to_value(parameters).unwrap_or_default();
    of_kind.map(|(rule, parameters)| (rule.code.clone(), value(parameters))).collect()
}
