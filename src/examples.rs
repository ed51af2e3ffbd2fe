//! Holds a rule's examples to what they say: the tests of the rules that come with the program, and of a user's own.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::engine::Linter;
use crate::finding::{Applicability, Finding};
use crate::fix;
use crate::rule::{Documents, Example, Marked, Registry, Rule};
use crate::text::{Document, Origin};

/// Tests all the examples of `rule`; `registry` holds the rules that an example asks for under `with`.
///
/// # Errors
///
/// What does not hold, as text for a person.
pub fn test(rule: &Rule, registry: &Registry) -> Result<(), String> {
    let mut faults = String::new();
    let has = |which: fn(&Example) -> bool| rule.examples.iter().any(which);
    if !has(|example| example.bad.is_some()) || !has(|example| example.allow.is_some()) {
        faults.push_str("a rule needs an example with `bad` and one with `allow`\n");
    }
    for (index, example) in rule.examples.iter().enumerate() {
        if let Err(fault) = test_example(rule, registry, example) {
            let _ = writeln!(faults, "example {}: {fault}", index + 1);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn test_example(rule: &Rule, registry: &Registry, example: &Example) -> Result<(), String> {
    let mut rules = vec![rule];
    for name in &example.with {
        rules.push(registry.find(name).map_err(|error| error.to_string())?);
    }
    let linter = Linter::of(rules).map_err(|error| error.to_string())?;
    let bench = Bench { rule, linter, path: example.path.as_deref().unwrap_or("example.txt") };
    match (&example.bad, &example.allow) {
        (Some(bad), None) => bench.test_bad(bad, example.good.as_ref()),
        (None, Some(allow)) if example.good.is_none() => bench.test_allow(allow),
        _ => Err("an example has either `bad`, with `good` if the rule has a fix, or `allow`".into()),
    }
}

/// A rule on the bench, with the rules it keeps company with.
struct Bench<'r> {
    rule: &'r Rule,
    linter: Linter,
    path: &'r str,
}

impl Bench<'_> {
    fn test_allow(&self, allow: &Documents) -> Result<(), String> {
        for text in allow.texts() {
            let found = self.findings(text);
            if !found.is_empty() {
                return Err(format!("`allow` is to be silent, but {}", describe(text, &found)));
            }
        }
        Ok(())
    }

    fn test_bad(&self, bad: &Documents, good: Option<&Documents>) -> Result<(), String> {
        let texts: Vec<Marked> = bad.texts().iter().map(|text| Marked::parse(text)).collect();
        if texts.iter().all(|text| text.spans.is_empty()) {
            return Err("`bad` marks nothing: put ⟦ and ⟧ around what the rule is to mark".into());
        }
        for marked in &texts {
            let found = self.findings(&marked.text);
            if found.iter().map(|finding| finding.span).ne(marked.spans.iter().copied()) {
                let wanted: Vec<&str> = marked.spans.iter().map(|span| &marked.text[span.range()]).collect();
                return Err(format!("`bad` is to mark {wanted:?}, but {}", describe(&marked.text, &found)));
            }
        }
        match (self.rule.info.fix, good) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err("`good` says what a fix makes, but the rule has no fix".into()),
            (Some(_), None) => Err("the rule has a fix: `good` must say what it makes of `bad`".into()),
            (Some(_), Some(good)) if good.texts().len() != texts.len() => {
                Err("`good` must have as many documents as `bad`".into())
            }
            (Some(_), Some(good)) => {
                texts.iter().zip(good.texts()).try_for_each(|(bad, good)| self.test_fix(&bad.text, good))
            }
        }
    }

    fn test_fix(&self, bad: &str, good: &str) -> Result<(), String> {
        let fixed = self.fix(bad)?;
        if fixed != good {
            return Err(format!("the fix makes {fixed:?}, not {good:?}"));
        }
        let left: Vec<Finding> = self.findings(good).into_iter().filter(|finding| finding.fix.is_some()).collect();
        if !left.is_empty() {
            return Err(format!("`good` is to be clean, but {}", describe(good, &left)));
        }
        Ok(())
    }

    fn fix(&self, text: &str) -> Result<String, String> {
        let document = self.document(text);
        let once = fix::fix(&self.linter, &document, Applicability::Unsafe).map_err(|error| error.to_string())?;
        Ok(once.text)
    }

    /// What the rule itself finds, without the company it keeps.
    fn findings(&self, text: &str) -> Vec<Finding> {
        let found = self.linter.check(&self.document(text));
        found.into_iter().filter(|finding| Arc::ptr_eq(&finding.rule, &self.rule.info)).collect()
    }

    fn document<'t>(&self, text: &'t str) -> Document<'t> {
        Document::parse(Arc::new(Origin::file(self.path)), text)
    }
}

fn describe(text: &str, found: &[Finding]) -> String {
    if found.is_empty() {
        return "nothing is marked".into();
    }
    let marked: Vec<&str> = found.iter().map(|finding| &text[finding.span.range()]).collect();
    format!("{marked:?} is marked")
}
