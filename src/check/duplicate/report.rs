//! From what was found to findings: verified in the texts, with the evidence told.

use std::borrow::Cow;
use std::sync::Arc;

use super::compare::{Found, Proof, Site};
use super::difference::{Difference, differences};
use super::proof::Library;
use super::token::Tokens;
use crate::check::{DocumentSet, FindingsByDocument, PendingFindings};
use crate::finding::{Applicability, Finding, Label};
use crate::text::{BlockKind, Document, Span, ends_sentence, is_blank};

/// Most differing words of a pair that are marked.
const MARKS: usize = 12;

/// Most findings of one document. Each takes some hundred bytes, and a text of one line over and over has millions: when those are
/// fixed, the rest is found.
const MAX_FINDINGS: usize = 100_000;

/// What was found in all documents.
pub(super) struct Report<'d> {
    found: Vec<Found<'d>>,
    /// The document of each and its index, in order.
    order: Vec<(u32, u32)>,
    documents: DocumentSet<'d>,
    library: Library<'d>,
}

impl<'d> Report<'d> {
    /// To tell `found` with the texts of `documents`, of which `library` may have some at hand.
    pub(super) fn new(found: Vec<Found<'d>>, documents: DocumentSet<'d>, library: Library<'d>) -> Self {
        let mut order: Vec<_> = found.iter().map(|one| one.site.document).zip(0..).collect();
        order.sort_unstable();
        Self { found, order, documents, library }
    }
}

