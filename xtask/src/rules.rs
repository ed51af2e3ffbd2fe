//! Reports the lines that each rule flags on labelled pages, and its errors.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use anyhow::Result;
use dechaff::finding::Applicability;
use dechaff::rule::Registry;
use serde::Serialize;

use crate::judge::{Judged, Odds};
use crate::pages::Label;
use crate::tally::excerpt;
use crate::verdicts::Verdicts;

/// The metrics from which the rule reference is generated.
const MEASURED: &str = "docs/measured.json";

/// The strict threshold without other rules.
const ALONE: &str = "BP901 alone";

/// A labelled line that a rule flags.
pub(crate) struct Flagged<'p> {
    code: String,
    label: Label,
    lang: &'p str,
    page: &'p str,
    line: usize,
    text: &'p str,
}

/// Returns the labelled lines that each rule flags on pages of `track`, either English or not. For
/// the classifier, these are the lines that no other rule flags.
pub(crate) fn flagged<'p>(
    judged: &[Judged<'p>],
    odds: Odds,
    track: &str,
    is_english: bool,
) -> Vec<Flagged<'p>> {
    let mut all = Vec::new();
    for one in judged
        .iter()
        .filter(|one| one.page.track == track && (one.page.page.lang == "en") == is_english)
    {
        let page = one.page.page;
        for line in &page.lines {
            let at = line.n - 1;
            let text = page.text.get(one.page.spans[at].range()).unwrap_or("").trim();
            let mut flag = |code: &str| {
                let (code, lang) = (code.to_owned(), page.lang.as_str());
                all.push(Flagged {
                    code,
                    label: line.label,
                    lang,
                    page: &page.id,
                    line: line.n,
                    text,
                });
            };
            one.page.named[at].iter().for_each(|code| flag(code));
            match one.scores[at] {
                Some(score) if score >= odds.strict => flag("BP901"),
                Some(score) if score >= odds.sensitive => flag("BP902"),
                _ => {}
            }
            if one.bare[at].is_some_and(|score| score >= odds.strict) {
                flag(ALONE);
            }
        }
    }
    all.sort_by(|left, right| left.code.cmp(&right.code));
    all
}

/// The lines that a rule flags, by label.
#[derive(Default)]
struct Sum {
    noise: usize,
    content: usize,
    mixed: usize,
    /// Lines labelled content with the verdict noise.
    noise_read: usize,
    unread: usize,
}

impl Sum {
    fn add(&mut self, line: &Flagged<'_>, verdicts: &Verdicts) {
        match line.label {
            Label::Noise => self.noise += 1,
            Label::Mixed => self.mixed += 1,
            Label::Content => {
                self.content += 1;
                match verdicts.get(line.page, line.line) {
                    Some(verdict) => self.noise_read += usize::from(verdict.is_noise),
                    None => self.unread += 1,
                }
            }
        }
    }

    fn not_read(&self) -> String {
        if self.unread > 0 { format!(" ({} not read)", self.unread) } else { String::new() }
    }

    fn precision(&self) -> f64 {
        self.noise as f64 / (self.noise + self.content).max(1) as f64
    }

    fn precision_read(&self) -> f64 {
        (self.noise + self.noise_read) as f64 / (self.noise + self.content).max(1) as f64
    }
}

fn sums(flagged: &[Flagged<'_>], verdicts: &Verdicts) -> BTreeMap<String, Sum> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for line in flagged {
        sums.entry(line.code.clone()).or_default().add(line, verdicts);
    }
    sums
}

/// Returns a table with a row per rule.
pub(crate) fn table(flagged: &[Flagged<'_>], verdicts: &Verdicts) -> Result<String> {
    let registry = Registry::embedded()?;
    let mut table = String::from(
        "| rule | fix | noise | content | mixed | precision | content that reads as noise | precision after reading |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (code, sum) in sums(flagged, verdicts) {
        let info = registry.find(&code).map(|rule| &rule.info).ok();
        let name = info.map_or("", |info| info.name.as_str());
        let fix = match info.and_then(|info| info.fix) {
            Some(Applicability::Safe) => "safe",
            Some(Applicability::Unsafe) => "unsafe",
            None => "",
        };
        let unread = sum.not_read();
        let _ = writeln!(
            table,
            "| {code} {} | {fix} | {} | {} | {} | {:.3} | {}{unread} | {:.3} |",
            name,
            sum.noise,
            sum.content,
            sum.mixed,
            sum.precision(),
            sum.noise_read,
            sum.precision_read(),
        );
    }
    Ok(table)
}

impl Flagged<'_> {
    fn is_by_default(&self) -> bool {
        self.code != "BP902" && self.code != ALONE
    }
}

