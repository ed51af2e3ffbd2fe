//! The linter: rules compiled once, documents in, findings out. Nothing here reads, writes or prints.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::check::store::{self, BlobRef, MemoryStore, Store};
use crate::check::suppression::SuppressionRules;
use crate::check::{
    self, Check, Corpus, CorpusCheck, DocumentCheck, DocumentSet, FindingsByDocument, ParameterError, PendingFindings,
};
use crate::config::Settings;
use crate::finding::{Applicability, Finding, RuleInfo};
use crate::rule::{Registry, Rule};
use crate::suppress::{IgnoreList, Suppressions};
use crate::text::{Document, Origin, TextProvider};

/// Rules made ready to run. A copy shares them.
#[derive(Clone)]
pub struct Linter {
    checks: Arc<[Box<dyn DocumentCheck>]>,
    corpus_checks: Arc<[Box<dyn CorpusCheck>]>,
    suppressions: Arc<SuppressionRules>,
    /// By code, what findings of the rules that run count as.
    grades: Arc<HashMap<String, Grade>>,
    /// All the rules there are, whether they run or not.
    known: Arc<[Arc<RuleInfo>]>,
    /// Codes of the rules that compare documents.
    comparing: Arc<HashSet<String>>,
    /// Passages to be left alone.
    ignored: Arc<[Arc<IgnoreList>]>,
    /// Codes of rules that run, but whose findings are left out.
    without: Arc<[String]>,
}

/// What a rule's findings count as.
struct Grade {
    rule: Arc<RuleInfo>,
    /// What its fixes count as, where that is not what the check says.
    applicability: Option<Applicability>,
}

/// What the rules find in one document, whatever the others hold.
pub struct Alone {
    findings: Vec<Finding>,
    suppressions: Option<Suppressions>,
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
    threads: usize,
    /// Whether it is new, where it comes from, and its sketch.
    documents: Vec<(bool, Arc<Origin>, Vec<BlobRef>)>,
}

/// What comparing found, each document to be told of when it is asked for.
pub struct Compared<'d> {
    /// The older documents and the new ones, both ascending.
    origins: Arc<[Arc<Origin>]>,
    older: usize,
    /// What each of the linter's checks found.
    untold: Vec<Box<dyn PendingFindings + 'd>>,
}

impl Linter {
    /// Makes the rules of `registry` ready that `settings` select.
    ///
    /// # Errors
    ///
    /// A rule whose parameters its kind cannot work with.
    pub fn new(registry: &Registry, settings: &Settings) -> Result<Self, ParameterError> {
        let linter = Self::of(settings.rules(registry))?;
        let grades = settings.rules(registry).map(|rule| {
            let grade = Grade { rule: Arc::clone(&rule.info), applicability: settings.applicability(rule) };
            (rule.info.code.clone(), grade)
        });
        Ok(Self { grades: Arc::new(grades.collect()), known: registry.infos().cloned().collect(), ..linter })
    }

