//! The `pseudo-latin` kind: sentences and paragraphs drawn from the vocabulary of "Lorem ipsum".

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DocumentCheck, KindRule, ParameterError};
use crate::finding::{Finding, RuleInfo};
use crate::text::{Document, Span, is_lorem_ipsum, may_contain_lorem_ipsum};

/// The kind's name in rule files.
pub const NAME: &str = "pseudo-latin";

/// How much filler is needed for a finding.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Fewest words of a sentence or block.
    pub min_words: usize,
}

/// Any number of words is a sensible minimum but none.
///
/// # Errors
///
/// A minimum of no words.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    if parameters.min_words == 0 {
        return Err(ParameterError { message: "`min-words` must be at least 1".into(), place: None });
    }
    Ok(())
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None: what can be wrong is found by [`validate`].
pub fn compile(rules: Vec<KindRule<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.min_words)).collect();
    Ok(Box::new(LatinCheck { rules }))
}

struct LatinCheck {
    rules: Vec<(Arc<RuleInfo>, usize)>,
}

impl DocumentCheck for LatinCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        for (index, block) in document.blocks().iter().enumerate() {
            if !block.kind.is_text() || !may_contain_lorem_ipsum(document.slice(block.content)) {
                continue;
            }
            for (rule, minimum) in &self.rules {
                for span in filler(document, index, *minimum) {
                    findings.push(Finding::with_deletion(rule, document, span));
                }
            }
        }
    }
}

/// Runs of sentences that are filler; the whole block where all of it is.
fn filler(document: &Document<'_>, block: usize, minimum: usize) -> Vec<Span> {
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
