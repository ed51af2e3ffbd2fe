//! Turns matches into findings: decides where they count, which neighbors they need, and what they
//! remove.

mod candidates;
mod removal;

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use candidates::{Candidate, CandidateSearch, EdgeCandidates};
use removal::Outline;

use super::unit::is_searchable;
use super::{Matcher, Pattern, PatternUnit, Region, Removal};
use crate::content::{ContentContext, is_content};
use crate::coverage::covered_by_fixes;
use crate::headings::{HeadingVerdict, WeakLine, judge};
use crate::search::Prefilter;
use dechaff_findings::{Applicability, Finding, FindingSink, RuleInfo};
use dechaff_text::{BlockKind, Document, Span};

/// Reports the matches of the patterns in `document`. `findings` has the findings of earlier kinds.
pub(super) fn collect(
    matchers: &[Matcher],
    prefilter: &Prefilter,
    document: &Document<'_>,
    findings: &mut FindingSink<'_>,
) {
    let mut search = CandidateSearch::new(matchers, prefilter, document);
    let mut evidence = EvidenceSearch::new(matchers, document);
    let at_edges = evidence.search(&mut search);
    if at_edges.is_empty() && evidence.matches.is_empty() {
        return;
    }
    for finding in findings.iter() {
        evidence.mark_noise(finding.span);
    }
    evidence.search_edges(&mut search, &at_edges);
    evidence.drop_unsupported_matches();
    evidence.drop_headings(findings);
    evidence.drop_isolated_matches(findings);
    evidence.report(findings);
}

/// The matches in a document, and what is known about the blocks around them.
struct EvidenceSearch<'e, 't> {
    matchers: &'e [Matcher],
    document: &'e Document<'t>,
    matches: Vec<Candidate>,
    /// For each block, whether all of it is noise.
    is_noise: Vec<bool>,
    /// Units that may be headings, in order. Fixes that delete them are not safe.
    doubtful: Vec<Span>,
    /// The first block after the last prose.
    end_start: usize,
    context: ContentContext,
    outline: OnceCell<Outline>,
}

impl<'e, 't> EvidenceSearch<'e, 't> {
    fn new(matchers: &'e [Matcher], document: &'e Document<'t>) -> Self {
        Self {
            matchers,
            document,
            matches: Vec::new(),
            is_noise: vec![false; document.blocks().len()],
            doubtful: Vec::new(),
            end_start: document.blocks().len(),
            context: ContentContext::default(),
            outline: OnceCell::new(),
        }
    }

    /// Tries patterns for anywhere, and returns the candidates of patterns for the start or end.
    fn search(&mut self, search: &mut CandidateSearch<'_, '_>) -> EdgeCandidates {
        let mut at_edges = EdgeCandidates::default();
        let blocks = 0..self.document.blocks().len();
        for block in blocks.filter(|block| is_searchable(self.document, *block)) {
            search.each_candidate(block, |candidate| {
                if self.matchers[candidate.matcher].pattern.near == Region::Anywhere {
                    self.try_candidate(candidate);
                } else {
                    at_edges.push(candidate);
                }
            });
            at_edges.drop_if_too_many();
        }
        at_edges
    }

    fn try_candidate(&mut self, candidate: Candidate) {
        let text = self.document.slice(candidate.unit);
        let matcher = &self.matchers[candidate.matcher];
        if !matcher.matches(text) {
            return;
        }
        let is_first = || {
            self.document.blocks()[..candidate.block]
                .iter()
                .all(|block| block.kind == BlockKind::Blank)
        };
        if matcher.pattern.below_title && is_first() {
            return;
        }
        let is_whole_line = matcher.pattern.unit == PatternUnit::Line;
        if !is_content(self.document, candidate.block, is_whole_line, &mut self.context) {
            self.accept(candidate);
        }
    }

    fn accept(&mut self, candidate: Candidate) {
        let pattern = &self.matchers[candidate.matcher].pattern;
        if !pattern.is_weak() {
            let span = self.matched_span(&candidate);
            self.mark_noise(span);
        }
        self.matches.push(candidate);
    }