/// Keeps the lines flagged by default rules.
pub(crate) fn by_default(flagged: Vec<Flagged<'_>>) -> Vec<Flagged<'_>> {
    flagged.into_iter().filter(Flagged::is_by_default).collect()
}

/// Returns a table with a row per language.
pub(crate) fn by_language(flagged: &[Flagged<'_>], verdicts: &Verdicts) -> String {
    let mut lines: BTreeMap<(&str, &str, usize), &Flagged<'_>> = BTreeMap::new();
    for line in flagged {
        lines.insert((line.lang, line.page, line.line), line);
    }
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    for ((lang, ..), line) in lines {
        sums.entry(lang).or_default().add(line, verdicts);
    }
    let mut table = String::from(
        "| language | noise | content | precision | content that reads as noise | precision after reading |\n\
         |---|---|---|---|---|---|\n",
    );
    for (lang, sum) in sums {
        let (noise, content, read) = (sum.noise, sum.content, sum.noise_read);
        let unread = sum.not_read();
        let _ = writeln!(
            table,
            "| {lang} | {noise} | {content} | {:.3} | {read}{unread} | {:.3} |",
            sum.precision(),
            sum.precision_read()
        );
    }
    table
}

/// Returns a table with the content that default rules take on English pages of `track`, by the
/// labels and by the verdicts on flagged lines. Shares are of the bytes of content.
pub(crate) fn content_taken(
    judged: &[Judged<'_>],
    track: &str,
    flagged: &[Flagged<'_>],
    verdicts: &Verdicts,
) -> String {
    let pages = judged.iter().filter(|one| one.page.track == track && one.page.page.lang == "en");
    let all: usize = pages
        .flat_map(|one| one.page.page.lines.iter().map(|line| (line, &one.page.spans)))
        .filter(|(line, _)| line.label == Label::Content)
        .map(|(line, spans)| spans[line.n - 1].len())
        .sum();
    let flagged = flagged.iter().filter(|line| line.is_by_default());
    let lines: BTreeMap<(&str, usize), &Flagged<'_>> =
        flagged.map(|line| ((line.page, line.line), line)).collect();
    let noise = lines.values().filter(|line| line.label == Label::Noise).count();
    let wrong = lines.values().filter(|line| line.label == Label::Content);
    let is_noise = |line: &Flagged<'_>| {
        verdicts.get(line.page, line.line).is_some_and(|verdict| verdict.is_noise)
    };
    let (read, left): (Vec<&&Flagged<'_>>, Vec<_>) = wrong.partition(|line| is_noise(line));
    let mut table = String::from(
        "| judged by | noise | content | precision | content taken |\n|---|---|---|---|---|\n",
    );
    let by_labels: Vec<_> = read.iter().chain(&left).copied().collect();
    for (name, noise, wrong) in
        [("labels", noise, &by_labels), ("reading", noise + read.len(), &left)]
    {
        let bytes: usize = wrong.iter().map(|line| line.text.len()).sum();
        let _ = writeln!(
            table,
            "| {name} | {noise} | {} | {:.3} | {:.3} % |",
            wrong.len(),
            noise as f64 / (noise + wrong.len()).max(1) as f64,
            100.0 * bytes as f64 / all.max(1) as f64,
        );
    }
    table
}

/// Returns a table of flagged lines labelled content, with their verdicts.
pub(crate) fn disputed(flagged: &[Flagged<'_>], verdicts: &Verdicts) -> String {
    let mut table =
        String::from("| line | rules | begins | verdict | reason |\n|---|---|---|---|---|\n");
    let mut by_line: BTreeMap<(&str, usize), (Vec<&str>, &str)> = BTreeMap::new();
    for line in flagged.iter().filter(|line| line.label == Label::Content) {
        by_line.entry((line.page, line.line)).or_insert((Vec::new(), line.text)).0.push(&line.code);
    }
    for ((page, number), (codes, text)) in by_line {
        let (verdict, reason) = match verdicts.get(page, number) {
            Some(verdict) if verdict.is_noise => ("noise", verdict.reason.as_str()),
            Some(verdict) => ("content", verdict.reason.as_str()),
            None => ("not read", ""),
        };
        let page = page.split(':').next().unwrap_or(page);
        let _ = writeln!(
            table,
            "| {page}:{number} | {} | {} | {verdict} | {reason} |",
            codes.join(", "),
            excerpt(text, 48)
        );
    }
    table
}

/// Lists the longest lines of content that each rule flags, except for those with the verdict
/// noise.
pub(crate) fn worst(flagged: &[Flagged<'_>], verdicts: &Verdicts, all: bool) -> String {
    const MAX_LINES: usize = 3;
    let mut out = String::new();
    let is_wrong = |line: &&Flagged<'_>| {
        line.label == Label::Content
            && (all || !verdicts.get(line.page, line.line).is_some_and(|verdict| verdict.is_noise))
    };
    let mut wrong: BTreeMap<&str, Vec<&Flagged<'_>>> = BTreeMap::new();
    for line in flagged.iter().filter(is_wrong) {
        wrong.entry(&line.code).or_default().push(line);
    }
    for (code, mut lines) in wrong {
        lines.sort_by_key(|line| std::cmp::Reverse(line.text.len()));
        for line in lines.into_iter().take(if all { usize::MAX } else { MAX_LINES }) {
            let text = excerpt(line.text, if all { 300 } else { 90 });
            let _ = writeln!(out, "- {code} {}:{}: {text}", line.page, line.line);
        }
    }
    out
}

/// The number of labelled lines that a rule flags, and the share that is noise.
#[derive(Debug, Serialize)]
struct Measured {
    lines: usize,
    precision: f64,
    /// The share after reading; `None` if a line has no verdict.
    #[serde(skip_serializing_if = "Option::is_none")]
    read: Option<f64>,
}

/// Writes the metrics for the rule reference.
pub(crate) fn record(flagged: &[Flagged<'_>], verdicts: &Verdicts) -> Result<()> {
    let thousandths = |share: f64| (1000.0 * share).round() / 1000.0;
    let measured: BTreeMap<String, Measured> = sums(flagged, verdicts)
        .into_iter()
        .filter(|(code, sum)| code != ALONE && sum.noise + sum.content > 0)
        .map(|(code, sum)| {
            let read = (sum.unread == 0).then(|| thousandths(sum.precision_read()));
            (
                code,
                Measured {
                    lines: sum.noise + sum.content,
                    precision: thousandths(sum.precision()),
                    read,
                },
            )
        })
        .collect();
    fs::write(MEASURED, serde_json::to_string_pretty(&measured)? + "\n")?;
    Ok(())
}
