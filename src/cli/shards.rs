//! Shards that are fixed: written again record by record, and put into place when all of one is written.

use std::sync::Arc;

use anyhow::{Context, bail};

use super::fix::{Delivery, Destination, Outcome};
use crate::corpus::{
    Carrier, Entry, Fate, FileState, Kind, LogPlace, Original, PendingEntries, Rewriter, Shard, Source, WriteError,
    entries, hash_file,
};
use crate::text::Record;

/// A shard that is being written.
pub(super) struct Rewriting {
    shard: Arc<Shard>,
    /// The new file, or why there is none; told once, if there is anything to be written.
    rewriter: Result<Rewriter, Option<anyhow::Error>>,
    /// What goes into the undo log with the shard.
    pending: PendingEntries,
    done: Rewritten,
    /// Records written so far.
    written: u64,
    /// Records left out so far.
    left_out: usize,
}

/// What was fixed in a shard.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rewritten {
    /// Findings that were fixed.
    pub(super) fixed: usize,
    /// Records in which something was.
    pub(super) records: usize,
}

impl Delivery {
    /// Takes the next record of a shard. Returns what is to be printed of it.
    ///
    /// # Errors
    ///
    /// It cannot be written; the shard is then left as it is.
    pub(super) fn record(
        &mut self,
        carrier: &Carrier,
        source: &Source,
        outcome: &Outcome,
    ) -> anyhow::Result<Option<String>> {
        let is_copy = matches!(self.destination, Destination::Copy);
        let drops = self.drops_empty;
        let difference = match (&self.destination, &outcome.fixed) {
            (Destination::Diff, Some(fixed)) => Some(self.diff(source, &fixed.text, true)),
            _ => None,
        };
        let is_written = !matches!(self.destination, Destination::Diff);
        let rewriting = self.rewriting(&carrier.shard)?;
        let text = if let Some(fixed) = &outcome.fixed { fixed.text.as_str() } else { &source.text };
        let fate = match &outcome.fixed {
            _ if drops && text.trim().is_empty() => Fate::Drop,
            Some(fixed) => {
                let changes = fixed.changes.iter().map(|change| (change.span, change.content.as_str()));
                Fate::Change(&fixed.text, changes.collect())
            }
            _ => Fate::Keep,
        };
        let is_dropped = matches!(fate, Fate::Drop);
        if let Some(fixed) = &outcome.fixed {
            rewriting.done.fixed += fixed.applied.values().sum::<usize>();
            rewriting.done.records += 1;
        }
        if !is_written {
            return Ok(difference);
        }
        let is_changed = !matches!(fate, Fate::Keep);
        rewriting.write(carrier, fate, is_changed)?;
        let records_before = rewriting.written;
        rewriting.written += u64::from(!is_dropped);
        if is_changed && self.undo_log.is_some() {
            let index = if is_copy && !is_dropped { records_before + 1 } else { carrier.index };
            let dropped = is_dropped.then_some(records_before);
            if let Err(error) = self.log(carrier, source, outcome, index, dropped) {
                // What is not in the log must not be changed.
                self.rewriting(&carrier.shard)?.rewriter = Err(None);
                return Err(error);
            }
        }
        Ok(None)
    }

    /// Notes what became of a record for the undo log. `index` is its number after the run, and `dropped` how many records of the
    /// copy come before it if it is left out.
    fn log(
        &mut self,
        carrier: &Carrier,
        source: &Source,
        outcome: &Outcome,
        index: u64,
        dropped: Option<u64>,
    ) -> anyhow::Result<()> {
        let record = source.origin.record.as_ref().map(|record| Record { index, id: record.id.clone() });
        let name = self.layout.log_path(&self.target(&carrier.shard.path))?;
        let base = self.layout.base();
        let place = LogPlace { base: &base, path: &name, record: record.as_ref() };
        let mut entries = match &outcome.fixed {
            Some(fixed) => {
                let raw = carrier.spellings(fixed.changes.iter().map(|change| change.span))?;
                entries(place, Original { text: &source.text, raw: &raw }, &fixed.text, &fixed.changes)
            }
            _ => vec![Entry::dropped(place, &source.text)],
        };
        if dropped.is_some() {
            for entry in &mut entries {
                (entry.dropped, entry.records_before) = (true, dropped);
            }
            if let Some(first) = entries.first_mut().filter(|_| self.keeps_dropped) {
                first.line = Some(carrier.line_text()?.to_owned());
            }
        }
        let rewriting = self.rewriting(&carrier.shard)?;
        rewriting.left_out += usize::from(dropped.is_some());
        rewriting.pending.push(&entries).context("cannot write a temporary file")
    }

