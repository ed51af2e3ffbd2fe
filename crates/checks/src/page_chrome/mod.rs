//! The `surroundings` kind: page chrome around the main content, where an extractor kept much of
//! the page.
//!
//! News sites put dozens of headlines, section names and dates before and after each story. Their
//! wording differs from site to site, but their shape does not, in any language: a run of short
//! lines outside the running text, many of which have a signal that lines of a text rarely have. A
//! run without such signals is never reported, however long: it may be a list, a poem or a
//! bibliography. Neither is a run that looks like code.

mod page_line;

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::DocumentCheck;
use super::coverage::covered_by_evidence;
use dechaff_findings::{Finding, FindingSink, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::{BlockKind, Document, PageKind, Span};
use page_line::{LineKind, PageLine, Signal};

/// The kind's name in rule files.
pub const NAME: &str = "surroundings";

/// Thresholds for lines around a text to count as page chrome.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Minimum number of short lines after the text. Before it, where titles are, one more is
    /// needed.
    pub min_lines: usize,
    /// Minimum share of lines with a signal, above 0 and at most 1.
    pub marked: f32,
    /// Minimum share if eight or more lines have signals.
    pub marked_of_many: f32,
}

/// Validates the parameters.
///
/// # Errors
///
/// Fails if `min-lines` is 0, or if a share is not above 0 and at most 1.
pub fn validate(parameters: &Parameters) -> Result<(), ParameterError> {
    let is_share = |share: f32| share > 0.0 && share <= 1.0;
    if parameters.min_lines > 0
        && is_share(parameters.marked)
        && is_share(parameters.marked_of_many)
    {
        return Ok(());
    }
    let message = "`min-lines` must be at least 1, and `marked` and `marked-of-many` more than 0 and at most 1".into();
    Err(ParameterError { message, place: None })
}

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails; [`validate`] has checked the parameters.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.clone())).collect();
    Ok(Box::new(PageChromeCheck { rules }))
}

struct PageChromeCheck {
    rules: Vec<(Arc<RuleInfo>, Parameters)>,
}

impl DocumentCheck for PageChromeCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        let min_lines =
            self.rules.iter().map(|(_, parameters)| parameters.min_lines).min().unwrap_or(0);
        if !page_line::has_short_lines(document, min_lines) {
            return;
        }
        let mut lines = page_line::parse_lines(document);
        let is_flagged = covered_by_evidence(&lines, |line| line.span, findings.iter());
        lines
            .iter_mut()
            .zip(is_flagged)
            .for_each(|(line, is_flagged)| line.is_flagged = is_flagged);
        let Some(main_content) = main_content(&lines) else { return };
        let is_article = is_article(document);
        if has_code(document) || is_scattered(&lines, &main_content) {
            return;
        }
        let head = before_title(document, &lines, main_content.start);
        for (around, more, place) in
            [(head, 1, "before"), (main_content.end..lines.len(), 0, "after")]
        {
            if count_non_prose(&lines[around.clone()]) < min_lines + more {
                continue;
            }
            lines[around.clone()].iter_mut().for_each(|line| line.detect_code(document));
            if is_listing(&lines[around.clone()]) {
                continue;
            }
            lines[around.clone()].iter_mut().for_each(|line| line.detect_signals(document));
            let around = &mut lines[around];
            if !is_article {
                ignore_teasers(around);
            }
            let around = &*around;
            let chrome = if place == "after" { from_first_signal(around) } else { around };
            for (rule, parameters) in &self.rules {
                if let Some(reason) = reason(around, parameters, parameters.min_lines + more) {
                    report_runs(
                        rule,
                        document,
                        chrome,
                        &format!("{place} the text: {reason}"),
                        findings,
                    );
                }
            }
        }
    }
}

