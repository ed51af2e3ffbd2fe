//! Findings in the style of rustc. The only user of annotate-snippets.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::excerpt::Excerpt;
use super::fold::FindingRun;
use super::location::is_nested;
use super::wrap_labels::wrap_labels;
use super::{Medium, Reporter, Summary, message, printable};
use dechaff_findings::{Finding, Label, Severity};
use dechaff_text::{Document, Position, TextProvider};

/// A rustc-style report.
pub struct Full {
    renderer: Renderer,
    /// Width of the terminal.
    columns: usize,
    color: bool,
    fold: bool,
}

impl Full {
    /// Creates a report for a terminal `columns` wide, with or without colour.
    pub fn new(columns: usize, color: bool) -> Self {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        // Excerpts are already clipped around their spans, so keep the renderer from clipping them
        // again.
        Self { renderer: renderer.term_width(columns + 40), columns, color, fold: false }
    }

    /// Shows a run of equal findings as one if `fold` is set.
    pub fn fold(self, fold: bool) -> Self {
        Self { fold, ..self }
    }
}

impl Reporter for Full {
    fn write_document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for run in FindingRun::split(document, findings, self.fold) {
            output.push_str(&self.render(document, &run, texts));
            output.push_str("\n\n");
        }
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }

    fn medium(&self) -> Medium {
        if self.color { Medium::StyledText } else { Medium::Text }
    }
}

/// An annotated span in the excerpt of its line.
struct AnnotatedLine {
    start: Position,
    excerpt: Excerpt,
    label: Option<String>,
    kind: AnnotationKind,
    /// Nested spans, highlighted within the annotated one.
    nested: Vec<Range<usize>>,
}

/// The header of a snippet, as rendered with the column in the clipped line and with the actual
/// column.
struct SnippetHeader {
    rendered: String,
    actual: String,
}

impl Full {
    fn render(
        &self,
        document: &Document<'_>,
        run: &FindingRun<'_>,
        texts: &dyn TextProvider,
    ) -> String {
        let finding = run.first;
        let level = match finding.rule.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let mut headers = Vec::new();
        let mut group = Group::with_title(
            level
                .primary_title(printable(finding.message()).into_owned())
                .id(finding.rule.code.clone()),
        );

        let own = Label {
            origin: None,
            span: finding.span,
            message: finding.label.clone().unwrap_or_default().into(),
        };
        let (nested, labels): (Vec<&Label>, Vec<&Label>) =
            finding.labels.iter().partition(|label| {
                let is_below = label.origin.is_none()
                    && document.line_at(label.span.start) > document.line_at(own.span.start);
                is_nested(label, finding) && (label.message.is_empty() || !is_below)
            });
        let mut lines = vec![self.annotate(document, &own, &nested, AnnotationKind::Primary)];
        let (near, far): (Vec<&Label>, Vec<&Label>) =
            labels.into_iter().partition(|label| label.origin.is_none());
        lines.extend(
            near.into_iter()
                .map(|label| self.annotate(document, label, &nested, AnnotationKind::Context)),
        );
        // The primary span comes first; labels above it get a separate snippet after it.
        lines[1..].sort_by_key(|line| line.start.offset);
        group = group.elements(snippets(document.origin(), lines, &mut headers));

        for label in far {
            let Some(origin) = &label.origin else { continue };
            let line = self.annotate_elsewhere(origin, label, &nested, texts);
            group = match line {
                Some(line) => group.elements(snippets(origin, vec![line], &mut headers)),
                // The text is not available.
                None => group.element(Origin::path(printable(&origin.to_string()).into_owned())),
            };
        }
        let rendered = self.renderer.render(&[messages(group, finding, run.note(document))]);
        let labels =
            finding.labels.iter().map(|label| &*label.message).chain(finding.label.as_deref());
        let labels: Vec<String> = labels.map(|label| printable(label).into_owned()).collect();
        wrap_labels(with_actual_columns(rendered, &headers), &labels, self.columns)
    }

    /// Annotates a label in another document. Returns `None` if its text is not available.
    fn annotate_elsewhere(
        &self,
        origin: &Arc<dechaff_text::Origin>,
        label: &Label,
        nested: &[&Label],
        texts: &dyn TextProvider,
    ) -> Option<AnnotatedLine> {
        let text = texts.text(origin).filter(|text| text.get(label.span.range()).is_some())?;
        let document = Document::parse(Arc::clone(origin), &text);
        Some(self.annotate(&document, label, nested, AnnotationKind::Context))
    }

