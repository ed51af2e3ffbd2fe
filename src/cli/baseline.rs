//! The baseline of a run, and the suppressions that it adds: baseline entries, comments or ignore
//! list lines.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};

use super::arguments::CheckArguments;
use super::context::CheckContext;
use super::output;
use super::settings_resolver::{ResolvedSettings, SettingsResolver};
use crate::corpus::storage::is_url;
use crate::corpus::{Source, create, read_suppression_file, replace};
use crate::finding::{Edit, Finding, RuleInfo};
use crate::linter::Linter;
use crate::report::{Medium, count, printable};
use crate::suppress::{
    Baseline, IgnoreList, file_suppression_comment, ignore_entries, suppression_comments,
};
use crate::text::{Document, PathName, Span, path_of};

/// A baseline and its path.
type NamedBaseline = (PathBuf, Arc<Mutex<Baseline>>);

/// Filters known findings, and suppresses new ones if asked to.
pub(super) struct BaselineState {
    resolver: Arc<SettingsResolver>,
    baseline: Option<NamedBaseline>,
    /// Removes stale entries from the baseline.
    prune: bool,
    /// The baseline to write.
    new_baseline: Option<(PathBuf, Baseline)>,
    target: Option<SuppressionTarget>,
    /// The last shard that was reported as needing an ignore list.
    reported_shard: Option<PathBuf>,
}

/// Where `--add-ignore` suppresses findings.
enum SuppressionTarget {
    /// In comments. Counts the findings and the files.
    Comments { findings: usize, files: usize },
    /// In an ignore list, with the lines to add.
    List(PathBuf, BTreeSet<String>),
}

impl BaselineState {
    /// Reads the baseline that the arguments or the settings name.
    ///
    /// # Errors
    ///
    /// The baseline cannot be read.
    pub(super) fn new(
        arguments: &CheckArguments,
        resolver: &Arc<SettingsResolver>,
        settings: &ResolvedSettings,
    ) -> anyhow::Result<Self> {
        let baseline = match arguments.write_baseline {
            Some(_) => None,
            None => read_baseline(resolver, settings)?,
        };
        if arguments.prune_baseline && baseline.is_none() {
            bail!("--prune-baseline needs a baseline; use --baseline FILE");
        }
        let target = match settings.path(|options| options.ignore_list.as_ref()) {
            _ if !arguments.add_ignore => None,
            Some(list) => Some(SuppressionTarget::List(list, BTreeSet::new())),
            None => Some(SuppressionTarget::Comments { findings: 0, files: 0 }),
        };
        Ok(Self {
            resolver: Arc::clone(resolver),
            baseline,
            prune: arguments.prune_baseline,
            new_baseline: arguments.write_baseline.clone().map(|path| (path, Baseline::default())),
            target,
            reported_shard: None,
        })
    }

    /// Returns linters that ignore the findings in the baseline, so that only new ones are fixed.
    pub(super) fn linters(&self, context: &CheckContext<'_>) -> LinterResolver {
        let baseline = self.baseline.clone().map(BaselineFilter::new);
        LinterResolver { baseline, ..LinterResolver::new(context) }
    }

