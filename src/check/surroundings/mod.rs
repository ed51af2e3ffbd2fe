//! The `surroundings` kind: what stands on a page around its text, where an extractor took much of the page for the text.
//!
//! News portals set dozens of headlines, sections and dates before and after each story. No phrase of theirs returns from site to
//! site, but what they look like does, in every language: a run of short lines outside the running text, many of which bear a
//! mark that lines of a text seldom bear. A run without such marks is left alone, whatever its length: it may be a list, a poem or
//! a bibliography. So is one that looks like code.

mod line;

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::coverage::covered_by_fixes;
use super::{DocumentCheck, ParameterError, RuleWithParams};
use crate::finding::{Finding, RuleInfo};
use crate::text::{BlockKind, Document, PageKind, Span};
use line::{Line, Mark, Sort};

/// The kind's name in rule files.
pub const NAME: &str = "surroundings";

/// How much it takes for lines around a text to be the rest of a page.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Fewest short lines after the text; before it, where titles stand, one more.
    pub min_lines: usize,
    /// Least share of the lines that bear a mark; from 0 to 1.
    pub marked: f32,
    /// Least share where eight or more lines bear marks.
    pub marked_of_many: f32,
}

/// Whether the parameters can be met and ask for something.
///
/// # Errors
///
/// A minimum of no lines, or a share that is none.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let is_share = |share: f32| share > 0.0 && share <= 1.0;
    if parameters.min_lines > 0 && is_share(parameters.marked) && is_share(parameters.marked_of_many) {
        return Ok(());
    }
    let message = "`min-lines` must be at least 1, and `marked` and `marked-of-many` more than 0 and at most 1".into();
    Err(ParameterError { message, place: None })
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None: what can be wrong is found by [`validate`].
pub fn compile(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.clone())).collect();
    Ok(Box::new(SurroundingsCheck { rules }))
}

struct SurroundingsCheck {
    rules: Vec<(Arc<RuleInfo>, Parameters)>,
}

impl DocumentCheck for SurroundingsCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        let fewest = self.rules.iter().map(|(_, parameters)| parameters.min_lines).min().unwrap_or(0);
        if !line::has_short_lines(document, fewest) {
            return;
        }
        let mut lines = line::read(document);
        let is_flagged = covered_by_fixes(&lines, |line| line.span, findings.iter());
        lines.iter_mut().zip(is_flagged).for_each(|(line, is_flagged)| line.is_flagged = is_flagged);
        let Some(body) = body(&lines) else { return };
        let is_article = is_article(document);
        if has_code(document) || is_scattered(&lines, &body) {
            return;
        }
        let head = before_title(document, &lines, body.start);
        for (around, more, place) in [(head, 1, "before"), (body.end..lines.len(), 0, "after")] {
            if outside(&lines[around.clone()]) < fewest + more {
                continue;
            }
            lines[around.clone()].iter_mut().for_each(|line| line.look_for_code(document));
            if is_listing(&lines[around.clone()]) {
                continue;
            }
            lines[around.clone()].iter_mut().for_each(|line| line.look_closer(document));
            let around = &mut lines[around];
            if !is_article {
                spare_teasers(around);
            }
            let around = &*around;
            let goes = if place == "after" { from_mark(around) } else { around };
            for (rule, parameters) in &self.rules {
                if let Some(reason) = reason(around, parameters, parameters.min_lines + more) {
                    report(rule, document, goes, &format!("{place} the text: {reason}"), findings);
                }
            }
        }
    }
}

