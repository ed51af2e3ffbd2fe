//! Rules: rule files, and the registry of all rules.

#[cfg(test)]
mod built_in_tests;
mod example;
mod file;
mod find;
mod page;
mod parameters;
mod precompiled;
mod registry;
mod toml_text;

use std::sync::{Arc, OnceLock};

pub use example::{Documents, Example, MarkedText};
pub use find::shared_words;
pub use registry::{Registry, Selector, UnknownSelector};

use crate::Parameters;
use dechaff_findings::RuleInfo;
use dechaff_findings::user_file::UserFile;

/// A rule: the properties of its findings, its rationale, its check and its examples.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Code, name, severity and so on.
    pub info: Arc<RuleInfo>,
    /// Why the problem matters, as paragraphs of Markdown.
    pub why: String,
    /// The version that introduced the rule.
    pub since: String,
    /// Whether the rule runs by default.
    pub default: bool,
    /// The kind of check, with its parameters.
    pub parameters: Parameters,
    /// The file it was read from.
    pub file: Arc<UserFile>,
    /// Its examples; those of a built-in rule are parsed when needed.
    examples: OnceLock<Vec<Example>>,
}
