//! Checks and fixes documents that are compared with each other, in bounded memory.
//!
//! A thread works through the documents and sends the results through a short queue. The iterator
//! that Python sees receives them, so that Ctrl-C works and results do not pile up.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use dechaff::corpus::{GroupBy, MemoryBudget, ResolvedSettings, SpillStore};
use dechaff::duplicates::store::{self, BlobRef, Store, StoreError};
use dechaff::finding::Finding;
use dechaff::fix::{FixRounds, Fixer, Refusals};
use dechaff::linter::{CorpusComparer, Linter, Sketch};
use dechaff::report::DocumentJudge;
use dechaff::text::{Document, Origin, Record, TextProvider};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::columns::Columns;
use crate::engine::{self, Engine, store_error};
use crate::error::Error;
use crate::pool::Threads;
use crate::results::{InterruptibleStore, Item, Results, Sender};
use crate::rows::{FindingRow, FixedRow};

/// The name of the documents as a whole.
const NAME: &str = "corpus";

/// Bytes of text per batch of a thread.
const BATCH_BYTES: usize = 1 << 20;

/// Documents that are kept, compressed, until they are compared.
#[pyclass(frozen, module = "dechaff._dechaff")]
pub(crate) struct Corpus {
    settings: Arc<ResolvedSettings>,
    threads: Option<usize>,
    memory: MemoryBudget,
    group_by: Option<GroupBy>,
    texts: Mutex<Arc<StoredTexts>>,
}

/// Texts in memory or in a temporary file.
struct StoredTexts {
    store: SpillStore,
    documents: Vec<StoredDocument>,
}

#[derive(Clone)]
struct StoredDocument {
    origin: Arc<Origin>,
    /// The compressed text; `None` for a null.
    blob: Option<BlobRef>,
    /// The site of the document.
    site: Option<Arc<str>>,
    /// Bytes of the text.
    bytes: usize,
}

impl StoredTexts {
    fn new(memory: usize) -> Self {
        Self { store: SpillStore::new(memory), documents: Vec::new() }
    }

    fn read(&self, blob: BlobRef) -> Option<Arc<str>> {
        let bytes = zstd::stream::decode_all(&self.store.read(blob).ok()?[..]).ok()?;
        String::from_utf8(bytes).ok().map(Arc::from)
    }

    fn text_of(&self, document: &StoredDocument) -> Option<Arc<str>> {
        document.blob.and_then(|blob| self.read(blob))
    }

    /// Divides the documents into batches for `threads` threads.
    fn batches(&self, threads: usize) -> impl Iterator<Item = &[StoredDocument]> {
        let mut rest = &self.documents[..];
        std::iter::from_fn(move || {
            let mut bytes = 0;
            let is_over = |document: &StoredDocument| {
                bytes += document.bytes;
                bytes >= threads * BATCH_BYTES
            };
            let length = rest.iter().position(is_over).map_or(rest.len(), |last| last + 1);
            let (batch, after) = rest.split_at(length);
            rest = after;
            (!batch.is_empty()).then_some(batch)
        })
    }
}

fn position(origin: &Origin) -> Option<usize> {
    let index = origin.record.as_ref()?.index;
    usize::try_from(index).ok()?.checked_sub(1)
}

impl TextProvider for StoredTexts {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.text_of(self.documents.get(position(origin)?)?)
    }
}

/// The texts of a round of fixing: fixed ones, and originals.
struct RoundTexts<'t> {
    originals: &'t StoredTexts,
    store: SpillStore,
    changed: Vec<Option<BlobRef>>,
}

impl TextProvider for RoundTexts<'_> {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        match self.changed.get(position(origin)?)? {
            Some(blob) => {
                let bytes = zstd::stream::decode_all(&self.store.read(*blob).ok()?[..]).ok()?;
                String::from_utf8(bytes).ok().map(Arc::from)
            }
            None => self.originals.text(origin),
        }
    }
}

fn compress(text: &str) -> store::Result<Vec<u8>> {
    zstd::bulk::compress(text.as_bytes(), 1)
        .map_err(|error| StoreError { message: format!("cannot compress a text: {error}") })
}

#[pymethods]
impl Corpus {
    #[new]
    #[pyo3(signature = (engine, memory, group_by))]
    fn new(
        py: Python<'_>,
        engine: &Engine,
        memory: Option<usize>,
        group_by: Option<&str>,
    ) -> PyResult<Self> {
        let settings = engine.settings(py)?;
        let configured = settings.value(|options| options.group_by.as_ref());
        let group_by = group_by.or(configured.map(|(name, _)| name.as_str())).map(GroupBy::parse);
        let configured = settings.value(|options| options.memory.as_ref());
        let configured = configured.and_then(|(text, _)| dechaff::config::parse_size(text).ok());
        let memory = MemoryBudget::new(memory.or(configured));
        Ok(Self {
            settings,
            threads: engine.threads,
            memory,
            group_by,
            texts: Mutex::new(Arc::new(StoredTexts::new(memory.texts))),
        })
    }

