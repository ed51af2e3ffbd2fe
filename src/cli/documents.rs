//! Verdicts on documents: `--documents` and `--drop-verdict`.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use anyhow::bail;
use sha2::{Digest, Sha256};

use super::changed_files::ChangedFiles;
use super::context::CheckContext;
use super::settings_resolver::ResolvedSettings;
use crate::corpus::DocumentTable;
use crate::finding::Finding;
use crate::linter::Linter;
use crate::report::{DocumentRow, Judgement, Verdict, VerdictThresholds};
use crate::text::{Document, Origin, PathName, path_of};

/// Documents, as hashes of their origins.
#[derive(Debug, Default)]
pub(super) struct JudgedDocuments(HashSet<u64>);

impl JudgedDocuments {
    fn insert(&mut self, origin: &Origin) {
        self.0.insert(Self::key(origin));
    }

    /// Whether the set has the document from `origin`.
    pub(super) fn contains(&self, origin: &Origin) -> bool {
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

/// Judges the documents of a run in input order.
pub(super) struct DocumentJudge {
    table: Option<DocumentTable>,
    thresholds: VerdictThresholds,
    /// The verdicts of documents that are left out of copies.
    drop_verdicts: Vec<Verdict>,
    /// Documents judged so far that are not dropped.
    staying: JudgedDocuments,
    /// The same documents by their words.
    by_words: HashMap<WordHash, Arc<Origin>>,
    dropped: JudgedDocuments,
}

impl DocumentJudge {
    /// Creates a judge if `arguments` ask for verdicts.
    ///
    /// # Errors
    ///
    /// The table cannot be created.
    pub(super) fn new(context: &CheckContext<'_>) -> anyhow::Result<Option<Self>> {
        let arguments = context.arguments;
        if !arguments.wants_verdicts() {
            return Ok(None);
        }
        if let Some(path) = arguments.documents.as_deref()
            && arguments.reports.outputs().any(|report| report == path)
        {
            bail!("{}: --documents and --output-file are the same file", path.name());
        }
        let table = arguments.documents.as_deref().map(DocumentTable::create).transpose()?;
        let drop_verdicts = arguments.drop_verdict.iter().map(|verdict| verdict.verdict()).collect();
        Ok(Some(Self { table, drop_verdicts, ..Self::without_table(context) }))
    }

    /// Creates a judge that only returns its verdicts.
    pub(super) fn without_table(context: &CheckContext<'_>) -> Self {
        Self {
            table: None,
            thresholds: thresholds(&context.settings),
            drop_verdicts: Vec::new(),
            staying: JudgedDocuments::default(),
            by_words: HashMap::new(),
            dropped: JudgedDocuments::default(),
        }
    }

    /// Judges a document by all its findings, including those in a baseline. Returns the verdict.
    ///
    /// # Errors
    ///
    /// The table cannot be written.
    pub(super) fn judge(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        linter: &Linter,
        changed: &ChangedFiles,
    ) -> anyhow::Result<Judgement> {
        // Documents that are only compared with are not judged, and stay.
        let stays = |origin: &Origin| self.staying.contains(origin) || !changed.contains(&path_of(&origin.path));
        let is_duplicate_rule = |code: &str| linter.is_corpus_rule(code);
        let hash = hash_words(document.text());
        let equal = self.by_words.get(&hash).map(Arc::as_ref);
        let row = DocumentRow::new(document, findings, &self.thresholds, is_duplicate_rule, stays, equal);
        let judgement = row.decision.clone();
        let verdict = judgement.verdict;
        // Whether or not it is left out now: it may be later, by its row in the table.
        if verdict != Verdict::Drop {
            self.staying.insert(document.origin());
            self.by_words.entry(hash).or_insert_with(|| Arc::clone(document.origin()));
        }
        if self.drop_verdicts.contains(&verdict) {
            self.dropped.insert(document.origin());
        }
        if let Some(table) = &mut self.table {
            table.add(row)?;
        }
        Ok(judgement)
    }

    /// Completes the table, and returns the documents to leave out of copies.
    ///
    /// # Errors
    ///
    /// The table cannot be written. An existing file is then unchanged.
    pub(super) fn finish(self) -> anyhow::Result<JudgedDocuments> {
        self.table.map_or(Ok(()), DocumentTable::finish)?;
        Ok(self.dropped)
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

fn thresholds(settings: &ResolvedSettings) -> VerdictThresholds {
    let default = VerdictThresholds::default();
    let min_words = settings.value(|options| options.documents.min_words.as_ref());
    let drop_share = settings.value(|options| options.documents.drop_share.as_ref());
    let review_share = settings.value(|options| options.documents.review_share.as_ref());
    let max_removed = settings.value(|options| options.max_removed.as_ref());
    VerdictThresholds {
        min_words: min_words.map_or(default.min_words, |(words, _)| *words),
        drop_share: drop_share.map_or(default.drop_share, |(share, _)| *share),
        review_share: review_share.map_or(default.review_share, |(share, _)| *share),
        max_removed: max_removed.map_or(default.max_removed, |(share, _)| *share),
    }
}
