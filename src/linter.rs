//! The linter: compiles rules once, then turns documents into findings. Does no I/O.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::check::store::{self, BlobRef, MemoryStore, Store};
use crate::check::suppression::SuppressionRules;
use crate::check::{
    self, Check, Corpus, CorpusCheck, DocumentCheck, DocumentSet, FindingLimit, FindingSink,
    FindingsByDocument, ParameterError, PendingFindings,
};
use crate::config::Settings;
use crate::finding::{Applicability, Finding, RuleInfo};
use crate::rule::{Registry, Rule};
use crate::suppress::{IgnoreList, Suppressions};
use crate::text::{Document, Origin, TextProvider};

/// Compiled rules. Clones share them.
#[derive(Clone)]
pub struct Linter {
    checks: Arc<[Box<dyn DocumentCheck>]>,
    corpus_checks: Arc<[Box<dyn CorpusCheck>]>,
    suppressions: Arc<SuppressionRules>,
    /// Severity and applicability of the findings of each rule that runs, by code.
    levels: Arc<HashMap<String, RuleLevel>>,
    /// All rules of the registry, whether they run or not.
    all_rules: Arc<[Arc<RuleInfo>]>,
    /// The corpus rules: the kind of each, by code.
    corpus_kinds: Arc<HashMap<String, &'static str>>,
    /// Passages whose findings are dropped.
    ignore_lists: Arc<[Arc<IgnoreList>]>,
    /// Codes of rules that run, but whose findings are dropped.
    excluded_codes: Arc<[String]>,
}

/// The severity and applicability of a rule's findings, as configured.
struct RuleLevel {
    rule: Arc<RuleInfo>,
    /// Overrides the applicability of its fixes.
    applicability: Option<Applicability>,
}

/// The findings of one document by itself, before those of comparing it with others are added.
pub struct DocumentFindings {
    findings: Vec<Finding>,
    suppressions: Option<Suppressions>,
}

/// What comparison needs to know about a document. Sketches can be stored and compared elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// The document.
    pub origin: Arc<Origin>,
    /// The sketch made by each corpus check, as bytes.
    pub parts: Vec<Vec<u8>>,
}

/// Collects sketches and compares them.
pub struct CorpusComparer<'l> {
    linter: &'l Linter,
    store: Box<dyn Store>,
    memory: usize,
    threads: usize,
    /// For each document: whether it is new rather than a reference, its origin and its sketch.
    documents: Vec<(bool, Arc<Origin>, Vec<BlobRef>)>,
}

/// The matches found by comparison. They are expanded into findings document by document.
pub struct CorpusMatches<'d> {
    /// The reference documents, then the new ones, each in ascending order.
    origins: Arc<[Arc<Origin>]>,
    older: usize,
    /// The matches of each corpus check.
    pending: Vec<Box<dyn PendingFindings + 'd>>,
}

impl Linter {
    /// Compiles the rules of `registry` that `settings` select.
    ///
    /// # Errors
    ///
    /// Returns an error if the parameters of a rule are invalid.
    pub fn new(registry: &Registry, settings: &Settings) -> Result<Self, ParameterError> {
        let linter = Self::from_rules(settings.rules(registry))?;
        let levels = settings.rules(registry).map(|rule| {
            let level = RuleLevel {
                rule: Arc::clone(&rule.info),
                applicability: settings.applicability(rule),
            };
            (rule.info.code.clone(), level)
        });
        Ok(Self {
            levels: Arc::new(levels.collect()),
            all_rules: registry.infos().cloned().collect(),
            ..linter
        })
    }

