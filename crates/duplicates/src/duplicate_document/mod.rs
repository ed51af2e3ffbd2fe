//! The `duplicate-document` kind: documents that are copies of another one as a whole.
//!
//! A sketch has the shingles of a whole document. Equal documents are grouped, and one of each
//! group takes part in the join. One document of each group of copies stays: a document is only
//! reported against one that is not itself reported, so that copies of copies do not drift.

mod indexed;
mod sketch;
mod staged;

use std::cmp::Reverse;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::duplicate::{JoinLimits, Ratio, SetSource, join, lost_note};
use super::indexed::IndexedCheck;
use super::staged::StagedCheck;
use super::{Corpus, CorpusCheck, DocumentSet, FindingsByDocument, PendingFindings, store};
use dechaff_findings::{Finding, Label, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::{Document, Span};
use sketch::{DocumentSketch, Similarity};

/// The kind's name in rule files.
pub const NAME: &str = "duplicate-document";

/// Maximum number of documents with a shingle. Beyond it, only those close to each other are
/// compared.
const MAX_POSTINGS: usize = 1_000;
/// Candidates kept per document: the most similar ones, and the first ones.
const MAX_CANDIDATES: usize = 8;

/// The parameters: which documents count as copies, and which copy stays.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Minimum number of words of a document.
    pub min_words: u32,
    /// Minimum Jaccard similarity of the sets of five-word shingles, from 0.1 to 1. With 1, only
    /// documents with the same words in the same order are reported.
    pub threshold: f64,
    /// Which copy stays.
    #[serde(default)]
    pub keep: KeepDocument,
}

impl Parameters {
    /// Returns the threshold, unless only equal documents are reported.
    fn near_threshold(&self) -> Option<Ratio> {
        Ratio::new(self.threshold).filter(|_| self.threshold < 1.0)
    }
}

/// Which of several copies of a document stays. Ties go to the first one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeepDocument {
    /// The first one by path and record.
    #[default]
    First,
    /// The one with most words.
    Longest,
    /// The one with the largest share of its words in paragraphs of running text.
    Cleanest,
}

/// Checks that the parameters are in range.
///
/// # Errors
///
/// A parameter is out of range.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    match (0.1..=1.0).contains(&parameters.threshold) {
        true => Ok(()),
        false => {
            let message = format!("`threshold` {} is not between 0.1 and 1", parameters.threshold);
            Err(ParameterError { message, place: None })
        }
    }
}

/// Compiles all rules of this kind into one check.
///
/// # Errors
///
/// Never fails: the parameters have passed [`validate`].
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn CorpusCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, *parameters)).collect();
    Ok(Box::new(DuplicateDocumentCheck { rules }))
}

struct DuplicateDocumentCheck {
    rules: Vec<(Arc<RuleInfo>, Parameters)>,
}

impl CorpusCheck for DuplicateDocumentCheck {
    fn indexed(&self) -> Option<&dyn IndexedCheck> {
        Some(self)
    }

    fn staged(&self) -> Option<&dyn StagedCheck> {
        Some(self)
    }

    fn sketch(&self, document: &Document<'_>) -> Vec<u8> {
        DocumentSketch::encode(document)
    }

    fn compare<'d>(
        &'d self,
        corpus: &Corpus<'_, 'd>,
    ) -> store::Result<Box<dyn PendingFindings + 'd>> {
        let sketches = corpus.sketches.iter().map(|blob| DocumentSketch::read(corpus.store, *blob));
        let sketches: Vec<DocumentSketch> = sketches.collect::<store::Result<_>>()?;
        let mut copies: Vec<KeptByCopy> = Vec::new();
        for (_, parameters) in &self.rules {
            copies.push(find_copies(parameters, &sketches, corpus)?);
        }
        let documents = corpus.documents.clone();
        Ok(Box::new(DocumentCopies { rules: &self.rules, copies, documents }))
    }
}

/// Maps the number of each copy to that of the document that stays.
type KeptByCopy = FxHashMap<u32, u32>;

