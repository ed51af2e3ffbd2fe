//! Findings, the fixes they carry, and errors in files that users write.

#![forbid(unsafe_code)]

mod finding;
mod parameter_error;
mod sink;
pub mod user_file;

pub use finding::*;
pub use parameter_error::{ParameterError, RuleWithParams};
pub use sink::{FindingLimit, FindingSink};
