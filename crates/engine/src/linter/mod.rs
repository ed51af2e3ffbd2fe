//! The linter: compiles rules once, then turns documents into findings. Does no I/O.

mod capabilities;
mod compare;
mod index_lookup;
mod overlap;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::config::Settings;
use crate::suppress::{IgnoreList, Suppressions};
use dechaff_checks::rule::{Registry, Rule};
use dechaff_checks::suppression::SuppressionRules;
use dechaff_checks::{Check, DocumentCheck, guard};
use dechaff_duplicates::indexed::IndexedCheck;
use dechaff_duplicates::staged::{StagedCheck, StagedRow};
use dechaff_duplicates::store::{self, MemoryStore, Store};
use dechaff_duplicates::{CorpusCheck, DocumentSet, duplicate_document, site_line};
use dechaff_findings::{
    Applicability, Finding, FindingLimit, FindingSink, ParameterError, RuleInfo,
};
use dechaff_text::{Document, TextProvider};

use capabilities::RuleCapabilities;
pub use compare::{CorpusComparer, CorpusMatches, Sketch};
pub use index_lookup::IndexMatches;
use overlap::sort_by_position;

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
    capabilities: Arc<RuleCapabilities>,
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
        for check in dechaff_checks::compile(&rules)? {
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
            capabilities: Arc::new(RuleCapabilities::from_rules(&rules)),
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

    /// Whether any rule checks documents by themselves.
    pub fn has_document_checks(&self) -> bool {
        !self.checks.is_empty()
    }

    /// Returns the code and the parameters of each rule that can compare documents with an index.
    pub fn indexed_rules(&self) -> &[(String, serde_json::Value)] {
        &self.capabilities.indexed
    }

    /// Returns the code and the parameters of each rule that can compare documents in steps.
    pub fn staged_rules(&self) -> &[(String, serde_json::Value)] {
        &self.capabilities.staged
    }

    /// Returns the checks that can compare documents with an index, by their position in a sketch.
    pub fn indexed_checks(&self) -> impl Iterator<Item = (usize, &dyn IndexedCheck)> {
        let checks = self.corpus_checks.iter().enumerate();
        checks.filter_map(|(position, check)| Some((position, check.indexed()?)))
    }

    /// Returns the checks that can compare documents in steps, by their position in a sketch.
    pub fn staged_checks(&self) -> impl Iterator<Item = (usize, &dyn StagedCheck)> {
        let checks = self.corpus_checks.iter().enumerate();
        checks.filter_map(|(position, check)| Some((position, check.staged()?)))
    }

    /// Returns why the rules cannot run in steps, if they cannot.
    pub fn staged_refusal(&self) -> Option<String> {
        self.staged_checks().find_map(|(_, check)| check.refusal())
    }

    /// Returns the matches found in steps. For each check that can run in steps, `rows` has the
    /// rows of its table of matches. Documents are numbered as in `documents`, in ascending order
    /// of their origins.
    ///
    /// # Errors
    ///
    /// There are too many matches, or a row is damaged.
    pub fn staged_matches<'d>(
        &'d self,
        rows: &[Vec<StagedRow>],
        documents: &DocumentSet<'d>,
    ) -> store::Result<CorpusMatches<'d>> {
        let checks = self.staged_checks().zip(rows);
        let pending = checks.map(|((_, check), rows)| check.pending(rows, documents.clone()));
        let pending = pending.collect::<store::Result<_>>()?;
        Ok(CorpusMatches::new(Arc::clone(&documents.origins), pending))
    }

    /// Whether the rule with this code compares documents.
    pub fn is_corpus_rule(&self, code: &str) -> bool {
        self.capabilities.corpus_kind(code).is_some()
    }

    /// Whether the rule with this code reports copies of whole documents.
    pub fn is_document_rule(&self, code: &str) -> bool {
        self.capabilities.corpus_kind(code) == Some(duplicate_document::NAME)
    }

    /// Whether the rule with this code reports lines of sites.
    pub fn is_site_rule(&self, code: &str) -> bool {
        self.capabilities.corpus_kind(code) == Some(site_line::NAME)
    }

    /// Whether the rule with this code measures whole documents.
    pub fn is_measure_rule(&self, code: &str) -> bool {
        self.capabilities.is_measure(code)
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
        CorpusComparer::new(self, store, memory)
    }

    /// Checks a single document. Returns the findings in order of position, without suppressed
    /// ones.
    ///
    /// At most 10,000 findings of a rule are listed; the last one says how many more there are.
    pub fn check(&self, document: &Document<'_>) -> Vec<Finding> {
        self.check_up_to(document, FindingLimit::REPORT)
    }

    /// Checks a single document like [`Linter::check`], with another limit.
    pub fn check_up_to(&self, document: &Document<'_>, limit: FindingLimit) -> Vec<Finding> {
        let mut findings = self.check_document_up_to(document, limit).findings;
        self.apply_ignore_lists(document, &mut findings);
        guard(document, &mut findings);
        findings
    }

    /// Optional warm-up: builds lazily initialised tables, including those shared between linters.
    /// Call it while sketching, so that the first documents checked do not wait for it, or before
    /// `fork`, because a child process would wait forever for a table that another thread is
    /// building.
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
        let findings = overlap::dedupe(self.run_checks(document, limit, &mut suppressions));
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
        // A line that recurs on the site is not also reported as a duplicate.
        let is_site_line = |finding: &Finding| self.is_site_rule(&finding.rule.code);
        let (site_lines, duplicates) = matches.into_iter().partition(is_site_line);
        let mut all =
            overlap::merge_compared(findings, overlap::merge_compared(site_lines, duplicates));
        if let Some(suppressions) = suppressions {
            let ran = |rule: &RuleInfo| self.levels.contains_key(&rule.code);
            let defects = suppressions.findings(document, &self.suppressions, &self.all_rules, ran);
            all.extend(self.apply_levels_and_suppressions(defects, &mut None));
            sort_by_position(&mut all);
        }
        self.apply_ignore_lists(document, &mut all);
        guard(document, &mut all);
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
        sort_by_position(&mut findings);
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