/// The lines of the text proper: the stretch that holds the most words of running text, where each short line in it costs some.
fn body(lines: &[Line]) -> Option<Range<usize>> {
    /// What a short line costs, in words: three of them may stand between two short paragraphs, a screenful may not.
    const COST: i32 = 8;
    /// Most words that a paragraph counts for: no paragraph makes up for any number of short lines.
    const MOST: i32 = 60;
    let (mut best, mut best_sum) = (0..0, 0);
    let (mut start, mut sum) = (0, 0);
    for (index, line) in lines.iter().enumerate() {
        if sum <= 0 {
            (start, sum) = (index, 0);
        }
        sum += match line.sort {
            _ if line.is_flagged => -COST,
            Sort::Prose(words) if !line.has(Mark::Cut) => i32::try_from(words).unwrap_or(MOST).min(MOST),
            Sort::Prose(_) | Sort::Short => -COST,
            Sort::Empty | Sort::Matter => 0,
        };
        if sum > best_sum {
            (best, best_sum) = (start..index + 1, sum);
        }
    }
    (best_sum > 0).then_some(best)
}

/// Whether the page may be a single text, such as an article, and not an overview of many.
fn is_article(document: &Document<'_>) -> bool {
    const MIN_PROBABILITY: f32 = 0.5;
    document.page_kind().probability(PageKind::Article) >= MIN_PROBABILITY
}

/// Whether the document has code or is documentation, whose short lines are commands, names and values.
fn has_code(document: &Document<'_>) -> bool {
    const MIN_PROBABILITY: f32 = 0.5;
    document.page_kind().probability(PageKind::Documentation) >= MIN_PROBABILITY
        || document.blocks().iter().any(|block| block.kind == BlockKind::Code)
}

/// Forgets that running text is cut off where several texts are: an overview of texts has them as its content.
fn spare_teasers(lines: &mut [Line]) {
    const MIN_TEASERS: usize = 3;
    let is_teaser = |line: &Line| matches!(line.sort, Sort::Prose(_)) && line.has(Mark::Cut);
    if lines.iter().filter(|line| is_teaser(line)).count() >= MIN_TEASERS {
        lines.iter_mut().filter(|line| is_teaser(line)).for_each(Line::clear_cut);
    }
}

/// Whether running text is spread over the page, so that lines between it are part of it: instructions, say.
fn is_scattered(lines: &[Line], body: &Range<usize>) -> bool {
    const MIN_OUTSIDE: usize = 6;
    let is_text = |line: &&Line| matches!(line.sort, Sort::Prose(_)) && !line.is_flagged && !line.has(Mark::Cut);
    let inside = lines[body.clone()].iter().filter(is_text).count();
    let outside = lines.iter().filter(is_text).count() - inside;
    outside >= MIN_OUTSIDE && 2 * outside > inside
}

/// How many lines without letter or digit say that a layout left them behind. A bullet alone belongs to the item below it, unless
/// a ticker with the times of its headlines shows what sort of list it is.
fn empty_lines(lines: &[Line]) -> usize {
    const TICKER: usize = 3;
    let is_empty = |line: &Line| line.sort == Sort::Empty;
    let has_ticker = lines.windows(TICKER).any(|run| run.iter().all(|line| line.has(Mark::Time)));
    let runs = lines.chunk_by(|one, next| is_empty(one) == is_empty(next)).filter(|run| is_empty(&run[0]));
    runs.filter(|run| has_ticker || run.len() > 1).map(<[Line]>::len).sum()
}

/// How many lines are no running text.
fn outside(lines: &[Line]) -> usize {
    lines.iter().filter(|line| matches!(line.sort, Sort::Short | Sort::Empty)).count()
}

/// Of the lines after the text those from the first on that bears a mark: a list at the end of a text bears none.
fn from_mark(lines: &[Line]) -> &[Line] {
    let is_marked = |line: &Line| line.is_flagged || line.sort == Sort::Empty || !line.marks.is_empty();
    let spared = lines.iter().position(is_marked).unwrap_or(lines.len());
    &lines[spared..]
}

