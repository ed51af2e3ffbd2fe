//! Suppression of findings by comments, the ignore list and the baseline.
//!
//! | comment | suppresses findings |
//! |---|---|
//! | `<!-- dechaff: ignore[BP001] reason -->` | in the next block, or in its own block if that has other text |
//! | `<!-- dechaff: ignore-start[BP001] -->` … `<!-- dechaff: ignore-end -->` | between the two |
//! | `<!-- dechaff: ignore-file[BP001] -->` | in the whole document |
//!
//! The brackets hold codes, prefixes of codes or names, separated by commas. Without brackets, the
//! comment applies to all rules.

mod baseline;
mod comment;
mod ignore_list;
mod new_suppressions;

use std::collections::HashMap;
use std::sync::Arc;

use comment::{Comment, DirectiveKind};
use dechaff_checks::rule::Selector;
use dechaff_checks::suppression::{SuppressionDefect, SuppressionRules};
use dechaff_findings::user_file::nearest;
use dechaff_findings::{Applicability, Edit, Finding, Fix, RuleInfo};
use dechaff_text::{BlockKind, Document, Span};

pub use baseline::{Baseline, BaselineEntry};
pub use ignore_list::{IgnoreEntry, IgnoreList};
pub use new_suppressions::{file_suppression_comment, ignore_entries, suppression_comments};

/// The suppression comments of a document.
pub struct Suppressions {
    /// Directives in order of their scopes.
    directives: Vec<Directive>,
    /// For each directive, the furthest end of its scope and those before it. Bounds the backward
    /// search.
    max_scope_ends: Vec<usize>,
    /// Invalid comments and what is wrong with them.
    invalid: Vec<(Span, String)>,
    /// Length of the text in bytes.
    text_length: usize,
}

/// A valid suppression comment.
struct Directive {
    /// The comment, from `<!--` to `-->`.
    span: Span,
    /// The rules it applies to; empty for all.
    selectors: Vec<(Selector, Span)>,
    /// Where it applies.
    scope: Span,
    /// Whether each selector has suppressed a finding. Has one element if there are no selectors.
    used: Vec<bool>,
}

/// Turns comments into directives, in order of position.
struct DirectiveParser {
    text_length: usize,
    directives: Vec<Directive>,
    /// Invalid comments and what is wrong with them.
    invalid: Vec<(Span, String)>,
    /// The last `ignore-start` without an `ignore-end` yet, and the index of its directive.
    open: Option<(Span, usize)>,
}

impl DirectiveParser {
    fn new(text_length: usize) -> Self {
        Self { text_length, directives: Vec::new(), invalid: Vec::new(), open: None }
    }

    /// Parses a comment; `scope` is that of an `ignore` in its place.
    fn parse(&mut self, comment: &Comment, scope: Span) {
        let span = comment.span;
        let kind = match &comment.kind {
            Ok(kind) => *kind,
            Err(message) => return self.reject(span, message),
        };
        match kind {
            DirectiveKind::Ignore => self.directives.push(Directive::new(comment, scope)),
            DirectiveKind::File => {
                self.directives.push(Directive::new(comment, Span::new(0, self.text_length)))
            }
            DirectiveKind::Start if self.open.is_some() => {
                self.reject(span, "`ignore-start` inside another: end that one first");
            }
            DirectiveKind::Start => {
                // The matching `ignore-end` sets the end of the scope.
                self.open = Some((span, self.directives.len()));
                self.directives.push(Directive::new(comment, Span::new(span.end, span.end)));
            }
            DirectiveKind::End => match self.open.take() {
                Some((_, index)) => self.directives[index].scope.end = span.start,
                None => self.reject(span, "`ignore-end` without an `ignore-start` before it"),
            },
        }
    }

    fn reject(&mut self, span: Span, message: &str) {
        self.invalid.push((span, message.to_owned()));
    }

    /// Returns the directives, and the invalid comments.
    fn finish(mut self) -> (Vec<Directive>, Vec<(Span, String)>) {
        if let Some((span, _)) = self.open.take() {
            self.reject(span, "`ignore-start` without a following `ignore-end` suppresses nothing");
        }
        (self.directives, self.invalid)
    }
}

