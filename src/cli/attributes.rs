//! Attribute files for the mixer of Dolma, beside the documents they are about.

use std::io::Write;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::bail;

use crate::corpus::{Carrier, Kind, Lines, Shard};
use crate::finding::Finding;
use crate::report::attributes;

/// Writes a file of attributes for each shard.
pub(super) struct Attributes {
    folder: PathBuf,
    current: Option<(Arc<Shard>, Option<Lines>)>,
}

impl Attributes {
    /// Below `folder`.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), current: None }
    }

    /// Writes the line of the next record: of a document with its findings, or of a record that holds none.
    ///
    /// # Errors
    ///
    /// The file system refuses, or the shard is none that Dolma reads; told once for each shard.
    pub(super) fn record(&mut self, carrier: &Carrier, document: Option<(&str, &[Finding])>) -> anyhow::Result<()> {
        let line = match document {
            Some((text, findings)) => attributes(carrier.id.as_deref(), text, findings),
            None => attributes(carrier.id.as_deref(), "", &[]),
        };
        let Some(lines) = self.of(&carrier.shard)? else { return Ok(()) };
        let written = lines.write_all(line.as_bytes()).and_then(|()| lines.write_all(b"\n"));
        if let Err(error) = written {
            self.current = Some((Arc::clone(&carrier.shard), None));
            bail!("cannot write the attributes of {}: {error}", carrier.shard.name);
        }
        Ok(())
    }

    /// Puts the file of a shard into its place.
    ///
    /// # Errors
    ///
    /// The file system refuses.
    pub(super) fn end(&mut self, shard: &Arc<Shard>) -> anyhow::Result<()> {
        self.of(shard)?;
        match self.current.take() {
            Some((_, Some(lines))) => Ok(lines.finish()?),
            _ => Ok(()),
        }
    }

    /// Gives up the file of the shard of which a part cannot be read: lines must match those of the documents.
    pub(super) fn miss(&mut self) {
        if let Some((_, lines)) = &mut self.current {
            *lines = None;
        }
    }

    fn of(&mut self, shard: &Arc<Shard>) -> anyhow::Result<Option<&mut Lines>> {
        if !matches!(&self.current, Some((current, _)) if Arc::ptr_eq(current, shard)) {
            self.current = Some((Arc::clone(shard), None));
            if shard.format.kind != Kind::JsonLines {
                bail!("{}: Dolma reads JSON Lines only; no attributes were written for it", shard.name);
            }
            let lines = Lines::create(&self.target(&shard.path), shard.format.codec)?;
            self.current = Some((Arc::clone(shard), Some(lines)));
        }
        Ok(self.current.as_mut().and_then(|(_, lines)| lines.as_mut()))
    }

    /// `documents/a.jsonl` as `attributes/dechaff/a.jsonl` below the folder, as the mixer looks for it.
    fn target(&self, path: &Path) -> PathBuf {
        let parts: Vec<_> = path.components().filter(|part| matches!(part, Component::Normal(_))).collect();
        let last = parts.iter().rposition(|part| part.as_os_str() == "documents");
        let below = parts.iter().skip(last.map_or(0, |last| last + 1));
        below.fold(self.folder.join("attributes").join("dechaff"), |path, part| path.join(part))
    }
}
