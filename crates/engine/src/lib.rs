//! The linter: documents and rules in, findings and fixes out.
//!
//! A module may import only from those above it:
//!
//! - [`config`]: which rules run, and with which parameters
//! - [`suppress`]: suppression comments, the ignore list and the baseline
//! - [`linter`]: the linter
//! - [`fix`]: applying fixes
//! - [`rule_test`]: testing rules against their examples
//! - [`report`]: output formats
//!
//! None of these does I/O.

#![forbid(unsafe_code)]

pub mod config;
pub mod fix;
pub mod linter;
pub mod report;
pub mod rule_test;
pub mod suppress;
