//! The counts of a run.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use crate::report::removed_words::{RemovedWords, SHARE_BINS, millionths, share_bin};
use dechaff_findings::{Applicability, Finding};
use dechaff_text::Document;

/// Number of documents in the list of those that lose most.
const MAX_DOCUMENTS: usize = 20;

/// The counts of a run.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) total: GroupCounts,
    pub(super) rules: BTreeMap<String, RuleCounts>,
    pub(super) page_kinds: BTreeMap<&'static str, GroupCounts>,
    pub(super) sites: BTreeMap<String, GroupCounts>,
    /// The documents that lose the largest shares, in order.
    pub(super) documents: Vec<(String, GroupCounts)>,
    /// The documents that lose words, by the share that they lose.
    pub(super) safe_histogram: [u64; SHARE_BINS.len()],
    pub(super) histogram: [u64; SHARE_BINS.len()],
}

/// The counts of a rule.
#[derive(Debug, Default, Clone, Serialize)]
pub(super) struct RuleCounts {
    pub(super) name: String,
    pub(super) documents: u64,
    pub(super) findings: u64,
    pub(super) safe_fixes: u64,
    pub(super) unsafe_fixes: u64,
    /// Total size of the flagged spans.
    pub(super) bytes: u64,
}

/// The counts of a group of documents.
#[derive(Debug, Default, Clone, Copy, Serialize)]
pub(super) struct GroupCounts {
    pub(super) documents: u64,
    pub(super) documents_with_findings: u64,
    pub(super) findings: u64,
    pub(super) safe_fixes: u64,
    pub(super) unsafe_fixes: u64,
    pub(super) bytes: u64,
    pub(super) words: u64,
    pub(super) safe_removed_words: u64,
    pub(super) removed_words: u64,
}

impl Counts {
    /// Counts a document.
    pub(super) fn add(&mut self, document: &Document<'_>, findings: &[Finding]) {
        let removed = RemovedWords::new(document, findings);
        let with_fix = |applicability: Applicability| {
            let fixes = findings.iter().filter_map(|finding| finding.fix.as_ref());
            fixes.filter(|fix| fix.applicability == applicability).count() as u64
        };
        let own = GroupCounts {
            documents: 1,
            documents_with_findings: u64::from(!findings.is_empty()),
            findings: findings.len() as u64,
            safe_fixes: with_fix(Applicability::Safe),
            unsafe_fixes: with_fix(Applicability::Unsafe),
            bytes: document.text().len() as u64,
            words: removed.words,
            safe_removed_words: removed.safe,
            removed_words: removed.all,
        };
        self.total.add(&own);
        self.page_kinds.entry(document.page_kind().kind().name()).or_default().add(&own);
        if let Some(site) = document.site() {
            self.sites.entry(site.to_owned()).or_default().add(&own);
        }
        self.add_rules(findings);
        for (histogram, words) in
            [(&mut self.safe_histogram, removed.safe), (&mut self.histogram, removed.all)]
        {
            if let Some(bin) =
                share_bin(words, removed.words).and_then(|bin| histogram.get_mut(bin))
            {
                *bin += 1;
            }
        }
        self.add_document(document, own);
    }

    fn add_rules(&mut self, findings: &[Finding]) {
        let mut seen: Vec<&str> = Vec::new();
        for finding in findings {
            let counts = self.rules.entry(finding.rule.code.clone()).or_default();
            counts.name.clone_from(&finding.rule.name);
            counts.findings += 1;
            counts.bytes += finding.span.len() as u64;
            if !seen.contains(&finding.rule.code.as_str()) {
                seen.push(&finding.rule.code);
                counts.documents += 1;
            }
            match finding.fix.as_ref().map(|fix| fix.applicability) {
                Some(Applicability::Safe) => counts.safe_fixes += 1,
                Some(Applicability::Unsafe) => counts.unsafe_fixes += 1,
                None => {}
            }
        }
    }

    fn add_document(&mut self, document: &Document<'_>, own: GroupCounts) {
        if own.removed_words == 0 {
            return;
        }
        let rank = |GroupCounts { removed_words, words, .. }: &GroupCounts| {
            (Reverse(millionths(*removed_words, *words)), Reverse(*removed_words))
        };
        let at = self.documents.partition_point(|(_, other)| rank(other) <= rank(&own));
        if at < MAX_DOCUMENTS {
            self.documents.insert(at, (document.origin().to_string(), own));
            self.documents.truncate(MAX_DOCUMENTS);
        }
    }

    /// Returns the rules, those with most findings first.
    pub(super) fn sorted_rules(&self) -> Vec<(&String, &RuleCounts)> {
        let mut rules: Vec<_> = self.rules.iter().collect();
        rules.sort_by_key(|(_, counts)| Reverse(counts.findings));
        rules
    }
}

impl GroupCounts {
    fn add(&mut self, other: &Self) {
        self.documents += other.documents;
        self.documents_with_findings += other.documents_with_findings;
        self.findings += other.findings;
        self.safe_fixes += other.safe_fixes;
        self.unsafe_fixes += other.unsafe_fixes;
        self.bytes += other.bytes;
        self.words += other.words;
        self.safe_removed_words += other.safe_removed_words;
        self.removed_words += other.removed_words;
    }
}
