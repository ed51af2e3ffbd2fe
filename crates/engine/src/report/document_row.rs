//! One row per document: its findings, and whether to keep it.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::count;
use super::removed_words::deletions;
use super::span_cursor::SpanCursor;
use crate::fix::DEFAULT_MAX_REMOVED;
use dechaff_findings::{Applicability, Finding, Severity};
use dechaff_text::{Document, Origin, words};

/// The thresholds that verdicts depend on: the table `[documents]` of a configuration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VerdictThresholds {
    /// A document with fewer words is dropped.
    pub min_words: usize,
    /// A document is dropped if at least this share of its words is noise or in documents that are
    /// kept.
    pub drop_share: f64,
    /// A document needs review if at least this share of its words is flagged without a safe fix.
    pub review_share: f64,
    /// A document needs review if safe fixes would remove more than this share of its words.
    pub max_removed: f64,
}

impl Default for VerdictThresholds {
    fn default() -> Self {
        Self { min_words: 1, drop_share: 0.9, review_share: 0.3, max_removed: DEFAULT_MAX_REMOVED }
    }
}

/// What to do with a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Use it as it is.
    Keep,
    /// Apply the safe fixes and use the result.
    Fix,
    /// Review it.
    Review,
    /// Leave it out.
    Drop,
}

impl Verdict {
    /// Returns the name of the verdict.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Fix => "fix",
            Self::Review => "review",
            Self::Drop => "drop",
        }
    }
}

/// The verdict on a document, with its reason.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// Why, as half a sentence.
    pub reason: String,
    /// The threshold that decided, such as `drop-share = 0.9`.
    pub threshold: Option<String>,
}

impl Judgement {
    fn new(verdict: Verdict, reason: String, threshold: Option<String>) -> Self {
        Self { verdict, reason, threshold }
    }
}

/// A document that is kept and that another one is a copy of.
#[derive(Debug)]
pub struct WholeCopy<'f> {
    /// The document that is kept.
    pub kept: &'f Origin,
    /// The rule that found the copy, and the similarity. `None` if the words are the same.
    pub likeness: Option<(&'f str, &'f str)>,
}

/// Findings about a document as a whole.
#[derive(Debug, Clone, Copy, Default)]
pub struct WholeDocument<'f> {
    /// The kept document that this one is a copy of.
    pub copy_of: Option<&'f WholeCopy<'f>>,
    /// The first set of measures that it fails.
    pub failed_measure: Option<&'f Finding>,
}

/// The row of a document. Shares are shares of its words, from 0 to 1, rounded to four decimals;
/// the verdict depends on the rounded values.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentRow {
    /// The path.
    pub path: String,
    /// The 1-based number of the record.
    pub record_index: Option<u64>,
    /// The ID of the record.
    pub record_id: Option<String>,
    /// The number of words.
    pub words: usize,
    /// The size of the text in bytes.
    pub bytes: usize,
    /// The most probable kind of page.
    pub page_kind: &'static str,
    /// The probability of that kind.
    pub page_kind_probability: f64,
    /// The number of findings.
    pub findings: usize,
    /// The number of findings by rule code.
    pub findings_by_rule: BTreeMap<String, usize>,
    /// Share deleted by the safe fixes of the findings.
    pub safe_removed_share: f64,
    /// Share deleted by all fixes of the findings.
    pub removed_share: f64,
    /// Share deleted as noise, without duplicates.
    pub noise_share: f64,
    /// Share reported as copies of passages in other documents.
    pub duplicated_share: f64,
    /// Share flagged by findings without a safe fix.
    pub doubtful_share: f64,
    /// Share that is neither noise nor in an earlier document that is not dropped.
    pub unique_share: f64,
    /// The path of the document with most of the duplicated words.
    pub nearest_path: Option<String>,
    /// The number of its record.
    pub nearest_record_index: Option<u64>,
    /// The ID of its record.
    pub nearest_record_id: Option<String>,
    /// Share reported as copies of passages in that document.
    pub nearest_share: f64,
    /// The verdict.
    #[serde(flatten)]
    pub decision: Judgement,
}

