//! The `mark` kind: artifacts inside lines, such as the citation marks of chatbots. The fix deletes
//! the mark and keeps the sentence.

use std::sync::{Arc, OnceLock};

use regex_automata::meta::Regex;
use serde::{Deserialize, Deserializer, Serialize};
use toml::Spanned;

use super::DocumentCheck;
use super::code_spans::{code_spans, is_within};
use dechaff_findings::{Edit, Finding, FindingSink, Fix, ParameterError, RuleInfo, RuleWithParams};
use dechaff_text::{BlockKind, Document, Span, is_blank, trim};

/// The kind's name in rule files.
pub const NAME: &str = "mark";

/// The marks of a rule.
pub type Parameters = Vec<Mark>;

/// One form of mark.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Mark {
    /// A string that every such mark contains. Only lines with it are searched.
    pub sign: String,
    /// Case-sensitive regular expressions for a mark within a line. If one has capture groups, only
    /// the groups are deleted.
    #[serde(deserialize_with = "deserialize_expressions")]
    pub any: Vec<Spanned<String>>,
}

fn deserialize_expressions<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Spanned<String>>, D::Error> {
    Vec::deserialize(deserializer).map(super::join_lines)
}

/// Validates the marks: each needs a sign, and its expressions must match at least one character
/// and have a maximum length.
///
/// # Errors
///
/// Returns the first error and its span.
pub fn validate(marks: &Parameters) -> Result<(), ParameterError> {
    const MIN_SIGN: usize = 2;
    for mark in marks {
        let place = mark.any.first().map(Spanned::span);
        if mark.sign.len() < MIN_SIGN {
            let message = format!("`sign` must be {MIN_SIGN} bytes or longer");
            return Err(ParameterError { message, place });
        }
        for expression in &mark.any {
            let fault =
                |message: String| ParameterError { message, place: Some(expression.span()) };
            let hir = regex_syntax::parse(expression.get_ref())
                .map_err(|error| fault(format!("not a regular expression: {error}")))?;
            if hir.properties().minimum_len().is_none_or(|length| length == 0) {
                return Err(fault("the expression must not match the empty string".into()));
            }
            // Without a maximum length, searching for all matches could take quadratic time.
            if hir.properties().maximum_len().is_none() {
                return Err(fault(
                    "the expression must have a maximum length: write `{0,80}` in place of `*` and `+`".into(),
                ));
            }
            Regex::new(expression.get_ref())
                .map_err(|error| fault(format!("not usable: {error}")))?;
        }
    }
    Ok(())
}

/// Compiles the rules into one check.
///
/// # Errors
///
/// Never fails; [`validate`] has checked the expressions.
pub fn compile(
    rules: Vec<RuleWithParams<'_, Parameters>>,
) -> Result<Box<dyn DocumentCheck>, ParameterError> {
    let mut forms = Vec::new();
    for (rule, marks) in rules {
        for mark in marks {
            let sources = mark.any.iter().map(|expression| expression.get_ref().clone()).collect();
            let rule = Arc::clone(&rule);
            forms.push(CompiledMark {
                rule,
                sign: mark.sign.clone(),
                sources,
                regexes: OnceLock::new(),
            });
        }
    }
    Ok(Box::new(MarkCheck { forms }))
}

struct MarkCheck {
    forms: Vec<CompiledMark>,
}

struct CompiledMark {
    rule: Arc<RuleInfo>,
    sign: String,
    sources: Vec<String>,
    /// Compiled when the sign is first seen, since few corpora contain it.
    regexes: OnceLock<Vec<Regex>>,
}

/// A mark in the text.
struct MarkMatch {
    span: Span,
    /// The parts to delete; empty if the whole mark goes.
    parts: Vec<Span>,
}

impl DocumentCheck for MarkCheck {
    fn check(&self, document: &Document<'_>, findings: &mut FindingSink<'_>) {
        let mut found: Vec<(MarkMatch, &Arc<RuleInfo>)> = Vec::new();
        for form in &self.forms {
            form.search(document, |mark| found.push((mark, &form.rule)));
        }
        found.sort_by_key(|(mark, _)| (mark.span.start, std::cmp::Reverse(mark.span.end)));
        let mut runs: Vec<(MarkMatch, &Arc<RuleInfo>)> = Vec::new();
        for (mark, rule) in found {
            match runs.last_mut() {
                Some((last, _)) if mark.span.start < last.span.end => {}
                Some((last, own)) if Arc::ptr_eq(own, rule) && is_run(document, last, &mark) => {
                    last.span = last.span.cover(mark.span);
                }
                _ => runs.push((mark, rule)),
            }
        }
        findings.extend(runs.into_iter().map(|(mark, rule)| finding(document, rule, &mark)));
    }
}

