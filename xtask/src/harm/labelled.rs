//! Labelled pages: what safe fixes take from them, and what they take from their content alone.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use dechaff::linter::Linter;
use rayon::prelude::*;

use super::fix_safely;
use super::loss::{line_spans, losses};
use super::report::Takings;
use crate::pages::{self, Label, Page};

/// Tracks that are measured; the labels of the first were made by reading each line.
const TRACKS: [&str; 3] = ["kinds", "residue-txt", "residue-md"];
/// Lines that are printed of each rule where labels cannot be trusted.
const SAMPLE: usize = 3;

/// Adds a section for each track in `folder`/lines.
pub(crate) fn measure(linter: &Linter, folder: &Path, report: &mut String) -> Result<()> {
    for track in TRACKS {
        let pages = pages::read_track(&folder.join("lines").join(format!("{track}.jsonl.gz")))?;
        let is_read = track == TRACKS[0];
        let most = if is_read { usize::MAX } else { SAMPLE };
        let takings = taken(linter, &pages)?;
        let (precision, lines) = takings.precision();
        let noise = pages.iter().flat_map(|page| &page.lines).filter(|line| line.label == Label::Noise).count();
        let _ = writeln!(
            report,
            "== {track}: {} pages, {noise} lines of noise. Safe fixes take {lines} scored lines, precision {precision:.3}, \
             and {} content lines.\n",
            pages.len(),
            takings.content(),
        );
        let _ = writeln!(report, "{}\n{}", takings.table(is_read), takings.lines(most));

        let clean: Vec<Page> = pages.into_iter().map(without_noise).collect();
        let takings = taken(linter, &clean)?;
        let _ = writeln!(report, "== {track} without noise: {} content lines taken.\n", takings.content());
        let _ = writeln!(report, "{}\n{}", takings.table(false), takings.lines(most));
    }
    Ok(())
}

/// What the safe fixes take from `pages`.
fn taken(linter: &Linter, pages: &[Page]) -> Result<Takings> {
    let fix = |page: &Page| fix_safely(linter, path(&page.id), &page.text);
    let fixed: Vec<_> = pages.par_iter().map(fix).collect::<Result<_>>()?;
    let mut takings = Takings::default();
    for (page, fixed) in pages.iter().zip(fixed) {
        takings.add_fixes(&fixed.applied);
        let lines = line_spans(&page.text);
        for loss in losses(&page.text, &lines, &fixed) {
            let Some(line) = page.lines.iter().find(|line| line.n == loss.line + 1) else { continue };
            let text = &page.text[lines[loss.line].range()];
            if line.label == Label::Content && is_copy(&loss.rules, text, &fixed.text) {
                takings.add_copy(&loss);
            } else {
                takings.add(&loss, line.label, &page.id, text);
            }
        }
    }
    Ok(takings)
}

/// Whether a line went because it is a duplicate, and stands in the fixed text once more.
fn is_copy(rules: &[String], line: &str, fixed: &str) -> bool {
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let marks = |sign: char| !sign.is_alphanumeric();
    rules.iter().all(|rule| rule.starts_with("ND")) && squeezed(fixed).contains(&squeezed(line.trim_matches(marks)))
}

/// The name of the file that the page would be in: markdown is read in another way than text.
fn path(id: &str) -> &'static str {
    if id.ends_with("txt") { "page.txt" } else { "page.md" }
}

/// The page without its lines of noise.
fn without_noise(mut page: Page) -> Page {
    let noise: HashSet<usize> =
        page.lines.iter().filter(|line| line.label == Label::Noise).map(|line| line.n).collect();
    let text = std::mem::take(&mut page.text);
    let kept: Vec<(usize, &str)> = text
        .split('\n')
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(n, _)| !noise.contains(n))
        .collect();
    page.lines.retain_mut(|line| match kept.binary_search_by_key(&line.n, |(n, _)| *n) {
        Ok(index) => {
            line.n = index + 1;
            true
        }
        Err(_) => false,
    });
    page.text = kept.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n");
    page
}
