//! Parses rule files.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::find::{self, Find};
use super::precompiled::BuiltInRule;
use super::{Example, Rule};
use crate::Parameters;
use crate::pattern::PatternSource;
use dechaff_findings::user_file::{UserFile, UserFileError};
use dechaff_findings::{Applicability, RuleInfo, Severity};
use dechaff_phrases::WordList;

/// The keys of a rule file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RuleFile {
    code: toml::Spanned<String>,
    name: toml::Spanned<String>,
    summary: String,
    why: String,
    #[serde(default = "warning")]
    severity: Severity,
    since: String,
    #[serde(default = "yes")]
    default: bool,
    fix: Option<Applicability>,
    note: Option<String>,
    #[serde(default)]
    amid_content: bool,
    check: Option<Parameters>,
    #[serde(default)]
    find: Vec<Find>,
    #[serde(default)]
    words: BTreeMap<String, WordList>,
    #[serde(default)]
    example: Vec<Example>,
}

fn warning() -> Severity {
    Severity::Warning
}

fn yes() -> bool {
    true
}

impl RuleFile {
    fn parse(written: &Arc<UserFile>) -> Result<Self, UserFileError> {
        Self::parse_text(&written.text, written)
    }

    /// Parses `text`, the file `written` or the start of it.
    fn parse_text(text: &str, written: &Arc<UserFile>) -> Result<Self, UserFileError> {
        toml::from_str(text).map_err(|error| {
            let hint = error
                .message()
                .strip_prefix("missing field ")
                .and_then(|key| missing(key.trim_matches('`')));
            UserFileError::new(written, error.message(), error.span())
                .with_hint(hint.map(str::to_owned))
        })
    }
}

impl Rule {
    /// Parses a rule file.
    ///
    /// # Errors
    ///
    /// Returns the first error: invalid TOML, an unknown or missing key, a value of the wrong type,
    /// or a malformed code or name. [`Rule::validate`] checks the parameters.
    pub fn parse(written: &Arc<UserFile>) -> Result<Self, UserFileError> {
        Self::from_file(written, RuleFile::parse(written)?, None)
    }

    /// Parses a built-in rule, but not its phrases, which the build script has parsed, and not its
    /// examples, a third of the text. Parsing them too would slow down startup.
    ///
    /// # Errors
    ///
    /// As of [`Rule::parse`].
    pub(super) fn parse_built_in(rule: &'static BuiltInRule) -> Result<Self, UserFileError> {
        let written = UserFile::new(rule.path, rule.text);
        let body = rule.text.get(..rule.body).unwrap_or_default();
        Self::from_file(&written, RuleFile::parse_text(body, &written)?, Some(rule))
    }

    /// Returns the rule's examples. Those of a built-in rule are parsed on the first call.
    pub fn examples(&self) -> &[Example] {
        // Only built-in rules get here, and tests check that they all parse.
        let parse = || RuleFile::parse(&self.file).map_or_else(|_| Vec::new(), |file| file.example);
        self.examples.get_or_init(parse)
    }

    /// Parses the phrases and expressions of the rule's file. Returns one source per pattern, and
    /// none if the rule has another kind of check.
    ///
    /// # Errors
    ///
    /// As of [`Rule::parse`].
    pub fn sources(&self) -> Result<Vec<PatternSource>, UserFileError> {
        let file = RuleFile::parse(&self.file)?;
        find::patterns(&self.file, file.find, file.words).map(|(_, sources)| sources)
    }

    fn from_file(
        written: &Arc<UserFile>,
        file: RuleFile,
        built_in: Option<&'static BuiltInRule>,
    ) -> Result<Self, UserFileError> {
        let fault = |message: &str, place| Err(UserFileError::new(written, message, Some(place)));
        if !is_code(file.code.get_ref()) {
            return fault(
                "a code is two or more uppercase letters and three digits, such as `BP001`",
                file.code.span(),
            );
        }
        if !is_name(file.name.get_ref()) {
            return fault(
                "a name is lowercase words joined by dashes, such as `comment-prompt`",
                file.name.span(),
            );
        }
        let parameters = match file.check {
            Some(_) if !file.find.is_empty() => {
                return fault(
                    "a rule must have either `find` or `check`, not both",
                    file.code.span(),
                );
            }
            Some(check) => check,
            None if file.find.is_empty() => {
                return Err(UserFileError::new(
                    written,
                    "the rule has nothing to look for",
                    Some(file.code.span()),
                )
                .with_hint(missing("find").map(str::to_owned)));
            }
            None => Parameters::Pattern(match built_in {
                Some(rule) => find::precompiled(file.find, file.words, rule.patterns),
                None => find::patterns(written, file.find, file.words)?.0,
            }),
        };
        let info = RuleInfo {
            code: file.code.into_inner(),
            name: file.name.into_inner(),
            summary: file.summary,
            severity: file.severity,
            fix: file.fix,
            note: file.note,
            amid_content: file.amid_content,
            is_custom: false,
        };
        Ok(Self {
            info: Arc::new(info),
            why: file.why.trim().to_owned(),
            since: file.since,
            default: file.default,
            parameters,
            file: Arc::clone(written),
            examples: match built_in {
                Some(_) => OnceLock::new(),
                None => file.example.into(),
            },
        })
    }

