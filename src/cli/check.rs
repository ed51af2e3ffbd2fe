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
use super::output::{self, Output};
use super::reports::Reports;
use crate::config::Settings;
use crate::corpus::{ReadError, Source, read, walk};
use crate::engine::{Linter, unite};
use crate::finding::Finding;
use crate::fix::keep_one_copy;
use crate::report::{Summary, count};
use crate::rule::Registry;

pub(super) fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let registry = Registry::embedded()?;
    let settings = Settings::new(&registry, &arguments.select, &arguments.extend_select, &arguments.ignore)?;
    let linter = Linter::new(&registry, &settings)?;

    let (stdin, paths): (Vec<_>, Vec<_>) = arguments.paths.iter().cloned().partition(|path| path == Path::new("-"));
    let paths = if arguments.paths.is_empty() { vec![PathBuf::from(".")] } else { paths };
    // A path that does not exist is told before anything is read or written.
    drop(walk(&paths)?);
    let output = Output::new(arguments.color);
    let reports = Reports::new(&arguments.reports, &output, &registry)?;
    let delivery = Delivery::new(arguments, stdin.len())?;
    let mut run = Run::new(arguments, &linter, output, reports);
    if !stdin.is_empty() {
        run.read_stdin()?;
    }
    match delivery {
        Some(delivery) => run.fix(&Plan::new(arguments), delivery, &paths),
        None => {
            run.check(&paths)?;
            run.finish()
        }
    }
}

struct Run<'a> {
    arguments: &'a CheckArguments,
    linter: &'a Linter,
    stdin: Option<Source>,
    output: Output,
    reports: Reports,
    summary: Summary,
    failed: bool,
    /// Somebody still reads what is written.
    is_read: bool,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a CheckArguments, linter: &'a Linter, output: Output, reports: Reports) -> Self {
        let summary = Summary::default();
        Self { arguments, linter, stdin: None, output, reports, summary, failed: false, is_read: true }
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
        let linter = self.linter;
        let given = Given { stdin: self.stdin.take(), load: Box::new(read) };
        let compared = compare(linter, &given, walk(paths)?.filter_map(Result::ok), self.arguments.memory)?;
        let check = |source: &Source| {
            let mut compared = compared.get(&source.origin).cloned().unwrap_or_default();
            // The file may have changed since it was compared.
            compared.retain(|finding| source.text.get(finding.span.range()).is_some());
            unite(linter.check(&source.document()), compared)
        };
        if let Some(source) = &given.stdin {
            self.report(source, &check(source), &given)?;
        }
        self.in_batches(paths, check, |run, source, findings| run.report(&source, &findings, &given))
    }

    /// Fixes what can be fixed, and reports what remains.
    fn fix(mut self, plan: &Plan, mut delivery: Delivery, paths: &[PathBuf]) -> anyhow::Result<Exit> {
        let linter = self.linter;
        let stdin = self.stdin.take();
        if let Some(source) = stdin {
            let compared = self.compare_settled(plan, Some(source.clone()), paths)?;
            let outcome = plan.fix(linter, &source, compared.get(&source.origin).map_or(&[], Vec::as_slice));
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
        let linter = self.linter;
        let compared = self.compare_settled(plan, None, paths)?;
        let of = |source: &Source| compared.get(&source.origin).map_or(&[][..], Vec::as_slice);
        let mut has_compared = false;
        let fix = |source: &Source| plan.fix(linter, source, of(source));
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
        let settle = |source: Source| match plan.fix(self.linter, &source, &[]) {
            Outcome::Fixed(fixed) => Source { text: fixed.text, ..source },
            _ => source,
        };
        let given = Given { stdin: stdin.map(settle), load: Box::new(move |path| read(path).map(settle)) };
        let compared = compare(self.linter, &given, walk(paths)?.filter_map(Result::ok), self.arguments.memory)?;
        let mut all: Vec<Finding> = compared.into_values().flatten().collect();
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
        let mut compared = compare(self.linter, &given, std::iter::empty(), self.arguments.memory)?;
        let compared = compared.remove(&fixed.origin).unwrap_or_default();
        let findings = unite(self.linter.check(&fixed.document()), compared);
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
        let mut files = walk(paths)?.peekable();
        while files.peek().is_some() && (self.is_read || self.reports.has_files()) {
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while batch.len() < BATCH_FILES && bytes < BATCH_BYTES {
                match files.next() {
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

    fn report(&mut self, source: &Source, findings: &[Finding], given: &Given<'_>) -> anyhow::Result<()> {
        self.summary.add(findings);
        if findings.is_empty() {
            return Ok(());
        }
        let text = self.reports.document(&source.document(), findings, given)?;
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
        let text = self.reports.finish(&self.summary)?;
        self.write(&text)?;
        Ok(self.exit())
    }

    fn exit(&self) -> Exit {
        let is_fault = self.summary.findings > 0 || self.arguments.exit_non_zero_on_fix && self.summary.fixed > 0;
        match is_fault {
            _ if self.failed => Exit::Failure,
            true if !self.arguments.exit_zero => Exit::Findings,
            _ => Exit::Clean,
        }
    }
}
