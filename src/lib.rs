//! A linter for text corpora: documents and rules in, findings and fixes out.
//!
//! This crate is the command line (`cli`), and re-exports the crates that it is made of:
//!
//! - [`text`]: documents, parsed once into lines, blocks, sentences and words
//! - [`phrases`]: the phrase language of rules
//! - [`finding`]: findings, labels and fixes; [`user_file`]: errors in rule and configuration files
//! - [`duplicates`]: comparing documents with each other
//! - [`check`]: the kinds of check; [`rule`]: rule files and the registry
//! - [`config`], [`suppress`], [`linter`], [`fix`], [`rule_test`] and [`report`]: the linter, from
//!   settings to output formats
//!
//! None of these does I/O. The feature `cli` adds files (`corpus`) and the command line (`cli`).
//! `docs/architecture.md` has the order of the crates.

#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
pub mod cli;

pub use dechaff_checks as check;
pub use dechaff_checks::rule;
#[cfg(feature = "cli")]
pub use dechaff_corpus as corpus;
pub use dechaff_duplicates as duplicates;
pub use dechaff_engine::{config, fix, linter, report, rule_test, suppress};
pub use dechaff_findings as finding;
pub use dechaff_findings::user_file;
pub use dechaff_phrases as phrases;
pub use dechaff_text as text;
