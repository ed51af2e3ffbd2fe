//! Findings that a run knows of: its baseline, and what it adds to that or to the ignore list.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};

use super::arguments::CheckArguments;
use super::output;
use super::workspace::{Profile, Workspace};
use crate::corpus::{Source, create, read_list, replace};
use crate::engine::Linter;
use crate::finding::{Edit, Finding, RuleInfo};
use crate::report::{Medium, count, printable};
use crate::suppress::{Baseline, IgnoreList, file_suppression_comment, ignore_entries, suppression_comments};
use crate::text::{Document, PathName, Span, path_of};

/// What is known, and what is done with what is not.
pub(super) struct Known {
    workspace: Arc<Workspace>,
    baseline: Option<(PathBuf, Arc<Mutex<Baseline>>)>,
    prunes: bool,
    /// The baseline that is to be written.
    written: Option<(PathBuf, Baseline)>,
    addition: Option<Addition>,
    /// The last shard whose records would need a list to be ignored.
    refused: Option<PathBuf>,
}

/// Where findings that are to be left alone are noted.
enum Addition {
    /// In the texts; how many findings were noted so far, and in how many files.
    Comments(usize, usize),
    /// In this list.
    List(PathBuf, BTreeSet<String>),
}

impl Known {
    /// What `arguments` and the settings of the run say.
    ///
    /// # Errors
    ///
    /// The baseline cannot be read.
    pub(super) fn new(arguments: &CheckArguments, workspace: &Arc<Workspace>, root: &Profile) -> anyhow::Result<Self> {
        let named = root.value(|options| options.baseline.as_ref());
        let baseline = match named.filter(|_| arguments.write_baseline.is_none()) {
            Some((name, layer)) => {
                let path = workspace.shown(&layer.folder.join(name));
                let folder = workspace.absolute(path.parent().unwrap_or(&path));
                let file = read_list(&path, name).with_context(|| {
                    format!("cannot read the baseline {name}; `dechaff check --write-baseline {name}` writes one")
                })?;
                let baseline = Baseline::parse(&file, |path| folder.join(path_of(path)).exists())?;
                Some((path, Arc::new(Mutex::new(baseline))))
            }
            None => None,
        };
        if arguments.prune_baseline && baseline.is_none() {
            bail!("--prune-baseline needs a baseline: name it with --baseline FILE");
        }
        let addition = match root.path(|options| options.ignore_list.as_ref()) {
            _ if !arguments.add_ignore => None,
            Some(list) => Some(Addition::List(list, BTreeSet::new())),
            None => Some(Addition::Comments(0, 0)),
        };
        Ok(Self {
            workspace: Arc::clone(workspace),
            baseline,
            prunes: arguments.prune_baseline,
            written: arguments.write_baseline.clone().map(|path| (path, Baseline::default())),
            addition,
            refused: None,
        })
    }

    /// The rules of a run, leaving alone what the baseline knows: only new findings are fixed.
    pub(super) fn linters(&self, root: &Arc<Profile>) -> Linters {
        let (workspace, root) = (Arc::clone(&self.workspace), Arc::clone(root));
        let baseline = self.baseline.clone().map(|(path, baseline)| {
            let moved = baseline.lock().unwrap_or_else(PoisonError::into_inner).orphaned_entries();
            KnownFindings { path, baseline, moved: Arc::new(IgnoreList::from_counts(moved)) }
        });
        Linters { workspace, root, baseline }
    }