/// The lines before the title: up to three lines before the text may be its title and what stands under that, and the first line of
/// all may be the title too.
fn before_title(document: &Document<'_>, lines: &[Line], body: usize) -> Range<usize> {
    const SPARED: usize = 2;
    const TITLE_WORDS: usize = 4;
    let (mut end, mut spared) = (body, 0);
    while end > 0 && spared < SPARED && !lines[end - 1].is_flagged {
        end -= 1;
        spared += usize::from(lines[end].sort != Sort::Empty);
    }
    let begins_with_title = lines.first().is_some_and(|line| {
        !line.is_flagged && line.sort != Sort::Matter && line.words(document, TITLE_WORDS) == TITLE_WORDS
    });
    usize::from(begins_with_title && end > 0)..end
}

/// The lines that are text.
fn written(lines: &[Line]) -> impl Iterator<Item = &Line> {
    lines.iter().filter(|line| !matches!(line.sort, Sort::Empty | Sort::Matter))
}

/// Whether so many of `lines` are code that they may be a listing: two, and one in 25.
fn is_listing(lines: &[Line]) -> bool {
    const LEAST_CODE: usize = 2;
    const CODE_SHARE: usize = 25;
    let code = written(lines).filter(|line| line.is_code).count();
    code >= LEAST_CODE && code * CODE_SHARE >= written(lines).count()
}

/// What makes `lines` the rest of a page, in words; `None` if they need not be.
fn reason(lines: &[Line], parameters: &Parameters, fewest: usize) -> Option<String> {
    /// Marks that do not do by their mere share.
    const MANY: usize = 8;
    /// Fewest marked lines.
    const FEW: usize = 3;
    let written = || written(lines);
    let all = written().count();
    let empty = empty_lines(lines);
    if outside(lines) < fewest {
        return None;
    }
    let flagged = written().filter(|line| line.is_flagged).count();
    let of = |mark: Mark| written().filter(|line| line.has(mark)).count();
    let layout = of(Mark::Layout);
    let marked = empty + written().filter(|line| line.is_flagged || !line.marks.is_empty()).count();
    let counts = [
        (flagged, "noise by other rules"),
        (of(Mark::Time), "dated"),
        (of(Mark::Count), "with a count"),
        (of(Mark::Cut), "cut off"),
        (layout, "remains of layout"),
        (empty, "empty but for marks"),
    ];
    let sorts = counts.iter().filter(|(count, _)| *count > 0).count();
    // A programme has times, a bibliography dates: one sort of mark proves nothing, but for cells that nobody filled.
    let is_enough = marked as f32 >= parameters.marked * all as f32 && marked >= FEW && (sorts >= 2 || layout >= FEW)
        || marked as f32 >= parameters.marked_of_many * all as f32 && marked >= MANY && sorts >= 2;
    let counted: Vec<String> =
        counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
    let short = written().filter(|line| line.sort == Sort::Short).count();
    is_enough.then(|| format!("{short} short lines, {}", counted.join(", ")))
}

/// A finding for each run of lines that are no sentences and that no other rule takes.
fn report(rule: &Arc<RuleInfo>, document: &Document<'_>, lines: &[Line], reason: &str, findings: &mut Vec<Finding>) {
    const EMPTY_LIST: usize = 3;
    let goes = |line: &Line| match line.sort {
        Sort::Short | Sort::Empty => !line.is_flagged,
        Sort::Prose(_) => !line.is_flagged && line.has(Mark::Cut),
        Sort::Matter => false,
    };
    for run in lines.chunk_by(|one, next| goes(one) == goes(next)).filter(|run| goes(&run[0])) {
        let is_written = |line: &Line| line.sort != Sort::Empty;
        // A rule between two lines is left alone; a list of which only the bullets are left is not.
        let all_empty = (run.len() >= EMPTY_LIST).then_some((&run[0], &run[run.len() - 1]));
        let written = run.iter().find(|line| is_written(line)).zip(run.iter().rfind(|line| is_written(line)));
        let Some((first, last)) = written.or(all_empty) else { continue };
        let mut finding = Finding::with_deletion(rule, document, Span::new(first.span.start, last.span.end));
        finding.label = Some(reason.to_owned());
        findings.push(finding);
    }
}
