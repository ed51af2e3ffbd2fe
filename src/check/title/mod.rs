//! The `title` kind: a title that extraction leaves two or three times at the beginning of a document.
//!
//! A page has its title as a heading, in its `<title>` with the name of the site, and often once more above or below. One of them is
//! kept: the heading if there is one, else the first plain line.

mod form;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DocumentCheck, ParameterError, RuleWithParams};
use crate::finding::{Applicability, Edit, Finding, Fix, Label, RuleInfo};
use crate::text::{Block, BlockKind, Document, Span};
use form::{Form, Line};

/// The kind's name in rule files.
pub const NAME: &str = "title";

/// The kind has no parameters.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {}

/// Accepts the parameters, of which there are none.
///
/// # Errors
///
/// None.
pub fn validate(_: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None.
pub fn compile(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    Ok(Box::new(TitleCheck { rules: rules.into_iter().map(|(rule, _)| rule).collect() }))
}

struct TitleCheck {
    rules: Vec<Arc<RuleInfo>>,
}

impl DocumentCheck for TitleCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        let entries = entries(document);
        for rule in &self.rules {
            findings.extend(repeated(document, rule, &entries));
            findings.extend(doubled(document, rule, &entries));
        }
    }
}

/// A block near the beginning of a document that may be a title.
struct Entry<'d> {
    /// Its index among the blocks.
    index: usize,
    /// Its place among the blocks that are not blank.
    position: usize,
    block: &'d Block,
    /// Its level, if it is a heading.
    level: Option<u8>,
    line: Line,
    /// How many blocks of prose come before it.
    prose_before: usize,
}

/// The blocks that may be titles: headings and single lines among the first blocks, down to the second one of prose.
fn entries<'d>(document: &'d Document<'_>) -> Vec<Entry<'d>> {
    const MAX_BLOCKS: usize = 12;
    const MAX_PROSE: usize = 2;
    const MAX_LENGTH: usize = 300;
    let mut entries = Vec::new();
    let mut prose_before = 0;
    let blocks = document.blocks().iter().enumerate();
    let seen = blocks
        .filter(|(_, block)| !matches!(block.kind, BlockKind::Blank | BlockKind::FrontMatter | BlockKind::Comment));
    for (position, (index, block)) in seen.take(MAX_BLOCKS).enumerate() {
        let level = if let BlockKind::Heading(level) = block.kind { Some(level) } else { None };
        let is_line = level.is_some() || block.kind == BlockKind::Paragraph && block.lines.len() == 1;
        let text = document.slice(block.content);
        if is_line && text.len() <= MAX_LENGTH && !document.is_prose(index) && !text.starts_with(['<', '|', '!', '[']) {
            entries.push(Entry { index, position, block, level, line: Line::parse(text), prose_before });
        }
        if document.is_prose(index) {
            prose_before += 1;
            if prose_before == MAX_PROSE {
                break;
            }
        }
    }
    entries
}

/// An entry that is the title, with nothing or a site's name added.
struct Copy<'e, 'd> {
    entry: &'e Entry<'d>,
    form: Form,
}

/// Reports the copies of the title but one.
fn repeated(document: &Document<'_>, rule: &Arc<RuleInfo>, entries: &[Entry<'_>]) -> Vec<Finding> {
    /// A title is one of the first lines; further down the same line twice is a label.
    const FIRST: usize = 3;
    let groups = entries.iter().map(|base| copies(entries, &base.line)).filter(|copies| {
        copies.first().is_some_and(|copy| copy.entry.position < FIRST && copy.entry.prose_before == 0)
    });
    // Of groups of one size the first counts.
    let Some(copies) =
        groups.collect::<Vec<_>>().into_iter().rev().max_by_key(Vec::len).filter(|copies| copies.len() > 1)
    else {
        return Vec::new();
    };
    let Some(title) = copies.iter().find(|copy| copy.form == Form::Whole).map(|copy| &copy.entry.line) else {
        return Vec::new();
    };
    // Below a heading of other words, a plain line is a label.
    let has_heading = copies.iter().any(|copy| copy.entry.level.is_some());
    let is_below_heading = entries
        .iter()
        .take_while(|entry| copies.first().is_some_and(|copy| entry.index < copy.entry.index))
        .any(|entry| entry.level.is_some());
    if is_below_heading && !has_heading {
        return Vec::new();
    }
    let has_more = document.blocks().iter().enumerate().any(|(index, block)| {
        !matches!(block.kind, BlockKind::Blank | BlockKind::FrontMatter)
            && copies.iter().all(|copy| copy.entry.index != index)
    });
    let Some(kept) = copies.iter().min_by_key(|copy| rank(copy)).filter(|_| has_more) else { return Vec::new() };
    let others = copies.iter().filter(|copy| copy.entry.index != kept.entry.index);
    let finding = |copy: &Copy<'_, '_>| {
        let applicability = applicability(document, entries, &copies, title, copy, kept)?;
        let mut finding = Finding::with_deletion(rule, document, copy.entry.block.span);
        finding.labels.push(Label { origin: None, span: kept.entry.block.content, message: "the title".into() });
        if let Some(fix) = &mut finding.fix {
            fix.applicability = applicability.max(fix.applicability);
        }
        Some(finding)
    };
    others.filter_map(finding).collect()
}

