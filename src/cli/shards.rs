//! Shards that are fixed: written again record by record, and put into place when all of one is written.

use std::sync::Arc;

use anyhow::{Context, bail};

use super::fix::{Delivery, Destination, Outcome};
use crate::corpus::{Carrier, Entry, Fate, Rewriter, Shard, Source, Waiting, WriteError, entries, hash};
use crate::text::Record;

/// A shard that is being written.
pub(super) struct Rewriting {
    shard: Arc<Shard>,
    /// The new file, or why there is none; told once, if there is anything to be written.
    rewriter: Result<Rewriter, Option<anyhow::Error>>,
    /// What goes into the trail with the shard.
    waiting: Waiting,
    done: Rewritten,
    /// Records written so far.
    written: u64,
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
        let target = self.target(&carrier.shard.path);
        let has_trail = self.trail.is_some();
        let is_copy = matches!(self.destination, Destination::Folder(_));
        let drops = self.drops_empty;
        let difference = match (&self.destination, outcome) {
            (Destination::Diff, Outcome::Fixed(fixed)) => Some(self.diff(source, &fixed.text, true)),
            _ => None,
        };
        let is_written = !matches!(self.destination, Destination::Diff);
        let rewriting = self.rewriting(&carrier.shard)?;
        let text = if let Outcome::Fixed(fixed) = outcome { fixed.text.as_str() } else { &source.text };
        let fate = match outcome {
            _ if drops && text.trim().is_empty() => Fate::Drop,
            Outcome::Fixed(fixed) => {
                let changes = fixed.changes.iter().map(|change| (change.span, change.content.as_str()));
                Fate::Change(&fixed.text, changes.collect())
            }
            _ => Fate::Keep,
        };
        let is_dropped = matches!(fate, Fate::Drop);
        if let Outcome::Fixed(fixed) = outcome {
            rewriting.done.fixed += fixed.applied.values().sum::<usize>();
            rewriting.done.records += 1;
        }
        if !is_written {
            return Ok(difference);
        }
        let is_changed = !matches!(fate, Fate::Keep);
        rewriting.write(carrier, fate, is_changed)?;
        rewriting.written += u64::from(!is_dropped);
        if has_trail && is_changed {
            let path = if is_copy { target.to_string_lossy().into_owned() } else { source.origin.path.clone() };
            // Copies that leave records out count their own.
            let index = if is_copy && !is_dropped { rewriting.written } else { carrier.index };
            let record = source.origin.record.as_ref().map(|record| Record { index, id: record.id.clone() });
            let entries = match outcome {
                Outcome::Fixed(fixed) => entries(&path, record.as_ref(), &source.text, &fixed.text, &fixed.changes),
                _ => vec![dropped(&path, record.clone(), &source.text)],
            };
            let entries: Vec<Entry> = entries.into_iter().map(|entry| Entry { dropped: is_dropped, ..entry }).collect();
            rewriting.waiting.push(&entries).context("cannot write a temporary file")?;
        }
        Ok(None)
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
        let Rewriting { rewriter, mut waiting, done, .. } = rewriting;
        let Ok(rewriter) = rewriter else { return Ok(if is_written { Rewritten::default() } else { done }) };
        let trail = &mut self.trail;
        let is_whole = rewriter.finish(|| trail.as_mut().map_or(Ok(()), |trail| trail.append_all(&mut waiting)))?;
        match (is_whole, &self.destination) {
            (true, _) => Ok(done),
            (false, Destination::Folder(_)) => {
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
            let rewriter = match &self.destination {
                Destination::Diff => Err(None),
                Destination::InPlace => begun(Rewriter::begin(shard, None)),
                Destination::Folder(_) => {
                    let target = self.target(&shard.path);
                    match self.claim(&shard.path, &target) {
                        Ok(()) => begun(Rewriter::begin(shard, Some(&target))),
                        Err(error) => Err(Some(error)),
                    }
                }
            };
            let (waiting, done, written) = (Waiting::default(), Rewritten::default(), 0);
            self.rewriting = Some(Rewriting { shard: Arc::clone(shard), rewriter, waiting, done, written });
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

/// The entry of a record that was blank before and is left out.
fn dropped(path: &str, record: Option<Record>, text: &str) -> Entry {
    Entry {
        path: path.to_owned(),
        record,
        rules: Vec::new(),
        start: 0,
        end: text.len(),
        removed: text.to_owned(),
        inserted: String::new(),
        before: hash(text.as_bytes()),
        after: hash(b""),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        dropped: true,
    }
}
