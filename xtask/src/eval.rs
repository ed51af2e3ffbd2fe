//! Precision and recall of the named rules on labelled pages.
//!
//! What the classifier does on pages it was trained on says nothing; its figures come from `train`, out of fold.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use dechaff::engine::Linter;
use dechaff::finding::{Applicability, Finding};
use dechaff::rule::{Registry, Rule};
use dechaff::text::{Document, Origin, Span};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::pages::{self, Label, Page};
use crate::tally::{HEAD, Tally};

/// What is asked for on the command line.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Print all lines of content that are flagged, and not only the longest of each rule.
    pub(crate) all_false: bool,
    /// Print the lines of noise that are left.
    pub(crate) missed: bool,
    /// Only pages in this language.
    pub(crate) lang: Option<String>,
    /// Only this track.
    pub(crate) track: Option<String>,
    /// Where to write predictions, a page a line, one file a track and operating point.
    pub(crate) predictions: Option<std::path::PathBuf>,
}

/// A page with what the rules found on it.
pub(crate) struct Checked<'p> {
    /// The page.
    pub(crate) page: &'p Page,
    /// Its lines.
    pub(crate) lines: Vec<Span>,
    /// What the named rules found.
    pub(crate) findings: Vec<Finding>,
}

/// Whether a rule speaks of noise by name: boilerplate or synthetic text, and not the classifier.
pub(crate) fn is_named(rule: &Rule) -> bool {
    let code = &rule.info.code;
    rule.default && (code.starts_with("BP") && !code.starts_with("BP9") || code.starts_with("SY"))
}

/// What the named rules find on each page.
pub(crate) fn check<'p>(pages: &'p [Page]) -> Result<Vec<Checked<'p>>> {
    let registry = Registry::embedded()?;
    let linter = Linter::of(registry.rules().iter().filter(|rule| is_named(rule)))?;
    let check = |page: &'p Page| {
        let document = Document::parse(Arc::new(Origin::file("page.txt")), &page.text);
        Checked { page, lines: page.spans(), findings: linter.check(&document) }
    };
    Ok(pages.par_iter().map(check).collect())
}

/// Whether a finding would be mended without asking.
pub(crate) fn is_safe(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe)
}

/// What decides whether a finding counts.
type Chooses = fn(&Finding) -> bool;

/// Prints how the rules do on the pages below `folder`, and writes what each rule's precision is.
pub(crate) fn run(folder: &Path, options: &Options) -> Result<String> {
    let mut out = String::new();
    for (track, mut pages) in pages::read(folder)? {
        if options.track.as_ref().is_some_and(|only| *only != track) {
            continue;
        }
        pages.retain(|page| options.lang.as_ref().is_none_or(|lang| *lang == page.lang));
        let checked = check(&pages)?;
        let points: [(&str, Chooses); 2] = [("named rules", |_| true), ("named rules, safe fixes only", is_safe)];
        for (name, chooses) in points {
            let flagged = flagged(&checked, chooses);
            let _ = writeln!(out, "## {track}: {name}\n\n{}", by_source(&checked, &flagged));
            if let Some(folder) = &options.predictions {
                fs::create_dir_all(folder)?;
                let name = if name == "named rules" { "named" } else { "safe" };
                fs::write(folder.join(format!("{track}-{name}.jsonl")), predictions(&checked, &flagged))?;
            }
        }
        let english: Vec<&Checked<'_>> = checked.iter().filter(|checked| checked.page.lang == "en").collect();
        let shown = if options.lang.is_some() { checked.iter().collect() } else { english };
        let _ = writeln!(out, "## {track}: by rule\n\n{}", by_rule(&shown, options.all_false));
        if options.missed {
            out.push_str(&missed(&checked));
        }
        if track == "residue-txt" && options.lang.is_none() {
            record(&shown.iter().flat_map(|checked| counts(checked)).collect::<Vec<_>>())?;
        }
    }
    Ok(out)
}

/// Says of each line of each page whether the findings that `chooses` takes flag it.
pub(crate) fn flagged(checked: &[Checked<'_>], chooses: Chooses) -> Vec<Vec<bool>> {
    let of_page = |checked: &Checked<'_>| {
        let findings = checked.findings.iter().filter(|finding| chooses(finding));
        pages::taken(&checked.page.text, &checked.lines, findings).iter().map(|codes| !codes.is_empty()).collect()
    };
    checked.iter().map(of_page).collect()
}

