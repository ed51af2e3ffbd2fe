//! Which findings and documents a page lists.

use super::decisions::{Decisions, ReviewDecision};
use super::items::{FindingDetails, ReviewDocument, ReviewFinding, ReviewItems};
use crate::report::Verdict;

/// Entries per page.
pub(super) const PAGE_SIZE: usize = 200;

/// The filter of a page, from its query.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Text to find, ignoring case.
    pub(super) text: String,
    /// The code of a rule.
    pub(super) rule: String,
    /// A site or other group.
    pub(super) group: String,
    pub(super) verdict: Option<Verdict>,
    pub(super) state: Option<DecisionState>,
    /// The number of a document.
    pub(super) document: Option<usize>,
    /// The page, starting at 0.
    pub(super) page: usize,
}

/// Whether an entry has a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecisionState {
    Open,
    Accepted,
    Rejected,
}

impl DecisionState {
    pub(super) const ALL: [Self; 3] = [Self::Open, Self::Accepted, Self::Rejected];

    pub(super) fn new(decision: Option<ReviewDecision>) -> Self {
        match decision {
            None => Self::Open,
            Some(ReviewDecision::Accept) => Self::Accepted,
            Some(ReviewDecision::Reject) => Self::Rejected,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
        }
    }
}

/// All verdicts, in order.
pub(super) const VERDICTS: [Verdict; 4] =
    [Verdict::Keep, Verdict::Fix, Verdict::Review, Verdict::Drop];

impl Filter {
    /// Parses a query. Unknown values count as absent.
    pub(super) fn parse(query: &str) -> Self {
        let mut filter = Self::default();
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*key {
                "q" => filter.text = value.trim().to_owned(),
                "rule" => filter.rule = value.into_owned(),
                "group" => filter.group = value.into_owned(),
                "verdict" => {
                    filter.verdict = VERDICTS.into_iter().find(|verdict| verdict.name() == value)
                }
                "state" => {
                    filter.state =
                        DecisionState::ALL.into_iter().find(|state| state.name() == value)
                }
                "document" => filter.document = value.parse().ok(),
                "page" => {
                    filter.page = value.parse::<usize>().map_or(0, |page| page.saturating_sub(1))
                }
                _ => {}
            }
        }
        filter
    }

    /// Returns the query of this filter with another page, without `?`.
    pub(super) fn query(&self, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let texts = [("q", &self.text), ("rule", &self.rule), ("group", &self.group)];
        for (key, value) in texts.into_iter().filter(|(_, value)| !value.is_empty()) {
            query.append_pair(key, value);
        }
        if let Some(verdict) = self.verdict {
            query.append_pair("verdict", verdict.name());
        }
        if let Some(state) = self.state {
            query.append_pair("state", state.name());
        }
        if let Some(document) = self.document {
            query.append_pair("document", &document.to_string());
        }
        if page > 0 {
            query.append_pair("page", &(page + 1).to_string());
        }
        query.finish()
    }

    /// Returns the numbers of the findings that match.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be read.
    pub(super) fn findings(
        &self,
        items: &mut ReviewItems,
        decisions: &Decisions,
    ) -> anyhow::Result<Vec<usize>> {
        let needle = self.text.to_lowercase();
        let mut matching = Vec::new();
        for number in 0..items.findings.len() {
            let is_candidate =
                items.findings.get(number).is_some_and(|finding| self.allows(items, finding))
                    && self.allows_state(decisions.on_finding(items, number));
            if is_candidate && (needle.is_empty() || contains(&items.details(number)?, &needle)) {
                matching.push(number);
            }
        }
        Ok(matching)
    }

    /// Returns the numbers of the documents that match.
    pub(super) fn documents(&self, items: &ReviewItems, decisions: &Decisions) -> Vec<usize> {
        let needle = self.text.to_lowercase();
        let matches = |number: &usize| {
            items.documents.get(*number).is_some_and(|document| {
                self.allows_document(items, document)
                    && self.document.is_none_or(|wanted| wanted == *number)
                    && self.allows_state(
                        decisions.on(super::decisions::ReviewTarget::Document(*number)),
                    )
                    && (needle.is_empty() || document.name().to_lowercase().contains(&needle))
            })
        };
        (0..items.documents.len()).filter(matches).collect()
    }

    fn allows(&self, items: &ReviewItems, finding: &ReviewFinding) -> bool {
        let is_rule = self.rule.is_empty()
            || items.rule_of(finding).is_some_and(|rule| rule.code == self.rule);
        let is_document =
            self.document.is_none_or(|document| finding.document as usize == document);
        is_rule
            && is_document
            && items
                .document_of(finding)
                .is_some_and(|document| self.allows_document(items, document))
    }

    fn allows_document(&self, items: &ReviewItems, document: &ReviewDocument) -> bool {
        let group = document.group.and_then(|group| items.groups.get(group as usize));
        let is_group = self.group.is_empty() || group.is_some_and(|group| **group == *self.group);
        is_group && self.verdict.is_none_or(|verdict| verdict == document.verdict)
    }

    fn allows_state(&self, decision: Option<ReviewDecision>) -> bool {
        self.state.is_none_or(|state| state == DecisionState::new(decision))
    }
}

fn contains(details: &FindingDetails, needle: &str) -> bool {
    [&details.text, &details.message, &details.place]
        .iter()
        .any(|text| text.to_lowercase().contains(needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_a_round_trip() {
        let query = "q=%22%3E%3Cb%3E+x&rule=BP001&group=a%26b&verdict=fix&state=open&document=3";
        let filter = Filter::parse(&format!("{query}&page=4"));
        assert_eq!(
            (filter.text.as_str(), filter.group.as_str(), filter.page),
            ("\"><b> x", "a&b", 3)
        );
        assert_eq!(Filter::parse(&filter.query(3)), filter);
        assert_eq!(filter.query(0), query);
    }

    #[test]
    fn unknown_values_count_as_absent() {
        assert_eq!(
            Filter::parse("verdict=x&state=<b>&document=-1&page=0&other=1"),
            Filter::default()
        );
    }
}
