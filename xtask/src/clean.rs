//! Pages with only content: everything that the classifier flags there is wrong.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::Result;
use dechaff::check::classifier::Survey;
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin};
use rayon::prelude::*;

use crate::judge::HeldOutModels;
use crate::judge::{Judged, Odds};
use crate::pages::Label;
use crate::prepare::is_named;

/// Lines, and those among them that rules flag.
#[derive(Default)]
struct Clean {
    pages: usize,
    lines: usize,
    named: usize,
    strict: usize,
    sensitive: usize,
}

/// Checks the content lines of each page with the model that was trained without its site, and
/// counts by sort of page.
pub(crate) fn report(judged: &[Judged<'_>], held: &HeldOutModels, odds: Odds) -> Result<String> {
    let registry = Registry::embedded()?;
    let linter = Linter::from_rules(registry.rules().iter().filter(|rule| is_named(rule)))?;
    let check = |one: &Judged<'_>| {
        let page = one.page.page;
        let content = page.lines.iter().filter(|line| line.label == Label::Content);
        let text: Vec<&str> =
            content.filter_map(|line| page.text.get(one.page.spans[line.n - 1].range())).collect();
        let sort = sort_of(&text);
        let text = text.join("\n");
        let document = Document::parse(Arc::new(Origin::file("page.txt")), &text);
        let findings = linter.check(&document);
        let survey = Survey::new(&document, &findings);
        let mut clean = Clean { pages: 1, lines: survey.len(), ..Clean::default() };
        clean.named = (0..survey.len()).filter(|&unit| survey.is_flagged(unit)).count();
        {
            let scores = held.without_site(one.page).judge(&survey).scores;
            for (unit, score) in
                scores.iter().enumerate().filter(|(unit, _)| survey.may_report(*unit))
            {
                let score = score - survey.caution(unit);
                clean.strict += usize::from(score >= odds.strict);
                clean.sensitive += usize::from(score >= odds.sensitive);
            }
        }
        (page.lang.clone(), sort, clean)
    };
    let mut sums: BTreeMap<(bool, String, &str), Clean> = BTreeMap::new();
    let main: Vec<&Judged<'_>> =
        judged.iter().filter(|one| one.page.track == "residue-txt").collect();
    for (lang, sort, clean) in main.into_par_iter().map(check).collect::<Vec<_>>() {
        for sort in ["all", sort] {
            // There are too few pages in other languages to sort them.
            if lang == "en" || sort == "all" {
                let sum = sums.entry((lang != "en", lang.clone(), sort)).or_default();
                sum.pages += clean.pages;
                sum.lines += clean.lines;
                sum.named += clean.named;
                sum.strict += clean.strict;
                sum.sensitive += clean.sensitive;
            }
        }
    }
    let mut out = String::from(
        "| language | pages of | pages | lines | named rules | BP901 | BP901 and BP902 |\n|---|---|---|---|---|---|---|\n",
    );
    for ((_, lang, sort), Clean { pages, lines, named, strict, sensitive }) in sums {
        let _ = writeln!(
            out,
            "| {lang} | {sort} | {pages} | {lines} | {named} | {strict} | {sensitive} |"
        );
    }
    Ok(out)
}

/// Returns the sort of a page, from its content.
fn sort_of(lines: &[&str]) -> &'static str {
    let share = |is: &dyn Fn(&str) -> bool| {
        lines.iter().filter(|line| is(line)).count() as f32 / lines.len().max(1) as f32
    };
    let words = |line: &str| line.split_whitespace().count();
    let speech = |line: &str| {
        line.starts_with(['"', '“', '‘', '—', '–', '-'])
            && words(line) > 3
            && !line.starts_with("- ")
    };
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
