//! The passages with the most copies.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use super::passage::Passage;
use crate::report::location::{locate_label, place};
use dechaff_checks::rule::Rule;
use dechaff_findings::{Finding, Label};
use dechaff_text::{Document, Origin, Span, TextProvider};

/// Maximum number of groups after pruning. At twice as many, the smaller half is dropped.
const MAX_GROUPS: usize = 50_000;
/// Number of groups shown.
const MAX_SHOWN: usize = 8;
/// Maximum number of groups whose texts are looked up. Bounds the time for corpora in which the
/// lead keeps changing.
const MAX_LOOKUPS: usize = 2_000;

/// A passage and its copies.
#[derive(Debug, Default)]
struct Group {
    copies: u64,
    /// Bytes of all copies.
    bytes: u64,
}

/// A group among the largest, with its texts.
#[derive(Debug)]
pub(super) struct CopyGroup {
    key: u64,
    pub(super) rule: String,
    pub(super) message: String,
    pub(super) copies: u64,
    pub(super) bytes: u64,
    pub(super) original: Extract,
    pub(super) copy: Extract,
}

/// A passage with its place.
#[derive(Debug)]
pub(super) struct Extract {
    pub(super) place: String,
    /// `None` if the text is no longer available.
    pub(super) passage: Option<Passage>,
}

/// Counts copies by the passage they repeat, in bounded memory.
#[derive(Debug, Default)]
pub(super) struct CopyGroups {
    /// The codes of the rules that report copies.
    rules: HashSet<String>,
    groups: HashMap<u64, Group, FxBuildHasher>,
    /// The groups with the most bytes.
    leaders: Vec<CopyGroup>,
    lookups: usize,
    /// Whether groups were dropped, so that counts are lower bounds.
    pub(super) is_partial: bool,
}

impl CopyGroups {
    /// Creates an empty set of groups for the rules of `rules` that report copies.
    pub(super) fn new(rules: &[Rule]) -> Self {
        let copies = rules.iter().filter(|rule| rule.parameters.reports_copies());
        Self { rules: copies.map(|rule| rule.info.code.clone()).collect(), ..Self::default() }
    }

    /// Counts the copies among the findings of a document.
    pub(super) fn add(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
    ) {
        for finding in findings {
            // A finding of a copy names the original first.
            if let Some(original) = finding.labels.first()
                && self.rules.contains(&finding.rule.code)
            {
                self.add_copy(document, finding, original, texts);
            }
        }
    }

    fn add_copy(
        &mut self,
        document: &Document<'_>,
        finding: &Finding,
        original: &Label,
        texts: &dyn TextProvider,
    ) {
        let origin = original.origin.as_ref().unwrap_or(&finding.origin);
        let key =
            FxBuildHasher.hash_one((&**origin, original.span.start, finding.rule.code.as_str()));
        let group = self.groups.entry(key).or_default();
        group.copies += 1;
        group.bytes += finding.span.len() as u64;
        let (copies, bytes) = (group.copies, group.bytes);
        if let Some(leader) = self.leaders.iter_mut().find(|leader| leader.key == key) {
            (leader.copies, leader.bytes) = (copies, bytes);
        } else if self.leaders.len() < MAX_SHOWN
            || self.leaders.iter().any(|leader| leader.bytes < bytes)
        {
            self.add_leader(CopyGroup::new((key, copies, bytes), document, finding, original));
            if let Some(leader) = self.leaders.iter_mut().find(|leader| leader.key == key)
                && self.lookups < MAX_LOOKUPS
            {
                self.lookups += 1;
                leader.original.look_up(document, finding, original, texts);
            }
        }
        if self.groups.len() > 2 * MAX_GROUPS {
            self.drop_small_groups();
        }
    }

    fn add_leader(&mut self, group: CopyGroup) {
        self.leaders.push(group);
        self.leaders.sort_by_key(|leader| (Reverse(leader.bytes), leader.key));
        self.leaders.truncate(MAX_SHOWN);
    }

    fn drop_small_groups(&mut self) {
        self.is_partial = true;
        let mut ranks: Vec<(u64, u64)> =
            self.groups.iter().map(|(key, group)| (group.bytes, *key)).collect();
        let (_, &mut least, _) =
            ranks.select_nth_unstable_by_key(MAX_GROUPS, |rank| Reverse(*rank));
        self.groups.retain(|key, group| (group.bytes, *key) > least);
    }

    /// Returns the largest groups, the largest first.
    pub(super) fn sorted(&self) -> Vec<&CopyGroup> {
        let mut groups: Vec<&CopyGroup> = self.leaders.iter().collect();
        groups.sort_by_key(|group| (Reverse(group.bytes), group.key));
        groups
    }
}

impl CopyGroup {
    fn new(
        (key, copies, bytes): (u64, u64, u64),
        document: &Document<'_>,
        finding: &Finding,
        original: &Label,
    ) -> Self {
        let marks = differences(finding, None, finding.span);
        Self {
            key,
            rule: finding.rule.code.clone(),
            message: finding.message().to_owned(),
            copies,
            bytes,
            original: Extract {
                place: original.origin.as_ref().unwrap_or(&finding.origin).to_string(),
                passage: None,
            },
            copy: Extract {
                place: place(document, finding.span),
                passage: Some(Passage::with_marks(document, finding.span, &marks)),
            },
        }
    }
}

impl Extract {
    /// Looks up the text of the original.
    fn look_up(
        &mut self,
        document: &Document<'_>,
        finding: &Finding,
        original: &Label,
        texts: &dyn TextProvider,
    ) {
        let marks = differences(finding, original.origin.as_ref(), original.span);
        let extract = |document: &Document<'_>, span| Self {
            place: place(document, span),
            passage: Some(Passage::with_marks(document, span, &marks)),
        };
        if let Some(found) = locate_label(document, original, texts, extract) {
            *self = found;
        }
    }
}

/// Returns the spans within `span` that differ between a copy and its original.
fn differences(finding: &Finding, origin: Option<&Arc<Origin>>, span: Span) -> Vec<Span> {
    let labels = finding.labels.iter().skip(1).filter(|label| label.origin.as_ref() == origin);
    let mut spans: Vec<Span> =
        labels.map(|label| label.span).filter(|inner| span.contains(*inner)).collect();
    spans.sort_unstable_by_key(|span| span.start);
    spans
}
