//! Findings as diagnostics.

use std::sync::Arc;

use serde_json::json;

use super::protocol::{ClientCapabilities, LspDiagnostic, RelatedInformation, UNNECESSARY};
use super::snapshot::{Snapshot, SnapshotTexts};
use super::workspace_index::OldPlaces;
use crate::finding::{Finding, RuleInfo, Severity};
use crate::report::printable;

/// The reference of the built-in rules.
const RULES_PAGE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/rules.md");

/// Returns a diagnostic for each of `findings`, in the same order.
pub(super) fn diagnostics(
    snapshot: &Snapshot,
    findings: &[Finding],
    texts: (&SnapshotTexts, &OldPlaces),
    client: &ClientCapabilities,
) -> Vec<LspDiagnostic> {
    findings.iter().map(|finding| diagnostic(snapshot, finding, texts, client)).collect()
}

fn diagnostic(
    snapshot: &Snapshot,
    finding: &Finding,
    texts: (&SnapshotTexts, &OldPlaces),
    client: &ClientCapabilities,
) -> LspDiagnostic {
    let rule = &finding.rule;
    let is_unnecessary = client.unnecessary_tag && finding.is_pure_deletion();
    let href = rules_page(rule).filter(|_| client.code_description);
    LspDiagnostic {
        range: snapshot.range(finding.span),
        severity: match rule.severity {
            Severity::Error => 1,
            Severity::Warning => 2,
            Severity::Info => 3,
        },
        code: rule.code.clone(),
        code_description: href.map(|href| json!({ "href": href })),
        source: "dechaff",
        message: message(finding),
        tags: if is_unnecessary { vec![UNNECESSARY] } else { Vec::new() },
        related_information: match client.related_information {
            true => related_information(snapshot, finding, texts),
            false => Vec::new(),
        },
    }
}

/// Returns the address of a rule's section in the reference. Custom rules have none.
fn rules_page(rule: &RuleInfo) -> Option<String> {
    let anchor = format!("{}-{}", rule.code.to_lowercase(), rule.name);
    (!rule.is_custom).then(|| format!("{RULES_PAGE}#{anchor}"))
}

/// Returns the message, then label, notes and other rules, one per line.
fn message(finding: &Finding) -> String {
    let others = finding.also_reported_by.iter();
    let others = others.map(|(code, message)| format!("also {code} ({message})"));
    let lines = std::iter::once(finding.message().to_owned())
        .chain(finding.label.clone())
        .chain(finding.notes.iter().map(|note| note.to_string()))
        .chain(others);
    lines.map(|line| printable(&line).into_owned()).collect::<Vec<_>>().join("\n")
}

/// Returns the labels that have a message, such as where a paragraph was first seen.
fn related_information(
    snapshot: &Snapshot,
    finding: &Finding,
    (texts, old_places): (&SnapshotTexts, &OldPlaces),
) -> Vec<RelatedInformation> {
    let labels = finding.labels.iter().filter(|label| !label.message.is_empty());
    let labels = labels.filter_map(|label| {
        let origin = label.origin.as_ref().unwrap_or(&finding.origin);
        if let Some(place) = old_places.get(&(Arc::clone(origin), label.span.start)) {
            return Some(place.clone());
        }
        let location = texts.locate(origin, label.span, snapshot)?;
        Some(RelatedInformation { location, message: printable(&label.message).into_owned() })
    });
    labels.collect()
}
