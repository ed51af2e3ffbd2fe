//! Measures the rules and the classifier on labelled pages, and keeps the figures in `docs/`.
//!
//! The classifier is evaluated out of fold, with models that were not trained on the page's site.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::judge::{HeldOutModels, Judged, Odds, judge, odds};
use crate::pages::{self, Label};
use crate::prepare::prepare;
use crate::tally::{HEAD, Tally};
use crate::verdicts::Verdicts;
use crate::{clean, rules, sites};

/// The command line options.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Print all flagged lines of content, not only the longest of each rule.
    pub(crate) all_false: bool,
    /// Print the remaining lines of noise.
    pub(crate) missed: bool,
    /// Where to write predictions: one line per page, one file per track and operating point.
    pub(crate) predictions: Option<PathBuf>,
}

/// The pages with tables, between `<!-- eval: NAME -->` and `<!-- end -->`.
const DOCUMENTS: &[&str] = &["docs/accuracy.md", "docs/model.md"];
/// The output of an extractor, as in a typical corpus.
const MAIN_TRACK: &str = "residue-txt";
/// Pages made for training only, by `training/leaky_pages.py`.
const TRAINING_TRACK: &str = "leaky";

/// Evaluates on the pages below `folder`, writes the figures into the documentation, and prints all
/// of them.
pub(crate) fn run(folder: &Path, options: &Options) -> Result<String> {
    let odds = Odds::read()?;
    let verdicts = Verdicts::read()?;
    let held = HeldOutModels::load()?;
    let mut tracks = pages::read(folder)?;
    tracks.retain(|(track, _)| track != TRAINING_TRACK);
    let prepared = prepare(&tracks)?;
    let judged = judge(&prepared, &held);
    let flagged = rules::flagged(&judged, odds, MAIN_TRACK, true);
    let elsewhere = rules::by_default(rules::flagged(&judged, odds, MAIN_TRACK, false));
    rules::record(&flagged, &verdicts)?;
    let points = points(odds);
    let sections = [
        ("points", by_source(&judged, &points, MAIN_TRACK, &|lang| lang == "en")),
        ("languages", by_language(&judged, &points)?),
        ("tracks", by_track(&judged, &points)),
        ("kinds", by_kind(&judged, &points, "kinds")),
        ("judged-languages", by_kind(&judged, &points, "languages")),
        ("rules", rules::table(&flagged, &verdicts)?),
        ("sites", sites::table(&judged, &[MAIN_TRACK, "full"], &*points[0].flags)?),
        ("read", rules::content_taken(&judged, MAIN_TRACK, &flagged, &verdicts)),
        ("disputed", rules::disputed(&flagged, &verdicts)),
        ("read-languages", rules::by_language(&elsewhere, &verdicts)),
        ("disputed-languages", rules::disputed(&elsewhere, &verdicts)),
        ("clean", clean::report(&judged, &held, odds)?),
        ("thresholds", thresholds(&judged)),
    ];
    for document in DOCUMENTS {
        let text = fs::read_to_string(document).with_context(|| (*document).to_owned())?;
        fs::write(document, fill(&text, &sections))?;
    }
    let mut out = String::new();
    for (name, section) in &sections {
        let _ = writeln!(out, "## {name}\n\n{section}");
    }
    for (track, _) in &tracks {
        let _ =
            writeln!(out, "## all of {track}\n\n{}", by_source(&judged, &points, track, &|_| true));
    }
    let _ = writeln!(
        out,
        "## worst, English\n\n{}",
        rules::worst(&flagged, &verdicts, options.all_false)
    );
    let _ = writeln!(
        out,
        "## worst, other languages\n\n{}",
        rules::worst(&elsewhere, &verdicts, options.all_false)
    );
    if options.missed {
        out.push_str(&missed(&judged, &points));
    }
    if let Some(folder) = &options.predictions {
        predict(&judged, &points, folder)?;
    }
    Ok(out)
}

/// Replaces the text between the marks of each section in `text`.
fn fill(text: &str, sections: &[(&str, String)]) -> String {
    const END: &str = "<!-- end -->";
    let mut text = text.to_owned();
    for (name, section) in sections {
        let mark = format!("<!-- eval: {name} -->\n");
        let Some(start) = text.find(&mark).map(|at| at + mark.len()) else { continue };
        let Some(length) = text[start..].find(END) else { continue };
        text.replace_range(
            start..start + length,
            &format!("\n{}\n", section.trim_end_matches('\n').to_owned() + "\n"),
        );
    }
    text
}

