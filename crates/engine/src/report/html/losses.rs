//! How much of each document the fixes remove.

use std::cmp::Reverse;

use crate::report::removed_words::{RemovedWords, SHARE_BINS, millionths, share_bin};
use dechaff_findings::Finding;
use dechaff_text::Document;

/// Number of documents in the list of largest losses.
const MAX_WORST: usize = 20;

/// The words that fixes would remove from a document.
#[derive(Debug, Clone)]
pub(super) struct DocumentLoss {
    pub(super) place: String,
    pub(super) words: u64,
    pub(super) findings: u64,
    /// Words removed by the safe fixes, and by all fixes.
    pub(super) safe: u64,
    pub(super) all: u64,
    /// The rule with the most findings.
    pub(super) main_rule: String,
}

/// The distribution of losses over all documents.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// Documents per bin, for safe fixes and for all.
    pub(super) safe_bins: [u64; SHARE_BINS.len()],
    pub(super) all_bins: [u64; SHARE_BINS.len()],
    /// Words that fixes remove in total.
    pub(super) safe: u64,
    pub(super) all: u64,
    /// Words of the documents that lose some.
    pub(super) words: u64,
    /// The documents that lose the largest shares, in order.
    pub(super) worst: Vec<DocumentLoss>,
}

impl Losses {
    /// Adds a document.
    pub(super) fn add(&mut self, document: &Document<'_>, findings: &[Finding]) {
        if findings.iter().all(|finding| finding.fix.is_none()) {
            return;
        }
        let RemovedWords { words, safe, all } = RemovedWords::new(document, findings);
        if all == 0 {
            return;
        }
        self.safe += safe;
        self.all += all;
        self.words += words;
        for (bins, removed) in [(&mut self.safe_bins, safe), (&mut self.all_bins, all)] {
            if let Some(bin) = share_bin(removed, words).and_then(|bin| bins.get_mut(bin)) {
                *bin += 1;
            }
        }
        let rank = (Reverse(millionths(all, words)), Reverse(all));
        let at = self.worst.partition_point(|other| {
            (Reverse(millionths(other.all, other.words)), Reverse(other.all)) <= rank
        });
        if at < MAX_WORST {
            let loss = DocumentLoss {
                place: document.origin().to_string(),
                words,
                findings: findings.len() as u64,
                safe,
                all,
                main_rule: main_rule(findings),
            };
            self.worst.insert(at, loss);
            self.worst.truncate(MAX_WORST);
        }
    }
}

fn main_rule(findings: &[Finding]) -> String {
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding.rule.code.as_str()).collect();
    codes.sort_unstable();
    let runs = codes.chunk_by(|one, other| one == other);
    let main = runs.max_by_key(|run| (run.len(), Reverse(run.first().copied())));
    main.and_then(|run| run.first()).map_or(String::new(), |code| (*code).to_owned())
}
