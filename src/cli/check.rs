//! `dechaff check`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;

use super::Exit;
use super::arguments::{CheckArguments, OutputFormat};
use super::compare::{Compared, Given, compare};
use super::output::{self, Output};
use crate::config::Settings;
use crate::corpus::{ReadError, Source, read, walk};
use crate::engine::{Linter, unite};
use crate::finding::Finding;
use crate::report::{Concise, Full, Json, JsonLines, Report, Summary};
use crate::rule::Registry;

pub(super) fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let registry = Registry::embedded()?;
    let settings = Settings::new(&registry, &arguments.select, &arguments.extend_select, &arguments.ignore)?;
    let linter = Linter::new(&registry, &settings)?;
    let mut run = Run::new(arguments, linter);

    let (stdin, paths): (Vec<_>, Vec<_>) = arguments.paths.iter().cloned().partition(|path| path == Path::new("-"));
    let files = if arguments.paths.is_empty() { vec![PathBuf::from(".")] } else { paths };
    if !stdin.is_empty() {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
        let name = arguments.stdin_filename.clone().unwrap_or_else(|| "-".to_owned());
        match Source::of(name, bytes) {
            Ok(source) => run.given.stdin = Some(source),
            Err(error) => run.report(vec![Err(error)])?,
        }
    }
    run.compared = compare(&run.linter, &run.given, walk(&files)?.filter_map(Result::ok), arguments.memory)?;
    if let Some(source) = run.given.stdin.clone() {
        let findings = check(&run.linter, &run.compared, &source);
        run.report_one(&source, &findings)?;
    }
    run.check_all(walk(&files)?)?;
    run.finish()
}

/// A file's text and what was found in it.
type Checked = Result<(Source, Vec<Finding>), ReadError>;

/// What was found in a document, by itself and by comparing it with the others.
fn check(linter: &Linter, compared: &Compared, source: &Source) -> Vec<Finding> {
    let findings = linter.check(&source.document());
    let mut compared = compared.get(&source.origin).cloned().unwrap_or_default();
    // The file may have changed since it was compared.
    compared.retain(|finding| source.text.get(finding.span.range()).is_some());
    unite(findings, compared)
}

struct Run<'a> {
    arguments: &'a CheckArguments,
    linter: Linter,
    given: Given,
    compared: Compared,
    output: Output,
    report: Box<dyn Report>,
    summary: Summary,
    failed: bool,
    /// Somebody still reads what is written.
    is_read: bool,
}

impl<'a> Run<'a> {
    fn new(arguments: &'a CheckArguments, linter: Linter) -> Self {
        let output = Output::new(arguments.color);
        let report: Box<dyn Report> = match arguments.output_format {
            OutputFormat::Full => Box::new(Full::new(output.columns, output.color)),
            OutputFormat::Concise => Box::new(Concise),
            OutputFormat::Json => Box::new(Json::default()),
            OutputFormat::JsonLines => Box::new(JsonLines),
        };
        let (given, compared) = (Given::default(), Compared::new());
        Self {
            arguments,
            linter,
            given,
            compared,
            output,
            report,
            summary: Summary::default(),
            failed: false,
            is_read: true,
        }
    }

    /// Checks files in batches: the files of one are checked by all cores and reported in order.
    fn check_all(
        &mut self,
        files: impl Iterator<Item = Result<PathBuf, crate::corpus::WalkError>>,
    ) -> anyhow::Result<()> {
        const BATCH_FILES: usize = 512;
        const BATCH_BYTES: u64 = 64 << 20;
        let mut files = files.peekable();
        while files.peek().is_some() && self.is_read {
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
            let (linter, compared) = (&self.linter, &self.compared);
            let checked = batch.par_iter().map(|path| {
                let source = read(path)?;
                let findings = check(linter, compared, &source);
                Ok((source, findings))
            });
            let checked = checked.collect();
            self.report(checked)?;
        }
        Ok(())
    }

    fn report(&mut self, checked: Vec<Checked>) -> anyhow::Result<()> {
        for outcome in checked {
            match outcome {
                Ok((source, findings)) => self.report_one(&source, &findings)?,
                Err(error @ ReadError::NotText { .. }) => {
                    self.summary.skipped += 1;
                    output::warning(&error.to_string());
                }
                Err(error @ ReadError::Io { .. }) => self.fail(&error.to_string()),
            }
        }
        Ok(())
    }

    fn report_one(&mut self, source: &Source, findings: &[Finding]) -> anyhow::Result<()> {
        self.summary.add(findings);
        if findings.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        self.report.document(&source.document(), findings, &self.given, &mut text);
        self.write(&text)
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
        let mut text = String::new();
        self.report.finish(&self.summary, &mut text);
        self.write(&text)?;
        Ok(match self.summary.findings {
            _ if self.failed => Exit::Failure,
            0 => Exit::Clean,
            _ if self.arguments.exit_zero => Exit::Clean,
            _ => Exit::Findings,
        })
    }
}
