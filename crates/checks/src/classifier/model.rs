//! The model: weights of words, and boosted trees over the features of a line.

use super::features::{FEATURES, Row};
use super::forest::{Forest, take};
use super::survey::{LineRows, Survey};
use super::words::BUCKET_BITS;

/// Begins a file of weights; ends in the version of its format.
const MAGIC: &[u8; 8] = b"dechaff3";

/// Weights, and what they mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// What the words of a line say.
    pub words: WordWeights,
    /// What a line and its surroundings say.
    pub trees: Forest,
}

/// Weights of words and of pairs of words.
#[derive(Debug, Clone, PartialEq)]
pub struct WordWeights {
    /// The log odds of a line without words.
    pub bias: f32,
    /// What a weight of 1 stands for.
    pub scale: f32,
    /// The weight of each bucket.
    pub weights: Vec<i8>,
}

/// What the model says of a document's lines.
pub struct PageScores<'s> {
    /// What is known of each unit.
    pub rows: LineRows<'s>,
    /// The log odds that each is noise; -9 for what is not looked at.
    pub scores: Vec<f32>,
}

impl WordWeights {
    /// The log odds that a line with these buckets of grams and phrases is noise.
    pub fn score(&self, [grams, phrases]: [&[u32]; 2]) -> f32 {
        self.bias + self.evidence(grams) + self.evidence(phrases)
    }

    /// The sum of the weights of `buckets`, over the square root of their number.
    pub fn evidence(&self, buckets: &[u32]) -> f32 {
        let sum: f32 = buckets.iter().map(|&bucket| self.weight(bucket)).sum();
        sum / (buckets.len().max(1) as f32).sqrt()
    }

    /// Whether a bucket has a weight.
    pub fn is_known(&self, bucket: u32) -> bool {
        self.weights.get(bucket as usize).is_some_and(|weight| *weight != 0)
    }

    /// The weight of a bucket.
    pub fn weight(&self, bucket: u32) -> f32 {
        self.scale * f32::from(self.weights.get(bucket as usize).copied().unwrap_or(0))
    }
}

/// The model does not judge running text whose words give it lower log odds: one line in 200 of
/// what the trees would report, at half of their cost.
const HOPELESS: f32 = -2.5;
/// The log odds of a line that the model does not judge.
pub(super) const NOT_JUDGED: f32 = -9.0;
/// Lines that are judged together.
const BATCH: usize = 1024;

impl Model {
    /// Judges the lines of a document.
    pub fn judge<'s>(&self, survey: &'s Survey) -> PageScores<'s> {
        let words = self.word_scores(survey);
        let hopeless: Vec<bool> = words.iter().map(|score| *score < HOPELESS).collect();
        let is_hopeless = |unit: usize| survey.is_prose(unit) && hopeless[unit];
        let familiar = survey.familiar(|bucket| self.words.is_known(bucket));
        let rows = LineRows::new(survey, words, familiar);
        let mut scores = vec![NOT_JUDGED; survey.len()];
        let judged: Vec<usize> = (0..survey.len()).filter(|&unit| !is_hopeless(unit)).collect();
        for units in judged.chunks(BATCH) {
            let (units, batch): (Vec<usize>, Vec<Row>) =
                units.iter().filter_map(|&unit| Some((unit, rows.row(unit)?))).unzip();
            for (unit, score) in units.into_iter().zip(self.trees.scores(&batch)) {
                scores[unit] = score;
            }
        }
        PageScores { rows, scores }
    }

    /// What the words of each unit say; 0 for what is not looked at.
    pub fn word_scores(&self, survey: &Survey) -> Vec<f32> {
        let score = |unit| {
            if survey.is_candidate(unit) { self.words.score(survey.buckets(unit)) } else { 0.0 }
        };
        (0..survey.len()).map(score).collect()
    }

    /// How much each feature weighs for noise, in log odds.
    pub fn explain(&self, row: &Row) -> [f32; FEATURES] {
        let mut weights = [0.0; FEATURES];
        self.trees.explain(row, &mut weights);
        weights
    }

    /// The model from a file; `None` if it is none, or one for other features.
    pub fn decode(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        if take(bytes)? != *MAGIC {
            return None;
        }
        let (bias, scale) = (f32::from_le_bytes(take(bytes)?), f32::from_le_bytes(take(bytes)?));
        let (weights, mut rest) = bytes.split_at_checked(1 << BUCKET_BITS)?;
        let words = WordWeights {
            bias,
            scale,
            weights: weights.iter().map(|&byte| i8::from_le_bytes([byte])).collect(),
        };
        let trees = Forest::decode(&mut rest)?;
        rest.is_empty().then_some(Self { words, trees })
    }
}
