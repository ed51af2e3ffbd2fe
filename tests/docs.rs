//! The pages that are generated are what would be generated now. `UPDATE_DOCS=1 cargo test --test docs` writes them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail aloud")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use dechaff::rule::Registry;
use serde::Deserialize;

#[derive(Deserialize)]
struct Measured {
    lines: usize,
    precision: f64,
    read: Option<f64>,
}

fn is_current(path: &str, wanted: &str) {
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
        fs::write(path, wanted).unwrap();
    }
    let kept = fs::read_to_string(path).unwrap_or_default();
    assert!(kept == wanted, "{path} is not up to date: UPDATE_DOCS=1 cargo test --test docs writes it");
}

#[test]
fn the_reference_of_rules() {
    let registry = Registry::embedded().unwrap();
    let measured: BTreeMap<String, Measured> =
        serde_json::from_str(&fs::read_to_string("docs/measured.json").unwrap()).unwrap();
    let mut page = String::from(
        "# Rules\n\nGenerated from the files in `rules/`. Precision is measured on labelled web pages by raw labels, which have \
         faults of their own; `docs/accuracy.md` says how, and what reading the disputed lines came to.\n\n",
    );
    page.push_str("| code | name | finds | fix |\n|---|---|---|---|\n");
    for rule in registry.rules() {
        let info = &rule.info;
        let fix = info.fix.map_or(String::new(), |fix| fix.to_string());
        let anchor = format!("{}-{}", info.code.to_lowercase(), info.name);
        let _ = writeln!(page, "| [{}](#{anchor}) | {} | {} | {fix} |", info.code, info.name, info.summary);
    }
    for rule in registry.rules() {
        let measured = measured.get(&rule.info.code).filter(|measured| measured.lines > 0).map(|measured| {
            let Measured { lines, precision, read } = measured;
            let lines = if *lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") };
            let read = read.map_or(String::new(), |read| format!(", {read:.3} after reading"));
            format!("precision {precision:.3} on the {lines} it flags in the labelled pages{read}")
        });
        page.push('\n');
        page.push_str(&rule.to_markdown(Some(measured.as_deref().unwrap_or(
            "too few cases in the labelled pages; the seeds and the rule's own examples are its evidence",
        ))));
    }
    is_current("docs/rules.md", &page);
}

#[test]
fn the_manual_and_the_completions_are_made() {
    let dechaff = |arguments: &[&str]| {
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_dechaff")).args(arguments).output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(dechaff(&["man"]).contains(".TH dechaff 1"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(dechaff(&["completions", shell]).contains("unsafe-fixes"), "{shell}");
    }
}
