//! The decisions of a review, in a file to which each decision is appended.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::items::{FindingDetails, ReviewItems};
use crate::text::{PathName, Record, Span};

/// Version of the lines of the file.
const VERSION: u32 = 1;

/// What a person decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum ReviewDecision {
    /// The finding is right; fix it.
    Accept,
    /// The finding is wrong; keep the text.
    Reject,
}

/// What a decision is about, by its number in [`ReviewItems`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReviewTarget {
    Finding(usize),
    Document(usize),
    Rule(usize),
}

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct DecisionLine {
    decisions: u32,
    #[serde(flatten)]
    action: Action,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "action")]
enum Action {
    Decide {
        decision: ReviewDecision,
        #[serde(flatten)]
        subject: Subject,
    },
    /// Undoes the last decision that has not been undone.
    Undo,
}

/// What a decision is about, in a form that a later review can find again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "target")]
enum Subject {
    Finding {
        path: String,
        record: Option<Record>,
        text_hash: String,
        rule: String,
        span: [usize; 2],
        excerpt: String,
    },
    Document {
        path: String,
        record: Option<Record>,
        text_hash: String,
    },
    Rule {
        rule: String,
    },
}

/// The decisions so far, and the file that keeps them.
pub(super) struct Decisions {
    file: File,
    path: PathBuf,
    findings: Vec<Option<ReviewDecision>>,
    documents: Vec<Option<ReviewDecision>>,
    rules: Vec<Option<ReviewDecision>>,
    /// Each decision, and the one that it replaced. `None` if it is not part of this review.
    history: Vec<(Option<ReviewTarget>, Option<ReviewDecision>)>,
    /// Decisions in the file that this review has no finding for.
    pub(super) unmatched: usize,
}

impl Decisions {
    /// Opens the file and applies the decisions in it. `relative` returns the path of a document as
    /// it is written to the file.
    ///
    /// # Errors
    ///
    /// The file cannot be opened, another review uses it, or a line is not a decision.
    pub(super) fn open(
        path: &Path,
        items: &ReviewItems,
        relative: impl Fn(&str) -> String,
    ) -> anyhow::Result<Self> {
        let name = path.name();
        let opened = OpenOptions::new().read(true).append(true).create(true).open(path);
        let mut file = opened.with_context(|| format!("cannot open the decisions {name}"))?;
        if let Err(std::fs::TryLockError::WouldBlock) = file.try_lock() {
            bail!(
                "{name}: another review is using these decisions; end it, or use another file with --decisions"
            );
        }
        let mut text = String::new();
        file.read_to_string(&mut text)
            .with_context(|| format!("cannot read the decisions {name}"))?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        if whole < text.len() {
            // The process that wrote the last line was killed.
            file.set_len(whole as u64).with_context(|| format!("cannot write {name}"))?;
            file.seek(SeekFrom::End(0))?;
        }
        let mut decisions = Self {
            file,
            path: path.to_owned(),
            findings: vec![None; items.findings.len()],
            documents: vec![None; items.documents.len()],
            rules: vec![None; items.rules.len()],
            history: Vec::new(),
            unmatched: 0,
        };
        let index = TargetIndex::new(items, relative);
        for (number, line) in text[..whole].lines().enumerate() {
            let place = || format!("{name}:{}: not a decision of a review", number + 1);
            let line: DecisionLine = serde_json::from_str(line).with_context(place)?;
            if line.decisions != VERSION {
                bail!(
                    "{name}:{}: version {}; this program reads version {VERSION}",
                    number + 1,
                    line.decisions
                );
            }
            match line.action {
                Action::Decide { decision, subject } => {
                    decisions.apply(index.find(&subject), decision)
                }
                Action::Undo => drop(decisions.take_back()),
            }
        }
        decisions.unmatched =
            decisions.history.iter().filter(|(target, _)| target.is_none()).count();
        Ok(decisions)
    }

    /// Returns the decision that applies to a finding: its own, otherwise that on its document,
    /// otherwise that on its rule.
    pub(super) fn on_finding(&self, items: &ReviewItems, number: usize) -> Option<ReviewDecision> {
        let finding = items.findings.get(number)?;
        self.on(ReviewTarget::Finding(number))
            .or_else(|| self.on(ReviewTarget::Document(finding.document as usize)))
            .or_else(|| self.on(ReviewTarget::Rule(usize::from(finding.rule))))
    }

    /// Returns the decision on exactly this target.
    pub(super) fn on(&self, target: ReviewTarget) -> Option<ReviewDecision> {
        let decision = match target {
            ReviewTarget::Finding(number) => self.findings.get(number),
            ReviewTarget::Document(number) => self.documents.get(number),
            ReviewTarget::Rule(number) => self.rules.get(number),
        };
        decision.copied().flatten()
    }

