//! The golden corpus: short invented documents in many languages, and a summary of what dechaff finds in them.
//!
//! `UPDATE_GOLDEN=1 cargo test --test it golden::` rewrites the summary. Its diff shows what a change to a rule does.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use dechaff::rule::Registry;

const CORPUS: &str = "tests/golden";
const SUMMARY: &str = "tests/golden/summary.txt";

/// Documents whose name begins so have nothing to find.
const CLEAN: &str = "clean-";

/// Languages that the corpus must cover, as ISO 639-1 codes.
const LANGUAGES: &[&str] = &[
    "ar", "bn", "cs", "de", "el", "en", "es", "fa", "fr", "he", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ru",
    "th", "tr", "uk", "vi", "zh",
];

/// A finding of one run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    path: String,
    line: u64,
    code: String,
    is_safe: bool,
}

#[test]
fn the_summary_is_current() {
    let registry = Registry::embedded().unwrap();
    let text = summary(&registry, &all_findings(&registry));
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
fn safe_fixes_leave_clean_documents_alone() {
    let wrong: Vec<_> = findings(&[]).into_iter().filter(|found| is_clean(&found.path) && found.is_safe).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_rule_and_language_is_covered() {
    let registry = Registry::embedded().unwrap();
    let found: BTreeSet<String> = all_findings(&registry).into_iter().map(|found| found.code).collect();
    let missing: Vec<&str> =
        registry.infos().map(|info| info.code.as_str()).filter(|code| !found.contains(*code)).collect();
    assert!(missing.is_empty(), "no document in {CORPUS} has a finding of {missing:?}");

    let paths = documents();
    assert!(paths.len() >= 200, "{} documents", paths.len());
    for language in LANGUAGES {
        let own = || paths.iter().filter(|path| path.starts_with(&format!("{language}/")));
        let clean = own().filter(|path| is_clean(path)).count();
        assert!(clean >= 2 && own().count() - clean >= 3, "{language}: too few documents");
    }
}

/// What a default run finds, and what each opt-in rule finds alone.
fn all_findings(registry: &Registry) -> BTreeSet<Found> {
    let opt_in = registry.rules().iter().filter(|rule| !rule.default).map(|rule| rule.info.code.as_str());
    let mut found: BTreeSet<Found> = findings(&[]);
    for code in opt_in {
        found.extend(findings(&["--select", code]));
    }
    found
}

fn findings(arguments: &[&str]) -> BTreeSet<Found> {
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
        .map(|finding| Found {
            path: finding["path"].as_str().unwrap().replace('\\', "/"),
            line: finding["start"]["line"].as_u64().unwrap(),
            code: finding["code"].as_str().unwrap().to_owned(),
            is_safe: finding["fix"]["applicability"] == "safe",
        })
        .collect()
}

/// One line per rule with its count and languages, then one line per document with `CODE:LINE` for each finding.
fn summary(registry: &Registry, found: &BTreeSet<Found>) -> String {
    let documents = documents();
    let clean = documents.iter().filter(|path| is_clean(path)).count();
    let false_positives = found.iter().filter(|found| is_clean(&found.path) && is_default(registry, &found.code));
    let mut text = format!(
        "# Written by `UPDATE_GOLDEN=1 cargo test --test it golden::`; do not edit.\n\
         # {} documents, {clean} of them clean; {} findings of default rules in clean documents.\n\n\
         # Findings by rule, and the languages they are in.\n",
        documents.len(),
        false_positives.count(),
    );
    for info in registry.infos() {
        let own: Vec<&Found> = found.iter().filter(|found| found.code == info.code).collect();
        let languages: BTreeSet<&str> = own.iter().filter_map(|found| found.path.split('/').next()).collect();
        let languages = languages.into_iter().collect::<Vec<_>>().join(" ");
        let _ = writeln!(text, "{} {:<26} {:>4}  {languages}", info.code, info.name, own.len());
    }
    text.push_str("\n# Findings by document: rule and line; `*` has no safe fix.\n");
    let mut by_document: BTreeMap<&str, Vec<String>> =
        documents.iter().map(|path| (path.as_str(), Vec::new())).collect();
    for found in found {
        let mark = if found.is_safe { "" } else { "*" };
        by_document.entry(&found.path).or_default().push(format!("{}:{}{mark}", found.code, found.line));
    }
    for (path, codes) in by_document {
        let _ = writeln!(text, "{}", format!("{path}: {}", codes.join(" ")).trim_end_matches([':', ' ']));
    }
    text
}

fn is_default(registry: &Registry, code: &str) -> bool {
    registry.rules().iter().any(|rule| rule.info.code == code && rule.default)
}

fn is_clean(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(CLEAN))
}

/// The paths below the corpus, sorted.
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

/// The lines that only one of two texts has.
fn diff<'t>(before: &'t str, after: &'t str) -> impl Iterator<Item = String> + 't {
    let removed = before.lines().filter(move |line| !after.lines().any(|other| other == *line));
    let added = after.lines().filter(move |line| !before.lines().any(|other| other == *line));
    removed.map(|line| format!("- {line}")).chain(added.map(|line| format!("+ {line}")))
}
