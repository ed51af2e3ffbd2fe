//! Which findings make a run fail.

use super::arguments::CheckArguments;
use super::settings_resolver::ResolvedSettings;
use crate::config::FailOn;
use crate::finding::Finding;

/// Counts the findings that affect the exit code.
pub(super) struct ExitPolicy {
    fail_on: FailOn,
    max_findings: usize,
    counted: usize,
}

impl ExitPolicy {
    pub(super) fn new(arguments: &CheckArguments, settings: &ResolvedSettings) -> Self {
        let fail_on = settings.value(|options| options.fail_on.as_ref());
        let fail_on = match arguments.exit_zero {
            true => FailOn::Never,
            false => fail_on.map(|(severity, _)| *severity).unwrap_or_default(),
        };
        let max_findings = settings.value(|options| options.max_findings.as_ref());
        Self { fail_on, max_findings: max_findings.map_or(0, |(max, _)| *max), counted: 0 }
    }

    pub(super) fn count(&mut self, findings: &[Finding]) {
        self.counted +=
            findings.iter().filter(|finding| self.fail_on.includes(finding.rule.severity)).count();
    }

    /// Whether there are more findings than allowed.
    pub(super) fn fails(&self) -> bool {
        self.counted > self.max_findings
    }
}