impl Suppressions {
    /// Parses the comments of a document. Returns `None` if it has none.
    pub fn from_document(document: &Document<'_>) -> Option<Self> {
        let mut comments = comment::find_comments(document.text());
        // A comment in a code block is an example.
        comments.retain(|comment| {
            let block = document.blocks().get(document.block_at(comment.span.start));
            block.is_none_or(|block| block.kind != BlockKind::Code)
        });
        if comments.is_empty() {
            return None;
        }
        let mut resolver = ScopeResolver { document, scopes: HashMap::new() };
        let scopes: Vec<Span> =
            comments.iter().rev().map(|comment| resolver.resolve(comment.span)).collect();
        let mut parser = DirectiveParser::new(document.text().len());
        for (comment, scope) in comments.into_iter().zip(scopes.into_iter().rev()) {
            parser.parse(&comment, scope);
        }
        let (mut directives, mut invalid) = parser.finish();
        invalid.sort();
        directives.sort_by_key(|directive| directive.scope.start);
        let mut max_end = 0;
        let update_max_end = |directive: &Directive| {
            max_end = max_end.max(directive.scope.end);
            max_end
        };
        let max_scope_ends = directives.iter().map(update_max_end).collect();
        Some(Self { directives, max_scope_ends, invalid, text_length: document.text().len() })
    }

    /// Removes the findings that a comment suppresses.
    pub fn filter(&mut self, findings: &mut Vec<Finding>) {
        findings.retain(|finding| match self.suppressed_up_to(finding) {
            // Unlisted findings are further down.
            Some(end) => finding.unlisted > 0 && end < self.text_length,
            None => true,
        });
    }

    /// Returns the end of the widest scope in which the finding is suppressed.
    fn suppressed_up_to(&mut self, finding: &Finding) -> Option<usize> {
        let mut suppressed_up_to = None;
        let start = finding.span.start;
        let after = self.directives.partition_point(|directive| directive.scope.start <= start);
        for (directive, max_end) in
            self.directives[..after].iter_mut().zip(&self.max_scope_ends).rev()
        {
            if *max_end <= start {
                break;
            }
            if directive.scope.end <= start {
                continue;
            }
            if directive.selectors.is_empty() {
                directive.used[0] = true;
                suppressed_up_to = suppressed_up_to.max(Some(directive.scope.end));
            }
            for (used, (selector, _)) in directive.used.iter_mut().zip(&directive.selectors) {
                if selector.means(&finding.rule) {
                    *used = true;
                    suppressed_up_to = suppressed_up_to.max(Some(directive.scope.end));
                }
            }
        }
        suppressed_up_to
    }

    /// Reports comments that are invalid, name unknown rules, or suppress nothing.
    ///
    /// `all_rules` are the built-in and custom rules; `ran` tells whether a rule was run.
    pub fn findings(
        &self,
        document: &Document<'_>,
        rules: &SuppressionRules,
        all_rules: &[Arc<RuleInfo>],
        ran: impl Fn(&RuleInfo) -> bool,
    ) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (rule, defect) in &rules.rules {
            match defect {
                SuppressionDefect::Invalid => {
                    let invalid = self.invalid.iter();
                    findings
                        .extend(invalid.map(|(span, message)| {
                            comment_finding(rule, document, *span, message)
                        }));
                    for directive in &self.directives {
                        findings.extend(directive.unknown(rule, document, all_rules));
                    }
                }
                SuppressionDefect::Unused => {
                    let unused =
                        |directive: &Directive| directive.unused(rule, document, all_rules, &ran);
                    findings.extend(self.directives.iter().filter_map(unused));
                }
            }
        }
        findings
    }
}

impl Directive {
    fn new(comment: &Comment, scope: Span) -> Self {
        let selectors = comment
            .selectors
            .iter()
            .map(|(text, span)| (Selector::from(text.as_str()), *span))
            .collect();
        let used = vec![false; comment.selectors.len().max(1)];
        Self { span: comment.span, selectors, scope, used }
    }

    /// Reports selectors that match no rule.
    fn unknown(
        &self,
        rule: &Arc<RuleInfo>,
        document: &Document<'_>,
        all_rules: &[Arc<RuleInfo>],
    ) -> Vec<Finding> {
        let unknown =
            self.selectors.iter().filter(|(selector, _)| !matches_any(selector, all_rules));
        unknown
            .map(|(_, span)| {
                let name = document.slice(*span);
                let names =
                    all_rules.iter().flat_map(|rule| [rule.code.as_str(), rule.name.as_str()]);
                let mut finding = Finding::new(rule, document, *span);
                finding.message = Some(format!("no rule has the code or name `{name}`"));
                match nearest(name, names) {
                    Some(nearest) => {
                        finding.help = Some(format!("write `{nearest}`").into());
                        let edit = Edit { span: *span, content: nearest.to_owned() };
                        // The suggestion is a guess.
                        finding.fix =
                            Some(Fix { applicability: Applicability::Unsafe, edits: vec![edit] });
                    }
                    None => finding.help = Some("`dechaff rule --all` lists the rules".into()),
                }
                finding
            })
            .collect()
    }

