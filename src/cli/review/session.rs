//! The state of a review: findings, decisions, and the files written at the end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decisions::{Decisions, ReviewDecision, ReviewTarget};
use super::filter::Filter;
use super::items::{ReviewFinding, ReviewItems};
use crate::cli::baseline::{append_to_ignore_list, relative};
use crate::cli::fix_plan::{PLAN_VERSION, PlanEntry};
use crate::cli::settings_resolver::SettingsResolver;
use crate::corpus::OutputFile;
use crate::report::{Medium, count, printable};
use crate::text::{PathName, path_of};

/// The files of a review.
pub(super) struct ReviewFiles {
    pub(super) decisions: PathBuf,
    pub(super) plan: PathBuf,
    pub(super) ignore_list: PathBuf,
}

/// The commands to run after the review.
pub(super) struct NextCommands {
    /// Applies the plan.
    pub(super) fix: String,
    /// Checks with the ignore list.
    pub(super) check: String,
}

/// A review in progress.
pub(super) struct ReviewSession {
    pub(super) items: ReviewItems,
    pub(super) decisions: Decisions,
    pub(super) files: ReviewFiles,
    resolver: Arc<SettingsResolver>,
    /// The HTML report of the check.
    pub(super) report: String,
    /// The summary of the check.
    pub(super) summary: String,
    pub(super) commands: NextCommands,
    /// A message about the file written last, for the finish page.
    pub(super) messages: Vec<String>,
}

/// How many findings are open, accepted and rejected.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct DecisionCounts {
    pub(super) open: usize,
    pub(super) accepted: usize,
    pub(super) rejected: usize,
    /// Accepted findings that can be fixed.
    pub(super) fixable: usize,
}

impl ReviewSession {
    /// Starts or resumes a review of `items`.
    ///
    /// # Errors
    ///
    /// The decisions cannot be read.
    pub(super) fn new(
        items: ReviewItems,
        files: ReviewFiles,
        resolver: &Arc<SettingsResolver>,
        (report, summary): (String, String),
        commands: NextCommands,
    ) -> anyhow::Result<Self> {
        let decisions = Decisions::open(&files.decisions, &items, |path| {
            relative_path(resolver, path, &files.decisions)
        })?;
        let resolver = Arc::clone(resolver);
        Ok(Self {
            items,
            decisions,
            files,
            resolver,
            report,
            summary,
            commands,
            messages: Vec::new(),
        })
    }

    /// Records a decision.
    ///
    /// # Errors
    ///
    /// The target does not exist, or the file cannot be written.
    pub(super) fn decide(
        &mut self,
        target: ReviewTarget,
        decision: ReviewDecision,
    ) -> anyhow::Result<()> {
        let details = match target {
            ReviewTarget::Finding(number) => Some(self.items.details(number)?),
            ReviewTarget::Document(_) | ReviewTarget::Rule(_) => None,
        };
        let (resolver, file) = (&self.resolver, &self.files.decisions);
        let relative = |path: &str| relative_path(resolver, path, file);
        self.decisions.decide(&self.items, target, decision, details.as_ref(), relative)
    }

    /// Counts the findings by decision: all of them, or those of a rule or document.
    pub(super) fn counts(&self, of: Option<ReviewTarget>) -> DecisionCounts {
        let range = match of {
            Some(ReviewTarget::Document(number)) => self
                .items
                .documents
                .get(number)
                .map_or(0..0, |document| document.first..document.first + document.findings),
            Some(ReviewTarget::Finding(number)) => number..number + 1,
            _ => 0..self.items.findings.len(),
        };
        let mut counts = DecisionCounts::default();
        for number in range {
            let Some(finding) = self.items.findings.get(number) else { continue };
            if let Some(ReviewTarget::Rule(rule)) = of
                && usize::from(finding.rule) != rule
            {
                continue;
            }
            self.count(number, finding, &mut counts);
        }
        counts
    }

