//! The linter: rules compiled once, documents in, findings out. Nothing here reads, writes or prints.

use std::sync::Arc;

use crate::check::store::{self, Memory, Place, Store};
use crate::check::{self, Check, Corpus, CorpusCheck, DocumentCheck, ParameterError};
use crate::config::Settings;
use crate::finding::{Applicability, Finding};
use crate::rule::{Registry, Rule};
use crate::text::{Document, Origin, Texts};

/// Rules made ready to run.
pub struct Linter {
    checks: Vec<Box<dyn DocumentCheck>>,
    corpus_checks: Vec<Box<dyn CorpusCheck>>,
}

/// What comparing needs to know of one document; it can be kept and compared elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// The document.
    pub origin: Arc<Origin>,
    /// What each of the linter's checks noted, as bytes.
    pub parts: Vec<Vec<u8>>,
}

/// Gathers sketches, to compare them.
pub struct Comparison<'l> {
    linter: &'l Linter,
    store: Box<dyn Store>,
    memory: usize,
    documents: Vec<(Arc<Origin>, Vec<Place>)>,
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
        let mut linter = Self { checks: Vec::new(), corpus_checks: Vec::new() };
        for check in check::compile(&rules)? {
            match check {
                Check::Document(check) => linter.checks.push(check),
                Check::Corpus(check) => linter.corpus_checks.push(check),
            }
        }
        Ok(linter)
    }

    /// Whether some rule compares documents, so that sketches are worth making.
    pub fn compares(&self) -> bool {
        !self.corpus_checks.is_empty()
    }

    /// What comparing needs to know of a document.
    pub fn sketch(&self, document: &Document<'_>) -> Sketch {
        let parts = self.corpus_checks.iter().map(|check| check.sketch(document)).collect();
        Sketch { origin: Arc::clone(document.origin()), parts }
    }

    /// What the rules find by comparing documents, in order of document and place; the order of `sketches` is of no matter.
    ///
    /// # Errors
    ///
    /// None but those of a store, and that in memory has none.
    pub fn compare(
        &self,
        sketches: impl IntoIterator<Item = Sketch>,
        texts: &dyn Texts,
    ) -> store::Result<Vec<Finding>> {
        let mut comparison = self.comparison(Box::new(Memory::default()), usize::MAX);
        sketches.into_iter().try_for_each(|sketch| comparison.add(&sketch))?;
        comparison.finish(texts)
    }

    /// Begins to gather sketches in `store`; comparing them takes about `memory` bytes, besides some forty for each paragraph.
    pub fn comparison(&self, store: Box<dyn Store>, memory: usize) -> Comparison<'_> {
        Comparison { linter: self, store, memory, documents: Vec::new() }
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

impl Comparison<'_> {
    /// Adds a document's sketch.
    ///
    /// # Errors
    ///
    /// The store cannot keep it.
    pub fn add(&mut self, sketch: &Sketch) -> store::Result<()> {
        let places = sketch.parts.iter().map(|part| self.store.append(part)).collect::<store::Result<_>>()?;
        self.documents.push((Arc::clone(&sketch.origin), places));
        Ok(())
    }

    /// What the rules find, in order of document and place; `texts` has the documents' texts again.
    ///
    /// # Errors
    ///
    /// The store cannot be read or written.
    pub fn finish(mut self, texts: &dyn Texts) -> store::Result<Vec<Finding>> {
        self.documents.sort_by(|left, right| left.0.cmp(&right.0));
        let origins: Vec<Arc<Origin>> = self.documents.iter().map(|(origin, _)| Arc::clone(origin)).collect();
        let mut findings = Vec::new();
        for (index, check) in self.linter.corpus_checks.iter().enumerate() {
            let sketches: Vec<Place> =
                self.documents.iter().map(|(_, places)| places.get(index).copied().unwrap_or_default()).collect();
            let (store, memory) = (self.store.as_ref(), self.memory);
            findings.extend(check.compare(&Corpus { origins: &origins, sketches: &sketches, store, texts, memory })?);
        }
        findings.sort_by(|left, right| (&left.origin, left.order()).cmp(&(&right.origin, right.order())));
        Ok(findings)
    }
}

/// Puts what comparing found in a document among what was found in it alone; each place is reported once, by the latter.
///
/// Both are in order of place.
pub fn unite(findings: Vec<Finding>, compared: Vec<Finding>) -> Vec<Finding> {
    let mut all = findings;
    let alone = all.len();
    let (mut next, mut widest) = (0, None::<usize>);
    for finding in compared {
        while next < alone && all[next].span.start <= finding.span.start {
            let is_wider = widest.is_none_or(|widest| all[widest].span.end <= all[next].span.end);
            if is_wider && removes(&all[next]) {
                widest = Some(next);
            }
            next += 1;
        }
        match widest.and_then(|widest| all.get_mut(widest)) {
            Some(outer) if outer.span.contains(finding.span) && is_as_safe(outer, &finding) => also(outer, &finding),
            _ => all.push(finding),
        }
    }
    all.sort_by(|left, right| left.order().cmp(&right.order()));
    all
}

fn is_as_safe(outer: &Finding, inner: &Finding) -> bool {
    let of = |finding: &Finding| finding.fix.as_ref().map(|fix| fix.applicability);
    of(outer) == Some(Applicability::Safe) || of(inner) != Some(Applicability::Safe)
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
            // Of two that take the same bytes, the one that is surer of it reports.
            Some(last) if last.span.contains(finding.span) && is_as_safe(last, &finding) => also(last, &finding),
            Some(last) if finding.span.contains(last.span) && is_as_safe(&finding, last) => {
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

/// Notes on `finding` that `inner`, and what it speaks for, say the same of its bytes.
fn also(finding: &mut Finding, inner: &Finding) {
    let own = (!Arc::ptr_eq(&finding.rule, &inner.rule)).then(|| (inner.rule.code.clone(), inner.message.clone()));
    for other in own.into_iter().chain(inner.also.iter().cloned()) {
        if !finding.also.contains(&other) {
            finding.also.push(other);
        }
    }
}