impl DocumentRow {
    /// The names of the fields, in order.
    pub const FIELDS: [&'static str; 22] = [
        "path",
        "record_index",
        "record_id",
        "words",
        "bytes",
        "page_kind",
        "page_kind_probability",
        "findings",
        "findings_by_rule",
        "safe_removed_share",
        "removed_share",
        "noise_share",
        "duplicated_share",
        "doubtful_share",
        "unique_share",
        "nearest_path",
        "nearest_record_index",
        "nearest_record_id",
        "nearest_share",
        "verdict",
        "reason",
        "threshold",
    ];

    /// Judges a document by its findings. `is_duplicate_rule` tells whether a rule compares
    /// documents, and `stays` whether another document precedes this one and is kept. `findings`
    /// does not include the findings behind `whole`.
    pub fn new(
        document: &Document<'_>,
        findings: &[Finding],
        thresholds: &VerdictThresholds,
        is_duplicate_rule: impl Fn(&str) -> bool,
        stays: impl Fn(&Origin) -> bool,
        whole: WholeDocument<'_>,
    ) -> Self {
        let copy_of = whole.copy_of;
        let evidence = Evidence::new(document, findings, is_duplicate_rule, stays);
        let origin = document.origin();
        let kinds = document.page_kind();
        let is_equal = copy_of.is_some_and(|copy| copy.likeness.is_none());
        let (duplicated, unique) =
            if is_equal { (evidence.words, 0) } else { (evidence.duplicated, evidence.unique) };
        let nearest = evidence.nearest_with(copy_of);
        let record = |origin: &Origin| origin.record.clone();
        let nearest_record = nearest.and_then(|(origin, _)| record(origin));
        let mut row = Self {
            path: origin.path.clone(),
            record_index: record(origin).map(|record| record.index),
            record_id: record(origin).and_then(|record| record.id),
            words: evidence.words,
            bytes: document.text().len(),
            page_kind: kinds.kind().name(),
            page_kind_probability: rounded(f64::from(kinds.probability(kinds.kind()))),
            findings: 0,
            findings_by_rule: BTreeMap::new(),
            safe_removed_share: evidence.share(evidence.safe_removed),
            removed_share: evidence.share(evidence.removed),
            noise_share: evidence.share(evidence.noise),
            duplicated_share: evidence.share(duplicated),
            doubtful_share: evidence.share(evidence.doubtful),
            unique_share: evidence.share(unique),
            nearest_path: nearest.map(|(origin, _)| origin.path.clone()),
            nearest_record_index: nearest_record.as_ref().map(|record| record.index),
            nearest_record_id: nearest_record.and_then(|record| record.id),
            nearest_share: nearest.map_or(0.0, |(_, words)| evidence.share(words)),
            decision: Judgement::new(Verdict::Keep, String::new(), None),
        };
        row.count_findings(findings);
        row.decision = row.decide(findings, thresholds, nearest.map(|(origin, _)| origin), whole);
        row
    }

    /// Sets the numbers of findings.
    pub fn count_findings(&mut self, findings: &[Finding]) {
        self.findings_by_rule.clear();
        for finding in findings {
            *self.findings_by_rule.entry(finding.rule.code.clone()).or_insert(0) +=
                1 + finding.unlisted;
        }
        self.findings = self.findings_by_rule.values().sum();
    }

    fn decide(
        &self,
        findings: &[Finding],
        thresholds: &VerdictThresholds,
        nearest: Option<&Origin>,
        whole: WholeDocument<'_>,
    ) -> Judgement {
        self.reason_to_drop(thresholds, nearest, whole)
            .or_else(|| self.reason_to_review(findings, thresholds))
            .or_else(|| self.reason_to_fix(findings))
            .unwrap_or_else(|| self.reason_to_keep(thresholds))
    }

