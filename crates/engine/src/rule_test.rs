//! Tests rules against their examples: those of the built-in rules and of the user's own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::fix::FixSession;
use crate::linter::Linter;
use dechaff_checks::rule::{Documents, Example, MarkedText, Registry, Rule};
use dechaff_findings::{Applicability, Finding};
use dechaff_text::{Document, Origin, TextProvider};

/// Path of an example that does not set one.
const DEFAULT_PATH: &str = "example.txt";

/// Tests all examples of `rule`. `registry` resolves the rules that an example lists under `with`.
///
/// # Errors
///
/// Returns a message with one line per failure.
pub fn test(rule: &Rule, registry: &Registry) -> Result<(), String> {
    rule.parameters.validate().map_err(|error| error.to_string())?;
    let mut failures = String::new();
    let has = |which: fn(&Example) -> bool| rule.examples().iter().any(which);
    if !has(|example| example.bad.is_some()) || !has(|example| example.allow.is_some()) {
        failures.push_str("a rule needs an example with `bad` and one with `allow`\n");
    }
    for (index, example) in rule.examples().iter().enumerate() {
        if let Err(failure) = test_example(rule, registry, example) {
            let _ = writeln!(failures, "example {}: {failure}", index + 1);
        }
    }
    if failures.is_empty() { Ok(()) } else { Err(failures) }
}

/// Finds the rules of `others` that report what the `bad` examples of `rule` mark.
///
/// Returns, by code, the message and the 1-based index of the first such example.
///
/// # Errors
///
/// Returns an error if documents cannot be compared.
pub fn other_matches(
    rule: &Rule,
    others: &Linter,
) -> Result<BTreeMap<String, (String, usize)>, String> {
    let mut matches = BTreeMap::new();
    for (index, example) in rule.examples().iter().enumerate() {
        let Some(bad) = &example.bad else { continue };
        let marked: Vec<MarkedText> =
            bad.texts().iter().map(|text| MarkedText::parse(text)).collect();
        let texts: Vec<String> = marked.iter().map(|marked| marked.text.clone()).collect();
        let path = example.path.as_deref().unwrap_or(DEFAULT_PATH);
        let tester = RuleTester { rule, linter: others.clone(), path };
        for (marked, findings) in marked.iter().zip(tester.findings(&texts)?) {
            let is_marked =
                |finding: &&Finding| marked.spans.iter().any(|span| span.overlaps(finding.span));
            for finding in findings.iter().filter(is_marked) {
                let own = (finding.rule.code.clone(), finding.message().to_owned());
                for (code, message) in
                    std::iter::once(own).chain(finding.also_reported_by.iter().cloned())
                {
                    matches.entry(code).or_insert((message, index + 1));
                }
            }
        }
    }
    Ok(matches)
}

fn test_example(rule: &Rule, registry: &Registry, example: &Example) -> Result<(), String> {
    let mut rules = vec![rule];
    for name in &example.with {
        rules.push(registry.find(name).map_err(|error| error.to_string())?);
    }
    let linter = Linter::from_rules(rules).map_err(|error| error.to_string())?;
    let tester = RuleTester { rule, linter, path: example.path.as_deref().unwrap_or(DEFAULT_PATH) };
    match (&example.bad, &example.allow) {
        (Some(bad), None) => tester.test_bad(bad, example.good.as_ref()),
        (None, Some(allow)) if example.good.is_none() => tester.test_allow(allow),
        _ => {
            Err("an example has either `bad`, with `good` if the rule has a fix, or `allow`".into())
        }
    }
}

/// A rule under test, and a linter with it and the rules listed under `with`.
struct RuleTester<'r> {
    rule: &'r Rule,
    linter: Linter,
    path: &'r str,
}

