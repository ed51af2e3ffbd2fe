//! The model: weights of words, and boosted trees over the features of a line.

use super::features::{FEATURES, Row};
use super::forest::{Forest, take};
use super::survey::{LineRows, Survey};
use super::words::BUCKET_BITS;

/// The magic bytes of a weights file, ending with the version of the format.
const MAGIC: &[u8; 8] = b"dechaff3";

/// A trained model.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// The model of words.
    pub words: WordWeights,
    /// The model of lines and their surroundings.
    pub trees: Forest,
}

/// Weights of words and of pairs of words.
#[derive(Debug, Clone, PartialEq)]
pub struct WordWeights {
    /// The log odds of a line without words.
    pub bias: f32,
    /// The log odds of a weight of 1.
    pub scale: f32,
    /// The weight of each bucket.
    pub weights: Vec<i8>,
}

/// The scores of a document's lines.
pub struct PageScores<'s> {
    /// The features of each unit.
    pub rows: LineRows<'s>,
    /// The log odds that each unit is noise; -9 if it is not scored.
    pub scores: Vec<f32>,
}

impl WordWeights {
    /// Returns the log odds that a line with these buckets of grams and phrases is noise.
    pub fn score(&self, [grams, phrases]: [&[u32]; 2]) -> f32 {
        self.bias + self.evidence(grams) + self.evidence(phrases)
    }

    /// Returns the sum of the weights of `buckets`, divided by the square root of their number.
    pub fn evidence(&self, buckets: &[u32]) -> f32 {
        let sum: f32 = buckets.iter().map(|&bucket| self.weight(bucket)).sum();
        sum / (buckets.len().max(1) as f32).sqrt()
    }

    /// Whether a bucket has a weight.
    pub fn is_known(&self, bucket: u32) -> bool {
        self.weights.get(bucket as usize).is_some_and(|weight| *weight != 0)
    }

    /// Returns the weight of a bucket.
    pub fn weight(&self, bucket: u32) -> f32 {
        self.scale * f32::from(self.weights.get(bucket as usize).copied().unwrap_or(0))
    }
}

/// Running text whose words have lower log odds is not scored. That misses one in 200 lines that
/// the trees would report, and halves their cost.
const HOPELESS: f32 = -2.5;
/// The log odds of a line that is not scored.
pub(super) const NOT_JUDGED: f32 = -9.0;
/// Number of lines scored together.
const BATCH: usize = 1024;

impl Model {
    /// Scores the lines of a document.
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

    /// Returns the word score of each unit; 0 if it is not scored.
    pub fn word_scores(&self, survey: &Survey) -> Vec<f32> {
        let score = |unit| {
            if survey.is_candidate(unit) { self.words.score(survey.buckets(unit)) } else { 0.0 }
        };
        (0..survey.len()).map(score).collect()
    }

    /// Returns the contribution of each feature to the log odds of noise.
    pub fn explain(&self, row: &Row) -> [f32; FEATURES] {
        let mut weights = [0.0; FEATURES];
        self.trees.explain(row, &mut weights);
        weights
    }

    /// Decodes a model. Returns `None` if `bytes` is not a model or has other features.
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
