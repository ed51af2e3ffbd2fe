//! Reads documents on one thread, processes them on all cores, and yields the results in input
//! order.
//!
//! Only a few batches are in memory at a time, whatever the size of a shard: one being read, two
//! being processed, and those waiting to be consumed.

use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Scope;
use std::vec;

use rayon::prelude::*;

use super::interrupt::is_interrupted;
use super::progress::Progress;
use crate::check::measure::MeasureValue;
use crate::corpus::{
    InputFile, OpenedFile, RawRecord, ReadError, ReadOptions, RecordHandle, Shard, ShardItem,
    Source, WalkError, open, read,
};
use crate::text::{Document, DocumentIndex};

/// Bytes per batch. A larger document is a batch of its own.
pub(super) const BATCH_BYTES: usize = 4 << 20;
/// Memory of a parsed document as a multiple of its text: the index is about twice as large as the
/// text.
pub(super) const INDEX_OVERHEAD: usize = 3;
/// Batches that are processed at the same time.
const IN_FLIGHT_BATCHES: usize = 2;
/// Batches of at least this many bytes are processed one at a time, because they need several times
/// as much memory.
const LARGE_BATCH_BYTES: u64 = 16 << 20;
/// Documents per batch.
const MAX_BATCH_DOCUMENTS: usize = 4_096;

/// A document, with the handle of its record if it comes from a shard.
pub(super) struct WorkItem {
    pub(super) source: Source,
    pub(super) handle: Option<RecordHandle>,
    /// The values of its measures, if requested.
    pub(super) measures: Vec<MeasureValue>,
    /// The index of the text, once it is parsed.
    index: OnceLock<Arc<DocumentIndex>>,
}

impl WorkItem {
    /// Creates an item whose text is parsed on first use.
    pub(super) fn new(source: Source, handle: Option<RecordHandle>) -> Self {
        Self { source, handle, measures: Vec::new(), index: OnceLock::new() }
    }

    /// Returns the parsed document.
    pub(super) fn document(&self) -> Document<'_> {
        let label = self.handle.as_ref().and_then(|handle| handle.labels.language.as_deref());
        self.source.document_with_index(Arc::clone(self.index())).with_language(label)
    }

    /// Returns the index of the text, parsing it on the first call.
    pub(super) fn index(&self) -> &Arc<DocumentIndex> {
        self.index.get_or_init(|| Arc::new(DocumentIndex::new(&self.source.text)))
    }

    /// Estimates the memory in bytes that the item uses.
    pub(super) fn size(&self) -> usize {
        let Source { origin, text, .. } = &self.source;
        let names = 2 * origin.path.len() + size_of::<Self>();
        INDEX_OVERHEAD * text.len() + names + self.handle.as_ref().map_or(0, RecordHandle::size)
    }
}

/// Where documents come from.
pub(super) enum DocumentSource<'r, I> {
    /// Files to be read.
    Files(I, &'r ReadOptions),
    /// Documents cached by an earlier pass.
    Cached(Vec<Event<WorkItem>>),
}

/// What a pass over a corpus yields, in input order.
pub(super) enum Event<T> {
    /// The result for a document.
    Document(T),
    /// A record without a document, with the error if that is one.
    Skipped(RecordHandle, Option<ReadError>),
    /// A file, or a part of one, that cannot be read.
    ReadError(ReadError),
    /// A path that cannot be walked.
    WalkError(WalkError),
    /// The end of a shard whose records have all been yielded.
    ShardEnd(Arc<Shard>),
}

enum ReadItem {
    /// A file that is one document, and the largest size to accept in bytes.
    File(InputFile, usize),
    Record(RawRecord),
    Event(Event<WorkItem>),
}

/// A batch of items, its bytes, and the bytes read once it was complete.
type Batch = (Vec<ReadItem>, u64, u64);
/// The events of a batch, and the bytes read once it was complete.
type BatchResult<T> = (Vec<Event<T>>, u64);
/// The queue of batches, and the queue of their results in the same order.
type Queues<T> = (Receiver<Batch>, SyncSender<Receiver<BatchResult<T>>>);

/// The results of a pass over a corpus. Dropping it ends the threads behind it.
pub(super) struct Pipeline<T> {
    results: Receiver<Receiver<BatchResult<T>>>,
    events: vec::IntoIter<Event<T>>,
    /// Bytes read up to the end of `events`.
    bytes_read: Option<u64>,
    progress: Rc<Progress>,
}

