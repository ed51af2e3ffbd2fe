//! `dechaff undo`: takes back what a trail says was changed.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};

use super::Exit;
use super::arguments::UndoArguments;
use super::output::{self, Output};
use super::workspace::{Workspace, absolute};
use crate::corpus::{
    Broken, Entry, Fate, Input, Opened, Reading, Records, Rewriter, Shard, ShardStep, Step, open, read_trail, replace,
    rewrite_trail,
};
use crate::report::count;
use crate::rule::Registry;
use crate::text::Span;

pub(super) fn run(arguments: &UndoArguments) -> anyhow::Result<Exit> {
    let trail = &arguments.trail;
    let (entries, broken) = read_trail(trail).with_context(|| format!("cannot read the trail {}", trail.display()))?;
    for (line, _) in &broken {
        output::warning(&format!("{}:{line}: not a line of a trail; it was passed over and is kept", trail.display()));
    }
    let rules = codes(&arguments.rule, &entries)?;
    let here = std::env::current_dir().context("cannot find the working directory")?;
    let chosen: Vec<PathBuf> = arguments.paths.iter().map(|path| absolute(&here, path)).collect();
    let is_chosen = |entry: &Entry| {
        let path = absolute(&here, Path::new(&entry.path));
        (chosen.is_empty() || chosen.iter().any(|chosen| path.starts_with(chosen)))
            && (rules.is_empty() || entry.rules.iter().any(|rule| rules.contains(rule)))
    };

    if entries.is_empty() {
        bail!("{}: the trail is empty: there is nothing to undo", trail.display());
    }
    let steps = Step::all(entries);
    if !steps.iter().flat_map(|step| &step.entries).any(is_chosen) {
        bail!("{}: no change of the trail is of the paths and rules asked for", trail.display());
    }
    let first = steps.iter().flat_map(|step| &step.entries).next();
    let workspace = Workspace::new(&arguments.settings, &arguments.reading.options(), false)?;
    let root = workspace.profile(first.map_or(Path::new("."), |entry| Path::new(&entry.path)))?;
    let mut undo = Undo {
        trail,
        reading: arguments.reading.reading(&root),
        broken,
        kept: steps.into_iter().map(Some).collect(),
        restored: 0,
        passages: 0,
        failed: false,
    };
    undo.run(is_chosen)?;
    Output::new(arguments.color).write(&format!(
        "{} restored in {}\n",
        count(undo.passages, "passage"),
        count(undo.restored, "file"),
    ))?;
    Ok(if undo.failed { Exit::Failure } else { Exit::Clean })
}

/// The codes of rules named by code, the beginning of one, or name; a code that only the trail knows is of a user's own rule.
fn codes(rules: &[String], entries: &[Entry]) -> anyhow::Result<Vec<String>> {
    let registry = Registry::embedded()?;
    let in_trail: BTreeSet<&String> = entries.iter().flat_map(|entry| &entry.rules).collect();
    let mut codes = Vec::new();
    for rule in rules {
        let before = codes.len();
        codes.extend(
            in_trail.iter().filter(|code| !rule.is_empty() && code.starts_with(rule)).map(|code| (*code).clone()),
        );
        if codes.len() == before {
            codes.push(registry.find(rule)?.info.code.clone());
        }
    }
    Ok(codes)
}

struct Undo<'a> {
    trail: &'a Path,
    reading: Reading,
    /// Lines of it that could not be read.
    broken: Broken,
    /// The steps that the trail still tells of.
    kept: Vec<Option<Step>>,
    restored: usize,
    passages: usize,
    failed: bool,
}