impl PendingFindings for Report<'_> {
    fn findings_in(&mut self, number: u32, document: &Document<'_>) -> Vec<Finding> {
        let start = self.order.partition_point(|(document, _)| *document < number);
        let end = self.order.partition_point(|(document, _)| *document <= number);
        if start == end {
            return Vec::new();
        }
        self.library.open(number, document);
        findings(&self.found, &self.order[start..end], document, &mut self.library)
    }

    fn into_findings(self: Box<Self>) -> FindingsByDocument {
        /// Too few to be shared among threads.
        const FEW: usize = 1_000;
        let Self { found, order, documents, library } = *self;
        // Each thread has its own.
        drop(library);
        let threads = if found.len() < FEW { 1 } else { documents.threads.max(1) };
        let of_each: Vec<&[(u32, u32)]> = order.chunk_by(|left, right| left.0 == right.0).collect();
        let tell = |share: &[&[(u32, u32)]]| of_documents(&found, share, &mut Library::one_of(threads, &documents));
        std::thread::scope(|scope| {
            let mut shares: Vec<_> = of_each.chunks(of_each.len().div_ceil(threads).max(1)).collect();
            let own = shares.pop();
            let others: Vec<_> = shares.into_iter().map(|share| scope.spawn(|| tell(share))).collect();
            let own = own.map(tell).unwrap_or_default();
            let mut told = FindingsByDocument::with_capacity(of_each.len());
            for other in others {
                match other.join() {
                    Ok(findings) => told.extend(findings),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            told.extend(own);
            told
        })
    }
}

/// The findings of some documents, of each of which the indices of what was `found` are given.
fn of_documents(found: &[Found<'_>], indices: &[&[(u32, u32)]], library: &mut Library<'_>) -> FindingsByDocument {
    let told = indices.iter().filter_map(|indices| {
        let (number, _) = *indices.first()?;
        let text = library.text(number)?;
        let document = library.document(number, &text)?;
        let findings = findings(found, indices, &document, library);
        (!findings.is_empty()).then(|| (Arc::clone(document.origin()), findings))
    });
    told.collect()
}

/// Findings for what was `found` in a document, at these indices, in order of place and rule; what the texts do not bear out is left
/// away.
fn findings(
    found: &[Found<'_>],
    indices: &[(u32, u32)],
    document: &Document<'_>,
    library: &mut Library<'_>,
) -> Vec<Finding> {
    let mut found: Vec<&Found<'_>> = indices.iter().filter_map(|(_, index)| found.get(*index as usize)).collect();
    found.sort_by_key(|one| (one.site, &one.rule.code));
    let more = found.len().saturating_sub(MAX_FINDINGS);
    found.truncate(MAX_FINDINGS);
    let mut findings = Vec::with_capacity(found.len());
    findings.extend(found.into_iter().filter_map(|one| finding(one, document, library)));
    if let Some(last) = findings.last_mut().filter(|_| more > 0) {
        let note = format!("{more} more duplicates in this document are not listed; remove these and check it again");
        last.notes.push(note.into());
    }
    findings
}

fn finding(found: &Found<'_>, document: &Document<'_>, library: &mut Library<'_>) -> Option<Finding> {
    let (site, first) = (found.site, found.first);
    let (text, other_text) = (library.text(site.document)?, library.text(first.document)?);
    text.get(site.span().range())?;
    other_text.get(first.span().range())?;
    let mut finding = Finding::with_deletion(found.rule, document, site.span());
    let is_here = site.document == first.document;
    // There may be millions of findings, and most have one note and one label.
    let mut notes: Vec<Cow<'static, str>> = Vec::with_capacity(1);
    match &found.proof {
        Proof::Equal => {
            if !library.are_equal(site, first) {
                return None;
            }
            if !is_here || !is_plain(document, site.span(), first.span()) {
                limit(&mut finding, Applicability::Unsafe);
            }
            notes.extend(copies(found.more, false).map(Cow::Owned));
        }
        Proof::Near { shared, union, is_crowded, may_go } => {
            limit(&mut finding, Applicability::Unsafe);
            if !may_go {
                drop_fix(&mut finding);
                notes.push(
                    "what it is like is itself reported, and it is too unlike what stays; so it has no fix".into(),
                );
            }
            let mut note =
                format!("similarity {} ({shared} of {union} runs of five words shared)", ratio(*shared, *union));
            let (own, other) = (library.tokens(site)?, library.tokens(first)?);
            if let Some(all) = differences(&own, &other) {
                let sides = Sides { texts: (&text, &other_text), tokens: (&own, &other), first, is_here, library };
                note.push_str(&sides.tell(&all));
                finding.labels.extend(sides.mark(&all));
            }
            notes.push(note.into());
            notes.extend(copies(found.more, *is_crowded).map(Cow::Owned));
        }
        Proof::Words { count, is_whole } => {
            limit(&mut finding, Applicability::Unsafe);
            if !is_whole && !is_sentences(document, site.span()) {
                drop_fix(&mut finding);
            }
            notes.push(format!("{count} words in a row are the same").into());
        }
        Proof::Line { documents, times, alike } => {
            if !library.are_alike(site, first, *alike) {
                return None;
            }
            limit(&mut finding, Applicability::Unsafe);
            let note = match documents {
                1 => format!("it stands {times} times in this document"),
                _ => format!("it, or a line almost like it, stands in {documents} documents"),
            };
            notes.push(note.into());
            // One copy always stays, and all others are found beside the first.
            if site < first {
                drop_fix(&mut finding);
                notes.push("it is the first of them, which stays when the others are removed; so it has no fix".into());
            }
        }
    }
    let message = if first < site { "first seen here" } else { "also here" };
    let origin = if is_here { None } else { library.origin(first.document).cloned() };
    finding.labels.reserve_exact(1);
    finding.labels.insert(0, Label { origin, span: first.span(), message: message.into() });
    notes.append(&mut finding.notes);
    finding.notes = notes;
    Some(finding)
}

fn limit(finding: &mut Finding, most: Applicability) {
    if let Some(fix) = &mut finding.fix {
        fix.applicability = most;
    }
}

/// Whether a copy adds nothing where it is: a paragraph of prose that nothing announces, or a line right after its twin. An item
/// may belong to its list, the answer to its question, and the text of a section to its heading, even if all say what others say.
fn is_plain(document: &Document<'_>, copy: Span, first: Span) -> bool {
    let index = document.block_at(copy.start);
    let is_item = document.blocks().get(index).is_none_or(|block| block.kind == BlockKind::ListItem);
    let between = first.end..copy.start;
    let is_next = document.text().get(between).is_some_and(|between| between.chars().all(is_blank));
    let is_prose = || document.is_prose(index) && ends_sentence(document.slice(copy));
    is_next || !is_item && is_prose() && !is_announced(document, index)
}

/// Whether the line above a block is a heading, a question or a label with a colon.
fn is_announced(document: &Document<'_>, index: usize) -> bool {
    let above =
        document.blocks().iter().take(index).enumerate().rev().find(|(_, block)| block.kind != BlockKind::Blank);
    above.is_some_and(|(above, block)| {
        let content = document.slice(block.content).trim_end_matches(['*', '_', ' ']);
        !document.is_prose(above) && content.ends_with(['?', ':', '？', '：'])
            || document.marked_heading(above).is_some()
    })
}

fn drop_fix(finding: &mut Finding) {
    finding.fix = None;
    finding.help = None;
}

fn copies(more: u32, is_crowded: bool) -> Option<String> {
    let number = match more {
        0 => None,
        1 => Some("and 1 more copy".to_owned()),
        more => Some(format!("and {more} more copies")),
    };
    if is_crowded {
        let number = number.unwrap_or_else(|| "more copies are likely".into());
        return Some(format!("{number}; so many paragraphs share its words that not all were compared"));
    }
    number
}

/// Two decimals, rounded down, so that nothing but equality reads as 1.00.
fn ratio(shared: u32, union: u32) -> String {
    let hundredths = u64::from(shared) * 100 / u64::from(union.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Whether the span begins where a sentence does and ends where one does.
fn is_sentences(document: &Document<'_>, span: Span) -> bool {
    let sentences = document.sentences(document.block_at(span.start));
    sentences.binary_search_by_key(&span.start, |sentence| sentence.start).is_ok()
        && sentences.binary_search_by_key(&span.end, |sentence| sentence.end).is_ok()
}

/// Two paragraphs that differ in some words.
struct Sides<'s, 'l, 'c> {
    texts: (&'s str, &'s str),
    tokens: (&'s Tokens, &'s Tokens),
    first: Site,
    is_here: bool,
    library: &'l Library<'c>,
}

impl Sides<'_, '_, '_> {
    /// The differences in words.
    fn tell(&self, all: &[Difference]) -> String {
        const TOLD: usize = 3;
        const LONGEST: usize = 60;
        if all.is_empty() {
            return "; only punctuation differs".into();
        }
        let quote = |text: &str, tokens: &Tokens, range: &std::ops::Range<usize>| -> Option<String> {
            let quoted = text.get(tokens.span(range.clone())?.range())?;
            match quoted.char_indices().nth(LONGEST) {
                Some((end, _)) => Some(format!("\"{}…\"", quoted.get(..end)?)),
                None => Some(format!("\"{quoted}\"")),
            }
        };
        let told = all.iter().take(TOLD).map(|one| {
            let own = quote(self.texts.0, self.tokens.0, &one.left);
            let other = quote(self.texts.1, self.tokens.1, &one.right);
            match (own, other) {
                (Some(own), Some(other)) => format!("{own} for {other}"),
                (Some(own), None) => format!("{own} added"),
                (None, other) => format!("{} left out", other.unwrap_or_default()),
            }
        });
        let told = told.collect::<Vec<_>>().join(", ");
        let rest =
            if all.len() > TOLD { format!(", and {} more differences", all.len() - TOLD) } else { String::new() };
        format!("; {told}{rest}")
    }

    /// The differing words of both sides.
    fn mark(&self, all: &[Difference]) -> Vec<Label> {
        let origin = if self.is_here { None } else { self.library.origin(self.first.document).cloned() };
        let message = || "differs".into();
        let own = all.iter().filter_map(|one| self.tokens.0.span(one.left.clone()));
        let other = all.iter().filter_map(|one| self.tokens.1.span(one.right.clone()));
        own.take(MARKS)
            .map(|span| Label { origin: None, span, message: message() })
            .chain(other.take(MARKS).map(|span| Label { origin: origin.clone(), span, message: message() }))
            .collect()
    }
}