impl<T: Send> Pipeline<T> {
    /// Starts threads in `scope` that call `work` on each document. Up to `queue` batches of
    /// results wait to be consumed.
    pub(super) fn spawn<'s, I>(
        scope: &'s Scope<'s, '_>,
        documents: DocumentSource<'s, I>,
        queue: usize,
        progress: &Rc<Progress>,
        work: impl Fn(WorkItem) -> T + Send + Sync + 's,
    ) -> Self
    where
        T: 's,
        I: Iterator<Item = Result<InputFile, WalkError>> + Send + 's,
    {
        let (batch_sender, batches) = sync_channel::<Batch>(0);
        let (result_sender, results) = sync_channel(queue.max(1));
        let bytes = Arc::clone(&progress.bytes);
        scope.spawn(move || {
            let send = |items, size| {
                batch_sender.send((items, size, bytes.load(Ordering::Relaxed))).is_ok()
            };
            let mut batch = BatchBuilder { items: Vec::new(), bytes: 0, send: &send };
            // The last batch has no receiver if the run was given up.
            let _ = match documents {
                DocumentSource::Files(inputs, read_options) => {
                    read_all(inputs, read_options, &bytes, &mut batch)
                }
                DocumentSource::Cached(events) => send_cached(events, &bytes, &mut batch),
            } && batch.flush();
        });
        // A second worker lets idle cores start on the next batch while the last documents of one
        // are processed.
        let queues = Arc::new(Mutex::new((batches, result_sender)));
        let work = Arc::new(work);
        let large = Arc::new(Mutex::new(()));
        for _ in 0..IN_FLIGHT_BATCHES {
            let (queues, work, large) =
                (Arc::clone(&queues), Arc::clone(&work), Arc::clone(&large));
            scope.spawn(move || process_batches(&queues, &large, &*work));
        }
        Self {
            results,
            events: Vec::new().into_iter(),
            bytes_read: None,
            progress: Rc::clone(progress),
        }
    }
}

impl<T> Iterator for Pipeline<T> {
    type Item = Event<T>;

    fn next(&mut self) -> Option<Event<T>> {
        loop {
            if let Some(event) = self.events.next() {
                match &event {
                    Event::Document(_) => self.progress.count_document(),
                    Event::ShardEnd(_) => self.progress.count_shard(),
                    _ => {}
                }
                return Some(event);
            }
            if let Some(bytes_read) = self.bytes_read.take() {
                self.progress.advance(bytes_read);
            }
            // An interrupted batch has no result. Batches after it may have one, but would leave a
            // gap.
            let (events, bytes_read) = self.results.recv().ok()?.recv().ok()?;
            self.events = events.into_iter();
            self.bytes_read = Some(bytes_read);
        }
    }
}

/// Processes batches until there are no more or nobody receives the results. Holds `large` during a
/// large batch.
fn process_batches<T: Send>(
    queues: &Mutex<Queues<T>>,
    large: &Mutex<()>,
    work: &(impl Fn(WorkItem) -> T + Sync),
) {
    while let Some(((items, size, bytes_read), result)) = next_batch(queues) {
        let is_large = size >= LARGE_BATCH_BYTES;
        let _alone = is_large.then(|| large.lock().unwrap_or_else(PoisonError::into_inner));
        let events =
            items.into_par_iter().map(|item| (!is_interrupted()).then(|| process(item, work)));
        if let Some(events) = events.collect() {
            // The receiver is gone if the run was given up.
            let _ = result.send((events, bytes_read));
        }
    }
}

/// Returns the next batch and the sender for its result, or `None` if either queue has ended.
fn next_batch<T>(queues: &Mutex<Queues<T>>) -> Option<(Batch, SyncSender<BatchResult<T>>)> {
    let (batches, results) = &*queues.lock().unwrap_or_else(PoisonError::into_inner);
    let batch = batches.recv().ok()?;
    let (sender, receiver) = sync_channel(1);
    results.send(receiver).ok()?;
    Some((batch, sender))
}

/// Collects items into batches.
struct BatchBuilder<'s> {
    items: Vec<ReadItem>,
    bytes: u64,
    /// Sends a batch with its size in bytes.
    send: &'s dyn Fn(Vec<ReadItem>, u64) -> bool,
}

