//! The `site-line` kind: lines that recur on many pages of one site.
//!
//! The reader of a corpus assigns documents to sites, see [`Document::with_site`]. A sketch has the
//! name of the site and a hash of each distinct line. The comparison counts the pages of each site
//! that have a line, and keeps only the hashes of lines that recur.

mod lines;
mod sketch;
mod staged;

use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::staged::StagedCheck;
use super::{Corpus, CorpusCheck, DocumentSet, FindingsByDocument, PendingFindings, store};
use dechaff_findings::{Finding, FindingLimit, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::Document;
use lines::{Recurrence, SiteLine, add_hash, furniture, page_lines};

/// The kind's name in rule files.
pub const NAME: &str = "site-line";

/// How often a line must recur.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Minimum number of pages of a site. Smaller sites are ignored.
    pub min_site_pages: u32,
    /// Minimum number of pages with the line.
    pub min_pages: u32,
    /// Minimum share of the site's pages with the line, from 0 to 1.
    pub min_share: f64,
}

impl Parameters {
    /// Classifies a line on `pages` of the `all` pages of a site.
    fn recurrence(&self, pages: u32, all: u32) -> Recurrence {
        let is_frequent = all >= self.min_site_pages
            && pages >= self.min_pages
            && f64::from(pages) >= self.min_share * f64::from(all);
        match is_frequent {
            false => Recurrence::Rare,
            true if pages.saturating_mul(2) < all => Recurrence::Frequent,
            true => Recurrence::Usual,
        }
    }
}

/// Checks that the parameters are in range.
///
/// # Errors
///
/// A parameter is out of range.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let error = |message: String| Err(ParameterError { message, place: None });
    if parameters.min_pages < 2 {
        return error("`min-pages` must be more than 1".into());
    }
    if !(0.0..=1.0).contains(&parameters.min_share) {
        return error(format!("`min-share` {} is not between 0 and 1", parameters.min_share));
    }
    Ok(())
}

/// Compiles all rules of this kind into one check.
///
/// # Errors
///
/// Never fails: the parameters have passed [`validate`].
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn CorpusCheck>, ParameterError> {
    Ok(Box::new(SiteLineCheck {
        rules: rules.into_iter().map(|(rule, parameters)| (rule, *parameters)).collect(),
    }))
}

struct SiteLineCheck {
    rules: Vec<(Arc<RuleInfo>, Parameters)>,
}

impl CorpusCheck for SiteLineCheck {
    fn sketch(&self, document: &Document<'_>) -> Vec<u8> {
        let Some(site) = document.site() else { return Vec::new() };
        let mut keys: Vec<u64> = page_lines(document).iter().filter_map(|line| line.key).collect();
        keys.sort_unstable();
        keys.dedup();
        sketch::encode(site, &keys)
    }

    fn staged(&self) -> Option<&dyn StagedCheck> {
        Some(self)
    }

    fn compare<'d>(
        &'d self,
        corpus: &Corpus<'_, 'd>,
    ) -> store::Result<Box<dyn PendingFindings + 'd>> {
        let min_site_pages =
            self.rules.iter().map(|(_, parameters)| parameters.min_site_pages).min().unwrap_or(0);
        let min_pages =
            self.rules.iter().map(|(_, parameters)| parameters.min_pages).min().unwrap_or(0);
        let (sites, mut site_of) = Site::read_all(corpus)?;
        for number in &mut site_of {
            number.take_if(|site| {
                sites.get(*site as usize).is_none_or(|site| site.pages < min_site_pages)
            });
        }
        let pages_by_line = count_pages(corpus, &site_of, min_pages)?;
        let documents = corpus.documents.clone();
        Ok(Box::new(SiteLines { rules: &self.rules, sites, site_of, pages_by_line, documents }))
    }
}

/// A site, and how many of its pages are compared.
struct Site {
    name: Box<str>,
    pages: u32,
}

impl Site {
    /// Returns all sites, and the index of each document's site.
    fn read_all(corpus: &Corpus<'_, '_>) -> store::Result<(Vec<Self>, Vec<Option<u32>>)> {
        let mut sites: Vec<Self> = Vec::new();
        let mut index_of: FxHashMap<Box<str>, u32> = FxHashMap::default();
        let mut site_of = Vec::with_capacity(corpus.sketches.len());
        for &blob in corpus.sketches {
            if blob.length == 0 {
                site_of.push(None);
                continue;
            }
            let bytes = corpus.store.read(blob)?;
            let (name, _) = sketch::decode(&bytes)?;
            let index = match index_of.get(name) {
                Some(&index) => index,
                None => {
                    let index = store::to_u32(sites.len(), "sites")?;
                    index_of.insert(name.into(), index);
                    sites.push(Self { name: name.into(), pages: 0 });
                    index
                }
            };
            if let Some(site) = sites.get_mut(index as usize) {
                site.pages = site.pages.saturating_add(1);
            }
            site_of.push(Some(index));
        }
        Ok((sites, site_of))
    }
}

