//! Rule files as people write them.

use std::sync::Arc;

use dechaff::finding::Applicability;
use dechaff::fix;
use dechaff::linter::Linter;
use dechaff::rule::{MarkedText, Registry, Rule};
use dechaff::rule_test;
use dechaff::text::{Document, Origin};
use dechaff::user_file::UserFile;

use super::input;
use super::shared::{self, OneText, REGISTRY, shown};

/// The input is the file. An accepted rule must run on its examples and on its source.
pub fn run(input: &[u8]) {
    let file = UserFile::new("rule.toml", input::text(input));
    let Some(rule) = shown(Rule::parse(&file)) else { return };
    if shown(rule.validate()).is_none() {
        return;
    }
    let _ = rule.to_markdown(None);
    let linter = Linter::from_rules([&rule]).expect("a rule that is valid compiles");
    // The examples may fail.
    let _ = rule_test::test(&rule, &REGISTRY);
    let documents =
        rule.examples().iter().flat_map(|example| example.bad.iter().chain(&example.allow));
    for text in documents.flat_map(|documents| documents.texts()) {
        lint(&linter, &MarkedText::parse(text).text);
    }
    lint(&linter, &file.text);
    shown(Registry::parse(std::slice::from_ref(&file)));
}

/// Small built-in rules, and a rule of each kind.
pub fn seeds() -> Vec<Vec<u8>> {
    const MAX_LENGTH: usize = 3_000;
    let files = REGISTRY.rules().iter().map(|rule| rule.file.text.clone().into_bytes());
    files.filter(|file| file.len() <= MAX_LENGTH).collect()
}

fn lint(linter: &Linter, text: &str) {
    let document = Document::parse(Arc::new(Origin::file("page.md")), text);
    let texts = OneText(Arc::from(text));
    let compared =
        linter.compare([linter.sketch(&document)], &texts).expect("memory does not fail");
    shared::check_places(&document, &linter.lint(&document, compared));
    // Fixes of custom rules may undo each other, which is an error and not a panic.
    if let Ok(fixed) = fix::fix(linter, &document, Applicability::Unsafe) {
        assert_eq!(input::changed(text, &fixed.changes), fixed.text);
    }
}
