//! What thresholds bound.

/// What a threshold bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// It is the least value that passes.
    Min,
    /// It is the greatest value that passes.
    Max,
    /// It is the least value that does not pass.
    Below,
}

impl Bound {
    /// All bounds, in the order in which they are tested.
    pub(super) const ALL: [Self; 3] = [Self::Min, Self::Max, Self::Below];

    /// Returns what precedes the name of a measure in the key.
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
