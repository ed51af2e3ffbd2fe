//! Trains the classifier, and says what it does on pages of web sites that it has not seen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use dechaff::check::Parameters;
use dechaff::check::classifier::{FEATURES, FIRST_PASS, HOPELESS, Model, Row, Survey, Words, is_known_ground};
use dechaff::engine::Linter;
use dechaff::finding::Finding;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, Span};
use rayon::prelude::*;

use crate::boost::{self, Example, Growth};
use crate::eval::Count;
use crate::linear::{self, Line};
use crate::pages::{self, Label, Page};
use crate::random::{Random, hash};
use crate::tally::{HEAD, Tally};

/// The sets whose licences ask for no more than attribution.
const SOURCES: &[&str] = &["aeb", "news4k", "wcxb"];
/// Lines that are not scored since the people who extracted the pages disagree on them; a reader would keep most.
const KEPT: &[&str] = &["title", "dek", "heading", "code", "table", "list", "faq", "ref", "plain"];
const SEED: u64 = 2;
const FOLDS: u64 = 5;
const WEIGHTS: &str = "src/check/classifier/weights.bin";

/// A page with its surveys.
pub(crate) struct Prepared<'p> {
    page: &'p Page,
    /// How much its lines count in training.
    weight: f32,
    domain: u64,
    /// As the model will see it.
    whole: Survey,
    /// With some rules silent: on other pages the rules, which were written with these at hand, find less.
    deaf: Survey,
    /// With all rules silent.
    bare: Survey,
    /// For each unit its line, counted from 0, and whether it is noise, where that is known.
    lines: Vec<usize>,
    labels: Vec<Option<bool>>,
    spans: Vec<Span>,
    /// Lines that the named rules flag.
    named: Vec<bool>,
    named_safe: Vec<bool>,
}

fn prepare<'p>(pages: &'p [Page], weight: f32) -> Result<Vec<Prepared<'p>>> {
    /// Shares of the rules that are silent on a page.
    const SILENT: [f32; 4] = [0.0, 0.3, 0.6, 1.0];
    let registry = Registry::embedded()?;
    let rules = registry.rules().iter().filter(|rule| rule.default && !rule.info.code.starts_with("BP9"));
    let linter = Linter::of(rules)?;
    let prepare = |page: &'p Page| {
        let document = Document::parse(Arc::new(Origin::file("page.txt")), &page.text);
        let findings = linter.check(&document);
        let silent = SILENT[(hash(&page.id) >> 33) as usize % SILENT.len()];
        let is_heard =
            |finding: &&Finding| Random::new(SEED ^ hash(&page.id) ^ hash(&finding.rule.code)).unit() >= silent;
        let whole = Survey::new(&document, findings.iter());
        let deaf = Survey::new(&document, findings.iter().filter(is_heard));
        let bare = Survey::new(&document, []);
        let spans = page.spans();
        let mut of_line = vec![None; spans.len()];
        for line in &page.lines {
            of_line[line.n - 1] = match (line.label, line.sub.as_deref()) {
                (Label::Mixed, Some(sub)) if KEPT.contains(&sub) => Some(false),
                (Label::Mixed, _) => None,
                (label, _) => Some(label == Label::Noise),
            };
        }
        let line = |unit| spans.partition_point(|line| line.end < whole.content(unit).start);
        let lines: Vec<usize> = (0..whole.len()).map(line).collect();
        let labels = lines.iter().map(|&line| of_line.get(line).copied().flatten()).collect();
        let is_boilerplate =
            |finding: &&Finding| finding.rule.code.starts_with("BP") || finding.rule.code.starts_with("SY");
        let flagged = |findings: Vec<&Finding>| {
            pages::taken(&page.text, &spans, findings).iter().map(|codes| !codes.is_empty()).collect()
        };
        let named = flagged(findings.iter().filter(is_boilerplate).collect());
        let is_safe = |finding: &&Finding| crate::eval::is_safe(finding);
        let named_safe = flagged(findings.iter().filter(is_boilerplate).filter(is_safe).collect());
        Prepared {
            page,
            weight,
            domain: hash(&page.domain),
            whole,
            deaf,
            bare,
            lines,
            labels,
            spans,
            named,
            named_safe,
        }
    };
    Ok(pages.par_iter().map(prepare).collect())
}

impl Prepared<'_> {
    /// Trees learn little from whole pages, and take long over them: a third are enough, for three times the weight.
    fn tree_weight(&self) -> f32 {
        if self.weight < 0.1 { 3.0 * self.weight } else { self.weight }
    }
}

fn is_for_trees(page: &Prepared<'_>) -> bool {
    page.weight >= 0.1 || (page.domain >> 50).is_multiple_of(3)
}

fn fold(domain: u64) -> u64 {
    (domain >> 20) % FOLDS
}

