//! `dechaff check`.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use rayon::prelude::*;

use super::Exit;
use super::arguments::{CheckArguments, OutputFormat};
use super::output::{self, Output};
use crate::config::Settings;
use crate::corpus::{Files, ReadError, Source, read, walk};
use crate::engine::Linter;
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
    let files = walk(&files)?;
    if !stdin.is_empty() {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).context("cannot read standard input")?;
        let name = arguments.stdin_filename.clone().unwrap_or_else(|| "-".to_owned());
        run.report(vec![check(&run.linter, Source::of(name, bytes))])?;
    }
    run.check_all(files)?;
    run.finish()
}

/// A file's text and what was found in it.
type Checked = Result<(Source, Vec<Finding>), ReadError>;

fn check(linter: &Linter, source: Result<Source, ReadError>) -> Checked {
    source.map(|source| {
        let findings = linter.check(&source.document());
        (source, findings)
    })
}

struct Run<'a> {
    arguments: &'a CheckArguments,
    linter: Linter,
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
        Self { arguments, linter, output, report, summary: Summary::default(), failed: false, is_read: true }
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
            let linter = &self.linter;
            let checked = batch.par_iter().map(|path| check(linter, read(path))).collect();
            self.report(checked)?;
        }
        Ok(())
    }

    fn report(&mut self, checked: Vec<Checked>) -> anyhow::Result<()> {
        for outcome in checked {
            match outcome {
                Ok((source, findings)) => {
                    self.summary.add(&findings);
                    if findings.is_empty() {
                        continue;
                    }
                    let mut text = String::new();
                    self.report.document(&source.document(), &findings, &Files, &mut text);
                    self.write(&text)?;
                }
                Err(error @ ReadError::NotText { .. }) => {
                    self.summary.skipped += 1;
                    output::warning(&error.to_string());
                }
                Err(error @ ReadError::Io { .. }) => self.fail(&error.to_string()),
            }
        }
        Ok(())
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
