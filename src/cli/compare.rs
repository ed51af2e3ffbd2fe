//! Comparing all documents, before each is checked on its own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Scope, ScopedJoinHandle};
use std::time::Duration;

use anyhow::Context;

use super::interrupt::{self, Pause};
use super::pipeline::{self, BATCH_BYTES, Documents, INDEXED, Piece, stream};
use super::progress::Progress;
use crate::check::store;
use crate::corpus::{Carrier, Input, Kept, Reading, Shelf, Source, Spill, WalkError, free_memory, read};
use crate::engine::{Compared, Comparison, Linter, Sketch};
use crate::finding::Finding;
use crate::text::{Document, DocumentIndex, Origin, TextProvider, path_of};

/// Of so many parts of the memory three are for the sketches, four for comparing them and two for the texts.
const PARTS: usize = 9;
/// The parts for texts that are held, or wait for what is found by comparing them.
const HELD: usize = 2;

/// What comparing needs to know of the documents.
pub(super) struct Gathered<'l> {
    /// `None` if no rule compares documents.
    comparison: Option<Comparison<'l>>,
    /// All that was read, if there was room for it.
    pub(super) held: Option<Vec<Piece<pipeline::Given>>>,
}

/// Makes of a document what is to be compared, and says whether that is another text.
pub(super) type Settle<'g> = dyn Fn(Source) -> (Source, bool) + Send + Sync + 'g;

/// The documents of a run, as they are compared.
pub(super) struct Given<'g> {
    /// Standard input, which cannot be read again.
    pub(super) stdin: Option<Source>,
    settle: Box<Settle<'g>>,
    /// Read by one at a time.
    shelf: Mutex<Shelf>,
    /// The texts that are held, with their indices.
    held: HashMap<Arc<Origin>, (Arc<str>, Arc<DocumentIndex>)>,
    reading: &'g Reading,
    memory: usize,
}

impl<'g> Given<'g> {
    /// Documents to be compared within `memory` bytes, each as `settle` makes it.
    pub(super) fn new(
        stdin: Option<Source>,
        settle: Box<Settle<'g>>,
        reading: &'g Reading,
        memory: Option<usize>,
    ) -> Self {
        let memory = memory.unwrap_or_else(default_memory);
        let shelf = Mutex::new(Shelf::new(reading.clone(), memory / PARTS));
        Self { stdin: stdin.map(|stdin| settle(stdin).0), settle, shelf, held: HashMap::new(), reading, memory }
    }

    fn hold<'h>(&mut self, pieces: impl Iterator<Item = &'h Piece<pipeline::Given>>) {
        let texts = pieces.filter_map(|piece| match piece {
            Piece::Done(given) => {
                let source = &given.source;
                Some((Arc::clone(&source.origin), (Arc::clone(&source.text), Arc::clone(given.index()))))
            }
            _ => None,
        });
        self.held = texts.collect();
    }

    /// Whether documents may be checked while they are compared; with less memory, that is for comparing alone.
    fn is_roomy(&self) -> bool {
        self.memory >= 1 << 30
    }

    /// How many batches of documents may wait for what is found by comparing them.
    pub(super) fn waiting(&self) -> usize {
        1 + if self.is_roomy() { HELD * (self.memory / PARTS) / (INDEXED * BATCH_BYTES) } else { 0 }
    }
}

impl TextProvider for Given<'_> {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        if let Some(stdin) = self.stdin.as_ref().filter(|stdin| *stdin.origin == *origin) {
            return Some(Arc::clone(&stdin.text));
        }
        if let Some((text, _)) = self.held.get(origin) {
            return Some(Arc::clone(text));
        }
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.has(origin) {
            return shelf.text(origin).map(Arc::from);
        }
        drop(shelf);
        read(&path_of(&origin.path), self.reading.max_record).ok().map(|source| source.text)
    }

    fn index(&self, origin: &Origin) -> Option<Arc<DocumentIndex>> {
        self.held.get(origin).map(|(_, index)| Arc::clone(index))
    }
}

/// What is kept of a document that was read.
struct Sketched {
    sketch: Sketch,
    /// Its text, where that cannot be had by reading a file: the name and path of the file, and the number of the record.
    kept: Option<(String, PathBuf, u64, store::Result<Kept>)>,
    /// It is not older than those it is compared with.
    is_new: bool,
    /// The document, if all are held.
    given: Option<pipeline::Given>,
}

