//! Counts and samples per rule.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::passage::Passage;
use crate::report::location::place;
use crate::report::message;
use dechaff_findings::{Applicability, Finding, RuleInfo};
use dechaff_text::{Document, TextProvider};

/// Samples kept per rule.
const MAX_SAMPLES: usize = 8;
/// Bytes of a flagged text that distinguish it from others.
const MAX_KEY_BYTES: usize = 512;

/// The findings of a rule.
#[derive(Debug)]
pub(super) struct RuleStats {
    pub(super) rule: Arc<RuleInfo>,
    pub(super) findings: u64,
    pub(super) documents: u64,
    /// Bytes of the flagged spans.
    pub(super) bytes: u64,
    pub(super) safe: u64,
    pub(super) unsafe_fixes: u64,
    /// A random sample of the different texts that the rule flags: those with the smallest hashes,
    /// so that the same corpus has the same sample. A text in the final sample was in the sample
    /// since its first occurrence, so its occurrences are counted exactly.
    pub(super) samples: BTreeMap<u64, FindingSample>,
}

/// A finding with its context.
#[derive(Debug)]
pub struct FindingSample {
    /// Its location.
    pub place: String,
    /// Details that the page does not already show for the rule.
    pub notes: Vec<String>,
    /// The flagged text, with what the fix changes.
    pub passage: Passage,
    pub(super) occurrences: u64,
}

/// The rules with findings, by code.
#[derive(Debug, Default)]
pub(super) struct Rules {
    by_code: BTreeMap<String, RuleStats>,
}

impl Rules {
    /// Adds the findings of a document.
    pub(super) fn add(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
    ) {
        let mut seen: Vec<&str> = Vec::new();
        for finding in findings {
            let code = finding.rule.code.as_str();
            if !self.by_code.contains_key(code) {
                self.by_code.insert(code.to_owned(), RuleStats::new(&finding.rule));
            }
            let Some(stats) = self.by_code.get_mut(code) else { continue };
            stats.add(document, finding, texts);
            if !seen.contains(&code) {
                seen.push(code);
                stats.documents += 1;
            }
        }
    }

    /// Returns the rules, those with the most findings first.
    pub(super) fn sorted(&self) -> Vec<&RuleStats> {
        let mut rules: Vec<&RuleStats> = self.by_code.values().collect();
        rules.sort_by_key(|stats| std::cmp::Reverse(stats.findings));
        rules
    }
}

impl RuleStats {
    fn new(rule: &Arc<RuleInfo>) -> Self {
        Self {
            rule: Arc::clone(rule),
            findings: 0,
            documents: 0,
            bytes: 0,
            safe: 0,
            unsafe_fixes: 0,
            samples: BTreeMap::new(),
        }
    }

    fn add(&mut self, document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) {
        self.findings += 1;
        self.bytes += finding.span.len() as u64;
        match finding.fix.as_ref().map(|fix| fix.applicability) {
            Some(Applicability::Safe) => self.safe += 1,
            Some(Applicability::Unsafe) => self.unsafe_fixes += 1,
            None => {}
        }
        let key = text_hash(document, finding);
        if let Some(sample) = self.samples.get_mut(&key) {
            sample.occurrences += 1;
            return;
        }
        let is_full = self.samples.len() >= MAX_SAMPLES;
        if is_full && self.samples.last_key_value().is_some_and(|(last, _)| *last < key) {
            return;
        }
        self.samples.insert(key, FindingSample::new(document, finding, texts));
        if is_full {
            self.samples.pop_last();
        }
    }
}

impl FindingSample {
    /// Describes a finding.
    pub fn new(document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) -> Self {
        let mut details =
            message::details(finding, message::related_locations(document, finding, texts));
        details.retain(|detail| Some(detail) != finding.rule.note.as_ref());
        let own_message =
            finding.message.as_ref().filter(|message| **message != finding.rule.summary);
        Self {
            place: place(document, finding.span),
            notes: own_message.cloned().into_iter().chain(details).collect(),
            passage: Passage::of_finding(document, finding),
            occurrences: 1,
        }
    }
}

/// Hashes the rule and the start of the flagged text.
fn text_hash(document: &Document<'_>, finding: &Finding) -> u64 {
    let flagged = document.text().get(finding.span.range()).unwrap_or_default();
    let start = flagged.len().min(MAX_KEY_BYTES);
    FxBuildHasher.hash_one((
        finding.rule.code.as_str(),
        flagged.len(),
        &flagged.as_bytes()[..start],
    ))
}
