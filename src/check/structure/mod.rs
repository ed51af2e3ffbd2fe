//! The `structure` kind: headings, lists and quotations that lost their line ends, and markup that lost its other half.
//!
//! Each fault is decided within one line. A line is looked at only if it holds the signs the fault is made of.

mod bullet;
mod emphasis;
mod fence;
mod heading;
mod link;
mod list;
mod markup;
mod proof;
mod quote;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DocumentCheck, ParameterError, RuleWithParams};
use crate::finding::{Edit, Finding, Fix, RuleInfo};
use crate::text::{Block, Document, Span};

/// The kind's name in rule files.
pub const NAME: &str = "structure";

/// Which fault of structure a rule is about.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// The fault.
    pub fault: Fault,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// A heading inside a line, or with its paragraph on its own line.
    FlattenedHeading,
    /// Items of a list on one line.
    FlattenedList,
    /// Lines of a quotation on one line.
    FlattenedQuote,
    /// A block of code on one line.
    FlattenedFence,
    /// A bullet that markdown does not know.
    ForeignBullet,
    /// Strong emphasis that is opened and not closed, or the other way round.
    UnbalancedEmphasis,
    /// A link that ends before its target does.
    CutLink,
    /// HTML tags in text.
    StrayTag,
    /// HTML entities in text.
    StrayEntity,
}

/// Every fault is as good as another.
///
/// # Errors
///
/// None.
pub fn validate(_parameters: &Parameters) -> Result<(), ParameterError> {
    Ok(())
}

/// Makes one check of all the rules.
///
/// # Errors
///
/// None.
pub fn compile(rules: Vec<RuleWithParams<'_, Parameters>>) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let rules = rules.into_iter().map(|(rule, parameters)| (rule, parameters.fault)).collect();
    Ok(Box::new(StructureCheck { rules }))
}

struct StructureCheck {
    rules: Vec<(Arc<RuleInfo>, Fault)>,
}

impl DocumentCheck for StructureCheck {
    fn check(&self, document: &Document<'_>, findings: &mut Vec<Finding>) {
        for (rule, fault) in &self.rules {
            let mut found = Vec::new();
            match fault {
                Fault::FlattenedHeading => heading::find(document, &mut found),
                Fault::FlattenedList => list::find(document, &mut found),
                Fault::FlattenedQuote => quote::find(document, &mut found),
                Fault::FlattenedFence => fence::find(document, &mut found),
                Fault::ForeignBullet => bullet::find(document, &mut found),
                Fault::UnbalancedEmphasis => emphasis::find(document, &mut found),
                Fault::CutLink => link::find(document, &mut found),
                Fault::StrayTag => markup::find_tags(document, &mut found),
                Fault::StrayEntity => markup::find_entities(document, &mut found),
            }
            findings.extend(found.into_iter().map(|one| one.finding(rule, document)));
        }
    }
}

/// A fault at its place.
#[derive(Debug)]
struct Found {
    span: Span,
    label: Option<String>,
    help: &'static str,
    /// Proven, in order of place; empty where nothing certain can be done.
    edits: Vec<Edit>,
}

impl Found {
    fn new(span: Span) -> Self {
        Self { span, label: None, help: "", edits: Vec::new() }
    }

    fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    fn fix(mut self, help: &'static str, edits: Vec<Edit>) -> Self {
        self.help = help;
        self.edits = edits;
        self
    }

    fn finding(self, rule: &Arc<RuleInfo>, document: &Document<'_>) -> Finding {
        let mut finding = Finding::new(rule, document, self.span);
        finding.label = self.label;
        if let Some(applicability) = rule.fix.filter(|_| !self.edits.is_empty()) {
            finding.help = Some(self.help.into());
            finding.fix = Some(Fix { applicability, edits: self.edits });
        }
        finding
    }
}

/// A line of text that holds one of the signs looked for.
struct Line<'d, 't> {
    text: &'t str,
    /// Its bytes in the document, from its first character that is no blank to its last.
    span: Span,
    /// Its index.
    index: usize,
    block: &'d Block,
}

/// The lines of text, not of code or tables, that hold `needle`.
fn lines_with<'d, 't>(document: &'d Document<'t>, needle: &str) -> Vec<Line<'d, 't>> {
    let mut lines: Vec<Line<'d, 't>> = Vec::new();
    let (mut done, mut index, mut block_index) = (0, 0, 0);
    for hit in memchr::memmem::find_iter(document.text().as_bytes(), needle.as_bytes()) {
        if hit < done {
            continue;
        }
        index = last_of(document.lines(), index, |line| line.start <= hit);
        let Some(&line) = document.lines().get(index) else { continue };
        done = line.end;
        block_index = last_of(document.blocks(), block_index, |block| block.span.start <= hit);
        let block = &document.blocks()[block_index];
        let span = crate::text::trim(document.text(), line);
        if block.kind.is_text() && !span.is_empty() {
            lines.push(Line { text: document.slice(span), span, index, block });
        }
    }
    lines
}

/// The last item from `from` on for which `is_before` holds, which it does up to there; quick where that is near.
fn last_of<T>(items: &[T], from: usize, is_before: impl Fn(&T) -> bool) -> usize {
    let (mut start, mut step) = (from, 1);
    while items.get(start + step).is_some_and(&is_before) {
        start += step;
        step *= 2;
    }
    let rest = items.get(start..(start + step).min(items.len())).unwrap_or_default();
    (start + rest.partition_point(is_before)).saturating_sub(1)
}

/// The line end that the line at `index` has.
fn newline(document: &Document<'_>, index: usize) -> &'static str {
    let end = document.lines().get(index).map_or(0, |line| line.end);
    if document.text()[end..].starts_with("\r\n") { "\r\n" } else { "\n" }
}

/// Byte ranges of the code spans in a line; a backtick that is never closed opens none.
pub(in crate::check) fn code_spans(line: &str) -> Vec<Span> {
    let bytes = line.as_bytes();
    let mut runs: Vec<(usize, usize)> = Vec::new();
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'`', &bytes[at..]) {
        let start = at + offset;
        let length = bytes[start..].iter().take_while(|&&byte| byte == b'`').count();
        runs.push((start, length));
        at = start + length;
    }
    if runs.len() < 2 {
        return Vec::new();
    }
    // For each length the next run of that length, looked up from the right, so that no run is searched for twice.
    let mut next_of: std::collections::HashMap<usize, usize> = std::collections::HashMap::new();
    let mut closes = vec![None; runs.len()];
    for (index, (_, length)) in runs.iter().enumerate().rev() {
        closes[index] = next_of.insert(*length, index);
    }
    let mut spans = Vec::new();
    let mut index = 0;
    while let Some(&(start, _)) = runs.get(index) {
        match closes[index] {
            Some(close) => {
                spans.push(Span::new(start, runs[close].0 + runs[close].1));
                index = close + 1;
            }
            None => index += 1,
        }
    }
    spans
}

/// Whether `offset` is in one of `spans`, which are in order.
pub(in crate::check) fn is_within(spans: &[Span], offset: usize) -> bool {
    let index = spans.partition_point(|span| span.end <= offset);
    spans.get(index).is_some_and(|span| span.start <= offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_spans_close_with_as_many_backticks() {
        let of = |line: &str| code_spans(line).iter().map(|span| line[span.range()].to_owned()).collect::<Vec<_>>();
        assert_eq!(of("a `b` c ``d ` e`` f"), ["`b`", "``d ` e``"]);
        assert_eq!(of("a ` b `` c"), [""; 0]);
    }
}
