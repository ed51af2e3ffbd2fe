//! Documents in a stream: read on one thread, worked on by all cores, and handed back in order.
//!
//! No more than a few batches are held at any time, whatever the size of a shard: one that is read, two that are worked on and
//! those that wait to be handed back.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;

use super::interrupt::is_interrupted;
use super::progress::Progress;
use crate::corpus::{Carrier, Input, Opened, Raw, ReadError, Reading, Shard, ShardStep, Source, WalkError, open, read};
use crate::text::{Document, DocumentIndex};

/// Bytes of a batch; a document that is larger makes one of its own.
pub(super) const BATCH_BYTES: usize = 4 << 20;
/// So many times the bytes of its text a document takes once it was parsed: an index takes about twice as much as the text.
pub(super) const INDEXED: usize = 3;
/// Batches that are worked on at one time.
const AT_ONCE: usize = 2;
/// Fewest bytes of a batch that no other such batch is worked on beside: that takes several times as much.
const LARGE: u64 = 16 << 20;
/// Documents of a batch.
const BATCH_DOCUMENTS: usize = 4_096;

/// A document, and what it takes to write it into its shard again if it stands in one.
pub(super) struct Given {
    pub(super) source: Source,
    pub(super) carrier: Option<Carrier>,
    /// The text's index, once it was parsed.
    index: OnceLock<Arc<DocumentIndex>>,
}

impl Given {
    /// A document that is yet to be parsed.
    pub(super) fn new(source: Source, carrier: Option<Carrier>) -> Self {
        Self { source, carrier, index: OnceLock::new() }
    }

    /// The parsed document.
    pub(super) fn document(&self) -> Document<'_> {
        self.source.indexed(Arc::clone(self.index()))
    }

    /// Where everything stands in the text.
    pub(super) fn index(&self) -> &Arc<DocumentIndex> {
        self.index.get_or_init(|| Arc::new(DocumentIndex::new(&self.source.text)))
    }

    /// About how many bytes it holds.
    pub(super) fn size(&self) -> usize {
        let Source { origin, text, .. } = &self.source;
        let names = 2 * origin.path.len() + size_of::<Self>();
        INDEXED * text.len() + names + self.carrier.as_ref().map_or(0, Carrier::size)
    }
}

/// Where documents come from.
pub(super) enum Documents<'r, I> {
    /// From files that are to be read.
    Files(I, &'r Reading),
    /// They were read before.
    Held(Vec<Piece<Given>>),
}

/// What comes out, in the order of what went in.
pub(super) enum Piece<T> {
    /// What was made of a document.
    Done(T),
    /// A record that holds no document, and why if that is a fault.
    Passed(Carrier, Option<ReadError>),
    /// A file, or a part of one, that cannot be read.
    Unread(ReadError),
    /// A path that cannot be walked.
    Unwalked(WalkError),
    /// The end of a shard, of which all pieces have come out.
    End(Arc<Shard>),
}

enum Item {
    /// A file that is one document, of at most so many bytes.
    File(Input, usize),
    Record(Raw),
    Piece(Piece<Given>),
}

/// Does `work` on each of `documents` and calls `done` with what comes of it, until that says `false`. What was worked on may
/// wait for `done` in so many batches.
///
/// # Errors
///
/// The first of `done`.
pub(super) fn stream<T: Send>(
    documents: Documents<'_, impl Iterator<Item = Result<Input, WalkError>> + Send>,
    waiting: usize,
    progress: &Progress,
    work: impl Fn(Given) -> T + Sync,
    mut done: impl FnMut(Piece<T>) -> anyhow::Result<bool>,
) -> anyhow::Result<()> {
    std::thread::scope(|scope| {
        let (to_work, batches) = sync_channel::<Unworked>(0);
        // What comes out of each batch, in the order of the batches.
        let (to_done, results) = sync_channel::<Receiver<Pieces<T>>>(waiting.max(1));
        let bytes = Arc::clone(&progress.bytes);
        scope.spawn(move || {
            let send = |items, size| to_work.send((items, size, bytes.load(Ordering::Relaxed))).is_ok();
            let mut batch = Batch { items: Vec::new(), bytes: 0, send: &send };
            // Nobody takes the last batch of a run that was given up.
            let _ = match documents {
                Documents::Files(inputs, reading) => read_all(inputs, reading, &bytes, &mut batch),
                Documents::Held(pieces) => hand_on(pieces, &bytes, &mut batch),
            } && batch.flush();
        });
        // While the last documents of one batch are worked on, idle cores begin with the next.
        let (work, batches) = (&work, Arc::new(Mutex::new((batches, to_done))));
        let large = Arc::new(Mutex::new(()));
        for _ in 0..AT_ONCE {
            let (batches, large) = (Arc::clone(&batches), Arc::clone(&large));
            scope.spawn(move || {
                while let Some(((items, size, read), result)) = take(&batches) {
                    let _alone = (size >= LARGE).then(|| large.lock().unwrap_or_else(PoisonError::into_inner));
                    let pieces = items.into_par_iter().map(|item| (!is_interrupted()).then(|| piece(item, work)));
                    // Nothing comes of a batch that is interrupted. Nobody waits for it if the run was given up.
                    if let Some(pieces) = pieces.collect() {
                        let _ = result.send((pieces, read));
                    }
                }
            });
        }
        // Only who works holds what they take from and give to, so that all ends when one does.
        drop(batches);
        // After a batch of which nothing came, others may be complete; taking them would leave a gap.
        for (pieces, read) in results.iter().map_while(|result| result.recv().ok()) {
            for piece in pieces {
                progress.piece(&piece);
                if !done(piece)? {
                    return Ok(());
                }
            }
            progress.advance(read);
        }
        Ok(())
    })
}

