//! What a run says: findings, what could not be read or written, and how it ends.

use super::check::Run;
use super::compare::Given;
use super::fix::Outcome;
use super::known::Linters;
use super::layout::resolved;
use super::output::Output;
use super::progress::Phase;
use super::{Exit, interrupt, output, pipeline};
use crate::corpus::{Carrier, ReadError, Source};
use crate::finding::Finding;
use crate::report::count;
use crate::text::PathName;

impl Run<'_> {
    /// Counts what was fixed, or says why nothing was.
    pub(super) fn count(&mut self, source: &Source, outcome: &Outcome) {
        self.tell_refused(source, outcome);
        if let Some(fixed) = &outcome.fixed {
            self.summary.fixed += fixed.applied.values().sum::<usize>();
            self.summary.fixed_documents += 1;
        }
    }

    /// Says why nothing was fixed though something could be.
    pub(super) fn tell_refused(&self, source: &Source, outcome: &Outcome) {
        if let Some(refusal) = &outcome.refusal {
            self.progress.aside(|| output::warning(&format!("{}: {refusal}", source.origin)));
        }
    }

    /// The end of a run that reports only what it fixed.
    pub(super) fn finish_fixed(mut self) -> Exit {
        self.end();
        if interrupt::is_interrupted() {
            // Loose files are not counted one by one; what was fixed in them is told below.
            let after = match usize::try_from(self.progress.files()).unwrap_or(usize::MAX) {
                0 => String::new(),
                shards => format!(" after {}", count(shards, "shard")),
            };
            output::warning(&format!("interrupted{after}; every file is whole, either fixed or as it was"));
        } else {
            self.review_coverage();
        }
        let noun = if self.summary.fixed_records > 0 { "record" } else { "file" };
        let (fixed, files) = (count(self.summary.fixed, "finding"), count(self.summary.fixed_documents, noun));
        if !self.arguments.quiet {
            let would = if self.arguments.diff { "would be fixed" } else { "fixed" };
            output::report(&format!("{fixed} {would} in {files}\n"));
        }
        let is_fault = self.arguments.diff || self.arguments.exit_non_zero_on_fix;
        match self.summary.fixed {
            _ if interrupt::is_interrupted() => Exit::Interrupted,
            _ if self.has_failed() => Exit::Failure,
            fixed if fixed > 0 && is_fault && !self.arguments.exit_zero => Exit::Findings,
            _ => Exit::Clean,
        }
    }

    /// Ends what is told while files are read.
    pub(super) fn end(&mut self) {
        self.progress.end();
        self.bad.end();
        let own = self.arguments.output_dir.as_deref().and_then(resolved);
        for folder in self.workspace.take_left_out_copies() {
            if !self.arguments.quiet && resolved(&folder) != own {
                let what = "left out, since it holds copies that dechaff wrote; name it to check it";
                output::warning(&format!("{}: {what}", folder.name()));
            }
        }
    }

    pub(super) fn report(
        &mut self,
        document: &pipeline::Given,
        mut findings: Vec<Finding>,
        given: &Given<'_>,
    ) -> anyhow::Result<()> {
        let source = &document.source;
        match self.known.filter(&Linters::new(&self.workspace, &self.root), source, &mut findings) {
            Ok(known) => self.summary.suppressed_by_baseline += known,
            Err(error) => self.fail(&format!("{error:#}")),
        }
        self.gate.count(&findings);
        self.summary.add(&findings);
        self.dominant.add(&source.origin, &findings);
        self.summary.records += usize::from(source.origin.record.is_some());
        self.progress.found(findings.len());
        if findings.is_empty() && !self.arguments.statistics || self.attributes.is_some() {
            return Ok(());
        }
        let text = self.reports.document(&document.document(), &findings, given)?;
        self.write(&text)
    }

    /// Says that a file, or a part of one, was not checked.
    pub(super) fn tell(&mut self, error: &ReadError) {
        self.bad.end();
        match error {
            ReadError::NotText { .. } | ReadError::NoCorpus { .. } => {
                let is_text = matches!(error, ReadError::NoCorpus { .. });
                let skipped =
                    if is_text { &mut self.summary.files_without_text_field } else { &mut self.summary.skipped };
                *skipped += 1;
                self.progress.aside(|| output::warning(&error.to_string()));
            }
            ReadError::Bad { records, .. } => {
                self.summary.unreadable_records += records;
                self.progress.aside(|| output::error(&error.to_string()));
            }
            ReadError::Io { .. } => {
                self.summary.unreadable_files += 1;
                self.fail(&error.to_string());
            }
        }
    }

    /// Says that a record was not checked, if there is a fault in it.
    pub(super) fn tell_bad(&mut self, carrier: &Carrier, error: Option<ReadError>) {
        match error {
            Some(ReadError::Bad { place, records, reason }) => {
                self.summary.unreadable_records += records;
                let (bad, path) = (&mut self.bad, &carrier.shard.name);
                self.progress.aside(|| bad.tell(path, carrier.index, &place, &reason));
            }
            Some(error) => self.tell(&error),
            None => {}
        }
    }

    pub(super) fn tell_failed(&mut self, result: anyhow::Result<()>) {
        if let Err(error) = result {
            self.fail(&format!("{error:#}"));
        }
    }

    pub(super) fn fail(&mut self, message: &str) {
        self.failed = true;
        self.progress.aside(|| output::error(message));
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed || self.summary.unreadable_records > 0 && !self.arguments.skip_bad_records
    }

    pub(super) fn write(&mut self, text: &str) -> anyhow::Result<()> {
        let is_aside = self.is_aside;
        self.print(text, |output, text| {
            if is_aside {
                output.write_aside(text);
                return Ok(true);
            }
            output.write(text)
        })
    }

    /// Writes a patch.
    pub(super) fn write_exact(&mut self, text: &str) -> anyhow::Result<()> {
        self.print(text, Output::write_exact)
    }

    fn print(
        &mut self,
        text: &str,
        print: impl FnOnce(&mut Output, &str) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        if self.arguments.quiet || !self.is_read || text.is_empty() {
            return Ok(());
        }
        let output = &mut self.output;
        self.is_read = self.progress.aside(|| print(output, text))?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> anyhow::Result<Exit> {
        self.end();
        if interrupt::is_interrupted() {
            let amount = self.progress.amount();
            output::warning(&match self.progress.phase() {
                Some(Phase::Check) => format!("interrupted after checking {amount}; the rest was not checked"),
                _ => format!("interrupted after comparing {amount}; no file was checked"),
            });
        } else {
            self.review_coverage();
        }
        // What was not looked at is not known to be gone.
        if !self.failed && !interrupt::is_interrupted() {
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
        if self.arguments.reports.is_for_people() && !self.arguments.quiet {
            self.dominant.hint(&self.summary).iter().for_each(|hint| output::report(hint));
        }
        Ok(self.exit())
    }

    pub(super) fn exit(&self) -> Exit {
        let is_fault = self.gate.fails() || self.arguments.exit_non_zero_on_fix && self.summary.fixed > 0;
        match is_fault {
            _ if interrupt::is_interrupted() => Exit::Interrupted,
            _ if self.has_failed() => Exit::Failure,
            true if !self.arguments.exit_zero => Exit::Findings,
            _ => Exit::Clean,
        }
    }
}