impl RuleTester<'_> {
    fn test_allow(&self, allow: &Documents) -> Result<(), String> {
        let texts = allow.texts();
        for (text, findings) in texts.iter().zip(self.own_findings(texts)?) {
            if !findings.is_empty() {
                return Err(format!(
                    "`allow` must not be flagged, but {}",
                    describe(text, &findings)
                ));
            }
        }
        Ok(())
    }

    fn test_bad(&self, bad: &Documents, good: Option<&Documents>) -> Result<(), String> {
        let marked: Vec<MarkedText> =
            bad.texts().iter().map(|text| MarkedText::parse(text)).collect();
        if marked.iter().all(|text| text.spans.is_empty()) {
            return Err("`bad` has no marks: put ⟦ and ⟧ around what the rule must flag".into());
        }
        let texts: Vec<String> = marked.iter().map(|marked| marked.text.clone()).collect();
        for (marked, findings) in marked.iter().zip(self.own_findings(&texts)?) {
            if findings.iter().map(|finding| finding.span).ne(marked.spans.iter().copied()) {
                let expected: Vec<&str> =
                    marked.spans.iter().map(|span| &marked.text[span.range()]).collect();
                return Err(format!(
                    "`bad` marks {expected:?}, but {}",
                    describe(&marked.text, &findings)
                ));
            }
        }
        match (self.rule.info.fix, good) {
            (None, None) => Ok(()),
            (None, Some(_)) => Err("the rule has no fix, so `good` is not allowed".into()),
            (Some(_), None) => Err("the rule has a fix, so `good` must hold the fixed text".into()),
            (Some(_), Some(good)) if good.texts().len() != texts.len() => {
                Err("`good` must have as many documents as `bad`".into())
            }
            (Some(_), Some(good)) => self.test_fix(texts, good.texts()),
        }
    }

    fn test_fix(&self, bad: Vec<String>, good: &[String]) -> Result<(), String> {
        let fixed = self.fix(bad)?;
        if let Some((fixed, good)) = fixed.iter().zip(good).find(|(fixed, good)| fixed != good) {
            return Err(format!("the fix produces {fixed:?} instead of {good:?}"));
        }
        for (good, findings) in good.iter().zip(self.own_findings(good)?) {
            let left: Vec<Finding> =
                findings.into_iter().filter(|finding| finding.fix.is_some()).collect();
            if !left.is_empty() {
                return Err(format!("`good` must be clean, but {}", describe(good, &left)));
            }
        }
        Ok(())
    }

    /// Fixes all documents until none changes.
    fn fix(&self, mut texts: Vec<String>) -> Result<Vec<String>, String> {
        const MAX_ROUNDS: usize = 10;
        for _ in 0..MAX_ROUNDS {
            let mut next = Vec::with_capacity(texts.len());
            for (document, findings) in self.documents(&texts).iter().zip(self.findings(&texts)?) {
                let mut fixing = FixSession::new(document);
                fixing.apply(&findings, Applicability::Unsafe);
                next.push(fixing.finish().text);
            }
            if next == texts {
                return Ok(texts);
            }
            texts = next;
        }
        Err(format!("fixes keep changing the text after {MAX_ROUNDS} rounds"))
    }

    /// Returns the findings of the rule under test in each document.
    fn own_findings(&self, texts: &[String]) -> Result<Vec<Vec<Finding>>, String> {
        let mut all = self.findings(texts)?;
        for findings in &mut all {
            findings.retain(|finding| Arc::ptr_eq(&finding.rule, &self.rule.info));
        }
        Ok(all)
    }

    /// Returns all findings in each document, treating the documents as a corpus.
    fn findings(&self, texts: &[String]) -> Result<Vec<Vec<Finding>>, String> {
        let documents = self.documents(texts);
        let sketches = documents.iter().map(|document| self.linter.sketch(document));
        let compared = self
            .linter
            .compare(sketches, &ExampleTexts(&documents))
            .map_err(|error| error.to_string())?;
        let check = |document: &Document<'_>| {
            let compared = compared
                .iter()
                .filter(|finding| finding.origin == *document.origin())
                .cloned()
                .collect();
            self.linter.lint(document, compared)
        };
        Ok(documents.iter().map(check).collect())
    }

    /// Parses the texts, which are pages of one site. A single document has the example's path;
    /// several get a folder each.
    fn documents<'t>(&self, texts: &'t [String]) -> Vec<Document<'t>> {
        let parse = |(index, text): (usize, &'t String)| {
            let path = if texts.len() == 1 {
                self.path.to_owned()
            } else {
                format!("{index:03}/{}", self.path)
            };
            Document::parse(Arc::new(Origin::file(path)), text)
                .with_site(Some("example.org".into()))
        };
        texts.iter().enumerate().map(parse).collect()
    }
}

/// The documents of an example.
struct ExampleTexts<'d, 't>(&'d [Document<'t>]);

impl TextProvider for ExampleTexts<'_, '_> {
    fn text(&self, origin: &Origin) -> Option<Arc<str>> {
        self.0
            .iter()
            .find(|document| **document.origin() == *origin)
            .map(|document| Arc::from(document.text()))
    }
}

fn describe(text: &str, findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing is flagged".into();
    }
    let marked: Vec<&str> = findings.iter().map(|finding| &text[finding.span.range()]).collect();
    format!("{marked:?} is flagged")
}
