//! The tables of agreement and speed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::Result;

use super::Comparison;

/// Comparisons by the name of the set.
pub(super) type Comparisons = BTreeMap<String, Comparison>;

fn percent(part: usize, whole: usize) -> String {
    format!("{:.2} %", 100.0 * part as f64 / whole as f64)
}

fn values(comparison: &Comparison) -> String {
    let all: usize = comparison.values.values().map(|(all, ..)| all).sum();
    let differ: usize = comparison.values.values().map(|(_, differ, _)| differ).sum();
    if all == 0 { "–".into() } else { percent(all - differ, all) }
}

/// Returns the report on pages and on the texts in tests.
pub(super) fn report(pages: &Comparisons, tests: &Comparisons) -> Result<String> {
    let mut report = String::from(
        "In processor time of one thread; MB are millions of bytes of text, and the time of each set includes its words.\n\n\
         | set | implementation | pages | same decision | same first threshold | equal values | dechaff, MB/s | \
         implementation, MB/s | times as fast |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for (set, comparison) in pages {
        let megabytes = comparison.bytes as f64 / 1e6;
        let (own, other) =
            (megabytes / comparison.own_seconds, megabytes / comparison.reference_seconds);
        writeln!(
            report,
            "| `{set}` | {} | {} | {} | {} | {} | {own:.1} | {other:.2} | {:.0} |",
            comparison.reference,
            comparison.pages,
            percent(comparison.decisions, comparison.pages),
            percent(comparison.reasons, comparison.pages),
            values(comparison),
            own / other,
        )?;
    }
    report.push_str("\nMeasures whose values differ:\n\n| measure | pages | greatest difference |\n|---|---:|---:|\n");
    for (set, comparison) in pages {
        for (name, (_, differ, greatest)) in &comparison.values {
            if *differ > 0 {
                writeln!(report, "| `{set}:{name}` | {differ} | {greatest:.4} |")?;
            }
        }
    }
    if !tests.is_empty() {
        report.push_str(
            "\nOn the texts in the implementations' own tests of filters:\n\n\
             | set | texts | same decision | same first threshold | equal values |\n|---|---:|---:|---:|---:|\n",
        );
    }
    for (set, comparison) in tests {
        writeln!(
            report,
            "| `{set}` | {} | {} | {} | {} |",
            comparison.pages,
            percent(comparison.decisions, comparison.pages),
            percent(comparison.reasons, comparison.pages),
            values(comparison),
        )?;
    }
    Ok(report)
}