    /// Makes `rules` ready, as their files say.
    ///
    /// # Errors
    ///
    /// A rule whose parameters its kind cannot work with.
    pub fn of<'r>(rules: impl IntoIterator<Item = &'r Rule>) -> Result<Self, ParameterError> {
        let rules: Vec<_> = rules.into_iter().map(|rule| (Arc::clone(&rule.info), &rule.parameters)).collect();
        let (mut checks, mut corpus_checks, mut suppressions) = (Vec::new(), Vec::new(), SuppressionRules::default());
        for check in check::compile(&rules)? {
            match check {
                Check::Document(check) => checks.push(check),
                Check::Corpus(check) => corpus_checks.push(check),
                Check::Suppression(rules) => suppressions = rules,
            }
        }
        let grade = |rule: &Arc<RuleInfo>| Grade { rule: Arc::clone(rule), applicability: None };
        Ok(Self {
            checks: checks.into(),
            corpus_checks: corpus_checks.into(),
            suppressions: Arc::new(suppressions),
            comparing: Arc::new(
                rules
                    .iter()
                    .filter(|(_, parameters)| parameters.kind() == check::duplicate::NAME)
                    .map(|(rule, _)| rule.code.clone())
                    .collect(),
            ),
            grades: Arc::new(rules.iter().map(|(rule, _)| (rule.code.clone(), grade(rule))).collect()),
            known: rules.into_iter().map(|(rule, _)| rule).collect(),
            ignored: Arc::default(),
            without: Arc::default(),
        })
    }

    /// The same rules, leaving alone what `list` names too.
    #[must_use]
    pub fn ignoring(self, list: Arc<IgnoreList>) -> Self {
        Self { ignored: self.ignored.iter().cloned().chain([list]).collect(), ..self }
    }

    /// The same rules, leaving out what those with these codes find.
    #[must_use]
    pub fn without(&self, codes: Vec<String>) -> Self {
        Self { without: codes.into(), ..self.clone() }
    }

    /// Whether some rule compares documents, so that sketches are worth making.
    pub fn compares(&self) -> bool {
        !self.corpus_checks.is_empty()
    }

    /// Whether the rule with that code compares documents.
    pub fn is_comparing(&self, code: &str) -> bool {
        self.comparing.contains(code)
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
        texts: &dyn TextProvider,
    ) -> store::Result<Vec<Finding>> {
        let mut comparison = self.comparison(Box::new(MemoryStore::default()), usize::MAX);
        sketches.into_iter().try_for_each(|sketch| comparison.add(sketch))?;
        Ok(comparison.finish(texts)?.into_findings().into_iter().flat_map(|(_, findings)| findings).collect())
    }

    /// Begins to gather sketches in `store`; comparing them takes about `memory` bytes, besides some forty for each paragraph.
    pub fn comparison(&self, store: Box<dyn Store>, memory: usize) -> Comparison<'_> {
        Comparison { linter: self, store, memory, threads: 1, documents: Vec::new() }
    }

    /// What the rules find in one document alone, in order of place; what a comment or the ignore list leaves out is not
    /// among it.
    pub fn check(&self, document: &Document<'_>) -> Vec<Finding> {
        let mut findings = self.alone(document).findings;
        self.leave_alone(document, &mut findings);
        check::guard(document, &mut findings);
        findings
    }

    /// Makes what the first documents to be checked would wait for. Nobody needs to call it; who sketches documents first may,
    /// beside that.
    pub fn warm_up(&self) {
        self.checks.iter().for_each(|check| check.warm_up());
    }

    /// All that is to be said of a document: what the rules find in it alone, and `compared`, what comparing it with others
    /// found in it. Each place is reported once, and so are comments that leave nothing out.
    pub fn findings(&self, document: &Document<'_>, compared: Vec<Finding>) -> Vec<Finding> {
        self.together(document, self.alone(document), compared)
    }

    /// The first half of [`Linter::findings`], for which the other documents need not be known.
    pub fn alone(&self, document: &Document<'_>) -> Alone {
        let mut suppressions = Suppressions::from_document(document);
        let findings = one_a_place(self.found(document, &mut suppressions));
        Alone { findings, suppressions }
    }

    /// The second half of [`Linter::findings`].
    pub fn together(&self, document: &Document<'_>, alone: Alone, compared: Vec<Finding>) -> Vec<Finding> {
        let Alone { findings, mut suppressions } = alone;
        let compared = self.admit(compared, &mut suppressions);
        let mut all = unite(findings, compared);
        if let Some(suppressions) = suppressions {
            let ran = |rule: &RuleInfo| self.grades.contains_key(&rule.code);
            let idle = suppressions.findings(document, &self.suppressions, &self.known, ran);
            all.extend(self.admit(idle, &mut None));
            sort(&mut all);
        }
        self.leave_alone(document, &mut all);
        check::guard(document, &mut all);
        all
    }

    /// Of what comparing found in a document, that which is reported here: not what is left out, nor what a finding of the
    /// document's own speaks for.
    pub fn admitted(&self, document: &Document<'_>, compared: Vec<Finding>) -> Vec<Finding> {
        let codes: HashSet<String> = compared.iter().map(|finding| finding.rule.code.clone()).collect();
        let mut findings = self.findings(document, compared);
        findings.retain(|finding| codes.contains(&finding.rule.code));
        findings
    }

    /// Takes out what a list names, with what other rules say of the same bytes: whoever listed it has seen that too.
    fn leave_alone(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        self.ignored.iter().for_each(|list| list.filter(document.text(), findings));
    }

    fn found(&self, document: &Document<'_>, suppressions: &mut Option<Suppressions>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for check in self.checks.iter() {
            check.check(document, &mut findings);
        }
        let mut findings = self.admit(findings, suppressions);
        sort(&mut findings);
        findings
    }

    /// Grades findings, and takes those out that do not count in this document.
    fn admit(&self, mut findings: Vec<Finding>, suppressions: &mut Option<Suppressions>) -> Vec<Finding> {
        findings.retain_mut(|finding| {
            let Some(grade) = self.grades.get(&finding.rule.code) else { return false };
            finding.rule = Arc::clone(&grade.rule);
            if let (Some(fix), Some(applicability)) = (&mut finding.fix, grade.applicability) {
                fix.applicability = applicability;
            }
            !self.without.contains(&finding.rule.code)
        });
        if let Some(suppressions) = suppressions {
            suppressions.filter(&mut findings);
        }
        findings
    }
}

