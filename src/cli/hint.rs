//! A hint if most findings come from one rule in one file, such as repeated lines in a generated
//! page.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::finding::Finding;
use crate::report::{Summary, printable};
use crate::text::{Origin, path_of};

/// The rule with the most findings in one file.
#[derive(Default)]
pub(super) struct DominantRule {
    findings: usize,
    code: String,
    path: String,
}

impl DominantRule {
    /// Counts the findings of a document. Records have no settings of their own, so they do not
    /// count.
    pub(super) fn add(&mut self, origin: &Origin, findings: &[Finding]) {
        if origin.record.is_some() || findings.len() <= self.findings {
            return;
        }
        let mut counts: HashMap<&str, usize> = HashMap::new();
        for finding in findings {
            *counts.entry(&finding.rule.code).or_default() += 1;
        }
        if let Some((code, count)) =
            counts.into_iter().max_by_key(|(code, count)| (*count, std::cmp::Reverse(*code)))
            && count > self.findings
        {
            *self = Self { findings: count, code: code.to_owned(), path: origin.path.clone() };
        }
    }

    /// Returns the hint if the rule has more than half of all findings and at least 20.
    pub(super) fn hint(&self, summary: &Summary) -> Option<String> {
        const MIN_FINDINGS: usize = 20;
        let Self { findings, code, path } = self;
        // Not every file name can be written as a pattern.
        let is_nameable =
            path_of(path).to_str().is_some_and(|path| matches!(printable(path), Cow::Borrowed(_)));
        let is_dominant = is_nameable
            && *findings >= MIN_FINDINGS
            && 2 * findings > summary.findings
            && summary.documents > 1;
        is_dominant.then(|| {
            format!(
                "dechaff: hint: {findings} of {} findings are {code} in {path}; to ignore them, add this to dechaff.toml:\n\n    [per-file-ignores]\n    {path:?} = [\"{code}\"]\n",
                summary.findings
            )
        })
    }
}
