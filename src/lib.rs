//! A linter for text corpora: documents and rules in, findings and fixes out.
//!
//! A module may import only from those above it:
//!
//! - [`text`]: documents, parsed once into lines, blocks, sentences and words
//! - [`finding`]: findings, labels and fixes
//! - [`user_file`]: errors in rule and configuration files
//! - [`check`]: the kinds of check
//! - [`rule`]: rule files and the registry
//! - [`config`]: which rules run, and with which parameters
//! - [`suppress`]: suppression comments, the ignore list and the baseline
//! - [`linter`]: the linter
//! - [`fix`]: applying fixes
//! - [`rule_test`]: testing rules against their examples
//! - [`report`]: output formats
//!
//! None of these does I/O. The feature `cli` adds files (`corpus`) and the command line (`cli`).

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "numbers in tests are small"
    )
)]

pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
#[cfg(feature = "cli")]
pub mod corpus;
pub mod finding;
pub mod fix;
pub mod linter;
pub mod report;
pub mod rule;
pub mod rule_test;
pub mod suppress;
pub mod text;
pub mod user_file;
