//! What a check says about a document: a finding, its labels and its fix.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::text::{Document, Origin, Span};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Noise that should not be ingested.
    Warning,
    /// The document cannot be ingested as it is.
    Error,
}

/// Whether a fix may be applied without asking.
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

/// What every finding of a rule shares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleInfo {
    /// Two letters and three digits, such as `BP001`; never reused.
    pub code: String,
    /// The fault in words and dashes, such as `comment-prompt`.
    pub name: String,
    /// The fault in a few words, as the title of a finding.
    pub summary: String,
    /// How much its findings matter.
    pub severity: Severity,
    /// Whether its fix may be applied without asking; `None` where it offers none.
    pub fix: Option<Applicability>,
    /// A sentence that goes with each finding.
    pub note: Option<String>,
    /// Whether the user wrote the rule; `false` for those that come with dechaff.
    pub is_custom: bool,
}

/// A fault, its place and what to do about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: Arc<RuleInfo>,
    /// The document it stands in.
    pub origin: Arc<Origin>,
    /// What is wrong, in a few words, where the rule's summary does not say it.
    pub message: Option<String>,
    /// The bytes that are wrong.
    pub span: Span,
    /// What stands beside the marked bytes, if anything is to be said there.
    pub label: Option<String>,
    /// Further places that belong to it.
    pub labels: Vec<Label>,
    /// Sentences that say why, or what else is to know.
    pub notes: Vec<Cow<'static, str>>,
    /// What other rules said of the same bytes: their codes and messages, each once.
    pub also: Vec<(String, String)>,
    /// What the fix would do, as an instruction.
    pub help: Option<Cow<'static, str>>,
    /// The edits that mend it.
    pub fix: Option<Fix>,
    /// How probable it is that the finding is right, from 0 to 1, where a statistical model made it.
    pub probability: Option<f32>,
}

/// A further place that belongs to a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The document, where it is not the finding's own.
    pub origin: Option<Arc<Origin>>,
    /// The bytes meant.
    pub span: Span,
    /// What they are; may be empty.
    pub message: Cow<'static, str>,
}

/// Edits that mend one finding; to be applied together or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Whether it may be applied without asking.
    pub applicability: Applicability,
    /// In order of place, none overlapping another.
    pub edits: Vec<Edit>,
}

/// One replacement in a document's text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edit {
    /// The bytes that go; empty for an insertion.
    #[serde(flatten)]
    pub span: Span,
    /// What stands there afterwards.
    pub content: String,
}

impl Edit {
    /// Whether the edit only takes bytes away.
    pub fn is_deletion(&self) -> bool {
        self.content.is_empty()
    }
}

impl Finding {
    /// A finding of `rule` at `span`, with the rule's own words and no fix.
    pub fn new(rule: &Arc<RuleInfo>, document: &Document<'_>, span: Span) -> Self {
        Self {
            rule: Arc::clone(rule),
            origin: Arc::clone(document.origin()),
            message: None,
            span,
            label: None,
            labels: Vec::new(),
            notes: rule.note.iter().cloned().map(Cow::Owned).collect(),
            also: Vec::new(),
            help: None,
            fix: None,
            probability: None,
        }
    }

    /// A finding whose fix, if its rule offers one, deletes `span` without leaving a gap.
    pub fn removing(rule: &Arc<RuleInfo>, document: &Document<'_>, span: Span) -> Self {
        let mut finding = Self::new(rule, document, span);
        if let Some(applicability) = rule.fix {
            let cut = document.deletion_span(span);
            let first = document.line_at(span.start);
            let last = document.line_at_or_after(first, span.end.max(1) - 1);
            if let Some(end) = document.lines().get(last).filter(|_| last > first) {
                let span = crate::text::trim(document.text(), *end);
                finding.labels.push(Label { origin: None, span, message: "to here".into() });
            }
            finding.help = Some(removal(document, span, (first, last), cut));
            finding.fix = Some(Fix { applicability, edits: vec![Edit { span: cut, content: String::new() }] });
        }
        finding
    }

    /// What is wrong, in a few words.
    pub fn message(&self) -> &str {
        self.message.as_deref().unwrap_or(&self.rule.summary)
    }

    /// Whether its fix, if it has one, only takes bytes away.
    pub fn removes(&self) -> bool {
        self.fix.as_ref().is_some_and(|fix| fix.edits.iter().all(Edit::is_deletion))
    }

    /// The fix, if it is one that is applied where fixes up to `most` are.
    pub fn fix_up_to(&self, most: Applicability) -> Option<&Fix> {
        self.fix.as_ref().filter(|fix| fix.applicability <= most)
    }

    /// Names the fault by what is wrong and not by where: 32 hexadecimal digits of the SHA-256 of the rule's code and the
    /// flagged text, white space folded. It stays the same when the text moves.
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

    /// The place that decides the order of findings in a document.
    pub fn order(&self) -> (usize, usize, &str) {
        (self.span.start, self.span.end, &self.rule.code)
    }
}

/// Names a deletion by what it takes, as a person would; `span` runs from the line `first` to the line `last`.
fn removal(document: &Document<'_>, span: Span, (first, last): (usize, usize), cut: Span) -> Cow<'static, str> {
    let lines = document.lines();
    let whole = lines.get(first).zip(lines.get(last)).is_some_and(|(first, last)| {
        cut.start <= first.start && last.end <= cut.end
            || document.deletion_span(Span::new(first.start, last.end)) == cut
    });
    match (whole, first == last) {
        (true, true) => "remove the line".into(),
        (true, false) => format!("remove lines {} to {}", first + 1, last + 1).into(),
        (false, _) => {
            let sentences = document.sentences(document.block_at(span.start));
            let is_sentence = sentences.binary_search_by_key(&span.start, |sentence| sentence.start);
            let is_sentence = is_sentence.is_ok_and(|at| sentences.get(at) == Some(&span));
            if is_sentence { "remove the sentence".into() } else { "remove the passage".into() }
        }
    }
}