/// Returns the main content: the stretch of lines with the most words of running text, minus a
/// penalty for each short line.
fn main_content(lines: &[PageLine]) -> Option<Range<usize>> {
    /// Penalty for a short line, in words. Three of them may separate two short paragraphs; a
    /// screenful may not.
    const SHORT_LINE_PENALTY: i32 = 8;
    /// Maximum number of words counted per paragraph, so that no paragraph outweighs any number of
    /// short lines.
    const MAX_PARAGRAPH_WORDS: i32 = 60;
    let mut best = 0..0;
    let mut best_sum = 0;
    let mut start = 0;
    let mut sum = 0;
    for (index, line) in lines.iter().enumerate() {
        if sum <= 0 {
            (start, sum) = (index, 0);
        }
        sum += match line.kind {
            _ if line.is_flagged => -SHORT_LINE_PENALTY,
            LineKind::Prose(words) if !line.has(Signal::Truncated) => {
                i32::try_from(words).unwrap_or(MAX_PARAGRAPH_WORDS).min(MAX_PARAGRAPH_WORDS)
            }
            LineKind::Prose(_) | LineKind::Short => -SHORT_LINE_PENALTY,
            LineKind::Empty | LineKind::NonText => 0,
        };
        if sum > best_sum {
            (best, best_sum) = (start..index + 1, sum);
        }
    }
    (best_sum > 0).then_some(best)
}

/// Whether the page is likely a single text, such as an article, and not an overview of many.
fn is_article(document: &Document<'_>) -> bool {
    const MIN_PROBABILITY: f32 = 0.5;
    document.page_kind().probability(PageKind::Article) >= MIN_PROBABILITY
}

/// Whether the document contains code or is documentation, whose short lines are commands, names
/// and values.
fn has_code(document: &Document<'_>) -> bool {
    const MIN_PROBABILITY: f32 = 0.5;
    document.page_kind().probability(PageKind::Documentation) >= MIN_PROBABILITY
        || document.blocks().iter().any(|block| block.kind == BlockKind::Code)
}

/// Clears the truncation signal of running text if several texts are truncated: teasers are the
/// content of an overview.
fn ignore_teasers(lines: &mut [PageLine]) {
    const MIN_TEASERS: usize = 3;
    let is_teaser =
        |line: &PageLine| matches!(line.kind, LineKind::Prose(_)) && line.has(Signal::Truncated);
    if lines.iter().filter(|line| is_teaser(line)).count() >= MIN_TEASERS {
        lines.iter_mut().filter(|line| is_teaser(line)).for_each(PageLine::clear_truncated);
    }
}

/// Whether running text is spread over the page, so that the lines between are part of it, as in
/// instructions.
fn is_scattered(lines: &[PageLine], main_content: &Range<usize>) -> bool {
    const MIN_OUTSIDE: usize = 6;
    let is_text = |line: &&PageLine| {
        matches!(line.kind, LineKind::Prose(_)) && !line.is_flagged && !line.has(Signal::Truncated)
    };
    let inside = lines[main_content.clone()].iter().filter(is_text).count();
    let outside = lines.iter().filter(is_text).count() - inside;
    outside >= MIN_OUTSIDE && 2 * outside > inside
}

/// Counts lines without letters and digits that a layout left behind. A single bullet belongs to
/// the item below it, unless the page has a ticker of headlines with times.
fn empty_lines(lines: &[PageLine]) -> usize {
    const TICKER: usize = 3;
    let is_empty = |line: &PageLine| line.kind == LineKind::Empty;
    let has_ticker = lines.windows(TICKER).any(|run| run.iter().all(|line| line.has(Signal::Time)));
    let runs =
        lines.chunk_by(|one, next| is_empty(one) == is_empty(next)).filter(|run| is_empty(&run[0]));
    runs.filter(|run| has_ticker || run.len() > 1).map(<[PageLine]>::len).sum()
}

/// Counts lines that are not running text.
fn count_non_prose(lines: &[PageLine]) -> usize {
    lines.iter().filter(|line| matches!(line.kind, LineKind::Short | LineKind::Empty)).count()
}

/// Returns the lines after the text from the first with a signal on, since a list at the end of a
/// text has none.
fn from_first_signal(lines: &[PageLine]) -> &[PageLine] {
    let has_signal = |line: &PageLine| {
        line.is_flagged || line.kind == LineKind::Empty || !line.signals.is_empty()
    };
    let spared = lines.iter().position(has_signal).unwrap_or(lines.len());
    &lines[spared..]
}