    fn reason_to_drop(
        &self,
        thresholds: &VerdictThresholds,
        nearest: Option<&Origin>,
        whole: WholeDocument<'_>,
    ) -> Option<Judgement> {
        let drop = |reason, threshold| Some(Judgement::new(Verdict::Drop, reason, threshold));
        let VerdictThresholds { min_words, drop_share, .. } = *thresholds;
        if self.words < min_words {
            let reason = match self.words {
                0 => "it has no words".to_owned(),
                number => format!("it has only {}", count(number, "word")),
            };
            return drop(reason, Some(format!("min-words = {min_words}")));
        }
        if let Some(WholeCopy { kept, likeness }) = whole.copy_of {
            return match likeness {
                None => drop(format!("it is a copy of {kept}"), None),
                Some((rule, likeness)) => drop(
                    format!("it is a near copy of {kept}, {likeness}"),
                    Some((*rule).to_owned()),
                ),
            };
        }
        if let Some(failed) = whole.failed_measure {
            let rule = &failed.rule;
            let reason = format!("{} fails: {}", rule.name, failed.message());
            return drop(reason, Some(rule.code.clone()));
        }
        let worthless = rounded(1.0 - self.unique_share);
        if worthless < drop_share {
            return None;
        }
        let worthless = percent(worthless);
        let reason = match nearest.filter(|_| self.nearest_share > 0.0) {
            Some(nearest) => format!(
                "{worthless} of its words are noise or in other documents: {} are noise, and {} \
                 are in {nearest}",
                percent(self.noise_share),
                percent(self.nearest_share)
            ),
            None => format!("{worthless} of its words are noise"),
        };
        drop(reason, Some(format!("drop-share = {drop_share}")))
    }

    fn reason_to_review(
        &self,
        findings: &[Finding],
        thresholds: &VerdictThresholds,
    ) -> Option<Judgement> {
        let review = |reason, threshold| Some(Judgement::new(Verdict::Review, reason, threshold));
        let VerdictThresholds { review_share, max_removed, .. } = *thresholds;
        if let Some(error) =
            findings.iter().find(|finding| finding.rule.severity == Severity::Error)
        {
            return review(format!("{}: {}", error.rule.code, error.message()), None);
        }
        if self.safe_removed_share > max_removed {
            let share = percent(self.safe_removed_share);
            let reason = format!("safe fixes would remove {share} of its words");
            return review(reason, Some(format!("max-removed = {max_removed}")));
        }
        if self.doubtful_share >= review_share {
            return review(self.doubt(), Some(format!("review-share = {review_share}")));
        }
        None
    }

    fn reason_to_fix(&self, findings: &[Finding]) -> Option<Judgement> {
        let is_safe = |finding: &&Finding| finding.applicable_fix(Applicability::Safe).is_some();
        let safe = findings.iter().filter(is_safe).count();
        if safe == 0 {
            return None;
        }
        let (findings, share) = (count(safe, "finding"), percent(self.safe_removed_share));
        let reason = format!("{findings} can be fixed safely, which removes {share} of its words");
        Some(Judgement::new(Verdict::Fix, reason, None))
    }

    fn reason_to_keep(&self, thresholds: &VerdictThresholds) -> Judgement {
        if self.findings == 0 {
            return Judgement::new(Verdict::Keep, "no findings".to_owned(), None);
        }
        let threshold = format!("review-share = {}", thresholds.review_share);
        Judgement::new(Verdict::Keep, self.doubt(), Some(threshold))
    }

    fn doubt(&self) -> String {
        format!("{} of its words are in findings without a safe fix", percent(self.doubtful_share))
    }

    /// Returns the row as a JSON object on one line.
    pub fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Returns the header of a CSV file, with the line end.
    pub fn csv_header() -> String {
        Self::FIELDS.join(",") + "\n"
    }

    /// Returns the row as CSV (RFC 4180), with the line end. A missing value is empty.
    pub fn csv(&self) -> String {
        let fields = [
            quoted(&self.path),
            optional(self.record_index.as_ref()),
            quoted(self.record_id.as_deref().unwrap_or_default()),
            self.words.to_string(),
            self.bytes.to_string(),
            self.page_kind.to_owned(),
            self.page_kind_probability.to_string(),
            self.findings.to_string(),
            self.findings_by_rule
                .iter()
                .map(|(code, count)| format!("{code}={count}"))
                .collect::<Vec<_>>()
                .join(" "),
            self.safe_removed_share.to_string(),
            self.removed_share.to_string(),
            self.noise_share.to_string(),
            self.duplicated_share.to_string(),
            self.doubtful_share.to_string(),
            self.unique_share.to_string(),
            quoted(self.nearest_path.as_deref().unwrap_or_default()),
            optional(self.nearest_record_index.as_ref()),
            quoted(self.nearest_record_id.as_deref().unwrap_or_default()),
            self.nearest_share.to_string(),
            self.decision.verdict.name().to_owned(),
            quoted(&self.decision.reason),
            quoted(self.decision.threshold.as_deref().unwrap_or_default()),
        ];
        fields.join(",") + "\n"
    }
}

