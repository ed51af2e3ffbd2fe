//! Checks and fixes documents that are compared with each other, in bounded memory.
//!
//! A thread works through the documents and sends the results through a short queue. The iterator
//! that Python sees receives them, so that Ctrl-C works and results do not pile up.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dechaff::check::store::{self, Blob, BlobRef, Store, StoreError};
use dechaff::corpus::{MemoryBudget, ResolvedSettings, SpillStore};
use dechaff::finding::Finding;
use dechaff::fix::{FixRounds, Fixer, Refusals};
use dechaff::linter::{CorpusComparer, Linter, Sketch};
use dechaff::text::{Document, Origin, Record, TextProvider};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use crate::columns::Columns;
use crate::engine::{self, Engine, store_error};
use crate::pool::Threads;
use crate::rows::{FindingRow, FixedRow};

/// The name of the documents as a whole.
const NAME: &str = "corpus";

/// Bytes of text that a thread takes on at a time.
const BATCH_BYTES: usize = 1 << 20;

/// Documents that are kept, compressed, until they are compared.
#[pyclass(frozen, module = "dechaff._dechaff")]
pub(crate) struct Corpus {
    settings: Arc<ResolvedSettings>,
    threads: Option<usize>,
    memory: MemoryBudget,
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

/// The texts of one round of fixing: those that fixes changed, and the originals.
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
    #[pyo3(signature = (engine, memory))]
    fn new(engine: &Engine, memory: Option<usize>) -> Self {
        let configured = engine.settings.value(|options| options.memory.as_ref());
        let configured = configured.and_then(|(text, _)| dechaff::config::parse_size(text).ok());
        let memory = MemoryBudget::new(memory.or(configured));
        Self {
            settings: Arc::clone(&engine.settings),
            threads: engine.threads,
            memory,
            texts: Mutex::new(Arc::new(StoredTexts::new(memory.texts))),
        }
    }

    /// Adds documents. `ids` names them in messages.
    #[pyo3(signature = (ids, column))]
    fn add(&self, py: Python<'_>, ids: Vec<Option<String>>, column: Columns) -> PyResult<()> {
        let mut ids = ids.into_iter();
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
                    let record = Record { index: texts.documents.len() as u64 + 1, id: ids.next().flatten() };
                    texts.documents.push(StoredDocument {
                        origin: Arc::new(Origin { path: NAME.into(), record: Some(record) }),
                        blob,
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
        Ok(Pass {
            linter: self.settings.linter.clone(),
            threads: Threads::get(py, self.threads)?,
            memory: self.memory,
            texts: Arc::clone(&self.texts.lock().unwrap_or_else(PoisonError::into_inner)),
        })
    }
}

/// What the thread of a pass needs.
struct Pass {
    linter: Linter,
    threads: Threads,
    memory: MemoryBudget,
    texts: Arc<StoredTexts>,
}

impl Pass {
    fn check(&self, sender: &Sender) -> store::Result<()> {
        let mut comparison = self.comparison(sender);
        if self.linter.has_corpus_checks() {
            for batch in self.texts.batches(self.threads.count()) {
                sender.check_interrupt()?;
                let sketch = |document: &StoredDocument| self.sketch(document, self.texts.text_of(document)?.as_ref());
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
                    let findings = self.linter.finish(&parsed, own, compared);
                    Item::Findings(FindingRow::all(&parsed, &findings, self.texts.as_ref()))
                }));
            }
            sender.send(items)?;
        }
        Ok(())
    }

    fn fix(&self, fixer: &Fixer, sender: &Sender) -> store::Result<()> {
        let rounds = if self.linter.has_corpus_checks() {
            FixRounds::run(fixer, || sender.is_interrupted(), |rounds| self.run_round(fixer, rounds, sender))?
        } else {
            FixRounds::default()
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
                    let original = fixed.text.is_none().then(|| self.texts.text_of(document)).flatten();
                    Item::Fixed(fixed, original)
                })
            });
            sender.send(items.collect())?;
        }
        Ok(())
    }

    /// Fixes all documents by the rounds so far and compares the results.
    fn run_round(&self, fixer: &Fixer, rounds: &FixRounds, sender: &Sender) -> store::Result<(Vec<Finding>, Refusals)> {
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
                texts.changed.push(fixed.transpose()?.map(|text| texts.store.append_owned(text)).transpose()?);
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
        let store = InterruptibleStore { store, cancelled: Arc::clone(&sender.cancelled) };
        self.linter.comparison(Box::new(store), self.memory.comparison).with_threads(self.threads.count())
    }

    fn sketch(&self, document: &StoredDocument, text: &str) -> Option<Sketch> {
        Some(self.linter.sketch(&Document::parse(Arc::clone(&document.origin), text)))
    }
}