/// The entries that are the title `base`.
fn copies<'e, 'd>(entries: &'e [Entry<'d>], base: &Line) -> Vec<Copy<'e, 'd>> {
    let copies = entries.iter().filter_map(|entry| Some(Copy { entry, form: entry.line.form_of(base)? }));
    copies.collect()
}

/// The order in which copies are worth keeping: headings, then plain lines, then lines in capitals, then lines that hold more.
fn rank(copy: &Copy<'_, '_>) -> (bool, bool, u8, bool, usize) {
    let Entry { level, line, index, .. } = copy.entry;
    (level.is_none(), copy.form != Form::Whole, level.unwrap_or(0), line.is_capitals, *index)
}

/// How surely `copy` may go while `kept` stays; `None` where it is more likely a part of the text.
fn applicability(
    document: &Document<'_>,
    entries: &[Entry<'_>],
    copies: &[Copy<'_, '_>],
    title: &Line,
    copy: &Copy<'_, '_>,
    kept: &Copy<'_, '_>,
) -> Option<Applicability> {
    let (first, last) = (copy.entry.index.min(kept.entry.index), copy.entry.index.max(kept.entry.index));
    let is_copy = |index: usize| copies.iter().any(|copy| copy.entry.index == index);
    let between = entries.iter().filter(|entry| first < entry.index && entry.index < last && !is_copy(entry.index));
    let has_heading_between = between.clone().any(|entry| entry.level.is_some());
    let has_prose_between = copy.entry.prose_before != kept.entry.prose_before;
    if has_heading_between || copy.entry.line.goes_on {
        return None;
    }
    if copy.entry.level.is_some() {
        // What it heads must be headed by the one that stays.
        let mut blocks = document.blocks().iter().enumerate().take(last).skip(first);
        let is_beside = blocks.all(|(index, block)| block.kind == BlockKind::Blank || is_copy(index));
        return is_beside.then_some(Applicability::Unsafe);
    }
    // A line of verse or of a list follows its neighbours directly.
    let follows = document.blocks().get(copy.entry.index + 1);
    let is_set_off = follows.is_none_or(|next| {
        matches!(next.kind, BlockKind::Blank | BlockKind::Heading(_))
            || is_copy(copy.entry.index + 1)
            || document.is_prose(copy.entry.index + 1)
    });
    if !is_set_off || title.is_short && (copy.form != Form::Whole || !is_before_prose(document, copies, copy)) {
        return None;
    }
    let is_certain = matches!(copy.form, Form::Whole | Form::Barred)
        && !title.is_short
        && !has_prose_between
        && !is_spoken(document.slice(copy.entry.block.content));
    Some(if is_certain { Applicability::Safe } else { Applicability::Unsafe })
}

/// Whether a line is a sentence, as people say twice in a dialogue: it ends with a full stop, or is quoted.
fn is_spoken(line: &str) -> bool {
    const QUOTES: [char; 8] = ['"', '“', '”', '„', '«', '»', '‘', '’'];
    let sentence = line.trim_end_matches(QUOTES);
    let is_quoted = line.starts_with(QUOTES) || line.starts_with('—');
    sentence.ends_with(['.', '。']) && !sentence.ends_with("..") || is_quoted && sentence.ends_with(['!', '?', '…'])
}

/// Whether the next block after `copy` that is no copy is prose.
fn is_before_prose(document: &Document<'_>, copies: &[Copy<'_, '_>], copy: &Copy<'_, '_>) -> bool {
    let blocks = document.blocks().iter().enumerate().skip(copy.entry.index + 1);
    let next = blocks
        .filter(|(index, block)| block.kind != BlockKind::Blank && copies.iter().all(|copy| copy.entry.index != *index))
        .map(|(index, _)| index)
        .next();
    next.is_some_and(|index| document.is_prose(index))
}

/// Reports a line that holds the title twice; the fix keeps its first half.
fn doubled(document: &Document<'_>, rule: &Arc<RuleInfo>, entries: &[Entry<'_>]) -> Option<Finding> {
    const FIRST: usize = 3;
    let is_title = |entry: &&Entry<'_>| entry.position < FIRST && entry.prose_before == 0;
    let entry = entries.iter().filter(is_title).find(|entry| entry.line.double.is_some())?;
    let is_repeated = entries.iter().any(|other| other.index != entry.index && other.line.key == entry.line.key);
    let is_last = entries.last().is_some_and(|last| last.index == entry.index);
    let double = entry.line.double.as_ref().filter(|_| !is_last || document.blocks().len() > entry.index + 1)?;
    // A plain line that is repeated elsewhere goes as a whole.
    if is_repeated && entry.level.is_none() {
        return None;
    }
    let start = entry.block.content.start;
    let mut finding = Finding::new(rule, document, Span::new(start + double.second, entry.block.content.end));
    finding.label = Some("the title again".into());
    if let Some(applicability) = rule.fix {
        let applicability = if double.is_glued { applicability } else { Applicability::Unsafe };
        let span = Span::new(start + double.end_of_first, entry.block.content.end);
        finding.help = Some("keep the title once".into());
        finding.fix = Some(Fix { applicability, edits: vec![Edit { span, content: String::new() }] });
    }
    Some(finding)
}
