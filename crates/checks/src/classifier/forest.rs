//! Boosted decision trees. The score of a line is the sum of the leaves that it reaches.

use super::features::{FEATURES, Row};

/// A split of a tree, or a leaf.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// The index of the feature that the split compares.
    pub feature: u8,
    /// A feature of at most this value leads to the first child.
    pub threshold: f32,
    /// The distance from this node to its first child, which the second follows; 0 for a leaf.
    pub children: u16,
    /// The mean log odds of the training lines that reach this node.
    pub value: f32,
}

impl Node {
    /// Returns the distance to the child that a line takes; 0 for a leaf.
    #[inline]
    fn step(&self, row: &Row) -> usize {
        if self.children == 0 {
            return 0;
        }
        let goes_second =
            row.get(usize::from(self.feature)).is_some_and(|value| *value > self.threshold);
        usize::from(self.children) + usize::from(goes_second)
    }
}

/// The number of lines that are scored together.
const LANES: usize = 8;

/// The trees of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// The log odds without any tree.
    bias: f32,
    /// The nodes of all trees.
    nodes: Vec<Node>,
    /// The index of the root of each tree.
    roots: Vec<u32>,
    /// The same trees, for scoring.
    splits: SplitTable,
}

impl Forest {
    /// Creates a forest. Returns `None` if a tree has more than 32 leaves or a split names an
    /// unknown feature.
    pub fn new(bias: f32, nodes: Vec<Node>, roots: Vec<u32>) -> Option<Self> {
        let splits = SplitTable::new(&nodes, &roots)?;
        Some(Self { bias, nodes, roots, splits })
    }

    /// Returns the log odds that a line is noise.
    pub fn score(&self, row: &Row) -> f32 {
        self.scores(std::slice::from_ref(row)).first().copied().unwrap_or(self.bias)
    }

    /// Returns the log odds of many lines.
    pub fn scores(&self, rows: &[Row]) -> Vec<f32> {
        let mut scores = Vec::with_capacity(rows.len());
        let mut alive = vec![[u32::MAX; LANES]; self.roots.len()];
        for rows in rows.chunks(LANES) {
            let sums = self.splits.sums(rows, &mut alive);
            scores.extend(sums.iter().take(rows.len()).map(|sum| self.bias + sum));
        }
        scores
    }

    /// Adds the contribution of each feature to `weights`: the change of the value at each split
    /// that compares it.
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

    /// Yields the features and values of the nodes from a root to the leaf.
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

    /// Decodes a forest from the front of `bytes`.
    pub(super) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let bias = f32::from_le_bytes(take(bytes)?);
        let (roots, nodes) = (u32::from_le_bytes(take(bytes)?), u32::from_le_bytes(take(bytes)?));
        let roots =
            (0..roots).map(|_| take(bytes).map(u32::from_le_bytes)).collect::<Option<_>>()?;
        let mut node = || {
            let [feature] = take(bytes)?;
            let threshold = f32::from_le_bytes(take(bytes)?);
            let children = u16::from_le_bytes(take(bytes)?);
            let value = f32::from_le_bytes(take(bytes)?);
            Some(Node { feature, threshold, children, value })
        };
        let nodes = (0..nodes).map(|_| node()).collect::<Option<_>>()?;
        Self::new(bias, nodes, roots)
    }
}

/// The maximum number of leaves of a tree: each has a bit of a mask.
const MAX_LEAVES: usize = u32::BITS as usize;

/// The splits of all trees, by feature. A failed split masks out the leaves below its first child,
/// and the first remaining leaf of each tree is the result. Scoring visits the splits of each
/// feature in order, up to the value of the line, which avoids the unpredictable branches of
/// walking down each tree. This is QuickScorer (Lucchese et al., SIGIR 2015), for several lines at
/// once (SIGIR 2016).
#[derive(Debug, Clone, PartialEq)]
struct SplitTable {
    /// The splits of each feature, by threshold.
    splits: Vec<Vec<Split>>,
    /// The values of the leaves, in order within each tree.
    leaves: Vec<f32>,
    /// The index of the first leaf of each tree.
    first_leaves: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Split {
    /// The threshold, as mapped by [`order`].
    threshold: i32,
    tree: u32,
    /// The mask of leaves that remain if the feature is above the threshold.
    open: u32,
}

impl SplitTable {
    fn new(nodes: &[Node], roots: &[u32]) -> Option<Self> {
        let splits = vec![Vec::new(); FEATURES];
        let mut table = Self { splits, leaves: Vec::new(), first_leaves: Vec::new() };
        for (tree, &root) in (0..).zip(roots) {
            let start = table.leaves.len();
            table.first_leaves.push(u32::try_from(start).ok()?);
            table.descend(nodes, root as usize, tree, start)?;
        }
        table.splits.iter_mut().for_each(|splits| splits.sort_by_key(|split| split.threshold));
        Some(table)
    }