    /// Reports a comment that suppresses nothing, if all rules that it names were checked.
    fn unused(
        &self,
        rule: &Arc<RuleInfo>,
        document: &Document<'_>,
        all_rules: &[Arc<RuleInfo>],
        ran: impl Fn(&RuleInfo) -> bool,
    ) -> Option<Finding> {
        let is_known = self.selectors.iter().all(|(selector, _)| matches_any(selector, all_rules));
        if self.scope.is_empty() && !self.selectors.is_empty() && is_known {
            return Some(comment_finding(
                rule,
                document,
                self.span,
                "this comment has nothing to suppress",
            ));
        }
        if self.selectors.is_empty() {
            let is_unused = !self.used[0] && all_rules.iter().all(|rule| ran(rule));
            return is_unused.then(|| {
                comment_finding(rule, document, self.span, "this comment suppresses nothing")
            });
        }
        let is_unused = |(used, (selector, _)): (&bool, &(Selector, Span))| {
            let mut matching = all_rules.iter().filter(|rule| selector.means(rule)).peekable();
            !used && matching.peek().is_some() && matching.all(|rule| ran(rule))
        };
        let unused: Vec<usize> = self
            .used
            .iter()
            .zip(&self.selectors)
            .enumerate()
            .filter(|(_, pair)| is_unused(*pair))
            .map(|(index, _)| index)
            .collect();
        let first = *unused.first()?;
        if unused.len() == self.selectors.len() {
            return Some(comment_finding(
                rule,
                document,
                self.span,
                "this comment suppresses nothing",
            ));
        }
        let (_, span) = self.selectors.get(first)?;
        let mut finding = Finding::new(rule, document, *span);
        let names: Vec<&str> =
            unused.iter().map(|&index| document.slice(self.selectors[index].1)).collect();
        let verb = if names.len() == 1 { "suppresses" } else { "suppress" };
        finding.message = Some(format!("`{}` {verb} nothing here", names.join("`, `")));
        finding.help = Some(format!("remove `{}` from the brackets", names.join("`, `")).into());
        let kept: Vec<&str> = (0..self.selectors.len())
            .filter(|index| !unused.contains(index))
            .map(|index| document.slice(self.selectors[index].1))
            .collect();
        let start = self.selectors.first()?.1.start;
        let end = self.selectors.last()?.1.end;
        let edit = Edit { span: Span::new(start, end), content: kept.join(", ") };
        finding.fix = rule.fix.map(|applicability| Fix { applicability, edits: vec![edit] });
        Some(finding)
    }
}

fn matches_any(selector: &Selector, all_rules: &[Arc<RuleInfo>]) -> bool {
    all_rules.iter().any(|rule| selector.means(rule))
}

fn comment_finding(
    rule: &Arc<RuleInfo>,
    document: &Document<'_>,
    span: Span,
    message: &str,
) -> Finding {
    let mut finding = Finding::with_deletion(rule, document, span);
    finding.message = Some(message.to_owned());
    finding.help = finding.help.map(|_| "remove the comment".into());
    finding
}

/// Determines the scopes of comments. Resolves them from the last to the first, so that a run of
/// comments is walked only once.
struct ScopeResolver<'d, 't> {
    document: &'d Document<'t>,
    /// Scopes of comments that are alone in their blocks, by block.
    scopes: HashMap<usize, Span>,
}

impl ScopeResolver<'_, '_> {
    /// Returns the comment's own block if it has other text, and otherwise the next non-blank
    /// block. Consecutive lines that start with `|` count as one block, like a table.
    fn resolve(&mut self, comment: Span) -> Span {
        let document = self.document;
        let index = document.block_at(comment.start);
        let Some(own) = document.blocks().get(index) else { return Span::default() };
        let text = |span: Span| document.slice(span).trim();
        let is_comment =
            |text: &str| text.is_empty() || text.starts_with("<!--") && text.ends_with("-->");
        let before = Span::new(own.span.start, comment.start);
        let after = Span::new(comment.end, own.span.end.max(comment.end));
        if !is_comment(text(before)) || !is_comment(text(after)) {
            return own.span;
        }
        let scope = self.block_after(index, comment.end, is_comment);
        self.scopes.insert(index, scope);
        scope
    }

    fn block_after(&self, index: usize, end: usize, is_comment: impl Fn(&str) -> bool) -> Span {
        let blocks = self.document.blocks();
        let mut next = index + 1;
        while let Some(block) = blocks.get(next) {
            if let Some(scope) = self.scopes.get(&next) {
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
