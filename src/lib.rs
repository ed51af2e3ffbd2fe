//! dechaff finds the noise in text corpora before they are ingested, and says what, where and why.
//!
//! A module imports only from those above it here:
//!
//! - [`text`]: a document, parsed once
//! - [`finding`]: what is wrong, where, and the edits that mend it
//! - [`fault`]: what is wrong in a file that a person wrote
//! - [`check`]: the kinds of check
//! - [`rule`]: rule files and the registry
//! - [`config`]: which rules run, and how
//! - [`suppress`]: findings that are left out
//! - [`engine`]: documents in, findings out
//! - [`fix`]: applying edits
//! - [`examples`]: a rule's examples as its tests
//! - [`report`]: findings as text for people and for other programs
//!
//! None of these does I/O. With the feature `cli` come files (`corpus`) and the command line (`cli`).

#![forbid(unsafe_code)]
#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_sign_loss,
        reason = "numbers of tests are small"
    )
)]

pub mod check;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
#[cfg(feature = "cli")]
pub mod corpus;
pub mod engine;
pub mod examples;
pub mod fault;
pub mod finding;
pub mod fix;
pub mod report;
pub mod rule;
pub mod suppress;
pub mod text;