    /// Compiles `rules` without any settings.
    ///
    /// # Errors
    ///
    /// Returns an error if the parameters of a rule are invalid.
    pub fn from_rules<'r>(
        rules: impl IntoIterator<Item = &'r Rule>,
    ) -> Result<Self, ParameterError> {
        let rules: Vec<_> =
            rules.into_iter().map(|rule| (Arc::clone(&rule.info), &rule.parameters)).collect();
        let (mut checks, mut corpus_checks, mut suppressions) =
            (Vec::new(), Vec::new(), SuppressionRules::default());
        for check in check::compile(&rules)? {
            match check {
                Check::Document(check) => checks.push(check),
                Check::Corpus(check) => corpus_checks.push(check),
                Check::Suppression(rules) => suppressions = rules,
            }
        }
        let level =
            |rule: &Arc<RuleInfo>| RuleLevel { rule: Arc::clone(rule), applicability: None };
        Ok(Self {
            checks: checks.into(),
            corpus_checks: corpus_checks.into(),
            suppressions: Arc::new(suppressions),
            corpus_kinds: Arc::new(
                rules
                    .iter()
                    .map(|(rule, parameters)| (rule.code.clone(), parameters.kind()))
                    .filter(|(_, kind)| {
                        [
                            check::duplicate::NAME,
                            check::site_line::NAME,
                            check::duplicate_document::NAME,
                        ]
                        .contains(kind)
                    })
                    .collect(),
            ),
            levels: Arc::new(
                rules.iter().map(|(rule, _)| (rule.code.clone(), level(rule))).collect(),
            ),
            all_rules: rules.into_iter().map(|(rule, _)| rule).collect(),
            ignore_lists: Arc::default(),
            excluded_codes: Arc::default(),
        })
    }

    /// Also drops the findings on `list`.
    #[must_use]
    pub fn with_ignore_list(self, list: Arc<IgnoreList>) -> Self {
        Self { ignore_lists: self.ignore_lists.iter().cloned().chain([list]).collect(), ..self }
    }

    /// Drops the findings of the rules with these codes.
    #[must_use]
    pub fn without_rules(&self, codes: Vec<String>) -> Self {
        Self { excluded_codes: codes.into(), ..self.clone() }
    }

    /// Whether any rule compares documents, so that sketches are needed.
    pub fn has_corpus_checks(&self) -> bool {
        !self.corpus_checks.is_empty()
    }

    /// Whether the rule with this code compares documents.
    pub fn is_corpus_rule(&self, code: &str) -> bool {
        self.corpus_kinds.contains_key(code)
    }

    /// Whether the rule with this code reports copies of whole documents.
    pub fn is_document_rule(&self, code: &str) -> bool {
        self.corpus_kinds.get(code) == Some(&check::duplicate_document::NAME)
    }

    /// Sketches a document for comparison.
    pub fn sketch(&self, document: &Document<'_>) -> Sketch {
        let parts = self.corpus_checks.iter().map(|check| check.sketch(document)).collect();
        Sketch { origin: Arc::clone(document.origin()), parts }
    }

    /// Compares documents in memory. Returns the findings in order of document and position, which
    /// does not depend on the order of `sketches`.
    ///
    /// # Errors
    ///
    /// Returns the errors of the corpus checks; the in-memory store has none.
    pub fn compare(
        &self,
        sketches: impl IntoIterator<Item = Sketch>,
        texts: &dyn TextProvider,
    ) -> store::Result<Vec<Finding>> {
        let mut comparison = self.comparison(Box::new(MemoryStore::default()), usize::MAX);
        sketches.into_iter().try_for_each(|sketch| comparison.add(sketch))?;
        Ok(comparison
            .finish(texts)?
            .into_findings()
            .into_iter()
            .flat_map(|(_, findings)| findings)
            .collect())
    }

    /// Starts a comparison that keeps its sketches in `store`. Comparing takes about `memory`
    /// bytes, plus some forty per paragraph.
    pub fn comparison(&self, store: Box<dyn Store>, memory: usize) -> CorpusComparer<'_> {
        CorpusComparer { linter: self, store, memory, threads: 1, documents: Vec::new() }
    }

    /// Checks a single document. Returns the findings in order of position, without suppressed
    /// ones.
    ///
    /// At most 10,000 findings of a rule are listed; the last one says how many more there are.
    pub fn check(&self, document: &Document<'_>) -> Vec<Finding> {
        self.check_up_to(document, FindingLimit::REPORT)
    }

    /// Checks a single document like [`Linter::check`], with another limit.
    pub(crate) fn check_up_to(&self, document: &Document<'_>, limit: FindingLimit) -> Vec<Finding> {
        let mut findings = self.check_document_up_to(document, limit).findings;
        self.apply_ignore_lists(document, &mut findings);
        check::guard(document, &mut findings);
        findings
    }

    /// Optional warm-up: builds lazily initialised tables, including all that are shared between
    /// linters. Call it while sketching, so that the first documents checked do not wait for it, or
    /// before `fork`, whose child waits for ever for a table that another thread is building.
    pub fn warm_up(&self) {
        self.checks.iter().for_each(|check| check.warm_up());
        self.corpus_checks.iter().for_each(|check| check.warm_up());
    }

    /// Checks a document and merges the result with `compared`, its findings from comparison. Each
    /// place is reported once. Unused suppression comments are reported too.
    pub fn lint(&self, document: &Document<'_>, compared: Vec<Finding>) -> Vec<Finding> {
        self.finish(document, self.check_document(document), compared)
    }

    /// The first half of [`Linter::lint`], which does not depend on other documents.
    pub fn check_document(&self, document: &Document<'_>) -> DocumentFindings {
        self.check_document_up_to(document, FindingLimit::REPORT)
    }

    fn check_document_up_to(
        &self,
        document: &Document<'_>,
        limit: FindingLimit,
    ) -> DocumentFindings {
        let mut suppressions = Suppressions::from_document(document);
        let findings = dedupe_overlapping(self.run_checks(document, limit, &mut suppressions));
        DocumentFindings { findings, suppressions }
    }

    /// The second half of [`Linter::lint`].
    pub fn finish(
        &self,
        document: &Document<'_>,
        own: DocumentFindings,
        matches: Vec<Finding>,
    ) -> Vec<Finding> {
        let DocumentFindings { findings, mut suppressions } = own;
        let matches = self.apply_levels_and_suppressions(matches, &mut suppressions);
        // A line of the site is reported as that and not as a duplicate as well.
        let is_site_line = |finding: &Finding| {
            self.corpus_kinds.get(&finding.rule.code) == Some(&check::site_line::NAME)
        };
        let (site_lines, duplicates) = matches.into_iter().partition(is_site_line);
        let mut all = merge_compared(findings, merge_compared(site_lines, duplicates));
        if let Some(suppressions) = suppressions {
            let ran = |rule: &RuleInfo| self.levels.contains_key(&rule.code);
            let defects = suppressions.findings(document, &self.suppressions, &self.all_rules, ran);
            all.extend(self.apply_levels_and_suppressions(defects, &mut None));
            sort(&mut all);
        }
        self.apply_ignore_lists(document, &mut all);
        check::guard(document, &mut all);
        all
    }

    /// Returns those of the findings from comparison that are reported: neither suppressed nor
    /// superseded by a finding of the document itself.
    pub fn visible_matches(&self, document: &Document<'_>, compared: Vec<Finding>) -> Vec<Finding> {
        let codes: HashSet<String> =
            compared.iter().map(|finding| finding.rule.code.clone()).collect();
        let mut findings = self.lint(document, compared);
        findings.retain(|finding| codes.contains(&finding.rule.code));
        findings
    }

    /// Returns the findings from comparison, without the fix where a suppression comment or another
    /// finding covers them.
    ///
    /// A suppressed copy is not deleted, so another copy may be. It stays in the list so that its
    /// suppression comment counts as used.
    pub fn matches_to_fix(&self, document: &Document<'_>, compared: &[Finding]) -> Vec<Finding> {
        let key = |finding: &Finding| (finding.span, finding.rule.code.clone());
        let mut matches = self.visible_matches(document, compared.to_vec());
        let visible: HashSet<_> = matches.iter().map(key).collect();
        let rest = compared.iter().filter(|finding| !visible.contains(&key(finding)));
        matches.extend(rest.map(|finding| Finding { fix: None, ..finding.clone() }));
        matches
    }

    /// Drops findings on the ignore lists, including the other rules merged into them.
    fn apply_ignore_lists(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        self.ignore_lists.iter().for_each(|list| list.filter(document.text(), findings));
    }

    fn run_checks(
        &self,
        document: &Document<'_>,
        limit: FindingLimit,
        suppressions: &mut Option<Suppressions>,
    ) -> Vec<Finding> {
        let is_suppressed = |finding: &Finding| {
            let mut rest = self.apply_levels_and_suppressions(vec![finding.clone()], suppressions);
            self.apply_ignore_lists(document, &mut rest);
            rest.is_empty()
        };
        let mut sink = FindingSink::new(limit, is_suppressed);
        for check in self.checks.iter() {
            check.check(document, &mut sink);
        }
        let findings = sink.into_findings();
        let mut findings = self.apply_levels_and_suppressions(findings, suppressions);
        sort(&mut findings);
        findings
    }

    /// Applies the configured severity and applicability, and drops findings that do not count in
    /// this document.
    fn apply_levels_and_suppressions(
        &self,
        mut findings: Vec<Finding>,
        suppressions: &mut Option<Suppressions>,
    ) -> Vec<Finding> {
        findings.retain_mut(|finding| {
            let Some(level) = self.levels.get(&finding.rule.code) else { return false };
            finding.rule = Arc::clone(&level.rule);
            if let (Some(fix), Some(applicability)) = (&mut finding.fix, level.applicability) {
                fix.applicability = applicability;
            }
            !self.excluded_codes.contains(&finding.rule.code)
        });
        if let Some(suppressions) = suppressions {
            suppressions.filter(&mut findings);
        }
        findings
    }
}