/// Finds the copies.
fn find_copies(
    parameters: &Parameters,
    sketches: &[DocumentSketch],
    corpus: &Corpus<'_, '_>,
) -> store::Result<KeptByCopy> {
    let mut order = order_kept_first(parameters, sketches);
    let sketch = |number: u32| &sketches[number as usize];
    // Of equal documents, only the first is joined with others.
    let mut first_by_hash: FxHashMap<(u64, u32), u32> = FxHashMap::default();
    let mut equal: Vec<(u32, u32)> = Vec::new();
    order.retain(|&number| {
        let first =
            *first_by_hash.entry((sketch(number).exact, sketch(number).words)).or_insert(number);
        if first != number {
            equal.push((number, first));
        }
        first == number
    });
    drop(first_by_hash);
    let mut copies = find_similar(parameters, sketches, &order, corpus)?;
    for (number, first) in equal {
        let kept = copies.get(&first).copied().unwrap_or(first);
        copies.insert(number, kept);
    }
    Ok(copies)
}

/// Returns the numbers of the documents that are long enough, in the order in which they stay.
fn order_kept_first(parameters: &Parameters, sketches: &[DocumentSketch]) -> Vec<u32> {
    let mut order: Vec<u32> = (0_u32..)
        .zip(sketches)
        .filter(|(_, sketch)| sketch.words >= parameters.min_words.max(1))
        .map(|(number, _)| number)
        .collect();
    let sketch = |number: u32| &sketches[number as usize];
    match parameters.keep {
        KeepDocument::First => {}
        KeepDocument::Longest => order.sort_by_key(|&number| Reverse(sketch(number).words)),
        KeepDocument::Cleanest => {
            order.sort_by_key(|&number| Reverse(sketch(number).running_share))
        }
    }
    order
}

/// Finds the documents in `order` that are similar to an earlier one that stays.
fn find_similar(
    parameters: &Parameters,
    sketches: &[DocumentSketch],
    order: &[u32],
    corpus: &Corpus<'_, '_>,
) -> store::Result<KeptByCopy> {
    let mut copies = KeptByCopy::default();
    let Some(threshold) = parameters.near_threshold() else { return Ok(copies) };
    let sets = DocumentSets { sketches, order, store: corpus.store };
    let limits = JoinLimits { postings: MAX_POSTINGS, memory: corpus.documents.memory };
    let mut candidates: FxHashMap<u32, Candidates<u32>> = FxHashMap::default();
    join(&sets, threshold, limits, corpus.store, &mut |pair| {
        let sizes = sets.size(pair.left as usize) + sets.size(pair.right as usize);
        let union = sizes as u64 - u64::from(pair.shared);
        candidates.entry(pair.right).or_default().add(pair.left, similarity(pair.shared, union));
    })?;
    let mut rights: Vec<u32> = candidates.keys().copied().collect();
    rights.sort_unstable();
    for right in rights {
        // This order ensures that the outcome for each candidate is known.
        let stays = |left: u32| !copies.contains_key(&order[left as usize]);
        let kept = candidates.get(&right).and_then(|candidates| candidates.best(stays));
        if let Some(kept) = kept {
            copies.insert(order[right as usize], order[kept as usize]);
        }
    }
    Ok(copies)
}

/// The earlier documents that resemble a document, by their position in the order.
struct Candidates<D> {
    /// The most similar ones, by similarity in millionths.
    similar: Vec<(Reverse<u64>, D)>,
    /// The first ones, which are the likeliest to stay, in the same form.
    first: Vec<(D, Reverse<u64>)>,
}

impl<D> Default for Candidates<D> {
    fn default() -> Self {
        Self { similar: Vec::new(), first: Vec::new() }
    }
}

impl<D: Copy + Ord> Candidates<D> {
    fn add(&mut self, left: D, similarity: u64) {
        let similarity = Reverse(similarity);
        insert_bounded(&mut self.similar, (similarity, left));
        insert_bounded(&mut self.first, (left, similarity));
    }

    /// Returns the most similar candidate that stays.
    fn best(&self, stays: impl Fn(D) -> bool) -> Option<D> {
        let first = self.first.iter().map(|(left, similarity)| (*similarity, *left));
        self.similar
            .iter()
            .copied()
            .chain(first)
            .filter(|(_, left)| stays(*left))
            .min()
            .map(|(_, left)| left)
    }
}

