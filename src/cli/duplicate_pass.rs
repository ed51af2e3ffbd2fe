//! The first pass over a corpus: sketches every document and compares the sketches.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use anyhow::Context;

use super::against::Against;
use super::interrupt::{self, NoWriteGuard};
use super::pipeline::{BATCH_BYTES, DocumentSource, Event, INDEX_OVERHEAD, Pipeline, WorkItem};
use super::progress::Progress;
use crate::corpus::index::IndexTexts;
use crate::corpus::work::{ComparedDocuments, ComparedMatches};
use crate::corpus::{
    GroupBy, InputFile, MemoryBudget, ReadOptions, RecordHandle, Source, SpillStore, StoredText,
    TextStore, WalkError, read,
};
use crate::duplicates::store;
use crate::finding::Finding;
use crate::linter::{CorpusComparer, CorpusMatches, Linter, Sketch};
use crate::text::{Document, DocumentIndex, Origin, TextProvider, path_of};

/// Returns the text to compare in place of a document's own, or `None` if it stays the same.
pub(super) type Preprocess<'p> = dyn Fn(&Source) -> Option<Arc<str>> + Send + Sync + 'p;

/// The texts of all documents of a run, as they are compared.
pub(super) struct CorpusTexts<'r> {
    /// Standard input, which cannot be read again.
    pub(super) stdin: Option<Source>,
    /// The texts of records and changed documents.
    text_store: Mutex<TextStore>,
    /// Texts that fit into memory, with their indexes.
    cached: HashMap<Arc<Origin>, (Arc<str>, Arc<DocumentIndex>)>,
    /// The texts of old documents in indexes.
    indexed: Option<IndexTexts>,
    /// The documents of a comparison in steps, with their matches.
    pub(super) compared: Option<Arc<ComparedDocuments>>,
    read_options: &'r ReadOptions,
    memory: MemoryBudget,
}

impl<'r> CorpusTexts<'r> {
    /// Prepares to compare documents within `memory` bytes, by default a quarter of the free
    /// memory.
    pub(super) fn new(
        stdin: Option<Source>,
        read_options: &'r ReadOptions,
        memory: Option<usize>,
    ) -> Self {
        let memory = MemoryBudget::new(memory);
        let text_store = Mutex::new(TextStore::new(read_options.clone(), memory.texts));
        let cached = HashMap::new();
        let (indexed, compared) = (None, None);
        Self { stdin, text_store, cached, indexed, compared, read_options, memory }
    }

    /// Returns how many batches of results may wait for the comparison.
    pub(super) fn queue(&self) -> usize {
        1 + if self.has_spare_memory() {
            self.memory.documents / (INDEX_OVERHEAD * BATCH_BYTES)
        } else {
            0
        }
    }

    /// Whether documents may be checked while they are compared. Less memory is reserved for the
    /// comparison.
    fn has_spare_memory(&self) -> bool {
        self.memory.total >= 1 << 30
    }

    /// Returns the texts of old documents in indexes.
    pub(super) fn indexed(&self) -> Option<&IndexTexts> {
        self.indexed.as_ref()
    }

    fn cache(&mut self, events: &[Event<WorkItem>]) {
        let items = events.iter().filter_map(|event| match event {
            Event::Document(item) => Some(item),
            _ => None,
        });
        let entry = |item: &WorkItem| {
            let source = &item.source;
            (Arc::clone(&source.origin), (Arc::clone(&source.text), Arc::clone(item.index())))
        };
        self.cached = items.map(entry).collect();
    }
}

impl TextProvider for CorpusTexts<'_> {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        if let Some(indexed) = self.indexed.as_ref().filter(|texts| texts.contains(origin)) {
            return indexed.text(origin);
        }
        if let Some(text) = self.compared.as_ref().and_then(|compared| compared.text(origin)) {
            return Some(text);
        }
        if let Some(stdin) = self.stdin.as_ref().filter(|stdin| *stdin.origin == *origin) {
            return Some(Arc::clone(&stdin.text));
        }
        if let Some((text, _)) = self.cached.get(origin) {
            return Some(Arc::clone(text));
        }
        let text_store = self.text_store.lock().unwrap_or_else(PoisonError::into_inner);
        if text_store.contains(origin) {
            return text_store.text(origin).map(Arc::from);
        }
        drop(text_store);
        read(&path_of(&origin.path), self.read_options.max_record).ok().map(|source| source.text)
    }

    fn index(&self, origin: &Origin) -> Option<Arc<DocumentIndex>> {
        self.cached.get(origin).map(|(_, index)| Arc::clone(index))
    }
}

