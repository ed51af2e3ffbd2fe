//! The keys of units in an index.

use super::DuplicateCheck;
use super::hash::finalize;
use super::recurring_line::LineHash;
use super::set_join::{Ratio, count_shared};
use super::sketch::{self, NUMBER, UnitRecord};
use super::unit_kind::UnitKind;
use crate::element_order::{ELEMENT_BITS, ElementOrder};
use crate::indexed::{IndexKey, IndexUnit, IndexedCheck, KeyKind, set_detail, size_and_position};

impl IndexedCheck for DuplicateCheck {
    fn number(&self) -> u32 {
        0
    }

    fn for_each_unit(&self, bytes: &[u8], visit: &mut dyn FnMut(IndexUnit)) {
        for unit in sketch::decode(bytes) {
            visit(IndexUnit { bytes: unit.range.clone(), start: unit.start });
        }
    }

    fn keys(&self, bytes: &[u8], order: &ElementOrder, keys: &mut Vec<IndexKey>) {
        for unit in sketch::decode(bytes) {
            self.unit_keys(&unit, bytes, order, keys);
        }
    }

    fn content<'u>(&self, unit: &'u [u8]) -> [&'u [u8]; 2] {
        sketch::without_position(unit)
    }

    fn count_elements(&self, bytes: &[u8], order: &mut ElementOrder) {
        for unit in sketch::decode(bytes).filter(|unit| self.is_near_candidate(unit)) {
            unit.elements(bytes).for_each(|element| order.count(element));
        }
    }

    fn may_be_similar(&self, left: u32, right: u32) -> bool {
        self.min_threshold().is_some_and(|threshold| threshold.allows(left, right))
    }

    fn are_similar(&self, left: &[u8], right: &[u8]) -> bool {
        let Some(threshold) = self.min_threshold() else { return false };
        let [left, right] = [left, right].map(|bytes| {
            sketch::decode(bytes).next().map_or(Vec::new(), |unit| unit.elements(bytes).collect())
        });
        count_shared(&left, &right, threshold.required(left.len(), right.len())).is_some()
    }

    fn min_variants(&self) -> usize {
        let minima = self.line.iter().filter_map(|(_, parameters)| parameters.min_documents);
        minima.min().map_or(usize::MAX, |minimum| minimum as usize)
    }
}

impl DuplicateCheck {
    /// Returns the lowest threshold of the rules for near-duplicates.
    fn min_threshold(&self) -> Option<Ratio> {
        let thresholds = self.near.iter().map(|(_, parameters)| parameters.threshold);
        thresholds.min_by(f64::total_cmp).and_then(Ratio::new)
    }

    fn is_near_candidate(&self, unit: &UnitRecord<'_>) -> bool {
        let admits = |minima: &super::MinWords| minima.admits(unit.kind, unit.words);
        unit.shingles.1 > 0 && self.near.iter().any(|(_, near)| admits(&near.min_words))
    }

    fn is_line_candidate(&self, unit: &UnitRecord<'_>) -> bool {
        let admits = |(_, line): &(_, super::LineParameters)| {
            (line.min_words..=line.max_words).contains(&unit.words)
        };
        unit.kind != UnitKind::Heading && self.line.iter().any(admits)
    }

    /// Appends the keys of a unit of the sketch `bytes`.
    fn unit_keys(
        &self,
        unit: &UnitRecord<'_>,
        bytes: &[u8],
        order: &ElementOrder,
        keys: &mut Vec<IndexKey>,
    ) {
        let mut add =
            |kind, hash, detail| keys.push(IndexKey { kind, key: finalize(hash), detail });
        add(KeyKind::Exact, unit.exact, 0);
        if self.is_line_candidate(unit) {
            let tokens: Vec<u32> =
                unit.tokens.as_chunks().0.iter().map(|token| u32::from_le_bytes(*token)).collect();
            if tokens.iter().any(|token| *token != NUMBER) {
                let line = LineHash::new(&tokens);
                add(KeyKind::Line, line.hash(), 0);
                if self.min_variants() < usize::MAX && line.may_have_variants() {
                    line.leave_one_out_hashes().for_each(|hash| add(KeyKind::Variant, hash, 0));
                }
            }
        }
        if let Some(threshold) = self.min_threshold().filter(|_| self.is_near_candidate(unit)) {
            let elements: Vec<u64> = unit.elements(bytes).collect();
            near_keys(elements, threshold, order, |element, detail| {
                add(KeyKind::Near, element, detail);
            });
        }
        if !self.sentence.is_empty() {
            unit.sentences().for_each(|sentence| add(KeyKind::Sentence, sentence.hash, 0));
        }
        if !self.passage.is_empty() {
            unit.fingerprints().for_each(|print| add(KeyKind::Passage, print.hash, 0));
        }
    }
}

/// Returns a key with uniformly distributed bits.
pub fn spread(hash: u64) -> u64 {
    finalize(hash)
}

/// Calls `add` with each element in the prefix of a set and its detail.
pub fn near_keys(
    mut elements: Vec<u64>,
    threshold: Ratio,
    order: &ElementOrder,
    mut add: impl FnMut(u64, u32),
) {
    let size = elements.len();
    elements.iter_mut().for_each(|element| *element = order.key(*element));
    for (position, key) in threshold.prefix(&mut elements).iter().enumerate() {
        add(key & ((1 << ELEMENT_BITS) - 1), set_detail(size, position));
    }
}

impl Ratio {
    /// Whether two sets may reach the ratio, by the details of the same near key in both.
    pub fn allows(self, left: u32, right: u32) -> bool {
        let (Some((left_size, left_at)), Some((right_size, right_at))) =
            (size_and_position(left), size_and_position(right))
        else {
            return true;
        };
        self.required_at((left_size, left_at), (right_size, right_at)).is_some()
    }
}