    /// Takes out of `findings` what is known; returns how many those are. What is to be noted is noted, and is known then.
    ///
    /// # Errors
    ///
    /// A comment cannot be written.
    pub(super) fn filter(
        &mut self,
        linters: &Linters,
        source: &Source,
        findings: &mut Vec<Finding>,
    ) -> anyhow::Result<usize> {
        let mut known = 0;
        if let Some((path, baseline)) = &self.baseline {
            let name = relative(&self.workspace, &source.path, path);
            let mut baseline = baseline.lock().unwrap_or_else(PoisonError::into_inner);
            known = baseline.filter(&name, &source.text, findings);
        }
        if let Some((path, baseline)) = &mut self.written {
            baseline.record(&relative(&self.workspace, &source.path, path), &source.text, findings);
            known += findings.len();
            findings.clear();
        }
        match &mut self.addition {
            Some(Addition::List(_, lines)) => {
                lines.extend(
                    ignore_entries(&source.document(), findings)
                        .map(|entry| printable(&entry.to_string()).into_owned()),
                );
                known += findings.len();
                findings.clear();
            }
            Some(Addition::Comments(..)) if source.origin.record.is_some() => {
                let is_new = self.refused.as_ref() != Some(&source.path);
                if is_new && !findings.is_empty() {
                    self.refused = Some(source.path.clone());
                    bail!(
                        "{}: no comment can be written into records; name a list with --ignore-list FILE",
                        source.origin.path
                    );
                }
            }
            Some(Addition::Comments(passages, files)) if !findings.is_empty() => {
                if source.origin.path == "-" || source.decoding.is_some() {
                    bail!("{}: no comment can be written here; name a list with --ignore-list FILE", source.origin);
                }
                let Some(text) = noted(&linters.of(&source.path), source, findings) else {
                    bail!(
                        "{}: comments would change what is found here; name a list with --ignore-list FILE",
                        source.origin
                    );
                };
                replace(&source.path, source.text.as_bytes(), text.as_bytes(), || Ok(()))?;
                *passages += findings.len();
                *files += 1;
                known += findings.len();
                findings.clear();
            }
            _ => {}
        }
        Ok(known)
    }

    /// Writes what is to be written, and says what is known but no longer there. Returns what is to be said of it.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub(super) fn finish(&self) -> anyhow::Result<Vec<String>> {
        let mut said = Vec::new();
        if let Some((path, baseline)) = &self.written {
            create(path, Medium::Json.sanitize(&baseline.to_json()?).as_bytes())?;
            said.push(format!("{} written to {}", count(baseline.len(), "known finding"), path.name()));
        }
        if let Some((path, baseline)) = &self.baseline {
            let mut baseline = baseline.lock().unwrap_or_else(PoisonError::into_inner);
            let stale = baseline.stale();
            if self.prunes {
                baseline.prune();
                create(path, Medium::Json.sanitize(&baseline.to_json()?).as_bytes())?;
                let gone: usize = stale.iter().map(|entry| entry.count).sum();
                said.push(format!("{} taken out of {}", count(gone, "known finding"), path.name()));
            } else {
                tell_stale(path, &stale);
            }
        }
        match &self.addition {
            Some(Addition::Comments(noted, files)) => {
                said.push(format!("{} noted by comments in {}", count(*noted, "finding"), count(*files, "file")));
            }
            Some(Addition::List(path, lines)) => {
                let before = if path.exists() {
                    std::fs::read_to_string(path)
                        .with_context(|| format!("cannot read the ignore list {}", path.name()))?
                } else {
                    "# Passages that dechaff leaves alone: rule, fingerprint, and where each stood.\n".to_owned()
                };
                let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
                let added: String = lines.iter().map(|line| format!("{line}\n")).collect();
                create(path, format!("{before}{gap}{added}").as_bytes())?;
                said.push(format!("{} added to {}", count(lines.len(), "passage"), path.name()));
            }
            None => {}
        }
        Ok(said)
    }
}

/// The rules for each file of a run.
#[derive(Clone)]
pub(super) struct Linters {
    workspace: Arc<Workspace>,
    root: Arc<Profile>,
    baseline: Option<KnownFindings>,
}

/// The baseline of a run, for the linters of all files.
#[derive(Clone)]
struct KnownFindings {
    path: PathBuf,
    baseline: Arc<Mutex<Baseline>>,
    /// The entries of files that no longer exist, which hold for every file.
    moved: Arc<IgnoreList>,
}

impl Linters {
    /// The rules of a run, whatever is known.
    pub(super) fn new(workspace: &Arc<Workspace>, root: &Arc<Profile>) -> Self {
        Self { workspace: Arc::clone(workspace), root: Arc::clone(root), baseline: None }
    }

    /// The rules for the file `path`.
    pub(super) fn of(&self, path: &Path) -> Linter {
        let linter = self.workspace.linter(path, &self.root);
        match &self.baseline {
            Some(known) => {
                let name = relative(&self.workspace, path, &known.path);
                let own = known.baseline.lock().unwrap_or_else(PoisonError::into_inner).entries_for(&name);
                linter.ignoring(Arc::new(IgnoreList::from_counts(own))).ignoring(Arc::clone(&known.moved))
            }
            None => linter,
        }
    }
}

