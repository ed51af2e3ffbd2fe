//! Trees, boosted on the logistic loss: histograms of 64 bins, the best leaf split first.

use anyhow::{Context, Result};
use dechaff::check::classifier::{Forest, Node, Row};

use crate::random::Random;

/// How trees are grown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Growth {
    /// Trees.
    pub(crate) trees: usize,
    /// Most leaves of a tree.
    pub(crate) leaves: usize,
    /// The share of what a leaf says that is believed.
    pub(crate) rate: f64,
    /// The share of the features that a tree may use.
    pub(crate) columns: f32,
    /// The share of the lines that a tree sees.
    pub(crate) rows: f32,
    /// The least second derivative in a leaf.
    pub(crate) least: f64,
    /// Added to it.
    pub(crate) damping: f64,
    pub(crate) seed: u64,
}

/// A line to learn from.
pub(crate) struct Example<'r> {
    pub(crate) row: &'r Row,
    pub(crate) is_noise: bool,
    pub(crate) weight: f32,
    /// The log odds from which the trees go on.
    pub(crate) start: f32,
}

const BINS: usize = 64;

/// Grows trees over the features that `columns` names. With `bias`, the forest has its own; else it
/// goes on from where examples start.
///
/// # Errors
///
/// A tree is to have more leaves than a forest takes.
pub(crate) fn grow(
    examples: &[Example<'_>],
    columns: &[usize],
    has_bias: bool,
    growth: Growth,
) -> Result<Forest> {
    let thresholds: Vec<Vec<f32>> =
        columns.iter().map(|&column| thresholds(examples, column)).collect();
    let mut bins = Vec::with_capacity(examples.len() * columns.len());
    for example in examples {
        for (&column, thresholds) in columns.iter().zip(&thresholds) {
            bins.push(
                thresholds.partition_point(|threshold| *threshold < example.row[column]) as u8
            );
        }
    }
    let (mut noise, mut all) = (1.0, 2.0);
    for example in examples {
        all += f64::from(example.weight);
        noise += if example.is_noise { f64::from(example.weight) } else { 0.0 };
    }
    let bias = if has_bias { (noise / (all - noise)).ln() } else { 0.0 };
    let (mut nodes, mut roots) = (Vec::new(), Vec::new());
    let mut scores: Vec<f64> =
        examples.iter().map(|example| f64::from(example.start) + bias).collect();
    let mut random = Random::new(growth.seed);
    let mut slopes = vec![(0.0, 0.0); examples.len()];
    for _ in 0..growth.trees {
        for ((slope, example), score) in slopes.iter_mut().zip(examples).zip(&scores) {
            let (weight, odds) = (f64::from(example.weight), 1.0 / (1.0 + (-score).exp()));
            *slope = (
                weight * (odds - f64::from(u8::from(example.is_noise))),
                weight * odds * (1.0 - odds),
            );
        }
        let used: Vec<usize> =
            (0..columns.len()).filter(|_| random.unit() < growth.columns).collect();
        let rows: Vec<u32> =
            (0..examples.len() as u32).filter(|_| random.unit() < growth.rows).collect();
        if used.is_empty() || rows.is_empty() {
            continue;
        }
        let grower =
            Grower { bins: &bins, width: columns.len(), used: &used, slopes: &slopes, growth };
        let tree = grower.tree(rows);
        roots.push(nodes.len() as u32);
        for node in &tree {
            let (feature, threshold) = match node.split {
                Some((column, bin)) => (columns[column] as u8, thresholds[column][bin]),
                None => (0, 0.0),
            };
            let value = node.value as f32;
            nodes.push(Node { feature, threshold, children: node.children as u16, value });
        }
        for (index, score) in scores.iter_mut().enumerate() {
            let mut at = 0;
            while let Some((column, bin)) = tree[at].split {
                at += tree[at].children
                    + usize::from(usize::from(bins[index * columns.len() + column]) > bin);
            }
            *score += tree[at].value;
        }
    }
    Forest::new(bias as f32, nodes, roots).context("a tree of too many leaves")
}

/// Values that cut a feature's range into bins of about equal weight.
fn thresholds(examples: &[Example<'_>], column: usize) -> Vec<f32> {
    let mut values: Vec<f32> = examples.iter().map(|example| example.row[column]).collect();
    values.sort_by(f32::total_cmp);
    let mut thresholds: Vec<f32> =
        (1..BINS).map(|cut| values[cut * (values.len() - 1) / BINS]).collect();
    // Rare values at both ends are told apart too.
    values.dedup();
    if values.len() <= BINS {
        thresholds = values;
    }
    thresholds.dedup();
    thresholds.truncate(BINS - 1);
    thresholds
}

struct Grower<'g> {
    bins: &'g [u8],
    width: usize,
    used: &'g [usize],
    slopes: &'g [(f64, f64)],
    growth: Growth,
}

struct Grown {
    split: Option<(usize, usize)>,
    children: usize,
    value: f64,
}

struct Leaf {
    node: usize,
    rows: Vec<u32>,
    histogram: Vec<(f64, f64)>,
    best: Option<(f64, usize, usize)>,
}

impl Grower<'_> {
    fn tree(&self, rows: Vec<u32>) -> Vec<Grown> {
        let mut nodes = vec![Grown { split: None, children: 0, value: 0.0 }];
        let histogram = self.histogram(&rows);
        let mut leaves = vec![self.leaf(0, rows, histogram, &mut nodes)];
        while leaves.len() < self.growth.leaves {
            let gain = |leaf: &Leaf| leaf.best.map_or(f64::MIN, |(gain, ..)| gain);
            let Some(at) =
                (0..leaves.len()).max_by(|&a, &b| gain(&leaves[a]).total_cmp(&gain(&leaves[b])))
            else {
                break;
            };
            let Some((_, column, bin)) = leaves[at].best else { break };
            let leaf = leaves.swap_remove(at);
            let is_first =
                |row: &u32| usize::from(self.bins[*row as usize * self.width + column]) <= bin;
            let (first, second): (Vec<u32>, Vec<u32>) =
                leaf.rows.iter().partition(|row| is_first(row));
            let is_first_smaller = first.len() < second.len();
            let smaller = self.histogram(if is_first_smaller { &first } else { &second });
            let larger: Vec<(f64, f64)> = leaf
                .histogram
                .iter()
                .zip(&smaller)
                .map(|(all, part)| (all.0 - part.0, all.1 - part.1))
                .collect();
            let (of_first, of_second) =
                if is_first_smaller { (smaller, larger) } else { (larger, smaller) };
            let children = nodes.len();
            nodes[leaf.node].split = Some((column, bin));
            nodes[leaf.node].children = children - leaf.node;
            nodes.extend((0..2).map(|_| Grown { split: None, children: 0, value: 0.0 }));
            leaves.push(self.leaf(children, first, of_first, &mut nodes));
            leaves.push(self.leaf(children + 1, second, of_second, &mut nodes));
        }
        nodes
    }

    fn leaf(
        &self,
        node: usize,
        rows: Vec<u32>,
        histogram: Vec<(f64, f64)>,
        nodes: &mut [Grown],
    ) -> Leaf {
        let (slope, curve) = rows.iter().fold((0.0, 0.0), |sum, &row| {
            let (slope, curve) = self.slopes[row as usize];
            (sum.0 + slope, sum.1 + curve)
        });
        nodes[node].value = -self.growth.rate * slope / (curve + self.growth.damping);
        let best = self.best_split(&histogram, slope, curve);
        Leaf { node, rows, histogram, best }
    }

    fn histogram(&self, rows: &[u32]) -> Vec<(f64, f64)> {
        let mut histogram = vec![(0.0, 0.0); self.used.len() * BINS];
        for &row in rows {
            let (slope, curve) = self.slopes[row as usize];
            let bins = &self.bins[row as usize * self.width..][..self.width];
            for (at, &column) in self.used.iter().enumerate() {
                let sum = &mut histogram[at * BINS + usize::from(bins[column])];
                *sum = (sum.0 + slope, sum.1 + curve);
            }
        }
        histogram
    }

    /// The gain, column and last bin of the first side of the best split, if one is worth making.
    fn best_split(
        &self,
        histogram: &[(f64, f64)],
        slope: f64,
        curve: f64,
    ) -> Option<(f64, usize, usize)> {
        const LEAST_GAIN: f64 = 1e-3;
        let damping = self.growth.damping;
        let worth = |slope: f64, curve: f64| slope * slope / (curve + damping);
        let mut best: Option<(f64, usize, usize)> = None;
        for (at, &column) in self.used.iter().enumerate() {
            let (mut left_slope, mut left_curve) = (0.0, 0.0);
            for bin in 0..BINS - 1 {
                let (of_slope, of_curve) = histogram[at * BINS + bin];
                if of_curve == 0.0 {
                    continue;
                }
                left_slope += of_slope;
                left_curve += of_curve;
                let (right_slope, right_curve) = (slope - left_slope, curve - left_curve);
                if left_curve < self.growth.least || right_curve < self.growth.least {
                    continue;
                }
                let gain = worth(left_slope, left_curve) + worth(right_slope, right_curve)
                    - worth(slope, curve);
                if gain > best.map_or(LEAST_GAIN, |(gain, ..)| gain) {
                    best = Some((gain, column, bin));
                }
            }
        }
        best
    }
}
