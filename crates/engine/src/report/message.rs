//! The message of a finding, for formats that show no source text.

use super::location::{in_record, is_nested, locate_label, start_end};
use dechaff_findings::Finding;
use dechaff_text::{Document, TextProvider};

/// Returns the message and, if the document is a record, the location within it.
pub(super) fn message(document: &Document<'_>, finding: &Finding) -> String {
    match in_record(document, finding) {
        Some(location) => format!("{} ({location})", finding.message()),
        None => finding.message().to_owned(),
    }
}

/// Returns everything but the message, one line each: label, related locations, notes and help.
pub(super) fn details(finding: &Finding, related_locations: Vec<String>) -> Vec<String> {
    let mut lines: Vec<String> = finding.label.iter().cloned().chain(related_locations).collect();
    lines.extend(finding.notes.iter().map(|note| note.to_string()));
    lines.extend(other_rules_note(finding));
    lines.extend(finding.help.as_ref().map(|help| format!("help: {help}{}", fix_note(finding))));
    lines
}

/// Returns the labels with a message, such as where a paragraph was first seen, and their
/// locations. Each message appears once.
pub(super) fn related_locations(
    document: &Document<'_>,
    finding: &Finding,
    texts: &dyn TextProvider,
) -> Vec<String> {
    let mut seen: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    for label in &finding.labels {
        if is_nested(label, finding) || label.message.is_empty() || seen.contains(&&*label.message)
        {
            continue;
        }
        seen.push(&label.message);
        let origin = label.origin.as_ref().unwrap_or(&finding.origin);
        lines.push(match locate_label(document, label, texts, start_end) {
            Some((start, _)) => {
                format!("{}: {origin}:{}:{}", label.message, start.line, start.column)
            }
            None => format!("{}: {origin}", label.message),
        });
    }
    lines
}

/// Names the other rules that reported the same bytes.
pub(super) fn other_rules_note(finding: &Finding) -> Option<String> {
    let others: Vec<String> = finding
        .also_reported_by
        .iter()
        .map(|(code, message)| format!("{code} ({message})"))
        .collect();
    (!others.is_empty()).then(|| format!("also {}", others.join("; ")))
}

/// Returns ` (safe fix)`, ` (unsafe fix)` or nothing.
pub(super) fn fix_note(finding: &Finding) -> String {
    finding.fix.as_ref().map_or(String::new(), |fix| format!(" ({} fix)", fix.applicability))
}
