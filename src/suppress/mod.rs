//! Leaving findings out: by a comment in the text, by a list of passages, or because they are known.
//!
//! | comment | leaves out |
//! |---|---|
//! | `<!-- dechaff: ignore[BP001] reason -->` | findings in the next block, or in its own where text stands beside it |
//! | `<!-- dechaff: ignore-start[BP001] -->` … `<!-- dechaff: ignore-end -->` | findings between the two |
//! | `<!-- dechaff: ignore-file[BP001] -->` | findings in the whole document |
//!
//! In the brackets stand codes, beginnings of codes or names, joined by commas; without brackets all rules are meant.

mod addition;
mod baseline;
mod comment;
mod list;

use std::collections::HashMap;
use std::sync::Arc;

use crate::check::suppression::{SuppressionDefect, SuppressionRules};
use crate::finding::{Applicability, Edit, Finding, Fix, RuleInfo};
use crate::rule::Selector;
use crate::text::{BlockKind, Document, Span};
use crate::user_file::nearest;
use comment::{Comment, Verb};

pub use addition::{comments, entries, file_comment};
pub use baseline::{Baseline, Entry};
pub use list::{IgnoreEntry, IgnoreList};

/// The comments of one document.
pub struct Suppressions {
    /// In order of their scopes.
    directives: Vec<Directive>,
    /// For each directive how far it or one before it reaches.
    reaches: Vec<usize>,
    /// Comments that cannot be understood: where, and why.
    invalid: Vec<(Span, String)>,
}

/// One comment that is understood.
struct Directive {
    /// The comment, from `<!--` to `-->`.
    span: Span,
    /// What it leaves out; empty for everything.
    selectors: Vec<(Selector, Span)>,
    /// Where.
    scope: Span,
    /// Which of the selectors left something out; one for all where there are none.
    used: Vec<bool>,
}

impl Suppressions {
    /// The comments of `document`; `None` where it has none, as most have.
    pub fn of(document: &Document<'_>) -> Option<Self> {
        let mut comments = comment::all(document.text());
        // In code it is an example.
        comments.retain(|comment| {
            let block = document.blocks().get(document.block_at(comment.span.start));
            block.is_none_or(|block| block.kind != BlockKind::Code)
        });
        if comments.is_empty() {
            return None;
        }
        let mut next = NextBlock { document, known: HashMap::new() };
        let scopes: Vec<Span> = comments.iter().rev().map(|comment| next.after(comment.span)).collect();
        let (mut directives, mut invalid) = (Vec::new(), Vec::new());
        let mut open: Vec<(Comment, usize)> = Vec::new();
        for (comment, scope) in comments.into_iter().zip(scopes.into_iter().rev()) {
            let verb = match &comment.verb {
                Ok(verb) => *verb,
                Err(message) => {
                    invalid.push((comment.span, message.clone()));
                    continue;
                }
            };
            match verb {
                Verb::Ignore => directives.push(Directive::new(&comment, scope)),
                Verb::File => directives.push(Directive::new(&comment, Span::new(0, document.text().len()))),
                Verb::Start if !open.is_empty() => {
                    let message = "`ignore-start` within another: end that one first";
                    invalid.push((comment.span, message.into()));
                }
                Verb::Start => {
                    // Its scope is known when its end is found.
                    directives.push(Directive::new(&comment, Span::new(comment.span.end, comment.span.end)));
                    open.push((comment, directives.len() - 1));
                }
                Verb::End => match open.pop() {
                    Some((_, index)) => directives[index].scope.end = comment.span.start,
                    None => invalid.push((comment.span, "`ignore-end` without an `ignore-start` before it".into())),
                },
            }
        }
        for (comment, _) in open {
            invalid.push((comment.span, "`ignore-start` without a following `ignore-end` suppresses nothing".into()));
        }
        invalid.sort();
        directives.sort_by_key(|directive| directive.scope.start);
        let mut reach = 0;
        let reaches = directives.iter().map(|directive| {
            reach = reach.max(directive.scope.end);
            reach
        });
        let reaches = reaches.collect();
        Some(Self { directives, reaches, invalid })
    }

