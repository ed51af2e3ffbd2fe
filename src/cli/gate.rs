//! Which findings fail a run.

use super::arguments::CheckArguments;
use super::workspace::Profile;
use crate::config::FailOn;
use crate::finding::Finding;

/// Counts the findings that matter to the exit code.
pub(super) struct Gate {
    fail_on: FailOn,
    most: usize,
    counted: usize,
}

impl Gate {
    pub(super) fn new(arguments: &CheckArguments, root: &Profile) -> Self {
        let fail_on = root.value(|options| options.fail_on.as_ref()).map(|(least, _)| *least).unwrap_or_default();
        let most = root.value(|options| options.max_findings.as_ref()).map_or(0, |(most, _)| *most);
        let fail_on = if arguments.exit_zero { FailOn::Never } else { fail_on };
        Self { fail_on, most, counted: 0 }
    }

    pub(super) fn count(&mut self, findings: &[Finding]) {
        self.counted += findings.iter().filter(|finding| self.fail_on.includes(finding.rule.severity)).count();
    }

    /// Whether more was found than may be.
    pub(super) fn fails(&self) -> bool {
        self.counted > self.most
    }
}
