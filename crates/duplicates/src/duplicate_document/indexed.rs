//! The keys of documents in an index.

use super::DuplicateDocumentCheck;
use super::sketch;
use crate::duplicate::{Ratio, count_shared, near_keys, spread};
use crate::element_order::ElementOrder;
use crate::indexed::{IndexKey, IndexUnit, IndexedCheck, KeyKind};

impl IndexedCheck for DuplicateDocumentCheck {
    fn number(&self) -> u32 {
        1
    }

    fn for_each_unit(&self, sketch: &[u8], visit: &mut dyn FnMut(IndexUnit)) {
        if !sketch.is_empty() {
            visit(IndexUnit { bytes: 0..sketch.len(), start: 0 });
        }
    }

    fn keys(&self, bytes: &[u8], order: &ElementOrder, keys: &mut Vec<IndexKey>) {
        let Some((exact, shingles)) = sketch::exact_and_shingles(bytes) else { return };
        keys.push(IndexKey { kind: KeyKind::Document, key: spread(exact), detail: 0 });
        if let Some(threshold) = self.min_threshold() {
            near_keys(shingles.collect(), threshold, order, |element, detail| {
                let key = spread(element);
                keys.push(IndexKey { kind: KeyKind::NearDocument, key, detail });
            });
        }
    }

    fn content<'u>(&self, unit: &'u [u8]) -> [&'u [u8]; 2] {
        [unit, &[]]
    }

    fn count_elements(&self, sketch: &[u8], order: &mut ElementOrder) {
        if let Some((_, shingles)) = sketch::exact_and_shingles(sketch) {
            shingles.for_each(|shingle| order.count(shingle));
        }
    }

    fn may_be_similar(&self, left: u32, right: u32) -> bool {
        self.min_threshold().is_some_and(|threshold| threshold.allows(left, right))
    }

    fn are_similar(&self, left: &[u8], right: &[u8]) -> bool {
        let (Some((_, left)), Some((_, right)), Some(threshold)) = (
            sketch::exact_and_shingles(left),
            sketch::exact_and_shingles(right),
            self.min_threshold(),
        ) else {
            return false;
        };
        let (left, right): (Vec<u64>, Vec<u64>) = (left.collect(), right.collect());
        count_shared(&left, &right, threshold.required(left.len(), right.len())).is_some()
    }
}

impl DuplicateDocumentCheck {
    /// Returns the lowest threshold of the rules.
    fn min_threshold(&self) -> Option<Ratio> {
        let thresholds = self.rules.iter().map(|(_, parameters)| parameters.threshold);
        thresholds.min_by(f64::total_cmp).and_then(Ratio::new)
    }
}