    /// Returns the span that a match certainly removes, before the start of the end region is
    /// known.
    fn matched_span(&self, found: &Candidate) -> Span {
        match self.matchers[found.matcher].pattern.removes {
            removal @ (Removal::NextLine
            | Removal::ShortRestOfText
            | Removal::NextTitle
            | Removal::NextList) => self.removed_span(found, removal),
            // A label such as "Comments" may be the heading of content.
            Removal::Match | Removal::RestOfBlock | Removal::RestOfText | Removal::Section => {
                found.unit
            }
        }
    }

    /// Marks the blocks within `span` as noise.
    fn mark_noise(&mut self, span: Span) {
        let blocks = self.document.blocks();
        let mut block = self.document.block_at(span.start);
        while let Some(one) = blocks.get(block).filter(|one| one.span.start < span.end) {
            self.is_noise[block] |= span.contains(one.content);
            block += 1;
        }
    }

    /// Tries the candidates at the end and at the start, up to the last and the first prose. Blocks
    /// that match on the way do not count as prose.
    fn search_edges(&mut self, search: &mut CandidateSearch<'_, '_>, kept: &EdgeCandidates) {
        let blocks = self.document.blocks().len();
        let matched = self.matches.len();
        let mut last_prose = None;
        for block in (0..blocks).rev() {
            let candidates = search.edge_candidates(block, kept);
            self.try_at(&candidates, Region::End, None);
            if self.is_prose(block) {
                last_prose = Some(block);
                break;
            }
        }
        let Some(last_prose) = last_prose else {
            // Without prose, there is neither a start nor an end.
            self.matches.truncate(matched);
            return;
        };
        self.end_start = last_prose + 1;
        let candidates = search.edge_candidates(last_prose, kept);
        self.try_at(&candidates, Region::End, Some(last_prose));
        for block in 0..=last_prose {
            let candidates = search.edge_candidates(block, kept);
            self.try_at(&candidates, Region::Start, None);
            if self.is_prose(block) {
                self.try_at(&candidates, Region::Start, Some(block));
                break;
            }
        }
    }

    fn is_prose(&self, block: usize) -> bool {
        let kind = self.document.blocks()[block].kind;
        let is_matter = kind == BlockKind::Code
            || kind == BlockKind::Table && self.document.blocks()[block].lines.len() > 1
            || self.document.is_prose(block);
        is_matter && !self.is_noise[block]
    }

    /// Tries the candidates of a block at `edge`, the start or the end. In the first or last
    /// `prose`, only the sentences nearest to the edge are tried.
    fn try_at(&mut self, candidates: &[Candidate], edge: Region, prose: Option<usize>) {
        const START_SENTENCES: usize = 2;
        const END_SENTENCES: usize = 5;
        for &candidate in candidates {
            let matcher = &self.matchers[candidate.matcher];
            let region = matcher.pattern.near;
            let is_sentence = matcher.pattern.unit == PatternUnit::Sentence;
            if region != edge && region != Region::StartOrEnd || prose.is_some() && !is_sentence {
                continue;
            }
            if let Some(block) = prose {
                let sentences = self.document.sentences(block);
                let near = match edge {
                    Region::Start => sentences.get(..START_SENTENCES.min(sentences.len())),
                    _ => sentences.get(sentences.len().saturating_sub(END_SENTENCES)..),
                };
                if !near.is_some_and(|near| near.contains(&candidate.unit)) {
                    continue;
                }
            }
            self.try_candidate(candidate);
        }
    }

