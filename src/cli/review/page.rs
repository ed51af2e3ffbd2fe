//! The pages of a review, as HTML.

use std::fmt::Write as _;

use serde_json::json;

use super::decisions::{ReviewDecision, ReviewTarget};
use super::filter::{DecisionState, Filter, PAGE_SIZE, VERDICTS};
use super::session::{DecisionCounts, ReviewSession};
use crate::finding::Applicability;
use crate::report::{counted, escaped, escaped_name, grouped};
use crate::text::PathName;

/// Maximum number of groups that the filter lists. Others can be found through their documents.
const MAX_GROUPS: usize = 500;

/// Returns the identifier of a target, in pages and forms.
pub(super) fn target_id(target: ReviewTarget) -> String {
    match target {
        ReviewTarget::Finding(number) => format!("finding-{number}"),
        ReviewTarget::Document(number) => format!("document-{number}"),
        ReviewTarget::Rule(number) => format!("rule-{number}"),
    }
}

/// Parses what [`target_id`] returns.
pub(super) fn parse_target(text: &str) -> Option<ReviewTarget> {
    let (kind, number) = text.split_once('-')?;
    let number = number.parse().ok()?;
    match kind {
        "finding" => Some(ReviewTarget::Finding(number)),
        "document" => Some(ReviewTarget::Document(number)),
        "rule" => Some(ReviewTarget::Rule(number)),
        _ => None,
    }
}

/// Describes a change to the script: the new state of the target, and the counts.
pub(super) fn change(session: &ReviewSession, target: Option<ReviewTarget>) -> String {
    let target = target.map(|target| {
        let (state, label) = (state(session, target), state_label(session, target));
        json!({ "id": target_id(target), "state": state.name(), "label": label })
    });
    json!({ "target": target, "counts": counts_line(session.counts(None)) }).to_string()
}

fn state(session: &ReviewSession, target: ReviewTarget) -> DecisionState {
    DecisionState::new(match target {
        ReviewTarget::Finding(number) => session.decisions.on_finding(&session.items, number),
        ReviewTarget::Document(_) | ReviewTarget::Rule(_) => session.decisions.on(target),
    })
}

/// Describes the decision on a target; for a rule or a document with the counts of its findings.
fn state_label(session: &ReviewSession, target: ReviewTarget) -> String {
    let decisions = &session.decisions;
    let own = decisions.on(target);
    let ReviewTarget::Finding(number) = target else {
        return group_label(own, session.counts(Some(target)));
    };
    let decision = decisions.on_finding(&session.items, number);
    let finding = session.items.findings.get(number);
    let document =
        finding.and_then(|finding| decisions.on(ReviewTarget::Document(finding.document as usize)));
    let through = match (own, document) {
        (Some(_), _) => "",
        (None, Some(_)) => " with the document",
        (None, None) if decision.is_some() => " with the rule",
        (None, None) => "",
    };
    format!("{}{through}", label(decision))
}

/// Describes the decision on a rule or a document, and those on its findings.
fn group_label(own: Option<ReviewDecision>, counts: DecisionCounts) -> String {
    let own = own.map_or("Not decided as a whole", |decision| label(Some(decision)));
    format!("{own}. Findings: {}", counts_line(counts))
}

fn label(decision: Option<ReviewDecision>) -> &'static str {
    match decision {
        None => "Open",
        Some(ReviewDecision::Accept) => "Accepted",
        Some(ReviewDecision::Reject) => "Rejected",
    }
}

fn counts_line(counts: DecisionCounts) -> String {
    let DecisionCounts { open, accepted, rejected, .. } = counts;
    let number = |number: usize| grouped(number as u64);
    format!("{} open, {} accepted, {} rejected", number(open), number(accepted), number(rejected))
}

/// Lists the findings that match `filter`.
///
/// # Errors
///
/// The temporary file cannot be read.
pub(super) fn findings(session: &mut ReviewSession, filter: &Filter) -> anyhow::Result<String> {
    let matching = session.matching(filter)?;
    let (from, to) = page_range(filter, matching.len());
    let mut html = String::new();
    push_head(session, "Findings", "./", &mut html);
    push_filters(session, filter, "./", &mut html);
    push_pages(filter, "./", matching.len(), "finding", &mut html);
    html.push_str("<ol class=\"items\">\n");
    for number in matching.get(from..to).unwrap_or_default() {
        push_finding(session, *number, filter, &mut html)?;
    }
    html.push_str("</ol>\n");
    if matching.len() > PAGE_SIZE {
        push_pages(filter, "./", matching.len(), "finding", &mut html);
    }
    push_foot(&mut html);
    Ok(html)
}

