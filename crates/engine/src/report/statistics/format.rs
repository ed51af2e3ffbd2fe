//! The formats of statistics.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::counts::{Counts, GroupCounts, RuleCounts};
use crate::report::document_row::quoted;
use crate::report::markdown::escape_cell;
use crate::report::removed_words::SHARE_BINS;
use crate::report::{Summary, printable};

/// Version of the JSON and CSV formats.
const SCHEMA_VERSION: u32 = 1;
/// Number of sites listed in the human-readable formats.
const MAX_SITES: usize = 20;

/// A format of statistics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum StatisticsFormat {
    /// Aligned columns.
    #[default]
    Table,
    /// One JSON object.
    Json,
    /// One table with all counts.
    Csv,
    /// Markdown tables.
    Markdown,
}

/// A human-readable table: columns, and rows of as many cells.
struct CountTable {
    columns: Vec<&'static str>,
    /// Columns of text; the others are numbers.
    names: usize,
    rows: Vec<Vec<String>>,
}

impl StatisticsFormat {
    pub(super) fn write(self, counts: &Counts, summary: &Summary) -> String {
        match self {
            Self::Json => format!("{:#}\n", json(counts)),
            Self::Csv => csv(counts),
            Self::Table => {
                let tables =
                    tables(counts).iter().map(CountTable::text).collect::<Vec<_>>().join("\n");
                format!("{tables}{}\n", summary.line())
            }
            Self::Markdown => {
                let tables =
                    tables(counts).iter().map(CountTable::markdown).collect::<Vec<_>>().join("\n");
                let gap = if tables.is_empty() { "" } else { "\n" };
                format!("{tables}{gap}{}\n", printable(&summary.line()))
            }
        }
    }
}

fn json(counts: &Counts) -> Value {
    let with = |key: &str, name: &str, value: Value| {
        let mut row = serde_json::Map::from_iter([(key.to_owned(), Value::from(name))]);
        if let Value::Object(counts) = value {
            row.extend(counts);
        }
        Value::Object(row)
    };
    let rule = |(code, counts): (&String, &RuleCounts)| with("code", code, json!(counts));
    let histogram: Vec<Value> = bins()
        .zip(counts.safe_histogram.iter().zip(&counts.histogram))
        .map(|((from, to), (safe, all))| json!({ "from": from, "to": to, "safe_documents": safe, "documents": all }))
        .collect();
    json!({
        "schema_version": SCHEMA_VERSION,
        "total": counts.total,
        "rules": counts.sorted_rules().into_iter().map(rule).collect::<Vec<_>>(),
        "page_kinds": counts.page_kinds.iter().map(|(kind, counts)| with("page_kind", kind, json!(counts))).collect::<Vec<_>>(),
        "sites": counts.sites.iter().map(|(site, counts)| with("site", site, json!(counts))).collect::<Vec<_>>(),
        "documents": counts.documents.iter().map(|(name, counts)| with("document", name, json!(counts))).collect::<Vec<_>>(),
        "removed_share": histogram,
    })
}

/// Returns the bounds of the bins as shares, the lower one exclusive.
fn bins() -> impl Iterator<Item = (f64, f64)> {
    let share = |thousandths: u64| thousandths as f64 / 1_000.0;
    let lows = std::iter::once(0).chain(SHARE_BINS);
    lows.zip(SHARE_BINS).map(move |(low, high)| (share(low), share(high)))
}

fn csv(counts: &Counts) -> String {
    let mut output = String::from(
        "table,key,name,documents,documents_with_findings,findings,safe_fixes,unsafe_fixes,bytes,words,\
         safe_removed_words,removed_words\n",
    );
    let mut group = |table: &str, key: &str, counts: &GroupCounts| {
        let GroupCounts {
            documents,
            documents_with_findings,
            findings,
            safe_fixes,
            unsafe_fixes,
            ..
        } = counts;
        let GroupCounts { bytes, words, safe_removed_words, removed_words, .. } = counts;
        let _ = writeln!(
            output,
            "{table},{},,{documents},{documents_with_findings},{findings},{safe_fixes},{unsafe_fixes},{bytes},{words},\
             {safe_removed_words},{removed_words}",
            quoted(key)
        );
    };
    group("total", "", &counts.total);
    counts.page_kinds.iter().for_each(|(kind, counts)| group("page_kind", kind, counts));
    counts.sites.iter().for_each(|(site, counts)| group("site", site, counts));
    counts.documents.iter().for_each(|(name, counts)| group("document", name, counts));
    for (code, counts) in counts.sorted_rules() {
        let RuleCounts { name, documents, findings, safe_fixes, unsafe_fixes, bytes } = counts;
        let (code, name) = (quoted(code), quoted(name));
        let _ = writeln!(
            output,
            "rule,{code},{name},{documents},{documents},{findings},{safe_fixes},{unsafe_fixes},{bytes},,,"
        );
    }
    for (table, histogram) in
        [("safe_removed_share", counts.safe_histogram), ("removed_share", counts.histogram)]
    {
        for ((from, to), documents) in bins().zip(histogram) {
            let _ = writeln!(output, "{table},{from} to {to},,{documents},,,,,,,,");
        }
    }
    output
}

