//! What a run counts: findings, documents and errors, and whether they make it fail.

use super::context::{CheckContext, Inputs};
use super::coverage::Coverage;
use super::exit_policy::ExitPolicy;
use crate::corpus::Source;
use crate::finding::Finding;
use crate::report::Summary;

/// The counts of a run.
pub(super) struct RunCounts {
    pub(super) summary: Summary,
    pub(super) exit_policy: ExitPolicy,
    pub(super) coverage: Coverage,
}

impl RunCounts {
    pub(super) fn new(context: &CheckContext<'_>, inputs: &Inputs) -> Self {
        let CheckContext { arguments, settings, resolver, .. } = context;
        Self {
            summary: Summary::default(),
            exit_policy: ExitPolicy::new(arguments, settings),
            coverage: Coverage::new(resolver, &inputs.paths),
        }
    }

    /// Counts a document with its findings.
    pub(super) fn add_document(&mut self, source: &Source, findings: &[Finding]) {
        self.add_findings(findings);
        self.summary.bytes += source.text.len() as u64;
        self.summary.records += usize::from(source.origin.record.is_some());
    }

    /// Counts findings.
    pub(super) fn add_findings(&mut self, findings: &[Finding]) {
        self.exit_policy.count(findings);
        self.summary.add(findings);
    }
}
