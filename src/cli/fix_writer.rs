//! Writes fixed documents: in place, as copies, or as a diff.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use similar::TextDiff;

use super::context::{CheckContext, Inputs};
use super::layout::{Layout, relative};
use super::run_mode::{Destination, FixOptions};
use super::shard_writer::ShardWriter;
use crate::corpus::storage::is_url;
use crate::corpus::{
    LogLocation, OriginalText, Shard, Source, UndoLog, create, log_entries, remove_stale_files,
    replace, storage,
};
use crate::fix::FixOutcome;
use crate::report::{JudgedDocuments, printable};
use crate::text::PathName;

/// Writes fixed documents and the undo log.
pub(super) struct FixWriter {
    pub(super) options: FixOptions,
    pub(super) layout: Layout,
    pub(super) undo_log: Option<UndoLog>,
    /// Directories without temporary files of killed runs.
    cleaned: HashSet<PathBuf>,
    /// Copies written so far, with their originals.
    copies: HashMap<PathBuf, PathBuf>,
    /// Documents to leave out of the copies.
    pub(super) dropped: JudgedDocuments,
    /// The shard being written.
    pub(super) shard: Option<ShardWriter>,
}

impl FixWriter {
    /// Opens the undo log and determines where documents go.
    ///
    /// # Errors
    ///
    /// The undo log cannot be opened, or the output directory cannot be used.
    pub(super) fn new(
        context: &CheckContext<'_>,
        inputs: &Inputs,
        options: FixOptions,
    ) -> anyhow::Result<Self> {
        let arguments = context.arguments;
        let written: Vec<PathBuf> = arguments.written_files().map(Path::to_owned).collect();
        let is_copy = options.destination == Destination::Copy;
        let output_dir = arguments.output_dir.as_deref().filter(|_| is_copy);
        Ok(Self {
            options,
            layout: Layout::new(&inputs.paths, output_dir, &written)?,
            undo_log: arguments.undo_log.as_deref().map(UndoLog::open).transpose()?,
            cleaned: HashSet::new(),
            copies: HashMap::new(),
            dropped: JudgedDocuments::default(),
            shard: None,
        })
    }

    /// Returns the copies written so far, with their originals.
    pub(super) fn copies(&self) -> &HashMap<PathBuf, PathBuf> {
        &self.copies
    }

    /// Returns where the document from `path` is written.
    pub(super) fn target(&self, path: &Path) -> PathBuf {
        self.layout.target(path)
    }

    /// Returns where a new version of `shard` is written.
    pub(super) fn shard_target(&self, shard: &Shard) -> PathBuf {
        let target = self.target(&shard.path);
        if self.is_copy() { shard.format.copy_path(&target) } else { target }
    }

    /// Returns the copy that was written of a file, or where the copies of a directory are.
    pub(super) fn copy_of(&self, path: &Path) -> PathBuf {
        let copy = self.copies.iter().find(|(_, original)| *original == path);
        copy.map_or_else(|| self.target(path), |(copy, _)| copy.clone())
    }

    /// Whether copies are written.
    pub(super) fn is_copy(&self) -> bool {
        self.options.destination == Destination::Copy
    }

    /// Whether fixes change files without an undo log.
    pub(super) fn is_irreversible(&self) -> bool {
        self.options.destination == Destination::InPlace && self.undo_log.is_none()
    }