/// Returns the similarity of two documents in millionths.
fn similarity(shared: u32, union: u64) -> u64 {
    u64::from(shared) * 1_000_000 / union.max(1)
}

fn insert_bounded<T: Ord>(sorted: &mut Vec<T>, value: T) {
    let at = sorted.partition_point(|other| *other < value);
    if at < MAX_CANDIDATES {
        sorted.insert(at, value);
        sorted.truncate(MAX_CANDIDATES);
    }
}

/// The shingles of documents, in the order in which they are kept.
struct DocumentSets<'s> {
    sketches: &'s [DocumentSketch],
    order: &'s [u32],
    store: &'s dyn store::Store,
}

impl DocumentSets<'_> {
    fn sketch(&self, index: usize) -> Option<&DocumentSketch> {
        self.sketches.get(*self.order.get(index)? as usize)
    }
}

impl SetSource for DocumentSets<'_> {
    fn count(&self) -> usize {
        self.order.len()
    }

    fn size(&self, index: usize) -> usize {
        self.sketch(index).map_or(0, |sketch| sketch.shingles as usize)
    }

    fn read(&self, index: usize, elements: &mut Vec<u64>) -> store::Result<()> {
        elements.clear();
        self.sketch(index).map_or(Ok(()), |sketch| sketch.read_shingles(self.store, elements))
    }
}

/// The documents that are copies.
struct DocumentCopies<'d> {
    rules: &'d [(Arc<RuleInfo>, Parameters)],
    /// The rules.
    copies: Vec<KeptByCopy>,
    documents: DocumentSet<'d>,
}

impl DocumentCopies<'_> {
    fn build_findings(&self, number: u32, document: &Document<'_>) -> Vec<Finding> {
        let rules = self.rules.iter().zip(&self.copies);
        rules
            .filter_map(|((rule, parameters), copies)| {
                self.finding(rule, parameters, *copies.get(&number)?, document)
            })
            .collect()
    }

    /// Builds a finding if both texts are still as similar as their sketches.
    fn finding(
        &self,
        rule: &Arc<RuleInfo>,
        parameters: &Parameters,
        kept: u32,
        document: &Document<'_>,
    ) -> Option<Finding> {
        let origin = self.documents.origins.get(kept as usize)?;
        let Some(text) = self.documents.texts.text(origin) else {
            self.documents.indexed.get(&kept)?;
            let mut finding = Finding::new(rule, document, trimmed(document.text()));
            finding.notes.push(lost_note("the copy that stays", origin, None).into());
            return Some(finding);
        };
        let similarity = Similarity::new(document.text(), &text);
        if !similarity.reaches(parameters.threshold) {
            return None;
        }
        let span = trimmed(document.text());
        let mut finding = Finding::new(rule, document, span);
        if similarity.is_equal {
            finding.notes.push("the words are the same".into());
        } else {
            finding.message = Some("near copy of another document".into());
            finding.notes.push(similarity.describe().into());
        }
        finding.labels.push(Label {
            origin: Some(Arc::clone(origin)),
            span: first_line(&text),
            message: "the copy that stays".into(),
        });
        Some(finding)
    }
}

impl PendingFindings for DocumentCopies<'_> {
    fn findings_in(&mut self, number: u32, document: &Document<'_>) -> Vec<Finding> {
        self.build_findings(number, document)
    }

    fn into_findings(self: Box<Self>) -> FindingsByDocument {
        let mut numbers: Vec<u32> =
            self.copies.iter().flat_map(|copies| copies.keys().copied()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        self.documents
            .build_findings(numbers, |number, document| self.build_findings(number, document))
    }
}

/// Returns the text without the whitespace around it.
fn trimmed(text: &str) -> Span {
    let start = text.len() - text.trim_start().len();
    Span::new(start, start + text.trim().len())
}

/// Returns the first line that is not blank.
fn first_line(text: &str) -> Span {
    let Span { start, end } = trimmed(text);
    let line = text.get(start..end).and_then(|text| text.lines().next()).unwrap_or_default();
    Span::new(start, start + line.trim_end().len())
}
