//! Exact near-duplicate detection: sketches of documents, a set join over them, and verification in
//! the texts, in one process or in steps over tables.
//!
//! It does no I/O. Sketches, tables and texts are read and written through traits.

#![forbid(unsafe_code)]

mod corpus_check;
pub mod duplicate;
pub mod duplicate_document;
pub mod element_order;
pub mod indexed;
pub mod site_line;
pub mod staged;
mod staged_table;
pub mod store;

pub use corpus_check::{Corpus, CorpusCheck, DocumentSet, FindingsByDocument, PendingFindings};
