//! Counts per rule instead of findings.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Reporter, Summary};
use crate::finding::{Applicability, Finding};
use crate::text::{Document, TextProvider};

/// A table with one row per rule with findings, and a summary.
#[derive(Debug, Default)]
pub struct Statistics {
    rules: BTreeMap<String, RuleCounts>,
    /// Total size of the checked documents.
    bytes: usize,
}

#[derive(Debug, Default)]
struct RuleCounts {
    name: String,
    findings: usize,
    documents: usize,
    /// Total size of the flagged spans.
    bytes: usize,
    safe: usize,
    unsafe_fixes: usize,
}

impl Reporter for Statistics {
    fn write_document(&mut self, document: &Document<'_>, findings: &[Finding], _: &dyn TextProvider, _: &mut String) {
        self.bytes += document.text().len();
        let mut seen: Vec<&str> = Vec::new();
        for finding in findings {
            let counts = self.rules.entry(finding.rule.code.clone()).or_default();
            counts.name.clone_from(&finding.rule.name);
            counts.findings += 1;
            counts.bytes += finding.span.len();
            if !seen.contains(&finding.rule.code.as_str()) {
                seen.push(&finding.rule.code);
                counts.documents += 1;
            }
            match finding.fix.as_ref().map(|fix| fix.applicability) {
                Some(Applicability::Safe) => counts.safe += 1,
                Some(Applicability::Unsafe) => counts.unsafe_fixes += 1,
                None => {}
            }
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        let width = self.rules.values().map(|counts| counts.name.len()).max().unwrap_or(0).max("rule".len() - 1);
        let code_width = self.rules.keys().map(String::len).max().unwrap_or(0);
        if !self.rules.is_empty() {
            let _ = writeln!(
                output,
                "{:code_width$}  {:width$}  {:>8}  {:>9}  {:>7}  {:>7}  {:>6}",
                "code", "rule", "findings", "documents", "% bytes", "safe", "unsafe"
            );
        }
        let mut rules: Vec<(&String, &RuleCounts)> = self.rules.iter().collect();
        rules.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.findings));
        for (code, counts) in rules {
            let share = if self.bytes == 0 { 0.0 } else { 100.0 * counts.bytes as f64 / self.bytes as f64 };
            let _ = writeln!(
                output,
                "{code:code_width$}  {:width$}  {:>8}  {:>9}  {share:>7.3}  {:>7}  {:>6}",
                counts.name, counts.findings, counts.documents, counts.safe, counts.unsafe_fixes
            );
        }
        let _ = writeln!(output, "{}", summary.line());
    }
}