/// Sketches standard input, if it was given, and `inputs`, as `given` makes them; those that are not new count as older than
/// the others. What cannot be read is left to be told of when it is checked. Where documents stay as they are, they are held
/// to be checked if `holds` says so and there is room.
///
/// # Errors
///
/// A temporary file cannot be written.
pub(super) fn gather<'l>(
    linter: &'l Linter,
    given: &mut Given<'_>,
    inputs: impl Iterator<Item = Result<Input, WalkError>> + Send,
    is_new: impl Fn(&Path) -> bool + Sync,
    holds: bool,
    progress: &Progress,
) -> anyhow::Result<Gathered<'l>> {
    if !linter.compares() {
        return Ok(Gathered { comparison: None, held: None });
    }
    let part = given.memory / PARTS;
    let mut comparison =
        linter.comparison(Box::new(Spill::new(3 * part)), 4 * part).with_threads(rayon::current_num_threads());
    if let Some(stdin) = &given.stdin {
        comparison.add(linter.sketch(&stdin.document())).context("cannot compare documents")?;
    }
    let (settle, shelf) = (&given.settle, given.shelf.get_mut().unwrap_or_else(PoisonError::into_inner));
    let (has_room, is_prepared) = (AtomicBool::new(holds), AtomicBool::new(false));
    let sketch = |one: pipeline::Given| {
        // While one core does this, the others have documents to sketch; when they are checked, all would wait for it.
        if !is_prepared.swap(true, Ordering::Relaxed) {
            linter.warm_up();
        }
        let is_new = is_new(&one.source.path);
        // What is not new is not fixed either, and stays as it is.
        let (source, is_changed) = if is_new { settle(one.source) } else { (one.source, false) };
        let kept = || Kept::of(one.carrier.as_ref(), &source.text, !is_changed);
        let kept = match &one.carrier {
            Some(Carrier { shard, index, .. }) => Some((shard.name.clone(), shard.path.clone(), *index, kept())),
            None if is_changed => Some((source.origin.path.clone(), source.path.clone(), 1, kept())),
            None => None,
        };
        let one = pipeline::Given::new(source, one.carrier);
        let sketch = linter.sketch(&one.document());
        Sketched { sketch, kept, is_new, given: has_room.load(Ordering::Relaxed).then_some(one) }
    };
    let mut held = holds.then(|| Held { pieces: Vec::new(), room: HELD * part });
    stream(Documents::Files(inputs, given.reading), 0, progress, sketch, |piece| {
        let piece = match piece {
            Piece::Done(Sketched { sketch, kept, is_new, given }) => {
                let added = if is_new { comparison.add(sketch) } else { comparison.add_older(sketch) };
                added.context("cannot compare documents")?;
                if let Some((name, path, index, kept)) = kept {
                    shelf.put(&name, &path, index, kept?)?;
                }
                given.map(Piece::Done)
            }
            Piece::Passed(carrier, error) => Some(Piece::Passed(carrier, error)),
            Piece::Unread(error) => Some(Piece::Unread(error)),
            Piece::Unwalked(error) => Some(Piece::Unwalked(error)),
            Piece::End(shard) => Some(Piece::End(shard)),
        };
        held = held.take().zip(piece).and_then(|(held, piece)| held.with(piece));
        has_room.store(held.is_some(), Ordering::Relaxed);
        Ok(true)
    })?;
    progress.matching();
    let held = held.map(|held| held.pieces);
    given.hold(held.iter().flatten());
    Ok(Gathered { comparison: Some(comparison), held })
}

/// Pieces that are held while there is room.
struct Held {
    pieces: Vec<Piece<pipeline::Given>>,
    /// Bytes that there is room for.
    room: usize,
}

impl Held {
    /// With one piece more; `None` if there is no room for it.
    fn with(mut self, piece: Piece<pipeline::Given>) -> Option<Self> {
        let size = match &piece {
            Piece::Done(given) => given.size(),
            _ => size_of_val(&piece),
        };
        self.room = self.room.checked_sub(size)?;
        self.pieces.push(piece);
        Some(self)
    }
}

impl<'l> Gathered<'l> {
    /// What comparing finds.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written or read.
    pub(super) fn compare<'d>(self, given: &'d Given<'_>) -> anyhow::Result<Option<Compared<'d>>>
    where
        'l: 'd,
    {
        let comparison = self.comparison.filter(|_| !interrupt::is_interrupted());
        comparison.map(|comparison| comparison.finish(given)).transpose().context("cannot compare documents")
    }
}

/// What comparing finds, while a thread is at it.
pub(super) struct Awaited<'s> {
    thread: Option<Comparing<'s>>,
    found: Option<Compared<'s>>,
    progress: Rc<Progress>,
}

/// A thread that compares documents.
struct Comparing<'s> {
    thread: ScopedJoinHandle<'s, anyhow::Result<Option<Compared<'s>>>>,
    /// Disconnected when the thread ends.
    is_ended: Receiver<()>,
    _pause: Pause,
}

impl<'s> Awaited<'s> {
    /// Begins to compare what was `gathered`; where memory is short, that is done before anything else is.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written or read.
    pub(super) fn begin<'e>(
        scope: &'s Scope<'s, 'e>,
        gathered: Gathered<'s>,
        given: &'s Given<'_>,
        progress: &Rc<Progress>,
    ) -> anyhow::Result<Self> {
        let thread = gathered.comparison.is_some().then(|| {
            let (end, is_ended) = sync_channel(0);
            let compare = move || {
                let _end = end;
                gathered.compare(given)
            };
            Comparing { thread: scope.spawn(compare), is_ended, _pause: Pause::begin() }
        });
        let mut awaited = Self { thread, found: None, progress: Rc::clone(progress) };
        if !given.is_roomy() {
            awaited.wait()?;
        }
        Ok(awaited)
    }

    /// Waits until all is known.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written or read.
    pub(super) fn wait(&mut self) -> anyhow::Result<()> {
        const SHOWN_EVERY: Duration = Duration::from_millis(250);
        if let Some(Comparing { thread, is_ended, _pause }) = self.thread.take() {
            while is_ended.recv_timeout(SHOWN_EVERY) == Err(RecvTimeoutError::Timeout) {
                self.progress.matching();
            }
            self.found = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        }
        Ok(())
    }

    /// What was found in a document; waits if it is not known yet.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be written or read.
    pub(super) fn tell(&mut self, document: &Document<'_>) -> anyhow::Result<Vec<Finding>> {
        self.wait()?;
        Ok(self.found.as_mut().map(|found| found.findings_in(document)).unwrap_or_default())
    }
}

/// A quarter of the memory that is free.
fn default_memory() -> usize {
    const OTHERWISE: usize = 1 << 30;
    free_memory().map_or(OTHERWISE, |free| free / 4)
}
