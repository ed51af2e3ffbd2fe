//! The `title` kind: a title that extraction repeats at the start of a document.
//!
//! A page has its title as a heading, in `<title>` together with the site name, and often once more
//! above or below. One copy is kept: the heading if there is one, otherwise the first plain line.

mod title_line;

use std::sync::Arc;

use super::DocumentCheck;
pub use super::no_parameters::{Parameters, validate};
use dechaff_findings::{
    Applicability, Edit, Finding, FindingSink, Fix, Label, ParameterError, RuleInfo, RuleWithParams,
};
use dechaff_text::{Block, BlockKind, Document, Span};
use title_line::{AddedText, TitleLine};

/// The kind's name in rule files.
pub const NAME: &str = "title";

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    Ok(Box::new(TitleCheck { rules: rules.into_iter().map(|(rule, _)| rule).collect() }))
}

struct TitleCheck {
    rules: Vec<Arc<RuleInfo>>,
}

impl DocumentCheck for TitleCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        let candidates = candidates(document);
        for rule in &self.rules {
            findings.extend(find_repeated(document, rule, &candidates));
            findings.extend(find_doubled(document, rule, &candidates));
        }
    }
}

/// A block near the start of a document that may be a title.
struct TitleCandidate<'d> {
    /// Its index among all blocks.
    index: usize,
    /// Its index among the nonblank blocks.
    position: usize,
    block: &'d Block,
    /// Its level, if it is a heading.
    level: Option<u8>,
    line: TitleLine,
    /// Number of prose blocks before it.
    prose_before: usize,
}

/// Returns the headings and single lines among the first blocks, up to the second block of prose.
fn candidates<'d>(document: &'d Document<'_>) -> Vec<TitleCandidate<'d>> {
    const MAX_BLOCKS: usize = 12;
    const MAX_PROSE: usize = 2;
    const MAX_LENGTH: usize = 300;
    let mut candidates = Vec::new();
    let mut prose_before = 0;
    let blocks = document.blocks().iter().enumerate();
    let seen = blocks.filter(|(_, block)| {
        !matches!(block.kind, BlockKind::Blank | BlockKind::FrontMatter | BlockKind::Comment)
    });
    for (position, (index, block)) in seen.take(MAX_BLOCKS).enumerate() {
        let level = if let BlockKind::Heading(level) = block.kind { Some(level) } else { None };
        let is_line =
            level.is_some() || block.kind == BlockKind::Paragraph && block.lines.len() == 1;
        let text = document.slice(block.content);
        if is_line
            && text.len() <= MAX_LENGTH
            && !document.is_prose(index)
            && !text.starts_with(['<', '|', '!', '['])
        {
            candidates.push(TitleCandidate {
                index,
                position,
                block,
                level,
                line: TitleLine::parse(text),
                prose_before,
            });
        }
        if document.is_prose(index) {
            prose_before += 1;
            if prose_before == MAX_PROSE {
                break;
            }
        }
    }
    candidates
}

/// A copy of the title, with or without a site name.
struct Copy<'e, 'd> {
    candidate: &'e TitleCandidate<'d>,
    added: AddedText,
}

/// Reports all copies of the title but the one to keep.
fn find_repeated(
    document: &Document<'_>,
    rule: &Arc<RuleInfo>,
    candidates: &[TitleCandidate<'_>],
) -> Vec<Finding> {
    let Some(copies) = title_copies(candidates) else { return Vec::new() };
    let Some(title) = copies
        .iter()
        .find(|copy| copy.added == AddedText::Nothing)
        .map(|copy| &copy.candidate.line)
    else {
        return Vec::new();
    };
    // A plain line below a different heading is a label.
    let has_heading = copies.iter().any(|copy| copy.candidate.level.is_some());
    let is_below_heading = candidates
        .iter()
        .take_while(|candidate| {
            copies.first().is_some_and(|copy| candidate.index < copy.candidate.index)
        })
        .any(|candidate| candidate.level.is_some());
    if is_below_heading && !has_heading {
        return Vec::new();
    }
    let has_more = document.blocks().iter().enumerate().any(|(index, block)| {
        !matches!(block.kind, BlockKind::Blank | BlockKind::FrontMatter)
            && copies.iter().all(|copy| copy.candidate.index != index)
    });
    let Some(kept) = copies.iter().min_by_key(|copy| rank(copy)).filter(|_| has_more) else {
        return Vec::new();
    };
    let others = copies.iter().filter(|copy| copy.candidate.index != kept.candidate.index);
    let finding = |copy: &Copy<'_, '_>| {
        let applicability = applicability(document, candidates, &copies, title, copy, kept)?;
        let mut finding = Finding::with_deletion(rule, document, copy.candidate.block.span);
        finding.labels.push(Label {
            origin: None,
            span: kept.candidate.block.content,
            message: "the title".into(),
        });
        if let Some(fix) = &mut finding.fix {
            fix.applicability = applicability.max(fix.applicability);
        }
        Some(finding)
    };
    others.filter_map(finding).collect()
}

/// Returns the title with its copies: the largest group of copies at the start, of those the first.
/// Returns `None` if no line is repeated.
fn title_copies<'e, 'd>(candidates: &'e [TitleCandidate<'d>]) -> Option<Vec<Copy<'e, 'd>>> {
    /// A title is one of the first lines; further down, a repeated line is a label.
    const MAX_POSITION: usize = 3;
    let groups = candidates.iter().map(|base| copies(candidates, &base.line)).filter(|copies| {
        copies.first().is_some_and(|copy| {
            copy.candidate.position < MAX_POSITION && copy.candidate.prose_before == 0
        })
    });
    let groups: Vec<_> = groups.collect();
    groups.into_iter().rev().max_by_key(Vec::len).filter(|copies| copies.len() > 1)
}