    /// Drops matches whose patterns have conditions that the document does not meet.
    fn drop_unsupported_matches(&mut self) {
        let of = |found: &Candidate| &self.matchers[found.matcher];
        if !self.matches.iter().any(|found| of(found).pattern.depends_on_document()) {
            return;
        }
        let mut lines: HashMap<usize, BTreeSet<Span>> = HashMap::new();
        let mut texts: HashMap<&str, HashSet<&str>> = HashMap::new();
        for found in &self.matches {
            lines.entry(of(found).pattern_number).or_default().insert(found.unit);
            if of(found).pattern.needs_other == 0 {
                let text = self.document.slice(found.unit).trim();
                texts.entry(&of(found).rule.code).or_default().insert(text);
            }
        }
        let length = self.document.text().len() as f32;
        let stays = |found: &Candidate| {
            let Matcher { pattern, rule, pattern_number, .. } = of(found);
            let lines = &lines[pattern_number];
            let others = texts.get(rule.code.as_str()).map_or(0, HashSet::len);
            let is_early = |first: &Span| (first.start as f32) < pattern.not_before * length;
            lines.len() >= pattern.min_lines
                && others >= pattern.needs_other
                && !lines.first().is_some_and(is_early)
                && (pattern.removes != Removal::Section || self.section(found.block).is_some())
        };
        self.matches = self.matches.iter().copied().filter(stays).collect();
    }

    /// Drops matches that are headings, and collects possible headings in `doubtful`.
    fn drop_headings(&mut self, findings: &[Finding]) {
        let pattern = |found: &Candidate| &self.matchers[found.matcher].pattern;
        let is_weak = |found: &Candidate| {
            pattern(found).may_be_heading() && pattern(found).unit == PatternUnit::Line
        };
        if !self.matches.iter().any(is_weak) {
            return;
        }
        let blocks = self.document.blocks();
        let mut noise = covered_by_fixes(blocks, |block| block.span, findings);
        let is_certain = |found: &&Candidate| !pattern(found).needs_neighbor && !is_weak(found);
        for found in self.matches.iter().filter(is_certain) {
            let span = self.matched_span(found);
            let from_match = blocks.iter().zip(&mut noise).skip(found.block);
            for (one, is_noise) in from_match.take_while(|(one, _)| one.span.start < span.end) {
                *is_noise |= span.contains(one.content);
            }
        }
        let (weak, lines): (Vec<usize>, Vec<WeakLine>) = self
            .matches
            .iter()
            .enumerate()
            .filter(|(_, found)| is_weak(found))
            .map(|(index, found)| {
                let (block, or_run_of) = (found.block, pattern(found).or_run_of);
                let pattern = self.matchers[found.matcher].pattern_number;
                (index, WeakLine { pattern, block, or_run_of })
            })
            .unzip();
        let mut verdicts = vec![HeadingVerdict::Label; self.matches.len()];
        for (index, verdict) in weak.into_iter().zip(judge(self.document, &noise, &lines)) {
            verdicts[index] = verdict;
        }
        let judged = self.matches.iter().zip(&verdicts);
        self.doubtful = judged
            .filter(|(_, verdict)| **verdict == HeadingVerdict::Doubtful)
            .map(|(found, _)| found.unit)
            .collect();
        self.doubtful.sort_unstable();
        let mut verdicts = verdicts.into_iter();
        self.matches.retain(|_| verdicts.next() != Some(HeadingVerdict::Heading));
    }

    /// Drops weak matches without an adjacent finding.
    fn drop_isolated_matches(&mut self, findings: &[Finding]) {
        if !self.matches.iter().any(|found| self.matchers[found.matcher].pattern.needs_neighbor) {
            return;
        }
        // Other findings, and matches. A weak match has its index.
        let others = findings.iter().filter(|finding| finding.is_pure_deletion());
        let mut row: Vec<(Span, Option<usize>)> =
            others.map(|finding| (finding.span, None)).collect();
        row.extend(self.matches.iter().enumerate().map(|(index, found)| {
            let is_weak = self.matchers[found.matcher].pattern.needs_neighbor;
            (self.matched_span(found), is_weak.then_some(index))
        }));
        row.sort_unstable();

        let mut kept = vec![true; self.matches.len()];
        let mut start = 0;
        while start < row.len() {
            let mut end = start + 1;
            let mut run = row[start].0;
            let mut units = 1;
            while end < row.len() && self.are_adjacent(run, row[end].0) {
                units += usize::from(row[end].0.start >= run.end);
                run = run.cover(row[end].0);
                end += 1;
            }
            let has_strong = row[start..end].iter().any(|(_, weak)| weak.is_none());
            let mut has_strong_before = false;
            for (_, weak) in &row[start..end] {
                let Some(index) = *weak else {
                    has_strong_before = true;
                    continue;
                };
                let pattern = &self.matchers[self.matches[index].matcher].pattern;
                let has_neighbor =
                    if pattern.after_neighbor { has_strong_before } else { has_strong };
                kept[index] = has_neighbor || pattern.or_run_of > 0 && units >= pattern.or_run_of;
            }
            start = end;
        }
        let mut kept = kept.into_iter();
        self.matches.retain(|_| kept.next() == Some(true));
    }

