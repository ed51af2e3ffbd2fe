//! Comparing all documents, before each is checked on its own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;

use super::interrupt;
use super::pipeline::{self, Piece, stream};
use super::progress::Progress;
use crate::check::store;
use crate::corpus::{Carrier, Input, Kept, Reading, Shelf, Source, Spill, WalkError, free_memory, read};
use crate::engine::{Linter, Sketch};
use crate::finding::Finding;
use crate::text::{Origin, Texts};

/// What comparing found, by document.
pub(super) type Compared = HashMap<Arc<Origin>, Vec<Finding>>;

/// Makes of a document what is to be compared, and says whether that is another text.
pub(super) type Settle<'g> = dyn Fn(Source) -> (Source, bool) + Send + Sync + 'g;

/// The documents of a run, as they are compared.
pub(super) struct Given<'g> {
    /// Standard input, which cannot be read again.
    pub(super) stdin: Option<Source>,
    settle: Box<Settle<'g>>,
    /// Read by one at a time.
    shelf: Mutex<Shelf>,
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
        let shelf = Mutex::new(Shelf::new(reading.clone(), memory / 8));
        Self { stdin: stdin.map(|stdin| settle(stdin).0), settle, shelf, reading, memory }
    }
}

impl Texts for Given<'_> {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        if let Some(stdin) = self.stdin.as_ref().filter(|stdin| *stdin.origin == *origin) {
            return Some(Arc::from(stdin.text.as_str()));
        }
        let shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        if shelf.has(origin) {
            return shelf.text(origin).map(Arc::from);
        }
        drop(shelf);
        read(origin.path.as_ref()).ok().map(|source| Arc::from(source.text))
    }
}

/// What is kept of a document that was read.
struct Sketched {
    sketch: Sketch,
    /// Its text, where that cannot be had by reading a file: the name and path of the file, and the number of the record.
    kept: Option<(String, PathBuf, u64, store::Result<Kept>)>,
    /// It is not older than those it is compared with.
    is_new: bool,
}

/// Compares standard input, if it was given, and `inputs`; those that are not new count as older than the
/// others. What cannot be read is left to be told of when it is checked.
///
/// # Errors
///
/// A temporary file cannot be written or read.
pub(super) fn compare(
    linter: &Linter,
    given: &mut Given<'_>,
    inputs: impl Iterator<Item = Result<Input, WalkError>> + Send,
    is_new: impl Fn(&Path) -> bool + Sync,
    progress: &Progress,
) -> anyhow::Result<Compared> {
    if !linter.compares() {
        return Ok(Compared::new());
    }
    // Of eight parts three are for the sketches, four for comparing them and one for the texts of records.
    let part = given.memory / 8;
    let mut comparison =
        linter.comparison(Box::new(Spill::new(3 * part)), 4 * part).with_threads(rayon::current_num_threads());
    if let Some(stdin) = &given.stdin {
        comparison.add(&linter.sketch(&stdin.document())).context("cannot compare documents")?;
    }
    let (settle, shelf) = (&given.settle, given.shelf.get_mut().unwrap_or_else(PoisonError::into_inner));
    let sketch = |one: pipeline::Given| {
        let is_new = is_new(&one.source.path);
        // What is not new is not fixed either, and stays as it is.
        let (source, is_changed) = if is_new { settle(one.source) } else { (one.source, false) };
        let kept = || Kept::of(one.carrier.as_ref(), &source.text, !is_changed);
        let kept = match &one.carrier {
            Some(Carrier { shard, index, .. }) => Some((shard.name.clone(), shard.path.clone(), *index, kept())),
            None if is_changed => Some((source.origin.path.clone(), source.path.clone(), 1, kept())),
            None => None,
        };
        Sketched { sketch: linter.sketch(&source.document()), kept, is_new }
    };
    stream(inputs, given.reading, progress, sketch, |piece| {
        let Piece::Done(Sketched { sketch, kept, is_new }) = piece else { return Ok(true) };
        let added = if is_new { comparison.add(&sketch) } else { comparison.add_older(&sketch) };
        added.context("cannot compare documents")?;
        if let Some((name, path, index, kept)) = kept {
            shelf.put(&name, &path, index, kept?)?;
        }
        Ok(true)
    })?;
    if interrupt::is_interrupted() {
        return Ok(Compared::new());
    }
    progress.end();
    let findings = interrupt::without_writing(|| comparison.finish(given)).context("cannot compare documents")?;
    let mut compared = Compared::new();
    for finding in findings {
        compared.entry(Arc::clone(&finding.origin)).or_default().push(finding);
    }
    Ok(compared)
}

/// A quarter of the memory that is free.
fn default_memory() -> usize {
    const OTHERWISE: usize = 1 << 30;
    free_memory().map_or(OTHERWISE, |free| free / 4)
}
