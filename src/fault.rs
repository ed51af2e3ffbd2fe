//! A fault in a file that a person wrote, such as a rule or a configuration: its place and, where there is one, the remedy.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A file that a person wrote: where it stands and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenFile {
    /// Its path, as it is named to people.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Why a file that a person wrote cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The file.
    pub file: Arc<WrittenFile>,
    /// What is wrong.
    pub message: String,
    /// The bytes of the file that are wrong, where they are known.
    pub place: Option<Range<usize>>,
    /// What to write instead.
    pub hint: Option<String>,
}

impl WrittenFile {
    /// A file of that path and text.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// Line and column, from 1 and in characters, of a byte.
    pub fn position(&self, offset: usize) -> Option<(usize, usize)> {
        let before = self.text.get(..offset)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some((line, column))
    }
}

impl Fault {
    /// A fault of `file` at `place`; of a message in serde's manner the hint is made.
    pub fn new(file: &Arc<WrittenFile>, message: impl Into<String>, place: Option<Range<usize>>) -> Self {
        let message = message.into();
        let hint = did_you_mean(&message).or_else(|| wanted(&message));
        Self { file: Arc::clone(file), message, place, hint }
    }

    /// The same with what to write instead, if that is known.
    #[must_use]
    pub fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }

    /// Line and column of the place, from 1.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.file.position(self.place.as_ref()?.start)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file.path)?;
        if let Some((line, column)) = self.position() {
            write!(formatter, ":{line}:{column}")?;
        }
        write!(formatter, ": {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(formatter, "; {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Fault {}

/// Turns serde's "unknown field `x`, expected one of `a`, `b`" into the nearest of those expected.
fn did_you_mean(message: &str) -> Option<String> {
    let (unknown, expected) = message.strip_prefix("unknown ")?.split_once(", expected ")?;
    let unknown = unknown.split('`').nth(1)?;
    let known = expected.split('`').skip(1).step_by(2);
    nearest(unknown, known).map(|name| format!("did you mean `{name}`?"))
}

/// Turns serde's "invalid type: string \"x\", expected a sequence" and the like into what to write.
fn wanted(message: &str) -> Option<String> {
    if let Some(field) = message.strip_prefix("missing field ") {
        return Some(format!("add {field}"));
    }
    let (given, expected) = message.strip_prefix("invalid type: ")?.split_once(", expected ")?;
    let value = given.split_once(' ').map_or("", |(_, value)| value);
    match expected {
        "a sequence" if given.starts_with("string") => Some(format!("write a list: [{value}]")),
        "a sequence" => Some("write a list in brackets".into()),
        "a boolean" => Some("write true or false".into()),
        "a string" => Some("write it in quotes".into()),
        "f64" | "u32" | "usize" => Some("write a number, without quotes".into()),
        _ => None,
    }
}

/// The candidate most like `name`, if one is like enough: Jaro-Winkler similarity 0.8 or more.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    const ALIKE: f64 = 0.8;
    candidates
        .map(|candidate| (strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()), candidate))
        .filter(|(similarity, _)| *similarity >= ALIKE)
        // Of equals the first by name, whatever the order in which they come.
        .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.cmp(left.1)))
        .map(|(_, candidate)| candidate)
}
