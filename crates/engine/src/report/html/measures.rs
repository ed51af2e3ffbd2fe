//! How the documents of a corpus are distributed over each measure.
//!
//! The counts on either side of a threshold are exact. For the histogram, values are rounded down
//! to two significant digits, so a measure keeps at most [`MAX_BINS`] counts, whatever the corpus.

use std::collections::BTreeMap;

use dechaff_checks::measure::{MeasureColumn, MeasureColumns, MeasureSetColumns, MeasureValue};

/// The powers of ten that bins distinguish. Smaller values count as 0, and larger ones as the
/// largest.
const EXPONENTS: std::ops::RangeInclusive<i32> = -6..=9;
/// Bins are in units of 10⁻⁷, the second digit of the smallest exponent.
pub(super) const UNITS: u64 = 10_000_000;
/// The most bins that a measure can fill: 90 for each exponent, and 0.
const MAX_BINS: usize = 16 * 90 + 1;

/// The sets of measures and their distributions.
#[derive(Debug, Default)]
pub(super) struct MeasureCounts {
    pub(super) sets: Vec<SetCounts>,
    /// Documents that were measured.
    pub(super) documents: u64,
}

/// A set of measures.
#[derive(Debug)]
pub(super) struct SetCounts {
    pub(super) columns: MeasureSetColumns,
    /// Documents that the set measures.
    pub(super) documents: u64,
    /// Documents that fail a threshold of the set.
    pub(super) failed: u64,
    pub(super) measures: Vec<Distribution>,
}

/// How the documents are distributed over a measure.
#[derive(Debug)]
pub(super) struct Distribution {
    pub(super) column: MeasureColumn,
    /// Documents below the least and above the greatest value that passes.
    pub(super) below: u64,
    pub(super) above: u64,
    /// Documents for which the set does not define the measure.
    pub(super) undefined: u64,
    /// Documents by the lower end of the bin, in [`UNITS`].
    pub(super) bins: BTreeMap<u64, BinCount>,
}

/// The documents of a bin.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct BinCount {
    pub(super) passed: u64,
    pub(super) failed: u64,
}

impl MeasureCounts {
    pub(super) fn new(columns: &MeasureColumns) -> Self {
        let counts = |set: MeasureSetColumns| SetCounts {
            documents: 0,
            failed: 0,
            measures: set.measures.iter().copied().map(Distribution::new).collect(),
            columns: set,
        };
        Self { sets: columns.sets().into_iter().map(counts).collect(), documents: 0 }
    }

    /// Adds the row of a document.
    pub(super) fn add(&mut self, row: &[MeasureValue]) {
        self.documents += 1;
        for set in &mut self.sets {
            let Some(values) = set.columns.values(row) else { continue };
            set.documents += 1;
            set.failed += u64::from(values.is_failed);
            for (distribution, value) in set.measures.iter_mut().zip(values.values) {
                if let MeasureValue::Number(value) = value {
                    distribution.add(*value);
                }
            }
        }
    }

    pub(super) fn is_shown(&self) -> bool {
        self.documents > 0 && !self.sets.is_empty()
    }
}

impl Distribution {
    fn new(column: MeasureColumn) -> Self {
        Self { column, below: 0, above: 0, undefined: 0, bins: BTreeMap::new() }
    }

    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value.filter(|value| !value.is_nan()) else {
            self.undefined += 1;
            return;
        };
        let is_below = self.column.min.is_some_and(|min| value < min);
        let is_above = !is_below && self.column.is_above(value);
        self.below += u64::from(is_below);
        self.above += u64::from(is_above);
        let count = self.bins.entry(bin(value, self.column.is_share)).or_default();
        match is_below || is_above {
            true => count.failed += 1,
            false => count.passed += 1,
        }
        debug_assert!(self.bins.len() <= MAX_BINS, "more bins than there can be");
    }

    /// Returns the documents for which the measure is defined.
    pub(super) fn measured(&self) -> u64 {
        self.bins.values().map(BinCount::total).sum()
    }

    /// Returns the lower end of the bin below which a share of the documents is, in hundredths.
    /// Zero without documents.
    pub(super) fn percentile(&self, percent: u64) -> u64 {
        let wanted = (self.measured() * percent).div_ceil(100);
        let mut documents = 0;
        let reached = self.bins.iter().find(|(_, count)| {
            documents += count.total();
            documents >= wanted
        });
        reached.map_or(0, |(low, _)| *low)
    }
}

impl BinCount {
    pub(super) fn total(&self) -> u64 {
        self.passed + self.failed
    }

    pub(super) fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

/// Returns the lower end of the bin of a value, in [`UNITS`]. A share of exactly 1 belongs to the
/// last bin below.
fn bin(value: f64, is_share: bool) -> u64 {
    /// The bin from 0.99 to 1.
    const LAST_SHARE: u64 = 99 * (UNITS / 100);
    /// The largest bin.
    const LAST: u64 = 99 * 10u64.pow(15);
    if is_share && value == 1.0 {
        return LAST_SHARE;
    }
    // The decimal digits of the value, such as 3.02e-1: the edges of bins are decimal.
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return if value > 0.0 { LAST } else { 0 };
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if value <= 0.0 || exponent < *EXPONENTS.start() {
        return 0;
    }
    if exponent > *EXPONENTS.end() {
        return LAST;
    }
    let mut digits = digits.chars().filter_map(|digit| digit.to_digit(10)).map(u64::from);
    let first_two = digits.next().unwrap_or(0) * 10 + digits.next().unwrap_or(0);
    first_two * 10u64.pow(exponent.abs_diff(*EXPONENTS.start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_start_at_two_digits() {
        assert_eq!([0.0, -1.0, 1e-9, 1e-6].map(|value| bin(value, false)), [0, 0, 0, 10]);
        assert_eq!(bin(0.3, true), 30 * UNITS / 100);
        assert_eq!(bin(0.309, true), 30 * UNITS / 100);
        assert_eq!(bin(1.0, true), 99 * UNITS / 100);
        assert_eq!(bin(1.0, false), UNITS);
        assert_eq!(bin(123_456.0, false), 120_000 * UNITS);
        assert_eq!(bin(1e300, false), bin(f64::INFINITY, false));
        assert_eq!(bin(9.95e9, false), bin(1e300, false));
    }

    #[test]
    fn counts_at_thresholds_are_exact() {
        let column = MeasureColumn {
            name: "words",
            text: "{} words",
            is_share: false,
            min: Some(50.0),
            max: Some(52.0),
            excludes_max: false,
        };
        let mut distribution = Distribution::new(column);
        for value in [49.0, 49.999, 50.0, 52.0, 52.001, f64::NAN] {
            distribution.add(Some(value));
        }
        distribution.add(None);
        assert_eq!((distribution.below, distribution.above), (2, 1));
        assert_eq!((distribution.undefined, distribution.measured()), (2, 5));
        assert_eq!([1, 40, 100].map(|p| distribution.percentile(p) / UNITS), [49, 49, 52]);
    }
}