    /// How documents are grouped into sites: `path`, or the name of a field.
    #[getter]
    fn group_by(&self) -> Option<&str> {
        self.group_by.as_ref().map(GroupBy::name)
    }

    /// Adds documents. `ids` has their names in messages; `groups` has the path or field that they
    /// are grouped by.
    #[pyo3(signature = (ids, column, groups))]
    fn add(
        &self,
        py: Python<'_>,
        ids: Vec<Option<String>>,
        column: Columns,
        groups: Vec<Option<String>>,
    ) -> PyResult<()> {
        let (mut ids, mut groups) = (ids.into_iter(), groups.into_iter());
        py.detach(|| {
            let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(texts) = Arc::get_mut(&mut texts) else {
                return Err(PyRuntimeError::new_err("the corpus is being read"));
            };
            for (_, column) in column.numbered() {
                for row in 0..column.len() {
                    let text = column.text(row);
                    let append = |text: &str| texts.store.append_owned(compress(text)?);
                    let blob = text.map(append).transpose().map_err(store_error)?;
                    let record = Record {
                        index: texts.documents.len() as u64 + 1,
                        id: ids.next().flatten(),
                    };
                    texts.documents.push(StoredDocument {
                        origin: Arc::new(Origin { path: NAME.into(), record: Some(record) }),
                        blob,
                        site: self.site(groups.next().flatten().as_deref()),
                        bytes: text.map_or(0, str::len),
                    });
                }
            }
            Ok(())
        })
    }

    /// Checks all documents. Returns an iterator over the findings of each.
    fn check(&self, py: Python<'_>) -> PyResult<Results> {
        let pass = self.pass(py)?;
        Results::spawn(move |sender| pass.check(sender))
    }

    /// Judges all documents. Returns an iterator over the rows that `--documents` writes, as JSON.
    fn report(&self, py: Python<'_>) -> PyResult<Results> {
        let pass = self.pass(py)?;
        let judge = DocumentJudge::new(self.settings.verdict_thresholds());
        Results::spawn(move |sender| pass.report(judge, sender))
    }

    /// Fixes all documents. Returns an iterator over the results.
    #[pyo3(signature = (unsafe_fixes))]
    fn fix(&self, py: Python<'_>, unsafe_fixes: Option<bool>) -> PyResult<Results> {
        let pass = self.pass(py)?;
        let fixer = engine::fixer(&self.settings, unsafe_fixes);
        Results::spawn(move |sender| pass.fix(&fixer, sender))
    }
}

impl Corpus {
    fn pass(&self, py: Python<'_>) -> PyResult<Pass> {
        let texts = Arc::clone(&self.texts.lock().unwrap_or_else(PoisonError::into_inner));
        self.check_sites(&texts.documents)?;
        Ok(Pass {
            linter: self.settings.linter.clone(),
            threads: Threads::get(py, self.threads)?,
            memory: self.memory,
            texts,
        })
    }

    fn site(&self, value: Option<&str>) -> Option<Arc<str>> {
        match self.group_by.as_ref()? {
            by_path @ GroupBy::Path => by_path.group(Path::new(value?), None),
            by_field @ GroupBy::Field(_) => by_field.group(Path::new(NAME), value),
        }
    }

    /// Returns an error if `group_by` is set and no document has a site.
    fn check_sites(&self, documents: &[StoredDocument]) -> PyResult<()> {
        let has_texts = documents.iter().any(|document| document.blob.is_some());
        if !has_texts
            || !self.settings.linter.has_corpus_checks()
            || documents.iter().any(|one| one.site.is_some())
        {
            return Ok(());
        }
        match &self.group_by {
            None => Ok(()),
            Some(GroupBy::Path) => {
                Err(Error::new_err("group_by=\"path\": no document has a path as its ID"))
            }
            Some(GroupBy::Field(field)) => Err(Error::new_err(format!(
                "group_by={field:?}: no document has a string or number in `{field}`"
            ))),
        }
    }
}

/// The state of the thread of a pass.
struct Pass {
    linter: Linter,
    threads: Threads,
    memory: MemoryBudget,
    texts: Arc<StoredTexts>,
}

impl Pass {
    fn check(&self, sender: &Sender) -> store::Result<()> {
        self.lint_all(sender, |document, findings| {
            Item::Findings(FindingRow::all(document, findings, self.texts.as_ref()))
        })
    }

    fn report(&self, mut judge: DocumentJudge, sender: &Sender) -> store::Result<()> {
        self.lint_all(sender, |document, findings| {
            Item::Report(judge.judge(document, findings, &self.linter, |_| false).json())
        })
    }

