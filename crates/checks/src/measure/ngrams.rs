//! Measures of n-grams shared by several sets.

use super::set::Measure;

pub(super) const TOP_2_GRAM: Measure =
    Measure::share("top-2-gram", "{} of characters are in the most frequent two words", "these");
pub(super) const TOP_3_GRAM: Measure =
    Measure::share("top-3-gram", "{} of characters are in the most frequent three words", "these");
pub(super) const TOP_4_GRAM: Measure =
    Measure::share("top-4-gram", "{} of characters are in the most frequent four words", "these");
pub(super) const RECURRING_5_GRAMS: Measure = Measure::share(
    "repeated-5-grams",
    "{} of characters are in five words that recur",
    "they recur",
);
pub(super) const RECURRING_6_GRAMS: Measure = Measure::share(
    "repeated-6-grams",
    "{} of characters are in six words that recur",
    "they recur",
);
pub(super) const RECURRING_7_GRAMS: Measure = Measure::share(
    "repeated-7-grams",
    "{} of characters are in seven words that recur",
    "they recur",
);
pub(super) const RECURRING_8_GRAMS: Measure = Measure::share(
    "repeated-8-grams",
    "{} of characters are in eight words that recur",
    "they recur",
);
pub(super) const RECURRING_9_GRAMS: Measure = Measure::share(
    "repeated-9-grams",
    "{} of characters are in nine words that recur",
    "they recur",
);
pub(super) const RECURRING_10_GRAMS: Measure = Measure::share(
    "repeated-10-grams",
    "{} of characters are in ten words that recur",
    "they recur",
);

/// Returns the size in the name of a measure of n-grams.
pub(super) fn ngram_size(name: &str) -> Option<usize> {
    name.split('-').find_map(|part| part.parse().ok())
}