impl CompiledMark {
    fn search(&self, document: &Document<'_>, mut found: impl FnMut(MarkMatch)) {
        let text = document.text();
        let mut done = 0;
        for hit in memchr::memmem::find_iter(text.as_bytes(), self.sign.as_bytes()) {
            if hit < done {
                continue;
            }
            let line = document.lines()[document.line_at(hit)];
            done = line.end;
            let kind = document.blocks()[document.block_at(hit)].kind;
            if kind.is_text() || kind == BlockKind::Table {
                self.search_line(document, line, &mut found);
            }
        }
    }

    fn search_line(&self, document: &Document<'_>, line: Span, found: &mut impl FnMut(MarkMatch)) {
        let text = document.slice(line);
        let code = code_spans(text);
        let span_of = |span: regex_automata::Span| Span::new(span.start, span.end);
        for regex in self.regexes() {
            for captures in regex.captures_iter(text) {
                let Some(whole) = captures.get_match().map(|whole| span_of(whole.span())) else {
                    continue;
                };
                // A mark may contain backticks itself.
                let is_code =
                    is_within(&code, whole.start) && !code.iter().any(|span| whole.contains(*span));
                if is_code || is_quoted(text, whole) {
                    continue;
                }
                let parts = captures
                    .iter()
                    .skip(1)
                    .flatten()
                    .map(|part| span_of(part).shift(line.start))
                    .collect();
                found(MarkMatch { span: whole.shift(line.start), parts });
            }
        }
    }

    fn regexes(&self) -> &[Regex] {
        self.regexes.get_or_init(|| {
            // Disabling the lazy DFA avoids compiling a reverse NFA, which takes half of the time.
            // So few lines contain the sign that search speed does not matter.
            let mut builder = Regex::builder();
            builder.configure(Regex::config().hybrid(false));
            self.sources.iter().filter_map(|source| builder.build(source).ok()).collect()
        })
    }
}

/// Whether the mark is quoted, so that the text is about the mark.
fn is_quoted(line: &str, span: Span) -> bool {
    let before = line[..span.start].chars().next_back();
    let after = line[span.end..].chars().next();
    let is_quote =
        |character: Option<char>| character.is_some_and(|one| "\"'“”‘’«»„「」『』".contains(one));
    is_quote(before) && is_quote(after)
}

/// Whether there are only blanks between two marks that are deleted completely.
fn is_run(document: &Document<'_>, last: &MarkMatch, next: &MarkMatch) -> bool {
    let between = Span::new(last.span.end, next.span.start);
    last.parts.is_empty()
        && next.parts.is_empty()
        && document.slice(between).chars().all(|character| is_blank(character) && character != '\n')
}

fn finding(document: &Document<'_>, rule: &Arc<RuleInfo>, mark: &MarkMatch) -> Finding {
    let mut finding = Finding::new(rule, document, mark.span);
    let Some(applicability) = rule.fix else { return finding };
    let deletion = |&span: &Span| Edit { span, content: String::new() };
    let edits = if mark.parts.is_empty() {
        vec![deletion_keeping_words_apart(document, mark.span)]
    } else {
        mark.parts.iter().map(deletion).collect()
    };
    finding.help = Some("remove the mark and keep the sentence".into());
    finding.fix = Some(Fix { applicability, edits });
    finding
}

/// Deletes a mark, keeping the words around it apart and leaving no blank before punctuation.
fn deletion_keeping_words_apart(document: &Document<'_>, mark: Span) -> Edit {
    let line = document.lines()[document.line_at(mark.start)];
    let before = document.slice(Span::new(line.start, mark.start));
    let after = document.slice(Span::new(mark.end, line.end));
    let previous = before.chars().next_back();
    let next = after.chars().next();
    let is_glued = previous.is_some_and(|character| !is_blank(character));
    let deletion = |span| Edit { span, content: String::new() };
    match next {
        // The mark ends the line, or is alone on it.
        None => deletion(document.deletion_span(mark)),
        Some(next) if is_glued && !is_blank(next) => {
            let apart = previous.is_some_and(ends_word) && starts_word(next);
            Edit { span: mark, content: if apart { " ".into() } else { String::new() } }
        }
        Some(_) if is_glued => deletion(mark),
        Some(next) if ".,;:!?)]".contains(next) => {
            let kept = trim(document.text(), Span::new(line.start, mark.start));
            deletion(if kept.is_empty() { mark } else { Span::new(kept.end, mark.end) })
        }
        Some(_) => deletion(document.deletion_span(mark)),
    }
}

/// Whether a blank must follow before another word. CJK scripts need none.
fn ends_word(character: char) -> bool {
    (character.is_alphanumeric() || ".,;:!?)]”\"'’".contains(character)) && character < '\u{2E80}'
}

fn starts_word(character: char) -> bool {
    character.is_alphanumeric() && character < '\u{2E80}'
}