fn push_finding(
    session: &mut ReviewSession,
    number: usize,
    filter: &Filter,
    html: &mut String,
) -> anyhow::Result<()> {
    let details = session.items.details(number)?;
    let Some(finding) = session.items.findings.get(number) else { return Ok(()) };
    let rule = session.items.rule_of(finding);
    let (code, name) = rule.map_or(("", ""), |rule| (&*rule.code, &*rule.name));
    let fix = match finding.fix {
        Some(Applicability::Safe) => "safe fix",
        Some(Applicability::Unsafe) => "unsafe fix",
        None => "no fix",
    };
    let document = finding.document as usize;
    let target = ReviewTarget::Finding(number);
    open_item(session, target, html);
    let _ = write!(
        html,
        "<h2><a class=\"code\" href=\"rules#rule-{rule}\">{code}</a> {name} <small>{fix}</small></h2>\n\
         <p class=\"place\"><a href=\"documents?document={document}\"><bdi>{place}</bdi></a></p>\n\
         <p class=\"message\">{message}</p>\n<pre dir=\"auto\">{passage}</pre>\n",
        rule = finding.rule,
        code = escaped(code),
        name = escaped(name),
        place = escaped_name(&details.place),
        message = escaped(&details.message),
        passage = details.passage,
    );
    for note in details.notes.iter().filter(|note| **note != details.message) {
        let _ = writeln!(html, "<p class=\"note\">{}</p>", escaped(note));
    }
    close_item(target, &state_label(session, target), &with_query("", filter), html);
    Ok(())
}

/// Lists the rules with findings.
pub(super) fn rules(session: &ReviewSession) -> String {
    let mut html = String::new();
    push_head(session, "Rules", "rules", &mut html);
    html.push_str(
        "<p>A decision on a rule counts for its findings without a decision of their own or on their document.</p>\n\
         <ol class=\"items\">\n",
    );
    let counts = session.counts_by_rule();
    for (number, (rule, counts)) in session.items.rules.iter().zip(counts).enumerate() {
        let target = ReviewTarget::Rule(number);
        open_item(session, target, &mut html);
        let filter = Filter { rule: rule.code.clone(), ..Filter::default() };
        let _ = writeln!(
            html,
            "<h2><a class=\"code\" href=\"./?{query}\">{code}</a> {name} <small>{severity}</small></h2>\n\
             <p class=\"message\">{summary}</p>",
            query = escaped(&filter.query(0)),
            code = escaped(&rule.code),
            name = escaped(&rule.name),
            severity = rule.severity,
            summary = escaped(&rule.summary),
        );
        let label = group_label(session.decisions.on(target), counts);
        close_item(target, &label, "rules", &mut html);
    }
    html.push_str("</ol>\n");
    push_foot(&mut html);
    html
}

/// Lists the documents that match `filter`.
pub(super) fn documents(session: &ReviewSession, filter: &Filter) -> String {
    let matching = filter.documents(&session.items, &session.decisions);
    let (from, to) = page_range(filter, matching.len());
    let mut html = String::new();
    push_head(session, "Documents", "documents", &mut html);
    push_filters(session, filter, "documents", &mut html);
    push_pages(filter, "documents", matching.len(), "document", &mut html);
    html.push_str("<ol class=\"items\">\n");
    for number in matching.get(from..to).unwrap_or_default() {
        let Some(document) = session.items.documents.get(*number) else { continue };
        let target = ReviewTarget::Document(*number);
        open_item(session, target, &mut html);
        let _ = writeln!(
            html,
            "<h2><a href=\"./?document={number}\"><bdi>{}</bdi></a></h2>\n\
             <p class=\"message\">Verdict <strong>{}</strong>: {}.</p>",
            escaped_name(&document.name()),
            document.verdict.name(),
            escaped_name(&document.reason),
        );
        if !document.is_fixable {
            html.push_str("<p class=\"note\">Not valid UTF-8, so it cannot be fixed.</p>\n");
        }
        close_item(
            target,
            &state_label(session, target),
            &with_query("documents", filter),
            &mut html,
        );
    }
    html.push_str("</ol>\n");
    push_foot(&mut html);
    html
}