/// The sketches of a corpus.
pub(super) struct SketchPass<'l> {
    /// `None` if no rule compares documents, or they are compared already.
    comparison: Option<CorpusComparer<'l>>,
    /// The rules, if documents are compared already.
    compared: Option<&'l Linter>,
    /// Everything that was read, if it fits into memory.
    pub(super) cached: Option<Vec<Event<WorkItem>>>,
}

/// How a sketch pass treats documents.
pub(super) struct SketchOptions<'o> {
    pub(super) preprocess: &'o Preprocess<'o>,
    /// Whether a file is checked; other files are only compared with, and count as older.
    pub(super) is_new: &'o (dyn Fn(&Path) -> bool + Sync),
    /// Indexes to compare with.
    pub(super) against: &'o Against,
    /// Keeps parsed documents for the next pass if they fit into memory.
    pub(super) cache: bool,
}

/// The parts of a document that are kept after sketching.
struct Sketched {
    sketch: Sketch,
    /// Its text, if reading a file does not return it.
    text: Option<ShelvedText>,
    is_new: bool,
    has_site: bool,
    /// The document itself, if documents are cached.
    item: Option<WorkItem>,
}

/// A text for the text store.
struct ShelvedText {
    name: String,
    path: PathBuf,
    /// The number of the record.
    index: u64,
    text: store::Result<StoredText>,
}

/// Sketches standard input and `files`. Read errors are ignored here; the next pass reports them.
///
/// # Errors
///
/// A temporary file cannot be written.
pub(super) fn sketch_corpus<'l>(
    linter: &'l Linter,
    texts: &mut CorpusTexts<'_>,
    files: impl Iterator<Item = Result<InputFile, WalkError>> + Send,
    options: &SketchOptions<'_>,
    progress: &Rc<Progress>,
) -> anyhow::Result<SketchPass<'l>> {
    if !linter.has_corpus_checks() {
        return Ok(SketchPass { comparison: None, compared: None, cached: None });
    }
    let memory = texts.memory;
    let spill = Box::new(SpillStore::new(memory.sketches));
    let comparison = linter.comparison(spill, memory.comparison);
    let mut comparison = comparison.with_threads(rayon::current_num_threads());
    let read_options = texts.read_options;
    let site = texts.stdin.as_ref().and_then(|stdin| site_of(stdin, None, read_options));
    if let Some(stdin) = &texts.stdin {
        comparison
            .add(linter.sketch(&stdin.document().with_site(site.clone())))
            .context("cannot compare documents")?;
    }
    let mut collector = SketchCollector {
        has_documents: texts.stdin.is_some(),
        has_site: site.is_some(),
        comparison,
        text_store: texts.text_store.get_mut().unwrap_or_else(PoisonError::into_inner),
        cache: options.cache.then(|| DocumentCache { events: Vec::new(), room: memory.documents }),
    };
    let caches = AtomicBool::new(options.cache);
    let is_warm = AtomicBool::new(false);
    let sketch = |item| {
        // Warm up here, while other cores are sketching. During the check, all of them would wait.
        if !is_warm.swap(true, Ordering::Relaxed) {
            linter.warm_up();
        }
        sketch_item(linter, item, options, read_options, caches.load(Ordering::Relaxed))
    };
    let documents = DocumentSource::Files(files, read_options);
    std::thread::scope(|scope| {
        for event in Pipeline::spawn(scope, documents, 0, progress, sketch) {
            collector.add(event)?;
            caches.store(collector.cache.is_some(), Ordering::Relaxed);
        }
        anyhow::Ok(())
    })?;
    let SketchCollector { mut comparison, cache, has_documents, has_site, .. } = collector;
    if let Some(group_by) = read_options.group_by.as_ref().filter(|_| has_documents && !has_site) {
        anyhow::bail!(missing_sites(group_by));
    }
    progress.matching();
    texts.indexed = options.against.add_to(&mut comparison, read_options.max_record)?;
    if has_site {
        options.against.warn_of_sites();
    }
    let cached = cache.map(|cache| cache.events);
    if let Some(events) = &cached {
        texts.cache(events);
    }
    Ok(SketchPass { comparison: Some(comparison), compared: None, cached })
}

