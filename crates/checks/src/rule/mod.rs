//! Rules: what a rule file says, and the registry of all of them.

#[cfg(test)]
mod built_in_tests;
mod example;
mod file;
mod find;
mod page;
mod parameters;
mod registry;
mod toml_text;

use std::sync::Arc;

pub use example::{Documents, Example, MarkedText};
pub use find::shared_words;
pub use registry::{Registry, Selector, UnknownSelector};

use crate::Parameters;
use dechaff_findings::RuleInfo;
use dechaff_findings::user_file::UserFile;

/// A rule: what every finding of it shares, why it exists, how it is checked, and examples.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Code, name, severity and so on.
    pub info: Arc<RuleInfo>,
    /// Why the fault matters, as paragraphs of markdown.
    pub why: String,
    /// The version that brought the rule.
    pub since: String,
    /// Whether the rule runs unless it is deselected.
    pub default: bool,
    /// The kind of check, with its parameters.
    pub parameters: Parameters,
    /// What it finds and what it leaves alone.
    pub examples: Vec<Example>,
    /// The file it was read from.
    pub file: Arc<UserFile>,
}
