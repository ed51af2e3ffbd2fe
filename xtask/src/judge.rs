//! The judgement of the rules and the classifier on a page. The classifier uses models that were
//! not trained on the page's site.

use std::fs;

use anyhow::{Context, Result, bail};
use dechaff::check::Parameters;
use dechaff::check::classifier::{Model, Survey};
use dechaff::rule::Registry;
use dechaff::text::{
    PAGE_FEATURE_COUNT, PAGE_KIND_COUNT, PageFeatures, PageKindEstimate, PageKindWeights,
};
use rayon::prelude::*;

use crate::prepare::Prepared;

/// The number of folds by web site.
const FOLDS: usize = 5;
/// Where `training/train.py` writes the models trained without one fold each.
const FOLDER: &str = "target/folds";

/// The models trained without one fold each.
pub(crate) struct HeldOutModels {
    models: Vec<Model>,
}

/// The page kind weights trained without one fold each, or the built-in ones if there are none yet.
pub(crate) struct HeldOutKinds {
    weights: Vec<PageKindWeights>,
}

impl HeldOutKinds {
    /// Reads the weights.
    pub(crate) fn load() -> Self {
        let read = |fold: usize| {
            let bytes = fs::read(format!("{FOLDER}/kinds-{fold}.bin")).ok()?;
            let mut values =
                bytes.chunks_exact(4).map(|bytes| Some(f32::from_le_bytes(bytes.try_into().ok()?)));
            let mut weights = [(0.0, [0.0; PAGE_FEATURE_COUNT]); PAGE_KIND_COUNT];
            for (bias, weights) in &mut weights {
                *bias = values.next()??;
                for weight in weights {
                    *weight = values.next()??;
                }
            }
            Some(weights)
        };
        Self { weights: (0..FOLDS).map_while(read).collect() }
    }

    /// Estimates the kind of a page with weights that were not trained on its site.
    pub(crate) fn estimate(&self, domain: &str, profile: &PageFeatures) -> PageKindEstimate {
        match self.weights.get(fold(domain)) {
            Some(weights) => PageKindEstimate::with_weights(profile, weights),
            None => PageKindEstimate::from_features(profile),
        }
    }
}

impl HeldOutModels {
    /// Reads the models.
    pub(crate) fn load() -> Result<Self> {
        let model = |fold: usize| {
            let path = format!("{FOLDER}/fold-{fold}.bin");
            let bytes =
                fs::read(&path).with_context(|| format!("no {path}: run training/train.py"))?;
            Model::decode(&bytes)
                .with_context(|| format!("{path} is of another version: run training/train.py"))
        };
        Ok(Self { models: (0..FOLDS).map(model).collect::<Result<_>>()? })
    }

    /// Returns the model that was not trained on a page's site.
    pub(crate) fn without_site(&self, page: &Prepared<'_>) -> &Model {
        &self.models[fold(&page.page.domain)]
    }
}

/// Returns the fold of a web site, as in `training/train.py`.
fn fold(domain: &str) -> usize {
    let sum =
        domain.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    (sum % 9973) as usize % FOLDS
}

/// The log odds that each line is noise; `None` if the classifier does not score it.
type Scores = Vec<Option<f32>>;

/// A page with its scores.
pub(crate) struct Judged<'p> {
    pub(crate) page: &'p Prepared<'p>,
    /// With all rules running.
    pub(crate) scores: Scores,
    /// With half of the rules running.
    pub(crate) half: Scores,
    /// With no rules except the classifier's.
    pub(crate) bare: Scores,
}

/// Judges pages with models that were not trained on them.
pub(crate) fn judge<'p>(pages: &'p [Prepared<'p>], held: &HeldOutModels) -> Vec<Judged<'p>> {
    let judge = |page: &'p Prepared<'p>| {
        let model = held.without_site(page);
        Judged {
            page,
            scores: scores(model, &page.whole, page),
            half: scores(model, &page.half, page),
            bare: scores(model, &page.bare, page),
        }
    };
    pages.par_iter().map(judge).collect()
}

fn scores(model: &Model, survey: &Survey, page: &Prepared<'_>) -> Scores {
    let mut scores = vec![None; page.spans.len()];
    for (unit, score) in model.judge(survey).scores.into_iter().enumerate() {
        if survey.may_report(unit) {
            scores[page.lines[unit]] = Some(score - survey.caution(unit));
        }
    }
    scores
}

/// The rules of the classifier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Odds {
    /// The threshold of the strict rule, in log odds.
    pub(crate) strict: f32,
    /// The threshold of the sensitive rule, in log odds.
    pub(crate) sensitive: f32,
    /// The lowest threshold of a default rule.
    pub(crate) default: f32,
}

impl Odds {
    /// The rules as in the rule files.
    pub(crate) fn read() -> Result<Self> {
        let registry = Registry::embedded()?;
        let mut default = f32::INFINITY;
        let mut odds_of =
            |code: &str| match (&registry.find(code)?.parameters, registry.find(code)?.default) {
                (Parameters::Classifier(point), runs) => {
                    let odds = odds(point.least_probability);
                    default = if runs { odds.min(default) } else { default };
                    Ok(odds)
                }
                (other, _) => bail!("{code} is of the kind {}", other.kind()),
            };
        let (strict, sensitive) = (odds_of("BP901")?, odds_of("BP902")?);
        Ok(Self { strict, sensitive, default })
    }
}

/// Converts a probability to log odds.
pub(crate) fn odds(probability: f32) -> f32 {
    (probability / (1.0 - probability)).ln()
}
