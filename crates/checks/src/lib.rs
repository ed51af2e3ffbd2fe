//! The kinds of check, and the rules that name them.
//!
//! Each kind is a module here, or in `dechaff_duplicates` if it compares documents, and an entry in
//! the list below. A rule file names a kind and gives its parameters ([`rule`]).
//!
//! A check reads a document and returns findings. It does no I/O and does not modify the document.

#![forbid(unsafe_code)]

mod bloom;
pub mod character;
pub mod classifier;
mod code_spans;
mod content;
mod coverage;
pub mod decoding;
mod guard;
mod headings;
mod licence;
pub mod line_filter;
pub mod lorem_ipsum;
pub mod mark;
pub mod measure;
mod no_parameters;
pub mod page_break;
pub mod page_chrome;
pub mod pattern;
mod python;
pub mod record;
pub mod rule;
mod search;
pub mod structure;
pub mod suppression;
pub mod table;
pub mod table_of_contents;
pub mod title;
mod word_counter;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use toml::Spanned;

pub use guard::guard;

use dechaff_duplicates::{CorpusCheck, duplicate, duplicate_document, site_line};
use dechaff_findings::{FindingSink, ParameterError, RuleInfo, RuleWithParams};
use dechaff_phrases as phrase;
use dechaff_text::Document;

/// Checks one document at a time, for all rules of its kind at once.
pub trait DocumentCheck: Send + Sync {
    /// Appends the findings in `document` to `findings`, which already hold those of earlier kinds.
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>);

    /// Builds lazily initialised tables, so that the first document does not pay for them.
    fn warm_up(&self) {}
}

/// A compiled check of one kind.
pub enum Check {
    /// Checks one document at a time.
    Document(Box<dyn DocumentCheck>),
    /// Compares documents with each other.
    Corpus(Box<dyn CorpusCheck>),
    /// Checks suppression comments, once all findings are known.
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

/// Joins regular expressions that are written over several lines.
pub(crate) fn join_lines(mut expressions: Vec<Spanned<String>>) -> Vec<Spanned<String>> {
    for expression in expressions.iter_mut().map(Spanned::get_mut).filter(|one| one.contains('\n'))
    {
        *expression = phrase::join_lines(expression);
    }
    expressions
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $module:ident => $variant:ident),* $(,)?) => {
                /// The `check` table of a rule file: the kind and its parameters.
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

            /// Validates the parameters.
            ///
            /// # Errors
            ///
            /// Returns what is wrong, and where.
            pub fn validate(&self) -> Result<(), ParameterError> {
                match self {
                    $(Self::$variant(parameters) => $module::validate(parameters)),*
                }
            }
        }

        /// Compiles the rules into one check per kind, in the order in which the kinds run.
        ///
        /// # Errors
        ///
        /// Returns the error of the first rule that does not compile.
        pub fn compile(rules: &[(Arc<RuleInfo>, &Parameters)]) -> Result<Vec<Check>, ParameterError> {
            let mut checks: Vec<Check> = Vec::new();
            $({
                let of_kind: Vec<RuleWithParams<'_, $module::Parameters>> = rules
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

// A kind sees the findings of the kinds listed before it.
kinds! {
    /// Text that could not be decoded.
    decoding => Decoding,
    /// Broken words, and characters that are invisible or look like others.
    character => Character,
    /// Generated records: runs of `label: value` lines about an invented person.
    record => Record,
    /// Tables of contents without their pages.
    table_of_contents => Outline,
    /// Broken Markdown tables.
    table => Table,
    /// Broken headings, lists and inline markup.
    structure => Structure,
    /// Running headers, footers and page numbers.
    page_break => PageBreak,
    /// A title repeated at the start of a document.
    title => Title,
    /// Lorem ipsum.
    lorem_ipsum => PseudoLatin,
    /// Artifacts inside lines, such as citation marks.
    mark => Mark,
    /// Patterns over lines, sentences and paragraphs.
    pattern => Pattern,
    /// Navigation and other page chrome around the main content.
    page_chrome => Surroundings,
    /// Duplicates within and across documents.
    duplicate => Duplicate,
    /// Lines that recur on many pages of one site.
    site_line => SiteLine,
    /// Documents that are copies of another one as a whole.
    duplicate_document => DuplicateDocument,
    /// A model that scores lines no rule above matches.
    classifier => Classifier,
    /// Lines that published corpus filters drop.
    line_filter => LineFilter,
    /// Measures of whole documents, such as the share of words with a letter.
    measure => Measure,
    /// Suppression comments that are invalid or unused.
    suppression => Suppression,
}

impl Parameters {
    /// Whether findings of this kind are copies whose first label marks the original.
    pub fn reports_copies(&self) -> bool {
        matches!(self, Self::Duplicate(_) | Self::DuplicateDocument(_))
    }
}
