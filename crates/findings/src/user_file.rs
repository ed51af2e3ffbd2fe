//! Errors in user-written files, such as rules and configuration files, with their location and a
//! hint.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// A user-written file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFile {
    /// Path as shown to the user.
    pub path: String,
    /// Content of the file.
    pub text: String,
}

/// Why a user-written file cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserFileError {
    /// The file.
    pub file: Arc<UserFile>,
    /// What is wrong.
    pub message: String,
    /// The offending bytes of the file, if known.
    pub span: Option<Range<usize>>,
    /// What to write instead, if known.
    pub hint: Option<String>,
}

impl UserFile {
    /// Creates a file from its path and content.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// Returns the 1-based line and column, in characters, of a byte offset.
    pub fn position(&self, offset: usize) -> Option<(usize, usize)> {
        let before = self.text.get(..offset)?;
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some((line, column))
    }
}

impl UserFileError {
    /// Creates an error at `span` of `file`. Rephrases serde messages and adds a hint to them.
    pub fn new(
        file: &Arc<UserFile>,
        message: impl Into<String>,
        span: Option<Range<usize>>,
    ) -> Self {
        let (message, hint) = explain(&message.into());
        Self { file: Arc::clone(file), message, span, hint }
    }

    /// Replaces the hint if `hint` is not `None`.
    #[must_use]
    pub fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint: hint.or(self.hint), ..self }
    }

    /// Returns the 1-based line and column of the span.
    pub fn position(&self) -> Option<(usize, usize)> {
        self.file.position(self.span.as_ref()?.start)
    }
}

impl fmt::Display for UserFileError {
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

impl std::error::Error for UserFileError {}

/// Rephrases a serde message for authors of TOML and JSON files, and returns a hint.
fn explain(message: &str) -> (String, Option<String>) {
    unknown_name(message)
        .or_else(|| missing_key(message))
        .or_else(|| wrong_type(message))
        .unwrap_or_else(|| (message.to_owned(), None))
}

/// Parses "unknown field `x`, expected one of `a`, `b`", and the same for variants.
fn unknown_name(message: &str) -> Option<(String, Option<String>)> {
    let (is_key, rest) = match message.strip_prefix("unknown field `") {
        Some(rest) => (true, rest),
        None => (false, message.strip_prefix("unknown variant `")?),
    };
    let (unknown, expected) = rest.split_once('`')?;
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let nearest = nearest(unknown, known.iter().copied());
    let listed = || known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let message = match (is_key, nearest) {
        (true, Some(_)) => format!("unknown key `{unknown}`"),
        (true, None) if known.is_empty() => format!("unknown key `{unknown}`"),
        (true, None) => format!("unknown key `{unknown}`; the keys are {}", listed()),
        (false, _) => format!("`{unknown}` is not one of {}", listed()),
    };
    Some((message, nearest.map(|name| format!("did you mean `{name}`?"))))
}

/// Parses "missing field `x`".
fn missing_key(message: &str) -> Option<(String, Option<String>)> {
    let key = message.strip_prefix("missing field ")?;
    Some((format!("the key {key} is missing"), Some(format!("add {key}"))))
}

/// Parses "invalid type: string \"x\", expected a sequence", and the same for values.
fn wrong_type(message: &str) -> Option<(String, Option<String>)> {
    let rest = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))?;
    let (actual, expected) = rest.split_once(", expected ")?;
    let (kind, value) = actual.split_once(' ').unwrap_or((actual, ""));
    let value = value.trim_matches('`');
    let is_text = kind == "string";
    let (type_hint, hint) = match expected {
        "a sequence" if is_text => ("a list", Some(format!("write a list: [{value}]"))),
        "a sequence" => ("a list", Some("write a list in brackets".into())),
        "a boolean" => (
            "true or false",
            Some("write true or false, without quotes".into()).filter(|_| is_text),
        ),
        "a string" => ("a string", Some("write it in quotes".into())),
        "f32" | "f64" => {
            ("a number", Some("write a number, without quotes".into()).filter(|_| is_text))
        }
        "u32" | "u64" | "usize" => {
            ("a whole number", Some("write a number, without quotes".into()).filter(|_| is_text))
        }
        "a map" => ("a table", None),
        other if other.starts_with("struct ") => ("a table", None),
        other => (other, None),
    };
    let found = match kind {
        "string" => format!("the string {value}"),
        "integer" | "floating" => format!("the number {}", value.trim_start_matches("point `")),
        "boolean" => value.to_owned(),
        "sequence" => "a list".into(),
        "map" => "a table".into(),
        _ => actual.to_owned(),
    };
    Some((format!("expected {type_hint}, found {found}"), hint))
}

/// Returns the candidate most similar to `name`, if its Jaro-Winkler similarity is at least 0.8.
pub fn nearest<'c>(name: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    const MIN_SIMILARITY: f64 = 0.8;
    candidates
        .map(|candidate| {
            (strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase()), candidate)
        })
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        // Break ties by name, so that the result does not depend on the order of candidates.
        .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.cmp(left.1)))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(message: &str) -> String {
        let (message, hint) = explain(message);
        format!("{message} | {}", hint.unwrap_or_default())
    }

    #[test]
    fn rephrases_serde_messages() {
        assert_eq!(explained("missing field `since`"), "the key `since` is missing | add `since`");
        assert_eq!(
            explained("invalid type: string \"BP\", expected a sequence"),
            "expected a list, found the string \"BP\" | write a list: [\"BP\"]"
        );
        assert_eq!(
            explained("invalid type: string \"half\", expected f64"),
            "expected a number, found the string \"half\" | write a number, without quotes"
        );
        assert_eq!(
            explained("invalid type: floating point `0.5`, expected usize"),
            "expected a whole number, found the number 0.5 | "
        );
        assert_eq!(
            explained("invalid value: integer `-1`, expected usize"),
            "expected a whole number, found the number -1 | "
        );
        assert_eq!(
            explained("invalid type: map, expected a sequence"),
            "expected a list, found a table | write a list in brackets"
        );
        assert_eq!(
            explained("unknown field `zzz`, expected `a` or `b`"),
            "unknown key `zzz`; the keys are `a`, `b` | "
        );
        assert_eq!(
            explained("unknown variant `eror`, expected one of `info`, `error`"),
            "`eror` is not one of `info`, `error` | did you mean `error`?"
        );
        assert_eq!(explained("expected a newline"), "expected a newline | ");
    }
}
