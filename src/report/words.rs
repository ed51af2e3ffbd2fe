//! What a finding says, in words for programs that show no source.

use super::place::{ends, in_record, is_nested, of_label};
use crate::finding::Finding;
use crate::text::{Document, TextProvider};

/// The message, with the record and the place in it where the document is one.
pub(super) fn message(document: &Document<'_>, finding: &Finding) -> String {
    match in_record(document, finding) {
        Some(place) => format!("{} ({place})", finding.message()),
        None => finding.message().to_owned(),
    }
}

/// What there is to say besides the message, a line each: what is marked, `places`, why, and what the fix would do.
pub(super) fn details(finding: &Finding, places: Vec<String>) -> Vec<String> {
    let mut lines: Vec<String> = finding.label.iter().cloned().chain(places).collect();
    lines.extend(finding.notes.iter().map(|note| note.to_string()));
    lines.extend(also(finding));
    lines.extend(finding.help.as_ref().map(|help| format!("help: {help}{}", fix(finding))));
    lines
}

/// The other places that something is to be said of, such as where a paragraph was first seen: one for each thing that is said.
pub(super) fn places(document: &Document<'_>, finding: &Finding, texts: &dyn TextProvider) -> Vec<String> {
    let mut said: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    for label in &finding.labels {
        if is_nested(label, finding) || label.message.is_empty() || said.contains(&&*label.message) {
            continue;
        }
        said.push(&label.message);
        let origin = label.origin.as_ref().unwrap_or(&finding.origin);
        lines.push(match of_label(document, label, texts, ends) {
            Some((start, _)) => format!("{}: {origin}:{}:{}", label.message, start.line, start.column),
            None => format!("{}: {origin}", label.message),
        });
    }
    lines
}

/// What other rules said of the same bytes.
pub(super) fn also(finding: &Finding) -> Option<String> {
    let others: Vec<String> = finding.also.iter().map(|(code, message)| format!("{code} ({message})")).collect();
    (!others.is_empty()).then(|| format!("also {}", others.join("; ")))
}

/// ` (safe fix)`, ` (unsafe fix)` or nothing.
pub(super) fn fix(finding: &Finding) -> String {
    finding.fix.as_ref().map_or(String::new(), |fix| format!(" ({} fix)", fix.applicability))
}