    /// Adds the node `at` and those below it, of a tree whose leaves begin at `start`.
    fn descend(&mut self, nodes: &[Node], at: usize, tree: u32, start: usize) -> Option<()> {
        let node = nodes.get(at)?;
        let first = self.leaves.len() - start;
        if node.children == 0 {
            self.leaves.push(node.value);
            return (first < MAX_LEAVES).then_some(());
        }
        let child = at + usize::from(node.children);
        self.descend(nodes, child, tree, start)?;
        let middle = self.leaves.len() - start;
        let closed = (first..middle).fold(0, |closed, leaf| closed | 1 << leaf);
        self.splits.get_mut(usize::from(node.feature))?.push(Split {
            threshold: order(node.threshold),
            tree,
            open: !closed,
        });
        self.descend(nodes, child + 1, tree, start)
    }

    /// Returns the sum of all trees for each line. `alive` has a mask of remaining leaves per tree.
    fn sums(&self, rows: &[Row], alive: &mut [[u32; LANES]]) -> [f32; LANES] {
        alive.fill([u32::MAX; LANES]);
        for (feature, splits) in self.splits.iter().enumerate() {
            let mut values = [i32::MIN; LANES];
            values.iter_mut().zip(rows).for_each(|(value, row)| *value = order(row[feature]));
            let max = values.iter().copied().fold(i32::MIN, i32::max);
            for &Split { threshold, tree, open } in splits {
                if threshold >= max {
                    break;
                }
                let Some(alive) = alive.get_mut(tree as usize) else { continue };
                // Integers without branches, so that the compiler vectorizes the loop.
                let mut open_after = *alive;
                for lane in 0..LANES {
                    open_after[lane] &= open | u32::from(values[lane] > threshold).wrapping_sub(1);
                }
                *alive = open_after;
            }
        }
        let mut sums = [0.0; LANES];
        for (&start, alive) in self.first_leaves.iter().zip(alive) {
            for lane in 0..LANES {
                let leaf = start as usize + alive[lane].trailing_zeros() as usize;
                sums[lane] += self.leaves.get(leaf).copied().unwrap_or(0.0);
            }
        }
        sums
    }
}

/// Maps a value to an integer with the same order; 0 for 0 of either sign.
fn order(value: f32) -> i32 {
    let bits = (value + 0.0).to_bits().cast_signed();
    bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed()
}

/// Removes `N` bytes from the front.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn scores_equal_a_walk_down_each_tree(
            shape in prop::collection::vec((0..4_u8, -2_i32..3, 0.0..1.0_f32), 1..32),
            lines in prop::collection::vec(prop::collection::vec(-2_i32..4, 4), 0..20),
        ) {
            // Each split leads to a leaf and to the next split.
            let mut nodes = Vec::new();
            for &(feature, threshold, value) in &shape {
                nodes.push(Node { feature, threshold: threshold as f32, children: 1, value: 0.0 });
                nodes.push(Node { feature: 0, threshold: 0.0, children: 0, value });
            }
            nodes.push(Node { feature: 0, threshold: 0.0, children: 0, value: 2.0 });
            let Some(forest) = Forest::new(0.5, nodes, vec![0]) else { return Err(TestCaseError::fail("refused")) };
            let rows: Vec<Row> = lines.iter().map(|line| {
                let mut row = [0.0; FEATURES];
                row.iter_mut().zip(line).for_each(|(value, given)| *value = *given as f32);
                row
            }).collect();
            let expected: Vec<f32> = rows.iter().map(|row| forest.walk(0, row).last().map_or(0.0, |(_, value)| 0.5 + value)).collect();
            prop_assert_eq!(forest.scores(&rows), expected);
        }
    }

    #[test]
    fn trees_with_too_many_leaves_or_unknown_features_are_refused() {
        let leaf = Node { feature: 0, threshold: 0.0, children: 0, value: 1.0 };
        let split = Node { children: 1, ..leaf };
        let mut nodes: Vec<Node> = (0..MAX_LEAVES).flat_map(|_| [split, leaf]).collect();
        nodes.push(leaf);
        assert_eq!(Forest::new(0.0, nodes, vec![0]), None);
        assert_eq!(
            Forest::new(0.0, vec![Node { feature: u8::MAX, ..split }, leaf, leaf], vec![0]),
            None
        );
        assert_eq!(Forest::new(0.0, vec![split, leaf], vec![0]), None);
    }
}
