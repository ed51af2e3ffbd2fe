//! Pages with nothing but content on them: whatever the classifier flags there is wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Result;
use dechaff::check::classifier::{Model, Survey, is_known_ground};
use dechaff::engine::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin};
use rayon::prelude::*;

use crate::eval::is_named;
use crate::pages::{Label, Page};

/// Lines, and those among them that each operating point flags.
#[derive(Default)]
struct Clean {
    pages: usize,
    lines: usize,
    strict: usize,
    sensitive: usize,
}

/// Checks the content lines of pages by themselves, each with the model that `model_of` names, and counts by what sort of page it is.
pub(crate) fn report<'p, 'm>(
    pages: &[&'p Page],
    model_of: impl Fn(&Page) -> &'m Model + Sync,
    [strict, sensitive]: [f32; 2],
) -> Result<String> {
    let registry = Registry::embedded()?;
    let linter = Linter::of(registry.rules().iter().filter(|rule| is_named(rule)))?;
    let check = |page: &&'p Page| {
        let lines = page.spans();
        let content = page.lines.iter().filter(|line| line.label == Label::Content);
        let text: Vec<&str> = content.filter_map(|line| page.text.get(lines[line.n - 1].range())).collect();
        let sort = sort_of(&text);
        let text = text.join("\n");
        let document = Document::parse(Arc::new(Origin::file("page.txt")), &text);
        let survey = Survey::new(&document, &linter.check(&document));
        let mut clean = Clean { pages: 1, lines: survey.len(), ..Clean::default() };
        if is_known_ground(&survey) {
            let scores = model_of(page).judge(&survey).scores;
            let reported = scores.iter().enumerate().filter(|(unit, _)| survey.may_report(*unit));
            for (_, score) in reported {
                clean.strict += usize::from(*score >= strict);
                clean.sensitive += usize::from(*score >= sensitive);
            }
        }
        (page.lang.clone(), sort, clean)
    };
    let mut sums: BTreeMap<(bool, String, &str), Clean> = BTreeMap::new();
    for (lang, sort, clean) in pages.par_iter().map(check).collect::<Vec<_>>() {
        for sort in ["all", sort] {
            let sum = sums.entry((lang != "en", lang.clone(), sort)).or_default();
            sum.pages += clean.pages;
            sum.lines += clean.lines;
            sum.strict += clean.strict;
            sum.sensitive += clean.sensitive;
        }
    }
    let mut out = String::from("| language | pages of | pages | lines | BP901 | BP902 |\n|---|---|---|---|---|---|\n");
    for ((_, lang, sort), Clean { pages, lines, strict, sensitive }) in sums {
        let _ = writeln!(out, "| {lang} | {sort} | {pages} | {lines} | {strict} | {sensitive} |");
    }
    Ok(out)
}

/// What a page is made of, from its content.
fn sort_of(lines: &[&str]) -> &'static str {
    let share =
        |is: &dyn Fn(&str) -> bool| lines.iter().filter(|line| is(line)).count() as f32 / lines.len().max(1) as f32;
    let words = |line: &str| line.split_whitespace().count();
    let speech =
        |line: &str| line.starts_with(['"', '“', '‘', '—', '–', '-']) && words(line) > 3 && !line.starts_with("- ");
    let code = |line: &str| line.contains(['{', '}', ';', '=', '<']) && words(line) < 12;
    if share(&code) > 0.15 {
        "code"
    } else if share(&|line| line.trim_start().starts_with("- ")) > 0.3 {
        "lists"
    } else if share(&speech) > 0.25 {
        "speech"
    } else if share(&|line| words(line) < 8) > 0.5 {
        "short lines"
    } else {
        "running text"
    }
}
