//! Comparing documents: collecting sketches, and expanding matches into findings.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::Linter;
use super::index_lookup::{IndexLookup, IndexMatches};
use super::overlap::sort_by_position;
use dechaff_duplicates::indexed::{IndexedPlaces, ReferenceIndex};
use dechaff_duplicates::store::{self, BlobRef, NumberLimit, Store};
use dechaff_duplicates::{Corpus, DocumentSet, FindingsByDocument, PendingFindings};
use dechaff_findings::Finding;
use dechaff_text::{Document, Origin, TextProvider};

/// The data of a document that comparison needs. Sketches can be stored and compared elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// The document.
    pub origin: Arc<Origin>,
    /// The sketch made by each corpus check, as bytes.
    pub parts: Vec<Vec<u8>>,
}

/// Collects sketches and compares them.
pub struct CorpusComparer<'l> {
    linter: &'l Linter,
    store: Box<dyn Store>,
    memory: usize,
    threads: usize,
    limit: NumberLimit,
    /// For each document: whether it is new rather than a reference, its origin and its sketch.
    documents: Vec<(bool, Arc<Origin>, Vec<BlobRef>)>,
    /// The offsets and lines of units of reference documents in an index.
    indexed: FxHashMap<Arc<Origin>, Vec<(u32, u32)>>,
}

/// The matches found by comparison. They are expanded into findings document by document.
pub struct CorpusMatches<'d> {
    /// The reference documents, then the new ones, each in ascending order.
    origins: Arc<[Arc<Origin>]>,
    older: usize,
    /// The matches of each corpus check.
    pending: Vec<Box<dyn PendingFindings + 'd>>,
}
impl<'l> CorpusComparer<'l> {
    pub(super) fn new(linter: &'l Linter, store: Box<dyn Store>, memory: usize) -> Self {
        Self {
            linter,
            store,
            memory,
            threads: 1,
            limit: NumberLimit::default(),
            documents: Vec::new(),
            indexed: FxHashMap::default(),
        }
    }

    /// Sets the number of threads that expand matches into findings; 1 by default.
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Lowers the limit on the numbers of documents, paragraphs and copies, for tests.
    pub fn with_limit(self, limit: NumberLimit) -> Self {
        Self { limit, ..self }
    }

    /// Adds the sketch of a document to check.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot keep it, or if there are too many documents.
    pub fn add(&mut self, sketch: Sketch) -> store::Result<()> {
        self.insert(true, sketch)
    }

    /// Adds the sketch of a reference document. It is not checked, and counts as older than those
    /// that are.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot keep it, or if there are too many documents.
    pub fn add_reference(&mut self, sketch: Sketch) -> store::Result<()> {
        self.insert(false, sketch)
    }

    /// Adds those documents of `indexes` that may match as reference documents, reduced to what the
    /// comparison needs. Call it after adding all documents.
    ///
    /// `shown` returns the origin that a document has in an index. A document is not compared with
    /// its own entry.
    ///
    /// # Errors
    ///
    /// Returns an error if an index or the store cannot be read, or the store cannot be written.
    pub fn add_indexes(
        &mut self,
        indexes: &mut [&mut dyn ReferenceIndex],
        shown: impl Fn(&Origin) -> Arc<Origin>,
    ) -> store::Result<IndexMatches> {
        /// Bytes of sketches per lookup.
        const BATCH_BYTES: usize = 32 << 20;
        let checks: Vec<_> =
            self.linter.corpus_checks.iter().map(|check| check.indexed()).collect();
        let new: Vec<&Vec<BlobRef>> = self
            .documents
            .iter()
            .filter(|(is_new, ..)| *is_new)
            .map(|(_, _, places)| places)
            .collect();
        let checked: FxHashSet<Arc<Origin>> =
            self.documents.iter().map(|(_, origin, _)| shown(origin)).collect();
        let mut lookup = IndexLookup::new(checks, checked);
        if let Some(index) = indexes.first() {
            for places in &new {
                for (check, place) in places.iter().enumerate() {
                    lookup.count_variants(check, &self.store.read(*place)?, *index);
                }
            }
        }
        let (mut queries, mut size) = (Vec::new(), 0);
        for places in new {
            for (check, place) in places.iter().enumerate() {
                let sketch = self.store.read(*place)?;
                lookup.queries(check, &sketch, &mut queries);
                size += sketch.len();
            }
            if size > BATCH_BYTES {
                lookup.run(std::mem::take(&mut queries), indexes)?;
                size = 0;
            }
        }
        lookup.run(queries, indexes)?;
        let (matches, references) = lookup.finish(indexes.len());
        for (sketch, lines) in references {
            self.indexed.insert(Arc::clone(&sketch.origin), lines);
            self.add_reference(sketch)?;
        }
        Ok(matches)
    }