    /// Takes the next record of a shard, which holds no document.
    ///
    /// # Errors
    ///
    /// It cannot be written; the shard is then left as it is.
    pub(super) fn pass(&mut self, carrier: &Carrier) -> anyhow::Result<()> {
        if matches!(self.destination, Destination::Diff) {
            return Ok(());
        }
        let rewriting = self.rewriting(&carrier.shard)?;
        rewriting.write(carrier, Fate::Keep, false)?;
        rewriting.written += 1;
        Ok(())
    }

    /// Notes that a part of the shard that is being written cannot be read.
    pub(super) fn miss(&mut self) {
        if let Some(Rewriting { rewriter: Ok(rewriter), .. }) = &mut self.rewriting {
            rewriter.miss();
        }
    }

    /// Puts the shard into its place; says what was fixed in it.
    ///
    /// # Errors
    ///
    /// It cannot be written, or a part of it could not be read; it is then as it was.
    pub(super) fn end(&mut self, shard: &Arc<Shard>) -> anyhow::Result<Rewritten> {
        let is_written = !matches!(self.destination, Destination::Diff);
        if is_written {
            // One without any records is written too.
            self.rewriting(shard)?;
        }
        let Some(rewriting) = self.rewriting.take() else { return Ok(Rewritten::default()) };
        let Rewriting { rewriter, mut pending, done, left_out, .. } = rewriting;
        let Ok(rewriter) = rewriter else { return Ok(if is_written { Rewritten::default() } else { done }) };
        let state = match left_out {
            0 => None,
            left_out => {
                let (path, base) = (self.layout.log_path(&self.target(&shard.path))?, self.layout.base());
                let version = env!("CARGO_PKG_VERSION").to_owned();
                Some(FileState { path, base, file: String::new(), left_out: Some(left_out), version })
            }
        };
        let undo_log = &mut self.undo_log;
        let is_whole = rewriter.finish(|written| {
            let Some(log) = undo_log else { return Ok(()) };
            if let Some(state) = state {
                pending.push_state(&FileState { file: hash_file(written)?, ..state })?;
            }
            log.append_pending(&mut pending)
        })?;
        match (is_whole, &self.destination) {
            (true, _) => Ok(done),
            (false, Destination::Copy) => {
                bail!("{}: not copied, since a part of it cannot be read", shard.name)
            }
            (false, _) if done.records > 0 => {
                bail!("{}: left as it was, since a part of it cannot be read and would be lost", shard.name)
            }
            (false, _) => Ok(done),
        }
    }

    /// The shard that is being written, begun if this is its first record.
    fn rewriting(&mut self, shard: &Arc<Shard>) -> anyhow::Result<&mut Rewriting> {
        let is_other = self.rewriting.as_ref().is_none_or(|rewriting| !Arc::ptr_eq(&rewriting.shard, shard));
        if is_other {
            self.sweep(&self.target(&shard.path));
            let rewriter = match &self.destination {
                Destination::Diff => Err(None),
                Destination::InPlace => begun(Rewriter::begin(shard, None)),
                Destination::Copy if self.keeps_dropped && shard.format.kind == Kind::Parquet => {
                    let name = &shard.name;
                    let reason = "--keep-dropped keeps lines of JSON Lines, and cannot keep a row of Parquet with all its columns";
                    Err(Some(anyhow::anyhow!(
                        "{name}: not copied: {reason}; leave --keep-dropped out, and keep the original"
                    )))
                }
                Destination::Copy => {
                    let target = self.target(&shard.path);
                    match self.claim(&shard.path, &target) {
                        Ok(()) => begun(Rewriter::begin(shard, Some(&target))),
                        Err(error) => Err(Some(error)),
                    }
                }
            };
            self.rewriting = Some(Rewriting {
                shard: Arc::clone(shard),
                rewriter,
                pending: PendingEntries::default(),
                done: Rewritten::default(),
                written: 0,
                left_out: 0,
            });
        }
        self.rewriting.as_mut().context("no shard")
    }
}

fn begun(rewriter: Result<Rewriter, WriteError>) -> Result<Rewriter, Option<anyhow::Error>> {
    rewriter.map_err(|error| Some(error.into()))
}

impl Rewriting {
    fn write(&mut self, carrier: &Carrier, fate: Fate<'_>, is_changed: bool) -> anyhow::Result<()> {
        match &mut self.rewriter {
            Ok(rewriter) => {
                if let Err(error) = rewriter.record(carrier, fate) {
                    self.rewriter = Err(None);
                    return Err(error.into());
                }
                Ok(())
            }
            // A file that cannot be written is of no matter where nothing is to be.
            Err(error @ Some(_)) if is_changed => error.take().map_or(Ok(()), Err),
            Err(_) => Ok(()),
        }
    }
}