    /// Whether there are no letters or digits between two spans.
    fn are_adjacent(&self, left: Span, right: Span) -> bool {
        const MAX_GAP_BYTES: usize = 200;
        right.start <= left.end
            || right.start - left.end <= MAX_GAP_BYTES
                && !self
                    .document
                    .slice(Span::new(left.end, right.start))
                    .contains(char::is_alphanumeric)
    }

    /// Reports the matches. Overlapping matches of one rule become one finding.
    fn report(&mut self, findings: &mut FindingSink<'_>) {
        // In a list of labels, each one removes the rest of the text: compute it once.
        self.matches.sort_by_key(|found| (found.block, found.unit));
        let mut found: Vec<(Span, &Matcher)> = Vec::with_capacity(self.matches.len());
        let mut longest: Option<(Span, &Arc<RuleInfo>)> = None;
        for one in &self.matches {
            let matcher = &self.matchers[one.matcher];
            let is_within = longest.is_some_and(|(span, rule)| {
                span.contains(one.unit) && Arc::ptr_eq(rule, &matcher.rule)
            });
            let span =
                if is_within { one.unit } else { self.removed_span(one, matcher.pattern.removes) };
            if matcher.pattern.removes == Removal::RestOfText && !is_within {
                longest = Some((span, &matcher.rule));
            }
            found.push((span, matcher));
        }
        found.sort_by(|(left, a), (right, b)| {
            (&a.rule.code, left.start, right.end).cmp(&(&b.rule.code, right.start, left.end))
        });
        found.dedup_by(|(later, a), (earlier, b)| {
            Arc::ptr_eq(&a.rule, &b.rule) && earlier.overlaps(*later) && {
                *earlier = earlier.cover(*later);
                true
            }
        });
        for same_rule in found.chunk_by(|(_, a), (_, b)| Arc::ptr_eq(&a.rule, &b.rule)) {
            self.report_rule(same_rule, findings);
        }
    }

    /// Reports the matches of one rule, in order.
    fn report_rule(&self, found: &[(Span, &Matcher)], findings: &mut FindingSink<'_>) {
        const MAX_LINES: usize = 10;
        let needs_count = found.iter().any(|(_, matcher)| matcher.pattern.safe_from > 0);
        let texts: HashSet<&str> = if needs_count {
            found.iter().map(|(span, _)| self.document.slice(*span).trim()).collect()
        } else {
            HashSet::new()
        };
        for &(span, matcher) in found {
            let mut finding = Finding::with_deletion(&matcher.rule, self.document, span);
            if let Some(fix) = &mut finding.fix {
                let Pattern { safe_from, fix: applicability, .. } = &*matcher.pattern;
                fix.applicability = match applicability {
                    _ if *safe_from > 0 && texts.len() >= *safe_from => Applicability::Safe,
                    Some(applicability) => *applicability,
                    None => fix.applicability,
                };
                // Deleting many lines that no phrase matched is unsafe.
                let lines = self.document.line_at(span.end) - self.document.line_at(span.start);
                let is_long = matcher.pattern.removes != Removal::Match && lines > MAX_LINES;
                let next = self.doubtful.partition_point(|unit| unit.start < span.start);
                let is_doubtful = self.doubtful.get(next).is_some_and(|unit| span.contains(*unit));
                // A biography is one paragraph. Further paragraphs may be content.
                let is_much = matcher.pattern.removes == Removal::ShortRestOfText
                    && self.paragraphs(span).count() > 1;
                if is_long || is_doubtful || is_much {
                    fix.applicability = Applicability::Unsafe;
                }
            }
            findings.push(finding);
        }
    }
}
