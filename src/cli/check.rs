//! `dechaff check`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use rayon::prelude::*;

use super::Exit;
use super::arguments::CheckArguments;
use super::compare::{Compared, Given, compare};
use super::fix::{Delivery, Outcome, Plan};
use super::gate::Gate;
use super::known::{Known, Linters};
use super::output::{self, Output};
use super::reports::Reports;
use super::since::Changed;
use super::workspace::{Profile, Workspace};
use crate::config::bytes;
use crate::corpus::{Choice, ReadError, Source, WalkError, read, walk};
use crate::finding::Finding;
use crate::fix::keep_one_copy;
use crate::report::{Summary, count};
use crate::text::{Document, Texts};

pub(super) fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let (stdin, paths): (Vec<_>, Vec<_>) = arguments.paths.iter().cloned().partition(|path| path == Path::new("-"));
    let paths = if arguments.paths.is_empty() { vec![PathBuf::from(".")] } else { paths };
    let workspace = Arc::new(Workspace::new(&arguments.settings, &arguments.options(), arguments.force_exclude)?);
    let mut run = Run::new(arguments, &workspace, &paths)?;
    // A path that does not exist, or a configuration that cannot be used, is told before anything is read or written.
    drop(run.walk(&paths)?);
    workspace.resolve(&paths)?;
    let plan = Plan::new(&run.root);
    let delivery = Delivery::new(arguments, stdin.len())?;
    if !stdin.is_empty() {
        run.read_stdin()?;
    }
    match delivery {
        Some(delivery) => run.fix(&plan, delivery, &paths),
        None => {
            run.check(&paths)?;
            run.finish()
        }
    }
}

