//! Weights of words: logistic regression over buckets, by AdaGrad.

use std::collections::HashSet;

use dechaff::check::classifier::{BUCKET_BITS, Words};

use crate::random::Random;

/// A line to learn from.
pub(crate) struct Line<'s> {
    pub(crate) buckets: &'s [u32],
    pub(crate) is_noise: bool,
    pub(crate) weight: f32,
    /// A number for the web site.
    pub(crate) domain: u64,
}

/// Learns the weights of words.
pub(crate) fn learn(lines: &[Line<'_>], seed: u64) -> Words {
    const EPOCHS: usize = 5;
    const RATE: f32 = 0.3;
    const DECAY: f32 = 2e-5;
    /// What fewer sites say is their own, and tells nothing of others.
    const FEWEST_DOMAINS: u8 = 3;

    let buckets = 1 << BUCKET_BITS;
    let mut domains = vec![0_u8; buckets];
    let mut seen: HashSet<(u32, u64)> = HashSet::new();
    for line in lines {
        for &bucket in line.buckets {
            if seen.insert((bucket, line.domain)) {
                domains[bucket as usize] = domains[bucket as usize].saturating_add(1);
            }
        }
    }
    drop(seen);

    let mut weights = vec![0.0_f32; buckets];
    let mut squares = vec![1e-3_f32; buckets];
    let (mut bias, mut bias_square) = (0.0_f32, 1e-3_f32);
    let mut order: Vec<usize> = (0..lines.len()).collect();
    let mut random = Random::new(seed);
    for _ in 0..EPOCHS {
        random.shuffle(&mut order);
        for &index in &order {
            let line = &lines[index];
            let scale = 1.0 / (line.buckets.len().max(1) as f32).sqrt();
            let known = || {
                line.buckets
                    .iter()
                    .map(|&bucket| bucket as usize)
                    .filter(|&bucket| domains[bucket] >= FEWEST_DOMAINS)
            };
            let score = bias + scale * known().map(|bucket| weights[bucket]).sum::<f32>();
            let error =
                (1.0 / (1.0 + (-score).exp()) - f32::from(u8::from(line.is_noise))) * line.weight;
            bias_square += error * error;
            bias -= RATE * error / bias_square.sqrt();
            for bucket in known() {
                let slope = error * scale + DECAY * weights[bucket];
                squares[bucket] += slope * slope;
                weights[bucket] -= RATE * slope / squares[bucket].sqrt();
            }
        }
    }
    let most = weights.iter().fold(0.0_f32, |most, weight| most.max(weight.abs())).max(1e-6);
    let scale = most / 127.0;
    Words {
        bias,
        scale,
        weights: weights.iter().map(|weight| (weight / scale).round() as i8).collect(),
    }
}
