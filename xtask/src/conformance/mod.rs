//! Compares measures with the implementations that they reproduce, on real pages, and keeps the
//! result in docs/measures.md.
//!
//! Most implementations are installed from PyPI into virtual environments below `target/`, and run
//! unmodified by `scripts/conformance.py`. Others run from a checkout, or have been run before and
//! their results are a file. The strings in their filter tests are compared as well.

mod references;
mod report;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use dechaff::check::Parameters;
use dechaff::check::measure::{self, MeasureColumns, MeasureValue};
use dechaff::rule::{Registry, Rule};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use references::{REFERENCES, Reference};
use report::{Comparisons, report};

/// Maximum number of pages. More are sampled evenly.
const MAX_PAGES: usize = 1_200;
/// Maximum number of pages of each language other than English, for the sets of that language.
const MAX_PAGES_PER_LANGUAGE: usize = 100;
/// The set whose thresholds depend on the language, which follows its name in results.
const LANGUAGE_SET: &str = "fineweb2";
/// The page with the results.
const PAGE: &str = "docs/measures.md";
/// The lines around the results on that page.
const MARKS: [&str; 2] = ["<!-- conformance -->", "<!-- end of conformance -->"];

/// Minimum measuring time; pages are measured repeatedly until then. Processor time is counted in
/// ticks.
const MIN_TIME: Duration = Duration::from_millis(300);

/// The result of an implementation for a page and a set.
#[derive(Deserialize)]
struct Outcome {
    failed: Option<String>,
    values: BTreeMap<String, f64>,
}

/// A page, as stored in the files.
#[derive(Deserialize)]
struct Page {
    text: String,
    /// Language, by ISO 639-1.
    lang: Option<String>,
}

/// The result of one set on all pages.
#[derive(Default)]
struct Comparison {
    pages: usize,
    /// The size of their text.
    bytes: usize,
    /// Number of pages with the same decision.
    decisions: usize,
    /// Number of pages with the same first threshold, or none.
    reasons: usize,
    /// By measure: the number of values, how many differ, and the greatest difference.
    values: BTreeMap<String, (usize, usize, f64)>,
    /// Values that differ by less are equal.
    tolerance: f64,
    own_seconds: f64,
    reference_seconds: f64,
    /// The implementation and its version.
    reference: String,
}

/// Compares all sets on the pages below `folder`, with the checkouts and results in `sources`.
/// Returns a report.
pub(crate) fn run(folder: &Path, sources: Option<&Path>) -> Result<String> {
    let registry = Registry::embedded()?;
    let texts = read_pages(folder, &registry)?;
    ensure!(
        !texts.is_empty(),
        "{}: no pages; give JSON Lines with a field `text`",
        folder.display()
    );
    let target = Path::new("target").join("conformance");
    fs::create_dir_all(&target)?;
    let pages = target.join("pages.jsonl");
    let mut file = File::create(&pages)?;
    for Page { text, lang } in &texts {
        writeln!(file, "{}", serde_json::json!({ "text": text, "lang": lang }))?;
    }
    drop(file);
    fs::write(target.join("sets.json"), parameters(&registry)?)?;
    let (mut of_pages, mut of_tests) = (Comparisons::new(), Comparisons::new());
    for reference in &REFERENCES {
        if let Some(results) = reference.run(&target, &pages, sources)? {
            compare(reference, &results, &texts, &registry, &mut of_pages)?;
        }
        let Some(tests) = reference.test_texts(&target, sources)? else { continue };
        let lines = fs::read_to_string(&tests)?;
        let texts = lines.lines().map(serde_json::from_str).collect::<Result<Vec<Page>, _>>()?;
        if let Some(results) = reference.run(&target, &tests, sources)? {
            compare(reference, &results, &texts, &registry, &mut of_tests)?;
        }
    }
    let report = report(&of_pages, &of_tests)?;
    let page = fs::read_to_string(PAGE)?;
    let parts = page
        .split_once(MARKS[0])
        .and_then(|(before, rest)| Some((before, rest.split_once(MARKS[1])?.1)));
    let Some((before, after)) = parts else { bail!("{PAGE} lacks the line {}", MARKS[0]) };
    fs::write(PAGE, format!("{before}{}\n\n{report}\n{}{after}", MARKS[0], MARKS[1]))?;
    Ok(report)
}

/// Returns the parameters of all sets by their names, for the script.
fn parameters(registry: &Registry) -> Result<String> {
    let mut sets = serde_json::Map::new();
    for rule in registry.rules() {
        if let Parameters::Measure(parameters) = &rule.parameters {
            for (language, parameters) in parameters.by_language() {
                let language = language.map(|code| format!("@{code}")).unwrap_or_default();
                let name = format!("{}{language}", rule.info.name);
                sets.insert(name, serde_json::to_value(parameters)?);
            }
        }
    }
    Ok(serde_json::to_string(&sets)?)
}

