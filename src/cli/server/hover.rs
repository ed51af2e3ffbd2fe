//! Hover: the page of the rule that reported the text under the cursor.

use serde_json::{Value, json};

use super::line_table::LspPosition;
use super::lint::Analysis;
use super::protocol::ClientCapabilities;
use crate::finding::Finding;

/// Maximum number of rules explained at once.
const MAX_RULES: usize = 5;

/// Returns the pages of the rules with findings at a position, or null.
pub(super) fn hover(
    analysis: &Analysis,
    position: LspPosition,
    client: &ClientCapabilities,
) -> Value {
    let snapshot = &analysis.snapshot;
    let offset = snapshot.lines.offset(&snapshot.text, position);
    let is_here = |finding: &&Finding| {
        let span = finding.span;
        span.start <= offset && (offset < span.end || offset == span.start)
    };
    let mut findings: Vec<&Finding> = analysis.findings.iter().filter(is_here).collect();
    // The cursor is on the innermost finding.
    findings.sort_by_key(|finding| finding.span.len());
    findings.dedup_by(|next, before| next.rule.code == before.rule.code);
    let Some(first) = findings.first() else { return Value::Null };
    let pages = findings.iter().take(MAX_RULES).filter_map(|finding| page(analysis, finding));
    let value = pages.collect::<Vec<_>>().join("\n---\n\n");
    let kind = if client.markdown_hover { "markdown" } else { "plaintext" };
    json!({ "contents": { "kind": kind, "value": value }, "range": snapshot.range(first.span) })
}

/// Returns the page of a finding's rule, with its parameters as configured.
fn page(analysis: &Analysis, finding: &Finding) -> Option<String> {
    let settings = &analysis.settings.settings;
    let rule = settings.registry.find(&finding.rule.code).ok()?;
    Some(settings.settings.effective(rule).to_markdown(None))
}