/// Returns the lines before the title. Up to three lines before the text may be its title and
/// byline, and the first line of the page may be the title, too.
fn before_title(document: &Document<'_>, lines: &[PageLine], main_content: usize) -> Range<usize> {
    const MAX_TITLE_LINES: usize = 2;
    const TITLE_WORDS: usize = 4;
    let mut end = main_content;
    let mut spared = 0;
    while end > 0 && spared < MAX_TITLE_LINES && !lines[end - 1].is_flagged {
        end -= 1;
        spared += usize::from(lines[end].kind != LineKind::Empty);
    }
    let begins_with_title = lines.first().is_some_and(|line| {
        !line.is_flagged
            && line.kind != LineKind::NonText
            && line.words(document, TITLE_WORDS) == TITLE_WORDS
    });
    usize::from(begins_with_title && end > 0)..end
}

/// Returns the lines of text, without empty lines and code.
fn text_lines(lines: &[PageLine]) -> impl Iterator<Item = &PageLine> {
    lines.iter().filter(|line| !matches!(line.kind, LineKind::Empty | LineKind::NonText))
}

/// Whether `lines` may be a code listing: at least two of them look like code, and one in 25.
fn is_listing(lines: &[PageLine]) -> bool {
    const MIN_CODE_LINES: usize = 2;
    const CODE_SHARE: usize = 25;
    let code = text_lines(lines).filter(|line| line.is_code).count();
    code >= MIN_CODE_LINES && code * CODE_SHARE >= text_lines(lines).count()
}

/// Explains why `lines` are page chrome; `None` if they may not be.
fn reason(lines: &[PageLine], parameters: &Parameters, min_lines: usize) -> Option<String> {
    /// Number of signals from which [`Parameters::marked_of_many`] applies.
    const MANY_SIGNALS: usize = 8;
    /// Minimum number of lines with signals.
    const MIN_SIGNALS: usize = 3;
    let text_lines = || text_lines(lines);
    let all = text_lines().count();
    let empty = empty_lines(lines);
    if count_non_prose(lines) < min_lines {
        return None;
    }
    let flagged = text_lines().filter(|line| line.is_flagged).count();
    let of = |signal: Signal| text_lines().filter(|line| line.has(signal)).count();
    let layout = of(Signal::Layout);
    let marked =
        empty + text_lines().filter(|line| line.is_flagged || !line.signals.is_empty()).count();
    let counts = [
        (flagged, "noise by other rules"),
        (of(Signal::Time), "dated"),
        (of(Signal::Count), "with a count"),
        (of(Signal::Truncated), "cut off"),
        (layout, "remains of layout"),
        (empty, "empty but for marks"),
    ];
    let sorts = counts.iter().filter(|(count, _)| *count > 0).count();
    // A programme has times, a bibliography has years: one kind of signal proves nothing, except
    // for empty table cells.
    let is_enough = marked as f32 >= parameters.marked * all as f32
        && marked >= MIN_SIGNALS
        && (sorts >= 2 || layout >= MIN_SIGNALS)
        || marked as f32 >= parameters.marked_of_many * all as f32
            && marked >= MANY_SIGNALS
            && sorts >= 2;
    let counted: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
    let short = text_lines().filter(|line| line.kind == LineKind::Short).count();
    is_enough.then(|| format!("{short} short lines, {}", counted.join(", ")))
}

/// Reports each run of short lines that no other rule removes.
fn report_runs(
    rule: &Arc<RuleInfo>,
    document: &Document<'_>,
    lines: &[PageLine],
    reason: &str,
    findings: &mut FindingSink<'_>,
) {
    const EMPTY_LIST: usize = 3;
    let is_chrome = |line: &PageLine| match line.kind {
        LineKind::Short | LineKind::Empty => !line.is_flagged,
        LineKind::Prose(_) => !line.is_flagged && line.has(Signal::Truncated),
        LineKind::NonText => false,
    };
    for run in lines
        .chunk_by(|one, next| is_chrome(one) == is_chrome(next))
        .filter(|run| is_chrome(&run[0]))
    {
        let is_text_line = |line: &PageLine| line.kind != LineKind::Empty;
        // Ignore a single rule between two lines, but not a list reduced to its bullets.
        let all_empty = (run.len() >= EMPTY_LIST).then_some((&run[0], &run[run.len() - 1]));
        let text_lines = run
            .iter()
            .find(|line| is_text_line(line))
            .zip(run.iter().rfind(|line| is_text_line(line)));
        let Some((first, last)) = text_lines.or(all_empty) else { continue };
        let mut finding =
            Finding::with_deletion(rule, document, Span::new(first.span.start, last.span.end));
        finding.label = Some(reason.to_owned());
        findings.push(finding);
    }
}