/// The words of a document, classified by the findings.
#[derive(Default)]
struct Evidence<'f> {
    words: usize,
    safe_removed: usize,
    removed: usize,
    noise: usize,
    duplicated: usize,
    doubtful: usize,
    unique: usize,
    /// The document with most of the duplicated words, and their number.
    nearest: Option<(&'f Origin, usize)>,
}

impl<'f> Evidence<'f> {
    /// Counts words in one pass over the text.
    fn new(
        document: &Document<'_>,
        findings: &'f [Finding],
        is_duplicate_rule: impl Fn(&str) -> bool,
        stays: impl Fn(&Origin) -> bool,
    ) -> Self {
        let (mut noise, mut copies, mut doubtful) = (Vec::new(), Vec::new(), Vec::new());
        for finding in findings {
            let is_duplicate = is_duplicate_rule(&finding.rule.code);
            let other = finding
                .labels
                .iter()
                .find_map(|label| label.origin.as_deref())
                .filter(|_| is_duplicate);
            if let Some(origin) = other {
                copies.push((finding.span, origin));
            }
            let deletion = finding.fix.iter().flat_map(|fix| &fix.edits).map(|edit| edit.span);
            if !is_duplicate && finding.is_pure_deletion() {
                noise.extend(deletion.clone());
            }
            if finding.applicable_fix(Applicability::Safe).is_none() {
                doubtful.push(finding.span);
            }
        }
        copies.sort_unstable();
        // Each origin is looked up once, however many of its passages are copied.
        let mut by_origin: BTreeMap<&Origin, (bool, usize)> = BTreeMap::new();
        for (_, origin) in &copies {
            by_origin.entry(origin).or_insert_with(|| (stays(origin), 0));
        }
        let mut copy_spans =
            SpanCursor::from_sorted(copies.iter().map(|(span, _)| *span).collect());
        let (mut noise, mut doubtful) = (SpanCursor::new(noise), SpanCursor::new(doubtful));
        let mut safe = deletions(findings, Applicability::Safe);
        let mut all = deletions(findings, Applicability::Unsafe);
        let mut evidence = Self::default();
        for word in words(document.text()) {
            evidence.words += 1;
            let is_noise = noise.find(word.start).is_some();
            let origin = copy_spans
                .find(word.start)
                .and_then(|index| copies.get(index))
                .map(|(_, origin)| *origin);
            let copied = origin.and_then(|origin| by_origin.get_mut(origin));
            let is_elsewhere = copied.as_ref().is_some_and(|(stays, _)| *stays);
            evidence.safe_removed += safe.count(word.start);
            evidence.removed += all.count(word.start);
            evidence.noise += usize::from(is_noise);
            evidence.duplicated += usize::from(copied.is_some());
            evidence.doubtful += doubtful.count(word.start);
            evidence.unique += usize::from(!is_noise && !is_elsewhere);
            if let Some((_, words)) = copied {
                *words += 1;
            }
        }
        // Break ties in favour of documents that are kept, then of the first one.
        let nearest =
            by_origin.into_iter().rev().max_by_key(|(_, (stays, words))| (*words, *stays));
        evidence.nearest =
            nearest.map(|(origin, (_, words))| (origin, words)).filter(|(_, words)| *words > 0);
        evidence
    }

    /// Returns the document with most of the duplicated words, and their number. If the document is
    /// a copy as a whole, that is the document that stays.
    fn nearest_with<'o>(&self, copy_of: Option<&'o WholeCopy<'o>>) -> Option<(&'o Origin, usize)>
    where
        'f: 'o,
    {
        let Some(WholeCopy { kept, likeness }) = copy_of else { return self.nearest };
        if likeness.is_none() {
            return Some((kept, self.words));
        }
        Some(self.nearest.filter(|(origin, _)| *origin == *kept).unwrap_or((kept, 0)))
    }

    fn share(&self, words: usize) -> f64 {
        if self.words == 0 { 0.0 } else { rounded(words as f64 / self.words as f64) }
    }
}

fn rounded(share: f64) -> f64 {
    (share * 10_000.0).round() / 10_000.0
}

fn percent(share: f64) -> String {
    match 100.0 * share {
        percent if percent > 0.0 && percent < 0.5 => "less than 1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    }
}

fn optional(value: Option<&impl fmt::Display>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

/// Quotes a CSV field if it needs quotes.
pub fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}