    /// Writes a document. Returns the diff to print, if any.
    ///
    /// # Errors
    ///
    /// Writing fails. No file is then half-written.
    pub(super) fn write(
        &mut self,
        source: &Source,
        outcome: &FixOutcome,
    ) -> anyhow::Result<Option<String>> {
        let path = source.path.as_path();
        let target = self.target(path);
        if self.dropped.contains(&source.origin) {
            if storage::exists(&target).with_context(|| format!("cannot read {}", target.name()))? {
                bail!(
                    "{}: left out, but a copy from an earlier run exists; remove {}",
                    path.name(),
                    target.name()
                );
            }
            return Ok(None);
        }
        self.remove_stale_files(&target);
        let before = &*source.text;
        if self.is_copy() {
            self.reserve(path, &target)?;
        }
        let logged = match (&self.undo_log, &outcome.fixed) {
            (Some(_), Some(fixed)) => {
                let name = self.layout.log_path(&target)?;
                let place = LogLocation { base: &self.layout.base(), path: &name, record: None };
                log_entries(
                    place,
                    OriginalText { text: before, raw: &[] },
                    &fixed.text,
                    &fixed.changes,
                )
            }
            _ => Vec::new(),
        };
        let undo_log = &mut self.undo_log;
        let mut log = || {
            undo_log
                .as_mut()
                .map_or(Ok(()), |log| log.append(&logged).context("cannot write the undo log"))
        };
        match (self.options.destination, &outcome.fixed) {
            (Destination::Diff, Some(fixed)) => {
                return Ok(Some(Self::diff(source, &fixed.text, false)));
            }
            (Destination::InPlace, Some(fixed)) => {
                replace(path, before.as_bytes(), fixed.text.as_bytes(), || {
                    log().map_err(std::io::Error::other)
                })?;
            }
            (Destination::Copy, Some(fixed)) => {
                log()?;
                create(&target, fixed.text.as_bytes())?;
            }
            // Copy unchanged documents byte for byte.
            (Destination::Copy, _) => create(&target, &storage::read(path)?)?,
            _ => {}
        }
        Ok(None)
    }

    /// Removes temporary files of killed runs from the directory of `target`.
    pub(super) fn remove_stale_files(&mut self, target: &Path) {
        let Some(folder) = target
            .parent()
            .filter(|_| self.options.destination != Destination::Diff && !is_url(target))
        else {
            return;
        };
        if !self.cleaned.contains(folder) {
            remove_stale_files(folder);
            self.cleaned.insert(folder.to_owned());
        }
    }

    /// Reserves `target` for the copy of `path`.
    ///
    /// # Errors
    ///
    /// The copy would replace its original, another copy or a file that dechaff did not write.
    pub(super) fn reserve(&mut self, path: &Path, target: &Path) -> anyhow::Result<()> {
        if storage::canonical(target)
            .is_ok_and(|target| storage::canonical(path).is_ok_and(|path| path == target))
        {
            bail!("{}: --output-dir would replace the original; not written", path.name());
        }
        self.layout.reserve(target)?;
        if self.copies.insert(target.to_owned(), path.to_owned()).is_some() {
            bail!("{}: another file was already written to {}", path.name(), target.name());
        }
        Ok(())
    }

    /// Returns a unified diff for `git apply` and `patch -p1`. The diff of a record cannot be
    /// applied, and starts with a comment that says so.
    pub(super) fn diff(source: &Source, after: &str, is_record: bool) -> String {
        let place = printable(&source.origin.to_string()).into_owned();
        let (note, name) = match is_record {
            true => {
                let note = format!(
                    "# {place}: changes to the text of a record; not a patch for the file\n"
                );
                (note, place.into_bytes())
            }
            false => (String::new(), relative(&source.path).into_os_string().into_encoded_bytes()),
        };
        // Git does not treat a lone `\r` as a line end.
        let (old, new): (Vec<&str>, Vec<&str>) =
            (source.text.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
        let difference = TextDiff::configure().newline_terminated(true).diff_slices(&old, &new);
        let header = (quoted(&[b"a/", &*name].concat()), quoted(&[b"b/", &*name].concat()));
        note + &difference.unified_diff().context_radius(3).header(&header.0, &header.1).to_string()
    }
}

/// Quotes a name as git does in a patch, if it contains quotes, backslashes, invalid UTF-8 or
/// characters that [`printable`] escapes.
fn quoted(name: &[u8]) -> String {
    let is_plain =
        |name: &&str| !name.contains(['"', '\\']) && matches!(printable(name), Cow::Borrowed(_));
    if let Some(name) = str::from_utf8(name).ok().filter(is_plain) {
        return name.to_owned();
    }
    let mut quoted = String::from("\"");
    let push_octal = |quoted: &mut String, bytes: &[u8]| {
        bytes.iter().for_each(|byte| quoted.push_str(&format!("\\{byte:03o}")));
    };
    for chunk in name.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '"' | '\\' => quoted.extend(['\\', character]),
                '\t' => quoted.push_str("\\t"),
                '\n' => quoted.push_str("\\n"),
                '\r' => quoted.push_str("\\r"),
                other if matches!(printable(other.encode_utf8(&mut [0; 4])), Cow::Borrowed(_)) => {
                    quoted.push(other)
                }
                other => push_octal(&mut quoted, other.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        push_octal(&mut quoted, chunk.invalid());
    }
    quoted + "\""
}