/// A batch, its bytes, and how many had been read after it.
type Unworked = (Vec<Item>, u64, u64);
/// What comes out of a batch, and the same number.
type Pieces<T> = (Vec<Piece<T>>, u64);
/// Batches, and where it is told what will come out of each.
type Batches<T> = (Receiver<Unworked>, SyncSender<Receiver<Pieces<T>>>);

/// The next batch, and where to send what comes out of it; `None` if nobody has one, or nobody wants it.
fn take<T>(batches: &Mutex<Batches<T>>) -> Option<(Unworked, SyncSender<Pieces<T>>)> {
    let (batches, to_done) = &*batches.lock().unwrap_or_else(PoisonError::into_inner);
    let batch = batches.recv().ok()?;
    let (result, to_come) = sync_channel(1);
    to_done.send(to_come).ok()?;
    Some((batch, result))
}

/// What is read and not yet worked on.
struct Batch<'s> {
    items: Vec<Item>,
    bytes: u64,
    send: &'s dyn Fn(Vec<Item>, u64) -> bool,
}

impl Batch<'_> {
    /// Adds an item of so many bytes; `false` if nobody wants it any more.
    fn push(&mut self, item: Item, bytes: u64) -> bool {
        self.items.push(item);
        self.bytes += bytes;
        if is_interrupted() {
            self.items.clear();
            return false;
        }
        self.bytes < BATCH_BYTES as u64 && self.items.len() < BATCH_DOCUMENTS || self.flush()
    }

    fn flush(&mut self) -> bool {
        let size = std::mem::take(&mut self.bytes);
        (self.send)(std::mem::take(&mut self.items), size)
    }
}

fn hand_on(pieces: Vec<Piece<Given>>, bytes: &AtomicU64, batch: &mut Batch<'_>) -> bool {
    pieces.into_iter().all(|piece| {
        let size = piece.size();
        bytes.fetch_add(size, Ordering::Relaxed);
        batch.push(Item::Piece(piece), size)
    })
}

fn read_all(
    inputs: impl Iterator<Item = Result<Input, WalkError>>,
    reading: &Reading,
    bytes: &Arc<AtomicU64>,
    batch: &mut Batch<'_>,
) -> bool {
    for input in inputs {
        let input = match input {
            Ok(input) => input,
            Err(error) => {
                if !batch.push(Item::Piece(Piece::Unwalked(error)), 0) {
                    return false;
                }
                continue;
            }
        };
        let goes_on = match open(&input, reading, bytes) {
            Ok(Opened::Plain) => {
                let size = input.path.metadata().map_or(0, |metadata| metadata.len());
                bytes.fetch_add(size, Ordering::Relaxed);
                batch.push(Item::File(input, reading.max_record), size)
            }
            Ok(Opened::Shard(shard, mut records)) => {
                let all = records.all(|step| match step {
                    ShardStep::Record(raw) => {
                        let size = raw.size() as u64;
                        batch.push(Item::Record(raw), size)
                    }
                    ShardStep::Damage(error) => batch.push(Item::Piece(Piece::Unread(error)), 0),
                });
                all && batch.push(Item::Piece(Piece::End(shard)), 0)
            }
            Err(error) => batch.push(Item::Piece(Piece::Unread(error)), 0),
        };
        if !goes_on {
            return false;
        }
    }
    true
}

fn piece<T>(item: Item, work: impl Fn(Given) -> T) -> Piece<T> {
    let given = match item {
        Item::File(input, max) => match read(&input.path, max) {
            Ok(source) => Piece::Done(Given::new(source, None)),
            Err(error) => Piece::Unread(error),
        },
        Item::Record(raw) => match raw.decode() {
            (carrier, Ok(Some(source))) => Piece::Done(Given::new(source, Some(carrier))),
            (carrier, Ok(None)) => Piece::Passed(carrier, None),
            (carrier, Err(error)) => Piece::Passed(carrier, Some(error)),
        },
        Item::Piece(piece) => piece,
    };
    given.map(work)
}

impl Piece<Given> {
    /// Bytes of its text.
    pub(super) fn size(&self) -> u64 {
        match self {
            Self::Done(given) => given.source.text.len() as u64,
            _ => 0,
        }
    }
}

impl<T> Piece<T> {
    /// The same, with a document become something else.
    pub(super) fn map<U>(self, make: impl FnOnce(T) -> U) -> Piece<U> {
        match self {
            Self::Done(done) => Piece::Done(make(done)),
            Self::Passed(carrier, error) => Piece::Passed(carrier, error),
            Self::Unread(error) => Piece::Unread(error),
            Self::Unwalked(error) => Piece::Unwalked(error),
            Self::End(shard) => Piece::End(shard),
        }
    }
}