impl<'l> CorpusComparer<'l> {
    /// Sets the number of threads that expand matches into findings; 1 by default.
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads, ..self }
    }

    /// Adds the sketch of a document to check.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot keep it.
    pub fn add(&mut self, sketch: Sketch) -> store::Result<()> {
        self.insert(true, sketch)
    }

    /// Adds the sketch of a reference document. It is not checked, and counts as older than those
    /// that are.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot keep it.
    pub fn add_reference(&mut self, sketch: Sketch) -> store::Result<()> {
        self.insert(false, sketch)
    }

    fn insert(&mut self, is_new: bool, sketch: Sketch) -> store::Result<()> {
        let places = sketch
            .parts
            .into_iter()
            .map(|part| self.store.append_owned(part))
            .collect::<store::Result<_>>()?;
        self.documents.push((is_new, sketch.origin, places));
        Ok(())
    }

    /// Compares the documents. `texts` provides their texts for as long as the matches live.
    ///
    /// # Errors
    ///
    /// Returns an error if the store cannot be read or written.
    pub fn finish<'d>(self, texts: &'d dyn TextProvider) -> store::Result<CorpusMatches<'d>>
    where
        'l: 'd,
    {
        let Self { linter, store, memory, threads, mut documents } = self;
        documents.sort_by(|left, right| (left.0, &left.1).cmp(&(right.0, &right.1)));
        let older = documents.partition_point(|(is_new, ..)| !is_new);
        let origins: Arc<[Arc<Origin>]> =
            documents.iter().map(|(_, origin, _)| Arc::clone(origin)).collect();
        let sketches_of = |index: usize| {
            documents
                .iter()
                .map(|(_, _, places)| places.get(index).copied().unwrap_or_default())
                .collect()
        };
        let sketches: Vec<Vec<BlobRef>> =
            (0..linter.corpus_checks.len()).map(sketches_of).collect();
        // For a million small records, they take as much memory as comparison does.
        drop(documents);
        let mut pending = Vec::new();
        for (check, sketches) in linter.corpus_checks.iter().zip(sketches) {
            let documents = DocumentSet { origins: Arc::clone(&origins), texts, memory, threads };
            pending.push(check.compare(&Corpus {
                sketches: &sketches,
                store: store.as_ref(),
                documents,
            })?);
        }
        Ok(CorpusMatches { origins, older, pending })
    }
}

