//! `dechaff undo`: reverts the changes in an undo log.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::vec::IntoIter;

use anyhow::{Context, bail};

use super::arguments::UndoArguments;
use super::output::{self, Output};
use super::roots::{Roots, Target};
use super::settings_resolver::SettingsResolver;
use super::{Exit, interrupt};
use crate::corpus::{
    ChangeSet, FileState, InputFile, LogContents, LogEntry, LoggedFile, LoggedFiles, OpenedFile,
    ReadError, ReadOptions, RecordAction, RecordHandle, Records, ReducedCopy, Rewriter, Shard,
    ShardItem, Source, UndoLog, UndoResult, hash_file, logged_files, open, remove_stale_files,
    replace, restore,
};
use crate::report::count;
use crate::rule::Registry;
use crate::text::PathName;

pub(super) fn run(arguments: &UndoArguments) -> anyhow::Result<Exit> {
    let path = &arguments.undo_log;
    let mut undo_log = UndoLog::open_existing(path)?;
    let LogContents { lines, broken, is_native } = undo_log.read()?;
    warn_of_broken_lines(path, &broken.iter().map(|line| line.number).collect::<Vec<_>>());
    if lines.is_empty() {
        bail!("{}: the undo log is empty; nothing to undo", path.name());
    }
    let files = logged_files(lines);
    let rules = codes(&arguments.rule, files.values().flat_map(LoggedFile::entries))?;
    let mut undo = Undo {
        undo_log,
        read_options: ReadOptions::default(),
        roots: Roots::new(arguments.root.as_deref(), is_native)?,
        cleaned: HashSet::new(),
        is_partial: !rules.is_empty(),
        restored: 0,
        passages: 0,
        failed: false,
    };
    undo.find_roots(&files);
    let is_chosen =
        |entry: &LogEntry| rules.is_empty() || entry.rules.iter().any(|rule| rules.contains(rule));
    let chosen = undo.choose(&files, &arguments.paths, is_chosen);
    if chosen.is_empty() && !undo.failed {
        bail!("{}: no change in the undo log matches the given paths and rules", path.name());
    }
    let resolver =
        SettingsResolver::new(&arguments.settings, &arguments.read_options.options(), false)?;
    let first = chosen.first().map_or(Path::new("."), |file| &file.place);
    undo.read_options = arguments.read_options.read_options(&*resolver.settings(first)?);
    interrupt::listen();
    for file in &chosen {
        if interrupt::is_interrupted() {
            output::warning("interrupted; run the same command again to undo the rest");
            break;
        }
        if let Err(error) = undo.restore_file(file, &is_chosen) {
            undo.fail(&error);
        }
    }
    let restored =
        format!("{} restored in {}", count(undo.passages, "passage"), count(undo.restored, "file"));
    if undo.restored == 0 && !undo.failed && !interrupt::is_interrupted() {
        bail!("{}: nothing to undo; the files are the same as before these changes", path.name());
    }
    Output::new(arguments.color).write(&format!("{restored}\n"))?;
    Ok(match undo.failed {
        _ if interrupt::is_interrupted() => Exit::Interrupted,
        true => Exit::Failure,
        false => Exit::Success,
    })
}

fn warn_of_broken_lines(path: &Path, lines: &[usize]) {
    const MAX_SHOWN: usize = 10;
    for line in lines.iter().take(MAX_SHOWN) {
        let what = "the line is incomplete or was edited; it was skipped";
        output::warning(&format!("{}:{line}: {what}", path.name()));
    }
    if lines.len() > MAX_SHOWN {
        let more = count(lines.len() - MAX_SHOWN, "more line");
        output::warning(&format!("{}: {more} skipped", path.name()));
    }
}

/// Returns the codes of rules given by code, prefix or name. Codes of custom rules are only known
/// from the log.
fn codes<'e>(
    rules: &[String],
    entries: impl Iterator<Item = &'e LogEntry>,
) -> anyhow::Result<Vec<String>> {
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let registry = Registry::embedded()?;
    let in_log: BTreeSet<&String> = entries.flat_map(|entry| &entry.rules).collect();
    let mut codes = Vec::new();
    for rule in rules {
        let before = codes.len();
        codes.extend(
            in_log
                .iter()
                .filter(|code| !rule.is_empty() && code.starts_with(rule))
                .map(|code| (*code).clone()),
        );
        if codes.len() == before {
            codes.push(registry.find(rule)?.info.code.clone());
        }
    }
    Ok(codes)
}

