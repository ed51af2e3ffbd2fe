//! Findings as a compiler prints them. The only user of annotate-snippets.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::labels::wrap_labels;
use super::place::is_nested;
use super::window::{Window, window};
use super::{Medium, Report, Summary, printable, words};
use crate::finding::{Finding, Label, Severity};
use crate::text::{Document, Position, TextProvider};

/// The rustc-like report.
pub struct Full {
    renderer: Renderer,
    /// Columns of the terminal.
    columns: usize,
    color: bool,
}

impl Full {
    /// A report for a terminal `columns` wide, with or without colour.
    pub fn new(columns: usize, color: bool) -> Self {
        let renderer = if color { Renderer::styled() } else { Renderer::plain() };
        // The windows are cut here, by what is marked; the renderer is not to cut them again.
        Self { renderer: renderer.term_width(columns + 40), columns, color }
    }
}

impl Report for Full {
    fn document(
        &mut self,
        document: &Document<'_>,
        findings: &[Finding],
        texts: &dyn TextProvider,
        output: &mut String,
    ) {
        for finding in findings {
            output.push_str(&self.render(document, finding, texts));
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

/// A line with one mark, ready to be shown.
struct Marked {
    place: Position,
    window: Window,
    label: Option<String>,
    kind: AnnotationKind,
    /// Bytes within the mark that are told apart from the rest of it.
    inner: Vec<Range<usize>>,
}

/// Where a snippet begins: as the renderer takes it from the clipped line, and as it is.
struct Header {
    rendered: String,
    actual: String,
}

impl Full {
    fn render(&self, document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) -> String {
        let level = match finding.rule.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Info => Level::INFO,
        };
        let mut headers = Vec::new();
        let mut group = Group::with_title(
            level.primary_title(printable(finding.message()).into_owned()).id(finding.rule.code.clone()),
        );

        let own = Label { origin: None, span: finding.span, message: finding.label.clone().unwrap_or_default().into() };
        let (nested, labels): (Vec<&Label>, Vec<&Label>) = finding.labels.iter().partition(|label| {
            let is_below =
                label.origin.is_none() && document.line_at(label.span.start) > document.line_at(own.span.start);
            is_nested(label, finding) && (label.message.is_empty() || !is_below)
        });
        let mut marks = vec![self.label(document, &own, &nested, AnnotationKind::Primary)];
        let (near, far): (Vec<&Label>, Vec<&Label>) = labels.into_iter().partition(|label| label.origin.is_none());
        marks.extend(near.into_iter().map(|label| self.label(document, label, &nested, AnnotationKind::Context)));
        // Marks above the primary one come in a snippet of their own, after it: the finding's place comes first.
        marks[1..].sort_by_key(|mark| mark.place.offset);
        group = group.elements(snippets(document.origin(), marks, &mut headers));

        for label in far {
            let Some(origin) = &label.origin else { continue };
            let text = texts.text(origin).filter(|text| text.get(label.span.range()).is_some());
            let Some(text) = text else {
                group = group.element(Origin::path(printable(&origin.to_string()).into_owned()));
                continue;
            };
            let other = Document::parse(Arc::clone(origin), &text);
            group = group.elements(snippets(
                origin,
                vec![self.label(&other, label, &nested, AnnotationKind::Context)],
                &mut headers,
            ));
        }
        let rendered = self.renderer.render(&[messages(group, finding)]);
        let labels = finding.labels.iter().map(|label| &*label.message).chain(finding.label.as_deref());
        let labels: Vec<String> = labels.map(|label| printable(label).into_owned()).collect();
        wrap_labels(with_places(rendered, &headers), &labels, self.columns)
    }

    /// The label with those of `nested` that lie in it, in the text of its document.
    fn label(&self, document: &Document<'_>, label: &Label, nested: &[&Label], kind: AnnotationKind) -> Marked {
        let place = document.position(label.span.start);
        // The number, ` | ` and a column to spare.
        let gutter = place.line.to_string().len() + 4;
        let window = window(document, label.span, self.columns.saturating_sub(gutter));
        let inner = nested
            .iter()
            .filter(|inner| inner.origin == label.origin && label.span.contains(inner.span))
            .filter_map(|inner| {
                let start = window.mark.start + (inner.span.start - label.span.start);
                let range = start..start + inner.span.len();
                // Past the end of the window, or after a character that is shown as another, it stands elsewhere.
                let is_shown =
                    range.end <= window.mark.end && window.text.get(range.clone())? == document.slice(inner.span);
                is_shown.then_some(range)
            })
            .collect();
        let text = Some(&*label.message).filter(|text| !text.is_empty());
        Marked { place, window, label: text.map(|text| printable(text).into_owned()), kind, inner }
    }
}

fn messages<'a>(mut group: Group<'a>, finding: &'a Finding) -> Group<'a> {
    for note in &finding.notes {
        group = group.element(Level::NOTE.message(printable(note)));
    }
    if let Some(also) = words::also(finding) {
        group = group.element(Level::NOTE.message(printable(&also).into_owned()));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(format!("{}{}", printable(help), words::fix(finding))));
    }
    group
}

/// One snippet for marks on near lines, so that the lines between fold into `...`; another where they are far apart, or
/// where two stand on one line and were clipped apart.
fn snippets(
    origin: &crate::text::Origin,
    marks: Vec<Marked>,
    headers: &mut Vec<Header>,
) -> Vec<Snippet<'static, Annotation<'static>>> {
    const FAR: usize = 500;
    let path = printable(&origin.to_string()).into_owned();
    let mut snippets = Vec::new();
    let mut marks = marks.into_iter().peekable();
    while let Some(first) = marks.next() {
        let Position { line: start, column, .. } = first.place;
        // The renderer takes the first primary mark for the snippet's place.
        let named = first.inner.first().filter(|_| first.kind != AnnotationKind::Primary);
        let named = named.map_or(first.window.mark.start, |inner| inner.start);
        let clipped = first.window.text[..named].chars().count() + 1;
        headers
            .push(Header { rendered: format!("{path}:{start}:{clipped}"), actual: format!("{path}:{start}:{column}") });
        let mut source = String::new();
        let mut annotations = Vec::new();
        let mut line = start;
        let mut next = Some(first);
        while let Some(mark) = next {
            source.extend(std::iter::repeat_n('\n', mark.place.line - line));
            line = mark.place.line;
            let range = mark.window.mark.start + source.len()..mark.window.mark.end + source.len();
            source.push_str(&mark.window.text);
            // What is told apart in a mark of one kind is marked as the other.
            let other = match mark.kind {
                AnnotationKind::Primary => AnnotationKind::Context,
                _ => AnnotationKind::Primary,
            };
            let before = source.len() - mark.window.text.len();
            annotations
                .extend(mark.inner.into_iter().map(|inner| other.span(inner.start + before..inner.end + before)));
            annotations.push(mark.kind.span(range).label(mark.label));
            next = marks.next_if(|mark| mark.place.line > line && mark.place.line - line < FAR);
        }
        let snippet = Snippet::source(source).path(path.clone()).line_start(start).fold(true);
        snippets.push(snippet.annotations(annotations));
    }
    snippets
}

/// The renderer counts columns in the line it was given, which was clipped; puts the document's own in their place.
fn with_places(rendered: String, headers: &[Header]) -> String {
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
