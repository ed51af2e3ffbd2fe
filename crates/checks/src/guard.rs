//! Prevents harmful fixes of any rule: deleting a heading but not its text, or part of a sentence
//! or licence.

use super::coverage::covered_by_fixes;
use super::licence::licence_texts;
use dechaff_findings::{Applicability, Edit, Finding};
use dechaff_text::{BlockKind, Document};

/// Withdraws or downgrades fixes that would damage the remaining text.
///
/// A deletion that cuts a sentence or a licence text loses its fix. A deletion of a heading that
/// keeps the text below it becomes unsafe.
///
/// `findings` must be all findings of the document: text that any of them deletes counts as gone.
pub fn guard(document: &Document<'_>, findings: &mut [Finding]) {
    if findings.iter().all(|finding| deletions(finding).next().is_none()) {
        return;
    }
    keep_sentences(document, findings);
    keep_licences(document, findings);
    keep_headings(document, findings);
}

fn deletions(finding: &Finding) -> impl Iterator<Item = &Edit> {
    finding.fix.iter().flat_map(|fix| &fix.edits).filter(|edit| edit.is_deletion())
}

/// Withdraws fixes that delete a sentence only up to a line break.
fn keep_sentences(document: &Document<'_>, findings: &mut [Finding]) {
    let blocks = document.blocks();
    let gone = covered_by_fixes(blocks, |block| block.span, findings.iter());
    // A safe fix must not rely on deletions that only unsafe fixes make.
    let is_safe = |finding: &&Finding| finding.applicable_fix(Applicability::Safe).is_some();
    let safely_gone = covered_by_fixes(blocks, |block| block.span, findings.iter().filter(is_safe));
    for finding in findings {
        let gone = if is_safe(&&*finding) { &safely_gone } else { &gone };
        let cuts_sentence = deletions(finding).any(|edit| {
            let first = document.block_at(edit.span.start);
            let covers = |block: usize| {
                blocks.get(block).is_some_and(|block| edit.span.contains(block.content))
            };
            let first = if covers(first) { first } else { first + 1 };
            let is_cut_above = covers(first)
                && first > 0
                && !gone[first - 1]
                && document.continues_in_next_block(first - 1);
            let last = document.block_at(edit.span.end.saturating_sub(1));
            let last = if covers(last) { last } else { last.saturating_sub(1) };
            let is_cut_below = || {
                covers(last)
                    && gone.get(last + 1).is_some_and(|is_gone| !is_gone)
                    && document.continues_in_next_block(last)
            };
            is_cut_above || is_cut_below()
        });
        if cuts_sentence {
            finding.fix = None;
            finding.help = None;
            finding.notes.push("no fix: the sentence continues outside this span".into());
        }
    }
}

/// Withdraws fixes that delete part of a licence text and leave the rest.
fn keep_licences(document: &Document<'_>, findings: &mut [Finding]) {
    let texts = licence_texts(document);
    if texts.is_empty() {
        return;
    }
    let blocks = document.blocks();
    let gone = covered_by_fixes(blocks, |block| block.span, findings.iter());
    let is_safe = |finding: &&Finding| finding.applicable_fix(Applicability::Safe).is_some();
    let safely_gone = covered_by_fixes(blocks, |block| block.span, findings.iter().filter(is_safe));
    // Computed once per licence text, which may have many findings.
    let left_by = |gone: &[bool]| -> Vec<bool> {
        let is_left = |block: usize| blocks[block].kind != BlockKind::Blank && !gone[block];
        texts.iter().map(|text| text.clone().any(is_left)).collect()
    };
    let left = left_by(&gone);
    let safely_left = left_by(&safely_gone);
    for finding in findings {
        let left = if is_safe(&&*finding) { &safely_left } else { &left };
        let halves = deletions(finding).any(|edit| {
            let start = document.block_at(edit.span.start);
            let end = document.block_at(edit.span.end.saturating_sub(1)) + 1;
            let first = texts.partition_point(|text| text.end <= start);
            let reached =
                texts[first..].iter().zip(&left[first..]).take_while(|(text, _)| text.start < end);
            reached.filter(|(_, is_left)| **is_left).any(|(text, _)| {
                (text.start.max(start)..text.end.min(end)).any(|block| {
                    blocks[block].kind != BlockKind::Blank
                        && edit.span.overlaps(blocks[block].content)
                })
            })
        });
        if halves {
            finding.fix = None;
            finding.help = None;
            finding
                .notes
                .push("no fix: it is part of a licence text, and the rest would stay".into());
        }
    }
}

/// Makes fixes unsafe that delete a heading, an introduction or a list item but not the text that
/// it belongs to.
fn keep_headings(document: &Document<'_>, findings: &mut [Finding]) {
    let blocks = document.blocks();
    let is_safe = |finding: &&Finding| finding.applicable_fix(Applicability::Safe).is_some();
    let gone = covered_by_fixes(blocks, |block| block.span, findings.iter().filter(is_safe));
    let mut next_kept = vec![None; blocks.len()];
    let mut next = None;
    for (index, block) in blocks.iter().enumerate().rev() {
        next_kept[index] = next;
        if !gone[index] && !matches!(block.kind, BlockKind::Blank | BlockKind::Comment) {
            next = Some(index);
        }
    }
    let heads_text = |block: usize| {
        let level = document.marked_heading(block);
        let below = next_kept[block];
        level.is_some()
            && below.is_some_and(|below| {
                document.marked_heading(below).is_none_or(|below| Some(below) > level)
            })
    };
    let introduces_text = |block: usize| {
        document.slice(blocks[block].content).ends_with([':', '：'])
            && next_kept[block].is_some_and(|below| document.is_body(below))
    };
    let in_kept_list = items_of_kept_lists(document, &gone);
    for finding in findings.iter_mut().filter(|finding| is_safe(&&**finding)) {
        let reason = deletions(finding).find_map(|edit| {
            let mut deleted = (document.block_at(edit.span.start)..blocks.len())
                .take_while(|&block| blocks[block].span.start < edit.span.end)
                .filter(|&block| edit.span.contains(blocks[block].content));
            deleted.find_map(|block| {
                if heads_text(block) {
                    Some("the fix is unsafe: this is a heading, and the text below it would stay")
                } else if introduces_text(block) {
                    Some("the fix is unsafe: this introduces the text below it, which would stay")
                } else if in_kept_list[block] {
                    Some("the fix is unsafe: this is an item of a list, most of which would stay")
                } else {
                    None
                }
            })
        });
        if let (Some(reason), Some(fix)) = (reason, &mut finding.fix) {
            fix.applicability = Applicability::Unsafe;
            finding.notes.push(reason.into());
        }
    }
}

/// Returns, for each block, whether it is an item of a list that loses less than half of its items.
fn items_of_kept_lists(document: &Document<'_>, gone: &[bool]) -> Vec<bool> {
    let mut in_kept_list = vec![false; document.blocks().len()];
    for list in document.lists() {
        let kept = list.iter().filter(|block| !gone[**block]).count();
        if 2 * kept > list.len() {
            list.iter().for_each(|&block| in_kept_list[block] = true);
        }
    }
    in_kept_list
}