    /// Removes findings that are in the baseline, and suppresses the others if asked to. Returns
    /// the number of findings removed.
    ///
    /// # Errors
    ///
    /// A comment cannot be written.
    pub(super) fn filter(
        &mut self,
        linters: &LinterResolver,
        source: &Source,
        findings: &mut Vec<Finding>,
    ) -> anyhow::Result<usize> {
        let mut known = 0;
        if let Some((path, baseline)) = &self.baseline {
            let name = relative(&self.resolver, &source.path, path);
            let mut baseline = baseline.lock().unwrap_or_else(PoisonError::into_inner);
            known = baseline.filter(&name, &source.text, findings);
        }
        if let Some((path, baseline)) = &mut self.new_baseline {
            baseline.record(&relative(&self.resolver, &source.path, path), &source.text, findings);
            known += findings.len();
            findings.clear();
        }
        match &mut self.target {
            Some(SuppressionTarget::List(_, lines)) => {
                let document = source.document();
                let entries = ignore_entries(&document, findings);
                lines.extend(entries.map(|entry| printable(&entry.to_string()).into_owned()));
                known += findings.len();
                findings.clear();
            }
            Some(SuppressionTarget::Comments { .. }) if source.origin.record.is_some() => {
                let is_new = self.reported_shard.as_ref() != Some(&source.path);
                if is_new && !findings.is_empty() {
                    self.reported_shard = Some(source.path.clone());
                    bail!(
                        "{}: cannot write comments into records; use --ignore-list FILE",
                        source.origin.path
                    );
                }
            }
            Some(SuppressionTarget::Comments { findings: total, files })
                if !findings.is_empty() =>
            {
                if source.origin.path == "-" || source.decoding.is_some() {
                    bail!("{}: cannot write a comment here; use --ignore-list FILE", source.origin);
                }
                let Some(text) =
                    with_suppression_comments(&linters.for_path(&source.path), source, findings)
                else {
                    bail!(
                        "{}: comments would change the findings here; use --ignore-list FILE",
                        source.origin
                    );
                };
                replace(&source.path, source.text.as_bytes(), text.as_bytes(), || Ok(()))?;
                *total += findings.len();
                *files += 1;
                known += findings.len();
                findings.clear();
            }
            _ => {}
        }
        Ok(known)
    }

    /// Writes the baseline and the ignore list, and reports stale entries. Returns messages about
    /// what was written.
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub(super) fn finish(&mut self) -> anyhow::Result<Vec<String>> {
        let mut messages = Vec::new();
        if let Some((path, baseline)) = &mut self.new_baseline {
            create(path, Medium::Json.sanitize(&baseline.to_json()?).as_bytes())?;
            messages.push(format!(
                "{} written to {}",
                count(baseline.len(), "known finding"),
                path.name()
            ));
        }
        if let Some((path, baseline)) = &self.baseline {
            let mut baseline = baseline.lock().unwrap_or_else(PoisonError::into_inner);
            let gone =
                baseline.stale().fold(0, |sum: usize, entry| sum.saturating_add(entry.count));
            if self.prune {
                baseline.prune();
                create(path, Medium::Json.sanitize(&baseline.to_json()?).as_bytes())?;
                messages.push(format!(
                    "{} taken out of {}",
                    count(gone, "known finding"),
                    path.name()
                ));
            } else {
                report_stale(path, &baseline, gone);
            }
        }
        match &self.target {
            Some(SuppressionTarget::Comments { findings, files }) => {
                messages.push(format!(
                    "{} noted by comments in {}",
                    count(*findings, "finding"),
                    count(*files, "file")
                ));
            }
            Some(SuppressionTarget::List(path, lines)) => {
                append_to_ignore_list(path, lines)?;
                messages.push(format!(
                    "{} added to {}",
                    count(lines.len(), "passage"),
                    path.name()
                ));
            }
            None => {}
        }
        Ok(messages)
    }
}

/// Finds the linter of each file.
#[derive(Clone)]
pub(super) struct LinterResolver {
    resolver: Arc<SettingsResolver>,
    settings: Arc<ResolvedSettings>,
    baseline: Option<BaselineFilter>,
}

/// The baseline, for the linters of all files.
#[derive(Clone)]
struct BaselineFilter {
    path: PathBuf,
    baseline: Arc<Mutex<Baseline>>,
    /// Entries of files that no longer exist, which apply to every file.
    moved: Arc<IgnoreList>,
}

impl BaselineFilter {
    fn new((path, baseline): NamedBaseline) -> Self {
        let moved = baseline.lock().unwrap_or_else(PoisonError::into_inner).orphaned_entries();
        Self { path, baseline, moved: Arc::new(IgnoreList::from_counts(moved)) }
    }
}

