//! What a finding says, in words for programs that show no source.

use super::place::in_record;
use crate::finding::Finding;
use crate::text::Document;

/// The message, with the record and the place in it where the document is one.
pub(super) fn message(document: &Document<'_>, finding: &Finding) -> String {
    match in_record(document, finding) {
        Some(place) => format!("{} ({place})", finding.message),
        None => finding.message.clone(),
    }
}

/// What there is to say besides the message, a line each: what is marked, why, and what the fix would do.
pub(super) fn details(finding: &Finding) -> Vec<String> {
    let mut lines: Vec<String> = finding.label.iter().chain(&finding.notes).cloned().collect();
    lines.extend(also(finding));
    lines.extend(finding.help.as_ref().map(|help| format!("help: {help}{}", fix(finding))));
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