    fn insert(&mut self, is_new: bool, sketch: Sketch) -> store::Result<()> {
        self.limit.check(self.documents.len() + 1, "documents")?;
        let places = sketch
            .parts
            .into_iter()
            .map(|part| self.store.append_owned(part))
            .collect::<store::Result<_>>()?;
        self.documents.push((is_new, sketch.origin, places));
        Ok(())
    }

    /// Compares the documents. `texts` provides their texts for as long as the matches live.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read or written, or if there are too many paragraphs
    /// or copies to number.
    pub fn finish<'d>(self, texts: &'d dyn TextProvider) -> store::Result<CorpusMatches<'d>>
    where
        'l: 'd,
    {
        let Self { linter, store, memory, threads, limit, mut documents, indexed } = self;
        documents.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        let older = documents.partition_point(|(is_new, ..)| !is_new);
        let origins: Arc<[Arc<Origin>]> =
            documents.iter().map(|(_, origin, _)| Arc::clone(origin)).collect();
        let sketches_of = |index: usize| {
            documents
                .iter()
                .map(|(_, _, places)| places.get(index).copied().unwrap_or_default())
                .collect()
        };
        let sketches: Vec<Vec<BlobRef>> =
            (0..linter.corpus_checks.len()).map(sketches_of).collect();
        let indexed: IndexedPlaces = (0_u32..)
            .zip(origins.iter().take(older))
            .filter_map(|(number, origin)| Some((number, indexed.get(origin)?.clone())))
            .collect();
        let indexed = Arc::new(indexed);
        // For a million small records, they take as much memory as the comparison.
        drop(documents);
        let mut pending = Vec::new();
        for (check, sketches) in linter.corpus_checks.iter().zip(sketches) {
            let origins = Arc::clone(&origins);
            let indexed = Arc::clone(&indexed);
            let documents = DocumentSet { origins, texts, memory, threads, limit, indexed };
            pending.push(check.compare(&Corpus {
                sketches: &sketches,
                store: store.as_ref(),
                documents,
            })?);
        }
        Ok(CorpusMatches { origins, older, pending })
    }
}

impl<'d> CorpusMatches<'d> {
    /// Creates the matches of new documents alone.
    pub(super) fn new(
        origins: Arc<[Arc<Origin>]>,
        pending: Vec<Box<dyn PendingFindings + 'd>>,
    ) -> Self {
        Self { origins, older: 0, pending }
    }
}

impl CorpusMatches<'_> {
    /// Returns the findings in `document`, in order of position.
    pub fn findings_in(&mut self, document: &Document<'_>) -> Vec<Finding> {
        let (older, new) = self.origins.split_at_checked(self.older).unwrap_or_default();
        let among = |origins: &[Arc<Origin>]| origins.binary_search(document.origin()).ok();
        let Some(number) = among(new).map(|at| self.older + at).or_else(|| among(older)) else {
            return Vec::new();
        };
        // The comparison refuses more documents.
        let Ok(number) = u32::try_from(number) else { return Vec::new() };
        let mut findings: Vec<Finding> = self
            .pending
            .iter_mut()
            .flat_map(|pending| pending.findings_in(number, document))
            .collect();
        sort_by_position(&mut findings);
        findings
    }

    /// Returns the findings of all documents.
    pub fn into_findings(self) -> FindingsByDocument {
        let mut found: FindingsByDocument =
            self.pending.into_iter().flat_map(PendingFindings::into_findings).collect();
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        found.dedup_by(|(next, more), (origin, findings)| {
            let is_same = next == origin;
            if is_same {
                findings.append(more);
            }
            is_same
        });
        for (_, findings) in &mut found {
            sort_by_position(findings);
        }
        found
    }
}
