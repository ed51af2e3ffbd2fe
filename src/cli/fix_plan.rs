//! The plan of `--fix --plan`: the findings that a person accepted in `dechaff review`.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::baseline::{LinterResolver, relative};
use super::settings_resolver::SettingsResolver;
use crate::corpus::{Source, content_hash, read_suppression_file};
use crate::duplicates::FindingsByDocument;
use crate::finding::{Applicability, Finding};
use crate::fix::{FixOutcome, FixSession, Refusal, preserve_last_copy};
use crate::report::count;
use crate::text::{Origin, PathName, Record, Span, path_of};
use crate::user_file::UserFileError;

/// Version of the lines of a plan.
pub(super) const PLAN_VERSION: u32 = 1;

/// A line of a plan: a finding to fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlanEntry {
    /// Version of the format.
    pub(super) plan: u32,
    /// Path relative to the directory of the plan.
    pub(super) path: String,
    /// The record, in a shard.
    #[serde(default)]
    pub(super) record: Option<Record>,
    /// The hash of the document's text, as in an undo log.
    pub(super) text_hash: String,
    /// The rule's code.
    pub(super) rule: String,
    /// The flagged bytes of the text.
    pub(super) start: usize,
    /// See `start`.
    pub(super) end: usize,
    /// Start of the flagged text, for human readers.
    #[serde(default)]
    pub(super) excerpt: String,
}

/// A document of a plan: its path and the number of its record.
type PlanKey = (String, Option<u64>);

/// The accepted findings of a document.
#[derive(Debug, Default)]
struct PlannedDocument {
    text_hash: String,
    /// Rule, and the flagged bytes.
    findings: BTreeSet<(String, Span)>,
}

/// The findings to fix, and the outcome for each.
pub(super) struct FixPlan {
    /// The plan, for its directory.
    path: PathBuf,
    resolver: Arc<SettingsResolver>,
    documents: HashMap<PlanKey, PlannedDocument>,
    /// The accepted findings that come from comparing documents.
    matches: HashMap<Arc<Origin>, Vec<Finding>>,
    outcomes: Mutex<BTreeMap<PlanKey, DocumentOutcome>>,
}

/// The outcome for the accepted findings of a document.
#[derive(Debug, Default)]
struct DocumentOutcome {
    name: String,
    /// Findings that are no longer found.
    missing: usize,
    /// Findings whose fix would remove the last copy of a text, or overlaps another fix.
    unfixed: usize,
}

impl FixPlan {
    /// Reads a plan.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or a line of it is not in the format of a plan.
    pub(super) fn read(path: &Path, resolver: &Arc<SettingsResolver>) -> anyhow::Result<Self> {
        let file = read_suppression_file(path, &path.name()).with_context(|| {
            format!("cannot read the plan {}; `dechaff review` writes one", path.name())
        })?;
        let mut documents: HashMap<PlanKey, PlannedDocument> = HashMap::new();
        let mut offset = 0;
        for line in file.text.split_inclusive('\n') {
            let span = offset..offset + line.trim_end().len();
            offset += line.len();
            if line.trim().is_empty() {
                continue;
            }
            let fault = |message: String| UserFileError::new(&file, message, Some(span.clone()));
            let entry: PlanEntry = serde_json::from_str(line).map_err(|error| {
                let hint = "`dechaff review` writes plans";
                fault(format!("not a line of a plan: {error}")).with_hint(Some(hint.into()))
            })?;
            if entry.plan != PLAN_VERSION {
                let message = format!(
                    "plan version {}; this program reads version {PLAN_VERSION}",
                    entry.plan
                );
                return Err(fault(message).into());
            }
            if entry.start > entry.end {
                return Err(fault("`start` is after `end`".into()).into());
            }
            let key = (entry.path, entry.record.map(|record| record.index));
            let document = documents.entry(key).or_default();
            if document.findings.is_empty() {
                document.text_hash = entry.text_hash;
            } else if document.text_hash != entry.text_hash {
                return Err(fault(
                    "another line has a different `text_hash` for this document".into(),
                )
                .into());
            }
            document.findings.insert((entry.rule, Span::new(entry.start, entry.end)));
        }
        Ok(Self {
            path: path.to_owned(),
            resolver: Arc::clone(resolver),
            documents,
            matches: HashMap::new(),
            outcomes: Mutex::default(),
        })
    }

    fn key(&self, path: &Path, origin: &Origin) -> PlanKey {
        let index = origin.record.as_ref().map(|record| record.index);
        (relative(&self.resolver, path, &self.path), index)
    }

    fn planned(&self, path: &Path, origin: &Origin) -> Option<&PlannedDocument> {
        self.documents.get(&self.key(path, origin))
    }

