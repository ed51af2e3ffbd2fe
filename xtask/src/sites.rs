//! Measures what the pages of one site say about each other (`ND007`), on sites with many pages.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Result;
use dechaff::finding::Finding;
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, TextProvider};

use crate::judge::Judged;
use crate::pages;
use crate::tally::{HEAD, Tally};

/// The rule that compares the pages of a site.
const RULE: &str = "ND007";
/// A site with fewer pages says nothing.
const MIN_PAGES: usize = 5;

/// The texts of the pages, by path.
struct Texts<'p>(HashMap<&'p str, &'p str>);

impl TextProvider for Texts<'_> {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.0.get(origin.path.as_str()).map(|text| Arc::from(*text))
    }
}

/// Returns a table with the lines that `is_flagged` takes without and with the findings of a
/// comparison, for each of `tracks`.
pub(crate) fn table(
    judged: &[Judged<'_>],
    tracks: &[&str],
    is_flagged: &dyn Fn(&Judged<'_>, usize) -> bool,
) -> Result<String> {
    let mut table = format!(
        "| track | sites | site evidence | {}\n",
        HEAD.replacen("|---", "|---|---|---|---", 1)
    );
    for track in tracks {
        let mut sites: HashMap<&str, usize> = HashMap::new();
        let of_track = || judged.iter().filter(|one| one.page.track == *track);
        for one in of_track() {
            *sites.entry(&one.page.page.domain).or_default() += 1;
        }
        sites.retain(|_, pages| *pages >= MIN_PAGES);
        let pages: Vec<&Judged<'_>> =
            of_track().filter(|one| sites.contains_key(one.page.page.domain.as_str())).collect();
        let found = compare(&pages)?;
        for (name, has_evidence) in [("without", false), ("with", true)] {
            let mut sum = Tally::default();
            for one in &pages {
                let (page, spans) = (one.page.page, &one.page.spans);
                let findings = found.get(page.id.as_str()).map_or(&[][..], Vec::as_slice);
                let taken = pages::taken(spans, findings);
                let flags =
                    |line: usize| is_flagged(one, line) || has_evidence && !taken[line].is_empty();
                sum.add(page, spans, &(0..spans.len()).map(flags).collect::<Vec<_>>());
            }
            let _ = writeln!(table, "| {track} | {} | {name} | {sum}", sites.len());
        }
    }
    Ok(table)
}

/// Returns the findings of a comparison by page.
fn compare(pages: &[&Judged<'_>]) -> Result<HashMap<String, Vec<Finding>>> {
    let registry = Registry::embedded()?;
    let linter = Linter::from_rules(registry.rules().iter().filter(|rule| rule.info.code == RULE))?;
    let texts =
        pages.iter().map(|one| (one.page.page.id.as_str(), one.page.page.text.as_str())).collect();
    // Documents are compared in ascending order.
    let mut pages = pages.to_vec();
    pages.sort_by_key(|one| &one.page.page.id);
    let sketches = pages.iter().map(|one| {
        let page = one.page.page;
        let document = Document::parse(Arc::new(Origin::file(&page.id)), &page.text);
        linter.sketch(&document.with_site(Some(Arc::from(page.domain.as_str()))))
    });
    let mut found: HashMap<String, Vec<Finding>> = HashMap::new();
    for finding in linter.compare(sketches, &Texts(texts))? {
        found.entry(finding.origin.path.clone()).or_default().push(finding);
    }
    Ok(found)
}