    /// Checks that the kind of check accepts the parameters. Takes longer than parsing.
    ///
    /// # Errors
    ///
    /// Returns the first invalid parameter.
    pub fn validate(&self) -> Result<(), UserFileError> {
        self.parameters.validate().map_err(|error| {
            let place = error.place.map(|place| expression_fault(&self.file.text, place));
            UserFileError::new(&self.file, error.message, place)
        })
    }
}

/// Returns the invalid part of the regular expression at `place`, or `place` if the expression is
/// valid.
fn expression_fault(text: &str, place: Range<usize>) -> Range<usize> {
    let literal = text.get(place.clone()).unwrap_or_default();
    let quotes =
        ["\'\'\'", "\"\"\"", "'", "\""].into_iter().find(|quotes| literal.starts_with(quotes));
    let Some(quotes) = quotes else { return place };
    let Some(inner) = literal.get(quotes.len()..literal.len().saturating_sub(quotes.len())) else {
        return place;
    };
    // TOML escapes, and line ends that TOML drops, would shift offsets.
    if inner.starts_with(['\r', '\n']) || quotes.starts_with('"') && inner.contains('\\') {
        return place;
    }
    let span = match regex_syntax::Parser::new().parse(inner) {
        Err(regex_syntax::Error::Parse(error)) => *error.span(),
        Err(regex_syntax::Error::Translate(error)) => *error.span(),
        _ => return place,
    };
    let start = place.start + quotes.len();
    start + span.start.offset..start + span.end.offset
}

/// Returns a hint for the missing key `key`.
fn missing(key: &str) -> Option<&'static str> {
    Some(match key {
        "code" => "add the rule's code, such as `code = \"SHOP001\"`",
        "name" => "add the rule's name, such as `name = \"stock-line\"`",
        "summary" => "add `summary`: the title of each finding, in a few words",
        "why" => "add `why`: the explanation that `dechaff rule` shows",
        "since" => {
            "add the version of your rules that introduced this one, such as `since = \"1.0.0\"`"
        }
        "find" => "add what to look for, such as a `[[find]]` table with `en = \"add to basket\"`",
        _ => return None,
    })
}

/// Whether `code` has at least two uppercase letters, then three digits.
fn is_code(code: &str) -> bool {
    let letters = code.bytes().take_while(u8::is_ascii_uppercase).count();
    letters >= 2
        && code.len() == letters + 3
        && code.bytes().skip(letters).all(|byte| byte.is_ascii_digit())
}

/// Whether `name` has words joined by dashes, optionally followed by `@` and the implementation
/// that the rule reproduces.
fn is_name(name: &str) -> bool {
    let is_words = |name: &str| {
        name.split('-').all(|word| {
            !word.is_empty()
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
    };
    name.splitn(2, '@').all(is_words)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        code = "XX001"
        name = "a-fault"
        summary = "a fault"
        why = "It is one."
        since = "0.1.0"
        [[find]]
        regex = ["fault"]
    "#;

    fn error(text: &str) -> String {
        Rule::parse(&UserFile::new("r.toml", text))
            .and_then(|rule| rule.validate())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn errors_have_a_position_and_a_hint() {
        assert!(Rule::parse(&UserFile::new("r.toml", GOOD)).is_ok());
        let misspelt = GOOD.replace("regex =", "regx =");
        assert_eq!(
            error(&misspelt).split("; did").next(),
            Some("r.toml:8:9: unknown key `regx`"),
            "{}",
            error(&misspelt)
        );
        assert!(error(&misspelt).ends_with("did you mean `regex`?"), "{}", error(&misspelt));
        assert!(
            error(&GOOD.replace("\"fault\"", "\"(fault\""))
                .starts_with("r.toml:8:19: not a regular expression")
        );
        assert!(error(&GOOD.replace("XX001", "X1")).starts_with("r.toml:2:16: a code is"));
    }
}