/// Renders the page that offers to write the plan and the ignore list.
pub(super) fn finish(session: &ReviewSession) -> String {
    let counts = session.counts(None);
    let mut html = String::new();
    push_head(session, "Finish", "finish", &mut html);
    for message in &session.messages {
        let _ = writeln!(html, "<p class=\"done\" role=\"status\">{}</p>", escaped(message));
    }
    let without = counts.accepted - counts.fixable;
    let without = match without {
        0 => String::new(),
        number => format!(
            " {} without a fix stay as they are.",
            counted(number as u64, "accepted finding")
        ),
    };
    let _ = write!(
        html,
        "<section aria-labelledby=\"plan\">\n<h2 id=\"plan\">Fix what you accepted</h2>\n\
         <p>The plan lists {fixes}.{without} Writing it changes no documents.</p>\n\
         <form method=\"post\" action=\"plan\"><input type=\"hidden\" name=\"back\" value=\"finish\" />\
         <button type=\"submit\">Write {plan}</button></form>\n\
         <p>Then this command fixes exactly these. Documents whose text has changed since are skipped, \
         and <code>dechaff undo dechaff.undo</code> reverts everything.</p>\n\
         <pre><code>{command}</code></pre>\n</section>\n\
         <section aria-labelledby=\"ignore\">\n<h2 id=\"ignore\">Silence what you rejected</h2>\n\
         <p>Adds {rejected} to the ignore list. A later check with that list does not report them.</p>\n\
         <form method=\"post\" action=\"ignore-list\"><input type=\"hidden\" name=\"back\" value=\"finish\" />\
         <button type=\"submit\">Add to {list}</button></form>\n\
         <pre><code>{ignore_command}</code></pre>\n</section>\n",
        fixes = counted(counts.fixable as u64, "accepted finding"),
        plan = escaped_name(&session.files.plan.name()),
        command = escaped(&session.commands.fix),
        ignore_command = escaped(&session.commands.check),
        rejected = counted(counts.rejected as u64, "rejected finding"),
        list = escaped_name(&session.files.ignore_list.name()),
    );
    push_foot(&mut html);
    html
}

fn open_item(session: &ReviewSession, target: ReviewTarget, html: &mut String) {
    let id = target_id(target);
    let state = state(session, target).name();
    let _ =
        writeln!(html, "<li class=\"item\" id=\"{id}\" tabindex=\"-1\" data-state=\"{state}\">");
}

/// Appends the decision on an item, worded by `label`, and the buttons to change it.
fn close_item(target: ReviewTarget, label: &str, back: &str, html: &mut String) {
    let _ = writeln!(
        html,
        "<form class=\"decide\" method=\"post\" action=\"decide\">\
         <input type=\"hidden\" name=\"target\" value=\"{id}\" /><input type=\"hidden\" name=\"back\" value=\"{back}\" />\
         <button type=\"submit\" name=\"decision\" value=\"accept\">Accept</button>\
         <button type=\"submit\" name=\"decision\" value=\"reject\">Reject</button>\
         <span class=\"state\">{label}</span></form></li>",
        id = target_id(target),
        back = escaped(back),
    );
}

fn push_head(session: &ReviewSession, title: &str, page: &str, html: &mut String) {
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n\
         <meta name=\"color-scheme\" content=\"light dark\" />\n<title>{title} – dechaff review</title>\n\
         <link rel=\"stylesheet\" href=\"style.css\" />\n<script src=\"review.js\" defer></script>\n</head>\n\
         <body class=\"review\">\n<header>\n<p class=\"brand\">dechaff review</p>\n<h1>{title}</h1>\n\
         <nav aria-label=\"Pages\"><ul>\n",
    );
    let pages = [
        ("./", "Findings"),
        ("rules", "Rules"),
        ("documents", "Documents"),
        ("finish", "Finish"),
        ("report", "Report"),
    ];
    for (address, name) in pages {
        let current = if address == page { " aria-current=\"page\"" } else { "" };
        let _ = writeln!(html, "<li><a href=\"{address}\"{current}>{name}</a></li>");
    }
    let _ = write!(
        html,
        "</ul></nav>\n<div class=\"status\"><p id=\"counts\" role=\"status\">{}</p>\n\
         <form id=\"undo\" method=\"post\" action=\"undo\"><input type=\"hidden\" name=\"back\" value=\"{back}\" />\
         <button type=\"submit\">Undo</button></form>\n\
         <p class=\"keys\"><kbd>j</kbd> next <kbd>k</kbd> previous <kbd>a</kbd> accept <kbd>r</kbd> reject \
         <kbd>u</kbd> undo <kbd>/</kbd> search</p></div>\n",
        counts_line(session.counts(None)),
        back = page.trim_start_matches("./"),
    );
    if session.items.left_out > 0 {
        let _ = writeln!(
            html,
            "<p class=\"lead\">{} more are not part of this review, which holds a million: review parts of the corpus.</p>",
            counted(session.items.left_out as u64, "finding"),
        );
    }
    if session.decisions.unmatched > 0 {
        let _ = writeln!(
            html,
            "<p class=\"lead\">{} in {} concern texts or findings that are not here, or have changed.</p>",
            counted(session.decisions.unmatched as u64, "earlier decision"),
            escaped_name(&session.files.decisions.name()),
        );
    }
    html.push_str("</header>\n<main>\n");
}