impl LinterResolver {
    /// Creates linters that report findings whether they are in the baseline or not.
    pub(super) fn new(context: &CheckContext<'_>) -> Self {
        let (resolver, settings) = (Arc::clone(&context.resolver), Arc::clone(&context.settings));
        Self { resolver, settings, baseline: None }
    }

    /// Creates linters that ignore the findings in the baseline that `settings` name.
    ///
    /// # Errors
    ///
    /// The baseline cannot be read.
    pub(super) fn with_baseline(
        resolver: &Arc<SettingsResolver>,
        settings: &Arc<ResolvedSettings>,
    ) -> anyhow::Result<Self> {
        let baseline = read_baseline(resolver, settings)?.map(BaselineFilter::new);
        Ok(Self { resolver: Arc::clone(resolver), settings: Arc::clone(settings), baseline })
    }

    /// Returns the linter for the file `path`.
    pub(super) fn for_path(&self, path: &Path) -> Linter {
        let linter = self.resolver.linter(path, &self.settings);
        match &self.baseline {
            Some(filter) => {
                let name = relative(&self.resolver, path, &filter.path);
                let own = filter
                    .baseline
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .entries_for(&name);
                linter
                    .with_ignore_list(Arc::new(IgnoreList::from_counts(own)))
                    .with_ignore_list(Arc::clone(&filter.moved))
            }
            None => linter,
        }
    }
}

/// Reads the baseline that the settings name, if they do.
///
/// # Errors
///
/// The baseline cannot be read.
fn read_baseline(
    resolver: &SettingsResolver,
    settings: &ResolvedSettings,
) -> anyhow::Result<Option<NamedBaseline>> {
    let Some((name, layer)) = settings.value(|options| options.baseline.as_ref()) else {
        return Ok(None);
    };
    let path = resolver.display_path(&layer.folder.join(name));
    let folder = resolver.absolute(path.parent().unwrap_or(&path));
    let file = read_suppression_file(&resolver.absolute(&path), name).with_context(|| {
        format!(
            "cannot read the baseline {name}; `dechaff check --write-baseline {name}` writes one"
        )
    })?;
    let exists = |path: &str| {
        let path = path_of(path);
        is_url(&path) || folder.join(path).exists()
    };
    let baseline = Baseline::parse(&file, exists)?;
    Ok(Some((path, Arc::new(Mutex::new(baseline)))))
}

/// Appends lines to an ignore list, which may not exist yet.
///
/// # Errors
///
/// The list cannot be read or written.
pub(super) fn append_to_ignore_list(path: &Path, lines: &BTreeSet<String>) -> anyhow::Result<()> {
    let before = if path.exists() {
        std::fs::read_to_string(path)
            .with_context(|| format!("cannot read the ignore list {}", path.name()))?
    } else {
        "# Passages that dechaff does not report: rule, fingerprint, and location.\n".to_owned()
    };
    let gap = if before.is_empty() || before.ends_with('\n') { "" } else { "\n" };
    let added: String = lines.iter().map(|line| format!("{line}\n")).collect();
    create(path, format!("{before}{gap}{added}").as_bytes())?;
    Ok(())
}

/// Returns `path` relative to the directory of `file`, with `/` as the separator. A URL stays.
pub(super) fn relative(resolver: &SettingsResolver, path: &Path, file: &Path) -> String {
    if is_url(path) {
        return path.name();
    }
    let (path, file) = (resolver.absolute(path), resolver.absolute(file));
    let folder = file.parent().unwrap_or(&file);
    let common = folder
        .components()
        .zip(path.components())
        .take_while(|(left, right)| left == right)
        .count()
        .max(1);
    let up = folder.components().count().saturating_sub(common);
    let down = path.components().skip(common).map(|component| Path::new(&component).name());
    std::iter::repeat_n("..".to_owned(), up).chain(down).collect::<Vec<_>>().join("/")
}

