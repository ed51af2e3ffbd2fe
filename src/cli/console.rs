//! The terminal of a run: standard output, progress, errors and warnings.

use std::rc::Rc;

use super::arguments::CheckArguments;
use super::bad_records::BadRecords;
use super::output::{self, Output};
use super::progress::Progress;
use crate::corpus::RecordHandle;

/// The output streams of a run.
pub(super) struct Console {
    pub(super) output: Output,
    pub(super) progress: Rc<Progress>,
    bad_records: BadRecords,
    quiet: bool,
    /// Something failed, so the exit code is 2.
    pub(super) had_error: bool,
    /// Standard output receives a shard; reports go to standard error.
    pub(super) report_to_stderr: bool,
    /// The reader of standard output has not closed it.
    pub(super) stdout_open: bool,
}

impl Console {
    /// Opens the terminal as configured by `arguments`.
    pub(super) fn new(arguments: &CheckArguments) -> Self {
        let shows_progress = !arguments.quiet && arguments.reports.is_for_people();
        Self {
            output: Output::new(arguments.color),
            progress: Rc::new(Progress::new(!shows_progress)),
            bad_records: BadRecords::default(),
            quiet: arguments.quiet,
            had_error: false,
            report_to_stderr: false,
            stdout_open: true,
        }
    }

    /// Prints an error and makes the run fail.
    pub(super) fn fail(&mut self, message: &str) {
        self.had_error = true;
        self.error(message);
    }

    /// Makes the run fail if `result` is an error.
    pub(super) fn fail_on_error(&mut self, result: anyhow::Result<()>) {
        if let Err(error) = result {
            self.fail(&format!("{error:#}"));
        }
    }

    /// Prints an error.
    pub(super) fn error(&self, message: &str) {
        self.progress.suspend(|| output::error(message));
    }

    /// Prints a warning.
    pub(super) fn warning(&self, message: &str) {
        self.progress.suspend(|| output::warning(message));
    }

    /// Reports a record that cannot be read; consecutive ones with the same reason become a range.
    pub(super) fn bad_record(&mut self, handle: &RecordHandle, place: &str, reason: &str) {
        let bad_records = &mut self.bad_records;
        self.progress
            .suspend(|| bad_records.report(&handle.shard.name, handle.index, place, reason));
    }

    /// Prints the range of bad records that is still open.
    pub(super) fn finish_bad_records(&mut self) {
        self.bad_records.finish();
    }

    /// Ends the progress display and the open range of bad records.
    pub(super) fn finish_pass(&mut self) {
        self.progress.finish();
        self.bad_records.finish();
    }

    /// Writes a report.
    ///
    /// # Errors
    ///
    /// Standard output cannot be written; a closed pipe is not an error.
    pub(super) fn write(&mut self, text: &str) -> anyhow::Result<()> {
        let report_to_stderr = self.report_to_stderr;
        self.print(text, |output, text| {
            if report_to_stderr {
                output.write_to_stderr(text);
                return Ok(true);
            }
            output.write(text)
        })
    }

    /// Writes a patch byte for byte.
    ///
    /// # Errors
    ///
    /// As for [`Self::write`].
    pub(super) fn write_exact(&mut self, text: &str) -> anyhow::Result<()> {
        self.print(text, Output::write_exact)
    }

    fn print(
        &mut self,
        text: &str,
        print: impl FnOnce(&mut Output, &str) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        if self.quiet || !self.stdout_open || text.is_empty() {
            return Ok(());
        }
        let output = &mut self.output;
        self.stdout_open = self.progress.suspend(|| print(output, text))?;
        Ok(())
    }
}
