//! What a run reports: findings, counts, errors and the exit code.

use super::Exit;
use super::baseline::{BaselineState, LinterResolver};
use super::check::check_corpus;
use super::console::Console;
use super::context::{CheckContext, Inputs};
use super::documents::DocumentTables;
use super::dolma::DolmaWriter;
use super::duplicate_pass::site_of;
use super::interrupt;
use super::layout::resolved;
use super::output;
use super::pipeline::{Event, WorkItem};
use super::progress::Phase;
use super::reports::ReportSet;
use super::review::ReviewItems;
use super::run_counts::RunCounts;
use crate::corpus::{ReadError, RecordHandle, Source};
use crate::finding::Finding;
use crate::fix::FixOutcome;
use crate::report::{JudgedDocuments, count};
use crate::text::{PathName, TextProvider};

/// Collects the results of a run and reports them.
pub(super) struct RunOutput<'a> {
    context: &'a CheckContext<'a>,
    pub(super) console: Console,
    pub(super) reports: ReportSet,
    pub(super) counts: RunCounts,
    pub(super) baseline: BaselineState,
    tables: DocumentTables,
    /// Collects findings and verdicts for a review.
    review: Option<ReviewItems>,
    /// Whether this pass only judges documents, and a later one reports them.
    is_judging: bool,
}

impl<'a> RunOutput<'a> {
    /// Opens the outputs that the arguments request.
    ///
    /// # Errors
    ///
    /// A report cannot be written, or the baseline cannot be read.
    pub(super) fn new(
        context: &'a CheckContext<'a>,
        inputs: &Inputs,
        dolma: Option<DolmaWriter>,
    ) -> anyhow::Result<Self> {
        let CheckContext { arguments, settings, resolver, .. } = context;
        let console = Console::new(arguments);
        Ok(Self {
            reports: ReportSet::new(context, &console.output, dolma)?,
            console,
            counts: RunCounts::new(context, inputs),
            baseline: BaselineState::new(arguments, resolver, settings)?,
            tables: DocumentTables::new(context)?,
            review: None,
            is_judging: false,
            context,
        })
    }

    /// Collects findings for a review, and an HTML report.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be created.
    pub(super) fn collect_for_review(&mut self) -> anyhow::Result<()> {
        self.reports = ReportSet::html(self.context);
        self.tables.collect_verdicts(self.context);
        self.review = Some(ReviewItems::new()?);
        Ok(())
    }

    /// Ends a check for a review. Returns the findings, the HTML report and the summary line.
    /// Returns `None` if there is nothing to review, because of an interruption or of errors that
    /// have been reported.
    ///
    /// # Errors
    ///
    /// The report cannot be written.
    pub(super) fn finish_review(
        mut self,
        inputs: &Inputs,
    ) -> anyhow::Result<Option<(ReviewItems, String, String)>> {
        self.finish_pass();
        if interrupt::is_interrupted() {
            self.warn_of_interruption();
            return Ok(None);
        }
        self.review_coverage(inputs);
        if !self.counts.coverage.has_documents() {
            return Ok(None);
        }
        let page = self.reports.finish(&self.counts.summary)?;
        let line = self.counts.summary.line();
        Ok(self.review.map(|review| (review, page, line)))
    }