impl CorpusMatches<'_> {
    /// Returns the findings in `document`, in order of position.
    pub fn findings_in(&mut self, document: &Document<'_>) -> Vec<Finding> {
        let (older, new) = self.origins.split_at_checked(self.older).unwrap_or_default();
        let among = |origins: &[Arc<Origin>]| origins.binary_search(document.origin()).ok();
        let Some(number) = among(new).map(|at| self.older + at).or_else(|| among(older)) else {
            return Vec::new();
        };
        // CorpusComparer fails if the number of documents does not fit.
        let Ok(number) = u32::try_from(number) else { return Vec::new() };
        let mut findings: Vec<Finding> = self
            .pending
            .iter_mut()
            .flat_map(|pending| pending.findings_in(number, document))
            .collect();
        sort(&mut findings);
        findings
    }

    /// Returns the findings of all documents.
    pub fn into_findings(self) -> FindingsByDocument {
        let mut found: FindingsByDocument =
            self.pending.into_iter().flat_map(PendingFindings::into_findings).collect();
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

/// Sorts the findings of a document by position.
fn sort(findings: &mut [Finding]) {
    findings.sort_by(|left, right| left.sort_key().cmp(&right.sort_key()));
}

/// Merges the findings from comparison into those of the document itself. Each place is reported
/// once, by the latter.
///
/// Both are sorted by position.
fn merge_compared(findings: Vec<Finding>, compared: Vec<Finding>) -> Vec<Finding> {
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
            Some(outer) if supersedes(outer, &finding) => add_alias(outer, &finding),
            _ => all.push(finding),
        }
    }
    sort(&mut all);
    all
}

