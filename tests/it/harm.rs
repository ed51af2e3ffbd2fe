//! Safe fixes do no harm: what is known to be content is still there afterwards, and where it was.

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

/// Fails with the first of `faults`, and says how many there are.
fn assert_none(faults: &[String], what: &str) {
    let first = faults.iter().take(5).map(|fault| format!("\n---\n{fault}")).collect::<String>();
    assert!(faults.is_empty(), "{} {what}:{first}", faults.len());
}

#[test]
fn clean_texts_come_back_unchanged() {
    let mut texts: Vec<(String, String)> =
        clean_texts(60).map(|clean| (format!("{}/{}", clean.kind, clean.path), clean.text)).collect();
    for entry in fs::read_dir("tests/clean").unwrap() {
        let path = entry.unwrap().path();
        texts.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
    }
    let changed = texts.iter().filter_map(|(path, text)| {
        let fixed = fixed(path, text);
        let lines: Vec<&str> = fixed.changes.iter().map(|change| &text[change.span.range()]).collect();
        fixed.is_changed().then(|| format!("{path}: {:?} took {lines:?}", fixed.applied))
    });
    assert_none(&changed.collect::<Vec<_>>(), "clean texts changed");
}

#[test]
fn a_heading_with_text_below_it_stays_whatever_noise_is_near() {
    // A prime, so that each word meets each form, kind of noise and place.
    const STEP: usize = 37;
    let lost = headings::grid(STEP).filter_map(|headed| {
        let fixed = fixed("page.md", &headed.text);
        (!headed.is_kept(&fixed.text))
            .then(|| format!("{:?} took {:?} from\n{}", fixed.applied, headed.heading, headed.text))
    });
    assert_none(&lost.collect::<Vec<_>>(), "headings lost");
}

#[test]
fn the_noise_near_the_headings_is_noise() {
    let missed = headings::noise().filter(|(noise, text)| fixed("page.md", text).text.contains(noise));
    assert_none(&missed.map(|(noise, _)| noise.to_owned()).collect::<Vec<_>>(), "lines of noise left");
}

#[test]
fn a_damaged_table_gets_no_worse() {
    let harmed = damaged_tables(40).filter_map(|damaged| {
        let fixed = fixed("page.md", &damaged.text);
        let harms = damaged.harms(&fixed.text);
        (!harms.is_empty()).then(|| format!("{}\n{}\nbecame\n{}\n{harms:?}", damaged.shape, damaged.text, fixed.text))
    });
    assert_none(&harmed.collect::<Vec<_>>(), "tables harmed");
}

#[test]
fn a_table_that_was_changed_and_is_still_wrong_is_still_reported() {
    let silent = damaged_tables(40).filter_map(|damaged| {
        let fixed = fixed("page.md", &damaged.text);
        let is_silent = fixed.is_changed() && fixed.remaining.is_empty() && !damaged.is_whole(&fixed.text);
        is_silent.then(|| format!("{}\n{}\nbecame\n{}", damaged.shape, damaged.text, fixed.text))
    });
    assert_none(&silent.collect::<Vec<_>>(), "tables still wrong and not reported");
}
