//! The `classifier` kind: a statistical model over lines, for noise that no rule names.
//!
//! It weighs the shape, position, neighbors and words of a line, and the findings of the rules
//! before it. It only reports lines that no other rule flagged.
//! `docs/model.md` documents its training and accuracy.

mod features;
mod forest;
mod model;
mod prose;
mod reasons;
mod shape;
mod survey;
mod words;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use features::{FEATURES, Feature, Row};
pub use forest::{Forest, Node};
use model::NOT_JUDGED;
pub use model::{Model, PageScores, WordWeights};
pub use prose::Prose;
use prose::flagged;
pub use survey::{LineContext, LineRows, Survey};
pub use words::BUCKET_BITS;

use super::DocumentCheck;
use dechaff_findings::{Finding, FindingSink, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::Document;

/// The kind's name in rule files.
pub const NAME: &str = "classifier";

/// The built-in weights.
const WEIGHTS: &[u8] = include_bytes!("weights.bin");

/// An operating point.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// The minimum probability at which a line is reported, from 0 to 1.
    pub least_probability: f32,
}

impl Parameters {
    fn log_odds(&self) -> f32 {
        (self.least_probability / (1.0 - self.least_probability)).ln()
    }
}

/// Checks that the operating point is a probability.
///
/// # Errors
///
/// It is not between 0 and 1.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    if parameters.least_probability > 0.0 && parameters.least_probability < 1.0 {
        return Ok(());
    }
    let message = "`least-probability` is to be more than 0 and less than 1".into();
    Err(ParameterError { message, place: None })
}

/// Compiles all operating points into one check.
///
/// # Errors
///
/// The weights belong to another version of the program.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let message = || "the embedded weights do not fit this program: run training/train.py".into();
    let model =
        Model::decode(WEIGHTS).ok_or_else(|| ParameterError { message: message(), place: None })?;
    let mut points: Vec<(Arc<RuleInfo>, f32)> =
        rules.into_iter().map(|(rule, parameters)| (rule, parameters.log_odds())).collect();
    // The strictest rule that a line passes reports it.
    points.sort_by(|left, right| right.1.total_cmp(&left.1));
    Ok(Box::new(Classifier { model, points }))
}

struct Classifier {
    model: Model,
    points: Vec<(Arc<RuleInfo>, f32)>,
}

impl Classifier {
    /// Returns, for each unit, the rule that reports it, if any, and the log odds that it is noise.
    ///
    /// A heading is not reported if the text below it stays.
    fn reported(
        &self,
        survey: &Survey,
        judgement: &PageScores<'_>,
    ) -> Vec<Option<(&Arc<RuleInfo>, f32)>> {
        let mut reported = vec![None; survey.len()];
        let mut next_stays = false;
        for (unit, score) in judgement.scores.iter().enumerate().rev() {
            let is_judged = *score > NOT_JUDGED;
            let score = score - survey.caution(unit);
            let may_report = is_judged && survey.may_report(unit);
            if may_report && !(next_stays && survey.is_heading(unit)) {
                let point = self.points.iter().find(|(_, least)| score >= *least);
                reported[unit] = point.map(|(rule, _)| (rule, score));
            }
            next_stays = reported[unit].is_none() && !survey.is_flagged(unit);
        }
        reported
    }
}

impl DocumentCheck for Classifier {
    fn warm_up(&self) {
        shape::warm_up();
    }

    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        let is_flagged = flagged(document, findings.iter());
        let survey = Survey::among(document, &is_flagged);
        let judgement = self.model.judge(&survey);
        let points = self.reported(&survey, &judgement);
        for (unit, point) in points.into_iter().enumerate() {
            let Some((rule, score)) = point else { continue };
            let Some(row) = judgement.rows.row(unit) else { continue };
            let span = survey.content(unit);
            let words =
                Survey::heavy_words(document.slice(span), |bucket| self.model.words.weight(bucket));
            let reasons = reasons::reasons(&row, &self.model.explain(&row), &words);
            let mut finding = Finding::with_deletion(rule, document, span);
            finding.label = (!reasons.is_empty()).then(|| reasons.join(", "));
            let probability = 1.0 / (1.0 + (-score).exp());
            finding.notes.push(format!("probability {probability:.2}").into());
            finding.probability = Some(probability);
            findings.push(finding);
        }
    }
}
