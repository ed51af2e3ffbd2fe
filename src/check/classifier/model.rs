//! The model: what words say, trees over shape and place, and trees over how the first judged the
//! neighbours.

use super::feature::{FEATURES, Row};
use super::forest::{Forest, take};
use super::survey::Survey;
use super::words::BUCKET_BITS;

/// Begins a file of weights; ends in the version of its format.
const MAGIC: &[u8; 8] = b"dechaff1";

/// Weights, and what they mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// What the words of a line say.
    pub words: Words,
    /// Looks at each line and its surroundings.
    pub first: Forest,
    /// Corrects the first by what it said of the neighbours.
    pub second: Forest,
}

/// Weights of words and of pairs of words.
#[derive(Debug, Clone, PartialEq)]
pub struct Words {
    /// The log odds of a line without words.
    pub bias: f32,
    /// What a weight of 1 stands for.
    pub scale: f32,
    /// The weight of each bucket.
    pub weights: Vec<i8>,
}

/// What the model says of a document's lines.
pub struct Judgement {
    /// What is known of each unit, for those that are looked at.
    pub rows: Vec<Option<Row>>,
    /// The log odds that each is noise; very low for what is not looked at.
    pub scores: Vec<f32>,
}

/// Log odds of what is not looked at.
pub const NEVER: f32 = -6.0;
/// Lines that the first pass gives less are not looked at again.
pub const HOPELESS: f32 = -4.0;

impl Words {
    /// The log odds that a line with words in these buckets is noise.
    pub fn score(&self, buckets: &[u32]) -> f32 {
        let sum: f32 = buckets.iter().map(|&bucket| self.weight(bucket)).sum();
        self.bias + sum / (buckets.len().max(1) as f32).sqrt()
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

/// Tells `put` the score that each of the units has and the one that `forest` gives it.
fn add(scores: &mut [f32], units: &[(usize, &Row)], forest: &Forest, put: impl Fn(&mut f32, f32)) {
    let rows: Vec<&Row> = units.iter().map(|(_, row)| *row).collect();
    for ((unit, _), given) in units.iter().zip(forest.scores(&rows)) {
        if let Some(score) = scores.get_mut(*unit) {
            put(score, given);
        }
    }
}

impl Model {
    /// Judges the lines of a document.
    pub fn judge(&self, survey: &Survey) -> Judgement {
        let words = self.word_scores(survey);
        let mut rows =
            survey.features(&words, survey.familiar(|bucket| self.words.is_known(bucket)));
        let mut scores = vec![NEVER; rows.len()];
        let given: Vec<(usize, &Row)> =
            (0..).zip(&rows).filter_map(|(unit, row)| Some((unit, row.as_ref()?))).collect();
        add(&mut scores, &given, &self.first, |score, first| *score = first);
        survey.add_scores(&mut rows, &scores);
        let again = (0..).zip(&rows).filter(|(unit, _): &(usize, _)| {
            scores.get(*unit).is_some_and(|score| *score > HOPELESS)
        });
        let again: Vec<(usize, &Row)> =
            again.filter_map(|(unit, row)| Some((unit, row.as_ref()?))).collect();
        add(&mut scores, &again, &self.second, |score, second| *score += second);
        survey.even_out(&mut scores);
        Judgement { rows, scores }
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
        self.first.explain(row, &mut weights);
        self.second.explain(row, &mut weights);
        weights
    }

    /// The model as a file.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend(self.words.bias.to_le_bytes());
        bytes.extend(self.words.scale.to_le_bytes());
        bytes.extend(self.words.weights.iter().map(|weight| weight.to_le_bytes()[0]));
        self.first.encode(&mut bytes);
        self.second.encode(&mut bytes);
        bytes
    }

    /// The model from a file; `None` if it is none, or one for other features.
    pub fn decode(mut bytes: &[u8]) -> Option<Self> {
        let bytes = &mut bytes;
        if take(bytes)? != *MAGIC {
            return None;
        }
        let (bias, scale) = (f32::from_le_bytes(take(bytes)?), f32::from_le_bytes(take(bytes)?));
        let (weights, mut rest) = bytes.split_at_checked(1 << BUCKET_BITS)?;
        let words = Words {
            bias,
            scale,
            weights: weights.iter().map(|&byte| i8::from_le_bytes([byte])).collect(),
        };
        let (first, second) = (Forest::decode(&mut rest)?, Forest::decode(&mut rest)?);
        rest.is_empty().then_some(Self { words, first, second })
    }
}
