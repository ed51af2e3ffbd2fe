//! Kinds of thresholds.

/// The kind of a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// The smallest value that passes.
    Min,
    /// The largest value that passes.
    Max,
    /// The smallest value that fails.
    Below,
}

impl Bound {
    /// All bounds, in the order in which they are tested.
    pub(super) const ALL: [Self; 3] = [Self::Min, Self::Max, Self::Below];

    /// Returns the prefix of the key, before the name of the measure.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Min => "min-",
            Self::Max => "max-",
            Self::Below => "below-",
        }
    }

    /// Whether a value passes.
    pub(super) fn is_passed(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::Min => value >= threshold,
            Self::Max => value <= threshold,
            Self::Below => value < threshold,
        }
    }
}