    /// Keeps those of `matches` that the plan has, without the fixes that would remove the last
    /// copy of a text.
    pub(super) fn add_matches(&mut self, matches: FindingsByDocument) {
        let mut accepted: Vec<Finding> = Vec::new();
        for (origin, findings) in matches {
            let Some(planned) = self.planned(&path_of(&origin.path), &origin) else { continue };
            accepted.extend(findings.into_iter().filter(|finding| planned.has(finding)));
        }
        let codes: BTreeSet<String> =
            accepted.iter().map(|finding| finding.rule.code.clone()).collect();
        for finding in &mut accepted {
            let Some(kept) = finding.labels.first() else { continue };
            let origin = kept.origin.as_ref().unwrap_or(&finding.origin);
            // Another rule may remove the passage that should stay.
            let planned = self.planned(&path_of(&origin.path), origin);
            let goes =
                |(rule, span): &(String, Span)| !codes.contains(rule) && span.overlaps(kept.span);
            if planned.is_some_and(|planned| planned.findings.iter().any(goes)) {
                finding.fix = None;
            }
        }
        preserve_last_copy(&mut accepted, Applicability::Unsafe);
        for finding in accepted {
            self.matches.entry(Arc::clone(&finding.origin)).or_default().push(finding);
        }
    }

    /// Fixes the accepted findings of a document, and nothing else.
    pub(super) fn fix(&self, linters: &LinterResolver, source: &Source) -> FixOutcome {
        let Some(planned) = self.planned(&source.path, &source.origin) else {
            return FixOutcome::default();
        };
        let mut result =
            DocumentOutcome { name: source.origin.to_string(), ..DocumentOutcome::default() };
        let outcome = match planned.refusal(source) {
            Some(reason) => FixOutcome { fixed: None, refusal: Some(Refusal::All(reason)) },
            None => self.fix_accepted(planned, linters, source, &mut result),
        };
        if outcome.refusal.is_some() {
            result.unfixed = planned.findings.len();
        }
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        outcomes.insert(self.key(&source.path, &source.origin), result);
        outcome
    }

    fn fix_accepted(
        &self,
        planned: &PlannedDocument,
        linters: &LinterResolver,
        source: &Source,
        result: &mut DocumentOutcome,
    ) -> FixOutcome {
        let document = source.document();
        let matches = self.matches.get(&source.origin).cloned().unwrap_or_default();
        let mut findings = linters.for_path(&source.path).lint(&document, matches);
        findings.retain(|finding| planned.has(finding));
        let found: BTreeSet<(&str, Span)> =
            findings.iter().map(|finding| (finding.rule.code.as_str(), finding.span)).collect();
        result.missing = planned.findings.len() - found.len().min(planned.findings.len());
        let mut session = FixSession::new(&document);
        let fixed = session.apply(&findings, Applicability::Unsafe).len();
        result.unfixed = findings.len() - fixed.min(findings.len());
        let fixed = session.finish();
        FixOutcome { fixed: Some(fixed).filter(crate::fix::FixResult::is_changed), refusal: None }
    }

    /// Returns a message for each accepted finding that could not be fixed.
    pub(super) fn problems(&self) -> Vec<String> {
        let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut problems = Vec::new();
        for DocumentOutcome { name, missing, unfixed } in outcomes.values() {
            if *missing > 0 {
                let findings = count(*missing, "accepted finding");
                problems.push(format!(
                    "{name}: {findings} no longer reported, so not fixed; use the same options as in the review"
                ));
            }
            if *unfixed > 0 {
                let findings = count(*unfixed, "accepted finding");
                problems.push(format!("{name}: {findings} not fixed"));
            }
        }
        let mut absent: Vec<&PlanKey> =
            self.documents.keys().filter(|key| !outcomes.contains_key(*key)).collect();
        absent.sort();
        problems.extend(absent.into_iter().map(|(path, record)| {
            let record = record.map_or(String::new(), |index| format!(": record {index}"));
            format!("{path}{record}: in the plan, but not among the checked documents")
        }));
        problems
    }
}

impl PlannedDocument {
    fn has(&self, finding: &Finding) -> bool {
        // Few findings per document, so the code is cloned.
        self.findings.contains(&(finding.rule.code.clone(), finding.span))
    }

    /// Returns why `source` must not be changed, if there is a reason.
    fn refusal(&self, source: &Source) -> Option<String> {
        if source.decoding.is_some() {
            return Some("not valid UTF-8; writing the file would lose its invalid bytes".into());
        }
        (content_hash(source.text.as_bytes()) != self.text_hash)
            .then(|| "its text has changed since the review".into())
    }
}
