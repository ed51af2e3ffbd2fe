//! Judges the documents of a corpus in input order, so that the first of several copies is kept.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::document_row::{DocumentRow, Verdict, VerdictThresholds, WholeCopy, WholeDocument};
use crate::linter::Linter;
use dechaff_findings::Finding;
use dechaff_text::{Document, Origin};

/// Documents, as hashes of their origins.
#[derive(Debug, Default)]
pub struct JudgedDocuments(HashSet<u64>);

impl JudgedDocuments {
    /// Adds the document from `origin`.
    pub fn insert(&mut self, origin: &Origin) {
        self.0.insert(Self::key(origin));
    }

    /// Returns whether the set has the document from `origin`.
    pub fn contains(&self, origin: &Origin) -> bool {
        !self.0.is_empty() && self.0.contains(&Self::key(origin))
    }

    fn key(origin: &Origin) -> u64 {
        let mut hasher = DefaultHasher::new();
        origin.hash(&mut hasher);
        hasher.finish()
    }
}

/// The first half of a SHA-256.
type WordHash = [u8; 16];

/// Judges documents, using about 100 bytes of memory for each.
#[derive(Debug)]
pub struct DocumentJudge {
    thresholds: VerdictThresholds,
    /// Documents judged so far that are not dropped.
    staying: JudgedDocuments,
    /// The same documents by their words.
    by_words: HashMap<WordHash, Arc<Origin>>,
    /// Documents judged so far that are dropped.
    dropped: JudgedDocuments,
}

impl DocumentJudge {
    /// Creates a judge that has seen no documents.
    pub fn new(thresholds: VerdictThresholds) -> Self {
        Self {
            thresholds,
            staying: JudgedDocuments::default(),
            by_words: HashMap::new(),
            dropped: JudgedDocuments::default(),
        }
    }

    /// Judges the next document by all findings in it. `linter` says which rules compare documents.
    /// Documents for which `is_reference` holds are never judged, and stay.
    pub fn judge(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        linter: &Linter,
        is_reference: impl Fn(&Origin) -> bool,
    ) -> DocumentRow {
        let stays = |origin: &Origin| self.staying.contains(origin) || is_reference(origin);
        let is_duplicate_rule = |code: &str| linter.is_corpus_rule(code);
        let hash = hash_words(document.text());
        let equal =
            self.by_words.get(&hash).map(|origin| WholeCopy { kept: origin, likeness: None });
        let is_whole = |finding: &Finding| linter.is_document_rule(&finding.rule.code);
        // The copy that is kept may come later.
        let whole = findings
            .iter()
            .filter(|finding| is_whole(finding))
            .find_map(|finding| self.whole_copy(finding));
        let copy_of = equal.or(whole);
        let is_measure = |finding: &Finding| linter.is_measure_rule(&finding.rule.code);
        let failed_measure = findings.iter().find(|finding| is_measure(finding));
        let is_of_passage = |finding: &Finding| !is_whole(finding) && !is_measure(finding);
        let others = match findings.iter().all(is_of_passage) {
            true => Cow::Borrowed(findings),
            false => {
                let others = findings.iter().filter(|finding| is_of_passage(finding));
                Cow::Owned(others.cloned().collect::<Vec<_>>())
            }
        };
        let mut row = DocumentRow::new(
            document,
            &others,
            &self.thresholds,
            is_duplicate_rule,
            stays,
            WholeDocument { copy_of: copy_of.as_ref(), failed_measure },
        );
        row.count_findings(findings);
        // Even if it is not left out now, the user may drop it later because of its row in the
        // table.
        if row.decision.verdict != Verdict::Drop {
            self.staying.insert(document.origin());
            self.by_words.entry(hash).or_insert_with(|| Arc::clone(document.origin()));
        } else {
            self.dropped.insert(document.origin());
        }
        row
    }

    /// Returns the result of a finding about a whole document, unless the other document is
    /// dropped.
    fn whole_copy<'f>(&self, finding: &'f Finding) -> Option<WholeCopy<'f>> {
        let kept = finding.labels.first()?.origin.as_deref()?;
        let likeness = finding.message.as_ref().and(finding.notes.first());
        let likeness = likeness.map(|note| (finding.rule.code.as_str(), &**note));
        (!self.dropped.contains(kept)).then_some(WholeCopy { kept, likeness })
    }
}

/// Hashes a text without regard to its whitespace.
fn hash_words(text: &str) -> WordHash {
    let mut hash = Sha256::new();
    for word in text.split_whitespace() {
        hash.update(word);
        hash.update([0]);
    }
    let mut first = WordHash::default();
    first.copy_from_slice(&hash.finalize()[..size_of::<WordHash>()]);
    first
}
