//! Trains the classifier, and models that lack some of the pages.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use dechaff::check::classifier::{
    BUCKET_BITS, FEATURES, FIRST_PASS, HOPELESS, Model, Row, Survey, Words,
};
use rayon::prelude::*;

use crate::boost::{self, Example, Growth};
use crate::linear::{self, Line};
use crate::pages;
use crate::prepare::{Prepared, SEED, prepare};

/// The sets whose licences ask for no more than attribution.
pub(crate) const SOURCES: &[&str] = &["aeb", "news4k", "wcxb"];
const FOLDS: u64 = 5;
const WEIGHTS: &str = "src/check/classifier/weights.bin";
/// Where models are kept that were trained without some of the pages, and a copy of the weights
/// that were trained with them.
const FOLDER: &str = "target/folds";

/// Which of the folds a site is in.
pub(crate) fn fold(domain: u64) -> usize {
    ((domain >> 20) % FOLDS) as usize
}

/// Trains on the pages below `folder` and writes the weights, and those of models that lack a fold
/// or a source each.
pub(crate) fn run(folder: &Path) -> Result<()> {
    let tracks = pages::read(folder)?;
    train_all(&prepare(&tracks)?)
}

fn train_all(pages: &[Prepared<'_>]) -> Result<()> {
    /// Which pages a model is trained on.
    type Keeps = Box<dyn Fn(&Prepared<'_>) -> bool + Sync + Send>;
    let mut jobs: Vec<(String, Keeps)> = vec![("whole".into(), Box::new(|_| true))];
    for part in 0..FOLDS as usize {
        jobs.push((format!("fold-{part}"), Box::new(move |page| fold(page.domain) != part)));
    }
    for source in SOURCES {
        jobs.push((format!("without-{source}"), Box::new(move |page| page.page.source != *source)));
    }
    fs::create_dir_all(FOLDER)?;
    let may_train = |page: &&Prepared<'_>| SOURCES.contains(&page.page.source.as_str());
    jobs.par_iter().try_for_each(|(name, keeps)| {
        let pages: Vec<&Prepared<'_>> =
            pages.iter().filter(may_train).filter(|page| keeps(page)).collect();
        fs::write(format!("{FOLDER}/{name}.bin"), train(&pages)?.encode())?;
        anyhow::Ok(())
    })?;
    fs::copy(format!("{FOLDER}/whole.bin"), WEIGHTS)?;
    Ok(())
}

/// Models that were trained without some of the pages.
pub(crate) struct Held {
    of_fold: Vec<Model>,
    of_source: Vec<Model>,
}

impl Held {
    /// Those beside the weights that the program has.
    pub(crate) fn load() -> Result<Self> {
        let read = |name: String| -> Result<Vec<u8>> {
            let path = format!("{FOLDER}/{name}.bin");
            fs::read(&path).with_context(|| format!("no {path}: run `cargo xtask train DIR`"))
        };
        let model = |name: String| {
            Model::decode(&read(name)?).context("old weights: run `cargo xtask train DIR`")
        };
        anyhow::ensure!(
            read("whole".into())? == fs::read(WEIGHTS)?,
            "other weights: run `cargo xtask train DIR`"
        );
        Ok(Self {
            of_fold: (0..FOLDS).map(|part| model(format!("fold-{part}"))).collect::<Result<_>>()?,
            of_source: SOURCES
                .iter()
                .map(|source| model(format!("without-{source}")))
                .collect::<Result<_>>()?,
        })
    }

    /// The model that was not trained on a page's site.
    pub(crate) fn without_site(&self, page: &Prepared<'_>) -> &Model {
        &self.of_fold[fold(page.domain)]
    }

    /// The model that was not trained on a page's source.
    pub(crate) fn without_source(&self, page: &Prepared<'_>) -> &Model {
        let of_source = SOURCES
            .iter()
            .position(|source| page.page.source == *source)
            .map(|at| &self.of_source[at]);
        of_source.unwrap_or(self.without_site(page))
    }
}

impl Prepared<'_> {
    /// Trees learn little from whole pages, and take long over them: a third are enough, for three
    /// times the weight.
    fn tree_weight(&self) -> f32 {
        if self.weight < 0.1 { 3.0 * self.weight } else { self.weight }
    }
}

fn is_for_trees(page: &Prepared<'_>) -> bool {
    page.weight >= 0.1 || (page.domain >> 50).is_multiple_of(3)
}

/// How much a page counts that the model cannot read.
const FOREIGN_WEIGHT: f32 = 0.15;

/// What to change in the number of each bucket so that a page's words are other ones.
fn foreign(page: &Prepared<'_>) -> u32 {
    (page.domain >> 8) as u32 & ((1 << BUCKET_BITS) - 1)
}

/// What the first pass knows of a page, whose words are other ones by `other`.
fn first_rows(survey: &Survey, words: &Words, other: impl Fn(u32) -> u32) -> Vec<Option<Row>> {
    let score = |unit| {
        let buckets: Vec<u32> = survey.buckets(unit).iter().map(|&bucket| other(bucket)).collect();
        if survey.is_candidate(unit) { words.score(&buckets) } else { 0.0 }
    };
    let scores: Vec<f32> = (0..survey.len()).map(score).collect();
    survey.features(&scores, survey.familiar(|bucket| words.is_known(other(bucket))))
}

/// Trains a model on `pages`.
fn train(pages: &[&Prepared<'_>]) -> Result<Model> {
    const INNER: u64 = 4;
    let inner = |page: &Prepared<'_>| (page.domain >> 40) % INNER;
    let words = learn_words(pages);
    // What the trees learn from must be what they will see: judgements of pages that the judge was
    // not trained on.
    let inner_words: Vec<Words> = (0..INNER)
        .into_par_iter()
        .map(|part| {
            learn_words(
                &pages.iter().copied().filter(|page| inner(page) != part).collect::<Vec<_>>(),
            )
        })
        .collect();
    // Each page stands twice: as it is, and as if it were in a language that the model cannot read.
    let sheets: Vec<(&Prepared<'_>, u32, f32)> = pages
        .iter()
        .flat_map(|&page| [(page, 0, 1.0), (page, foreign(page), FOREIGN_WEIGHT)])
        .collect();
    let rows: Vec<Vec<Option<Row>>> = sheets
        .par_iter()
        .map(|(page, cipher, _)| {
            first_rows(&page.deaf, &inner_words[inner(page) as usize], |bucket| bucket ^ cipher)
        })
        .collect();
    let first_of = |keeps: &dyn Fn(&Prepared<'_>) -> bool| {
        let mut examples = Vec::new();
        for ((page, _, weight), rows) in sheets.iter().zip(&rows) {
            let labels = page.labels.iter().filter(|_| keeps(page) && is_for_trees(page));
            for (row, label) in rows.iter().zip(labels) {
                if let (Some(row), Some(is_noise)) = (row, label) {
                    let weight = weight * page.tree_weight();
                    examples.push(Example { row, is_noise: *is_noise, weight, start: 0.0 });
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
    let first = first_of(&|_| true)?;
    let inner_first =
        (0..INNER).map(|part| first_of(&|page| inner(page) != part)).collect::<Result<Vec<_>>>()?;
    let mut rows = rows;
    let mut starts = Vec::new();
    for ((page, _, _), rows) in sheets.iter().zip(&mut rows) {
        let forest = &inner_first[inner(page) as usize];
        let score = |row: &Option<Row>| {
            row.as_ref().map_or(dechaff::check::classifier::NEVER, |row| forest.score(row))
        };
        let scores: Vec<f32> = rows.iter().map(score).collect();
        page.deaf.add_scores(rows, &scores);
        starts.push(scores);
    }
    let mut examples = Vec::new();
    for (((page, _, weight), rows), starts) in sheets.iter().zip(&rows).zip(&starts) {
        if !is_for_trees(page) {
            continue;
        }
        for ((row, label), &start) in rows.iter().zip(&page.labels).zip(starts) {
            if let (Some(row), Some(is_noise), true) = (row, label, start > HOPELESS) {
                let weight = weight * page.tree_weight();
                examples.push(Example { row, is_noise: *is_noise, weight, start });
            }
        }
    }
    let growth = Growth {
        trees: 80,
        leaves: 12,
        rate: 0.06,
        columns: 0.6,
        rows: 0.7,
        least: 4.0,
        damping: 8.0,
        seed: SEED,
    };
    let second = boost::grow(&examples, &(0..FEATURES).collect::<Vec<_>>(), false, growth)?;
    Ok(Model { words, first, second })
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
