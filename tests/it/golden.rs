//! The golden corpus: short invented documents in many languages, and a summary of the findings in
//! them.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it golden::` rewrites the summary. Its diff shows the effect
//! of a change to a rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::LazyLock;

use dechaff::rule::Registry;

const CORPUS: &str = "tests/golden";
const SUMMARY: &str = "tests/golden/summary.txt";

/// Prefix of the names of documents without faults.
const CLEAN: &str = "clean-";

/// ISO 639-1 codes of the languages that the corpus must cover.
const LANGUAGES: &[&str] = &[
    "ar", "bn", "cs", "de", "el", "en", "es", "fa", "fr", "he", "hi", "id", "it", "ja", "ko", "nl",
    "pl", "pt", "ru", "th", "tr", "uk", "vi", "zh",
];

/// A finding, as compared and listed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct GoldenFinding {
    path: String,
    line: u64,
    code: String,
    is_safe: bool,
}

/// Known false positives in clean documents. Shorten this list; do not extend it.
const FALSE_POSITIVES: &[(&str, &str)] = &[];

static REGISTRY: LazyLock<Registry> = LazyLock::new(|| Registry::embedded().unwrap());

/// The findings of a default run.
static DEFAULT: LazyLock<Vec<GoldenFinding>> = LazyLock::new(|| findings(&[]));

/// The findings of a default run and of the opt-in rules, sorted.
static ALL: LazyLock<Vec<GoldenFinding>> = LazyLock::new(|| {
    let opt_in = REGISTRY.rules().iter().filter(|rule| !rule.default);
    let opt_in = opt_in.map(|rule| rule.info.code.as_str());
    // Line filters report the same lines, so each runs alone.
    let (filters, others): (Vec<&str>, Vec<&str>) =
        opt_in.partition(|code| REGISTRY.find(code).unwrap().parameters.kind() == "line-filter");
    let mut found = DEFAULT.clone();
    for selected in filters.into_iter().map(str::to_owned).chain([others.join(",")]) {
        found.extend(findings(&["--select", &selected]));
    }
    found.sort();
    found
});

#[test]
fn the_summary_is_current() {
    let text = summary();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(SUMMARY, text).unwrap();
        return;
    }
    let written = fs::read_to_string(SUMMARY).unwrap();
    let differences: Vec<String> = diff(&written, &text).collect();
    assert!(
        differences.is_empty(),
        "findings in {CORPUS} changed; if that is intended, run `UPDATE_GOLDEN=1 cargo test --test it golden::`:\n{}",
        differences.join("\n")
    );
}

#[test]
fn clean_documents_have_no_findings() {
    let found: BTreeSet<(&str, &str)> = DEFAULT
        .iter()
        .filter(|found| is_clean(&found.path))
        .map(|found| (found.path.as_str(), found.code.as_str()))
        .collect();
    let known: BTreeSet<_> = FALSE_POSITIVES.iter().copied().collect();
    let new: Vec<_> = found.difference(&known).collect();
    assert!(new.is_empty(), "clean documents have findings: {new:?}");
    let fixed: Vec<_> = known.difference(&found).collect();
    assert!(fixed.is_empty(), "no longer found, so remove them from FALSE_POSITIVES: {fixed:?}");
}

#[test]
fn every_rule_and_language_is_covered() {
    let found: BTreeSet<&str> = ALL.iter().map(|found| found.code.as_str()).collect();
    let missing: Vec<&str> = REGISTRY
        .infos()
        .map(|info| info.code.as_str())
        .filter(|code| !found.contains(code))
        .collect();
    // It needs `--group-by`; tests/it/site_lines.rs has its pages.
    let missing: Vec<&str> = missing.into_iter().filter(|code| *code != "ND007").collect();
    assert!(missing.is_empty(), "no document in {CORPUS} has a finding of {missing:?}");

    let paths = documents();
    assert!(paths.len() >= 200, "{} documents", paths.len());
    for language in LANGUAGES {
        let own = || paths.iter().filter(|path| path.starts_with(&format!("{language}/")));
        let clean = own().filter(|path| is_clean(path)).count();
        assert!(clean >= 2 && own().count() - clean >= 3, "{language}: too few documents");
    }
}

fn findings(arguments: &[&str]) -> Vec<GoldenFinding> {
    let output = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(CORPUS)
        .args(["check", "--isolated", "--output-format", "json"])
        .args(arguments)
        .args(LANGUAGES)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    findings
        .iter()
        .map(|finding| GoldenFinding {
            path: finding["path"].as_str().unwrap().replace('\\', "/"),
            line: finding["start"]["line"].as_u64().unwrap(),
            code: finding["code"].as_str().unwrap().to_owned(),
            is_safe: finding["fix"]["applicability"] == "safe",
        })
        .collect()
}

/// Returns the summary: a line per rule with its count and languages, then a line per document with
/// `CODE:LINE` for each finding.
fn summary() -> String {
    let documents = documents();
    let clean = documents.iter().filter(|path| is_clean(path)).count();
    let mut text = format!(
        "# Written by `UPDATE_GOLDEN=1 cargo test --test it golden::`; do not edit.\n\
         # {} documents, {clean} of them clean.\n\n\
         # Findings by rule, and the languages they are in.\n",
        documents.len(),
    );
    for info in REGISTRY.infos() {
        let own: Vec<&GoldenFinding> = ALL.iter().filter(|found| found.code == info.code).collect();
        let languages: BTreeSet<&str> =
            own.iter().filter_map(|found| found.path.split('/').next()).collect();
        let languages = languages.into_iter().collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "{} {:<26} {:>4}  {languages}", info.code, info.name, own.len());
    }
    text.push_str("\n# Findings by document: rule and line; `*` has no safe fix.\n");
    let mut by_document: BTreeMap<&str, String> =
        documents.iter().map(|path| (path.as_str(), String::new())).collect();
    // Almost every document is too short for measures, and has lines that filters leave out, so the
    // counts say enough.
    for found in ALL.iter().filter(|found| !is_published_filter(&found.code)) {
        let mark = if found.is_safe { "" } else { "*" };
        let codes = by_document.entry(&found.path).or_default();
        let _ = write!(codes, " {}:{}{mark}", found.code, found.line);
    }
    for (path, codes) in by_document {
        let _ = writeln!(text, "{path}:{}", if codes.is_empty() { " -" } else { &codes });
    }
    text
}

fn is_published_filter(code: &str) -> bool {
    ["measure", "line-filter"].contains(&REGISTRY.find(code).unwrap().parameters.kind())
}

fn is_clean(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(CLEAN))
}

/// Returns the paths of the documents, sorted.
fn documents() -> Vec<String> {
    let mut paths = Vec::new();
    for language in LANGUAGES {
        for entry in fs::read_dir(Path::new(CORPUS).join(language)).unwrap() {
            paths.push(format!("{language}/{}", entry.unwrap().file_name().to_string_lossy()));
        }
    }
    paths.sort();
    paths
}

/// Yields the lines that only one of two texts has.
fn diff<'t>(before: &'t str, after: &'t str) -> impl Iterator<Item = String> + 't {
    let removed = before.lines().filter(move |line| !after.lines().any(|other| other == *line));
    let added = after.lines().filter(move |line| !before.lines().any(|other| other == *line));
    removed.map(|line| format!("- {line}")).chain(added.map(|line| format!("+ {line}")))
}