    /// Counts the findings of each rule by decision, in order of the rules.
    pub(super) fn counts_by_rule(&self) -> Vec<DecisionCounts> {
        let mut all = vec![DecisionCounts::default(); self.items.rules.len()];
        for (number, finding) in self.items.findings.iter().enumerate() {
            if let Some(counts) = all.get_mut(usize::from(finding.rule)) {
                self.count(number, finding, counts);
            }
        }
        all
    }

    fn count(&self, number: usize, finding: &ReviewFinding, counts: &mut DecisionCounts) {
        match self.decisions.on_finding(&self.items, number) {
            None => counts.open += 1,
            Some(ReviewDecision::Reject) => counts.rejected += 1,
            Some(ReviewDecision::Accept) => {
                counts.accepted += 1;
                let is_fixable =
                    self.items.document_of(finding).is_some_and(|document| document.is_fixable);
                counts.fixable += usize::from(finding.fix.is_some() && is_fixable);
            }
        }
    }

    /// Returns the findings of a page, and the total number of matches.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be read.
    pub(super) fn matching(&mut self, filter: &Filter) -> anyhow::Result<Vec<usize>> {
        filter.findings(&mut self.items, &self.decisions)
    }

    /// Writes the accepted findings that can be fixed as a plan.
    ///
    /// # Errors
    ///
    /// The plan cannot be written.
    pub(super) fn write_plan(&mut self) -> anyhow::Result<()> {
        let mut file = OutputFile::create(&self.files.plan)?;
        let mut written = 0;
        for number in 0..self.items.findings.len() {
            if self.decisions.on_finding(&self.items, number) != Some(ReviewDecision::Accept) {
                continue;
            }
            let excerpt = self.items.details(number)?.excerpt;
            let Some(finding) =
                self.items.findings.get(number).filter(|finding| finding.fix.is_some())
            else {
                continue;
            };
            let document = self.items.document_of(finding).filter(|document| document.is_fixable);
            let Some((document, rule)) = document.zip(self.items.rule_of(finding)) else {
                continue;
            };
            let entry = PlanEntry {
                plan: PLAN_VERSION,
                path: relative_path(&self.resolver, &document.path, &self.files.plan),
                record: document.record.clone(),
                text_hash: document.text_hash.clone(),
                rule: rule.code.clone(),
                start: finding.span.start,
                end: finding.span.end,
                excerpt,
            };
            let line = serde_json::to_string(&entry)? + "\n";
            file.write(&Medium::Json.sanitize(&line))?;
            written += 1;
        }
        file.finish()?;
        let written = count(written, "accepted finding");
        self.messages.push(format!("{written} written to {}.", self.files.plan.name()));
        Ok(())
    }

    /// Adds the rejected findings to the ignore list, without those it has already.
    ///
    /// # Errors
    ///
    /// The list cannot be read or written.
    pub(super) fn extend_ignore_list(&mut self) -> anyhow::Result<()> {
        let path = self.files.ignore_list.clone();
        let before = if path.exists() { std::fs::read_to_string(&path)? } else { String::new() };
        let listed: BTreeSet<String> = before.lines().map(rule_and_fingerprint).collect();
        let mut lines: BTreeSet<String> = BTreeSet::new();
        for number in 0..self.items.findings.len() {
            if self.decisions.on_finding(&self.items, number) == Some(ReviewDecision::Reject) {
                let entry = printable(&self.items.details(number)?.ignore_entry).into_owned();
                if !listed.contains(&rule_and_fingerprint(&entry)) {
                    lines.insert(entry);
                }
            }
        }
        if !lines.is_empty() {
            append_to_ignore_list(&path, &lines)?;
        }
        self.messages.push(format!("{} added to {}.", count(lines.len(), "passage"), path.name()));
        Ok(())
    }
}

/// Returns the part of a line that identifies its passage.
fn rule_and_fingerprint(line: &str) -> String {
    line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// Returns the path of a document relative to the directory of `file`.
fn relative_path(resolver: &SettingsResolver, path: &str, file: &Path) -> String {
    relative(resolver, &path_of(path), file)
}