    /// Handles an event of a check.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub(super) fn event(
        &mut self,
        event: Event<(WorkItem, Vec<Finding>)>,
        texts: &dyn TextProvider,
    ) -> anyhow::Result<()> {
        match event {
            Event::Document((mut item, findings)) if self.is_judging => {
                self.document(&mut item, findings, texts)?
            }
            _ if self.is_judging => {}
            Event::Document((mut item, findings)) => {
                self.counts.coverage.add(&item.source.origin);
                if let Some(handle) = &item.handle {
                    self.write_dolma(|dolma| {
                        dolma.record(handle, Some((&item.source.text, &findings)))
                    });
                }
                self.document(&mut item, findings, texts)?;
            }
            Event::Skipped(handle, error) => {
                self.write_dolma(|dolma| dolma.record(&handle, None));
                self.skipped_record(&handle, error);
            }
            Event::ShardEnd(shard) => self.write_dolma(|dolma| dolma.finish_shard(&shard)),
            Event::ReadError(error) => {
                self.write_dolma(|dolma| {
                    dolma.mark_damaged();
                    Ok(())
                });
                self.read_error(&error);
            }
            Event::WalkError(error) => self.console.fail(&error.to_string()),
        }
        Ok(())
    }

    /// Whether the results are still needed.
    pub(super) fn is_wanted(&self) -> bool {
        self.console.stdout_open || self.reports.has_files() || !self.tables.is_empty()
    }

    /// Whether the table of measures or a report needs the values of each document in this pass.
    pub(super) fn wants_measures(&self) -> bool {
        let arguments = self.context.arguments;
        let has_report = arguments.reports.has_html() || arguments.is_review();
        self.tables.has_measures() || has_report && !self.is_judging
    }

    /// Reports the findings of a document that are not in the baseline.
    ///
    /// # Errors
    ///
    /// A report cannot be written.
    pub(super) fn document(
        &mut self,
        item: &mut WorkItem,
        mut findings: Vec<Finding>,
        texts: &dyn TextProvider,
    ) -> anyhow::Result<()> {
        let values = std::mem::take(&mut item.measures);
        if !self.is_judging && !values.is_empty() && !item.source.text.trim().is_empty() {
            self.reports.add_measures(&values);
        }
        let (item, source) = (&*item, &item.source);
        let judgement = self.tables.add(item, &findings, values, self.context)?;
        if self.is_judging {
            return Ok(());
        }
        match self.baseline.filter(&LinterResolver::new(self.context), source, &mut findings) {
            Ok(known) => self.counts.summary.suppressed_by_baseline += known,
            Err(error) => self.console.fail(&format!("{error:#}")),
        }
        if let Some((review, judgement)) = self.review.as_mut().zip(judgement) {
            let site = site_of(source, item.handle.as_ref(), &self.context.read_options);
            review.add(source, &item.document(), &findings, judgement, site, texts)?;
        }
        self.counts.add_document(source, &findings);
        self.reports.dominant.add(&source.origin, &findings);
        self.console.progress.add_findings(findings.len());
        if findings.is_empty() && self.context.arguments.statistics.is_none()
            || self.reports.dolma.is_some()
        {
            return Ok(());
        }
        let site = site_of(source, item.handle.as_ref(), &self.context.read_options);
        let text = self.reports.document(&item.document().with_site(site), &findings, texts)?;
        self.console.write(&text)
    }

    /// Judges all documents before they are fixed, if verdicts are requested. Returns the documents
    /// to leave out.
    ///
    /// # Errors
    ///
    /// The table or a temporary file cannot be written, or a path cannot be walked.
    pub(super) fn judge_documents(
        &mut self,
        inputs: &Inputs,
    ) -> anyhow::Result<Option<JudgedDocuments>> {
        if self.tables.is_empty() {
            return Ok(None);
        }
        self.is_judging = true;
        check_corpus(self.context, inputs, self)?;
        self.is_judging = false;
        self.tables.finish()
    }

    /// Reports a file, or part of a file, that cannot be read.
    pub(super) fn read_error(&mut self, error: &ReadError) {
        self.console.finish_bad_records();
        match error {
            ReadError::NotText { .. } => {
                self.counts.summary.skipped += 1;
                self.console.warning(&error.to_string());
            }
            ReadError::NotACorpus { .. } => {
                self.counts.summary.files_without_text_field += 1;
                self.console.warning(&error.to_string());
            }
            ReadError::SkippedRecords { records, .. } => {
                self.counts.summary.skipped_records += records;
                self.console.warning(&error.to_string());
            }
            ReadError::UnreadableRecords { records, .. } => {
                self.counts.summary.unreadable_records += records;
                self.console.error(&error.to_string());
            }
            ReadError::Io { .. } => {
                self.counts.summary.unreadable_files += 1;
                self.console.fail(&error.to_string());
            }
        }
    }

    /// Reports a record without a document, if that is an error.
    pub(super) fn skipped_record(&mut self, handle: &RecordHandle, error: Option<ReadError>) {
        match error {
            Some(ReadError::UnreadableRecords { place, records, reason }) => {
                self.counts.summary.unreadable_records += records;
                self.console.bad_record(handle, &place, &reason);
            }
            Some(error) => self.read_error(&error),
            None => {}
        }
    }

    /// Counts the fixes of a file, and warns if fixes were refused.
    pub(super) fn fixed_file(&mut self, source: &Source, outcome: &FixOutcome) {
        self.refused_fix(source, outcome);
        if let Some(fixed) = &outcome.fixed {
            self.counts.summary.fixed += fixed.applied.values().sum::<usize>();
            self.counts.summary.fixed_documents += 1;
        }
    }

    /// Warns if fixes of a document were refused.
    pub(super) fn refused_fix(&self, source: &Source, outcome: &FixOutcome) {
        if let Some(refusal) = &outcome.refusal {
            self.console.warning(&format!("{}: {refusal}", source.origin));
        }
    }

    fn write_dolma(&mut self, write: impl FnOnce(&mut DolmaWriter) -> anyhow::Result<()>) {
        if let Some(dolma) = &mut self.reports.dolma {
            let written = write(dolma);
            self.console.fail_on_error(written);
        }
    }

    /// Ends a pass over the corpus.
    pub(super) fn finish_pass(&mut self) {
        self.console.finish_pass();
        let arguments = self.context.arguments;
        let own = arguments.output_dir.as_deref().and_then(resolved);
        for directory in self.context.resolver.take_left_out_copies() {
            if !arguments.quiet && resolved(&directory) != own {
                let reason = "skipped, because it contains copies that dechaff wrote; pass it explicitly to check it";
                output::warning(&format!("{}: {reason}", directory.name()));
            }
        }
    }

    /// Ends a run that reports only its fixes.
    pub(super) fn finish_fix_only(mut self, inputs: &Inputs) -> Exit {
        self.finish_pass();
        let arguments = self.context.arguments;
        if interrupt::is_interrupted() {
            let after = match usize::try_from(self.console.progress.shards()).unwrap_or(usize::MAX)
            {
                0 => String::new(),
                shards => format!(" after {}", count(shards, "shard")),
            };
            output::warning(&format!(
                "interrupted{after}; every file is either fixed or unchanged"
            ));
        } else {
            self.review_coverage(inputs);
        }
        let noun = if self.counts.summary.fixed_records > 0 { "record" } else { "file" };
        let (fixed, files) = (
            count(self.counts.summary.fixed, "finding"),
            count(self.counts.summary.fixed_documents, noun),
        );
        if !arguments.quiet {
            let would = if arguments.diff { "would be fixed" } else { "fixed" };
            let dropped = match self.counts.summary.dropped {
                0 => String::new(),
                number => format!("; {} left out by verdict", count(number, "document")),
            };
            output::report(&format!("{fixed} {would} in {files}{dropped}\n"));
        }
        let fails_on_fix = arguments.diff || arguments.exit_non_zero_on_fix;
        match self.counts.summary.fixed {
            _ if interrupt::is_interrupted() => Exit::Interrupted,
            _ if self.has_failed() => Exit::Failure,
            fixed if fixed > 0 && fails_on_fix && !arguments.exit_zero => Exit::Findings,
            _ => Exit::Success,
        }
    }

    /// Ends a run that reports findings.
    ///
    /// # Errors
    ///
    /// A report, the baseline or the ignore list cannot be written.
    pub(super) fn finish(mut self, inputs: &Inputs) -> anyhow::Result<Exit> {
        self.finish_pass();
        if interrupt::is_interrupted() {
            self.warn_of_interruption();
        } else {
            self.review_coverage(inputs);
        }
        // Only a complete run can tell which baseline entries are stale.
        if !self.console.had_error && !interrupt::is_interrupted() {
            self.finish_suppressions()?;
        }
        self.tables.finish()?;
        let text = self.reports.finish(&self.counts.summary)?;
        self.console.write(&text)?;
        if let Some(hint) = self.reports.hint(self.context.arguments, &self.counts.summary) {
            output::report(&hint);
        }
        Ok(self.exit())
    }

    fn warn_of_interruption(&self) {
        let amount = self.console.progress.amount();
        output::warning(&match self.console.progress.phase() {
            Some(Phase::Check) => {
                format!("interrupted after checking {amount}; the rest was not checked")
            }
            _ => format!("interrupted after comparing {amount}; no file was checked"),
        });
    }

    fn finish_suppressions(&mut self) -> anyhow::Result<()> {
        let CheckContext { arguments, settings, changed, .. } = self.context;
        let unused = settings.ignore_list.unused();
        if unused > 0 && changed.includes_all() && !arguments.quiet {
            let passages =
                if unused == 1 { "1 passage".to_owned() } else { format!("{unused} passages") };
            output::warning(&format!("the ignore list has {passages} that were not found"));
        }
        for message in self.baseline.finish()? {
            if !arguments.quiet {
                output::report(&format!("{message}\n"));
            }
        }
        Ok(())
    }

    /// Whether there were errors.
    fn has_failed(&self) -> bool {
        self.console.had_error
            || self.counts.summary.unreadable_records > 0
                && !self.context.arguments.skip_bad_records
    }

    /// Returns the exit code of a run that reports findings.
    pub(super) fn exit(&self) -> Exit {
        let arguments = self.context.arguments;
        let has_fixed = arguments.exit_non_zero_on_fix && self.counts.summary.fixed > 0;
        match self.counts.exit_policy.fails() || has_fixed {
            _ if interrupt::is_interrupted() => Exit::Interrupted,
            _ if self.has_failed() => Exit::Failure,
            true if !arguments.exit_zero => Exit::Findings,
            _ => Exit::Success,
        }
    }

    /// Makes a run that checked no documents fail, unless that is expected. Warns if no record has
    /// an ID in the configured field.
    fn review_coverage(&mut self, inputs: &Inputs) {
        if self.counts.coverage.has_documents() {
            if let Some(message) = self.counts.coverage.missing_ids(self.context) {
                output::warning(&message);
            }
            return;
        }
        // Another error has been reported already.
        if self.has_failed() {
            return;
        }
        let is_empty_spool = !inputs.spooled.is_empty();
        let RunCounts { coverage, summary, .. } = &mut self.counts;
        if let Some(message) = coverage.failure(self.context, summary, is_empty_spool) {
            match self.context.arguments.allow_empty {
                true => output::warning(&message),
                false => {
                    self.console.fail(&format!("{message} (--allow-empty makes this a warning)"))
                }
            }
        }
    }
}
