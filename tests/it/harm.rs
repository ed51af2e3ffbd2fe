//! Safe fixes do no harm: known content is still there afterwards, at the same position.

use crate::generated;

use std::fs;
use std::sync::{Arc, LazyLock};

use dechaff::config::Settings;
use dechaff::finding::Applicability;
use dechaff::fix::{self, FixResult};
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin};
use generated::damage::damaged_tables;
use generated::headings;
use generated::texts::clean_texts;

static LINTER: LazyLock<Linter> = LazyLock::new(|| {
    let registry = Registry::embedded().unwrap();
    Linter::new(&registry, &Settings::default()).unwrap()
});

fn fixed(path: &str, text: &str) -> FixResult {
    let document = Document::parse(Arc::new(Origin::file(path)), text);
    fix::fix(&LINTER, &document, Applicability::Safe).unwrap()
}

/// Fails with the first fault and the number of faults, if there are any.
fn assert_none(faults: &[String], what: &str) {
    let first = faults.iter().take(5).map(|fault| format!("\n---\n{fault}")).collect::<String>();
    assert!(faults.is_empty(), "{} {what}:{first}", faults.len());
}

#[test]
fn clean_texts_are_unchanged() {
    let mut texts: Vec<(String, String)> = clean_texts(60)
        .map(|clean| (format!("{}/{}", clean.kind, clean.path), clean.text))
        .collect();
    for entry in fs::read_dir("tests/clean").unwrap() {
        let path = entry.unwrap().path();
        texts.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
    }
    let changed = texts.iter().filter_map(|(path, text)| {
        let fixed = fixed(path, text);
        let lines: Vec<&str> =
            fixed.changes.iter().map(|change| &text[change.span.range()]).collect();
        fixed.is_changed().then(|| format!("{path}: {:?} took {lines:?}", fixed.applied))
    });
    assert_none(&changed.collect::<Vec<_>>(), "clean texts changed");
}

#[test]
fn headings_with_text_are_kept_next_to_any_noise() {
    // A prime step, so that all combinations occur.
    const STEP: usize = 37;
    let lost = headings::grid(STEP).filter_map(|headed| {
        let fixed = fixed("page.md", &headed.text);
        (!headed.is_kept(&fixed.text))
            .then(|| format!("{:?} took {:?} from\n{}", fixed.applied, headed.heading, headed.text))
    });
    assert_none(&lost.collect::<Vec<_>>(), "headings lost");
}

#[test]
fn the_noise_next_to_headings_is_deleted() {
    let missed =
        headings::noise().filter(|(noise, text)| fixed("page.md", text).text.contains(noise));
    assert_none(
        &missed.map(|(noise, _)| noise.to_owned()).collect::<Vec<_>>(),
        "lines of noise left",
    );
}

#[test]
fn damaged_tables_do_not_get_worse() {
    let harmed = damaged_tables(40).filter_map(|damaged| {
        let fixed = fixed("page.md", &damaged.text);
        let harms = damaged.harms(&fixed.text);
        (!harms.is_empty()).then(|| {
            format!("{}\n{}\nbecame\n{}\n{harms:?}", damaged.shape, damaged.text, fixed.text)
        })
    });
    assert_none(&harmed.collect::<Vec<_>>(), "tables harmed");
}

#[test]
fn tables_still_broken_after_a_fix_are_reported() {
    let silent = damaged_tables(40).filter_map(|damaged| {
        let fixed = fixed("page.md", &damaged.text);
        let is_silent =
            fixed.is_changed() && fixed.remaining.is_empty() && !damaged.is_whole(&fixed.text);
        is_silent.then(|| format!("{}\n{}\nbecame\n{}", damaged.shape, damaged.text, fixed.text))
    });
    assert_none(&silent.collect::<Vec<_>>(), "tables still wrong and not reported");
}
