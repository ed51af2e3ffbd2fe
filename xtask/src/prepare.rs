//! Labelled pages with their features.

use std::sync::Arc;

use anyhow::Result;
use dechaff::check::classifier::Survey;
use dechaff::finding::{Applicability, Finding};
use dechaff::linter::Linter;
use dechaff::rule::{Registry, Rule};
use dechaff::text::{Document, Origin, PageFeatures, Span};
use rayon::prelude::*;

use crate::judge::HeldOutKinds;
use crate::pages::{self, Label, Page};
use crate::random::{Random, hash};

/// Reasons of unscored lines that a reader would mostly keep, although human extractions disagree
/// on them.
const KEPT: &[&str] = &["title", "dek", "heading", "code", "table", "list", "faq", "ref", "plain"];
/// The seed for choosing the rules to silence.
const SEED: u64 = 2;

/// A page with its surveys.
pub(crate) struct Prepared<'p> {
    pub(crate) page: &'p Page,
    pub(crate) track: &'p str,
    pub(crate) profile: PageFeatures,
    /// With all findings of named rules.
    pub(crate) whole: Survey,
    /// With the findings of some rules, because rules that were written with these pages at hand
    /// find less on other pages.
    pub(crate) silenced: Survey,
    /// With the findings of half of the rules.
    pub(crate) half: Survey,
    /// Without any findings.
    pub(crate) bare: Survey,
    /// The line of each unit, counted from 0.
    pub(crate) lines: Vec<usize>,
    /// Whether each unit is noise, if known.
    pub(crate) labels: Vec<Option<bool>>,
    pub(crate) spans: Vec<Span>,
    /// For each line, the named rules whose fixes remove it.
    pub(crate) named: Vec<Vec<String>>,
    /// Whether safe fixes remove each line.
    pub(crate) safe: Vec<bool>,
    /// Whether the fixes of the active half of the rules remove each line.
    pub(crate) half_named: Vec<bool>,
}

/// Whether a rule runs by default and is neither the line model nor one that compares documents.
pub(crate) fn is_named(rule: &Rule) -> bool {
    let code = &rule.info.code;
    rule.default && !code.starts_with("BP9") && !code.starts_with("ND")
}

fn is_safe(finding: &&Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe)
}

/// Prepares the pages of all tracks.
pub(crate) fn prepare(tracks: &[(String, Vec<Page>)]) -> Result<Vec<Prepared<'_>>> {
    let registry = Registry::embedded()?;
    let rules = registry.rules().iter().filter(|rule| is_named(rule));
    let linter = Linter::from_rules(rules)?;
    let kinds = HeldOutKinds::load();
    let mut prepared = Vec::new();
    for (track, pages) in tracks {
        prepared
            .par_extend(pages.par_iter().map(|page| prepare_page(&linter, &kinds, track, page)));
    }
    Ok(prepared)
}

fn prepare_page<'p>(
    linter: &Linter,
    kinds: &HeldOutKinds,
    track: &'p str,
    page: &'p Page,
) -> Prepared<'p> {
    /// The possible shares of silenced rules on a page.
    const SILENCED: [f32; 4] = [0.0, 0.3, 0.6, 1.0];
    let document = Document::parse(Arc::new(Origin::file("page.txt")), &page.text);
    let profile = PageFeatures::from_document(&document);
    let document = document.with_page_kind(kinds.estimate(&page.domain, &profile));
    let findings = linter.check(&document);
    let silenced = SILENCED[(hash(&page.id) >> 33) as usize % SILENCED.len()];
    let is_heard = |finding: &Finding, silenced: f32| {
        Random::new(SEED ^ hash(&page.id) ^ hash(&finding.rule.code)).unit() >= silenced
    };
    let is_half = |finding: &&Finding| is_heard(finding, 0.5);
    let whole = Survey::new(&document, findings.iter());
    let spans = page.spans();
    let mut of_line = vec![None; spans.len()];
    for line in &page.lines {
        of_line[line.n - 1] = match (line.label, line.sub.as_deref()) {
            (Label::Mixed, Some(sub)) if KEPT.contains(&sub) => Some(false),
            (Label::Mixed, _) => None,
            (label, _) => Some(label == Label::Noise),
        };
    }
    let line = |unit| spans.partition_point(|line| line.end < whole.content(unit).start);
    let lines: Vec<usize> = (0..whole.len()).map(line).collect();
    let labels = lines.iter().map(|&line| of_line.get(line).copied().flatten()).collect();
    let taken =
        |takes: &dyn Fn(&&Finding) -> bool| pages::taken(&spans, findings.iter().filter(takes));
    let is_taken = |codes: &Vec<&str>| !codes.is_empty();
    let owned = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect();
    Prepared {
        page,
        track,
        profile,
        silenced: Survey::new(
            &document,
            findings.iter().filter(|finding| is_heard(finding, silenced)),
        ),
        half: Survey::new(&document, findings.iter().filter(is_half)),
        bare: Survey::new(&document, []),
        named: taken(&|_| true).into_iter().map(owned).collect(),
        safe: taken(&is_safe).iter().map(is_taken).collect(),
        half_named: taken(&is_half).iter().map(is_taken).collect(),
        whole,
        lines,
        labels,
        spans,
    }
}