impl<'l> Comparison<'l> {
    /// Has `threads` tell what was found; otherwise one does.
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Adds the sketch of a document that is to be judged.
    ///
    /// # Errors
    ///
    /// The store cannot keep it.
    pub fn add(&mut self, sketch: Sketch) -> store::Result<()> {
        self.insert(true, sketch)
    }

    /// Adds the sketch of a document that others are to be compared with, and that counts as older than they.
    ///
    /// # Errors
    ///
    /// The store cannot keep it.
    pub fn add_older(&mut self, sketch: Sketch) -> store::Result<()> {
        self.insert(false, sketch)
    }

    fn insert(&mut self, is_new: bool, sketch: Sketch) -> store::Result<()> {
        let places =
            sketch.parts.into_iter().map(|part| self.store.append_owned(part)).collect::<store::Result<_>>()?;
        self.documents.push((is_new, sketch.origin, places));
        Ok(())
    }

    /// What the rules find; `texts` has the documents' texts again, until all is told.
    ///
    /// # Errors
    ///
    /// The store cannot be read or written.
    pub fn finish<'d>(self, texts: &'d dyn TextProvider) -> store::Result<Compared<'d>>
    where
        'l: 'd,
    {
        let Self { linter, store, memory, threads, mut documents } = self;
        documents.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        let older = documents.partition_point(|(is_new, ..)| !is_new);
        let origins: Arc<[Arc<Origin>]> = documents.iter().map(|(_, origin, _)| Arc::clone(origin)).collect();
        let sketches_of = |index: usize| {
            documents.iter().map(|(_, _, places)| places.get(index).copied().unwrap_or_default()).collect()
        };
        let sketches: Vec<Vec<BlobRef>> = (0..linter.corpus_checks.len()).map(sketches_of).collect();
        // Of a million small records they take as much memory as comparing them.
        drop(documents);
        let mut untold = Vec::new();
        for (check, sketches) in linter.corpus_checks.iter().zip(sketches) {
            let documents = DocumentSet { origins: Arc::clone(&origins), texts, memory, threads };
            untold.push(check.compare(&Corpus { sketches: &sketches, store: store.as_ref(), documents })?);
        }
        Ok(Compared { origins, older, untold })
    }
}