/// Returns the text of `source` with comments that suppress `findings`: one before each block or,
/// if that would change what is found (as between a table and adjacent text), one for the whole
/// document. Returns `None` if neither works.
fn with_suppression_comments(
    linter: &Linter,
    source: &Source,
    findings: &[Finding],
) -> Option<String> {
    const MAX_ROUNDS: usize = 4;
    let document = source.document();
    let remaining = |text: &str, edits: &[Edit]| {
        let duplicates = shifted_duplicates(linter, findings, edits);
        linter.lint(&Document::parse(Arc::clone(&source.origin), text), duplicates)
    };
    let edits = suppression_comments(&document, findings);
    let text = apply_edits(&source.text, &edits);
    if remaining(&text, &edits).is_empty() {
        return Some(text);
    }
    let mut codes: BTreeSet<String> = BTreeSet::new();
    let mut found = findings.to_vec();
    for _ in 0..MAX_ROUNDS {
        for finding in &found {
            codes.insert(finding.rule.code.clone());
            codes.extend(finding.also_reported_by.iter().map(|(code, _)| code.clone()));
        }
        let named: Vec<&str> = codes.iter().map(String::as_str).collect();
        let edits = [file_suppression_comment(&document, &named)];
        let text = apply_edits(&source.text, &edits);
        found = remaining(&text, &edits);
        // Remove unneeded codes from the comment, as `--fix` would.
        let cleanup: Vec<Edit> =
            found.iter().filter_map(|one| one.fix.clone()).flat_map(|fix| fix.edits).collect();
        let only_unused = found.iter().all(|finding| finding.rule.code.starts_with("SU"));
        if found.is_empty() {
            return Some(text);
        }
        if only_unused {
            return Some(apply_edits(&text, &cleanup));
        }
    }
    None
}

/// Returns the findings of corpus rules, shifted by `edits`. Linting one document does not find
/// them again.
fn shifted_duplicates(linter: &Linter, findings: &[Finding], edits: &[Edit]) -> Vec<Finding> {
    let shift = |at: usize| {
        let before = edits.iter().filter(|edit| edit.span.start <= at);
        at + before.map(|edit| edit.content.len()).sum::<usize>()
    };
    let shifted = findings.iter().flat_map(|finding| {
        let start = shift(finding.span.start);
        let span = Span::new(start, start + finding.span.len());
        let others = finding.also_reported_by.iter().map(|(code, _)| code);
        let codes = std::iter::once(&finding.rule.code).chain(others);
        codes.filter(|code| linter.is_corpus_rule(code)).map(move |code| Finding {
            span,
            fix: None,
            rule: Arc::new(RuleInfo { code: code.clone(), ..finding.rule.as_ref().clone() }),
            ..finding.clone()
        })
    });
    shifted.collect()
}

/// Applies sorted `edits` to `text`.
fn apply_edits(text: &str, edits: &[Edit]) -> String {
    let mut edited = text.to_owned();
    for edit in edits.iter().rev() {
        edited.replace_range(edit.span.range(), &edit.content);
    }
    edited
}

fn report_stale(path: &Path, baseline: &Baseline, gone: usize) {
    const MAX_SHOWN: usize = 5;
    if gone == 0 {
        return;
    }
    output::warning(&format!(
        "{}: {} no longer found; --prune-baseline removes such entries",
        path.name(),
        count(gone, "known finding"),
    ));
    let mut rest = gone;
    for entry in baseline.stale().take(MAX_SHOWN) {
        rest = rest.saturating_sub(entry.count);
        output::report(&format!(
            "  {}: {} {}\n",
            printable(&entry.path),
            entry.rule,
            printable(&entry.text)
        ));
    }
    if rest > 0 {
        output::report(&format!("  … and {rest} more\n"));
    }
}
