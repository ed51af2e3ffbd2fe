//! Folds runs of equal findings, such as ten captions in a row, for formats that people read.

use super::count;
use super::location::lines;
use dechaff_findings::Finding;
use dechaff_text::{Document, is_blank};

/// A finding, and the equal ones that follow it.
pub(super) struct FindingRun<'f> {
    /// The finding that is shown.
    pub(super) first: &'f Finding,
    /// The findings that are folded into it.
    folded: &'f [Finding],
}

impl<'f> FindingRun<'f> {
    /// Splits `findings` into runs. Without `fold`, each finding is a separate run.
    pub(super) fn split(
        document: &Document<'_>,
        findings: &'f [Finding],
        fold: bool,
    ) -> impl Iterator<Item = Self> {
        /// Folding fewer findings would not save lines.
        const MIN_FOLDED: usize = 2;
        let mut rest = findings;
        std::iter::from_fn(move || {
            let first = rest.first()?;
            let continues = |pair: &&[Finding]| matches!(pair, [left, right] if continues(document, left, right));
            let length = if fold { rest.windows(2).take_while(continues).count() } else { 0 };
            let length = if length < MIN_FOLDED { 0 } else { length };
            let folded = rest.get(1..=length).unwrap_or_default();
            rest = rest.get(length + 1..).unwrap_or_default();
            Some(Self { first, folded })
        })
    }

    /// Describes the folded findings, such as `and 9 more lines, to line 25`; `None` if there are
    /// none.
    pub(super) fn note(&self, document: &Document<'_>) -> Option<String> {
        let last = self.folded.last()?;
        let is_line = |finding: &Finding| {
            let (first, last) = lines(document, finding.span);
            first == last
        };
        let noun = if self.folded.iter().all(is_line) { "more line" } else { "more finding" };
        let (_, line) = lines(document, last.span);
        Some(format!("and {}, to line {line}", count(self.folded.len(), noun)))
    }
}

/// Whether `next` is the same finding as `finding` for the text directly below it.
fn continues(document: &Document<'_>, finding: &Finding, next: &Finding) -> bool {
    let start = |finding: &Finding| document.line_at(finding.span.start);
    let applicability = |finding: &Finding| finding.fix.as_ref().map(|fix| fix.applicability);
    let others = |finding: &Finding| finding.labels.iter().any(|label| label.origin.is_some());
    let between = document.text().get(finding.span.end..next.span.start);
    finding.rule.code == next.rule.code
        && finding.message() == next.message()
        && applicability(finding) == applicability(next)
        && finding.label == next.label
        && finding.notes == next.notes
        && finding.unlisted == 0
        && next.unlisted == 0
        // Findings with other copies differ in those.
        && !others(finding)
        && !others(next)
        && start(finding) < start(next)
        && between.is_some_and(|between| between.chars().all(is_blank))
}