/// Collects the sketches of a pass, and caches its documents while they fit into memory.
struct SketchCollector<'l, 't> {
    comparison: CorpusComparer<'l>,
    text_store: &'t mut TextStore,
    /// `None` if documents are not cached, or no longer fit into memory.
    cache: Option<DocumentCache>,
    has_documents: bool,
    has_site: bool,
}

impl SketchCollector<'_, '_> {
    fn add(&mut self, event: Event<Sketched>) -> anyhow::Result<()> {
        let event = match event {
            Event::Document(sketched) => self.add_document(sketched)?.map(Event::Document),
            Event::Skipped(handle, error) => Some(Event::Skipped(handle, error)),
            Event::ReadError(error) => Some(Event::ReadError(error)),
            Event::WalkError(error) => Some(Event::WalkError(error)),
            Event::ShardEnd(shard) => Some(Event::ShardEnd(shard)),
        };
        self.cache = self.cache.take().zip(event).and_then(|(cache, event)| cache.with(event));
        Ok(())
    }

    /// Returns the document itself, if documents are cached.
    fn add_document(&mut self, sketched: Sketched) -> anyhow::Result<Option<WorkItem>> {
        let Sketched { sketch, text, is_new, has_site, item } = sketched;
        self.has_documents = true;
        self.has_site |= has_site;
        let added = if is_new {
            self.comparison.add(sketch)
        } else {
            self.comparison.add_reference(sketch)
        };
        added.context("cannot compare documents")?;
        if let Some(ShelvedText { name, path, index, text }) = text {
            self.text_store.insert(&name, &path, index, text?)?;
        }
        Ok(item)
    }
}

/// Returns the site of a document, if documents are grouped and it has one.
pub(super) fn site_of(
    source: &Source,
    handle: Option<&RecordHandle>,
    read_options: &ReadOptions,
) -> Option<Arc<str>> {
    let value = handle.and_then(|handle| handle.labels.group.as_deref());
    read_options.group_by.as_ref()?.group(&source.path, value)
}

/// Explains why no document has a site.
pub(super) fn missing_sites(group_by: &GroupBy) -> String {
    match group_by.field() {
        None => "`--group-by path` groups files by folder, and standard input has none".into(),
        Some(field) => format!(
            "`--group-by {field}`: no record has a string or number in the field `{field}`; files that are one document \
             each need `--group-by path`"
        ),
    }
}

fn sketch_item(
    linter: &Linter,
    item: WorkItem,
    options: &SketchOptions<'_>,
    read_options: &ReadOptions,
    caches: bool,
) -> Sketched {
    let is_new = (options.is_new)(&item.source.path);
    // Files outside the check are not fixed, so their text stays.
    let changed = if is_new { (options.preprocess)(&item.source) } else { None };
    let is_changed = changed.is_some();
    let WorkItem { source, handle, .. } = item;
    let source = match changed {
        Some(text) => Source { text, ..source },
        None => source,
    };
    let keep = |name: &str, path: &Path, index| ShelvedText {
        name: name.to_owned(),
        path: path.to_owned(),
        index,
        text: StoredText::new(handle.as_ref(), &source.text, !is_changed),
    };
    let text = match &handle {
        Some(RecordHandle { shard, index, .. }) => Some(keep(&shard.name, &shard.path, *index)),
        None if is_changed => Some(keep(&source.origin.path, &source.path, 1)),
        None => None,
    };
    let item = WorkItem::new(source, handle);
    let site = site_of(&item.source, item.handle.as_ref(), read_options);
    let has_site = site.is_some();
    let sketch = linter.sketch(&item.document().with_site(site));
    Sketched { sketch, text, is_new, has_site, item: caches.then_some(item) }
}

