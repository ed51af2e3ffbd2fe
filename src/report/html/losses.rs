//! How much of each document the fixes remove.

use std::cmp::Reverse;

use crate::finding::{Applicability, Edit, Finding};
use crate::report::removed_words::RemovedWords;
use crate::text::{Document, Span};

/// Upper bounds of the histogram's bins, as shares of a document in thousandths.
pub(super) const BINS: [u64; 9] = [10, 20, 50, 100, 200, 350, 500, 750, 1_000];

/// Documents in the list of the largest losses.
const MAX_WORST: usize = 20;

/// What the fixes would remove from a document.
#[derive(Debug, Clone)]
pub(super) struct DocumentLoss {
    pub(super) place: String,
    pub(super) bytes: u64,
    pub(super) words: u64,
    pub(super) findings: u64,
    /// Words that the safe fixes remove, and all fixes together.
    pub(super) safe: u64,
    pub(super) all: u64,
    /// The rule with the most findings.
    pub(super) main_rule: String,
}

/// The distribution of losses over all documents.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// Documents per bin, for safe fixes and for all.
    pub(super) safe_bins: [u64; BINS.len()],
    pub(super) all_bins: [u64; BINS.len()],
    /// Bytes that fixes remove in total.
    pub(super) safe: u64,
    pub(super) all: u64,
    /// The documents that lose the largest shares, in order.
    pub(super) worst: Vec<DocumentLoss>,
}

impl Losses {
    /// Adds a document.
    pub(super) fn add(&mut self, document: &Document<'_>, findings: &[Finding]) {
        let bytes = document.text().len() as u64;
        self.safe += removed(findings, Applicability::Safe).min(bytes);
        let all_bytes = removed(findings, Applicability::Unsafe).min(bytes);
        self.all += all_bytes;
        if all_bytes == 0 {
            return;
        }
        let RemovedWords { words, safe, all } = RemovedWords::new(document, findings);
        for (bins, removed) in [(&mut self.safe_bins, safe), (&mut self.all_bins, all)] {
            if let Some(bin) = bin(removed, words).and_then(|bin| bins.get_mut(bin)) {
                *bin += 1;
            }
        }
        if all == 0 {
            return;
        }
        let rank = (Reverse(share(all, words)), Reverse(all));
        let at = self.worst.partition_point(|other| {
            (Reverse(share(other.all, other.words)), Reverse(other.all)) <= rank
        });
        if at < MAX_WORST {
            let loss = DocumentLoss {
                place: document.origin().to_string(),
                bytes,
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

/// Returns the share in millionths.
fn share(part: u64, whole: u64) -> u64 {
    part.saturating_mul(1_000_000) / whole.max(1)
}

/// Returns the bin of a loss, or `None` if nothing is lost.
fn bin(removed: u64, bytes: u64) -> Option<usize> {
    let share = share(removed, bytes);
    (removed > 0)
        .then(|| BINS.iter().position(|bound| share <= bound * 1_000).unwrap_or(BINS.len() - 1))
}

/// Returns the bytes by which the fixes up to `max` shorten the document, with those that several
/// fixes remove counted once.
fn removed(findings: &[Finding], max: Applicability) -> u64 {
    let fixes = findings.iter().filter_map(|finding| finding.applicable_fix(max));
    let shrinks = |edit: &Edit| edit.span.len() > edit.content.len();
    let edits = fixes.flat_map(|fix| &fix.edits).filter(|edit| shrinks(edit));
    let mut spans: Vec<Span> =
        edits.map(|edit| Span::new(edit.span.start + edit.content.len(), edit.span.end)).collect();
    spans.sort_unstable_by_key(|span| span.start);
    let (mut total, mut end) = (0, 0);
    for span in spans {
        total += span.end.saturating_sub(span.start.max(end));
        end = end.max(span.end);
    }
    total as u64
}

fn main_rule(findings: &[Finding]) -> String {
    let mut codes: Vec<&str> = findings.iter().map(|finding| finding.rule.code.as_str()).collect();
    codes.sort_unstable();
    let runs = codes.chunk_by(|one, other| one == other);
    let main = runs.max_by_key(|run| (run.len(), Reverse(run.first().copied())));
    main.and_then(|run| run.first()).map_or(String::new(), |code| (*code).to_owned())
}