/// Counts the pages with each line of a site, for lines on at least `min_pages` pages.
///
/// Most lines are on a single page. A table of small counters of bounded size, in which lines may
/// collide, filters them out, so that memory depends on the number of recurring lines.
fn count_pages(
    corpus: &Corpus<'_, '_>,
    site_of: &[Option<u32>],
    min_pages: u32,
) -> store::Result<FxHashMap<u64, u32>> {
    const MIN_SLOTS: usize = 1 << 10;
    const SLOTS_PER_LINE: usize = 4;
    let max_slots = (corpus.documents.memory / 4).clamp(MIN_SLOTS, 1 << 32);
    let mut lines = 0_usize;
    for (blob, _) in corpus.sketches.iter().zip(site_of).filter(|(_, site)| site.is_some()) {
        lines += blob.length as usize / size_of::<u64>();
    }
    let slots = lines.saturating_mul(SLOTS_PER_LINE).clamp(MIN_SLOTS, max_slots);
    let mut counters = vec![0_u8; slots];
    let slot = |key: u64| usize::try_from(key % slots as u64).unwrap_or(0);
    for_each_key(corpus, site_of, |key| {
        if let Some(counter) = counters.get_mut(slot(key)) {
            *counter = counter.saturating_add(1);
        }
    })?;
    let min_count = u8::try_from(min_pages).unwrap_or(u8::MAX);
    let mut pages: FxHashMap<u64, u32> = FxHashMap::default();
    for_each_key(corpus, site_of, |key| {
        if counters.get(slot(key)).is_some_and(|counter| *counter >= min_count) {
            let count = pages.entry(key).or_default();
            *count = count.saturating_add(1);
        }
    })?;
    pages.retain(|_, count| *count >= min_pages);
    pages.shrink_to_fit();
    Ok(pages)
}

/// Visits the key of each line of each page that has a site.
fn for_each_key(
    corpus: &Corpus<'_, '_>,
    site_of: &[Option<u32>],
    mut visit: impl FnMut(u64),
) -> store::Result<()> {
    for (&blob, site) in corpus.sketches.iter().zip(site_of) {
        if let Some(site) = site {
            let bytes = corpus.store.read(blob)?;
            let (_, keys) = sketch::decode(&bytes)?;
            keys.for_each(|key| visit(add_hash(u64::from(*site), key)));
        }
    }
    Ok(())
}

/// The lines that recur on sites.
struct SiteLines<'d> {
    rules: &'d [(Arc<RuleInfo>, Parameters)],
    sites: Vec<Site>,
    /// The index of each document's site, if the site has enough pages.
    site_of: Vec<Option<u32>>,
    /// The number of pages with a line, by the hash of the site's index and the line's key.
    pages_by_line: FxHashMap<u64, u32>,
    documents: DocumentSet<'d>,
}

impl SiteLines<'_> {
    fn build_findings(&self, number: u32, document: &Document<'_>) -> Vec<Finding> {
        let Some(index) = self.site_of.get(number as usize).copied().flatten() else {
            return Vec::new();
        };
        let Some(site) = self.sites.get(index as usize) else { return Vec::new() };
        let pages_with = |line: &SiteLine| {
            let key = add_hash(u64::from(index), line.key?);
            self.pages_by_line.get(&key).copied()
        };
        let lines = page_lines(document);
        let page = SitePage { site: &site.name, pages: site.pages, lines: &lines };
        build_findings(self.rules, document, &page, pages_with)
    }
}

/// A page of a site.
struct SitePage<'p> {
    site: &'p str,
    /// The number of pages of the site.
    pages: u32,
    lines: &'p [SiteLine],
}

/// Builds the findings of a page. `pages_with` returns on how many pages a line recurs.
fn build_findings(
    rules: &[(Arc<RuleInfo>, Parameters)],
    document: &Document<'_>,
    page: &SitePage<'_>,
    pages_with: impl Fn(&SiteLine) -> Option<u32>,
) -> Vec<Finding> {
    let SitePage { site, pages: site_pages, lines } = *page;
    let mut findings = Vec::new();
    for (rule, parameters) in rules {
        let recurs =
            |at: usize| parameters.recurrence(pages_with(&lines[at]).unwrap_or(0), site_pages);
        let found = furniture(document, lines, recurs);
        let (listed, unlisted) =
            found.split_at_checked(FindingLimit::REPORT.findings).unwrap_or((&found, &[]));
        for line in listed.iter().filter_map(|at| lines.get(*at)) {
            let mut finding = Finding::with_deletion(rule, document, line.span);
            let (pages, zone) = (pages_with(line).unwrap_or(0), line.zone.describe());
            finding
                .notes
                .push(format!("on {pages} of {site_pages} pages of {site}, {zone}").into());
            findings.push(finding);
        }
        if let Some(last) = findings.last_mut().filter(|_| !unlisted.is_empty()) {
            last.add_unlisted(&rule.code, unlisted.len());
        }
    }
    findings.sort_by(|left: &Finding, right| left.sort_key().cmp(&right.sort_key()));
    findings
}

impl PendingFindings for SiteLines<'_> {
    fn findings_in(&mut self, number: u32, document: &Document<'_>) -> Vec<Finding> {
        self.build_findings(number, document)
    }

    fn into_findings(self: Box<Self>) -> FindingsByDocument {
        if self.pages_by_line.is_empty() {
            return FindingsByDocument::new();
        }
        let with_site = (0_u32..).zip(&self.site_of).filter(|(_, site)| site.is_some());
        let numbers = with_site.map(|(number, _)| number);
        self.documents
            .build_findings(numbers, |number, document| self.build_findings(number, document))
    }
}
