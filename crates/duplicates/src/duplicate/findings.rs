//! Turns matches into findings: verifies them in the texts and explains the evidence.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use super::matches::{DocSpan, Match, MatchEvidence};
use super::text_cache::TextCache;
use super::token::Tokens;
use super::word_diff::{WordDifference, diff_words};
use crate::{DocumentSet, FindingsByDocument, PendingFindings, store};
use dechaff_findings::{Applicability, Finding, FindingLimit, Label};
use dechaff_text::{BlockKind, Document, Origin, Span, ends_sentence, is_blank};

/// The maximum number of findings per rule and document for fixing. A finding takes about 1 KB, and
/// a text that repeats one line has millions. The next round of fixes finds the rest.
const MAX_FIXED: usize = 100_000;

/// The matches of all documents.
pub(super) struct DuplicateFindings<'d> {
    matches: Vec<Match<'d>>,
    /// The document and index of each match, sorted.
    by_document: Vec<(u32, u32)>,
    documents: DocumentSet<'d>,
    texts: TextCache<'d>,
}

impl<'d> DuplicateFindings<'d> {
    /// `texts` may already have some of the texts of `documents`.
    ///
    /// # Errors
    ///
    /// Fails if there are too many matches to number.
    pub(super) fn new(
        matches: Vec<Match<'d>>,
        documents: DocumentSet<'d>,
        texts: TextCache<'d>,
    ) -> store::Result<Self> {
        documents.limit.check(matches.len(), "copies")?;
        let mut by_document: Vec<_> =
            matches.iter().map(|found| found.copy.document).zip(0..).collect();
        by_document.sort_unstable();
        Ok(Self { matches, by_document, documents, texts })
    }
}