    /// Takes those of `findings` out that a comment is about.
    pub fn filter(&mut self, findings: &mut Vec<Finding>) {
        findings.retain(|finding| !self.covers(finding));
    }

    fn covers(&mut self, finding: &Finding) -> bool {
        let mut covers = false;
        let start = finding.span.start;
        let after = self.directives.partition_point(|directive| directive.scope.start <= start);
        for (directive, reach) in self.directives[..after].iter_mut().zip(&self.reaches).rev() {
            if *reach <= start {
                break;
            }
            if directive.scope.end <= start {
                continue;
            }
            if directive.selectors.is_empty() {
                directive.used[0] = true;
                covers = true;
            }
            for (used, (selector, _)) in directive.used.iter_mut().zip(&directive.selectors) {
                if selector.means(&finding.rule) {
                    *used = true;
                    covers = true;
                }
            }
        }
        covers
    }

    /// What `rules` find of the comments: those that cannot be understood, that name rules that do not exist, or that left
    /// nothing out. `known` are all the rules there are; `ran` says whether a rule was looked for.
    pub fn findings(
        &self,
        document: &Document<'_>,
        rules: &SuppressionRules,
        known: &[Arc<RuleInfo>],
        ran: impl Fn(&RuleInfo) -> bool,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (rule, fault) in &rules.rules {
            match fault {
                SuppressionDefect::Invalid => {
                    let broken =
                        self.invalid.iter().map(|(span, message)| with_deletion(rule, document, *span, message));
                    findings.extend(broken);
                    for directive in &self.directives {
                        findings.extend(directive.unknown(rule, document, known));
                    }
                }
                SuppressionDefect::Unused => {
                    let unused =
                        self.directives.iter().filter_map(|directive| directive.unused(rule, document, known, &ran));
                    findings.extend(unused);
                }
            }
        }
        findings
    }
}

impl Directive {
    fn new(comment: &Comment, scope: Span) -> Self {
        let selectors = comment.selectors.iter().map(|(text, span)| (Selector::from(text.as_str()), *span)).collect();
        let used = vec![false; comment.selectors.len().max(1)];
        Self { span: comment.span, selectors, scope, used }
    }

    /// Findings for selectors that mean no rule.
    fn unknown(&self, rule: &Arc<RuleInfo>, document: &Document<'_>, known: &[Arc<RuleInfo>]) -> Vec<Finding> {
        let unknown = self.selectors.iter().filter(|(selector, _)| !is_known(selector, known));
        unknown
            .map(|(_, span)| {
                let written = document.slice(*span);
                let names = known.iter().flat_map(|rule| [rule.code.as_str(), rule.name.as_str()]);
                let mut finding = Finding::new(rule, document, *span);
                finding.message = Some(format!("no rule has the code or name `{written}`"));
                match nearest(written, names) {
                    Some(nearest) => {
                        finding.help = Some(format!("write `{nearest}`").into());
                        let edit = Edit { span: *span, content: nearest.to_owned() };
                        // What was meant is a guess.
                        finding.fix = Some(Fix { applicability: Applicability::Unsafe, edits: vec![edit] });
                    }
                    None => finding.help = Some("`dechaff rule --all` lists the rules".into()),
                }
                finding
            })
            .collect()
    }