    /// Compares and lints all documents, and sends the item that `item` makes of each.
    fn lint_all(
        &self,
        sender: &Sender,
        mut item: impl FnMut(&Document<'_>, &[Finding]) -> Item,
    ) -> store::Result<()> {
        let mut comparison = self.comparison(sender);
        if self.linter.has_corpus_checks() {
            for batch in self.texts.batches(self.threads.count()) {
                sender.check_interrupt()?;
                let sketch = |document: &StoredDocument| {
                    self.sketch(document, self.texts.text_of(document)?.as_ref())
                };
                for sketch in self.threads.map(batch, sketch).into_iter().flatten() {
                    comparison.add(sketch)?;
                }
            }
        }
        let mut matches = comparison.finish(self.texts.as_ref())?;
        for batch in self.texts.batches(self.threads.count()) {
            let lint = |document: &StoredDocument| {
                let text = self.texts.text_of(document)?;
                let parsed = Document::parse(Arc::clone(&document.origin), &text);
                let findings = self.linter.check_document(&parsed);
                Some((Arc::clone(&text), findings))
            };
            let mut items = Vec::new();
            for (document, linted) in batch.iter().zip(self.threads.map(batch, lint)) {
                items.push(linted.map_or(Item::Null, |(text, own)| {
                    let parsed = Document::parse(Arc::clone(&document.origin), &text);
                    let compared = matches.findings_in(&parsed);
                    item(&parsed, &self.linter.finish(&parsed, own, compared))
                }));
            }
            sender.send(items)?;
        }
        Ok(())
    }

    fn fix(&self, fixer: &Fixer, sender: &Sender) -> store::Result<()> {
        let rounds = if self.linter.has_corpus_checks() {
            FixRounds::run(
                fixer,
                || sender.is_interrupted(),
                |rounds| self.run_round(fixer, rounds, sender),
            )?
        } else {
            FixRounds::without_matches()
        };
        for batch in self.texts.batches(self.threads.count()) {
            let fix = |document: &StoredDocument| {
                let text = self.texts.text_of(document)?;
                let parsed = Document::parse(Arc::clone(&document.origin), &text);
                Some(FixedRow::new(&text, rounds.fix(fixer, &self.linter, &parsed)))
            };
            let fixed = self.threads.map(batch, fix);
            let items = batch.iter().zip(fixed).map(|(document, fixed)| {
                fixed.map_or(Item::Null, |fixed| {
                    let original =
                        fixed.text.is_none().then(|| self.texts.text_of(document)).flatten();
                    Item::Fixed(fixed, original)
                })
            });
            sender.send(items.collect())?;
        }
        Ok(())
    }

    /// Fixes all documents by the rounds so far and compares the results.
    fn run_round(
        &self,
        fixer: &Fixer,
        rounds: &FixRounds,
        sender: &Sender,
    ) -> store::Result<(Vec<Finding>, Refusals)> {
        let originals = self.texts.as_ref();
        let store = SpillStore::new(self.memory.texts);
        let mut texts = RoundTexts { originals, store, changed: Vec::new() };
        let mut refused = Refusals::new();
        let mut comparison = self.comparison(sender);
        for batch in self.texts.batches(self.threads.count()) {
            sender.check_interrupt()?;
            let fix = |document: &StoredDocument| {
                let text = originals.text_of(document)?;
                let parsed = Document::parse(Arc::clone(&document.origin), &text);
                let outcome = rounds.fix(fixer, &self.linter, &parsed);
                let refusal = rounds.new_refusal(&document.origin, outcome.refusal);
                let fixed = outcome.fixed.map(|fixed| fixed.text);
                let sketch = self.sketch(document, fixed.as_deref().unwrap_or(&text));
                Some((refusal, fixed.map(|fixed| compress(&fixed)), sketch))
            };
            for (document, outcome) in batch.iter().zip(self.threads.map(batch, fix)) {
                let Some((refusal, fixed, sketch)) = outcome else {
                    texts.changed.push(None);
                    continue;
                };
                refused.extend(refusal.map(|refusal| (Arc::clone(&document.origin), refusal)));
                texts.changed.push(
                    fixed.transpose()?.map(|text| texts.store.append_owned(text)).transpose()?,
                );
                if let Some(sketch) = sketch {
                    comparison.add(sketch)?;
                }
            }
        }
        let matches = comparison.finish(&texts)?.into_findings();
        let visible = |(origin, matches): &(Arc<Origin>, Vec<Finding>)| {
            let text = texts.text(origin).unwrap_or_default();
            self.linter.matches_to_fix(&Document::parse(Arc::clone(origin), &text), matches)
        };
        Ok((self.threads.map(&matches, visible).into_iter().flatten().collect(), refused))
    }

    fn comparison(&self, sender: &Sender) -> CorpusComparer<'_> {
        let store = SpillStore::new(self.memory.sketches);
        let store = InterruptibleStore::new(store, sender);
        self.linter
            .comparison(Box::new(store), self.memory.comparison)
            .with_threads(self.threads.count())
    }

    fn sketch(&self, document: &StoredDocument, text: &str) -> Option<Sketch> {
        let parsed = Document::parse(Arc::clone(&document.origin), text);
        Some(self.linter.sketch(&parsed.with_site(document.site.clone())))
    }
}
