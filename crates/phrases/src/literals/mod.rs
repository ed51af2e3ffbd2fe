//! What the expressions of rules are searched for by, so that they only run where they may match.
//!
//! The build script of the checks extracts it from built-in rules, and the program from rules of a
//! user.

mod encoding;
mod extracted;
pub mod lines;
mod normal_text;
mod required;

pub use encoding::PhrasePlace;
pub use extracted::Extracted;
pub use normal_text::{NormalText, normal, normal_char};
pub use required::{MAX_LITERAL, Required, branches, parse, syntax_message};