impl Compared<'_> {
    /// What was found in `document`, in order of place.
    pub fn findings_in(&mut self, document: &Document<'_>) -> Vec<Finding> {
        let (older, new) = self.origins.split_at_checked(self.older).unwrap_or_default();
        let among = |origins: &[Arc<Origin>]| origins.binary_search(document.origin()).ok();
        let Some(number) = among(new).map(|at| self.older + at).or_else(|| among(older)) else { return Vec::new() };
        // Comparing was an error if there are more documents than fit.
        let Ok(number) = u32::try_from(number) else { return Vec::new() };
        let mut findings: Vec<Finding> =
            self.untold.iter_mut().flat_map(|untold| untold.findings_in(number, document)).collect();
        sort(&mut findings);
        findings
    }

    /// The same for all documents at once.
    pub fn into_findings(self) -> FindingsByDocument {
        let mut found: FindingsByDocument = self.untold.into_iter().flat_map(PendingFindings::into_findings).collect();
        found.sort_by(|(left, _), (right, _)| left.cmp(right));
        found.dedup_by(|(next, more), (origin, findings)| {
            let is_same = next == origin;
            if is_same {
                findings.append(more);
            }
            is_same
        });
        for (_, findings) in &mut found {
            sort(findings);
        }
        found
    }
}

/// Puts the findings of a document in order of place.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
}

/// Puts what comparing found in a document among what was found in it alone; each place is reported once, by the latter.
///
/// Both are in order of place.
fn unite(findings: Vec<Finding>, compared: Vec<Finding>) -> Vec<Finding> {
    if findings.is_empty() {
        return compared;
    }
    let mut all = findings;
    let alone = all.len();
    let (mut next, mut widest) = (0, None::<usize>);
    for finding in compared {
        while next < alone && all[next].span.start <= finding.span.start {
            let is_wider = widest.is_none_or(|widest| all[widest].span.end <= all[next].span.end);
            if is_wider && all[next].is_pure_deletion() {
                widest = Some(next);
            }
            next += 1;
        }
        match widest.and_then(|widest| all.get_mut(widest)) {
            Some(outer) if speaks_for(outer, &finding) => also(outer, &finding),
            _ => all.push(finding),
        }
    }
    sort(&mut all);
    all
}

/// Whether `outer` is reported in place of `inner`: it takes all that `inner` takes, as safely, and does not hide a rule of
/// the user's own behind a built-in one.
fn speaks_for(outer: &Finding, inner: &Finding) -> bool {
    let hides_custom = inner.rule.is_custom && !outer.rule.is_custom;
    outer.span.contains(inner.span) && is_as_safe(outer, inner) && !hides_custom
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
        if !finding.is_pure_deletion() {
            kept.push(finding);
            continue;
        }
        match last_removal.and_then(|index| kept.get_mut(index)) {
            // Of two that take the same bytes, the one that is surer of it reports.
            Some(last) if speaks_for(last, &finding) => also(last, &finding),
            Some(last) if speaks_for(&finding, last) => {
                let inner = std::mem::replace(last, finding);
                also(last, &inner);
            }
            // A user's rule within a wider deletion is reported beside it, and what else lies in that deletion is not.
            Some(last) if finding.rule.is_custom && last.span.contains(finding.span) && last.span != finding.span => {
                kept.push(finding);
            }
            _ => {
                last_removal = Some(kept.len());
                kept.push(finding);
            }
        }
    }
    kept
}

/// Notes on `finding` that `inner`, and what it speaks for, say the same of its bytes.
fn also(finding: &mut Finding, inner: &Finding) {
    let own = (!Arc::ptr_eq(&finding.rule, &inner.rule)).then(|| (inner.rule.code.clone(), inner.message().to_owned()));
    for other in own.into_iter().chain(inner.also_reported_by.iter().cloned()) {
        if !finding.also_reported_by.contains(&other) {
            finding.also_reported_by.push(other);
        }
    }
}