/// The result for one document.
enum Item {
    Findings(Vec<FindingRow>),
    /// With the original text if the text did not change.
    Fixed(FixedRow, Option<Arc<str>>),
    /// There is no text.
    Null,
}

/// The end of the queue in the thread of a pass.
struct Sender {
    queue: SyncSender<store::Result<Vec<Item>>>,
    cancelled: Arc<AtomicBool>,
}

impl Sender {
    fn is_interrupted(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    fn check_interrupt(&self) -> store::Result<()> {
        if self.is_interrupted() { Err(interrupted()) } else { Ok(()) }
    }

    fn send(&self, items: Vec<Item>) -> store::Result<()> {
        self.queue.send(Ok(items)).map_err(|_| interrupted())
    }
}

fn interrupted() -> StoreError {
    StoreError { message: "interrupted".into() }
}

/// A store that fails once the pass is cancelled, which ends a comparison soon.
struct InterruptibleStore {
    store: SpillStore,
    cancelled: Arc<AtomicBool>,
}

impl InterruptibleStore {
    fn check(&self) -> store::Result<()> {
        if self.cancelled.load(Ordering::Relaxed) { Err(interrupted()) } else { Ok(()) }
    }
}

impl Store for InterruptibleStore {
    fn append(&self, bytes: &[u8]) -> store::Result<BlobRef> {
        self.check()?;
        self.store.append(bytes)
    }

    fn append_owned(&self, bytes: Vec<u8>) -> store::Result<BlobRef> {
        self.check()?;
        self.store.append_owned(bytes)
    }

    fn read(&self, place: BlobRef) -> store::Result<Blob> {
        self.check()?;
        self.store.read(place)
    }
}

/// An iterator over the results of a pass, in order of document.
#[pyclass(frozen, module = "dechaff._dechaff")]
pub(crate) struct Results {
    /// The process whose thread sends the results.
    process: u32,
    cancelled: Arc<AtomicBool>,
    state: Mutex<ReceiverState>,
}

struct ReceiverState {
    queue: Receiver<store::Result<Vec<Item>>>,
    items: VecDeque<Item>,
}

impl Results {
    fn spawn(work: impl FnOnce(&Sender) -> store::Result<()> + Send + 'static) -> PyResult<Self> {
        /// Batches that may wait for Python.
        const QUEUE: usize = 1;
        let (queue, receiver) = sync_channel(QUEUE);
        let cancelled = Arc::new(AtomicBool::new(false));
        let sender = Sender { queue, cancelled: Arc::clone(&cancelled) };
        let run = move || {
            if let Err(error) = work(&sender) {
                // Sending fails if the receiver is gone.
                let _ = sender.queue.send(Err(error));
            }
        };
        std::thread::Builder::new()
            .name("dechaff-corpus".into())
            .spawn(run)
            .map_err(|error| PyRuntimeError::new_err(format!("cannot start a thread: {error}")))?;
        let state = ReceiverState { queue: receiver, items: VecDeque::new() };
        Ok(Self { process: std::process::id(), cancelled, state: Mutex::new(state) })
    }
}

#[pymethods]
impl Results {
    fn __iter__(this: PyRef<'_, Self>) -> PyRef<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        /// Time between two looks for Ctrl-C.
        const INTERVAL: Duration = Duration::from_millis(50);
        if self.process != std::process::id() {
            return Err(PyRuntimeError::new_err("a pass over a corpus cannot be continued in a forked process"));
        }
        loop {
            let received = py.detach(|| {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(item) = state.items.pop_front() {
                    return Ok(Some(Some(item)));
                }
                match state.queue.recv_timeout(INTERVAL) {
                    Ok(items) => {
                        state.items.extend(items?);
                        Ok(None)
                    }
                    Err(RecvTimeoutError::Timeout) => Ok(None),
                    Err(RecvTimeoutError::Disconnected) => Ok(Some(None)),
                }
            });
            match received.map_err(store_error)? {
                Some(item) => return item.map(|item| item.into_python(py)).transpose(),
                None => py.check_signals().inspect_err(|_| self.cancel())?,
            }
        }
    }

    /// Ends the pass.
    fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}

impl Drop for Results {
    fn drop(&mut self) {
        self.cancel();
    }
}

impl Item {
    fn into_python(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        match self {
            Self::Findings(findings) => Ok(findings.into_pyobject(py)?.into_any()),
            Self::Fixed(fixed, original) => Ok((fixed, original.as_deref()).into_pyobject(py)?.into_any()),
            Self::Null => Ok(py.None().into_bound(py)),
        }
    }
}