    /// Clips the line of `label` around it and locates the `nested` labels within its span.
    fn annotate(
        &self,
        document: &Document<'_>,
        label: &Label,
        nested: &[&Label],
        kind: AnnotationKind,
    ) -> AnnotatedLine {
        let start = document.position(label.span.start);
        // The line number, ` | ` and one spare column.
        let gutter = start.line.to_string().len() + 4;
        let excerpt = Excerpt::new(document, label.span, self.columns.saturating_sub(gutter));
        let nested = nested
            .iter()
            .filter(|inner| inner.origin == label.origin && label.span.contains(inner.span))
            .filter_map(|inner| {
                let start = excerpt.highlight.start + (inner.span.start - label.span.start);
                let range = start..start + inner.span.len();
                // Offsets differ after an escaped character, and the span may be clipped.
                let is_shown = range.end <= excerpt.highlight.end
                    && excerpt.text.get(range.clone())? == document.slice(inner.span);
                is_shown.then_some(range)
            })
            .collect();
        let text = Some(&*label.message).filter(|text| !text.is_empty());
        AnnotatedLine {
            start,
            excerpt,
            label: text.map(|text| printable(text).into_owned()),
            kind,
            nested,
        }
    }
}

/// Adds the notes and the help of a finding, and a note about the `folded` ones.
fn messages<'a>(mut group: Group<'a>, finding: &'a Finding, folded: Option<String>) -> Group<'a> {
    for note in &finding.notes {
        group = group.element(Level::NOTE.message(printable(note)));
    }
    if let Some(note) = message::other_rules_note(finding) {
        group = group.element(Level::NOTE.message(printable(&note).into_owned()));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(format!(
            "{}{}",
            printable(help),
            message::fix_note(finding)
        )));
    }
    if let Some(folded) = folded {
        group = group.element(Level::NOTE.message(folded));
    }
    group
}

/// Groups annotated lines into snippets. Lines close to each other share a snippet, in which the
/// renderer folds the lines between them; distant ones, and two excerpts of the same line, get
/// their own.
fn snippets(
    origin: &dechaff_text::Origin,
    lines: Vec<AnnotatedLine>,
    headers: &mut Vec<SnippetHeader>,
) -> Vec<Snippet<'static, Annotation<'static>>> {
    const MAX_FOLDED_LINES: usize = 500;
    let path = printable(&origin.to_string()).into_owned();
    let mut snippets = Vec::new();
    let mut lines = lines.into_iter().peekable();
    while let Some(first) = lines.next() {
        let Position { line: start, column, .. } = first.start;
        // The renderer puts the position of the first primary annotation into the header.
        let primary = first.nested.first().filter(|_| first.kind != AnnotationKind::Primary);
        let primary_start = primary.map_or(first.excerpt.highlight.start, |nested| nested.start);
        let clipped = first.excerpt.text[..primary_start].chars().count() + 1;
        let rendered = format!("{path}:{start}:{clipped}");
        headers.push(SnippetHeader { rendered, actual: format!("{path}:{start}:{column}") });
        let mut source = String::new();
        let mut annotations = Vec::new();
        let mut last = start;
        let mut next = Some(first);
        while let Some(line) = next {
            source.extend(std::iter::repeat_n('\n', line.start.line - last));
            last = line.start.line;
            let before = source.len();
            source.push_str(&line.excerpt.text);
            let shift = |range: Range<usize>| range.start + before..range.end + before;
            // Nested spans get the other kind to be visible.
            let nested_kind = match line.kind {
                AnnotationKind::Primary => AnnotationKind::Context,
                _ => AnnotationKind::Primary,
            };
            annotations
                .extend(line.nested.into_iter().map(|nested| nested_kind.span(shift(nested))));
            annotations.push(line.kind.span(shift(line.excerpt.highlight)).label(line.label));
            next = lines.next_if(|line| {
                line.start.line > last && line.start.line - last < MAX_FOLDED_LINES
            });
        }
        let snippet = Snippet::source(source).path(path.clone()).line_start(start).fold(true);
        snippets.push(snippet.annotations(annotations));
    }
    snippets
}

/// Replaces the columns in snippet headers, which the renderer counts in clipped lines.
fn with_actual_columns(rendered: String, headers: &[SnippetHeader]) -> String {
    let mut result = String::with_capacity(rendered.len());
    let mut rest = rendered.as_str();
    for header in headers {
        if let Some(at) = rest.find(&header.rendered) {
            result.push_str(&rest[..at]);
            result.push_str(&header.actual);
            rest = &rest[at + header.rendered.len()..];
        }
    }
    result.push_str(rest);
    result
}
