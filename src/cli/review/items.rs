//! What a review is about: the findings of a check and their documents.
//!
//! Counts and positions are in memory, about 100 bytes per finding; passages are in a temporary
//! file.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use anyhow::Context;
use serde::{Deserialize, Serialize};

use crate::corpus::{Source, content_hash};
use crate::finding::{Applicability, Finding, RuleInfo};
use crate::report::{FindingSample, Judgement, Verdict};
use crate::suppress::{IgnoreEntry, ignore_entries};
use crate::text::{Document, Origin, Record, Span, TextProvider};

/// Maximum number of findings. Further ones are counted, and shown by the next review.
const MAX_FINDINGS: usize = 1_000_000;
/// Length of the flagged text that can be searched.
const MAX_TEXT_BYTES: usize = 2_000;

/// The findings and documents of a review.
pub(in crate::cli) struct ReviewItems {
    pub(super) documents: Vec<ReviewDocument>,
    pub(super) findings: Vec<ReviewFinding>,
    pub(super) rules: Vec<Arc<RuleInfo>>,
    rule_numbers: HashMap<String, u16>,
    /// The sites, or other groups, in order of appearance.
    pub(super) groups: Vec<Arc<str>>,
    group_numbers: HashMap<Arc<str>, u32>,
    details: DetailsFile,
    /// Findings that are not part of the review because there are too many.
    pub(super) left_out: usize,
}

/// A temporary file with the [`FindingDetails`] of all findings.
struct DetailsFile {
    file: BufWriter<File>,
    length: u64,
}

impl DetailsFile {
    fn new() -> anyhow::Result<Self> {
        let file = tempfile::tempfile().context("cannot create a temporary file")?;
        Ok(Self { file: BufWriter::new(file), length: 0 })
    }

    /// Appends details. Returns their offset and length in bytes.
    fn append(&mut self, details: &FindingDetails) -> anyhow::Result<(u64, u32)> {
        let bytes = serde_json::to_vec(details)?;
        self.file.write_all(&bytes).context("cannot write a temporary file")?;
        let (offset, length) = (self.length, u32::try_from(bytes.len())?);
        self.length += u64::from(length);
        Ok((offset, length))
    }

    fn read(&mut self, offset: u64, length: u32) -> anyhow::Result<FindingDetails> {
        let mut bytes = vec![0; usize::try_from(length)?];
        // Seeking flushes the buffer.
        self.file.seek(SeekFrom::Start(offset)).context("cannot read a temporary file")?;
        self.file.get_mut().read_exact(&mut bytes).context("cannot read a temporary file")?;
        Ok(serde_json::from_slice(&bytes)?)
    }
}

/// A document with findings.
pub(super) struct ReviewDocument {
    pub(super) path: String,
    pub(super) record: Option<Record>,
    pub(super) text_hash: String,
    pub(super) verdict: Verdict,
    pub(super) reason: String,
    pub(super) group: Option<u32>,
    /// The number of its first finding.
    pub(super) first: usize,
    pub(super) findings: usize,
    /// Whether its bytes can be written back.
    pub(super) is_fixable: bool,
}

impl ReviewDocument {
    /// Returns the name of the file or record.
    pub(super) fn name(&self) -> String {
        Origin { path: self.path.clone(), record: self.record.clone() }.to_string()
    }
}

/// A finding; its passage is read when it is shown.
pub(super) struct ReviewFinding {
    pub(super) document: u32,
    pub(super) rule: u16,
    pub(super) fix: Option<Applicability>,
    pub(super) span: Span,
    offset: u64,
    length: u32,
}

/// What a page shows of a finding.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FindingDetails {
    pub(super) place: String,
    pub(super) message: String,
    pub(super) notes: Vec<String>,
    /// The passage as HTML, with what the fix changes.
    pub(super) passage: String,
    /// The flagged text, or its start, for the search.
    pub(super) text: String,
    /// The line for an ignore list.
    pub(super) ignore_entry: String,
    /// Start of the flagged text.
    pub(super) excerpt: String,
}