impl BatchBuilder<'_> {
    /// Adds an item of `bytes` bytes. Returns `false` once the run no longer needs items.
    fn push(&mut self, item: ReadItem, bytes: u64) -> bool {
        self.items.push(item);
        self.bytes += bytes;
        if is_interrupted() {
            self.items.clear();
            return false;
        }
        let has_room = self.bytes < BATCH_BYTES as u64 && self.items.len() < MAX_BATCH_DOCUMENTS;
        has_room || self.flush()
    }

    fn flush(&mut self) -> bool {
        let size = std::mem::take(&mut self.bytes);
        (self.send)(std::mem::take(&mut self.items), size)
    }
}

fn send_cached(
    events: Vec<Event<WorkItem>>,
    bytes: &AtomicU64,
    batch: &mut BatchBuilder<'_>,
) -> bool {
    events.into_iter().all(|event| {
        let size = event.size();
        bytes.fetch_add(size, Ordering::Relaxed);
        batch.push(ReadItem::Event(event), size)
    })
}

fn read_all(
    inputs: impl Iterator<Item = Result<InputFile, WalkError>>,
    read_options: &ReadOptions,
    bytes: &Arc<AtomicU64>,
    batch: &mut BatchBuilder<'_>,
) -> bool {
    for input in inputs {
        let input = match input {
            Ok(input) => input,
            Err(error) => {
                if !batch.push(ReadItem::Event(Event::WalkError(error)), 0) {
                    return false;
                }
                continue;
            }
        };
        let wants_more = match open(&input, read_options, bytes) {
            Ok(OpenedFile::Plain) => {
                let size = input.size().unwrap_or(0);
                bytes.fetch_add(size, Ordering::Relaxed);
                batch.push(ReadItem::File(input, read_options.max_record), size)
            }
            Ok(OpenedFile::Shard(shard, mut records)) => {
                let all = records.all(|step| match step {
                    ShardItem::Record(raw) => {
                        let size = raw.size() as u64;
                        batch.push(ReadItem::Record(raw), size)
                    }
                    ShardItem::Unreadable(error) => {
                        batch.push(ReadItem::Event(Event::ReadError(error)), 0)
                    }
                });
                all && batch.push(ReadItem::Event(Event::ShardEnd(shard)), 0)
            }
            Err(error) => batch.push(ReadItem::Event(Event::ReadError(error)), 0),
        };
        if !wants_more {
            return false;
        }
    }
    true
}

fn process<T>(item: ReadItem, work: impl Fn(WorkItem) -> T) -> Event<T> {
    let event = match item {
        ReadItem::File(input, max_bytes) => match read(&input.path, max_bytes) {
            Ok(source) => Event::Document(WorkItem::new(source, None)),
            Err(error) => Event::ReadError(error),
        },
        ReadItem::Record(raw) => match raw.decode() {
            (handle, Ok(Some(source))) => Event::Document(WorkItem::new(source, Some(handle))),
            (handle, Ok(None)) => Event::Skipped(handle, None),
            (handle, Err(error)) => Event::Skipped(handle, Some(error)),
        },
        ReadItem::Event(event) => event,
    };
    event.map(work)
}

impl Event<WorkItem> {
    /// Returns the bytes of its text.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Document(item) => item.source.text.len() as u64,
            _ => 0,
        }
    }
}

impl<T> Event<T> {
    /// Applies `make` to the document.
    ///
    /// # Errors
    ///
    /// That of `make`.
    pub(super) fn try_map<U, E>(self, make: impl FnOnce(T) -> Result<U, E>) -> Result<Event<U>, E> {
        Ok(match self {
            Self::Document(document) => Event::Document(make(document)?),
            Self::Skipped(handle, error) => Event::Skipped(handle, error),
            Self::ReadError(error) => Event::ReadError(error),
            Self::WalkError(error) => Event::WalkError(error),
            Self::ShardEnd(shard) => Event::ShardEnd(shard),
        })
    }

    fn map<U>(self, make: impl FnOnce(T) -> U) -> Event<U> {
        let Ok(event) = self.try_map(|document| Ok::<_, std::convert::Infallible>(make(document)));
        event
    }
}
