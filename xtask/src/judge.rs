//! What the rules and the classifier say of a page, the latter by models that were not trained on
//! its site.

use anyhow::{Result, bail};
use dechaff::check::Parameters;
use dechaff::check::classifier::{Model, Survey};
use dechaff::rule::Registry;
use rayon::prelude::*;

use crate::prepare::Prepared;
use crate::train::Held;

/// Log odds that a line is noise; `None` where the classifier reports nothing.
type Scores = Vec<Option<f32>>;

/// A page with what models say of it.
pub(crate) struct Judged<'p> {
    pub(crate) page: &'p Prepared<'p>,
    /// With all rules running.
    pub(crate) scores: Scores,
    /// With half of the rules running.
    pub(crate) half: Scores,
    /// With no rule running but the classifier's own.
    pub(crate) bare: Scores,
    /// From a model that was not trained on its source.
    pub(crate) foreign: Scores,
}

/// Judges pages by models that lack them.
pub(crate) fn judge<'p>(pages: &'p [Prepared<'p>], held: &Held) -> Vec<Judged<'p>> {
    let judge = |page: &'p Prepared<'p>| {
        let model = held.without_site(page);
        Judged {
            page,
            scores: scores(model, &page.whole, page),
            half: scores(model, &page.half, page),
            bare: scores(model, &page.bare, page),
            foreign: scores(held.without_source(page), &page.whole, page),
        }
    };
    pages.par_iter().map(judge).collect()
}

fn scores(model: &Model, survey: &Survey, page: &Prepared<'_>) -> Scores {
    let mut scores = vec![None; page.spans.len()];
    if survey.prose().is_known_ground() {
        for (unit, score) in model.judge(survey).scores.into_iter().enumerate() {
            if survey.may_report(unit) {
                scores[page.lines[unit]] = Some(score - survey.caution(unit));
            }
        }
    }
    scores
}

/// The rules of the classifier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Odds {
    /// The log odds at which the strict one reports.
    pub(crate) strict: f32,
    /// The log odds at which the sensitive one reports.
    pub(crate) sensitive: f32,
    /// The least at which one reports that runs by default.
    pub(crate) default: f32,
}

impl Odds {
    /// As the rule files have them.
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

/// The log odds of a probability.
pub(crate) fn odds(probability: f32) -> f32 {
    (probability / (1.0 - probability)).ln()
}