    /// A finding for a comment that left nothing out, as far as that can be told: the rules it names were looked for.
    fn unused(
        &self,
        rule: &Arc<RuleInfo>,
        document: &Document<'_>,
        known: &[Arc<RuleInfo>],
        ran: impl Fn(&RuleInfo) -> bool,
    ) -> Option<Finding> {
        let is_known = self.selectors.iter().all(|(selector, _)| is_known(selector, known));
        if self.scope.is_empty() && !self.selectors.is_empty() && is_known {
            // Nothing follows it.
            return Some(with_deletion(rule, document, self.span, "this comment has nothing to leave out"));
        }
        if self.selectors.is_empty() {
            let is_told = !self.used[0] && known.iter().all(|rule| ran(rule));
            return is_told.then(|| with_deletion(rule, document, self.span, "this comment suppresses nothing"));
        }
        let is_idle = |(used, (selector, _)): (&bool, &(Selector, Span))| {
            let mut meant = known.iter().filter(|rule| selector.means(rule)).peekable();
            !used && meant.peek().is_some() && meant.all(|rule| ran(rule))
        };
        let idle: Vec<usize> = self
            .used
            .iter()
            .zip(&self.selectors)
            .enumerate()
            .filter(|(_, pair)| is_idle(*pair))
            .map(|(index, _)| index)
            .collect();
        let first = *idle.first()?;
        if idle.len() == self.selectors.len() {
            return Some(with_deletion(rule, document, self.span, "this comment suppresses nothing"));
        }
        let (_, span) = self.selectors.get(first)?;
        let mut finding = Finding::new(rule, document, *span);
        let written: Vec<&str> = idle.iter().map(|&index| document.slice(self.selectors[index].1)).collect();
        finding.message = Some(format!("nothing of `{}` is left out here", written.join("`, `")));
        finding.help = Some(format!("take `{}` out of the brackets", written.join("`, `")).into());
        let kept: Vec<&str> = (0..self.selectors.len())
            .filter(|index| !idle.contains(index))
            .map(|index| document.slice(self.selectors[index].1))
            .collect();
        let (start, end) = (self.selectors.first()?.1.start, self.selectors.last()?.1.end);
        let edit = Edit { span: Span::new(start, end), content: kept.join(", ") };
        finding.fix = rule.fix.map(|applicability| Fix { applicability, edits: vec![edit] });
        Some(finding)
    }
}

fn is_known(selector: &Selector, known: &[Arc<RuleInfo>]) -> bool {
    known.iter().any(|rule| selector.means(rule))
}

fn with_deletion(rule: &Arc<RuleInfo>, document: &Document<'_>, span: Span, message: &str) -> Finding {
    let mut finding = Finding::with_deletion(rule, document, span);
    finding.message = Some(message.to_owned());
    finding.help = finding.help.map(|_| "remove the comment".into());
    finding
}

/// What each comment is about. Comments are asked about from the last to the first, so that a run of them is walked once.
struct NextBlock<'d, 't> {
    document: &'d Document<'t>,
    /// What comments alone in their blocks are about, by block.
    known: HashMap<usize, Span>,
}

impl NextBlock<'_, '_> {
    /// The comment's own block where text stands beside it, else the next that is not blank. Lines of a table are one block, and
    /// so are lines that each begin with `|`.
    fn after(&mut self, comment: Span) -> Span {
        let document = self.document;
        let index = document.block_at(comment.start);
        let Some(own) = document.blocks().get(index) else { return Span::default() };
        let text = |span: Span| document.slice(span).trim();
        let is_comment = |text: &str| text.is_empty() || text.starts_with("<!--") && text.ends_with("-->");
        let (before, after) =
            (Span::new(own.span.start, comment.start), Span::new(comment.end, own.span.end.max(comment.end)));
        if !is_comment(text(before)) || !is_comment(text(after)) {
            return own.span;
        }
        let scope = self.block_after(index, comment.end, is_comment);
        self.known.insert(index, scope);
        scope
    }

    fn block_after(&self, index: usize, end: usize, is_comment: impl Fn(&str) -> bool) -> Span {
        let blocks = self.document.blocks();
        let mut next = index + 1;
        while let Some(block) = blocks.get(next) {
            if let Some(scope) = self.known.get(&next) {
                return *scope;
            }
            if !is_comment(self.document.slice(block.span).trim()) {
                break;
            }
            next += 1;
        }
        let Some(first) = blocks.get(next) else { return Span::new(end, end) };
        let is_row = |span: Span| self.document.slice(span).trim_start().starts_with('|');
        let rows = blocks[next..].iter().take_while(|block| is_row(block.span));
        let last = rows.last().unwrap_or(first);
        Span::new(first.span.start, last.span.end)
    }
}