    /// Records a decision, in the file first. `details` are those of the target if it is a finding.
    ///
    /// # Errors
    ///
    /// The target does not exist, or the file cannot be written.
    pub(super) fn decide(
        &mut self,
        items: &ReviewItems,
        target: ReviewTarget,
        decision: ReviewDecision,
        details: Option<&FindingDetails>,
        relative: impl Fn(&str) -> String,
    ) -> anyhow::Result<()> {
        let subject = subject(items, target, details, relative).context("no such target")?;
        self.append(Action::Decide { decision, subject })?;
        self.apply(Some(target), decision);
        Ok(())
    }

    /// Undoes the last decision. Returns what it was about.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub(super) fn undo(&mut self) -> anyhow::Result<Option<ReviewTarget>> {
        if self.history.is_empty() {
            return Ok(None);
        }
        self.append(Action::Undo)?;
        Ok(self.take_back())
    }

    fn append(&mut self, action: Action) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(&DecisionLine { decisions: VERSION, action })?;
        line.push(b'\n');
        self.file
            .write_all(&line)
            .with_context(|| format!("cannot write the decisions {}", self.path.name()))
    }

    fn apply(&mut self, target: Option<ReviewTarget>, decision: ReviewDecision) {
        let previous = target.and_then(|target| self.on(target));
        self.set(target, Some(decision));
        self.history.push((target, previous));
    }

    fn take_back(&mut self) -> Option<ReviewTarget> {
        let (target, previous) = self.history.pop()?;
        self.set(target, previous);
        target
    }

    fn set(&mut self, target: Option<ReviewTarget>, decision: Option<ReviewDecision>) {
        let place = match target {
            Some(ReviewTarget::Finding(number)) => self.findings.get_mut(number),
            Some(ReviewTarget::Document(number)) => self.documents.get_mut(number),
            Some(ReviewTarget::Rule(number)) => self.rules.get_mut(number),
            None => None,
        };
        if let Some(place) = place {
            *place = decision;
        }
    }
}

/// Finds the targets that the lines of a file refer to.
struct TargetIndex<'i> {
    items: &'i ReviewItems,
    documents: HashMap<(String, Option<u64>), usize>,
}

impl<'i> TargetIndex<'i> {
    fn new(items: &'i ReviewItems, relative: impl Fn(&str) -> String) -> Self {
        let key = |(number, document): (usize, &super::items::ReviewDocument)| {
            (
                (relative(&document.path), document.record.as_ref().map(|record| record.index)),
                number,
            )
        };
        Self { items, documents: items.documents.iter().enumerate().map(key).collect() }
    }

    fn find(&self, subject: &Subject) -> Option<ReviewTarget> {
        match subject {
            Subject::Rule { rule } => self.rule(rule).map(ReviewTarget::Rule),
            Subject::Document { path, record, text_hash } => {
                self.document(path, record.as_ref(), text_hash).map(ReviewTarget::Document)
            }
            Subject::Finding { path, record, text_hash, rule, span: [start, end], .. } => {
                let document =
                    self.items.documents.get(self.document(path, record.as_ref(), text_hash)?)?;
                let rule = self.rule(rule)?;
                let own =
                    self.items.findings.get(document.first..document.first + document.findings)?;
                // Findings are in order of position.
                let from = own.partition_point(|finding| finding.span.start < *start);
                let mut at_start =
                    own[from..].iter().take_while(|finding| finding.span.start == *start);
                let place = at_start.position(|finding| {
                    usize::from(finding.rule) == rule && finding.span.end == *end
                })?;
                Some(ReviewTarget::Finding(document.first + from + place))
            }
        }
    }

    fn rule(&self, code: &str) -> Option<usize> {
        self.items.rules.iter().position(|rule| rule.code == code)
    }

    /// Returns the number of a document if its text is the same.
    fn document(&self, path: &str, record: Option<&Record>, text_hash: &str) -> Option<usize> {
        let number = *self.documents.get(&(path.to_owned(), record.map(|record| record.index)))?;
        self.items
            .documents
            .get(number)
            .filter(|document| document.text_hash == text_hash)
            .map(|_| number)
    }
}

fn subject(
    items: &ReviewItems,
    target: ReviewTarget,
    details: Option<&FindingDetails>,
    relative: impl Fn(&str) -> String,
) -> Option<Subject> {
    let document = |number: usize| {
        let document = items.documents.get(number)?;
        Some((relative(&document.path), document.record.clone(), document.text_hash.clone()))
    };
    Some(match target {
        ReviewTarget::Rule(number) => Subject::Rule { rule: items.rules.get(number)?.code.clone() },
        ReviewTarget::Document(number) => {
            let (path, record, text_hash) = document(number)?;
            Subject::Document { path, record, text_hash }
        }
        ReviewTarget::Finding(number) => {
            let finding = items.findings.get(number)?;
            let (path, record, text_hash) = document(finding.document as usize)?;
            let Span { start, end } = finding.span;
            let rule = items.rule_of(finding).map(Arc::as_ref)?.code.clone();
            let excerpt = details.map_or(String::new(), |details| details.excerpt.clone());
            Subject::Finding { path, record, text_hash, rule, span: [start, end], excerpt }
        }
    })
}
