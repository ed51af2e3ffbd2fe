//! Boosted trees: each gives a line some weight of evidence, and the sum decides.

use super::survey::{FEATURES, Row};

/// A step down a tree, or its end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Which feature decides, as an index into a row.
    pub feature: u8,
    /// Where the feature is at most that, the way goes to the first child.
    pub threshold: f32,
    /// The first child's distance from this node; the second follows it. 0 at the end.
    pub children: u16,
    /// The mean evidence of all lines that come this way.
    pub value: f32,
}

impl Node {
    /// How far from this node the child is to which a line goes; 0 at the end.
    #[inline]
    fn step(&self, row: &Row) -> usize {
        if self.children == 0 {
            return 0;
        }
        let goes_second = row.get(usize::from(self.feature)).is_some_and(|value| *value > self.threshold);
        usize::from(self.children) + usize::from(goes_second)
    }
}

/// Trees one after the other, each from its root.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Forest {
    /// The log odds before any evidence.
    pub bias: f32,
    /// The nodes of all trees.
    pub nodes: Vec<Node>,
    /// Where each tree begins among them.
    pub roots: Vec<u32>,
}

impl Forest {
    /// The log odds that a line is noise, by all trees.
    pub fn score(&self, row: &Row) -> f32 {
        self.scores(&[row]).first().copied().unwrap_or(self.bias)
    }

    /// The log odds of many lines. Tree by tree, so that the processor has a small table to look at and goes down for several
    /// lines at once.
    pub fn scores(&self, rows: &[&Row]) -> Vec<f32> {
        let mut sums = vec![0.0; rows.len()];
        for &root in &self.roots {
            for (sum, row) in sums.iter_mut().zip(rows) {
                *sum += self.end(root as usize, row);
            }
        }
        sums.into_iter().map(|sum| self.bias + sum).collect()
    }

    /// What one tree says.
    #[inline]
    fn end(&self, root: usize, row: &Row) -> f32 {
        let mut at = root;
        while let Some(node) = self.nodes.get(at) {
            match node.step(row) {
                0 => return node.value,
                step => at += step,
            }
        }
        0.0
    }

    /// Adds to `weights` what each feature contributed to the score: how far each step down moved it.
    pub fn explain(&self, row: &Row, weights: &mut [f32; FEATURES]) {
        for &root in &self.roots {
            let mut steps = self.walk(root, row);
            let Some((mut feature, mut value)) = steps.next() else { continue };
            for (next_feature, next_value) in steps {
                if let Some(weight) = weights.get_mut(usize::from(feature)) {
                    *weight += next_value - value;
                }
                (feature, value) = (next_feature, next_value);
            }
        }
    }

    /// The features and values of the nodes on the way down.
    fn walk<'f>(&'f self, root: u32, row: &'f Row) -> impl Iterator<Item = (u8, f32)> + 'f {
        let mut at = Some(root as usize);
        std::iter::from_fn(move || {
            let index = at?;
            let node = self.nodes.get(index)?;
            let step = node.step(row);
            at = (step > 0).then(|| index + step);
            Some((node.feature, node.value))
        })
    }

    /// The forest as bytes.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.bias.to_le_bytes());
        bytes.extend((self.roots.len() as u32).to_le_bytes());
        bytes.extend((self.nodes.len() as u32).to_le_bytes());
        self.roots.iter().for_each(|root| bytes.extend(root.to_le_bytes()));
        for node in &self.nodes {
            bytes.push(node.feature);
            bytes.extend(node.threshold.to_le_bytes());
            bytes.extend(node.children.to_le_bytes());
            bytes.extend(node.value.to_le_bytes());
        }
    }

    /// Takes a forest from the front of `bytes`.
    pub(super) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let bias = f32::from_le_bytes(take(bytes)?);
        let (roots, nodes) = (u32::from_le_bytes(take(bytes)?), u32::from_le_bytes(take(bytes)?));
        let roots = (0..roots).map(|_| take(bytes).map(u32::from_le_bytes)).collect::<Option<_>>()?;
        let mut node = || {
            let [feature] = take(bytes)?;
            let threshold = f32::from_le_bytes(take(bytes)?);
            let children = u16::from_le_bytes(take(bytes)?);
            let value = f32::from_le_bytes(take(bytes)?);
            Some(Node { feature, threshold, children, value })
        };
        let nodes = (0..nodes).map(|_| node()).collect::<Option<_>>()?;
        Some(Self { bias, nodes, roots })
    }
}

/// Takes `N` bytes from the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}
