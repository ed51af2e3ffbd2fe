//! The linter: rules compiled once, documents in, findings out. Nothing here reads, writes or prints.

use std::sync::Arc;

use crate::check::{self, DocumentCheck, ParameterError};
use crate::config::Settings;
use crate::finding::Finding;
use crate::rule::{Registry, Rule};
use crate::text::Document;

/// Rules made ready to run.
pub struct Linter {
    checks: Vec<Box<dyn DocumentCheck>>,
}

impl Linter {
    /// Makes the rules of `registry` ready that `settings` select.
    ///
    /// # Errors
    ///
    /// A rule whose parameters its kind cannot work with.
    pub fn new(registry: &Registry, settings: &Settings) -> Result<Self, ParameterError> {
        Self::of(registry.rules().iter().filter(|rule| settings.is_selected(rule)))
    }

    /// Makes `rules` ready.
    ///
    /// # Errors
    ///
    /// A rule whose parameters its kind cannot work with.
    pub fn of<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Result<Self, ParameterError> {
        let rules: Vec<_> = rules.into_iter().map(|rule| (Arc::clone(&rule.info), &rule.parameters)).collect();
        Ok(Self { checks: check::compile(&rules)? })
    }

    /// What the rules find in one document, in order of place.
    pub fn check(&self, document: &Document<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for check in &self.checks {
            check.check(document, &mut findings);
        }
        findings.sort_by(|left, right| left.order().cmp(&right.order()));
        one_a_place(findings)
    }
}

/// Where several rules would remove the same bytes, the one that takes most reports, and names the others.
fn one_a_place(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut last_removal: Option<usize> = None;
    for finding in findings {
        if !removes(&finding) {
            kept.push(finding);
            continue;
        }
        match last_removal.and_then(|index| kept.get_mut(index)) {
            Some(last) if last.span.contains(finding.span) => also(last, &finding),
            Some(last) if finding.span.contains(last.span) => {
                let inner = std::mem::replace(last, finding);
                also(last, &inner);
            }
            _ => {
                last_removal = Some(kept.len());
                kept.push(finding);
            }
        }
    }
    kept
}

fn removes(finding: &Finding) -> bool {
    finding.fix.as_ref().is_some_and(|fix| fix.edits.iter().all(crate::finding::Edit::is_deletion))
}

/// Notes on `finding` that `inner` says the same of its bytes.
fn also(finding: &mut Finding, inner: &Finding) {
    if !Arc::ptr_eq(&finding.rule, &inner.rule) {
        let note = format!("also {}: {}", inner.rule.code, inner.message);
        if !finding.notes.contains(&note) {
            finding.notes.push(note);
        }
    }
    for note in &inner.notes {
        if note.starts_with("also ") && !finding.notes.contains(note) {
            finding.notes.push(note.clone());
        }
    }
}
