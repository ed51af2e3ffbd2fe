//! From matches to findings: place, company and reach.

mod candidates;
mod reach;

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use reach::Outline;

use super::content::{Surroundings, is_content};
use super::headings::{HeadingVerdict, WeakLine, judge};
use super::unit::WordCounter;
use super::{Matcher, Pattern, PatternUnit, Place, Reach};
use crate::check::FindingSink;
use crate::check::coverage::covered_by_fixes;
use crate::check::search::{Prefilter, SearchHits};
use crate::finding::{Applicability, Finding, RuleInfo};
use crate::text::{BlockKind, Document, Span};

/// Adds the findings of all patterns in `document` to those of earlier kinds.
pub(super) fn collect(
    matchers: &[Matcher],
    prefilter: &Prefilter,
    document: &Document<'_>,
    findings: &mut FindingSink<'_>,
) {
    let mut evidence = EvidenceSearch {
        matchers,
        prefilter,
        document,
        candidates: Vec::new(),
        has_all_candidates: true,
        matches: Vec::new(),
        residue: vec![false; document.blocks().len()],
        doubtful: Vec::new(),
        tail_start: document.blocks().len(),
        of_block: WordCounter::default(),
        of_sentence: WordCounter::default(),
        found: SearchHits::default(),
        surroundings: Surroundings::default(),
        outline: OnceCell::new(),
    };
    evidence.search();
    if evidence.candidates.is_empty() && evidence.has_all_candidates && evidence.matches.is_empty()
    {
        return;
    }
    for finding in findings.iter() {
        evidence.mark_residue(finding.span);
    }
    evidence.walk_edges();
    evidence.drop_lone_matches();
    evidence.spare_headings(findings);
    evidence.keep_company(findings);
    evidence.report(findings);
}

/// A pattern that may match a unit: a literal of it was seen there.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Candidate {
    matcher: usize,
    block: usize,
    unit: Span,
}

struct EvidenceSearch<'e, 't> {
    matchers: &'e [Matcher],
    prefilter: &'e Prefilter,
    document: &'e Document<'t>,
    /// Those that count only at an edge and are tried when the walk comes to them; in order of
    /// block.
    candidates: Vec<Candidate>,
    /// Whether `candidates` has all of them. If there are too many, the walk looks for them again.
    has_all_candidates: bool,
    matches: Vec<Candidate>,
    /// For each block, whether all of it is known to be noise.
    residue: Vec<bool>,
    /// Matches that may be headings, in order: their fixes are not safe.
    doubtful: Vec<Span>,
    /// The first block after the last prose.
    tail_start: usize,
    of_block: WordCounter,
    of_sentence: WordCounter,
    found: SearchHits,
    surroundings: Surroundings,
    outline: OnceCell<Outline>,
}

