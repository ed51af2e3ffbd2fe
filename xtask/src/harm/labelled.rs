//! Measures what safe fixes delete from labelled pages, and from the same pages without noise.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::Result;
use dechaff::linter::Linter;
use rayon::prelude::*;

use super::fix_safely;
use super::loss::{line_spans, losses};
use super::report::LossReport;
use crate::pages::{self, Label, Page};

/// The tracks to measure. Only the labels of the first were made by reading each line.
const TRACKS: [&str; 3] = ["kinds", "residue-txt", "residue-md"];
/// Lines to print per rule if the labels cannot be trusted.
const SAMPLE: usize = 3;

/// Adds a section for each track in `folder`/lines.
pub(crate) fn measure(linter: &Linter, folder: &Path, report: &mut String) -> Result<()> {
    for track in TRACKS {
        let pages = pages::read_track(&folder.join("lines").join(format!("{track}.jsonl.gz")))?;
        let is_read = track == TRACKS[0];
        let max_lines = if is_read { usize::MAX } else { SAMPLE };
        let losses = loss_report(linter, &pages)?;
        let (precision, lines) = losses.precision();
        let noise = pages
            .iter()
            .flat_map(|page| &page.lines)
            .filter(|line| line.label == Label::Noise)
            .count();
        let _ = writeln!(
            report,
            "== {track}: {} pages, {noise} lines of noise. Safe fixes take {lines} scored lines, precision {precision:.3}, \
             and {} content lines.\n",
            pages.len(),
            losses.content(),
        );
        let _ = writeln!(report, "{}\n{}", losses.table(is_read), losses.lines(max_lines));

        let clean: Vec<Page> = pages.into_iter().map(without_noise).collect();
        let losses = loss_report(linter, &clean)?;
        let _ = writeln!(
            report,
            "== {track} without noise: {} content lines taken.\n",
            losses.content()
        );
        let _ = writeln!(report, "{}\n{}", losses.table(false), losses.lines(max_lines));
    }
    Ok(())
}

/// Reports the lines that safe fixes delete from `pages`.
fn loss_report(linter: &Linter, pages: &[Page]) -> Result<LossReport> {
    let fix = |page: &Page| fix_safely(linter, path(&page.id), &page.text);
    let fixed: Vec<_> = pages.par_iter().map(fix).collect::<Result<_>>()?;
    let mut report = LossReport::default();
    for (page, fixed) in pages.iter().zip(fixed) {
        report.add_fixes(&fixed.applied);
        let lines = line_spans(&page.text);
        for loss in losses(&page.text, &lines, &fixed) {
            let Some(line) = page.lines.iter().find(|line| line.n == loss.line + 1) else {
                continue;
            };
            let text = &page.text[lines[loss.line].range()];
            if line.label == Label::Content && is_copy(&loss.rules, text, &fixed.text) {
                report.add_copy(&loss);
            } else {
                report.add(&loss, line.label, &page.id, text);
            }
        }
    }
    Ok(report)
}

/// Whether a line was deleted as a duplicate, and a copy remains in the fixed text.
fn is_copy(rules: &[String], line: &str, fixed: &str) -> bool {
    let normalized = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_mark = |character: char| !character.is_alphanumeric();
    rules.iter().all(|rule| rule.starts_with("ND"))
        && normalized(fixed).contains(&normalized(line.trim_matches(is_mark)))
}

/// Returns a file name for the page. Markdown is parsed differently from plain text.
fn path(id: &str) -> &'static str {
    if id.ends_with("txt") { "page.txt" } else { "page.md" }
}

/// Removes the lines of noise from a page.
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
