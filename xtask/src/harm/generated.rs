//! Measures what safe fixes delete from generated headings, tables and texts, and from the clean
//! texts in `tests/clean`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result};
use dechaff::linter::Linter;
use rayon::prelude::*;

use super::fix_safely;
use super::loss::{line_spans, losses};
use super::report::LossReport;
use crate::generators::damage::damaged_tables;
use crate::generators::headings;
use crate::generators::tables::Harm;
use crate::generators::texts::{Clean, clean_texts};
use crate::pages::Label;

/// Counts of cells lost, cells moved, rows turned into headers, delimiter rows removed, and tables
/// still broken without a finding.
type Counts = [usize; 5];

/// The directory of clean texts written by people.
const CLEAN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/clean");

/// Adds sections about generated content to the report. Returns whether an invariant is broken.
pub(crate) fn measure(linter: &Linter, report: &mut String) -> Result<bool> {
    let is_broken = [
        measure_headings(linter, report)?,
        measure_tables(linter, report)?,
        measure_texts(linter, report)?,
    ];
    Ok(is_broken.contains(&true))
}

/// Counts the lost headings.
fn measure_headings(linter: &Linter, report: &mut String) -> Result<bool> {
    let grid: Vec<_> = headings::grid(1).collect();
    let fix = |headed: &headings::Headed| {
        let fixed = fix_safely(linter, "page.md", &headed.text)?;
        if headed.is_kept(&fixed.text) {
            return Ok(None);
        }
        let lines = line_spans(&headed.text);
        let heading = lines.iter().position(|line| {
            headed.heading.starts_with(&headed.text[line.range()]) && !line.is_empty()
        });
        let losses = losses(&headed.text, &lines, &fixed);
        let rules =
            losses.into_iter().find(|loss| Some(loss.line) == heading).map(|loss| loss.rules);
        Ok(Some((rules.unwrap_or_default().join(" "), headed.heading.replace('\n', " / "))))
    };
    let outcomes: Vec<Option<(String, String)>> =
        grid.par_iter().map(fix).collect::<Result<_>>()?;
    let mut lost: BTreeMap<String, BTreeMap<String, usize>> = BTreeMap::new();
    let count = outcomes.iter().flatten().count();
    for (rules, heading) in outcomes.into_iter().flatten() {
        *lost.entry(rules).or_default().entry(heading).or_insert(0) += 1;
    }
    let _ = writeln!(
        report,
        "== headings next to noise: {} documents, {count} headings lost\n",
        grid.len()
    );
    for (rules, headings) in lost {
        let headings: Vec<String> =
            headings.iter().map(|(heading, count)| format!("{heading} ({count})")).collect();
        let _ = writeln!(report, "  {rules}: {}", headings.join(", "));
    }
    Ok(count > 0)
}

/// Counts lost and moved cells, and other wrong repairs.
fn measure_tables(linter: &Linter, report: &mut String) -> Result<bool> {
    const ROUNDS: usize = 100;
    const SHOWN: usize = 1;
    let tables: Vec<_> = damaged_tables(ROUNDS).collect();
    let fix = |damaged: &_| {
        let damaged: &crate::generators::tables::Damaged = damaged;
        let fixed = fix_safely(linter, "page.md", &damaged.text)?;
        let harms = damaged.harms(&fixed.text);
        let is_silent = !fixed.applied.is_empty()
            && fixed.remaining.is_empty()
            && !damaged.is_whole(&fixed.text);
        Ok((harms, is_silent, fixed))
    };
    let outcomes: Vec<_> = tables.par_iter().map(fix).collect::<Result<_>>()?;
    let mut sums: Counts = [0; 5];
    let mut rows = TableRows::new();
    for (damaged, (harms, is_silent, fixed)) in tables.iter().zip(outcomes) {
        let mut counts = [0; 5];
        for harm in &harms {
            counts[match harm {
                Harm::Lost(_) => 0,
                Harm::Moved(_) => 1,
                Harm::MadeHeader(_) => 2,
                Harm::DelimiterRemoved => 3,
            }] += 1;
        }
        counts[4] += usize::from(is_silent);
        if counts == [0; 5] {
            continue;
        }
        let rules: Vec<&str> = fixed.applied.keys().map(String::as_str).collect();
        let (row, shown) = rows.entry((damaged.shape, rules.join(" "))).or_default();
        for (sum, count) in sums.iter_mut().chain(row).zip(counts.iter().chain(&counts)) {
            *sum += count;
        }
        if shown.len() < SHOWN {
            shown.push(
                format!("{}\n  became\n{}\n  {harms:?}", damaged.text, fixed.text)
                    .replace('\n', "\n    "),
            );
        }
    }
    report_tables(report, tables.len(), sums, &rows);
    Ok(sums != [0; 5])
}

/// The harm by shape of table and applied rules, with examples.
type TableRows<'t> = BTreeMap<(&'t str, String), (Counts, Vec<String>)>;

fn report_tables(report: &mut String, tables: usize, sums: Counts, rows: &TableRows<'_>) {
    let [lost, moved, headers, delimiters, silent] = sums;
    let _ = writeln!(
        report,
        "\n== damaged tables: {tables} documents, {lost} with cells lost, {moved} rows with cells moved, {headers} rows of data made \
         headers, {delimiters} delimiter rows removed, {silent} still wrong without a finding\n"
    );
    for ((shape, rules), (row, _)) in rows {
        let _ = writeln!(
            report,
            "  {shape} [{rules}]: lost {}, moved {}, header {}, delimiters {}, silent {}",
            row[0], row[1], row[2], row[3], row[4]
        );
    }
    for ((shape, rules), (_, shown)) in rows {
        for text in shown {
            let _ = writeln!(report, "\n  --- {shape} [{rules}]\n    {text}");
        }
    }
}

/// Counts the lines lost from clean texts.
fn measure_texts(linter: &Linter, report: &mut String) -> Result<bool> {
    const ROUNDS: usize = 200;
    let mut texts: Vec<(String, String, String)> = clean_texts(ROUNDS)
        .map(|Clean { kind, path, text }| (kind.to_owned(), path.to_owned(), text))
        .collect();
    for entry in fs::read_dir(CLEAN).context(CLEAN)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        texts.push((name.clone(), name, fs::read_to_string(&path)?));
    }
    let fixed: Vec<_> = texts
        .par_iter()
        .map(|(_, path, text)| fix_safely(linter, path, text))
        .collect::<Result<_>>()?;
    let mut report_by_rule = LossReport::default();
    let mut changed = 0;
    let mut by_kind = BTreeMap::<&str, usize>::new();
    for ((kind, _, text), fixed) in texts.iter().zip(&fixed) {
        report_by_rule.add_fixes(&fixed.applied);
        let lines = line_spans(text);
        if fixed.is_changed() {
            changed += 1;
            *by_kind.entry(kind).or_insert(0) += 1;
        }
        for loss in losses(text, &lines, fixed) {
            report_by_rule.add(&loss, Label::Content, kind, &text[lines[loss.line].range()]);
        }
    }
    let _ = writeln!(
        report,
        "\n== clean texts: {} texts, {changed} changed, {} lines lost {by_kind:?}\n",
        texts.len(),
        report_by_rule.content()
    );
    let _ = writeln!(report, "{}\n{}", report_by_rule.table(true), report_by_rule.lines(12));
    Ok(changed > 0)
}