impl PendingFindings for DuplicateFindings<'_> {
    fn findings_in(&mut self, number: u32, document: &Document<'_>) -> Vec<Finding> {
        let start = self.by_document.partition_point(|(document, _)| *document < number);
        let end = self.by_document.partition_point(|(document, _)| *document <= number);
        if start == end {
            return Vec::new();
        }
        self.texts.pin(number, document);
        let limit = FindingLimit::REPORT.findings;
        findings(&self.matches, &self.by_document[start..end], document, limit, &mut self.texts)
    }

    fn into_findings(self: Box<Self>) -> FindingsByDocument {
        /// Fewer are not worth starting threads.
        const MIN_PARALLEL: usize = 1_000;
        let Self { matches, by_document, documents, texts } = *self;
        // Each thread creates its own cache.
        drop(texts);
        let threads = if matches.len() < MIN_PARALLEL { 1 } else { documents.threads.max(1) };
        let groups: Vec<&[(u32, u32)]> =
            by_document.chunk_by(|left, right| left.0 == right.0).collect();
        let build = |groups: &[&[(u32, u32)]]| {
            findings_by_document(
                &matches,
                groups,
                &mut TextCache::with_share_of_budget(threads, &documents),
            )
        };
        std::thread::scope(|scope| {
            let mut shares: Vec<_> = groups.chunks(groups.len().div_ceil(threads).max(1)).collect();
            let own_share = shares.pop();
            let workers: Vec<_> =
                shares.into_iter().map(|share| scope.spawn(|| build(share))).collect();
            let own_findings = own_share.map(build).unwrap_or_default();
            let mut all = FindingsByDocument::with_capacity(groups.len());
            for worker in workers {
                match worker.join() {
                    Ok(findings) => all.extend(findings),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            all.extend(own_findings);
            all
        })
    }
}

/// Builds the findings of several documents. Each group has the indexes of the matches of one.
fn findings_by_document(
    matches: &[Match<'_>],
    groups: &[&[(u32, u32)]],
    texts: &mut TextCache<'_>,
) -> FindingsByDocument {
    let in_document = |group: &&[(u32, u32)]| {
        let (number, _) = *group.first()?;
        let text = texts.text(number)?;
        let document = texts.document(number, &text)?;
        let findings = findings(matches, group, &document, MAX_FIXED, texts);
        (!findings.is_empty()).then(|| (Arc::clone(document.origin()), findings))
    };
    groups.iter().filter_map(in_document).collect()
}

/// Builds the findings of a document, sorted by position and rule. Matches that the texts do not
/// confirm are dropped. The last of `limit` findings of a rule says how many more there are.
fn findings(
    matches: &[Match<'_>],
    indices: &[(u32, u32)],
    document: &Document<'_>,
    limit: usize,
    texts: &mut TextCache<'_>,
) -> Vec<Finding> {
    let mut here: Vec<&Match<'_>> =
        indices.iter().filter_map(|(_, index)| matches.get(*index as usize)).collect();
    here.sort_unstable_by_key(|found| (&found.rule.code, found.copy));
    let mut findings = Vec::new();
    for of_rule in here.chunk_by(|left, right| left.rule.code == right.rule.code) {
        let (listed, unlisted) = of_rule.split_at_checked(limit).unwrap_or((of_rule, &[]));
        let start = findings.len();
        findings.extend(listed.iter().filter_map(|found| finding(found, document, texts)));
        if let Some(last) = findings[start..].last_mut().filter(|_| !unlisted.is_empty()) {
            last.add_unlisted(&of_rule[0].rule.code, unlisted.len());
        }
    }
    findings
        .sort_by(|left, right| (left.span, &left.rule.code).cmp(&(right.span, &right.rule.code)));
    findings
}

/// Builds the finding for a match, or returns `None` if the texts do not confirm it.
fn finding(
    found: &Match<'_>,
    document: &Document<'_>,
    texts: &mut TextCache<'_>,
) -> Option<Finding> {
    let (copy, original) = (found.copy, found.original);
    texts.text(copy.document)?.get(copy.span().range())?;
    // The sketches of an index are trusted if the text is no longer available.
    let lost_line = texts.lost_line(original);
    if lost_line.is_none() {
        texts.text(original.document)?.get(original.span().range())?;
    }
    let mut draft = FindingDraft::new(found, document, lost_line);
    match &found.evidence {
        MatchEvidence::Exact => {
            if lost_line.is_none() && !texts.are_equal(copy, original) {
                return None;
            }
            let is_here = copy.document == original.document;
            if !is_here || !is_redundant(document, copy.span(), original.span()) {
                draft.make_unsafe();
            }
            draft.notes.extend(extra_copies_note(found.extra_copies, false).map(Cow::Owned));
        }
        MatchEvidence::Jaccard { shared, union, is_truncated, may_delete } => {
            draft.make_unsafe();
            if !may_delete {
                draft.drop_fix_because(
                    "what it is like is itself reported, and it is too unlike what stays; so it has no fix",
                );
            }
            draft.add_similarity(*shared, *union, texts)?;
            draft
                .notes
                .extend(extra_copies_note(found.extra_copies, *is_truncated).map(Cow::Owned));
        }
        MatchEvidence::SharedRun { words, is_whole } => {
            draft.make_unsafe();
            if !is_whole && !is_sentences(document, copy.span()) {
                drop_fix(&mut draft.finding);
            }
            draft.notes.push(format!("{words} words in a row are the same").into());
        }
        MatchEvidence::Recurring { documents, times, alike } => {
            if lost_line.is_none() && !texts.are_lines_similar(copy, original, *alike) {
                return None;
            }
            draft.make_unsafe();
            draft.add_recurrence(*documents, *times);
            // The first occurrence always remains.
            if copy < original {
                draft.drop_fix_because(
                    "it is the first of them, which stays when the others are removed; so it has no fix",
                );
            }
        }
    }
    Some(draft.finish(texts))
}

/// A finding whose evidence is being described.
struct FindingDraft {
    copy: DocSpan,
    original: DocSpan,
    /// The line of the original, if its text is no longer available.
    lost_line: Option<u32>,
    finding: Finding,
    /// There may be millions of findings, and most have one note and one label.
    notes: Vec<Cow<'static, str>>,
}

impl FindingDraft {
    fn new(found: &Match<'_>, document: &Document<'_>, lost_line: Option<u32>) -> Self {
        Self {
            copy: found.copy,
            original: found.original,
            lost_line,
            finding: Finding::with_deletion(found.rule, document, found.copy.span()),
            notes: Vec::with_capacity(1),
        }
    }

    fn make_unsafe(&mut self) {
        if let Some(fix) = &mut self.finding.fix {
            fix.applicability = Applicability::Unsafe;
        }
    }

    fn drop_fix_because(&mut self, reason: &'static str) {
        drop_fix(&mut self.finding);
        self.notes.push(reason.into());
    }

    /// Describes how similar the texts are, and marks their differences. Returns `None` if the
    /// texts do not confirm the match.
    fn add_similarity(&mut self, shared: u32, union: u32, texts: &mut TextCache<'_>) -> Option<()> {
        let similarity = ratio(shared, union);
        let mut note =
            format!("similarity {similarity} ({shared} of {union} runs of five words shared)");
        if self.lost_line.is_none() {
            let copy = DiffSide::new(self.copy, texts)?;
            let original = DiffSide::new(self.original, texts)?;
            if let Some(diff) = DiffView::new(copy, original) {
                note.push_str(&diff.summary());
                self.finding.labels.extend(diff.labels(texts));
            }
        }
        self.notes.push(note.into());
        Some(())
    }

    fn add_recurrence(&mut self, documents: u32, times: u32) {
        let note = match documents {
            1 => format!("it stands {times} times in this document"),
            _ => format!("it, or a line almost like it, stands in {documents} documents"),
        };
        self.notes.push(note.into());
    }

    /// Adds the place of the original.
    fn finish(self, texts: &TextCache<'_>) -> Finding {
        let Self { copy, original, lost_line, mut finding, mut notes } = self;
        let message = if original < copy { "first seen here" } else { "also here" };
        let origin = other_origin(copy, original, texts);
        match lost_line.zip(origin.as_ref()) {
            Some((line, origin)) => notes.insert(0, lost_note(message, origin, Some(line)).into()),
            None => {
                finding.labels.reserve_exact(1);
                let label = Label { origin, span: original.span(), message: message.into() };
                finding.labels.insert(0, label);
            }
        }
        notes.append(&mut finding.notes);
        finding.notes = notes;
        finding
    }
}

/// Names the place of a copy in an index whose text cannot be shown.
pub(crate) fn lost_note(message: &str, origin: &Origin, line: Option<u32>) -> String {
    let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
    format!(
        "{message}: {origin}{line}; that text has changed since it was indexed, or cannot be read"
    )
}

/// Returns the origin of the original if that is in another document.
fn other_origin(copy: DocSpan, original: DocSpan, texts: &TextCache<'_>) -> Option<Arc<Origin>> {
    if copy.document == original.document { None } else { texts.origin(original.document).cloned() }
}

fn drop_fix(finding: &mut Finding) {
    finding.fix = None;
    finding.help = None;
}

/// Whether a copy is redundant where it is: it directly follows the original, or it is a paragraph
/// of prose without a heading or label above it. A list item may belong to its list, an answer to
/// its question, and a text to its heading, even if the same words occur elsewhere.
fn is_redundant(document: &Document<'_>, copy: Span, original: Span) -> bool {
    let index = document.block_at(copy.start);
    let is_item =
        document.blocks().get(index).is_none_or(|block| block.kind == BlockKind::ListItem);
    let between = original.end..copy.start;
    let is_next = document.text().get(between).is_some_and(|between| between.chars().all(is_blank));
    let is_prose = || document.is_prose(index) && ends_sentence(document.slice(copy));
    is_next || !is_item && is_prose() && !is_announced(document, index)
}

/// Whether the line above a block is a heading, a question or a label with a colon.
fn is_announced(document: &Document<'_>, index: usize) -> bool {
    let above = document
        .blocks()
        .iter()
        .take(index)
        .enumerate()
        .rev()
        .find(|(_, block)| block.kind != BlockKind::Blank);
    above.is_some_and(|(above, block)| {
        let content = document.slice(block.content).trim_end_matches(['*', '_', ' ']);
        !document.is_prose(above) && content.ends_with(['?', ':', '？', '：'])
            || document.marked_heading(above).is_some()
    })
}

fn extra_copies_note(count: u32, is_truncated: bool) -> Option<String> {
    let note = match count {
        0 => None,
        1 => Some("and 1 more copy".to_owned()),
        count => Some(format!("and {count} more copies")),
    };
    if is_truncated {
        let note = note.unwrap_or_else(|| "more copies are likely".into());
        return Some(format!(
            "{note}; so many paragraphs share its words that not all were compared"
        ));
    }
    note
}

/// Formats a similarity with two decimals, rounded down so that only equal sets have 1.00.
fn ratio(shared: u32, union: u32) -> String {
    let hundredths = u64::from(shared) * 100 / u64::from(union.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Whether the span starts and ends at sentence boundaries.
fn is_sentences(document: &Document<'_>, span: Span) -> bool {
    let sentences = document.sentences(document.block_at(span.start));
    sentences.binary_search_by_key(&span.start, |sentence| sentence.start).is_ok()
        && sentences.binary_search_by_key(&span.end, |sentence| sentence.end).is_ok()
}

/// The word diff of a copy and its original.
struct DiffView {
    copy: DiffSide,
    original: DiffSide,
    differences: Vec<WordDifference>,
}

struct DiffSide {
    doc_span: DocSpan,
    text: Arc<str>,
    tokens: Arc<Tokens>,
}

impl DiffSide {
    fn new(doc_span: DocSpan, texts: &mut TextCache<'_>) -> Option<Self> {
        Some(Self {
            doc_span,
            text: texts.text(doc_span.document)?,
            tokens: texts.tokens(doc_span)?,
        })
    }

    /// Quotes a range of tokens. Returns `None` if it is empty.
    fn quote(&self, range: &Range<usize>) -> Option<String> {
        const MAX_CHARACTERS: usize = 60;
        let quoted = self.text.get(self.tokens.span(range.clone())?.range())?;
        match quoted.char_indices().nth(MAX_CHARACTERS) {
            Some((end, _)) => Some(format!("\"{}…\"", quoted.get(..end)?)),
            None => Some(format!("\"{quoted}\"")),
        }
    }
}

impl DiffView {
    /// Compares the texts. Returns `None` if they are too long.
    fn new(copy: DiffSide, original: DiffSide) -> Option<Self> {
        let differences = diff_words(&copy.tokens, &original.tokens)?;
        Some(Self { copy, original, differences })
    }

    /// Describes the first differences, to be appended to a note.
    fn summary(&self) -> String {
        const MAX_LISTED: usize = 3;
        let all = &self.differences;
        if all.is_empty() {
            return "; only punctuation differs".into();
        }
        let describe = |difference: &WordDifference| match (
            self.copy.quote(&difference.left),
            self.original.quote(&difference.right),
        ) {
            (Some(copy), Some(original)) => format!("{copy} for {original}"),
            (Some(copy), None) => format!("{copy} added"),
            (None, original) => format!("{} left out", original.unwrap_or_default()),
        };
        let listed = all.iter().take(MAX_LISTED).map(describe).collect::<Vec<_>>().join(", ");
        let rest = match all.len().saturating_sub(MAX_LISTED) {
            0 => String::new(),
            more => format!(", and {more} more differences"),
        };
        format!("; {listed}{rest}")
    }

    /// Labels the first differing words on both sides.
    fn labels(&self, texts: &TextCache<'_>) -> Vec<Label> {
        const MAX_LABELS: usize = 12;
        let other_origin = other_origin(self.copy.doc_span, self.original.doc_span, texts);
        let label = |origin, span| Label { origin, span, message: "differs".into() };
        let left = self
            .differences
            .iter()
            .filter_map(|difference| self.copy.tokens.span(difference.left.clone()));
        let right = self
            .differences
            .iter()
            .filter_map(|difference| self.original.tokens.span(difference.right.clone()));
        left.take(MAX_LABELS)
            .map(|span| label(None, span))
            .chain(right.take(MAX_LABELS).map(|span| label(other_origin.clone(), span)))
            .collect()
    }
}