/// A file to restore.
struct ChosenFile<'f> {
    /// The directory that `path` is relative to, as in the log.
    base: &'f str,
    path: &'f str,
    logged: &'f LoggedFile,
    place: PathBuf,
}

struct Undo {
    undo_log: UndoLog,
    read_options: ReadOptions,
    roots: Roots,
    /// Directories without temporary files of killed runs.
    cleaned: HashSet<PathBuf>,
    /// Only changes of some rules are undone.
    is_partial: bool,
    restored: usize,
    passages: usize,
    failed: bool,
}

impl Undo {
    fn fail(&mut self, error: &anyhow::Error) {
        self.failed = true;
        output::error(&format!("{error:#}"));
    }

    /// Finds the directories in the log, and reports those that may not be written.
    fn find_roots(&mut self, files: &LoggedFiles) {
        let mut paths: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (base, path) in files.keys() {
            paths.entry(base).or_default().push(path);
        }
        for (base, paths) in paths {
            if let Err(error) = self.roots.find(base, paths.iter().copied()) {
                self.fail(&error);
            }
        }
    }

    /// Returns the files below `paths` with changes to undo. Reports those that may not be written.
    fn choose<'f>(
        &mut self,
        files: &'f LoggedFiles,
        paths: &[PathBuf],
        is_chosen: impl Fn(&LogEntry) -> bool,
    ) -> Vec<ChosenFile<'f>> {
        let paths = self.paths(paths);
        let mut chosen = Vec::new();
        for ((base, path), logged) in files {
            let Some(place) = self.roots.place(base, path) else {
                // An unknown base has been reported already.
                if let Err(error) = self.roots.target(base, path)
                    && self.roots.is_known(base)
                {
                    self.fail(&error);
                }
                continue;
            };
            if self.is_below(&place, &paths) && logged.entries().any(&is_chosen) {
                chosen.push(ChosenFile { base, path, logged, place });
            }
        }
        chosen
    }

    /// Returns the absolute and the canonical form of each path.
    fn paths(&self, paths: &[PathBuf]) -> Vec<PathBuf> {
        let written = paths.iter().map(|path| self.roots.absolute(path));
        written.chain(paths.iter().filter_map(|path| path.canonicalize().ok())).collect()
    }

    fn is_below(&self, place: &Path, chosen: &[PathBuf]) -> bool {
        let written = self.roots.absolute(place);
        let is_in = |place: &Path| chosen.iter().any(|chosen| place.starts_with(chosen));
        chosen.is_empty()
            || is_in(&written)
            || place.canonicalize().is_ok_and(|place| is_in(&place))
    }

    fn restore_file(
        &mut self,
        file: &ChosenFile<'_>,
        is_chosen: &impl Fn(&LogEntry) -> bool,
    ) -> anyhow::Result<()> {
        let target = self.roots.target(file.base, file.path)?;
        let folder = target.real.parent().unwrap_or(&target.real);
        if !self.cleaned.contains(folder) {
            remove_stale_files(folder);
            self.cleaned.insert(folder.to_owned());
        }
        let input = InputFile::with_name(target.real.clone(), target.shown.name(), true);
        match open(&input, &self.read_options, &Arc::default())? {
            OpenedFile::Plain => self.restore_document(&target, file.logged, is_chosen),
            OpenedFile::Shard(shard, records) => {
                self.restore_shard(&shard, records, file, is_chosen)
            }
        }
    }

    /// Restores a file that is one document.
    fn restore_document(
        &mut self,
        target: &Target,
        file: &LoggedFile,
        is_chosen: &impl Fn(&LogEntry) -> bool,
    ) -> anyhow::Result<()> {
        let name = target.shown.name();
        let Some(change_sets) = file.documents.get(&None) else {
            bail!(
                "{name}: the changes are in records, but the file is a single document; not changed"
            )
        };
        let bytes = fs::read(&target.real).with_context(|| format!("cannot read {name}"))?;
        let Ok(text) = str::from_utf8(&bytes) else {
            bail!("{name}: the text has changed since it was fixed; not changed")
        };
        let restored = restore(text, change_sets, is_chosen).with_context(|| name.to_string())?;
        self.warn_of_covered(&name.to_string(), &restored);
        if restored.passages > 0 {
            let (log, rest) = (&mut self.undo_log, &restored.rest);
            let append = || if rest.is_empty() { Ok(()) } else { log.append(rest) };
            replace(&target.real, &bytes, restored.text.as_bytes(), append)?;
            self.restored += 1;
            self.passages += restored.passages;
        }
        Ok(())
    }

    /// Restores the records of a shard, rewriting it once.
    fn restore_shard(
        &mut self,
        shard: &Arc<Shard>,
        records: Records,
        file: &ChosenFile<'_>,
        is_chosen: &impl Fn(&LogEntry) -> bool,
    ) -> anyhow::Result<()> {
        let ChosenFile { base, path, logged, .. } = *file;
        let dropped = match logged.copies.is_empty() {
            true => None,
            false => {
                let now = hash_file(&shard.path)
                    .with_context(|| format!("cannot read {}", shard.name))?;
                if logged.restored_hashes.contains(&now) {
                    return Ok(());
                }
                self.dropped_records(shard, logged, &now, is_chosen)
            }
        };
        let dropped = dropped.unwrap_or_default();
        let puts_back = !dropped.is_empty();
        let mut change_sets: BTreeMap<u64, &[ChangeSet]> = logged
            .documents
            .iter()
            .map(|(record, change_sets)| (record.unwrap_or(1), change_sets.as_slice()))
            .collect();
        let mut restorer = ShardRestorer::new(shard, dropped)?;
        for item in records {
            let raw = match item {
                ShardItem::Record(raw) => raw,
                ShardItem::Unreadable(error) => bail!("{error}; the file was not changed"),
            };
            let (mut handle, source) = raw.decode();
            restorer.insert_records_before(handle.index)?;
            let restored = change_sets.remove(&handle.index).and_then(|change_sets| {
                self.restore_record(&mut handle, source, change_sets, is_chosen)
            });
            restorer.write_record(&handle, restored)?;
        }
        restorer.insert_remaining_records()?;
        if !change_sets.is_empty() {
            let missing = count(change_sets.len(), "changed record");
            self.fail(&anyhow::anyhow!("{}: {missing} cannot be found in it", shard.name));
        }
        let undo_log = &mut self.undo_log;
        let ShardRestorer { rewriter, passages, rest, .. } = restorer;
        rewriter.finish(|written| {
            if puts_back {
                let (path, base, file) = (path.to_owned(), base.to_owned(), hash_file(written)?);
                let version = env!("CARGO_PKG_VERSION").to_owned();
                undo_log.append_state(&FileState { path, base, file, left_out: None, version })?;
            }
            if rest.is_empty() { Ok(()) } else { undo_log.append(&rest) }
        })?;
        self.restored += usize::from(passages > 0);
        self.passages += passages;
        Ok(())
    }

    /// Restores the text of a record in its handle. Reports an error and returns `None` if that
    /// fails.
    fn restore_record(
        &mut self,
        handle: &mut RecordHandle,
        decoded: Result<Option<Source>, ReadError>,
        change_sets: &[ChangeSet],
        is_chosen: &impl Fn(&LogEntry) -> bool,
    ) -> Option<UndoResult> {
        let source = match decoded {
            Ok(Some(source)) => Ok(source),
            Ok(None) => Err(anyhow::anyhow!(
                "{}, record {}: it has no text",
                handle.shard.name,
                handle.index
            )),
            Err(error) => Err(error.into()),
        };
        let source = match source {
            Ok(source) => source,
            Err(error) => {
                self.fail(&error.context("a changed record cannot be restored"));
                return None;
            }
        };
        let place = source.origin.to_string();
        let restored = restore(&source.text, change_sets, is_chosen).map_err(anyhow::Error::from);
        let restored = restored.and_then(|restored| {
            for replacements in &restored.replacements {
                handle.restore(replacements)?;
            }
            Ok(restored)
        });
        match restored {
            Ok(restored) => {
                self.warn_of_covered(&place, &restored);
                Some(restored)
            }
            Err(error) => {
                self.fail(&error.context(place));
                None
            }
        }
    }

    /// Returns the dropped records to insert into the copy with the hash `now`, in order. Reports
    /// those that cannot be restored.
    fn dropped_records<'f>(
        &mut self,
        shard: &Shard,
        file: &'f LoggedFile,
        now: &str,
        is_chosen: &impl Fn(&LogEntry) -> bool,
    ) -> Option<Vec<&'f LogEntry>> {
        let copy = file.copies.iter().rev().find(|copy| copy.file == now);
        let Some(ReducedCopy { left_out, dropped, .. }) = copy else {
            let last = file.copies.last()?;
            if !last.dropped.iter().any(is_chosen) {
                return None;
            }
            let what = "left out of the copy and cannot be restored, because the copy has changed; the original has them";
            self.fail(&anyhow::anyhow!(
                "{}: {} {what}",
                shard.name,
                count(last.left_out, "record was")
            ));
            return None;
        };
        let is_kept =
            dropped.len() == *left_out && dropped.iter().all(|entry| entry.line.is_some());
        if is_kept && !self.is_partial {
            let mut dropped: Vec<&LogEntry> = dropped.iter().collect();
            dropped.sort_by_key(|entry| {
                (entry.records_before, entry.record.as_ref().map(|record| record.index))
            });
            return Some(dropped);
        }
        let why = match is_kept {
            true => "left out of the copy; undo all changes at once to restore it",
            false => {
                "left out of the copy and cannot be restored; the original has it (--keep-dropped stores such records)"
            }
        };
        for entry in dropped.iter().filter(|entry| is_chosen(entry)) {
            let record = entry.record.as_ref();
            let index = record.map_or(0, |record| record.index);
            let id = record
                .and_then(|record| record.id.as_ref())
                .map(|id| format!(" (id \"{id}\")"))
                .unwrap_or_default();
            self.fail(&anyhow::anyhow!(
                "{}: record {index} of the original{id} was {why}",
                shard.name
            ));
        }
        let lost = left_out.saturating_sub(dropped.len());
        if lost > 0 {
            self.fail(&anyhow::anyhow!("{}: {} {why}", shard.name, count(lost, "more record was")));
        }
        None
    }

    fn warn_of_covered(&mut self, place: &str, restored: &UndoResult) {
        if !restored.covered_by.is_empty() {
            let rules = restored.covered_by.join(", ");
            let remedy = "undo that first, or undo both at once";
            self.fail(&anyhow::anyhow!("{place}: {rules} changed the text later; {remedy}"));
        }
    }
}

