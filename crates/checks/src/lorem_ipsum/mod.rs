//! The `pseudo-latin` kind: sentences and paragraphs of lorem ipsum.

mod vocabulary;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DocumentCheck;
use dechaff_findings::{Finding, FindingSink, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::{Document, Span};

pub(super) use vocabulary::is_lorem_ipsum;
use vocabulary::may_contain_lorem_ipsum;

/// The kind's name in rule files.
pub const NAME: &str = "pseudo-latin";

/// How much lorem ipsum makes a finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Minimum number of words in a sentence or block.
    pub min_words: usize,
}

/// Validates the parameters.
///
/// # Errors
///
/// Fails if `min-words` is 0.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    if parameters.min_words == 0 {
        return Err(ParameterError {
            message: "`min-words` must be at least 1".into(),
            place: None,
        });
    }
    Ok(())
}

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails; [`validate`] has checked the parameters.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.min_words)).collect();
    Ok(Box::new(LoremIpsumCheck { rules }))
}

struct LoremIpsumCheck {
    rules: Vec<(Arc<RuleInfo>, usize)>,
}

impl DocumentCheck for LoremIpsumCheck {
    fn warm_up(&self) {
        vocabulary::warm_up();
    }

    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        for (index, block) in document.blocks().iter().enumerate() {
            if !block.kind.is_text() || !may_contain_lorem_ipsum(document.slice(block.content)) {
                continue;
            }
            for (rule, minimum) in &self.rules {
                for span in lorem_ipsum_runs(document, index, *minimum) {
                    findings.push(Finding::with_deletion(rule, document, span));
                }
            }
        }
    }
}

/// Returns the runs of lorem ipsum sentences in a block, or the whole block if all of it is lorem
/// ipsum.
fn lorem_ipsum_runs(document: &Document<'_>, block: usize, minimum: usize) -> Vec<Span> {
    let content = document.blocks()[block].content;
    if is_lorem_ipsum(document.slice(content), minimum) {
        return vec![content];
    }
    let mut runs: Vec<Span> = Vec::new();
    let mut open = false;
    for &sentence in document.sentences(block) {
        let is_filler = is_lorem_ipsum(document.slice(sentence), minimum);
        match runs.last_mut() {
            Some(run) if is_filler && open => *run = run.cover(sentence),
            _ if is_filler => runs.push(sentence),
            _ => {}
        }
        open = is_filler;
    }
    runs
}
