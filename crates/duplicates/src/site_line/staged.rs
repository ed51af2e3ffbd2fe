//! Counting the lines of sites in steps.

use std::ops::Range;
use std::sync::Arc;

use super::lines::{SiteLine, add_hash, page_lines};
use super::{Parameters, SiteLineCheck, SitePage, build_findings, sketch};
use crate::duplicate::hash_sequence;
use crate::staged::{
    SketchCounts, StagedCheck, StagedRow, StagedTable, Step, StepInput, StepOutput, for_each_group,
    halves, joined, key_document, key_start, place_key,
};
use crate::store::{self, StoreError};
use crate::{DocumentSet, FindingsByDocument, PendingFindings};
use dechaff_findings::{Finding, RuleInfo};
use dechaff_text::Document;

/// The number of values that a part of a name takes.
const PART_VALUES: usize = 7;
/// The size of a part of a name in bytes.
const PART_BYTES: usize = 4 * PART_VALUES;

impl StagedCheck for SiteLineCheck {
    fn refusal(&self) -> Option<String> {
        None
    }

    fn has_step(&self, step: Step) -> bool {
        step == Step::Lines
    }

    fn sketch_rows(
        &self,
        number: u32,
        sketch: &[u8],
        output: &mut dyn StepOutput,
    ) -> store::Result<()> {
        if sketch.is_empty() {
            return Ok(());
        }
        let (name, lines) = sketch::decode(sketch)?;
        let site = hash_name(name);
        for (part, bytes) in (0_u32..).zip(name_parts(name)) {
            let mut values = [0; 3 + PART_VALUES];
            let length = store::to_u32(bytes.len(), "bytes of a name")?;
            values[..3].copy_from_slice(&[number, part, length]);
            for (value, bytes) in values[3..].iter_mut().zip(bytes.chunks(4)) {
                let mut padded = [0; 4];
                padded[..bytes.len()].copy_from_slice(bytes);
                *value = u32::from_le_bytes(padded);
            }
            output.row(StagedTable::Sites, StagedRow::new(site, values))?;
        }
        for line in lines {
            let row = StagedRow::new(add_hash(site, line), [number]);
            output.row(StagedTable::SiteLines, row)?;
        }
        Ok(())
    }

    fn count(&self, _sketch: &[u8], _counts: &mut SketchCounts) {}

    fn run_step(
        &self,
        step: Step,
        input: &dyn StepInput,
        output: &mut dyn StepOutput,
    ) -> store::Result<()> {
        if step != Step::Lines {
            return Ok(());
        }
        let min_pages = self.least(|parameters| parameters.min_pages);
        let min_site_pages = self.least(|parameters| parameters.min_site_pages);
        for_each_group(input, StagedTable::Sites, input.share(), &mut |group| {
            let pages = group.iter().filter(|row| row.values[1] == 0).count();
            let pages = store::to_u32(pages, "pages of a site")?;
            if pages < min_site_pages {
                return Ok(());
            }
            group.iter().try_for_each(|row| {
                let [document, part, length, bytes @ ..] = row.values;
                let mut values = [0; 2 + PART_VALUES];
                values[..2].copy_from_slice(&[pages, length]);
                values[2..].copy_from_slice(&bytes);
                let key = place_key(document, part.saturating_add(1));
                output.row(StagedTable::SiteMatches, StagedRow::new(key, values))
            })
        })?;
        for_each_group(input, StagedTable::SiteLines, input.share(), &mut |group| {
            let pages = store::to_u32(group.len(), "pages with a line")?;
            if pages < min_pages {
                return Ok(());
            }
            group.iter().try_for_each(|row| {
                let [low, high] = halves(row.key);
                let key = place_key(row.values[0], 0);
                output.row(StagedTable::SiteMatches, StagedRow::new(key, [pages, low, high]))
            })
        })
    }

    fn matches(&self) -> (StagedTable, Option<usize>) {
        (StagedTable::SiteMatches, None)
    }