/// A table with a row for each language and source.
pub(crate) fn by_source(checked: &[Checked<'_>], flagged: &[Vec<bool>]) -> String {
    let mut tallies: BTreeMap<(bool, &str, bool, &str), Tally> = BTreeMap::new();
    for (one, flagged) in checked.iter().zip(flagged) {
        let (lang, source) = (one.page.lang.as_str(), one.page.source.as_str());
        for source in ["all", source] {
            // English first: most pages are.
            tallies
                .entry((lang != "en", lang, source != "all", source))
                .or_default()
                .add(one.page, &one.lines, flagged);
        }
    }
    let mut table = format!("| language | source | {}\n", HEAD.replacen("|---", "|---|---|---", 1));
    for ((_, lang, _, source), tally) in tallies {
        let _ = writeln!(table, "| {lang} | {source} | {tally}");
    }
    table
}

fn predictions(checked: &[Checked<'_>], flagged: &[Vec<bool>]) -> String {
    let mut rows = String::new();
    for (one, flagged) in checked.iter().zip(flagged) {
        let lines: Vec<usize> = (1..=flagged.len()).filter(|line| flagged[line - 1]).collect();
        let _ = writeln!(rows, "{}", serde_json::json!({"id": one.page.id, "noise_lines": lines}));
    }
    rows
}

/// What became of a labelled line that a rule flags: the rule, the label, the page and the line.
pub(crate) type Count<'p> = (String, Label, &'p str, usize, &'p str);

/// The labelled lines that each rule flags on a page.
pub(crate) fn counts<'p>(checked: &Checked<'p>) -> Vec<Count<'p>> {
    let taken = pages::taken(&checked.page.text, &checked.lines, &checked.findings);
    let mut counts = Vec::new();
    for line in &checked.page.lines {
        let text = checked.page.text.get(checked.lines[line.n - 1].range()).unwrap_or("").trim();
        for code in &taken[line.n - 1] {
            counts.push(((*code).to_owned(), line.label, checked.page.id.as_str(), line.n, text));
        }
    }
    counts
}

fn by_rule(checked: &[&Checked<'_>], all_false: bool) -> String {
    let counts: Vec<Count<'_>> = checked.iter().flat_map(|checked| counts(checked)).collect();
    let mut rules: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for (code, label, ..) in &counts {
        rules.entry(code).or_default()[*label as usize] += 1;
    }
    let mut table = String::from("| rule | noise | content | mixed | precision |\n|---|---|---|---|---|\n");
    for (code, [content, noise, mixed]) in &rules {
        let precision = *noise as f64 / (noise + content).max(1) as f64;
        let _ = writeln!(table, "| {code} | {noise} | {content} | {mixed} | {precision:.3} |");
    }
    table.push_str("\nContent that is flagged, the longest first:\n\n");
    for code in rules.keys() {
        const WORST: usize = 3;
        const QUOTED: usize = 70;
        let mut wrong: Vec<&Count<'_>> =
            counts.iter().filter(|(of, label, ..)| of == code && *label == Label::Content).collect();
        wrong.sort_by_key(|(.., text)| std::cmp::Reverse(text.len()));
        let (most, quoted) = if all_false { (usize::MAX, 200) } else { (WORST, QUOTED) };
        for (code, _, id, line, text) in wrong.into_iter().take(most) {
            let quote: String = text.chars().take(quoted).collect();
            let _ = writeln!(table, "- {code} {id}:{line}: {quote}");
        }
    }
    table
}

fn missed(checked: &[Checked<'_>]) -> String {
    let mut out = String::new();
    for (one, flagged) in checked.iter().zip(flagged(checked, |_| true)) {
        for line in one.page.lines.iter().filter(|line| line.label == Label::Noise && !flagged[line.n - 1]) {
            let text: String = one.page.text[one.lines[line.n - 1].range()].trim().chars().take(200).collect();
            let _ = writeln!(out, "missed {}:{}: {text}", one.page.id, line.n);
        }
    }
    out
}

/// How many lines of the labelled pages a rule flags, and the share of them that is noise.
#[derive(Debug, Serialize, Deserialize)]
struct Measured {
    lines: usize,
    precision: f64,
}

/// Where the figures are kept from which the rule reference is made.
const MEASURED: &str = "docs/measured.json";

/// Replaces what is recorded of the rules in `counts`, and leaves what is recorded of the classifier.
pub(crate) fn record(counts: &[Count<'_>]) -> Result<()> {
    let mut measured: BTreeMap<String, Measured> =
        fs::read_to_string(MEASURED).ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let is_classifier = counts.iter().all(|(code, ..)| code.starts_with("BP9"));
    measured.retain(|code, _| code.starts_with("BP9") != is_classifier);
    let mut rules: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for (code, label, ..) in counts {
        rules.entry(code).or_default()[*label as usize] += 1;
    }
    for (code, [content, noise, _]) in rules {
        let lines = noise + content;
        if lines > 0 {
            let precision = (1000.0 * noise as f64 / lines as f64).round() / 1000.0;
            measured.insert(code.to_owned(), Measured { lines, precision });
        }
    }
    fs::write(MEASURED, serde_json::to_string_pretty(&measured)? + "\n")?;
    Ok(())
}