/// `path` from the folder of `file` on, with `/`.
fn relative(workspace: &Workspace, path: &Path, file: &Path) -> String {
    let (path, file) = (workspace.absolute(path), workspace.absolute(file));
    let folder = file.parent().unwrap_or(&file);
    let common = folder.components().zip(path.components()).take_while(|(left, right)| left == right).count().max(1);
    let up = folder.components().count().saturating_sub(common);
    let down = path.components().skip(common).map(|component| Path::new(&component).name());
    std::iter::repeat_n("..".to_owned(), up).chain(down).collect::<Vec<_>>().join("/")
}

/// The text of `source` with comments that leave `findings` out: before each block or, where a comment there would change
/// what is found, as between a table and the text it is glued to, one for the whole document. `None` if neither does.
fn noted(linter: &Linter, source: &Source, findings: &[Finding]) -> Option<String> {
    const ROUNDS: usize = 4;
    let document = source.document();
    let left = |text: &str, edits: &[Edit]| {
        let shift = |at: usize| {
            at + edits.iter().filter(|edit| edit.span.start <= at).map(|edit| edit.content.len()).sum::<usize>()
        };
        // What comparing found is found again, by whichever rules.
        let shifted = findings.iter().flat_map(|finding| {
            let span = Span::new(shift(finding.span.start), shift(finding.span.start) + finding.span.len());
            let others = finding.also_reported_by.iter().map(|(code, _)| code);
            let codes = std::iter::once(&finding.rule.code).chain(others);
            codes.filter(|code| linter.is_comparing(code)).map(move |code| Finding {
                span,
                fix: None,
                rule: Arc::new(RuleInfo { code: code.clone(), ..finding.rule.as_ref().clone() }),
                ..finding.clone()
            })
        });
        linter.findings(&Document::parse(Arc::clone(&source.origin), text), shifted.collect())
    };
    let edits = suppression_comments(&document, findings);
    let text = spliced(&source.text, &edits);
    if left(&text, &edits).is_empty() {
        return Some(text);
    }
    let mut codes: BTreeSet<String> = BTreeSet::new();
    let mut found = findings.to_vec();
    for _ in 0..ROUNDS {
        for finding in &found {
            codes.insert(finding.rule.code.clone());
            codes.extend(finding.also_reported_by.iter().map(|(code, _)| code.clone()));
        }
        let named: Vec<&str> = codes.iter().map(String::as_str).collect();
        let edits = [file_suppression_comment(&document, &named)];
        let text = spliced(&source.text, &edits);
        found = left(&text, &edits);
        // Of codes that are not needed the comment is freed as `--fix` would.
        let idle: Vec<Edit> = found.iter().filter_map(|one| one.fix.clone()).flat_map(|fix| fix.edits).collect();
        let is_all_idle = found.iter().all(|finding| finding.rule.code.starts_with("SU"));
        if found.is_empty() {
            return Some(text);
        }
        if is_all_idle {
            return Some(spliced(&text, &idle));
        }
    }
    None
}

/// `text` after `edits`, which are in order of place.
fn spliced(text: &str, edits: &[Edit]) -> String {
    let mut spliced = text.to_owned();
    for edit in edits.iter().rev() {
        spliced.replace_range(edit.span.range(), &edit.content);
    }
    spliced
}

fn tell_stale(path: &Path, stale: &[crate::suppress::BaselineEntry]) {
    const SHOWN: usize = 5;
    if stale.is_empty() {
        return;
    }
    let gone: usize = stale.iter().map(|entry| entry.count).sum();
    output::warning(&format!(
        "{}: {} no longer found; --prune-baseline takes such entries out",
        path.name(),
        count(gone, "known finding"),
    ));
    for entry in stale.iter().take(SHOWN) {
        output::report(&format!("  {}: {} {}\n", printable(&entry.path), entry.rule, printable(&entry.text)));
    }
    if stale.len() > SHOWN {
        let rest: usize = stale.iter().skip(SHOWN).map(|entry| entry.count).sum();
        output::report(&format!("  … and {rest} more\n"));
    }
}
