//! The kinds of check. Each is a file here and a word in the list below; a rule file names one and gives its parameters.
//!
//! A check reads a document's index and says what it finds. It prints nothing and changes nothing.

mod corpus;
mod eight;
mod fnv;
mod guard;
mod legal;
pub mod phrase;
mod removed;
mod sieve;
pub mod store;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml::Spanned;

pub use corpus::{ByDocument, Corpus, CorpusCheck, Documents, Untold};
pub use guard::guard;

use crate::finding::{Finding, RuleInfo};
use crate::text::Document;

/// Looks at one document at a time, for all the rules of its kind at once.
pub trait DocumentCheck: Send + Sync {
    /// Adds what it finds in `document` to `findings`, which hold what the kinds before it found.
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>);

    /// Makes what else the first document that needs it waits for.
    fn prepare(&self) {}
}

/// A check of one kind.
pub enum Check {
    /// Looks at one document at a time.
    Document(Box<dyn DocumentCheck>),
    /// Compares documents.
    Corpus(Box<dyn CorpusCheck>),
    /// Looks at the comments that leave findings out, when all findings are known.
    Suppression(suppression::SuppressionRules),
}

impl From<Box<dyn DocumentCheck>> for Check {
    fn from(check: Box<dyn DocumentCheck>) -> Self {
        Self::Document(check)
    }
}

impl From<Box<dyn CorpusCheck>> for Check {
    fn from(check: Box<dyn CorpusCheck>) -> Self {
        Self::Corpus(check)
    }
}

/// Parameters that a kind cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParameterError {
    /// What is wrong and what to write instead.
    pub message: String,
    /// The bytes of the rule file that are wrong, where they are known.
    pub place: Option<std::ops::Range<usize>>,
}

/// Joins the lines of expressions that are broken over several lines.
pub(crate) fn join_lines(mut expressions: Vec<Spanned<String>>) -> Vec<Spanned<String>> {
    for expression in expressions.iter_mut().map(Spanned::get_mut).filter(|one| one.contains('\n')) {
        *expression = phrase::join_lines(expression);
    }
    expressions
}

/// A rule of one kind, as that kind's compiler takes it.
pub type KindRule<'r, P> = (Arc<RuleInfo>, &'r P);

macro_rules! kinds {
    ($($(#[$doc:meta])* $module:ident => $variant:ident),* $(,)?) => {
        $($(#[$doc])* pub mod $module;)*

        /// What a rule file says under `check`: the kind and its parameters.
        #[derive(Debug, Clone, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Parameters {
            $($(#[$doc])* $variant($module::Parameters)),*
        }

        impl Parameters {
            /// The kind's name, as rule files write it.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant(_) => $module::NAME),*
                }
            }

            /// Whether the kind can work with these parameters.
            ///
            /// # Errors
            ///
            /// What is wrong, and where.
            pub fn validate(&self) -> Result<(), ParameterError> {
                match self {
                    $(Self::$variant(parameters) => $module::validate(parameters)),*
                }
            }
        }

        /// Makes one check of all the rules of each kind, in the order in which they run.
        ///
        /// # Errors
        ///
        /// The first rule that its kind cannot work with.
        pub fn compile(rules: &[(Arc<RuleInfo>, &Parameters)]) -> Result<Vec<Check>, ParameterError> {
            let mut checks: Vec<Check> = Vec::new();
            $({
                let of_kind: Vec<KindRule<'_, $module::Parameters>> = rules
                    .iter()
                    .filter_map(|(info, parameters)| match parameters {
                        Parameters::$variant(parameters) => Some((Arc::clone(info), parameters)),
                        #[allow(unreachable_patterns, reason = "the list may hold a single kind")]
                        _ => None,
                    })
                    .collect();
                if !of_kind.is_empty() {
                    checks.push($module::compile(of_kind)?.into());
                }
            })*
            Ok(checks)
        }
    };
}

// A kind sees what those above it found.
kinds! {
    /// Bytes that could not be read as text.
    decoding => Decoding,
    /// Broken words, and characters that show nothing or show something else than they are.
    character => Character,
    /// Generated records: runs of `label : value` lines about an invented person.
    record => Record,
    /// Tables of contents without their pages.
    outline => Outline,
    /// Markdown tables that are broken.
    table => Table,
    /// Headings, lists and markup that are broken.
    structure => Structure,
    /// Running heads, feet and page numbers.
    page_break => PageBreak,
    /// A title that is repeated at the beginning.
    title => Title,
    /// Pseudo-Latin filler.
    latin => PseudoLatin,
    /// Marks inside lines.
    mark => Mark,
    /// Patterns over lines, sentences and paragraphs.
    pattern => Pattern,
    /// What stands on a page around its text.
    surroundings => Surroundings,
    /// Duplicates within and across documents.
    duplicate => Duplicate,
    /// A model over lines, for what no rule above names.
    classifier => Classifier,
    /// Comments that ask for findings to be left out.
    suppression => Suppression,
}
