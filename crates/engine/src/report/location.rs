//! Locations as other programs count them.

use std::sync::Arc;

use dechaff_findings::{Finding, Label};
use dechaff_text::{Document, Position, Record, Span, TextProvider};

/// Applies `locate` to the span of a label, in the finding's document or in the one that the label
/// refers to. Returns `None` if the text of that document is no longer available.
pub(super) fn locate_label<T>(
    document: &Document<'_>,
    label: &Label,
    texts: &dyn TextProvider,
    locate: impl Fn(&Document<'_>, Span) -> T,
) -> Option<T> {
    let Some(origin) = &label.origin else { return Some(locate(document, label.span)) };
    let text = texts.text(origin).filter(|text| text.get(label.span.range()).is_some())?;
    Some(locate(&Document::parse(Arc::clone(origin), &text), label.span))
}

/// Returns the start and end of a span.
pub(super) fn start_end(document: &Document<'_>, span: Span) -> (Position, Position) {
    (document.position(span.start), document.position(span.end))
}

/// Returns the document, line and column where a span starts.
pub(super) fn place(document: &Document<'_>, span: Span) -> String {
    let start = document.position(span.start);
    format!("{}:{}:{}", document.origin(), start.line, start.column)
}

/// Returns the 1-based lines of the first and last byte of a span.
pub(super) fn lines(document: &Document<'_>, span: Span) -> (usize, usize) {
    let first = document.line_at(span.start);
    (first + 1, document.line_at_or_after(first, span.end.max(1) - 1) + 1)
}

/// Returns the 1-based column in UTF-8 bytes.
pub(super) fn byte_column(document: &Document<'_>, position: Position) -> usize {
    let start = document.lines().get(position.line - 1).map_or(0, |line| line.start);
    position.offset.saturating_sub(start) + 1
}

/// Describes the location within a record, for formats that only know lines of files. Returns
/// `None` if the document is a file.
pub(super) fn in_record(document: &Document<'_>, finding: &Finding) -> Option<String> {
    let record = finding.origin.record.as_ref()?;
    let start = document.position(finding.span.start);
    Some(format!("{}, line {}, column {}", record_name(record), start.line, start.column))
}

/// Returns a record's index and ID, formatted as in [`dechaff_text::Origin`].
pub(super) fn record_name(record: &Record) -> String {
    match &record.id {
        Some(id) => format!("record {} (id {id:?})", record.index),
        None => format!("record {}", record.index),
    }
}

/// Whether the span of a label lies within the finding's span or that of another label.
pub(super) fn is_nested(label: &Label, finding: &Finding) -> bool {
    let own = (None, finding.span);
    let others = finding.labels.iter().map(|other| (other.origin.as_ref(), other.span));
    std::iter::once(own).chain(others).any(|(origin, outer)| {
        origin == label.origin.as_ref() && outer != label.span && outer.contains(label.span)
    })
}
