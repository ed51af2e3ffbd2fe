//! The registry of all rules, and selectors.

use std::fmt;
use std::sync::Arc;

use super::Rule;
use super::precompiled::BUILT_IN_RULES;
use crate::Parameters;
use dechaff_findings::RuleInfo;
use dechaff_findings::user_file::{UserFile, UserFileError, nearest};

/// All rules, in order of code.
#[derive(Debug, Clone)]
pub struct Registry {
    rules: Vec<Rule>,
}

/// A code, a prefix of a code, a name, or `ALL`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selector {
    text: String,
    /// Whether it only matches opt-in rules, so that it enables them even if it is a prefix.
    covers_only_opt_in: bool,
}

impl From<&str> for Selector {
    fn from(text: &str) -> Self {
        Self { text: text.trim().to_owned(), covers_only_opt_in: false }
    }
}

/// A selector that matches no rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownSelector {
    /// The selector as written.
    pub selector: String,
    /// The most similar code or name, if any is similar.
    pub nearest: Option<String>,
}

impl Registry {
    /// Returns the built-in rules.
    ///
    /// # Errors
    ///
    /// Returns the first error in a rule file. Tests ensure that all built-in rules are valid.
    pub fn embedded() -> Result<Self, UserFileError> {
        let mut registry = Self { rules: Vec::new() };
        for rule in BUILT_IN_RULES {
            registry.add(Rule::parse_built_in(rule)?)?;
        }
        registry.rules.sort_by(|left, right| left.info.code.cmp(&right.info.code));
        Ok(registry)
    }

    /// Creates a registry from rule files.
    ///
    /// # Errors
    ///
    /// As for [`Registry::extend`].
    pub fn parse(files: &[Arc<UserFile>]) -> Result<Self, UserFileError> {
        let mut registry = Self { rules: Vec::new() };
        registry.extend(files)?;
        Ok(registry)
    }

    /// Adds the user-defined rules in `files`.
    ///
    /// # Errors
    ///
    /// Returns the first error in a file, or the second of two rules with the same code or name.
    pub fn extend(&mut self, files: &[Arc<UserFile>]) -> Result<(), UserFileError> {
        for file in files {
            let mut rule = Rule::parse(file)?;
            rule.validate()?;
            rule.info = Arc::new(RuleInfo { is_custom: true, ..rule.info.as_ref().clone() });
            self.add(rule)?;
        }
        self.rules.sort_by(|left, right| left.info.code.cmp(&right.info.code));
        Ok(())
    }

    /// Removes the built-in rule with this code and name, so that an edited copy of its file can
    /// replace it.
    pub fn remove_built_in(&mut self, info: &RuleInfo) {
        self.rules.retain(|rule| {
            rule.info.is_custom || rule.info.code != info.code || rule.info.name != info.name
        });
    }

    fn add(&mut self, rule: Rule) -> Result<(), UserFileError> {
        let is_twin =
            |other: &&Rule| other.info.code == rule.info.code || other.info.name == rule.info.name;
        if let Some(twin) = self.rules.iter().find(is_twin) {
            let (what, taken) = match twin.info.code == rule.info.code {
                true => ("code", &rule.info.code),
                false => ("name", &rule.info.name),
            };
            let message = format!("the {what} `{taken}` is already used by {}", twin.file.path);
            let place = rule.file.text.find(taken.as_str()).map(|start| start..start + taken.len());
            let hint = format!("choose another {what} for the rule");
            return Err(UserFileError::new(&rule.file, message, place).with_hint(Some(hint)));
        }
        self.rules.push(rule);
        Ok(())
    }

    /// Returns the rules, in order of code.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Returns the rule with this code or name, ignoring case.
    ///
    /// # Errors
    ///
    /// There is no such rule; the error has the most similar code or name.
    pub fn find(&self, code_or_name: &str) -> Result<&Rule, UnknownSelector> {
        self.rules
            .iter()
            .find(|rule| {
                rule.info.code.eq_ignore_ascii_case(code_or_name)
                    || rule.info.name.eq_ignore_ascii_case(code_or_name)
            })
            .ok_or_else(|| self.unknown(code_or_name))
    }

    /// Returns the properties of each rule's findings, in order of code.
    pub fn infos(&self) -> impl Iterator<Item = &Arc<RuleInfo>> {
        self.rules.iter().map(|rule| &rule.info)
    }

    /// Parses a selector.
    ///
    /// # Errors
    ///
    /// It matches no rule; the error has the most similar code or name.
    pub fn selector(&self, text: &str) -> Result<Selector, UnknownSelector> {
        let selector = Selector::from(text);
        let mut meant = self.rules.iter().filter(|rule| selector.means(&rule.info)).peekable();
        if meant.peek().is_none() {
            return Err(self.unknown(&selector.text));
        }
        let covers_only_opt_in = meant.all(|rule| !rule.default);
        Ok(Selector { covers_only_opt_in, ..selector })
    }

    fn unknown(&self, text: &str) -> UnknownSelector {
        let names =
            self.rules.iter().flat_map(|rule| [rule.info.code.as_str(), rule.info.name.as_str()]);
        UnknownSelector {
            selector: text.to_owned(),
            nearest: nearest(text, names).map(str::to_owned),
        }
    }
}

impl Selector {
    /// Whether the selector matches `rule`.
    pub fn means(&self, rule: &RuleInfo) -> bool {
        self.specificity(rule).is_some()
    }

    /// Returns how specifically the selector matches `rule`: the length of the matching prefix of
    /// its code, more for the whole code or the name, and 0 for `ALL`. Returns `None` if it does
    /// not match.
    pub fn specificity(&self, rule: &RuleInfo) -> Option<usize> {
        let (text, code) = (self.text.as_str(), rule.code.as_str());
        if text.eq_ignore_ascii_case("all") {
            return Some(0);
        }
        if rule.name.eq_ignore_ascii_case(text) {
            return Some(usize::MAX);
        }
        let is_beginning = !text.is_empty()
            && code.get(..text.len()).is_some_and(|head| head.eq_ignore_ascii_case(text));
        is_beginning.then_some(if text.len() == code.len() { usize::MAX } else { text.len() })
    }

    /// Returns how specifically the selector enables `rule`. Like [`Selector::specificity`], but a
    /// prefix that matches default rules does not enable the opt-in rules among them, which need
    /// their full code, their name or `ALL`. `ALL` does not enable measures, because they
    /// contradict each other.
    pub fn enables(&self, rule: &Rule) -> Option<usize> {
        let is_measure =
            matches!(rule.parameters, Parameters::Measure(_) | Parameters::LineFilter(_));
        self.specificity(&rule.info).filter(|specificity| match *specificity {
            usize::MAX => true,
            0 => !is_measure,
            _ => rule.default || self.covers_only_opt_in,
        })
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
