//! All the rules there are, and which of them are meant by a code, a prefix or a name.

use std::fmt;

use super::error::nearest;
use super::{Rule, RuleError};

/// The rule files, by path, as they were when the program was built.
const EMBEDDED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/embedded_rules.rs"));

/// All the rules there are, in order of code.
#[derive(Debug, Clone)]
pub struct Registry {
    rules: Vec<Rule>,
}

/// A code, the beginning of one, a name, or `ALL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector(String);

/// A selector that means no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSelector {
    /// What was written.
    pub selector: String,
    /// The code or name it is most like, if it is like one.
    pub nearest: Option<String>,
}

impl Registry {
    /// The rules that come with the program.
    ///
    /// # Errors
    ///
    /// The first rule file that does not parse; the tests see to it that there is none, and that each is valid.
    pub fn embedded() -> Result<Self, RuleError> {
        Self::collect(EMBEDDED.iter().copied().map(|(path, text)| (path, text, Rule::parse(path, text))))
    }

    /// Reads rules from the paths and texts of their files.
    ///
    /// # Errors
    ///
    /// The first file that does not parse or is not valid, or the second of two rules with one code or name.
    pub fn parse<'f>(files: impl IntoIterator<Item = (&'f str, &'f str)>) -> Result<Self, RuleError> {
        let parse = |path: &str, text: &str| {
            let rule = Rule::parse(path, text)?;
            rule.validate(text)?;
            Ok(rule)
        };
        Self::collect(files.into_iter().map(|(path, text)| (path, text, parse(path, text))))
    }

    fn collect<'f>(
        files: impl Iterator<Item = (&'f str, &'f str, Result<Rule, RuleError>)>,
    ) -> Result<Self, RuleError> {
        let mut rules: Vec<Rule> = Vec::new();
        for (path, text, rule) in files {
            let rule = rule?;
            let twin =
                rules.iter().find(|other| other.info.code == rule.info.code || other.info.name == rule.info.name);
            if let Some(twin) = twin {
                let message = format!("code {} or name {} is taken by {}", rule.info.code, rule.info.name, twin.path);
                return Err(RuleError::new(path, text, message, None));
            }
            rules.push(rule);
        }
        rules.sort_by(|left, right| left.info.code.cmp(&right.info.code));
        Ok(Self { rules })
    }

    /// The rules, in order of code.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule with that code or name, case aside.
    ///
    /// # Errors
    ///
    /// There is none; the error names the nearest.
    pub fn find(&self, code_or_name: &str) -> Result<&Rule, UnknownSelector> {
        self.rules
            .iter()
            .find(|rule| {
                rule.info.code.eq_ignore_ascii_case(code_or_name) || rule.info.name.eq_ignore_ascii_case(code_or_name)
            })
            .ok_or_else(|| self.unknown(code_or_name))
    }

    /// What `text` selects, if it selects anything.
    ///
    /// # Errors
    ///
    /// It means no rule; the error names the nearest.
    pub fn selector(&self, text: &str) -> Result<Selector, UnknownSelector> {
        let selector = Selector(text.trim().to_owned());
        if self.rules.iter().any(|rule| selector.specificity(rule).is_some()) {
            Ok(selector)
        } else {
            Err(self.unknown(&selector.0))
        }
    }

    fn unknown(&self, text: &str) -> UnknownSelector {
        let names = self.rules.iter().flat_map(|rule| [rule.info.code.as_str(), rule.info.name.as_str()]);
        UnknownSelector { selector: text.to_owned(), nearest: nearest(text, names).map(str::to_owned) }
    }
}

impl Selector {
    /// How exactly the selector means `rule`: the length of the matching beginning of its code, more for the whole code or
    /// the name, 0 for `ALL`; `None` if it does not mean it.
    pub fn specificity(&self, rule: &Rule) -> Option<usize> {
        let (text, code) = (self.0.as_str(), rule.info.code.as_str());
        if text.eq_ignore_ascii_case("all") {
            return Some(0);
        }
        if rule.info.name.eq_ignore_ascii_case(text) {
            return Some(usize::MAX);
        }
        let is_beginning =
            !text.is_empty() && code.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
        is_beginning.then_some(if text.len() == code.len() { usize::MAX } else { text.len() })
    }
}

impl fmt::Display for UnknownSelector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no rule has the code or name `{}`", self.selector)?;
        match &self.nearest {
            Some(nearest) => write!(formatter, "; did you mean `{nearest}`?"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for UnknownSelector {}
