//! Places as other programs count them.

use std::sync::Arc;

use crate::finding::{Finding, Label};
use crate::text::{Document, Position, Record, Span, TextProvider};

/// What `measure` makes of a label's span in its document: the finding's own or another, which is read again; `None` where it
/// can no longer be had.
pub(super) fn of_label<T>(
    document: &Document<'_>,
    label: &Label,
    texts: &dyn TextProvider,
    measure: impl Fn(&Document<'_>, Span) -> T,
) -> Option<T> {
    let Some(origin) = &label.origin else { return Some(measure(document, label.span)) };
    let text = texts.text(origin).filter(|text| text.get(label.span.range()).is_some())?;
    Some(measure(&Document::parse(Arc::clone(origin), &text), label.span))
}

/// Where a span of `document` begins and ends.
pub(super) fn ends(document: &Document<'_>, span: Span) -> (Position, Position) {
    (document.position(span.start), document.position(span.end))
}

/// The lines, counted from 1, of the first and the last byte of a span.
pub(super) fn lines(document: &Document<'_>, span: Span) -> (usize, usize) {
    let first = document.line_at(span.start);
    (first + 1, document.line_at_or_after(first, span.end.max(1) - 1) + 1)
}

/// The column in bytes of UTF-8, counted from 1.
pub(super) fn byte_column(document: &Document<'_>, position: Position) -> usize {
    let start = document.lines().get(position.line - 1).map_or(0, |line| line.start);
    position.offset.saturating_sub(start) + 1
}

/// The place in a record, in words, for formats that know only lines of files; `None` where the document is a file.
pub(super) fn in_record(document: &Document<'_>, finding: &Finding) -> Option<String> {
    let record = finding.origin.record.as_ref()?;
    let place = document.position(finding.span.start);
    Some(format!("{}, line {}, column {}", record_name(record), place.line, place.column))
}

/// A record's number and identifier, as [`crate::text::Origin`] prints them.
pub(super) fn record_name(record: &Record) -> String {
    match &record.id {
        Some(id) => format!("record {} (id {id:?})", record.index),
        None => format!("record {}", record.index),
    }
}

/// Whether a label lies within what is marked anyway, and so tells apart a part of it.
pub(super) fn is_nested(label: &Label, finding: &Finding) -> bool {
    let own = (None, finding.span);
    let others = finding.labels.iter().map(|other| (other.origin.as_ref(), other.span));
    std::iter::once(own)
        .chain(others)
        .any(|(origin, outer)| origin == label.origin.as_ref() && outer != label.span && outer.contains(label.span))
}