/// Whether a line of a page is flagged.
type Flags = Box<dyn Fn(&Judged<'_>, usize) -> bool>;

/// An operating point: its name, and the lines that it flags.
struct Point {
    name: &'static str,
    flags: Flags,
}

/// The default operating point.
const DEFAULT: &str = "default";

fn points(odds: Odds) -> Vec<Point> {
    fn at(scores: &[Option<f32>], line: usize, odds: f32) -> bool {
        scores[line].is_some_and(|score| score >= odds)
    }
    fn is_named(one: &Judged<'_>, line: usize) -> bool {
        !one.page.named[line].is_empty()
    }
    let Odds { strict, sensitive, default } = odds;
    let point = |name, flags| Point { name, flags };
    vec![
        point(
            DEFAULT,
            Box::new(move |one, line| is_named(one, line) || at(&one.scores, line, default)),
        ),
        point(
            "default, half of the named rules silent",
            Box::new(move |one, line| one.page.half_named[line] || at(&one.half, line, default)),
        ),
        point("named rules", Box::new(is_named)),
        point("named rules, safe fixes", Box::new(|one, line| one.page.safe[line])),
        point("BP901 and no other rule", Box::new(move |one, line| at(&one.bare, line, strict))),
        point("BP902 and no other rule", Box::new(move |one, line| at(&one.bare, line, sensitive))),
        point("what BP901 adds", Box::new(move |one, line| at(&one.scores, line, strict))),
        point("what BP902 adds", Box::new(move |one, line| at(&one.scores, line, sensitive))),
    ]
}

fn tally(one: &Judged<'_>, point: &Point) -> (Tally, Vec<bool>) {
    let flagged: Vec<bool> =
        (0..one.page.spans.len()).map(|line| (point.flags)(one, line)).collect();
    let mut tally = Tally::default();
    tally.add(one.page.page, &one.page.spans, &flagged);
    (tally, flagged)
}

/// Returns a table with a row for each point, language and source.
fn by_source(
    judged: &[Judged<'_>],
    points: &[Point],
    track: &str,
    takes: &dyn Fn(&str) -> bool,
) -> String {
    let mut table =
        format!("| point | language | source | {}\n", HEAD.replacen("|---", "|---|---|---|---", 1));
    for point in points {
        let mut tallies: BTreeMap<(bool, &str, bool, &str), Tally> = BTreeMap::new();
        for one in judged.iter().filter(|one| one.page.track == track && takes(&one.page.page.lang))
        {
            let (tally, _) = tally(one, point);
            let page = one.page.page;
            for source in ["all", &page.source] {
                // English first: most pages are.
                *tallies
                    .entry((page.lang != "en", &page.lang, source != "all", source))
                    .or_default() += tally;
            }
        }
        for ((is_foreign, lang, is_source, source), tally) in tallies {
            // Most languages have a single source.
            if !is_foreign || !is_source {
                let _ = writeln!(table, "| {} | {lang} | {source} | {tally}", point.name);
            }
        }
    }
    table
}

/// Returns a table with rows for each track and language: the default point and the named rules.
fn by_track(judged: &[Judged<'_>], points: &[Point]) -> String {
    let mut tallies: BTreeMap<(&str, &str, bool, &str), Tally> = BTreeMap::new();
    for point in points.iter().filter(|point| [DEFAULT, "named rules"].contains(&point.name)) {
        for one in judged.iter().filter(|one| one.page.track != MAIN_TRACK) {
            let lang = &one.page.page.lang;
            *tallies.entry((one.page.track, point.name, lang != "en", lang)).or_default() +=
                tally(one, point).0;
        }
    }
    let mut table =
        format!("| track | point | language | {}\n", HEAD.replacen("|---", "|---|---|---|---", 1));
    for ((track, point, _, lang), tally) in tallies {
        let _ = writeln!(table, "| {track} | {point} | {lang} | {tally}");
    }
    table
}

/// Returns a table with rows for each kind of page of `track`: the default point, the named rules
/// and their safe fixes.
fn by_kind(judged: &[Judged<'_>], points: &[Point], track: &str) -> String {
    const SHOWN: [&str; 3] = [DEFAULT, "named rules", "named rules, safe fixes"];
    let mut table = format!("| point | kind | {}\n", HEAD.replacen("|---", "|---|---|---", 1));
    for point in points.iter().filter(|point| SHOWN.contains(&point.name)) {
        let mut tallies: BTreeMap<(bool, &str), Tally> = BTreeMap::new();
        for one in judged.iter().filter(|one| one.page.track == track) {
            let (tally, _) = tally(one, point);
            let kind = one.page.page.kind.as_deref().unwrap_or_default();
            *tallies.entry((false, kind)).or_default() += tally;
            *tallies.entry((true, "all")).or_default() += tally;
        }
        for ((_, kind), tally) in tallies {
            let _ = writeln!(table, "| {} | {kind} | {tally}", point.name);
        }
    }
    table
}

/// The results of published filters on the same lines: language, filter, and figures of the scorer
/// that comes with the pages.
const FILTERS: &str = "xtask/filters.tsv";

/// Returns a table with a row for each language, followed by the results of published filters on
/// the same lines.
fn by_language(judged: &[Judged<'_>], points: &[Point]) -> Result<String> {
    let filters = fs::read_to_string(FILTERS).with_context(|| FILTERS)?;
    let mut tallies: BTreeMap<(bool, &str), Vec<Tally>> = BTreeMap::new();
    let shown: Vec<&Point> =
        points.iter().filter(|point| [DEFAULT, "named rules"].contains(&point.name)).collect();
    for one in judged.iter().filter(|one| one.page.track == MAIN_TRACK) {
        let lang = &one.page.page.lang;
        let of_lang = tallies
            .entry((lang != "en", lang))
            .or_insert_with(|| vec![Tally::default(); shown.len()]);
        for (sum, point) in of_lang.iter_mut().zip(&shown) {
            *sum += tally(one, point).0;
        }
    }
    // A single portal may have half of a language's noise. The row without it shows the effect.
    let mut sites: BTreeMap<(&str, &str), Tally> = BTreeMap::new();
    for one in judged.iter().filter(|one| one.page.track == MAIN_TRACK) {
        let site = (one.page.page.lang.as_str(), one.page.page.domain.as_str());
        *sites.entry(site).or_default() += tally(one, &points[0]).0;
    }
    let without_noisiest = |lang: &str| {
        let mut of_lang: Vec<Tally> = sites
            .iter()
            .filter(|((site_lang, _), _)| *site_lang == lang)
            .map(|(_, tally)| *tally)
            .collect();
        of_lang.sort_by_key(|tally| tally.noise[0] + tally.noise[1]);
        of_lang.pop();
        of_lang.into_iter().fold(Tally::default(), |mut sum, tally| {
            sum += tally;
            sum
        })
    };
    let mut table = String::from(
        "| language | noise lines | filter | precision | recall | F1 | content taken | noise taken |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for ((_, lang), of_lang) in tallies {
        let named = of_lang.iter().copied().zip(shown.iter().map(|point| point.name));
        let without = [(without_noisiest(lang), "default, without the noisiest site")];
        let is_compared = filters.lines().any(|row| row.starts_with(lang)) && lang != "en";
        for (tally, name) in named.chain(without.into_iter().filter(|_| is_compared)) {
            let lines = tally.noise[0] + tally.noise[1];
            let _ = writeln!(
                table,
                "| {lang} | {lines} | dechaff, {name} | {:.3} | {:.3} | {:.3} | {:.2} % | {:.1} % |",
                tally.precision(),
                tally.recall(),
                tally.f1(),
                100.0 * tally.harm(),
                100.0 * tally.gain(),
            );
        }
        for row in filters.lines().filter(|row| row.split('\t').next() == Some(lang)) {
            let fields: Vec<&str> = row.split('\t').skip(1).collect();
            let _ = writeln!(table, "| {lang} | | {} |", fields.join(" | "));
        }
    }
    Ok(table)
}

/// Returns a table of other operating points of the model.
fn thresholds(judged: &[Judged<'_>]) -> String {
    let mut table =
        format!("| least probability | scope | {}\n", HEAD.replacen("|---", "|---|---|---", 1));
    for scope in ["with the named rules", "beyond the named rules", "alone"] {
        for least in [0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95] {
            let odds = odds(least);
            let mut sum = Tally::default();
            for one in judged
                .iter()
                .filter(|one| one.page.track == MAIN_TRACK && one.page.page.lang == "en")
            {
                let scores = if scope == "alone" { &one.bare } else { &one.scores };
                let counts_named = scope == "with the named rules";
                let flags = |line: usize| {
                    scores[line].is_some_and(|score| score >= odds)
                        || counts_named && !one.page.named[line].is_empty()
                };
                let flagged: Vec<bool> = (0..one.page.spans.len()).map(flags).collect();
                sum.add(one.page.page, &one.page.spans, &flagged);
            }
            let _ = writeln!(table, "| {least} | {scope} | {sum}");
        }
    }
    table
}

/// Lists the noise that the default misses.
fn missed(judged: &[Judged<'_>], points: &[Point]) -> String {
    let mut out = String::new();
    let Some(point) = points.iter().find(|point| point.name == DEFAULT) else { return out };
    for one in judged.iter().filter(|one| one.page.track == MAIN_TRACK) {
        let (_, flagged) = tally(one, point);
        let page = one.page.page;
        for line in
            page.lines.iter().filter(|line| line.label == Label::Noise && !flagged[line.n - 1])
        {
            let text: String =
                page.text[one.page.spans[line.n - 1].range()].trim().chars().take(200).collect();
            let _ = writeln!(out, "missed {}:{}: {text}", page.id, line.n);
        }
    }
    out
}

/// Writes the lines that each point flags, for the scorer that comes with the pages.
fn predict(judged: &[Judged<'_>], points: &[Point], folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for point in points {
        for one in judged {
            let (_, flagged) = tally(one, point);
            let lines: Vec<usize> = (1..=flagged.len()).filter(|line| flagged[line - 1]).collect();
            let name = point.name.replace([' ', ','], "-");
            let file = files.entry(format!("{}-{name}.jsonl", one.page.track)).or_default();
            let _ = writeln!(
                file,
                "{}",
                serde_json::json!({"id": one.page.page.id, "noise_lines": lines})
            );
        }
    }
    for (name, text) in files {
        fs::write(folder.join(name), text)?;
    }
    Ok(())
}
