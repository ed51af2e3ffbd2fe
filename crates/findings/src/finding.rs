//! The result of a check: a finding, its labels and its fix.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use dechaff_text::{Document, Origin, Span};

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Noise that should not be ingested.
    Warning,
    /// The document must not be ingested as it is.
    Error,
}

/// Whether a fix may be applied without review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// Applied by `--fix`.
    Safe,
    /// Applied only by `--unsafe-fixes`.
    Unsafe,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

impl fmt::Display for Applicability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        })
    }
}

/// The properties of a rule that all its findings share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// Two letters and three digits, such as `BP001`. Codes are never reused.
    pub code: String,
    /// Name in kebab case, such as `comment-prompt`.
    pub name: String,
    /// The title of its findings.
    pub summary: String,
    /// Severity of its findings.
    pub severity: Severity,
    /// Applicability of its fix; `None` if it has no fix.
    pub fix: Option<Applicability>,
    /// A note attached to every finding.
    pub note: Option<String>,
    /// Whether its lines appear in the middle of content, such as shop labels between products.
    /// They are ignored when neighboring lines are judged.
    pub amid_content: bool,
    /// Whether the rule is user-defined rather than built in.
    pub is_custom: bool,
}

/// A problem in a document: where, why, and how to fix it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: Arc<RuleInfo>,
    /// The document.
    pub origin: Arc<Origin>,
    /// Overrides the summary of the rule as the message.
    pub message: Option<String>,
    /// The flagged bytes.
    pub span: Span,
    /// Text shown next to the flagged bytes.
    pub label: Option<String>,
    /// Related spans.
    pub labels: Vec<Label>,
    /// Explanations and other notes.
    pub notes: Vec<Cow<'static, str>>,
    /// Codes and messages of other rules that reported the same bytes, without repetition.
    pub also_reported_by: Vec<(String, String)>,
    /// What the fix does, in the imperative.
    pub help: Option<Cow<'static, str>>,
    /// The fix, if there is one.
    pub fix: Option<Fix>,
    /// Probability, from 0 to 1, that the finding is correct. Only set by statistical models.
    pub probability: Option<f32>,
    /// Further findings of the rule in the document, which are not listed. Such a finding is
    /// always reported, because the others might have to be.
    pub unlisted: usize,
}

/// A span related to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The document, if it is not that of the finding.
    pub origin: Option<Arc<Origin>>,
    /// The bytes.
    pub span: Span,
    /// Text shown next to the bytes; may be empty.
    pub message: Cow<'static, str>,
}

/// The edits that fix a finding, applied all together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Whether it may be applied without review.
    pub applicability: Applicability,
    /// Edits in order of position, without overlaps.
    pub edits: Vec<Edit>,
}

/// A replacement in a document's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The replaced bytes; empty for an insertion.
    #[serde(flatten)]
    pub span: Span,
    /// The replacement; empty for a deletion.
    pub content: String,
}

impl Edit {
    /// Whether the edit only deletes bytes.
    pub fn is_deletion(&self) -> bool {
        self.content.is_empty()
    }
}

impl Finding {
    /// Creates a finding without a fix.
    pub fn new(rule: &Arc<RuleInfo>, document: &Document<'_>, span: Span) -> Self {
        Self {
            rule: Arc::clone(rule),
            origin: Arc::clone(document.origin()),
            message: None,
            span,
            label: None,
            labels: Vec::new(),
            notes: rule.note.iter().cloned().map(Cow::Owned).collect(),
            also_reported_by: Vec::new(),
            help: None,
            fix: None,
            probability: None,
            unlisted: 0,
        }
    }

    /// Creates a finding whose fix, if the rule has one, deletes `span` without leaving a gap.
    pub fn with_deletion(rule: &Arc<RuleInfo>, document: &Document<'_>, span: Span) -> Self {
        let mut finding = Self::new(rule, document, span);
        if let Some(applicability) = rule.fix {
            let cut = document.deletion_span(span);
            let first = document.line_at(span.start);
            let last = document.line_at_or_after(first, span.end.max(1) - 1);
            if let Some(end) = document.lines().get(last).filter(|_| last > first) {
                let span = dechaff_text::trim(document.text(), *end);
                finding.labels.push(Label { origin: None, span, message: "to here".into() });
            }
            finding.help = Some(describe_deletion(document, span, (first, last), cut));
            finding.fix = Some(Fix {
                applicability,
                edits: vec![Edit { span: cut, content: String::new() }],
            });
        }
        finding
    }

    /// Returns the message: what is wrong, in a few words.
    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or(&self.rule.summary)
    }

    /// Notes that `count` more findings of the rule with this code are not listed.
    pub fn add_unlisted(&mut self, code: &str, count: usize) {
        self.unlisted += count;
        let (noun, verb) = if count == 1 { ("finding", "is") } else { ("findings", "are") };
        self.notes.push(
            format!("{count} more {noun} of {code} in this document {verb} not listed").into(),
        );
    }

    /// Whether the finding has a fix that only deletes bytes.
    pub fn is_pure_deletion(&self) -> bool {
        self.fix.as_ref().is_some_and(|fix| fix.edits.iter().all(Edit::is_deletion))
    }

    /// Returns the fix if its applicability is at most `max`.
    pub fn applicable_fix(&self, max: Applicability) -> Option<&Fix> {
        self.fix.as_ref().filter(|fix| fix.applicability <= max)
    }

    /// Returns a fingerprint that does not change when the flagged text moves: 32 hexadecimal
    /// digits of the SHA-256 of the rule's code and the flagged text, with whitespace collapsed.
    pub fn fingerprint(&self, text: &str) -> String {
        let flagged = text.get(self.span.range()).unwrap_or("");
        let mut hash = Sha256::new();
        hash.update(self.rule.code.as_bytes());
        for word in flagged.split_whitespace() {
            hash.update([0]);
            hash.update(word.as_bytes());
        }
        hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Returns the key by which the findings of a document are sorted.
    pub fn sort_key(&self) -> (usize, usize, &str) {
        (self.span.start, self.span.end, &self.rule.code)
    }
}

/// Describes the deletion of `span`, which runs from line `first` to line `last`, as help text.
fn describe_deletion(
    document: &Document<'_>,
    span: Span,
    (first, last): (usize, usize),
    cut: Span,
) -> Cow<'static, str> {
    let lines = document.lines();
    let deletes_whole_lines = lines.get(first).zip(lines.get(last)).is_some_and(|(first, last)| {
        cut.start <= first.start && last.end <= cut.end
            || document.deletion_span(Span::new(first.start, last.end)) == cut
    });
    match (deletes_whole_lines, first == last) {
        (true, true) => "remove the line".into(),
        (true, false) => format!("remove lines {} to {}", first + 1, last + 1).into(),
        (false, _) => {
            let sentences = document.sentences(document.block_at(span.start));
            let is_sentence =
                sentences.binary_search_by_key(&span.start, |sentence| sentence.start);
            let is_sentence = is_sentence.is_ok_and(|at| sentences.get(at) == Some(&span));
            if is_sentence { "remove the sentence".into() } else { "remove the passage".into() }
        }
    }
}