impl Undo<'_> {
    /// Takes steps back file by file, the last first; the trail is told after each file, so that it is true at any moment.
    fn run(&mut self, is_chosen: impl Fn(&Entry) -> bool) -> anyhow::Result<()> {
        let mut of_file: HashMap<PathBuf, Vec<usize>> = HashMap::new();
        for (index, step) in self.kept.iter().enumerate() {
            if let Some(step) = step {
                of_file.entry(step.path.clone()).or_default().push(index);
            }
        }
        let mut files: Vec<(PathBuf, Vec<usize>)> = of_file.into_iter().collect();
        files.sort();
        for (path, steps) in files {
            if let Err(error) = self.file(&path, &steps, &is_chosen) {
                self.failed = true;
                output::error(&format!("{error:#}"));
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, steps: &[usize], is_chosen: &impl Fn(&Entry) -> bool) -> anyhow::Result<()> {
        let input = Input::of(path.to_owned(), true);
        let kept = match open(&input, &self.reading, &Arc::default())? {
            Opened::Plain => self.document(path, steps, is_chosen)?,
            Opened::Shard(shard, records) => self.shard(&shard, records, steps, is_chosen)?,
        };
        for (index, rest) in kept {
            self.kept[index] = rest;
        }
        let entries: Vec<Entry> = self.kept.iter().flatten().flat_map(|step| step.entries.clone()).collect();
        rewrite_trail(self.trail, &entries, &self.broken)
            .with_context(|| format!("cannot write the trail {}", self.trail.display()))
    }

    /// Takes steps back in a file that is one document.
    fn document(&mut self, path: &Path, steps: &[usize], is_chosen: &impl Fn(&Entry) -> bool) -> anyhow::Result<Kept> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let text = String::from_utf8(bytes.clone())
            .map_err(|_| anyhow::anyhow!("{}: the file has changed since; it was left as it was", path.display()))?;
        let back = self.take_back(text, steps, is_chosen, &mut |_| Ok(()));
        let Back { text, kept, passages } = back.with_context(|| path.display().to_string())?;
        if text.as_bytes() != bytes {
            replace(path, &bytes, text.as_bytes(), || Ok(()))?;
            self.restored += 1;
            self.passages += passages;
        }
        Ok(kept)
    }

    /// Takes steps back in the records of a shard, which is written again once.
    fn shard(
        &mut self,
        shard: &Arc<Shard>,
        records: Records,
        steps: &[usize],
        is_chosen: &impl Fn(&Entry) -> bool,
    ) -> anyhow::Result<Kept> {
        let mut of_record: HashMap<u64, Vec<usize>> = HashMap::new();
        for &index in steps {
            let Some(step) = self.kept.get(index).and_then(Option::as_ref) else { continue };
            of_record.entry(step.record.unwrap_or(1)).or_default().push(index);
        }
        let mut rewriter = Rewriter::begin(shard, None)?;
        let (mut all, mut passages) = (Kept::new(), 0);
        for step in records {
            let raw = match step {
                ShardStep::Record(raw) => raw,
                ShardStep::Damage(error) => bail!("{error}; the file was left as it was"),
            };
            let (mut carrier, source) = raw.decode();
            let (Some(steps), Ok(Some(source))) = (of_record.remove(&carrier.index), source) else {
                rewriter.record(&carrier, Fate::Keep)?;
                continue;
            };
            let place = source.origin.to_string();
            let back =
                self.take_back(source.text.to_string(), &steps, is_chosen, &mut |changes| Ok(carrier.splice(changes)?));
            match back {
                Ok(back) if *back.text != *source.text => {
                    rewriter.record(&carrier, Fate::Become(&back.text))?;
                    passages += back.passages;
                    all.extend(back.kept);
                }
                Ok(back) => {
                    rewriter.record(&carrier, Fate::Keep)?;
                    all.extend(back.kept);
                }
                Err(error) => {
                    self.failed = true;
                    output::error(&format!("{place}: {error:#}"));
                    rewriter.record(&carrier, Fate::Keep)?;
                }
            }
        }
        if !of_record.is_empty() {
            self.failed = true;
            let count = count(of_record.len(), "record");
            output::error(&format!("{}: {count} of the trail cannot be found in it", shard.name));
        }
        let is_changed = passages > 0;
        rewriter.finish(|| Ok(()))?;
        self.restored += usize::from(is_changed);
        self.passages += passages;
        Ok(all)
    }

    /// Takes steps back in the text of one document, the last first; `splice` is told what goes where, a step at a time.
    fn take_back(
        &self,
        mut text: String,
        steps: &[usize],
        is_chosen: &impl Fn(&Entry) -> bool,
        splice: &mut Splice<'_>,
    ) -> anyhow::Result<Back> {
        let mut passages = 0;
        let mut kept = Kept::new();
        for &index in steps.iter().rev() {
            let Some(step) = self.kept.get(index).cloned().flatten() else { continue };
            let count = step.entries.iter().filter(|entry| is_chosen(entry)).count();
            if crate::corpus::hash(text.as_bytes()) == step.before() {
                // The process was killed after the trail was written and before the file was.
                kept.push((index, None));
                continue;
            }
            if count == 0 {
                break;
            }
            if step.entries.iter().any(|entry| entry.dropped) {
                bail!("the record was left out of the copy and cannot be put back; the original has it");
            }
            let undone = step.undo(&text, is_chosen)?;
            splice(&undone.changes)?;
            text = undone.text;
            passages += count;
            let is_whole = undone.rest.is_none();
            kept.push((index, undone.rest));
            if !is_whole {
                // What remains of this step stands between the text and any earlier one.
                break;
            }
        }
        Ok(Back { text, kept, passages })
    }
}

/// Is told what goes where in a text.
type Splice<'s> = dyn FnMut(&[(Span, &str)]) -> anyhow::Result<()> + 's;

/// What remains of steps, by their numbers.
type Kept = Vec<(usize, Option<Step>)>;

/// A document with steps taken back.
struct Back {
    text: String,
    kept: Kept,
    passages: usize,
}