impl FindingDetails {
    fn new(
        document: &Document<'_>,
        finding: &Finding,
        sample: FindingSample,
        entry: &IgnoreEntry,
    ) -> Self {
        let flagged = document.slice(finding.span);
        let origin = format!("{}: ", document.origin());
        Self {
            place: sample.place,
            message: finding.message().to_owned(),
            notes: sample.notes,
            passage: sample.passage.html,
            text: flagged[..flagged.floor_char_boundary(MAX_TEXT_BYTES)].to_owned(),
            excerpt: entry.remark.strip_prefix(&origin).unwrap_or_default().to_owned(),
            ignore_entry: entry.to_string(),
        }
    }
}

impl ReviewItems {
    /// Starts without documents.
    ///
    /// # Errors
    ///
    /// A temporary file cannot be created.
    pub(in crate::cli) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            documents: Vec::new(),
            findings: Vec::new(),
            rules: Vec::new(),
            rule_numbers: HashMap::new(),
            groups: Vec::new(),
            group_numbers: HashMap::new(),
            details: DetailsFile::new()?,
            left_out: 0,
        })
    }

    /// Adds a document with its findings, if it has any.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be written.
    pub(in crate::cli) fn add(
        &mut self,
        source: &Source,
        document: &Document<'_>,
        findings: &[Finding],
        judgement: Judgement,
        group: Option<Arc<str>>,
        texts: &dyn TextProvider,
    ) -> anyhow::Result<()> {
        // A review contains all findings of a document or none.
        if self.findings.len() + findings.len() > MAX_FINDINGS {
            self.left_out += findings.len();
            return Ok(());
        }
        if findings.is_empty() {
            return Ok(());
        }
        let number = u32::try_from(self.documents.len())?;
        let group = group.map(|group| self.group_number(group)).transpose()?;
        self.documents.push(ReviewDocument {
            path: source.origin.path.clone(),
            record: source.origin.record.clone(),
            text_hash: content_hash(source.text.as_bytes()),
            verdict: judgement.verdict,
            reason: judgement.reason,
            group,
            first: self.findings.len(),
            findings: findings.len(),
            is_fixable: source.decoding.is_none(),
        });
        for (finding, entry) in findings.iter().zip(ignore_entries(document, findings)) {
            let sample = FindingSample::new(document, finding, texts);
            let details = FindingDetails::new(document, finding, sample, &entry);
            let (offset, length) = self.details.append(&details)?;
            let rule = self.rule_number(&finding.rule)?;
            let fix = finding.fix.as_ref().map(|fix| fix.applicability);
            self.findings.push(ReviewFinding {
                document: number,
                rule,
                fix,
                span: finding.span,
                offset,
                length,
            });
        }
        Ok(())
    }

    /// Returns what to show of a finding.
    ///
    /// # Errors
    ///
    /// The temporary file cannot be read.
    pub(super) fn details(&mut self, finding: usize) -> anyhow::Result<FindingDetails> {
        let finding = self.findings.get(finding).context("no such finding")?;
        self.details.read(finding.offset, finding.length)
    }

    /// Returns the document of a finding.
    pub(super) fn document_of(&self, finding: &ReviewFinding) -> Option<&ReviewDocument> {
        self.documents.get(finding.document as usize)
    }

    /// Returns the rule of a finding.
    pub(super) fn rule_of(&self, finding: &ReviewFinding) -> Option<&Arc<RuleInfo>> {
        self.rules.get(usize::from(finding.rule))
    }

    fn rule_number(&mut self, rule: &Arc<RuleInfo>) -> anyhow::Result<u16> {
        if let Some(number) = self.rule_numbers.get(&rule.code) {
            return Ok(*number);
        }
        let number = u16::try_from(self.rules.len())?;
        self.rules.push(Arc::clone(rule));
        self.rule_numbers.insert(rule.code.clone(), number);
        Ok(number)
    }

    fn group_number(&mut self, group: Arc<str>) -> anyhow::Result<u32> {
        if let Some(number) = self.group_numbers.get(&group) {
            return Ok(*number);
        }
        let number = u32::try_from(self.groups.len())?;
        self.groups.push(Arc::clone(&group));
        self.group_numbers.insert(group, number);
        Ok(number)
    }
}
