//! A fault in a rule file, with its place and, where there is one, the remedy.

use std::fmt;
use std::ops::Range;

/// A rule file that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleError {
    /// The rule file.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// The bytes of the file that are wrong, where they are known.
    pub place: Option<Range<usize>>,
    /// Line and column of that place, from 1.
    pub position: Option<(usize, usize)>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl RuleError {
    pub(super) fn new(path: &str, text: &str, message: impl Into<String>, place: Option<Range<usize>>) -> Self {
        let position = place.as_ref().and_then(|place| {
            let before = text.get(..place.start)?;
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
            Some((line, column))
        });
        let message = message.into();
        let hint = did_you_mean(&message);
        Self { path: path.to_owned(), message, place, position, hint }
    }
}

impl fmt::Display for RuleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.path)?;
        if let Some((line, column)) = self.position {
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RuleError {}

/// Turns serde's "unknown field `x`, expected one of `a`, `b`" into the nearest of those expected.
fn did_you_mean(message: &str) -> Option<String> {
    let (unknown, expected) = message.strip_prefix("unknown ")?.split_once(", expected ")?;
    let unknown = unknown.split('`').nth(1)?;
    let known = expected.split('`').skip(1).step_by(2);
    nearest(unknown, known).map(|name| format!("did you mean `{name}`?"))
}

/// The candidate most like `name`, if one is like enough: Jaro-Winkler similarity 0.8 or more.
pub(super) fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    const ALIKE: f64 = 0.8;
    candidates
        .map(|candidate| (strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= ALIKE)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
