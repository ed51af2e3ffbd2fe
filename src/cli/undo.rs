//! `dechaff undo`: takes back what a trail says was changed.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::Exit;
use super::arguments::UndoArguments;
use super::output::{self, Output};
use super::workspace::absolute;
use crate::corpus::{Broken, Entry, Step, read_trail, replace, rewrite_trail};
use crate::report::count;
use crate::rule::Registry;

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
    let mut undo =
        Undo { trail, broken, kept: steps.into_iter().map(Some).collect(), restored: 0, passages: 0, failed: false };
    undo.run(is_chosen)?;
    Output::new(arguments.color).write(&format!(
        "{} restored in {}\n",
        count(undo.passages, "passage"),
        count(undo.restored, "file"),
    ))?;
    Ok(if undo.failed { Exit::Failure } else { Exit::Clean })
}

/// The codes of rules named by code or name; a code that only the trail knows is of a user's own rule.
fn codes(rules: &[String], entries: &[Entry]) -> anyhow::Result<Vec<String>> {
    let registry = Registry::embedded()?;
    let in_trail = |rule: &String| entries.iter().any(|entry| entry.rules.contains(rule));
    let code = |rule: &String| match in_trail(rule) {
        true => Ok(rule.clone()),
        false => Ok(registry.find(rule)?.info.code.clone()),
    };
    rules.iter().map(code).collect()
}

struct Undo<'a> {
    trail: &'a Path,
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
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut text = String::from_utf8(bytes.clone())
            .map_err(|_| anyhow::anyhow!("{}: the file has changed since; it was left as it is", path.display()))?;
        let mut passages = 0;
        let mut kept = Vec::new();
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
            let (before, rest) =
                step.undo(&text, is_chosen).map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
            text = before;
            passages += count;
            let is_whole = rest.is_none();
            kept.push((index, rest));
            if !is_whole {
                // What remains of this step stands between the text and any earlier one.
                break;
            }
        }
        if text.as_bytes() != bytes {
            replace(path, &bytes, text.as_bytes(), || Ok(()))?;
            self.restored += 1;
            self.passages += passages;
        }
        for (index, rest) in kept {
            self.kept[index] = rest;
        }
        let entries: Vec<Entry> = self.kept.iter().flatten().flat_map(|step| step.entries.clone()).collect();
        rewrite_trail(self.trail, &entries, &self.broken)
            .with_context(|| format!("cannot write the trail {}", self.trail.display()))
    }
}