/// A shard whose records are being restored, in order.
struct ShardRestorer<'f> {
    rewriter: Rewriter,
    /// The dropped records that are not yet put back.
    dropped: Peekable<IntoIter<&'f LogEntry>>,
    /// The number of passages restored.
    passages: usize,
    /// The changes that are not undone.
    rest: Vec<LogEntry>,
}

impl<'f> ShardRestorer<'f> {
    fn new(shard: &Arc<Shard>, dropped: Vec<&'f LogEntry>) -> anyhow::Result<Self> {
        let rewriter = Rewriter::new(shard, None)?;
        Ok(Self {
            rewriter,
            dropped: dropped.into_iter().peekable(),
            passages: 0,
            rest: Vec::new(),
        })
    }

    /// Puts back the dropped records that precede record `index`.
    fn insert_records_before(&mut self, index: u64) -> anyhow::Result<()> {
        while let Some(entry) = self.dropped.next_if(|entry| entry.records_before < Some(index)) {
            self.insert_record(entry)?;
        }
        Ok(())
    }

    /// Puts back all other dropped records.
    fn insert_remaining_records(&mut self) -> anyhow::Result<()> {
        while let Some(entry) = self.dropped.next() {
            self.insert_record(entry)?;
        }
        Ok(())
    }

    fn insert_record(&mut self, entry: &LogEntry) -> anyhow::Result<()> {
        self.rewriter.insert_line(entry.line.as_deref().unwrap_or_default())?;
        self.passages += 1;
        Ok(())
    }

    /// Writes a record, with its restored text if there is one.
    fn write_record(
        &mut self,
        handle: &RecordHandle,
        restored: Option<UndoResult>,
    ) -> anyhow::Result<()> {
        let action = match &restored {
            Some(restored) if restored.passages > 0 => RecordAction::Replace(&restored.text),
            _ => RecordAction::Keep,
        };
        self.rewriter.write_record(handle, action)?;
        if let Some(restored) = restored {
            self.passages += restored.passages;
            self.rest.extend(restored.rest);
        }
        Ok(())
    }
}
