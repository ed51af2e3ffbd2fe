//! Comparing all documents, before each is checked on its own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rayon::prelude::*;

use crate::corpus::{ReadError, Source, Spill, free_memory};
use crate::engine::Linter;
use crate::finding::Finding;
use crate::text::{Origin, Texts};

/// What comparing found, by document.
pub(super) type Compared = HashMap<Arc<Origin>, Vec<Finding>>;

/// Makes a document of a file.
pub(super) type Load<'g> = dyn Fn(&Path) -> Result<Source, ReadError> + Send + Sync + 'g;

/// The documents of a run, as they are compared.
pub(super) struct Given<'g> {
    /// Standard input, which cannot be read again.
    pub(super) stdin: Option<Source>,
    /// Reads a file, and makes of it what is to be compared.
    pub(super) load: Box<Load<'g>>,
}

impl Texts for Given<'_> {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        match &self.stdin {
            Some(stdin) if *stdin.origin == *origin => Some(Arc::from(stdin.text.as_str())),
            _ => (self.load)(Path::new(&origin.path)).ok().map(|source| Arc::from(source.text)),
        }
    }
}

/// Compares standard input, if it was given, and `files`; those that are not new count as older than the others. Files that cannot be read are left to be told of when they are checked.
///
/// # Errors
///
/// A temporary file cannot be written or read.
pub(super) fn compare(
    linter: &Linter,
    given: &Given<'_>,
    files: impl Iterator<Item = PathBuf>,
    is_new: impl Fn(&Path) -> bool + Sync,
    memory: Option<usize>,
) -> anyhow::Result<Compared> {
    if !linter.compares() {
        return Ok(Compared::new());
    }
    const BATCH: usize = 256;
    let memory = memory.unwrap_or_else(default_memory);
    // Half for the sketches, half for comparing them.
    let mut comparison = linter.comparison(Box::new(Spill::new(memory / 2)), memory / 2);
    let compare = || -> Result<Vec<Finding>, crate::check::store::StoreError> {
        if let Some(stdin) = &given.stdin {
            comparison.add(&linter.sketch(&stdin.document()))?;
        }
        let mut files = files.peekable();
        while files.peek().is_some() {
            let batch: Vec<PathBuf> = files.by_ref().take(BATCH).collect();
            let sketches: Vec<_> = batch
                .par_iter()
                .filter_map(|path| {
                    let source = (given.load)(path).ok()?;
                    Some((is_new(path), linter.sketch(&source.document())))
                })
                .collect();
            for (is_new, sketch) in &sketches {
                if *is_new { comparison.add(sketch)? } else { comparison.add_older(sketch)? }
            }
        }
        comparison.finish(given)
    };
    let findings = compare().context("cannot compare documents")?;
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