    fn pending<'d>(
        &'d self,
        rows: &[StagedRow],
        documents: DocumentSet<'d>,
    ) -> store::Result<Box<dyn PendingFindings + 'd>> {
        let mut pages = Vec::new();
        for rows in rows.chunk_by(|left, right| key_document(left.key) == key_document(right.key)) {
            pages.extend(CountedPage::new(rows)?);
        }
        Ok(Box::new(CountedPages { rules: &self.rules, pages, documents }))
    }
}

impl SiteLineCheck {
    fn least(&self, value: impl Fn(&Parameters) -> u32) -> u32 {
        self.rules.iter().map(|(_, parameters)| value(parameters)).min().unwrap_or(0)
    }
}

/// A page of a site with enough pages.
struct CountedPage {
    document: u32,
    site: String,
    site_pages: u32,
    /// The recurring lines, sorted: the hash of the site and the line, and the number of pages.
    lines: Vec<(u64, u32)>,
}

impl CountedPage {
    /// Reads the rows of a document; `None` if its site has too few pages.
    fn new(rows: &[StagedRow]) -> store::Result<Option<Self>> {
        let damaged = || StoreError { message: "a table of lines of sites is damaged".into() };
        let Some(first) = rows.first() else { return Ok(None) };
        let (lines, parts) = rows.split_at(rows.partition_point(|row| key_start(row.key) == 0));
        let Some(part) = parts.first() else { return Ok(None) };
        let mut name = Vec::new();
        for part in parts {
            let [_, length, bytes @ ..] = part.values;
            let bytes = bytes.map(u32::to_le_bytes).concat();
            name.extend(bytes.get(..length as usize).ok_or_else(damaged)?);
        }
        let site = String::from_utf8(name).map_err(|_| damaged())?;
        let line = |row: &StagedRow| {
            let [pages, low, high, ..] = row.values;
            (joined(low, high), pages)
        };
        let mut lines: Vec<(u64, u32)> = lines.iter().map(line).collect();
        lines.sort_unstable();
        let (document, site_pages) = (key_document(first.key), part.values[0]);
        Ok(Some(Self { document, site, site_pages, lines }))
    }
}

/// The pages of sites, with their recurring lines.
struct CountedPages<'d> {
    rules: &'d [(Arc<RuleInfo>, Parameters)],
    /// In order of their documents.
    pages: Vec<CountedPage>,
    documents: DocumentSet<'d>,
}

impl CountedPages<'_> {
    fn build_findings(&self, number: u32, document: &Document<'_>) -> Vec<Finding> {
        let at = self.pages.binary_search_by_key(&number, |page| page.document);
        let Some(page) = at.ok().and_then(|at| self.pages.get(at)) else { return Vec::new() };
        let site = hash_name(&page.site);
        let pages_with = |line: &SiteLine| {
            let hash = add_hash(site, line.key?);
            let at = page.lines.binary_search_by_key(&hash, |(hash, _)| *hash).ok()?;
            page.lines.get(at).map(|(_, pages)| *pages)
        };
        let lines = page_lines(document);
        let of_site = SitePage { site: &page.site, pages: page.site_pages, lines: &lines };
        build_findings(self.rules, document, &of_site, pages_with)
    }
}

impl PendingFindings for CountedPages<'_> {
    fn findings_in(&mut self, number: u32, document: &Document<'_>) -> Vec<Finding> {
        self.build_findings(number, document)
    }

    fn into_findings(self: Box<Self>) -> FindingsByDocument {
        let numbers = self.pages.iter().map(|page| page.document);
        self.documents
            .build_findings(numbers, |number, document| self.build_findings(number, document))
    }
}

/// Splits a name into parts. An empty name has one part.
fn name_parts(name: &str) -> impl Iterator<Item = &[u8]> {
    let part = |start: usize| {
        let range: Range<usize> = start..name.len().min(start + PART_BYTES);
        name.as_bytes().get(range).unwrap_or_default()
    };
    (0..name.len().max(1)).step_by(PART_BYTES).map(part)
}

/// Returns the hash of the name of a site.
fn hash_name(name: &str) -> u64 {
    hash_sequence(name.bytes().map(u64::from))
}
