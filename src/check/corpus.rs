//! Checks that compare documents with each other.
//!
//! Each document is sketched on its own, and the sketches are compared once. A sketch is bytes that say nothing but hashes and
//! places: it can be made in one process, kept, and compared in another.

use std::sync::Arc;

use super::store::{self, Place, Store};
use crate::finding::Finding;
use crate::text::{Document, Origin, TextProvider};

/// Compares documents, for all the rules of its kind at once.
pub trait CorpusCheck: Send + Sync {
    /// What comparing needs to know of `document`.
    fn sketch(&self, document: &Document<'_>) -> Vec<u8>;

    /// What the documents have in common that is wrong, to be told when the sketches need no longer be held.
    ///
    /// # Errors
    ///
    /// A sketch cannot be read from the store, or the store not be written.
    fn compare<'d>(&'d self, corpus: &Corpus<'_, 'd>) -> store::Result<Box<dyn Untold + 'd>>;
}

/// What was found and is yet to be told, which takes many times the memory that it takes to know it.
pub trait Untold: Send {
    /// What was found in `document`, the one with this number, in order of place.
    fn tell(&mut self, number: u32, document: &Document<'_>) -> Vec<Finding>;

    /// The same for all documents at once.
    fn tell_all(self: Box<Self>) -> ByDocument;
}

/// For each document in which something was found, in order, what that is, in order of place.
pub type ByDocument = Vec<(Arc<Origin>, Vec<Finding>)>;

/// The sketches of a check, in the order of their documents, and what comparing may use.
pub struct Corpus<'s, 'd> {
    /// The documents' sketches in the store.
    pub sketches: &'s [Place],
    /// Holds the sketches, and what memory has no room for.
    pub store: &'s dyn Store,
    /// The documents.
    pub documents: Documents<'d>,
}

/// The documents that are compared.
#[derive(Clone)]
pub struct Documents<'d> {
    /// Where they come from; the number of a document is its place among them.
    pub origins: Arc<[Arc<Origin>]>,
    /// Their texts, to verify and to say what is found.
    pub texts: &'d dyn TextProvider,
    /// About how many bytes comparing may hold beyond what it must know of each paragraph.
    pub memory: usize,
    /// How many threads may tell what was found.
    pub threads: usize,
}
