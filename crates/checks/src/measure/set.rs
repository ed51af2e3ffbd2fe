//! Measures, and the interface of sets of measures.

use super::page::Page;
use dechaff_text::Span;

/// A measure of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// Its name in thresholds, after `min-` or `max-`, and in tables.
    pub(super) name: &'static str,
    /// A template for messages: `{}` is the value; `[word|words]` is singular for a value of 1.
    pub(super) text: &'static str,
    /// The format of the value.
    pub(super) unit: MeasureUnit,
    /// A description of the passage that contributes most.
    pub(super) label: &'static str,
}

/// The format of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MeasureUnit {
    /// As a percentage.
    Share,
    /// As a number.
    Number,
}

impl Measure {
    /// Defines a share, from 0 to 1.
    pub(super) const fn share(name: &'static str, text: &'static str, label: &'static str) -> Self {
        Self { name, text, unit: MeasureUnit::Share, label }
    }

    /// Defines a number.
    pub(super) const fn number(
        name: &'static str,
        text: &'static str,
        label: &'static str,
    ) -> Self {
        Self { name, text, unit: MeasureUnit::Number, label }
    }
}

/// Returns the message of a measure with this template for a value, formatted as `value`.
pub(super) fn sentence(text: &str, value: &str) -> String {
    let mut sentence = String::new();
    for (at, part) in text.split(['[', ']']).enumerate() {
        let (one, many) = part.split_once('|').unwrap_or((part, part));
        // Every second part is in brackets.
        let is_single = at % 2 == 1 && value == "1";
        sentence.push_str(if is_single { one } else { many });
    }
    sentence.replace("{}", value)
}

/// A set of measures as implemented by one project.
pub(super) trait MeasureSet: Send + Sync {
    /// Returns the measures, in the order in which the implementation tests them.
    fn measures(&self) -> &'static [Measure];

    /// Measures a page. A value that the implementation does not define is `None`.
    fn values(&self, page: &Page<'_>) -> Vec<Option<f64>>;

    /// Returns the passage that contributes most to the failure of the measure with this name.
    fn heaviest(&self, page: &Page<'_>, name: &str) -> Option<Span>;
}

/// Counts the non-overlapping occurrences of each of `signs` in a text.
pub(super) fn occurrences(text: &str, signs: &[&str]) -> usize {
    let count = |sign: &&str| match sign.as_bytes() {
        [byte] => memchr::memchr_iter(*byte, text.as_bytes()).count(),
        bytes => memchr::memmem::find_iter(text.as_bytes(), bytes).count(),
    };
    signs.iter().map(count).sum()
}

/// Divides two counts; `None` if there is nothing to divide by.
pub(super) fn ratio(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| number(part) / number(whole))
}

/// Converts a count, which is exact up to 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "counts are smaller than a text is long")]
pub(super) fn number(count: usize) -> f64 {
    count as f64
}
