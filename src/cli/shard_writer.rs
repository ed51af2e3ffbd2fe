//! Writes fixed shards record by record, and renames each into place once it is complete.

use std::sync::Arc;

use anyhow::{Context, bail};

use super::fix_writer::FixWriter;
use super::run_mode::Destination;
use crate::corpus::{
    FileState, LogEntry, LogLocation, OriginalText, PendingEntries, RecordAction, RecordHandle,
    Rewriter, Shard, Source, WriteError, hash_file, log_entries,
};
use crate::fix::FixOutcome;
use crate::text::Record;

/// A shard being written.
pub(super) struct ShardWriter {
    shard: Arc<Shard>,
    /// The new file, or why there is none. The reason is reported once, when something has to be
    /// written.
    rewriter: Result<Rewriter, Option<anyhow::Error>>,
    /// The undo log entries of the shard.
    pending: PendingEntries,
    counts: FixCounts,
    /// Records written so far.
    written: u64,
    /// Records dropped so far.
    dropped: usize,
}

/// The number of fixes in a shard.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct FixCounts {
    /// Fixed findings.
    pub(super) fixed: usize,
    /// Records with fixes.
    pub(super) records: usize,
}

impl FixWriter {
    /// Writes the next record of a shard. Returns the diff to print, if any.
    ///
    /// # Errors
    ///
    /// Writing fails; the shard is then left unchanged.
    pub(super) fn write_record(
        &mut self,
        handle: &RecordHandle,
        source: &Source,
        outcome: &FixOutcome,
    ) -> anyhow::Result<Option<String>> {
        let is_diff = self.options.destination == Destination::Diff;
        let (is_copy, drop_empty) = (self.is_copy(), self.options.drop_empty);
        let is_left_out = self.dropped.contains(&source.origin);
        let shard = self.shard_writer(&handle.shard)?;
        let text =
            if let Some(fixed) = &outcome.fixed { fixed.text.as_str() } else { &source.text };
        let action = match &outcome.fixed {
            _ if is_left_out || drop_empty && text.trim().is_empty() => RecordAction::Drop,
            Some(fixed) => {
                let changes =
                    fixed.changes.iter().map(|change| (change.span, change.content.as_str()));
                RecordAction::Edit(&fixed.text, changes.collect())
            }
            _ => RecordAction::Keep,
        };
        let is_dropped = matches!(action, RecordAction::Drop);
        if let Some(fixed) = &outcome.fixed {
            shard.counts.fixed += fixed.applied.values().sum::<usize>();
            shard.counts.records += 1;
        }
        if is_diff {
            return Ok(outcome.fixed.as_ref().map(|fixed| Self::diff(source, &fixed.text, true)));
        }
        let is_changed = !matches!(action, RecordAction::Keep);
        // A read-only format cannot store the record.
        let action = match action {
            RecordAction::Keep if !shard.shard.is_rewritable() => RecordAction::Replace(text),
            action => action,
        };
        shard.write(handle, action, is_changed)?;
        let records_before = shard.written;
        shard.written += u64::from(!is_dropped);
        if is_changed && self.undo_log.is_some() {
            let index = if is_copy && !is_dropped { records_before + 1 } else { handle.index };
            let dropped = is_dropped.then_some(records_before);
            if let Err(error) = self.log(handle, source, outcome, index, dropped) {
                // A change that is not logged must not be written.
                self.shard_writer(&handle.shard)?.rewriter = Err(None);
                return Err(error);
            }
        }
        Ok(None)
    }

    /// Logs the change of a record. `index` is its number after the run. For a dropped record,
    /// `dropped` is the number of records before it in the copy.
    fn log(
        &mut self,
        handle: &RecordHandle,
        source: &Source,
        outcome: &FixOutcome,
        index: u64,
        dropped: Option<u64>,
    ) -> anyhow::Result<()> {
        let record =
            source.origin.record.as_ref().map(|record| Record { index, id: record.id.clone() });
        let name = self.layout.log_path(&self.shard_target(&handle.shard))?;
        let base = self.layout.base();
        let place = LogLocation { base: &base, path: &name, record: record.as_ref() };
        let mut entries = match &outcome.fixed {
            Some(fixed) => {
                let raw = handle.spellings(fixed.changes.iter().map(|change| change.span))?;
                log_entries(
                    place,
                    OriginalText { text: &source.text, raw: &raw },
                    &fixed.text,
                    &fixed.changes,
                )
            }
            _ => vec![LogEntry::dropped(place, &source.text)],
        };
        if dropped.is_some() {
            for entry in &mut entries {
                (entry.dropped, entry.records_before) = (true, dropped);
            }
            if let Some(first) = entries.first_mut().filter(|_| self.options.keep_dropped) {
                first.line = Some(handle.line_text()?.to_owned());
            }
        }
        let shard = self.shard_writer(&handle.shard)?;
        shard.dropped += usize::from(dropped.is_some());
        shard.pending.push(&entries).context("cannot write a temporary file")
    }

