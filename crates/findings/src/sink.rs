//! Collects the findings of a document, up to a limit per rule.

use std::ops::Deref;
use std::sync::Arc;

use crate::{Applicability, Finding, RuleInfo};

/// How many findings of a rule are kept for a document, separately for safe fixes, unsafe fixes and
/// none. A finding takes about 1 KB, and a text of 20 MB may hold a million.
#[derive(Debug, Clone, Copy)]
pub struct FindingLimit {
    /// Findings kept.
    pub findings: usize,
    /// Edits kept, over all findings.
    pub edits: usize,
}

impl FindingLimit {
    /// The limit for reports.
    pub const REPORT: Self = Self { findings: 10_000, edits: 100_000 };
    /// The limit for a round of fixes. Each round reads the whole document, so fewer are faster.
    pub const FIX: Self = Self { findings: 50_000, edits: 500_000 };
}

/// The findings of a document so far. Dereferences to those kept.
pub struct FindingSink<'s> {
    findings: Vec<Finding>,
    rules: Vec<RuleCount>,
    limit: FindingLimit,
    /// Whether a finding is suppressed, so that it is not listed.
    is_suppressed: Box<dyn FnMut(&Finding) -> bool + 's>,
}

/// The findings of a rule with fixes of the same applicability.
struct RuleCount {
    rule: Arc<RuleInfo>,
    applicability: Option<Applicability>,
    kept: usize,
    edits: usize,
    /// Index of the last one kept.
    last: usize,
    /// Findings beyond the limit.
    unlisted: usize,
}

impl<'s> FindingSink<'s> {
    /// Creates an empty sink. Findings beyond `limit` are counted, except suppressed ones.
    pub fn new(limit: FindingLimit, is_suppressed: impl FnMut(&Finding) -> bool + 's) -> Self {
        Self {
            findings: Vec::new(),
            rules: Vec::new(),
            limit,
            is_suppressed: Box::new(is_suppressed),
        }
    }

    /// Adds a finding, or counts it if there are too many of its rule.
    pub fn push(&mut self, finding: Finding) {
        let applicability = finding.fix.as_ref().map(|fix| fix.applicability);
        let is_same = |count: &RuleCount| {
            count.applicability == applicability && Arc::ptr_eq(&count.rule, &finding.rule)
        };
        let index = self.rules.iter().rposition(is_same).unwrap_or_else(|| {
            let rule = Arc::clone(&finding.rule);
            self.rules.push(RuleCount {
                rule,
                applicability,
                kept: 0,
                edits: 0,
                last: 0,
                unlisted: 0,
            });
            self.rules.len() - 1
        });
        let Some(count) = self.rules.get_mut(index) else { return };
        let is_full = count.kept >= self.limit.findings || count.edits >= self.limit.edits;
        if is_full {
            count.unlisted += usize::from(!(self.is_suppressed)(&finding));
            return;
        }
        count.kept += 1;
        count.edits += finding.fix.as_ref().map_or(0, |fix| fix.edits.len());
        count.last = self.findings.len();
        self.findings.push(finding);
    }

    /// Returns the findings. The last one kept of each rule says how many more there are.
    pub fn into_findings(self) -> Vec<Finding> {
        let mut findings = self.findings;
        for count in self.rules.iter().filter(|count| count.unlisted > 0) {
            if let Some(last) = findings.get_mut(count.last) {
                last.add_unlisted(&count.rule.code, count.unlisted);
            }
        }
        findings
    }
}

impl Extend<Finding> for FindingSink<'_> {
    fn extend<I: IntoIterator<Item = Finding>>(&mut self, findings: I) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }
}

impl Deref for FindingSink<'_> {
    type Target = [Finding];

    fn deref(&self) -> &[Finding] {
        &self.findings
    }
}