/// Trains a model on `pages`.
fn train(pages: &[&Prepared<'_>]) -> Model {
    const INNER: u64 = 4;
    let inner = |page: &Prepared<'_>| (page.domain >> 40) % INNER;
    let words = learn_words(pages);
    // What the trees learn from must be what they will see: judgements of pages that the judge was not trained on.
    let inner_words: Vec<Words> = (0..INNER)
        .into_par_iter()
        .map(|part| learn_words(&pages.iter().copied().filter(|page| inner(page) != part).collect::<Vec<_>>()))
        .collect();
    let rows: Vec<Vec<Option<Row>>> = pages
        .par_iter()
        .map(|page| {
            let words = &inner_words[inner(page) as usize];
            let score = |unit| if page.deaf.is_candidate(unit) { words.score(page.deaf.buckets(unit)) } else { 0.0 };
            page.deaf.features(&(0..page.deaf.len()).map(score).collect::<Vec<_>>())
        })
        .collect();
    let first_of = |keeps: &dyn Fn(&Prepared<'_>) -> bool| {
        let mut examples = Vec::new();
        for (page, rows) in pages.iter().zip(&rows).filter(|(page, _)| keeps(page) && is_for_trees(page)) {
            for (row, label) in rows.iter().zip(&page.labels) {
                if let (Some(row), Some(is_noise)) = (row, label) {
                    examples.push(Example { row, is_noise: *is_noise, weight: page.tree_weight(), start: 0.0 });
                }
            }
        }
        let growth = Growth {
            trees: 220,
            leaves: 20,
            rate: 0.08,
            columns: 0.5,
            rows: 0.6,
            least: 4.0,
            damping: 8.0,
            seed: SEED,
        };
        boost::grow(&examples, &(0..FIRST_PASS).collect::<Vec<_>>(), true, growth)
    };
    let first = first_of(&|_| true);
    let inner_first: Vec<_> = (0..INNER).map(|part| first_of(&|page| inner(page) != part)).collect();
    let mut rows = rows;
    let mut starts = Vec::new();
    for (page, rows) in pages.iter().zip(&mut rows) {
        let forest = &inner_first[inner(page) as usize];
        let score = |row: &Option<Row>| row.as_ref().map_or(dechaff::check::classifier::NEVER, |row| forest.score(row));
        let scores: Vec<f32> = rows.iter().map(score).collect();
        page.deaf.add_scores(rows, &scores);
        starts.push(scores);
    }
    let mut examples = Vec::new();
    for ((page, rows), starts) in pages.iter().zip(&rows).zip(&starts).filter(|((page, _), _)| is_for_trees(page)) {
        for ((row, label), &start) in rows.iter().zip(&page.labels).zip(starts) {
            if let (Some(row), Some(is_noise), true) = (row, label, start > HOPELESS) {
                examples.push(Example { row, is_noise: *is_noise, weight: page.tree_weight(), start });
            }
        }
    }
    let growth =
        Growth { trees: 80, leaves: 12, rate: 0.06, columns: 0.6, rows: 0.7, least: 4.0, damping: 8.0, seed: SEED };
    let second = boost::grow(&examples, &(0..FEATURES).collect::<Vec<_>>(), false, growth);
    Model { words, first, second }
}

fn learn_words(pages: &[&Prepared<'_>]) -> Words {
    let mut lines = Vec::new();
    for page in pages {
        for (unit, label) in page.labels.iter().enumerate() {
            if let (Some(is_noise), true) = (*label, page.whole.is_candidate(unit)) {
                lines.push(Line {
                    buckets: page.whole.buckets(unit),
                    is_noise,
                    weight: page.weight,
                    domain: page.domain,
                });
            }
        }
    }
    linear::learn(&lines, SEED)
}

/// The scores of a page's lines, where the model may report them.
fn judge(model: &Model, survey: &Survey, page: &Prepared<'_>) -> Vec<Option<f32>> {
    let mut scores = vec![None; page.spans.len()];
    if is_known_ground(survey) {
        for (unit, score) in model.judge(survey).scores.into_iter().enumerate() {
            if survey.may_report(unit) {
                scores[page.lines[unit]] = Some(score);
            }
        }
    }
    scores
}

/// A page with what models say of it that were not trained on its site.
struct Judged<'p> {
    track: &'p str,
    page: &'p Prepared<'p>,
    /// With all rules running.
    scores: Vec<Option<f32>>,
    /// With no rule running but the classifier's own.
    bare: Vec<Option<f32>>,
    /// From a model that was not trained on its source.
    foreign: Vec<Option<f32>>,
}

/// An operating point: what it is called, and which lines it flags.
type Point<'t> = (&'t str, Box<dyn Fn(&Judged<'_>, usize) -> bool + 't>);

/// Which pages a model is trained on.
type Keeps = Box<dyn Fn(&Prepared<'_>) -> bool + Sync + Send>;

/// Where models are kept that were trained without some of the pages.
const FOLDS_FOLDER: &str = "target/folds";

fn prepare_all(tracks: &[(String, Vec<Page>)]) -> Result<Vec<(&str, Prepared<'_>)>> {
    let mut prepared = Vec::new();
    for (track, pages) in tracks {
        let weight = match track.as_str() {
            "residue-txt" => 1.0,
            "residue-md" => 0.4,
            _ => 0.06,
        };
        prepared.extend(prepare(pages, weight)?.into_iter().map(|page| (track.as_str(), page)));
    }
    Ok(prepared)
}

/// Trains on the pages below `folder` and writes the weights, and those of models that lack a fold or a source each.
pub(crate) fn run(folder: &Path) -> Result<()> {
    let tracks = pages::read(folder)?;
    let prepared = prepare_all(&tracks)?;
    let pages: Vec<&Prepared<'_>> =
        prepared.iter().map(|(_, page)| page).filter(|page| SOURCES.contains(&page.page.source.as_str())).collect();
    fs::create_dir_all(FOLDS_FOLDER)?;
    let mut jobs: Vec<(String, Keeps)> = Vec::new();
    jobs.push((WEIGHTS.into(), Box::new(|_| true)));
    for part in 0..FOLDS {
        jobs.push((format!("{FOLDS_FOLDER}/fold-{part}.bin"), Box::new(move |page| fold(page.domain) != part)));
    }
    for source in SOURCES {
        jobs.push((format!("{FOLDS_FOLDER}/without-{source}.bin"), Box::new(move |page| page.page.source != *source)));
    }
    jobs.par_iter().try_for_each(|(path, keeps)| {
        let pages: Vec<&Prepared<'_>> = pages.iter().copied().filter(|page| keeps(page)).collect();
        Ok(fs::write(path, train(&pages).encode())?)
    })
}

/// Says what models do on sites or sources that they were not trained on; `run` made them.
pub(crate) fn report(folder: &Path, all_false: bool) -> Result<String> {
    let load = |name: String| -> Result<Model> {
        let path = format!("{FOLDS_FOLDER}/{name}.bin");
        Model::decode(&fs::read(&path)?)
            .with_context(|| format!("{path} is of another version: run `cargo xtask train`"))
    };
    let of_fold: Vec<Model> = (0..FOLDS).map(|part| load(format!("fold-{part}"))).collect::<Result<_>>()?;
    let of_source: Vec<Model> =
        SOURCES.iter().map(|source| load(format!("without-{source}"))).collect::<Result<_>>()?;
    let tracks = pages::read(folder)?;
    let prepared = prepare_all(&tracks)?;
    let judged: Vec<Judged<'_>> = prepared
        .par_iter()
        .map(|(track, page)| {
            let model = &of_fold[fold(page.domain) as usize];
            let foreign = SOURCES.iter().position(|source| page.page.source == *source).map(|at| &of_source[at]);
            Judged {
                track,
                page,
                scores: judge(model, &page.whole, page),
                bare: judge(model, &page.bare, page),
                foreign: judge(foreign.unwrap_or(model), &page.whole, page),
            }
        })
        .collect();
    let mut out = tables(&judged, all_false)?;
    let pages: Vec<&Page> = judged.iter().filter(|one| one.track == "residue-txt").map(|one| one.page.page).collect();
    let model_of = |page: &Page| &of_fold[fold(hash(&page.domain)) as usize];
    out.push_str("\n## Pages with nothing but content, out of fold\n\n");
    out.push_str(&crate::clean::report(&pages, model_of, [odds_of("BP901")?, odds_of("BP902")?])?);
    Ok(out)
}

/// The log odds at which a rule of the classifier reports.
fn odds_of(code: &str) -> Result<f32> {
    let registry = Registry::embedded()?;
    match &registry.find(code)?.parameters {
        Parameters::Classifier(point) => Ok((point.least_probability / (1.0 - point.least_probability)).ln()),
        other => bail!("{code} is of the kind {}", other.kind()),
    }
}

fn tables(judged: &[Judged<'_>], all_false: bool) -> Result<String> {
    let (strict, sensitive) = (odds_of("BP901")?, odds_of("BP902")?);
    let at = |scores: &[Option<f32>], line: usize, odds: f32| scores[line].is_some_and(|score| score >= odds);
    let points: Vec<Point<'_>> = vec![
        ("named rules", Box::new(|one, line| one.page.named[line])),
        ("named rules, safe fixes", Box::new(|one, line| one.page.named_safe[line])),
        ("BP901, what no named rule takes", Box::new(|one, line| at(&one.scores, line, strict))),
        ("BP902, what no named rule takes", Box::new(|one, line| at(&one.scores, line, sensitive))),
        ("BP901 with no other rule running", Box::new(|one, line| at(&one.bare, line, strict))),
        ("BP902 with no other rule running", Box::new(|one, line| at(&one.bare, line, sensitive))),
        (
            "strict: safe fixes and BP901",
            Box::new(|one, line| one.page.named_safe[line] || at(&one.scores, line, strict)),
        ),
        (
            "default: named rules, BP901, BP902",
            Box::new(|one, line| one.page.named[line] || at(&one.scores, line, sensitive)),
        ),
        (
            "default, the source left out of training",
            Box::new(|one, line| one.page.named[line] || at(&one.foreign, line, sensitive)),
        ),
    ];
    let mut out = String::new();
    for track in ["residue-txt", "residue-md", "full"] {
        let pages: Vec<&Judged<'_>> = judged.iter().filter(|one| one.track == track).collect();
        let _ = writeln!(
            out,
            "## {track}, out of fold\n\n| point | language | source | mixed | {}",
            HEAD.replacen("|---", "|---|---|---|---|---", 1)
        );
        for (name, flags) in &points {
            let mut tallies: BTreeMap<(bool, &str, bool, &str), (Tally, usize)> = BTreeMap::new();
            for one in &pages {
                let flagged: Vec<bool> = (0..one.page.spans.len()).map(|line| flags(one, line)).collect();
                let page = one.page.page;
                let mixed = page.lines.iter().filter(|line| line.label == Label::Mixed && flagged[line.n - 1]).count();
                for source in ["all", &page.source] {
                    let key = (page.lang != "en", page.lang.as_str(), source != "all", source);
                    let (tally, all_mixed) = tallies.entry(key).or_default();
                    tally.add(page, &one.page.spans, &flagged);
                    *all_mixed += mixed;
                }
            }
            for ((_, lang, is_source, source), (tally, mixed)) in tallies {
                // Of most languages there is one source.
                if lang == "en" || !is_source {
                    let _ = writeln!(out, "| {name} | {lang} | {source} | {mixed} | {tally}");
                }
            }
        }
        out.push('\n');
    }
    out.push_str(&thresholds(judged));
    let counts = counts(judged, strict, sensitive);
    crate::eval::record(&counts)?;
    let mut wrong: Vec<_> = counts.iter().filter(|(_, label, ..)| *label == Label::Content).collect();
    wrong.sort_by_key(|(code, ..)| code.clone());
    let quoted = if all_false { 200 } else { 60 };
    out.push_str("\nContent that BP901 flags, out of fold:\n\n");
    for (code, _, id, line, text) in wrong.into_iter().filter(|(code, ..)| all_false || code == "BP901") {
        let _ = writeln!(out, "- {code} {id}:{line}: {}", text.chars().take(quoted).collect::<String>());
    }
    Ok(out)
}

/// The labelled English lines that each rule of the classifier flags, the named rules running too.
fn counts<'p>(judged: &[Judged<'p>], strict: f32, sensitive: f32) -> Vec<Count<'p>> {
    let mut counts = Vec::new();
    for one in judged.iter().filter(|one| one.track == "residue-txt" && one.page.page.lang == "en") {
        for line in &one.page.page.lines {
            let Some(score) = one.scores[line.n - 1].filter(|score| *score >= sensitive) else { continue };
            let code = if score >= strict { "BP901" } else { "BP902" };
            let text = one.page.page.text.get(one.page.spans[line.n - 1].range()).unwrap_or("").trim();
            counts.push((code.to_owned(), line.label, one.page.page.id.as_str(), line.n, text));
        }
    }
    counts
}

/// What other operating points would do: named rules and the model at each probability.
fn thresholds(judged: &[Judged<'_>]) -> String {
    let mut out = format!("| least probability | besides | mixed | {}\n", HEAD.replacen("|---", "|---|---|---|---", 1));
    for besides in ["named rules", "nothing", "nothing, no other rule running"] {
        for least in [0.2_f32, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99] {
            let odds = (least / (1.0 - least)).ln();
            let (mut tally, mut mixed) = (Tally::default(), 0);
            for one in judged.iter().filter(|one| one.track == "residue-txt" && one.page.page.lang == "en") {
                let flags = |line: usize| {
                    let scores = if besides.ends_with("running") { &one.bare } else { &one.scores };
                    scores[line].is_some_and(|score| score >= odds) || besides == "named rules" && one.page.named[line]
                };
                let flagged: Vec<bool> = (0..one.page.spans.len()).map(flags).collect();
                mixed +=
                    one.page.page.lines.iter().filter(|line| line.label == Label::Mixed && flagged[line.n - 1]).count();
                tally.add(one.page.page, &one.page.spans, &flagged);
            }
            let _ = writeln!(out, "| {least} | {besides} | {mixed} | {tally}");
        }
    }
    out
}