fn push_foot(html: &mut String) {
    html.push_str("</main>\n</body>\n</html>\n");
}

fn push_filters(session: &ReviewSession, filter: &Filter, page: &str, html: &mut String) {
    let is_findings = page == "./";
    let _ = writeln!(
        html,
        "<form class=\"filters\" role=\"search\" method=\"get\" action=\"{page}\">\n\
         <label>Search <input type=\"search\" name=\"q\" value=\"{}\" /></label>",
        escaped(&filter.text),
    );
    if is_findings {
        let mut codes: Vec<(&str, String)> = session
            .items
            .rules
            .iter()
            .map(|rule| (&*rule.code, format!("{} {}", rule.code, rule.name)))
            .collect();
        codes.sort_unstable();
        push_select("Rule", "rule", codes.into_iter(), &filter.rule, html);
    }
    if !session.items.groups.is_empty() {
        let groups =
            session.items.groups.iter().take(MAX_GROUPS).map(|group| (&**group, group.to_string()));
        push_select("Site", "group", groups, &filter.group, html);
    }
    let verdicts = VERDICTS.iter().map(|verdict| (verdict.name(), verdict.name().to_owned()));
    push_select(
        "Verdict",
        "verdict",
        verdicts,
        filter.verdict.map_or("", |verdict| verdict.name()),
        html,
    );
    let states = DecisionState::ALL.iter().map(|state| (state.name(), state.name().to_owned()));
    push_select("Decision", "state", states, filter.state.map_or("", DecisionState::name), html);
    if let Some(document) = filter.document {
        let name =
            session.items.documents.get(document).map_or(String::new(), |document| document.name());
        let _ = writeln!(
            html,
            "<label><input type=\"checkbox\" name=\"document\" value=\"{document}\" checked=\"\" /> only <bdi>{}</bdi></label>",
            escaped_name(&name),
        );
    }
    let _ = writeln!(
        html,
        "<button type=\"submit\">Filter</button> <a href=\"{page}\">Show all</a>\n</form>"
    );
}

fn push_select<'v>(
    label: &str,
    name: &str,
    values: impl Iterator<Item = (&'v str, String)>,
    selected: &str,
    html: &mut String,
) {
    let _ = write!(html, "<label>{label} <select name=\"{name}\"><option value=\"\">any</option>");
    for (value, text) in values {
        let mark = if value == selected { " selected=\"\"" } else { "" };
        let _ = write!(
            html,
            "<option value=\"{}\"{mark}>{}</option>",
            escaped(value),
            escaped_name(&text)
        );
    }
    html.push_str("</select></label>\n");
}

/// Appends the number of matching entries, and links to the other pages.
fn push_pages(filter: &Filter, page: &str, matching: usize, noun: &str, html: &mut String) {
    let (from, to) = page_range(filter, matching);
    let _ = write!(html, "<p class=\"pages\">{}", counted(matching as u64, noun));
    if matching > PAGE_SIZE {
        let _ = write!(html, ", {} to {}", grouped(from as u64 + 1), grouped(to as u64));
        let last = (matching - 1) / PAGE_SIZE;
        let current = from / PAGE_SIZE;
        let others = [
            ("Previous", current.checked_sub(1)),
            ("Next", Some(current + 1).filter(|next| *next <= last)),
        ];
        for (name, number) in others {
            if let Some(number) = number {
                let _ = write!(
                    html,
                    " <a href=\"{page}?{}\">{name}</a>",
                    escaped(&filter.query(number))
                );
            }
        }
    }
    html.push_str("</p>\n");
}

/// Returns the entries of the page of `filter`, or of the last page.
fn page_range(filter: &Filter, matching: usize) -> (usize, usize) {
    let page = filter.page.min(matching.saturating_sub(1) / PAGE_SIZE);
    (page * PAGE_SIZE, matching.min((page + 1) * PAGE_SIZE))
}

fn with_query(page: &str, filter: &Filter) -> String {
    match filter.query(filter.page) {
        query if query.is_empty() => page.to_owned(),
        query => format!("{page}?{query}"),
    }
}
