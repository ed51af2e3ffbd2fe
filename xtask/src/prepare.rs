//! Pages as the model sees them, with what is known of their lines.

use std::sync::Arc;

use anyhow::Result;
use dechaff::check::classifier::Survey;
use dechaff::finding::{Applicability, Finding};
use dechaff::linter::Linter;
use dechaff::rule::{Registry, Rule};
use dechaff::text::{Document, Origin, Span};
use rayon::prelude::*;

use crate::pages::{self, Label, Page};
use crate::random::{Random, hash};

/// Lines that are not scored since the people who extracted the pages disagree on them; a reader
/// would keep most.
const KEPT: &[&str] = &["title", "dek", "heading", "code", "table", "list", "faq", "ref", "plain"];
/// Begins what is drawn at random.
pub(crate) const SEED: u64 = 2;

/// A page with its surveys.
pub(crate) struct Prepared<'p> {
    pub(crate) page: &'p Page,
    pub(crate) track: &'p str,
    /// How much its lines count in training.
    pub(crate) weight: f32,
    pub(crate) domain: u64,
    /// As the model will see it.
    pub(crate) whole: Survey,
    /// With some rules silent: on other pages the rules, which were written with these at hand,
    /// find less.
    pub(crate) deaf: Survey,
    /// With half of the rules silent.
    pub(crate) half: Survey,
    /// With all rules silent.
    pub(crate) bare: Survey,
    /// For each unit its line, counted from 0, and whether it is noise, where that is known.
    pub(crate) lines: Vec<usize>,
    pub(crate) labels: Vec<Option<bool>>,
    pub(crate) spans: Vec<Span>,
    /// For each line the named rules whose fixes take it.
    pub(crate) named: Vec<Vec<String>>,
    /// Whether a safe fix takes a line.
    pub(crate) safe: Vec<bool>,
    /// Whether a fix of the half that is not silent takes it.
    pub(crate) half_named: Vec<bool>,
}

/// Whether a rule speaks of noise by name: boilerplate or synthetic text, and not the classifier.
pub(crate) fn is_named(rule: &Rule) -> bool {
    let code = &rule.info.code;
    rule.default && (code.starts_with("BP") && !code.starts_with("BP9") || code.starts_with("SY"))
}

fn is_safe(finding: &&Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe)
}

/// Prepares the pages of all tracks.
pub(crate) fn prepare(tracks: &[(String, Vec<Page>)]) -> Result<Vec<Prepared<'_>>> {
    let registry = Registry::embedded()?;
    let rules =
        registry.rules().iter().filter(|rule| rule.default && !rule.info.code.starts_with("BP9"));
    let linter = Linter::from_rules(rules)?;
    let mut prepared = Vec::new();
    for (track, pages) in tracks {
        // Whole pages have thirty times as much noise, most of which no extractor leaves.
        let weight = match track.as_str() {
            "residue-txt" => 1.0,
            "residue-md" => 0.4,
            _ => 0.06,
        };
        prepared.par_extend(
            pages.par_iter().map(|page| prepare_page(&registry, &linter, track, page, weight)),
        );
    }
    Ok(prepared)
}

fn prepare_page<'p>(
    registry: &Registry,
    linter: &Linter,
    track: &'p str,
    page: &'p Page,
    weight: f32,
) -> Prepared<'p> {
    /// Shares of the rules that are silent on a page.
    const SILENT: [f32; 4] = [0.0, 0.3, 0.6, 1.0];
    let document = Document::parse(Arc::new(Origin::file("page.txt")), &page.text);
    let findings = linter.check(&document);
    let silent = SILENT[(hash(&page.id) >> 33) as usize % SILENT.len()];
    let is_heard = |finding: &Finding, silent: f32| {
        Random::new(SEED ^ hash(&page.id) ^ hash(&finding.rule.code)).unit() >= silent
    };
    let is_half = |finding: &&Finding| is_heard(finding, 0.5);
    let whole = Survey::new(&document, findings.iter());
    let deaf = Survey::new(&document, findings.iter().filter(|finding| is_heard(finding, silent)));
    let half = Survey::new(&document, findings.iter().filter(is_half));
    let bare = Survey::new(&document, []);
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
    let taken = |takes: &dyn Fn(&&Finding) -> bool| {
        let is_of_named =
            |finding: &&Finding| registry.find(&finding.rule.code).is_ok_and(is_named);
        pages::taken(&page.text, &spans, findings.iter().filter(is_of_named).filter(takes))
    };
    let is_taken = |codes: &Vec<&str>| !codes.is_empty();
    let owned = |codes: Vec<&str>| codes.into_iter().map(str::to_owned).collect();
    let named = taken(&|_| true).into_iter().map(owned).collect();
    let safe = taken(&is_safe).iter().map(is_taken).collect();
    let half_named = taken(&is_half).iter().map(is_taken).collect();
    let domain = hash(&page.domain);
    Prepared {
        page,
        track,
        weight,
        domain,
        whole,
        deaf,
        half,
        bare,
        lines,
        labels,
        spans,
        named,
        safe,
        half_named,
    }
}