struct Run<'a> {
    arguments: &'a CheckArguments,
    workspace: Arc<Workspace>,
    /// The settings of the run as a whole.
    root: Arc<Profile>,
    gate: Gate,
    known: Known,
    changed: Changed,
    stdin: Option<Source>,
    output: Output,
    reports: Reports,
    summary: Summary,
    failed: bool,
    /// Somebody still reads what is written.
    is_read: bool,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a CheckArguments, workspace: &Arc<Workspace>, paths: &[PathBuf]) -> anyhow::Result<Self> {
        let output = Output::new(arguments.color);
        let root = workspace.root(paths)?;
        let reports = Reports::new(&arguments.reports, arguments.statistics, &output, &root.registry)?;
        Ok(Self {
            arguments,
            workspace: Arc::clone(workspace),
            gate: Gate::new(arguments, &root),
            known: Known::new(arguments, workspace, &root)?,
            changed: Changed::since(arguments.since.as_deref())?,
            root,
            stdin: None,
            output,
            reports,
            summary: Summary::default(),
            failed: false,
            is_read: true,
        })
    }

    /// The files under `paths`.
    fn walk(&self, paths: &[PathBuf]) -> Result<impl Iterator<Item = Result<PathBuf, WalkError>> + use<>, WalkError> {
        let choice: Arc<dyn Choice> = Arc::clone(&self.workspace) as Arc<dyn Choice>;
        walk(paths, &choice)
    }

    /// What comparing finds in the documents of a run.
    fn compare(&self, given: &Given<'_>, paths: &[PathBuf]) -> anyhow::Result<Compared> {
        let memory = self.root.value(|options| options.memory.as_ref()).and_then(|(text, _)| bytes(text).ok());
        let changed = &self.changed;
        let is_new = |path: &Path| changed.contains(path);
        compare(&self.root.linter, given, self.walk(paths)?.filter_map(Result::ok), is_new, memory)
    }

    fn read_stdin(&mut self) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
        let name = self.arguments.stdin_filename.clone().unwrap_or_else(|| "-".to_owned());
        match Source::of(name, bytes) {
            Ok(source) => self.stdin = Some(source),
            Err(error) => self.tell(&error),
        }
        Ok(())
    }

    /// Checks standard input, if it was given, and what is under `paths`.
    fn check(&mut self, paths: &[PathBuf]) -> anyhow::Result<()> {
        let linters = Linters::new(&self.workspace, &self.root);
        let given = Given { stdin: self.stdin.take(), load: Box::new(read) };
        let compared = self.compare(&given, paths)?;
        let check = |source: &Source| {
            let mut compared = compared.get(&source.origin).cloned().unwrap_or_default();
            // The file may have changed since it was compared.
            compared.retain(|finding| source.text.get(finding.span.range()).is_some());
            linters.of(&source.path).findings(&source.document(), compared)
        };
        if let Some(source) = &given.stdin {
            self.report(source, check(source), &given)?;
        }
        self.in_batches(paths, check, |run, source, findings| run.report(&source, findings, &given))
    }

    /// Fixes what can be fixed, and reports what remains.
    fn fix(mut self, plan: &Plan, mut delivery: Delivery, paths: &[PathBuf]) -> anyhow::Result<Exit> {
        let stdin = self.stdin.take();
        if let Some(source) = stdin {
            let compared = self.compare_settled(plan, Some(source.clone()), &[])?;
            let linter = self.known.linters(&self.root).of(&source.path);
            let outcome = plan.fix(&linter, &source, compared.get(&source.origin).map_or(&[], Vec::as_slice));
            return self.finish_stdin(&delivery, source, outcome);
        }
        // What goes because it stands elsewhere may leave texts that are alike now: compare again until nothing goes.
        const MOST_ROUNDS: usize = 5;
        for _ in 0..MOST_ROUNDS {
            if !self.fix_round(plan, &mut delivery, paths)? || !delivery.is_in_place() {
                break;
            }
        }
        if self.arguments.diff || self.arguments.fix_only {
            return Ok(self.finish_fixed());
        }
        let targets: Vec<PathBuf> =
            paths.iter().map(|path| delivery.target(path)).filter(|path| path.exists()).collect();
        self.summary.skipped = 0;
        self.check(&targets)?;
        self.finish()
    }

    /// Compares, fixes and delivers all files once; says whether anything went because of what comparing found.
    fn fix_round(&mut self, plan: &Plan, delivery: &mut Delivery, paths: &[PathBuf]) -> anyhow::Result<bool> {
        let linters = self.known.linters(&self.root);
        let compared = self.compare_settled(plan, None, paths)?;
        let of = |source: &Source| compared.get(&source.origin).map_or(&[][..], Vec::as_slice);
        let mut has_compared = false;
        let fix = |source: &Source| plan.fix(&linters.of(&source.path), source, of(source));
        self.in_batches(paths, fix, |run, source, outcome| {
            match delivery.deliver(&source, &outcome) {
                Ok(text) => {
                    if let Outcome::Fixed(fixed) = &outcome {
                        has_compared |=
                            of(&source).iter().any(|finding| fixed.applied.contains_key(&finding.rule.code));
                    }
                    run.count(&source, &outcome);
                    run.write(&text.unwrap_or_default())?;
                }
                Err(error) => run.fail(&format!("{error:#}")),
            }
            Ok(())
        })?;
        Ok(has_compared && !self.failed)
    }

    /// What comparing finds in the documents as their own fixes leave them, without what would remove a last copy.
    fn compare_settled(&self, plan: &Plan, stdin: Option<Source>, paths: &[PathBuf]) -> anyhow::Result<Compared> {
        let linters = self.known.linters(&self.root);
        let settle = |source: Source| match plan.fix(&linters.of(&source.path), &source, &[]) {
            Outcome::Fixed(fixed) => Source { text: fixed.text, ..source },
            _ => source,
        };
        let given = Given { stdin: stdin.map(settle), load: Box::new(|path| read(path).map(settle)) };
        let mut all: Vec<Finding> = Vec::new();
        for (origin, compared) in self.compare(&given, paths)? {
            // What is left out where it stands does not go, so that another copy may.
            let linter = linters.of(Path::new(&origin.path));
            let text = given.text(&origin).unwrap_or_default();
            all.extend(linter.admitted(&Document::parse(origin, &text), compared));
        }
        all.sort_by(|left, right| (&left.origin, left.order()).cmp(&(&right.origin, right.order())));
        keep_one_copy(&mut all, plan.most);
        let mut kept = Compared::new();
        for finding in all {
            kept.entry(Arc::clone(&finding.origin)).or_default().push(finding);
        }
        Ok(kept)
    }

    /// Counts what was fixed, or says why nothing was.
    fn count(&mut self, source: &Source, outcome: &Outcome) {
        match outcome {
            Outcome::Same => {}
            Outcome::Refused(reason) => output::warning(&format!("{}: left alone: {reason}", source.origin)),
            Outcome::Fixed(fixed) => {
                self.summary.fixed += fixed.applied.values().sum::<usize>();
                self.summary.fixed_files += 1;
            }
        }
    }

    /// Standard input: the fixed text, or what would change, goes to standard output, and the report to standard error.
    fn finish_stdin(mut self, delivery: &Delivery, source: Source, outcome: Outcome) -> anyhow::Result<Exit> {
        self.count(&source, &outcome);
        let text = match outcome {
            Outcome::Fixed(fixed) => fixed.text,
            _ => source.text.clone(),
        };
        if self.arguments.diff {
            self.write(&delivery.diff(&source, &text))?;
            return Ok(self.finish_fixed());
        }
        self.is_read = self.output.write(&text)?;
        if self.arguments.fix_only {
            return Ok(self.finish_fixed());
        }
        let fixed = Source { text, ..source };
        let given = Given { stdin: Some(fixed.clone()), load: Box::new(read) };
        let compared = self.compare(&given, &[])?.remove(&fixed.origin).unwrap_or_default();
        let linter = self.known.linters(&self.root).of(&fixed.path);
        let findings = linter.findings(&fixed.document(), compared);
        self.gate.count(&findings);
        self.summary.add(&findings);
        let mut report = self.reports.document(&fixed.document(), &findings, &given)?;
        report.push_str(&self.reports.finish(&self.summary)?);
        if !self.arguments.quiet {
            output::report(&report);
        }
        Ok(self.exit())
    }

    /// The end of a run that reports only what it fixed.
    fn finish_fixed(self) -> Exit {
        let (fixed, files) = (count(self.summary.fixed, "finding"), count(self.summary.fixed_files, "file"));
        if !self.arguments.quiet {
            let would = if self.arguments.diff { "would be fixed" } else { "fixed" };
            output::report(&format!("{fixed} {would} in {files}\n"));
        }
        let is_fault = self.arguments.diff || self.arguments.exit_non_zero_on_fix;
        match self.summary.fixed {
            _ if self.failed => Exit::Failure,
            fixed if fixed > 0 && is_fault && !self.arguments.exit_zero => Exit::Findings,
            _ => Exit::Clean,
        }
    }

    /// Reads files in batches; those of one are worked on by all cores, and what comes of them is taken in order.
    fn in_batches<T: Send>(
        &mut self,
        paths: &[PathBuf],
        work: impl Fn(&Source) -> T + Sync,
        mut done: impl FnMut(&mut Self, Source, T) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        const BATCH_FILES: usize = 512;
        const BATCH_BYTES: u64 = 64 << 20;
        let mut files = self.walk(paths)?.peekable();
        while files.peek().is_some() && (self.is_read || self.reports.has_files()) {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while batch.len() < BATCH_FILES && bytes < BATCH_BYTES {
                match files.next() {
                    Some(Ok(path)) if !self.changed.contains(&path) => {}
                    Some(Ok(path)) => {
                        bytes += path.metadata().map_or(0, |metadata| metadata.len());
                        batch.push(path);
                    }
                    Some(Err(error)) => self.fail(&error.to_string()),
                    None => break,
                }
            }
            let worked: Vec<Result<(Source, T), ReadError>> = batch
                .par_iter()
                .map(|path| {
                    let source = read(path)?;
                    let result = work(&source);
                    Ok((source, result))
                })
                .collect();
            for outcome in worked {
                match outcome {
                    Ok((source, result)) => done(self, source, result)?,
                    Err(error) => self.tell(&error),
                }
            }
        }
        Ok(())
    }

    fn report(&mut self, source: &Source, mut findings: Vec<Finding>, given: &Given<'_>) -> anyhow::Result<()> {
        match self.known.filter(source, &mut findings) {
            Ok(known) => self.summary.known += known,
            Err(error) => self.fail(&format!("{error:#}")),
        }
        self.gate.count(&findings);
        self.summary.add(&findings);
        if findings.is_empty() && !self.arguments.statistics {
            return Ok(());
        }
        let text = self.reports.document(&source.document(), &findings, given)?;
        self.write(&text)
    }

    /// Says that a file was not checked.
    fn tell(&mut self, error: &ReadError) {
        match error {
            ReadError::NotText { .. } => {
                self.summary.skipped += 1;
                output::warning(&error.to_string());
            }
            ReadError::Io { .. } => self.fail(&error.to_string()),
        }
    }

    fn fail(&mut self, message: &str) {
        self.failed = true;
        output::error(message);
    }

    fn write(&mut self, text: &str) -> anyhow::Result<()> {
        if !self.arguments.quiet && self.is_read {
            self.is_read = self.output.write(text)?;
        }
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<Exit> {
        if self.summary.documents == 0 && !self.failed {
            output::warning("no files to check: of a directory, *.txt, *.md and *.markdown are taken");
        }
        if !self.failed {
            let ignored = self.root.ignore_list.unused();
            if ignored > 0 && self.changed.is_all() && !self.arguments.quiet {
                let what = if ignored == 1 { "1 passage".to_owned() } else { format!("{ignored} passages") };
                output::warning(&format!("the ignore list names {what} that were not found"));
            }
            for said in self.known.finish()? {
                if !self.arguments.quiet {
                    output::report(&format!("{said}\n"));
                }
            }
        }
        let text = self.reports.finish(&self.summary)?;
        self.write(&text)?;
        Ok(self.exit())
    }

    fn exit(&self) -> Exit {
        let is_fault = self.gate.fails() || self.arguments.exit_non_zero_on_fix && self.summary.fixed > 0;
        match is_fault {
            _ if self.failed => Exit::Failure,
            true if !self.arguments.exit_zero => Exit::Findings,
            _ => Exit::Clean,
        }
    }
}
