//! Code actions: fix a finding, apply all safe fixes, and suppress a finding.

use serde_json::{Value, json};

use super::fix_all::text_edit;
use super::lint::Analysis;
use super::protocol::{
    ClientCapabilities, CodeActionParams, FIX_ALL_KIND, LspDiagnostic, QUICK_FIX_KIND,
    workspace_edit,
};
use crate::finding::{Applicability, Edit, Finding};
use crate::report::printable;
use crate::suppress::{file_suppression_comment, suppression_comments};

/// Maximum number of findings in a range that actions are offered for.
const MAX_FINDINGS: usize = 100;

/// Returns the actions for the findings in a range.
pub(super) fn finding_actions(
    analysis: &Analysis,
    params: &CodeActionParams,
    client: &ClientCapabilities,
) -> Vec<Value> {
    if !is_wanted(params, QUICK_FIX_KIND) {
        return Vec::new();
    }
    let snapshot = &analysis.snapshot;
    let range = snapshot.lines.span(&snapshot.text, params.range);
    let findings =
        analysis.findings.iter().zip(&analysis.diagnostics).filter(|(finding, _)| {
            finding.span.start <= range.end && range.start <= finding.span.end
        });
    let findings: Vec<_> = findings.take(MAX_FINDINGS).collect();
    let action = |title: String, edits: &[Edit], diagnostic: &LspDiagnostic, is_preferred| {
        let edits: Vec<_> = edits.iter().map(|edit| text_edit(analysis, edit)).collect();
        json!({
            "title": title,
            "kind": QUICK_FIX_KIND,
            "diagnostics": [diagnostic],
            "isPreferred": is_preferred,
            "edit": workspace_edit(client, &snapshot.uri, snapshot.version, &edits),
        })
    };
    let mut actions = Vec::new();
    for (finding, diagnostic) in &findings {
        if let Some(fix) = &finding.fix {
            let is_safe = fix.applicability == Applicability::Safe;
            actions.push(action(fix_title(finding, is_safe), &fix.edits, diagnostic, is_safe));
        }
    }
    let document = snapshot.document();
    // A comment cannot suppress a finding about comments.
    for (finding, diagnostic) in findings.iter().filter(|(finding, _)| !is_about_comments(finding))
    {
        let code = &finding.rule.code;
        let here = suppression_comments(&document, std::slice::from_ref(*finding));
        actions.push(action(format!("Ignore {code} here"), &here, diagnostic, false));
        let file = file_suppression_comment(&document, &codes(finding));
        actions.push(action(format!("Ignore {code} in this file"), &[file], diagnostic, false));
    }
    actions
}

/// Whether the client asks for a fix-all action and there is something to fix.
pub(super) fn wants_fix_all(analysis: &Analysis, params: &CodeActionParams) -> bool {
    let is_fixable = |finding: &Finding| finding.applicable_fix(Applicability::Safe).is_some();
    is_wanted(params, FIX_ALL_KIND) && analysis.findings.iter().any(is_fixable)
}

/// Returns the action that applies all safe fixes, without its edit.
pub(super) fn fix_all_action(uri: &str) -> Value {
    json!({
        "title": "Apply all safe fixes of dechaff",
        "kind": FIX_ALL_KIND,
        "data": { "uri": uri },
    })
}

/// Whether the client asks for actions of `kind`: for that kind, or one that contains it.
fn is_wanted(params: &CodeActionParams, kind: &str) -> bool {
    let contains = |only: &String| {
        let rest = kind.strip_prefix(only.as_str());
        only.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    params.context.only.as_ref().is_none_or(|only| only.iter().any(contains))
}

fn fix_title(finding: &Finding, is_safe: bool) -> String {
    let help = printable(finding.help.as_deref().unwrap_or("fix"));
    let mut characters = help.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    let note = if is_safe { "" } else { ", unsafe" };
    format!("{first}{} ({}{note})", characters.as_str(), finding.rule.code)
}

/// Returns the codes of all rules that reported the finding. If only one were suppressed, the
/// others would report it.
fn codes(finding: &Finding) -> Vec<&str> {
    let others = finding.also_reported_by.iter().map(|(code, _)| code.as_str());
    std::iter::once(finding.rule.code.as_str()).chain(others).collect()
}

fn is_about_comments(finding: &Finding) -> bool {
    finding.rule.code.starts_with("SU")
}