/// Documents that are kept while there is room for them.
struct DocumentCache {
    events: Vec<Event<WorkItem>>,
    /// Bytes left.
    room: usize,
}

impl DocumentCache {
    /// Adds an event; returns `None` if there is no room for it.
    fn with(mut self, event: Event<WorkItem>) -> Option<Self> {
        let size = match &event {
            Event::Document(item) => item.size(),
            _ => size_of_val(&event),
        };
        self.room = self.room.checked_sub(size)?;
        self.events.push(event);
        Some(self)
    }
}

impl<'l> SketchPass<'l> {
    /// The pass over documents that were compared in steps, by these rules.
    pub(super) fn compared(linter: &'l Linter) -> Self {
        Self { comparison: None, compared: Some(linter), cached: None }
    }

    /// Compares the sketches. Returns `None` if there is nothing to compare.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written or read.
    pub(super) fn compare<'t>(
        self,
        texts: &'t CorpusTexts<'_>,
    ) -> anyhow::Result<Option<CorpusMatches<'t>>>
    where
        'l: 't,
    {
        let comparison = self.comparison.filter(|_| !interrupt::is_interrupted());
        comparison
            .map(|comparison| comparison.finish(texts))
            .transpose()
            .context("cannot compare documents")
    }
}

/// A comparison that runs in a background thread.
pub(super) struct BackgroundComparison<'s> {
    thread: Option<ComparisonThread<'s>>,
    matches: Option<CorpusMatches<'s>>,
    /// The matches, if the documents were compared in steps.
    compared: Option<ComparedMatches<'s>>,
    progress: Rc<Progress>,
}

struct ComparisonThread<'s> {
    handle: ScopedJoinHandle<'s, anyhow::Result<Option<CorpusMatches<'s>>>>,
    /// Disconnected when the thread ends.
    finished: Receiver<()>,
    _guard: NoWriteGuard,
}

impl<'s> BackgroundComparison<'s> {
    /// Starts to compare `sketches`. If memory is short, waits until the comparison is done.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written or read.
    pub(super) fn spawn(
        scope: &'s Scope<'s, '_>,
        sketches: SketchPass<'s>,
        texts: &'s CorpusTexts<'_>,
        progress: &Rc<Progress>,
    ) -> anyhow::Result<Self> {
        let linter = sketches.compared;
        let thread = sketches.comparison.is_some().then(|| {
            let (sender, finished) = sync_channel(0);
            let compare = move || {
                let _sender = sender;
                sketches.compare(texts)
            };
            ComparisonThread { handle: scope.spawn(compare), finished, _guard: NoWriteGuard::new() }
        });
        let compared = texts.compared.as_deref().zip(linter);
        let compared = compared
            .map(|(compared, linter)| {
                ComparedMatches::new(compared, linter, texts.memory.comparison)
            })
            .transpose()
            .context("cannot read what was compared")?;
        let mut comparison =
            Self { thread, matches: None, compared, progress: Rc::clone(progress) };
        if !texts.has_spare_memory() {
            comparison.wait()?;
        }
        Ok(comparison)
    }

    /// Waits until the comparison is done, and shows progress meanwhile.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written or read.
    pub(super) fn wait(&mut self) -> anyhow::Result<()> {
        const REFRESH_INTERVAL: Duration = Duration::from_millis(250);
        if let Some(ComparisonThread { handle, finished, _guard }) = self.thread.take() {
            while finished.recv_timeout(REFRESH_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                self.progress.matching();
            }
            self.matches =
                handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    }

    /// Returns the matches in `document`, once the comparison is done.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written or read.
    pub(super) fn findings_in(&mut self, document: &Document<'_>) -> anyhow::Result<Vec<Finding>> {
        self.wait()?;
        if let Some(compared) = &mut self.compared {
            let findings =
                compared.findings_in(document).context("cannot read what was compared")?;
            return findings.ok_or_else(|| ComparedDocuments::missing(document.origin()).into());
        }
        Ok(self.matches.as_mut().map(|matches| matches.findings_in(document)).unwrap_or_default())
    }
}
