//! Conditions that depend on the whole document: `min-lines`, `needs-other`, `not-before` and
//! `safe-from`.

use std::sync::Arc;

use dechaff::finding::{Applicability, Finding};
use dechaff::linter::Linter;
use dechaff::rule::Rule;
use dechaff::text::{Document, Origin};
use dechaff::user_file::UserFile;

/// Returns the marked texts that a rule with the given tables reports, and whether its fix is safe.
fn reported(tables: &str, text: &str) -> Vec<(String, bool)> {
    let rule = format!(
        r#"
        code = "XX001"
        name = "berth-label"
        summary = "label of a berth"
        why = "it is not part of the text"
        since = "1.0.0"
        fix = "unsafe"
        {tables}
        [[example]]
        allow = "The ferry leaves at ten."
    "#
    );
    let rule = Rule::parse(&UserFile::new("berth.toml", rule.as_str())).unwrap();
    let linter = Linter::from_rules([&rule]).unwrap();
    let document = Document::parse(Arc::new(Origin::file("page.txt")), text);
    let is_safe = |finding: &Finding| {
        finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe)
    };
    linter
        .check(&document)
        .iter()
        .map(|finding| (document.slice(finding.span).to_owned(), is_safe(finding)))
        .collect()
}

const PROSE: &str =
    "The mole was built of oak and stone in the summer of 1871, when the herring came late.";

#[test]
fn min_lines_counts_lines_and_not_phrases() {
    let tables = "[[find]]\nmin-lines = 2\nen = \"\"\"\nberth <number>\nberth ...1-9\n\"\"\"";
    assert_eq!(reported(tables, &format!("{PROSE}\n\nBerth 7\n")), []);
    let found = reported(tables, &format!("Berth 7\n\n{PROSE}\n\nBerth 7\n"));
    assert_eq!(found, [("Berth 7".to_owned(), false), ("Berth 7".to_owned(), false)]);
}

#[test]
fn needs_other_counts_different_texts_of_other_tables() {
    let tables = "[[find]]\nen = \"berth <number>\"\n\n[[find]]\nneeds-other = 2\nen = \"quay\"";
    let labels = |text: &str| {
        let found = reported(tables, text);
        found.into_iter().map(|(label, _)| label).collect::<Vec<_>>()
    };
    assert_eq!(
        labels(&format!("Quay\n\n{PROSE}\n\nBerth 7\n\n{PROSE}\n\nBerth 7\n")),
        ["Berth 7"; 2]
    );
    let two = format!("Quay\n\n{PROSE}\n\nBerth 7\n\n{PROSE}\n\nBerth 8\n");
    assert_eq!(labels(&two), ["Quay", "Berth 7", "Berth 8"]);
}

#[test]
fn a_match_before_the_share_drops_the_table() {
    let tables = "[[find]]\nnot-before = 0.5\nen = \"berth <number>\"";
    let late = format!("{PROSE}\n\n{PROSE}\n\nBerth 7\n");
    assert_eq!(reported(tables, &late), [("Berth 7".to_owned(), false)]);
    assert_eq!(reported(tables, &format!("Berth 6\n\n{late}")), []);
}

#[test]
fn many_different_texts_make_fixes_safe() {
    let tables = "[[find]]\nsafe-from = 3\nen = \"berth <number>\"";
    let page = |berths: [u8; 3]| {
        let labels: Vec<String> = berths.iter().map(|berth| format!("Berth {berth}\n")).collect();
        format!("{PROSE}\n\n{}", labels.join("\n"))
    };
    assert!(reported(tables, &page([1, 2, 3])).iter().all(|(_, is_safe)| *is_safe));
    assert!(reported(tables, &page([1, 2, 2])).iter().all(|(_, is_safe)| !*is_safe));
}

#[test]
fn shares_above_one_are_rejected() {
    let rule = r#"
        code = "XX001"
        name = "berth-label"
        summary = "label of a berth"
        why = "it is not part of the text"
        since = "1.0.0"
        [[find]]
        not-before = 1.5
        en = "berth <number>"
        [[example]]
        bad = "⟦Berth 7⟧"
    "#;
    let rule = Rule::parse(&UserFile::new("berth.toml", rule)).unwrap();
    let message = rule.validate().unwrap_err().to_string();
    assert!(message.contains("`not-before` is a share of the document"), "{message}");
}