/// Reads the pages of the JSON Lines in `folder` and its subfolders: a sample, and more pages in
/// languages that have separate sets.
fn read_pages(folder: &Path, registry: &Registry) -> Result<Vec<Page>> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut pages = Vec::new();
    for path in files {
        let file = File::open(&path)?;
        let reader: Box<dyn Read> = match path.extension().is_some_and(|end| end == "gz") {
            true => Box::new(MultiGzDecoder::new(file)),
            false => Box::new(file),
        };
        for line in BufReader::new(reader).lines() {
            // The folder may contain other files.
            if let Ok(page) = serde_json::from_str::<Page>(&line?) {
                pages.push(page);
            }
        }
    }
    let step = pages.len().div_ceil(MAX_PAGES).max(1);
    let mut more: BTreeMap<&str, usize> = BTreeMap::new();
    for rule in registry.rules() {
        if let Parameters::Measure(parameters) = &rule.parameters {
            let languages = parameters.languages.keys();
            more.extend(languages.map(|code| (code.as_str(), MAX_PAGES_PER_LANGUAGE)));
        }
    }
    let is_kept = |(at, page): (usize, &Page)| {
        let left = page.lang.as_deref().and_then(|language| more.get_mut(language));
        let is_added = left.is_some_and(|left| std::mem::replace(left, left.saturating_sub(1)) > 0);
        is_added || at % step == 0
    };
    let kept: Vec<bool> = pages.iter().enumerate().map(is_kept).collect();
    Ok(pages.into_iter().zip(kept).filter(|(_, is_kept)| *is_kept).map(|(page, _)| page).collect())
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            collect(&entry?.path(), files)?;
        }
    } else if [".jsonl", ".jsonl.gz"].iter().any(|end| path.to_string_lossy().ends_with(end)) {
        files.push(path.to_owned());
    }
    Ok(())
}

/// Measures the pages with each set of an implementation, and compares.
fn compare(
    reference: &Reference,
    results: &[String],
    texts: &[Page],
    registry: &Registry,
    comparisons: &mut Comparisons,
) -> Result<()> {
    #[derive(Deserialize)]
    struct Times {
        seconds: BTreeMap<String, f64>,
    }
    let (last, lines) = results.split_last().context("no results")?;
    ensure!(lines.len() == texts.len(), "{} pages, {} results", texts.len(), lines.len());
    let seconds = serde_json::from_str::<Times>(last)?.seconds;
    let outcomes: Vec<BTreeMap<String, Outcome>> =
        lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
    for (set, reference_seconds) in seconds {
        let by_language = set.strip_prefix(LANGUAGE_SET).and_then(|rest| rest.strip_prefix('@'));
        let name = if by_language.is_some() { LANGUAGE_SET } else { &set };
        let rule = registry.find(name).map_err(|error| anyhow::anyhow!("{error}"))?;
        let columns = columns(rule, by_language)?;
        // Build lazily initialised tables before timing.
        columns.measure("One sentence.", None);
        let measured: Vec<(&Page, &Outcome)> = texts
            .iter()
            .zip(&outcomes)
            .filter_map(|(page, outcomes)| Some((page, outcomes.get(&set)?)))
            .collect();
        let measure = || -> Vec<Vec<MeasureValue>> {
            measured.iter().map(|(page, _)| columns.measure(&page.text, None)).collect()
        };
        let rows = measure();
        let start = ProcessorTime::now();
        let mut rounds = 0_u32;
        while rounds == 0 || start.elapsed() < MIN_TIME {
            measure();
            rounds += 1;
        }
        let mut comparison = Comparison {
            own_seconds: start.elapsed().as_secs_f64() / f64::from(rounds),
            tolerance: reference.tolerance,
            reference_seconds,
            bytes: measured.iter().map(|(page, _)| page.text.len()).sum(),
            reference: reference.version.to_owned(),
            ..Comparison::default()
        };
        let names = columns.names();
        for (row, (_, outcome)) in rows.iter().zip(measured) {
            comparison.add(name, &names, row, outcome);
        }
        comparisons.insert(set.clone(), comparison);
    }
    Ok(())
}

/// Returns the columns of a set, in `language` if the set depends on it.
fn columns(rule: &Rule, language: Option<&str>) -> Result<MeasureColumns> {
    let Parameters::Measure(parameters) = &rule.parameters else {
        bail!("{} is no measure", rule.info.name)
    };
    let language = language.map(str::to_owned);
    let parameters = measure::Parameters { language, ..parameters.clone() };
    Ok(MeasureColumns::new([(rule.info.clone(), &parameters)]))
}

/// A point in the processor time of this thread, if Linux reports it, so that other work on the
/// machine does not count.
enum ProcessorTime {
    Thread(Duration),
    Wall(Instant),
}

impl ProcessorTime {
    fn now() -> Self {
        Self::of_thread().map_or_else(|| Self::Wall(Instant::now()), Self::Thread)
    }

    fn of_thread() -> Option<Duration> {
        let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let nanoseconds = statistics.split(' ').next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }

    fn elapsed(&self) -> Duration {
        match self {
            Self::Thread(start) => Self::of_thread().unwrap_or(*start).saturating_sub(*start),
            Self::Wall(start) => start.elapsed(),
        }
    }
}

impl Comparison {
    fn add(&mut self, set: &str, names: &[(String, bool)], row: &[MeasureValue], other: &Outcome) {
        self.pages += 1;
        for ((name, _), value) in names.iter().zip(row) {
            match value {
                MeasureValue::Language(_) => {}
                MeasureValue::Failed(failed) => {
                    self.decisions += usize::from(failed.is_some() == other.failed.is_some());
                    self.reasons += usize::from(*failed == other.failed);
                }
                MeasureValue::Number(value) => {
                    let name = name.strip_prefix(set).unwrap_or(name).trim_start_matches(':');
                    let Some(other) = other.values.get(name) else { continue };
                    let difference = (value.unwrap_or(f64::INFINITY) - other).abs();
                    let entry = self.values.entry(name.to_owned()).or_default();
                    entry.0 += 1;
                    if difference > self.tolerance {
                        entry.1 += 1;
                        entry.2 = entry.2.max(difference);
                    }
                }
            }
        }
    }
}
