//! Attribute files for Dolma's mixer.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;

use super::layout::relative;
use crate::corpus::{CompressedWriter, JSON_LINES, RecordHandle, Shard};
use crate::finding::Finding;
use crate::report::attributes;

/// Writes an attribute file for each shard.
pub(super) struct DolmaWriter {
    folder: PathBuf,
    /// The shard being written, with its file unless writing failed.
    current: Option<(Arc<Shard>, Option<CompressedWriter>)>,
}

impl DolmaWriter {
    /// Writes below `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), current: None }
    }

    /// Writes the attributes of the next record, which has findings if it is a document.
    ///
    /// # Errors
    ///
    /// Writing fails, or Dolma cannot read the shard. Each shard has at most one error.
    pub(super) fn record(
        &mut self,
        handle: &RecordHandle,
        document: Option<(&str, &[Finding])>,
    ) -> anyhow::Result<()> {
        let line = match document {
            Some((text, findings)) => attributes(handle.id.as_deref(), text, findings),
            None => attributes(handle.id.as_deref(), "", &[]),
        };
        let Some(lines) = self.lines(&handle.shard)? else { return Ok(()) };
        let written = lines.write_all(line.as_bytes()).and_then(|()| lines.write_all(b"\n"));
        if let Err(error) = written {
            self.current = Some((Arc::clone(&handle.shard), None));
            bail!("cannot write the attributes of {}: {error}", handle.shard.name);
        }
        Ok(())
    }

    /// Completes the file of a shard.
    ///
    /// # Errors
    ///
    /// Writing fails.
    pub(super) fn finish_shard(&mut self, shard: &Arc<Shard>) -> anyhow::Result<()> {
        self.lines(shard)?;
        match self.current.take() {
            Some((_, Some(lines))) => Ok(lines.finish()?),
            _ => Ok(()),
        }
    }

    /// Discards the file of a shard with an unreadable part: its lines would not match those of the
    /// documents.
    pub(super) fn mark_damaged(&mut self) {
        if let Some((_, lines)) = &mut self.current {
            *lines = None;
        }
    }

    fn lines(&mut self, shard: &Arc<Shard>) -> anyhow::Result<Option<&mut CompressedWriter>> {
        if !matches!(&self.current, Some((current, _)) if Arc::ptr_eq(current, shard)) {
            self.current = Some((Arc::clone(shard), None));
            if *shard.format.content != JSON_LINES {
                bail!(
                    "{}: Dolma only reads JSON Lines; no attributes were written for this file",
                    shard.name
                );
            }
            let lines = CompressedWriter::create(&self.target(&shard.path), shard.format.codec)?;
            self.current = Some((Arc::clone(shard), Some(lines)));
        }
        Ok(self.current.as_mut().and_then(|(_, lines)| lines.as_mut()))
    }

    /// Returns where the mixer expects the attributes: `attributes/dechaff/a.jsonl` for
    /// `documents/a.jsonl`.
    fn target(&self, path: &Path) -> PathBuf {
        let path = relative(path);
        let parts: Vec<_> = path.components().collect();
        let last = parts.iter().rposition(|part| part.as_os_str() == "documents");
        let below = parts.iter().skip(last.map_or(0, |last| last + 1));
        below.fold(self.folder.join("attributes").join("dechaff"), |path, part| path.join(part))
    }
}
