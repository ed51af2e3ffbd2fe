//! Checks that compare documents with each other.
//!
//! Each document is sketched on its own; the sketches are then compared. A sketch holds only hashes
//! and offsets, so it can be made in one process, stored, and compared in another.

use std::sync::Arc;

use super::indexed::{IndexedCheck, IndexedPlaces};
use super::staged::StagedCheck;
use super::store::{self, BlobRef, NumberLimit, Store};
use dechaff_findings::Finding;
use dechaff_text::{Document, Origin, TextProvider};

/// Compares documents, for all rules of its kind at once.
pub trait CorpusCheck: Send + Sync {
    /// Returns the sketch of `document`: what the comparison needs, as bytes.
    fn sketch(&self, document: &Document<'_>) -> Vec<u8>;

    /// Builds lazily initialised tables.
    fn warm_up(&self) {}

    /// Returns the interface for indexes, if the check can compare documents with one.
    fn indexed(&self) -> Option<&dyn IndexedCheck> {
        None
    }

    /// Returns the interface for comparing in steps, if the check supports it.
    fn staged(&self) -> Option<&dyn StagedCheck> {
        None
    }

    /// Compares the sketches. The result does not borrow them, so they can be dropped before
    /// findings are built.
    ///
    /// # Errors
    ///
    /// Fails if the store cannot be read or written.
    fn compare<'d>(
        &'d self,
        corpus: &Corpus<'_, 'd>,
    ) -> store::Result<Box<dyn PendingFindings + 'd>>;
}

/// Matches not yet expanded into findings. A finding takes many times the memory of a match, so
/// findings are built per document.
pub trait PendingFindings: Send {
    /// Builds the findings in `document`, sorted by position. `number` is its index in
    /// [`DocumentSet::origins`].
    fn findings_in(&mut self, number: u32, document: &Document<'_>) -> Vec<Finding>;

    /// Builds the findings of all documents at once.
    fn into_findings(self: Box<Self>) -> FindingsByDocument;
}

/// The findings of each document that has any, in document order, sorted by position.
pub type FindingsByDocument = Vec<(Arc<Origin>, Vec<Finding>)>;

/// The input of [`CorpusCheck::compare`].
pub struct Corpus<'s, 'd> {
    /// Each document's sketch, in document order.
    pub sketches: &'s [BlobRef],
    /// Holds the sketches, and intermediate data that does not fit in memory.
    pub store: &'s dyn Store,
    /// The compared documents.
    pub documents: DocumentSet<'d>,
}

/// The documents of a comparison.
#[derive(Clone)]
pub struct DocumentSet<'d> {
    /// The origin of each document. A document's number is its index here.
    pub origins: Arc<[Arc<Origin>]>,
    /// The documents' texts, to verify matches and to quote them.
    pub texts: &'d dyn TextProvider,
    /// A soft limit in bytes for what a comparison holds beyond its fixed cost per paragraph.
    pub memory: usize,
    /// Number of threads that may build findings.
    pub threads: usize,
    /// The largest number of a document, a unit or a match. The documents are within it.
    pub limit: NumberLimit,
    /// The reference documents in an index.
    pub indexed: Arc<IndexedPlaces>,
}

impl DocumentSet<'_> {
    /// Builds the findings of the documents with these numbers, reading their texts again.
    /// Documents that can no longer be read have none.
    pub(super) fn build_findings(
        &self,
        numbers: impl IntoIterator<Item = u32>,
        build: impl Fn(u32, &Document<'_>) -> Vec<Finding>,
    ) -> FindingsByDocument {
        let mut all = FindingsByDocument::new();
        for number in numbers {
            let Some(origin) = self.origins.get(number as usize) else { continue };
            let Some(text) = self.texts.text(origin) else { continue };
            let findings = build(number, &Document::parse_or_reuse(origin, &text, self.texts));
            if !findings.is_empty() {
                all.push((Arc::clone(origin), findings));
            }
        }
        all
    }
}