/// Whether `outer` is reported instead of `inner`: it deletes all that `inner` deletes, as safely,
/// and does not hide a user-defined rule behind a built-in one.
fn supersedes(outer: &Finding, inner: &Finding) -> bool {
    let hides_custom = inner.rule.is_custom && !outer.rule.is_custom;
    outer.span.contains(inner.span) && is_as_safe(outer, inner) && !hides_custom
}

fn is_as_safe(outer: &Finding, inner: &Finding) -> bool {
    let is_safe = |finding: &Finding| {
        finding.fix.as_ref().is_some_and(|fix| fix.applicability == Applicability::Safe)
    };
    is_safe(outer) || !is_safe(inner)
}

/// Keeps one finding where several rules would delete the same bytes: the one that deletes most,
/// which names the others.
fn dedupe_overlapping(findings: Vec<Finding>) -> Vec<Finding> {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    let mut last_deletion: Option<usize> = None;
    for finding in findings {
        if !finding.is_pure_deletion() {
            kept.push(finding);
            continue;
        }
        match last_deletion.and_then(|index| kept.get_mut(index)) {
            // Of two deletions of the same bytes, the safer one is reported.
            Some(last) if supersedes(last, &finding) => add_alias(last, &finding),
            Some(last) if supersedes(&finding, last) => {
                let inner = std::mem::replace(last, finding);
                add_alias(last, &inner);
            }
            // A user-defined rule within a wider deletion is reported beside it, and nothing else
            // within it is.
            Some(last)
                if finding.rule.is_custom
                    && last.span.contains(finding.span)
                    && last.span != finding.span =>
            {
                kept.push(finding);
            }
            _ => {
                last_deletion = Some(kept.len());
                kept.push(finding);
            }
        }
    }
    kept
}

/// Records that `inner`, and the findings it supersedes, reported the same bytes as `finding`.
fn add_alias(finding: &mut Finding, inner: &Finding) {
    let own = (!Arc::ptr_eq(&finding.rule, &inner.rule))
        .then(|| (inner.rule.code.clone(), inner.message().to_owned()));
    for other in own.into_iter().chain(inner.also_reported_by.iter().cloned()) {
        if !finding.also_reported_by.contains(&other) {
            finding.also_reported_by.push(other);
        }
    }
    if inner.unlisted > 0 {
        finding.add_unlisted(&inner.rule.code, inner.unlisted);
    }
}
