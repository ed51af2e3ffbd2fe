//! Boosted trees: each gives a line some weight of evidence, and the sum decides.

use super::features::{FEATURES, Row};

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
        let goes_second =
            row.get(usize::from(self.feature)).is_some_and(|value| *value > self.threshold);
        usize::from(self.children) + usize::from(goes_second)
    }
}

/// Lines that are judged at once.
const LANES: usize = 8;

/// Trees one after the other, each from its root.
#[derive(Debug, Clone, PartialEq)]
pub struct Forest {
    /// The log odds before any evidence.
    bias: f32,
    /// The nodes of all trees.
    nodes: Vec<Node>,
    /// Where each tree begins among them.
    roots: Vec<u32>,
    /// The same trees, for judging.
    steps: Steps,
}

impl Forest {
    /// Trees of at most 32 ends each, over the features of a [`Row`]; `None` for others.
    pub fn new(bias: f32, nodes: Vec<Node>, roots: Vec<u32>) -> Option<Self> {
        let steps = Steps::of(&nodes, &roots)?;
        Some(Self { bias, nodes, roots, steps })
    }

    /// The log odds that a line is noise, by all trees.
    pub fn score(&self, row: &Row) -> f32 {
        self.scores(&[row]).first().copied().unwrap_or(self.bias)
    }

    /// The log odds of many lines.
    pub fn scores(&self, rows: &[&Row]) -> Vec<f32> {
        let mut scores = Vec::with_capacity(rows.len());
        let mut alive = vec![[u32::MAX; LANES]; self.roots.len()];
        for rows in rows.chunks(LANES) {
            let sums = self.steps.sums(rows, &mut alive);
            scores.extend(sums.iter().take(rows.len()).map(|sum| self.bias + sum));
        }
        scores
    }

    /// Adds to `weights` what each feature contributed to the score: how far each step down moved
    /// it.
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

    /// Takes a forest from the front of `bytes`.
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

/// Most ends of a tree: a bit stands for each.
const MOST_ENDS: usize = u32::BITS as usize;

/// The steps of all trees by the feature that decides. A step that goes to the second child closes
/// the ends below the first; the first end of a tree that is left open is where a line arrives. So
/// a line needs no way down each tree, which no processor can foresee, but runs through the steps
/// of a feature until their thresholds are above its own value: QuickScorer (Lucchese et al., SIGIR
/// 2015), for several lines at once (SIGIR 2016).
#[derive(Debug, Clone, PartialEq)]
struct Steps {
    /// For each feature its steps, thresholds rising.
    steps: Vec<Vec<Step>>,
    /// What the ends say, those of a tree from the first child to the second.
    values: Vec<f32>,
    /// Where each tree's ends begin.
    ends: Vec<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    /// In the [`order`] of the values.
    threshold: i32,
    tree: u32,
    /// The ends that stay open where a feature is above the threshold.
    open: u32,
}

impl Steps {
    fn of(nodes: &[Node], roots: &[u32]) -> Option<Self> {
        let mut steps =
            Self { steps: vec![Vec::new(); FEATURES], values: Vec::new(), ends: Vec::new() };
        for (tree, &root) in (0..).zip(roots) {
            let start = steps.values.len();
            steps.ends.push(u32::try_from(start).ok()?);
            steps.descend(nodes, root as usize, tree, start)?;
        }
        steps.steps.iter_mut().for_each(|steps| steps.sort_by_key(|step| step.threshold));
        Some(steps)
    }

    /// Takes up what lies below the node `at`, of a tree whose ends begin at `start`.
    fn descend(&mut self, nodes: &[Node], at: usize, tree: u32, start: usize) -> Option<()> {
        let node = nodes.get(at)?;
        let first = self.values.len() - start;
        if node.children == 0 {
            self.values.push(node.value);
            return (first < MOST_ENDS).then_some(());
        }
        let child = at + usize::from(node.children);
        self.descend(nodes, child, tree, start)?;
        let middle = self.values.len() - start;
        let closed = (first..middle).fold(0, |closed, end| closed | 1 << end);
        self.steps.get_mut(usize::from(node.feature))?.push(Step {
            threshold: order(node.threshold),
            tree,
            open: !closed,
        });
        self.descend(nodes, child + 1, tree, start)
    }

    /// What all trees say of each line together. `alive` has an entry for each tree.
    fn sums(&self, rows: &[&Row], alive: &mut [[u32; LANES]]) -> [f32; LANES] {
        alive.fill([u32::MAX; LANES]);
        for (feature, steps) in self.steps.iter().enumerate() {
            let mut values = [i32::MIN; LANES];
            values.iter_mut().zip(rows).for_each(|(value, row)| *value = order(row[feature]));
            let most = values.iter().copied().fold(i32::MIN, i32::max);
            for &Step { threshold, tree, open } in steps {
                if threshold >= most {
                    break;
                }
                let Some(alive) = alive.get_mut(tree as usize) else { continue };
                // Whole numbers and no branch, so that the processor takes all lanes at once.
                let mut open_after = *alive;
                for lane in 0..LANES {
                    open_after[lane] &= open | u32::from(values[lane] > threshold).wrapping_sub(1);
                }
                *alive = open_after;
            }
        }
        let mut sums = [0.0; LANES];
        for (&start, alive) in self.ends.iter().zip(alive) {
            for lane in 0..LANES {
                let end = start as usize + alive[lane].trailing_zeros() as usize;
                sums[lane] += self.values.get(end).copied().unwrap_or(0.0);
            }
        }
        sums
    }
}

/// A whole number that is greater where the value is; 0 for 0 of either sign.
fn order(value: f32) -> i32 {
    let bits = (value + 0.0).to_bits().cast_signed();
    bits ^ ((bits >> 31).cast_unsigned() >> 1).cast_signed()
}

/// Takes `N` bytes from the front.
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
        fn lines_are_judged_together_as_each_is_by_its_way_through_the_trees(
            shape in prop::collection::vec((0..4_u8, -2_i32..3, 0.0..1.0_f32), 1..32),
            lines in prop::collection::vec(prop::collection::vec(-2_i32..4, 4), 0..20),
        ) {
            // Each split leads to an end and to the next split.
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
            prop_assert_eq!(forest.scores(&rows.iter().collect::<Vec<_>>()), expected);
        }
    }

    #[test]
    fn trees_of_too_many_ends_or_unknown_features_are_refused() {
        let end = Node { feature: 0, threshold: 0.0, children: 0, value: 1.0 };
        let split = Node { children: 1, ..end };
        let mut nodes: Vec<Node> = (0..MOST_ENDS).flat_map(|_| [split, end]).collect();
        nodes.push(end);
        assert_eq!(Forest::new(0.0, nodes, vec![0]), None);
        assert_eq!(
            Forest::new(0.0, vec![Node { feature: u8::MAX, ..split }, end, end], vec![0]),
            None
        );
        assert_eq!(Forest::new(0.0, vec![split, end], vec![0]), None);
    }
}