    /// Copies the next record of a shard, which has no document.
    ///
    /// # Errors
    ///
    /// Writing fails; the shard is then left unchanged.
    pub(super) fn write_unchanged(&mut self, handle: &RecordHandle) -> anyhow::Result<()> {
        if self.options.destination == Destination::Diff {
            return Ok(());
        }
        let shard = self.shard_writer(&handle.shard)?;
        shard.write(handle, RecordAction::Keep, false)?;
        shard.written += u64::from(shard.shard.is_rewritable());
        Ok(())
    }

    /// Marks the shard being written as having an unreadable part.
    pub(super) fn mark_damaged(&mut self) {
        if let Some(ShardWriter { rewriter: Ok(rewriter), .. }) = &mut self.shard {
            rewriter.mark_damaged();
        }
    }

    /// Renames the finished shard into place, and returns the number of fixes in it.
    ///
    /// # Errors
    ///
    /// Writing fails, or a part of the shard could not be read; it is then left unchanged.
    pub(super) fn finish_shard(&mut self, shard: &Arc<Shard>) -> anyhow::Result<FixCounts> {
        let is_diff = self.options.destination == Destination::Diff;
        if !is_diff {
            // A shard without records is written too.
            self.shard_writer(shard)?;
        }
        let Some(writer) = self.shard.take() else { return Ok(FixCounts::default()) };
        let ShardWriter { rewriter, mut pending, counts, dropped, .. } = writer;
        let Ok(rewriter) = rewriter else {
            return Ok(if is_diff { counts } else { FixCounts::default() });
        };
        let state = match dropped {
            0 => None,
            left_out => {
                let (path, base) =
                    (self.layout.log_path(&self.shard_target(shard))?, self.layout.base());
                let version = env!("CARGO_PKG_VERSION").to_owned();
                Some(FileState {
                    path,
                    base,
                    file: String::new(),
                    left_out: Some(left_out),
                    version,
                })
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
        match (is_whole, self.options.destination) {
            (true, _) => Ok(counts),
            (false, Destination::Copy) => {
                bail!("{}: not copied, because a part of it cannot be read", shard.name)
            }
            (false, _) if counts.records > 0 => {
                bail!(
                    "{}: not changed, because a part of it cannot be read and would be lost",
                    shard.name
                )
            }
            (false, _) => Ok(counts),
        }
    }

    /// Returns the writer of `shard`, starting it at the first record.
    fn shard_writer(&mut self, shard: &Arc<Shard>) -> anyhow::Result<&mut ShardWriter> {
        let is_other = self.shard.as_ref().is_none_or(|writer| !Arc::ptr_eq(&writer.shard, shard));
        if is_other {
            self.remove_stale_files(&self.shard_target(shard));
            let rewriter = match self.options.destination {
                Destination::Diff => Err(None),
                Destination::InPlace => optional_error(Rewriter::new(shard, None)),
                Destination::Copy
                    if self.options.keep_dropped
                        && shard.has_records()
                        && !shard.format.content.has_lines =>
                {
                    let name = &shard.name;
                    let reason = "--keep-dropped stores lines of text, not rows of a table";
                    Err(Some(anyhow::anyhow!(
                        "{name}: not copied: {reason}; remove --keep-dropped, and keep the original"
                    )))
                }
                Destination::Copy => {
                    let target = self.shard_target(shard);
                    match self.reserve(&shard.path, &target) {
                        Ok(()) => optional_error(Rewriter::new(shard, Some(&target))),
                        Err(error) => Err(Some(error)),
                    }
                }
            };
            self.shard = Some(ShardWriter {
                shard: Arc::clone(shard),
                rewriter,
                pending: PendingEntries::default(),
                counts: FixCounts::default(),
                written: 0,
                dropped: 0,
            });
        }
        self.shard.as_mut().context("no shard")
    }
}

fn optional_error(
    rewriter: Result<Rewriter, WriteError>,
) -> Result<Rewriter, Option<anyhow::Error>> {
    rewriter.map_err(|error| Some(error.into()))
}

impl ShardWriter {
    fn write(
        &mut self,
        handle: &RecordHandle,
        action: RecordAction<'_>,
        is_changed: bool,
    ) -> anyhow::Result<()> {
        match &mut self.rewriter {
            Ok(rewriter) => {
                if let Err(error) = rewriter.write_record(handle, action) {
                    self.rewriter = Err(None);
                    return Err(error.into());
                }
                Ok(())
            }
            // Without a change to write, the error is harmless.
            Err(error @ Some(_)) if is_changed => error.take().map_or(Ok(()), Err),
            Err(_) => Ok(()),
        }
    }
}