/// Returns the candidates that are copies of the title `base`.
fn copies<'e, 'd>(candidates: &'e [TitleCandidate<'d>], base: &TitleLine) -> Vec<Copy<'e, 'd>> {
    let copies = candidates
        .iter()
        .filter_map(|candidate| Some(Copy { candidate, added: candidate.line.added_to(base)? }));
    copies.collect()
}

/// Ranks copies, best first: headings, then plain lines, then lines in capitals, then lines with a
/// site name.
fn rank(copy: &Copy<'_, '_>) -> (bool, bool, u8, bool, usize) {
    let TitleCandidate { level, line, index, .. } = copy.candidate;
    (
        level.is_none(),
        copy.added != AddedText::Nothing,
        level.unwrap_or(0),
        line.is_capitals,
        *index,
    )
}

/// Returns how safely `copy` can be deleted if `kept` stays; `None` if it is more likely part of
/// the text.
fn applicability(
    document: &Document<'_>,
    candidates: &[TitleCandidate<'_>],
    copies: &[Copy<'_, '_>],
    title: &TitleLine,
    copy: &Copy<'_, '_>,
    kept: &Copy<'_, '_>,
) -> Option<Applicability> {
    let first = copy.candidate.index.min(kept.candidate.index);
    let last = copy.candidate.index.max(kept.candidate.index);
    let is_copy = |index: usize| copies.iter().any(|copy| copy.candidate.index == index);
    let between = candidates.iter().filter(|candidate| {
        first < candidate.index && candidate.index < last && !is_copy(candidate.index)
    });
    let has_heading_between = between.clone().any(|candidate| candidate.level.is_some());
    let has_prose_between = copy.candidate.prose_before != kept.candidate.prose_before;
    if has_heading_between || copy.candidate.line.continues {
        return None;
    }
    if copy.candidate.level.is_some() {
        // The text below a deleted heading must then be below the heading that stays.
        let mut blocks = document.blocks().iter().enumerate().take(last).skip(first);
        let is_beside =
            blocks.all(|(index, block)| block.kind == BlockKind::Blank || is_copy(index));
        return is_beside.then_some(Applicability::Unsafe);
    }
    // A line of verse or of a list is right next to other lines.
    let follows = document.blocks().get(copy.candidate.index + 1);
    let is_set_off = follows.is_none_or(|next| {
        matches!(next.kind, BlockKind::Blank | BlockKind::Heading(_))
            || is_copy(copy.candidate.index + 1)
            || document.is_prose(copy.candidate.index + 1)
    });
    if !is_set_off
        || title.is_short
            && (copy.added != AddedText::Nothing || !is_before_prose(document, copies, copy))
    {
        return None;
    }
    let is_certain = matches!(copy.added, AddedText::Nothing | AddedText::BarOrDomain)
        && !title.is_short
        && !has_prose_between
        && !is_dialogue(document.slice(copy.candidate.block.content));
    Some(if is_certain { Applicability::Safe } else { Applicability::Unsafe })
}

/// Whether a line is a sentence, as repeated in dialogue: it ends with a full stop or is quoted.
fn is_dialogue(line: &str) -> bool {
    const QUOTES: [char; 8] = ['"', '“', '”', '„', '«', '»', '‘', '’'];
    let sentence = line.trim_end_matches(QUOTES);
    let is_quoted = line.starts_with(QUOTES) || line.starts_with('—');
    sentence.ends_with(['.', '。']) && !sentence.ends_with("..")
        || is_quoted && sentence.ends_with(['!', '?', '…'])
}

/// Whether the next block after `copy`, except other copies, is prose.
fn is_before_prose(document: &Document<'_>, copies: &[Copy<'_, '_>], copy: &Copy<'_, '_>) -> bool {
    let blocks = document.blocks().iter().enumerate().skip(copy.candidate.index + 1);
    let next = blocks
        .filter(|(index, block)| {
            block.kind != BlockKind::Blank
                && copies.iter().all(|copy| copy.candidate.index != *index)
        })
        .map(|(index, _)| index)
        .next();
    next.is_some_and(|index| document.is_prose(index))
}

/// Reports a line that contains the title twice. The fix keeps the first half.
fn find_doubled(
    document: &Document<'_>,
    rule: &Arc<RuleInfo>,
    candidates: &[TitleCandidate<'_>],
) -> Option<Finding> {
    const MAX_POSITION: usize = 3;
    let is_title = |candidate: &&TitleCandidate<'_>| {
        candidate.position < MAX_POSITION && candidate.prose_before == 0
    };
    let candidate =
        candidates.iter().filter(is_title).find(|candidate| candidate.line.doubled.is_some())?;
    let is_repeated = candidates
        .iter()
        .any(|other| other.index != candidate.index && other.line.key == candidate.line.key);
    let is_last = candidates.last().is_some_and(|last| last.index == candidate.index);
    let doubled = candidate
        .line
        .doubled
        .as_ref()
        .filter(|_| !is_last || document.blocks().len() > candidate.index + 1)?;
    // A plain line that is also repeated elsewhere is deleted as a whole.
    if is_repeated && candidate.level.is_none() {
        return None;
    }
    let start = candidate.block.content.start;
    let mut finding = Finding::new(
        rule,
        document,
        Span::new(start + doubled.second, candidate.block.content.end),
    );
    finding.label = Some("the title again".into());
    if let Some(applicability) = rule.fix {
        let applicability = if doubled.is_glued { applicability } else { Applicability::Unsafe };
        let span = Span::new(start + doubled.end_of_first, candidate.block.content.end);
        finding.help = Some("keep the title once".into());
        finding.fix =
            Some(Fix { applicability, edits: vec![Edit { span, content: String::new() }] });
    }
    Some(finding)
}