fn tables(counts: &Counts) -> Vec<CountTable> {
    if counts.rules.is_empty() {
        return Vec::new();
    }
    let share = |bytes: u64| percent(bytes, counts.total.bytes);
    let rules = counts.sorted_rules().into_iter().map(|(code, rule)| {
        let numbers = [rule.findings.to_string(), rule.documents.to_string(), share(rule.bytes)];
        let fixes = [rule.safe_fixes, rule.unsafe_fixes].map(|number| number.to_string());
        [code.clone(), rule.name.clone()].into_iter().chain(numbers).chain(fixes).collect()
    });
    let columns = vec!["code", "rule", "findings", "documents", "% bytes", "safe", "unsafe"];
    let mut tables = vec![CountTable { columns, names: 2, rows: rules.collect() }];
    let mut sites: Vec<(&str, &GroupCounts)> =
        counts.sites.iter().map(|(site, counts)| (&**site, counts)).collect();
    sites.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.findings));
    sites.truncate(MAX_SITES);
    let kinds = counts.page_kinds.iter().map(|(kind, counts)| (*kind, counts)).collect();
    let documents = counts.documents.iter().map(|(name, counts)| (&**name, counts)).collect();
    for (title, groups) in [("kind of page", kinds), ("site", sites), ("document", documents)] {
        let groups: Vec<(&str, &GroupCounts)> = groups;
        if groups.is_empty() {
            continue;
        }
        let row = |(key, counts): (&str, &GroupCounts)| {
            let GroupCounts {
                documents, findings, words, safe_removed_words, removed_words, ..
            } = *counts;
            let counts = [documents, findings, words].map(|number| number.to_string());
            let shares = [safe_removed_words, removed_words].map(|part| percent(part, words));
            std::iter::once(printable(key).into_owned()).chain(counts).chain(shares).collect()
        };
        let columns = vec![title, "documents", "findings", "words", "% safe", "% all"];
        tables.push(CountTable { columns, names: 1, rows: groups.into_iter().map(row).collect() });
    }
    let bins = bins().zip(counts.safe_histogram.iter().zip(&counts.histogram)).map(
        |((from, to), (safe, all))| {
            vec![format!("{} to {} %", from * 100.0, to * 100.0), safe.to_string(), all.to_string()]
        },
    );
    tables.push(CountTable {
        columns: vec!["share of words removed", "safe", "all"],
        names: 1,
        rows: bins.collect(),
    });
    tables
}

fn percent(part: u64, whole: u64) -> String {
    let share = if whole == 0 { 0.0 } else { 100.0 * part as f64 / whole as f64 };
    format!("{share:.3}")
}

impl CountTable {
    /// Formats the table with aligned columns.
    fn text(&self) -> String {
        /// Maximum width of the first column. A longer name pushes its row to the right.
        const MAX_WIDTH: usize = 40;
        let width = |at: usize| {
            let cells =
                self.rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count());
            let least = if at < self.names { 0 } else { 6 };
            cells
                .map(|width| width.min(MAX_WIDTH))
                .chain([self.columns[at].len()])
                .max()
                .unwrap_or(0)
                .max(least)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut output = String::new();
        let header: Vec<String> = self.columns.iter().map(|column| (*column).to_owned()).collect();
        for row in std::iter::once(&header).chain(&self.rows) {
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let gap = if at > 0 { "  " } else { "" };
                let _ = match at < self.names {
                    true => write!(output, "{gap}{cell:width$}"),
                    false => write!(output, "{gap}{cell:>width$}"),
                };
            }
            output.push('\n');
        }
        output
    }

    fn markdown(&self) -> String {
        let mut output = String::new();
        let _ = writeln!(output, "| {} |", self.columns.join(" | "));
        let rule = (0..self.columns.len()).map(|at| if at < self.names { "---" } else { "---:" });
        let _ = writeln!(output, "| {} |", rule.collect::<Vec<_>>().join(" | "));
        for row in &self.rows {
            let _ = writeln!(
                output,
                "| {} |",
                row.iter().map(|cell| escape_cell(cell)).collect::<Vec<_>>().join(" | ")
            );
        }
        output
    }
}