impl<'e> EvidenceSearch<'e, '_> {
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
        if !is_content(self.document, candidate.block, matcher.pattern.unit, &mut self.surroundings)
        {
            self.accept(candidate);
        }
    }

    fn accept(&mut self, candidate: Candidate) {
        let pattern = &self.matchers[candidate.matcher].pattern;
        if !pattern.is_weak() {
            let span = self.claim(&candidate);
            self.mark_residue(span);
        }
        self.matches.push(candidate);
    }

    /// What a match takes for certain, before the tail is known.
    fn claim(&self, found: &Candidate) -> Span {
        match self.matchers[found.matcher].pattern.reach {
            reach @ (Reach::Next | Reach::Rest | Reach::Title | Reach::List) => {
                self.extend(found, reach)
            }
            // What a label of comments heads is not certain to be noise.
            Reach::Unit | Reach::Block | Reach::End | Reach::Section => found.unit,
        }
    }

    /// Notes which blocks `span` takes whole.
    fn mark_residue(&mut self, span: Span) {
        let blocks = self.document.blocks();
        let mut block = self.document.block_at(span.start);
        while let Some(one) = blocks.get(block).filter(|one| one.span.start < span.end) {
            self.residue[block] |= span.contains(one.content);
            block += 1;
        }
    }

    /// Walks from both ends towards the first and the last prose, and tries the candidates on the
    /// way.
    fn walk_edges(&mut self) {
        let blocks = self.document.blocks().len();
        let matched = self.matches.len();
        let kept = std::mem::take(&mut self.candidates);
        let mut last_prose = None;
        for block in (0..blocks).rev() {
            let candidates = self.edge_candidates(block, &kept);
            self.try_at(&candidates, Place::Tail, None);
            if self.is_prose(block) {
                last_prose = Some(block);
                break;
            }
        }
        let Some(last_prose) = last_prose else {
            // No prose, no edges.
            self.matches.truncate(matched);
            return;
        };
        self.tail_start = last_prose + 1;
        let candidates = self.edge_candidates(last_prose, &kept);
        self.try_at(&candidates, Place::Tail, Some(last_prose));
        for block in 0..=last_prose {
            let candidates = self.edge_candidates(block, &kept);
            self.try_at(&candidates, Place::Head, None);
            if self.is_prose(block) {
                self.try_at(&candidates, Place::Head, Some(block));
                break;
            }
        }
    }

    fn is_prose(&self, block: usize) -> bool {
        let kind = self.document.blocks()[block].kind;
        let is_matter = kind == BlockKind::Code
            || kind == BlockKind::Table && self.document.blocks()[block].lines.len() > 1
            || self.document.is_prose(block);
        is_matter && !self.residue[block]
    }

    /// Tries candidates of one block at an edge. `prose` is the block when it is the prose at which
    /// the walk stopped: then only sentences near the edge count.
    fn try_at(&mut self, candidates: &[Candidate], edge: Place, prose: Option<usize>) {
        const HEAD_SENTENCES: usize = 2;
        const TAIL_SENTENCES: usize = 5;
        for &candidate in candidates {
            let matcher = &self.matchers[candidate.matcher];
            let place = matcher.pattern.place;
            let is_sentence = matcher.pattern.unit == PatternUnit::Sentence;
            if place != edge && place != Place::Edge || prose.is_some() && !is_sentence {
                continue;
            }
            if let Some(block) = prose {
                let sentences = self.document.sentences(block);
                let near = match edge {
                    Place::Head => sentences.get(..HEAD_SENTENCES.min(sentences.len())),
                    _ => sentences.get(sentences.len().saturating_sub(TAIL_SENTENCES)..),
                };
                if !near.is_some_and(|near| near.contains(&candidate.unit)) {
                    continue;
                }
            }
            self.try_candidate(candidate);
        }
    }

    /// Drops the matches of patterns that count only together with others in the document.
    fn drop_lone_matches(&mut self) {
        let of = |found: &Candidate| &self.matchers[found.matcher];
        if !self.matches.iter().any(|found| of(found).pattern.depends_on_document()) {
            return;
        }
        // A pattern has a matcher for each of its longer expressions.
        let pattern_id = |found: &Candidate| Arc::as_ptr(&of(found).pattern);
        let mut lines: HashMap<*const Pattern, BTreeSet<Span>> = HashMap::new();
        let mut texts: HashMap<&str, HashSet<&str>> = HashMap::new();
        for found in &self.matches {
            lines.entry(pattern_id(found)).or_default().insert(found.unit);
            if of(found).pattern.needs_other == 0 {
                let text = self.document.slice(found.unit).trim();
                texts.entry(&of(found).rule.code).or_default().insert(text);
            }
        }
        let length = self.document.text().len() as f32;
        let stays = |found: &Candidate| {
            let Matcher { pattern, rule, .. } = of(found);
            let lines = &lines[&pattern_id(found)];
            let others = texts.get(rule.code.as_str()).map_or(0, HashSet::len);
            let is_early = |first: &Span| (first.start as f32) < pattern.not_before * length;
            lines.len() >= pattern.min_lines
                && others >= pattern.needs_other
                && !lines.first().is_some_and(is_early)
                && (pattern.reach != Reach::Section || self.section(found.block).is_some())
        };
        self.matches = self.matches.iter().copied().filter(stays).collect();
    }

    /// Drops matches that are headings, and notes those that may be.
    fn spare_headings(&mut self, findings: &[Finding]) {
        let pattern = |found: &Candidate| &self.matchers[found.matcher].pattern;
        let is_weak = |found: &Candidate| {
            pattern(found).may_be_heading() && pattern(found).unit == PatternUnit::Line
        };
        if !self.matches.iter().any(is_weak) {
            return;
        }
        let blocks = self.document.blocks();
        let mut noise = covered_by_fixes(blocks, |block| block.span, findings);
        for found in
            self.matches.iter().filter(|found| !pattern(found).needs_company && !is_weak(found))
        {
            let span = self.claim(found);
            let reached = blocks
                .iter()
                .zip(&mut noise)
                .skip(found.block)
                .take_while(|(one, _)| one.span.start < span.end);
            reached.for_each(|(one, is_noise)| *is_noise |= span.contains(one.content));
        }
        let weak: Vec<(usize, WeakLine)> = self
            .matches
            .iter()
            .enumerate()
            .filter(|(_, found)| is_weak(found))
            .map(|(index, found)| {
                let (block, or_row_of) = (found.block, pattern(found).or_row_of);
                (
                    index,
                    WeakLine { pattern: Arc::as_ptr(pattern(found)) as usize, block, or_row_of },
                )
            })
            .collect();
        let lines: Vec<WeakLine> = weak.iter().map(|(_, line)| *line).collect();
        let mut verdicts = vec![HeadingVerdict::Label; self.matches.len()];
        for ((index, _), verdict) in weak.iter().zip(judge(self.document, &noise, &lines)) {
            verdicts[*index] = verdict;
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

    /// Drops weak matches that stand alone.
    fn keep_company(&mut self, findings: &[Finding]) {
        if !self.matches.iter().any(|found| self.matchers[found.matcher].pattern.needs_company) {
            return;
        }
        // Strong findings and weak matches in order of place; a weak one is known by its index.
        let noise = findings.iter().filter(|finding| finding.is_pure_deletion());
        let mut row: Vec<(Span, Option<usize>)> =
            noise.map(|finding| (finding.span, None)).collect();
        row.extend(self.matches.iter().enumerate().map(|(index, found)| {
            let weak = self.matchers[found.matcher].pattern.needs_company;
            (self.claim(found), weak.then_some(index))
        }));
        row.sort_unstable();

        let mut kept = vec![true; self.matches.len()];
        let mut start = 0;
        while start < row.len() {
            let mut end = start + 1;
            let mut reach = row[start].0;
            let mut units = 1;
            while end < row.len() && self.adjoin(reach, row[end].0) {
                units += usize::from(row[end].0.start >= reach.end);
                reach = reach.cover(row[end].0);
                end += 1;
            }
            let has_strong = row[start..end].iter().any(|(_, weak)| weak.is_none());
            let mut strong_before = false;
            for (_, weak) in &row[start..end] {
                let Some(index) = *weak else {
                    strong_before = true;
                    continue;
                };
                let pattern = &self.matchers[self.matches[index].matcher].pattern;
                let has_company = if pattern.follows { strong_before } else { has_strong };
                kept[index] = has_company || pattern.or_row_of > 0 && units >= pattern.or_row_of;
            }
            start = end;
        }
        let mut index = 0;
        self.matches.retain(|_| {
            index += 1;
            kept[index - 1]
        });
    }

    /// Whether nothing to read stands between two spans.
    fn adjoin(&self, left: Span, right: Span) -> bool {
        const MAX_GAP_BYTES: usize = 200;
        right.start <= left.end
            || right.start - left.end <= MAX_GAP_BYTES
                && !self
                    .document
                    .slice(Span::new(left.end, right.start))
                    .contains(char::is_alphanumeric)
    }

    /// One finding for what a rule's patterns say of the same place, in the widest form.
    fn report(&mut self, findings: &mut FindingSink<'_>) {
        // In order of place, so that what lies within a longer reach of the same rule need not
        // reach that far again.
        self.matches.sort_by_key(|found| (found.block, found.unit));
        let mut found: Vec<(Span, &Matcher)> = Vec::with_capacity(self.matches.len());
        let mut longest: Option<(Span, &Arc<RuleInfo>)> = None;
        for one in &self.matches {
            let matcher = &self.matchers[one.matcher];
            let is_reached = longest.is_some_and(|(span, rule)| {
                span.contains(one.unit) && Arc::ptr_eq(rule, &matcher.rule)
            });
            let span = if is_reached { one.unit } else { self.extend(one, matcher.pattern.reach) };
            if matcher.pattern.reach == Reach::End && !is_reached {
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

    /// Reports what the patterns of one rule found, in order of place.
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
                // What nobody matched line by line is not removed by the dozen without asking.
                let lines = self.document.line_at(span.end) - self.document.line_at(span.start);
                let is_long = matcher.pattern.reach != Reach::Unit && lines > MAX_LINES;
                let next = self.doubtful.partition_point(|unit| unit.start < span.start);
                let is_doubtful = self.doubtful.get(next).is_some_and(|unit| span.contains(*unit));
                // A biography is a paragraph; further ones may be the text again.
                let is_much =
                    matcher.pattern.reach == Reach::Rest && self.paragraphs(span).count() > 1;
                if is_long || is_doubtful || is_much {
                    fix.applicability = Applicability::Unsafe;
                }
            }
            findings.push(finding);
        }
    }
}
