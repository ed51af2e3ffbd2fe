//! The page: its head, the summary, the tables and the next steps.

use std::fmt::Write as _;

use super::Html;
use super::escape::{counted, escaped, escaped_name, grouped, percent, size};
use super::histograms::push_measures;
use super::losses::DocumentLoss;
use super::rules::RuleStats;
use super::samples::{push_copies, push_samples};
use crate::report::Summary;
use crate::report::removed_words::SHARE_BINS;

/// Width of the charts in their own units.
const CHART_WIDTH: f64 = 100.0;

pub(super) fn push_page(report: &Html, summary: &Summary, html: &mut String) {
    let title = title(summary);
    let _ = write!(
        html,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\" />\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         base-uri 'none'; form-action 'none'\" />\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n\
         <meta name=\"color-scheme\" content=\"light dark\" />\n\
         <meta name=\"referrer\" content=\"no-referrer\" />\n\
         <meta name=\"generator\" content=\"dechaff {version}\" />\n\
         <title>{title} – dechaff</title>\n<style>\n{style}</style>\n</head>\n<body>\n",
        version = env!("CARGO_PKG_VERSION"),
        style = super::STYLE,
    );
    let rules = report.rules.sorted();
    push_header(report, summary, &title, &rules, html);
    html.push_str("<main>\n");
    if rules.is_empty() {
        let _ = writeln!(html, "<p class=\"lead\">{}</p>", escaped(&summary.line()));
        push_measures(&report.measures, &[], html);
    } else {
        push_rules(summary, &rules, html);
        push_histogram(report, summary, html);
        push_worst(&report.losses.worst, html);
        push_measures(&report.measures, &rules, html);
        push_copies(&report.copies, html);
        push_samples(&rules, &report.reasons, html);
    }
    push_next_steps(report, summary, &rules, html);
    let _ = write!(
        html,
        "</main>\n<footer>\n<p>Written by dechaff {}. {}.</p>\n</footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        escaped(&summary.line()),
    );
}

fn title(summary: &Summary) -> String {
    let documents = counted(summary.documents as u64, summary.noun());
    match summary.findings {
        _ if summary.documents == 0 => "Nothing was checked".into(),
        0 => format!("No findings in {documents}"),
        findings => {
            let bound = if summary.is_partial { "At least " } else { "" };
            let affected = grouped(summary.documents_with_findings as u64);
            format!("{bound}{} in {affected} of {documents}", counted(findings as u64, "finding"))
        }
    }
}

fn push_header(
    report: &Html,
    summary: &Summary,
    title: &str,
    rules: &[&RuleStats],
    html: &mut String,
) {
    let _ = write!(html, "<header>\n<p class=\"brand\">dechaff report</p>\n<h1>{title}</h1>\n");
    if !report.paths.is_empty() {
        let paths: Vec<String> = report
            .paths
            .iter()
            .take(20)
            .map(|path| format!("<code>{}</code>", escaped_name(path)))
            .collect();
        let more = report.paths.len().saturating_sub(paths.len());
        let more = if more > 0 {
            format!(" and {}", counted(more as u64, "more path"))
        } else {
            String::new()
        };
        let _ = writeln!(html, "<p class=\"lead\">What was checked: {}{more}</p>", paths.join(" "));
    }
    html.push_str("<dl class=\"facts\">\n");
    for (term, value, detail) in facts(report, summary) {
        let _ = writeln!(html, "<div><dt>{term}</dt><dd>{value}<small>{detail}</small></dd></div>");
    }
    html.push_str("</dl>\n");
    if !rules.is_empty() {
        html.push_str("<nav aria-label=\"Sections\"><ul>\n");
        let has_losses = !report.losses.worst.is_empty();
        let sections = [
            ("rules", "Rules", true),
            ("losses", "Share removed", true),
            ("documents", "Documents", has_losses),
            ("measures", "Measures", report.measures.is_shown()),
            ("copies", "Copies", !report.copies.sorted().is_empty()),
            ("samples", "Samples", true),
            ("next", "What to run next", true),
        ];
        for (id, name, _) in sections.iter().filter(|(.., is_shown)| *is_shown) {
            let _ = writeln!(html, "<li><a href=\"#{id}\">{name}</a></li>");
        }
        html.push_str("</ul></nav>\n");
    }
    html.push_str("</header>\n");
}

/// Returns the figures at the top: name, value and explanation.
fn facts(report: &Html, summary: &Summary) -> Vec<(&'static str, String, String)> {
    let mut noun = format!("{}s", summary.noun());
    if let Some(first) = noun.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let affected = summary.documents_with_findings as u64;
    let safe_detail = format!("remove {}", counted(report.losses.safe, "word"));
    let extra = report.losses.all.saturating_sub(report.losses.safe);
    let extra_detail = match extra {
        0 => "for a person to review".to_owned(),
        words => format!("remove {}", counted(words, "more word")),
    };
    let without = summary.findings.saturating_sub(summary.safe_fixes + summary.unsafe_fixes);
    let checked = if summary.bytes > 0 { size(summary.bytes) } else { String::new() };
    let mut facts = vec![
        (
            "Checked",
            format!("{} {}", grouped(summary.documents as u64), noun.to_lowercase()),
            checked,
        ),
        (
            "Affected",
            grouped(affected),
            format!("{} of them", percent(affected, summary.documents as u64)),
        ),
        ("Safe fixes", grouped(summary.safe_fixes as u64), safe_detail),
        ("Unsafe fixes", grouped(summary.unsafe_fixes as u64), extra_detail),
        ("Without a fix", grouped(without as u64), "reported only".into()),
    ];
    let left_out = [
        ("Fixed before", summary.fixed as u64, "by this run"),
        ("Known", summary.suppressed_by_baseline as u64, "in the baseline, left out here"),
        (
            "Skipped",
            (summary.skipped + summary.files_without_text_field) as u64,
            "files without text",
        ),
        (
            "Unreadable",
            summary.unreadable_records + summary.unreadable_files as u64,
            "files or records",
        ),
    ];
    for (term, number, detail) in left_out {
        if number > 0 {
            facts.push((term, grouped(number), detail.into()));
        }
    }
    facts
}

fn push_rules(summary: &Summary, rules: &[&RuleStats], html: &mut String) {
    push_heading("rules", "Findings by rule", html);
    html.push_str(
        "<p class=\"key\"><span class=\"swatch safe\"></span> safe fix \
         <span class=\"swatch unsafe\"></span> unsafe fix <span class=\"swatch none\"></span> no fix</p>\n",
    );
    let columns = [
        ("Rule", ""),
        ("Findings", "n"),
        ("", "chart"),
        ("Documents", "n"),
        ("Flagged", "n wide"),
        ("Safe", "n wide"),
        ("Unsafe", "n wide"),
    ];
    open_table("rules", &columns, html);
    let most = rules.iter().map(|stats| stats.findings).max().unwrap_or(0);
    for stats in rules {
        let RuleStats { rule, findings, documents, bytes, safe, unsafe_fixes, .. } = stats;
        let code = escaped(&rule.code);
        let without = findings.saturating_sub(safe + unsafe_fixes);
        let flagged = if summary.bytes > 0 { percent(*bytes, summary.bytes) } else { size(*bytes) };
        let bar =
            stacked_bar(&[(*safe, "safe"), (*unsafe_fixes, "unsafe"), (without, "none")], most);
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\"><a href=\"#{code}\">{code}</a> {name}</th><td class=\"n\">{}</td>\
             <td class=\"chart\">{bar}</td><td class=\"n\">{}</td><td class=\"n wide\">{flagged}</td>\
             <td class=\"n wide\">{}</td><td class=\"n wide\">{}</td></tr>",
            grouped(*findings),
            grouped(*documents),
            grouped(*safe),
            grouped(*unsafe_fixes),
            name = escaped(&rule.name),
        );
    }
    close_table(html);
}

fn push_histogram(report: &Html, summary: &Summary, html: &mut String) {
    let losses = &report.losses;
    let losing: u64 = losses.all_bins.iter().sum();
    let documents = summary.documents as u64;
    let untouched = documents.saturating_sub(losing);
    let rest = match losing {
        0 => String::new(),
        _ => format!(
            "The others lose {} of their words, by these shares:",
            percent(losses.all, losses.words)
        ),
    };
    push_heading("losses", "How much of each document goes", html);
    let _ = writeln!(
        html,
        "<p>All fixes together remove no words from {} of {}. {rest}</p>",
        grouped(untouched),
        counted(documents, summary.noun()),
    );
    if losing == 0 {
        html.push_str("</section>\n");
        return;
    }
    let columns = [
        ("Share removed", ""),
        ("Safe fixes", "n"),
        ("", "chart"),
        ("All fixes", "n"),
        ("", "chart"),
    ];
    open_table("losses", &columns, html);
    let most = losses.safe_bins.iter().chain(&losses.all_bins).max().copied().unwrap_or(0);
    let mut low = 0;
    for ((high, safe), all) in SHARE_BINS.iter().zip(losses.safe_bins).zip(losses.all_bins) {
        let label = match low {
            0 => format!("up to {} %", high / 10),
            _ => format!("{} to {} %", low / 10, high / 10),
        };
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\">{label}</th><td class=\"n\">{}</td><td class=\"chart\">{}</td>\
             <td class=\"n\">{}</td><td class=\"chart\">{}</td></tr>",
            grouped(safe),
            stacked_bar(&[(safe, "safe")], most),
            grouped(all),
            stacked_bar(&[(all, "all")], most),
        );
        low = *high;
    }
    close_table(html);
}

fn push_worst(worst: &[DocumentLoss], html: &mut String) {
    if worst.is_empty() {
        return;
    }
    push_heading("documents", "Documents that lose the largest shares", html);
    let columns = [
        ("Document", "name"),
        ("All fixes", "n"),
        ("", "chart"),
        ("Safe", "n wide"),
        ("Words", "n wide"),
        ("Findings", "n wide"),
        ("Main rule", ""),
    ];
    open_table("documents", &columns, html);
    for loss in worst {
        let rest = loss.all.saturating_sub(loss.safe);
        let rule = escaped(&loss.main_rule);
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\" class=\"name\"><bdi>{}</bdi></th><td class=\"n\">{}</td><td class=\"chart\">{}</td>\
             <td class=\"n wide\">{}</td><td class=\"n wide\">{}</td><td class=\"n wide\">{}</td>\
             <td><a href=\"#{rule}\">{rule}</a></td></tr>",
            escaped_name(&loss.place),
            percent(loss.all, loss.words),
            stacked_bar(&[(loss.safe.min(loss.all), "safe"), (rest, "unsafe")], loss.words),
            percent(loss.safe, loss.words),
            grouped(loss.words),
            grouped(loss.findings),
        );
    }
    close_table(html);
}

fn push_next_steps(report: &Html, summary: &Summary, rules: &[&RuleStats], html: &mut String) {
    push_heading("next", "What to run next", html);
    let paths = shell_words(&report.paths);
    let mut steps: Vec<(&str, String)> = Vec::new();
    if summary.safe_fixes > 0 {
        steps.push((
            "See what the safe fixes would change:",
            format!("dechaff check {paths} --diff"),
        ));
        steps.push((
            "Apply them, with a log from which <code>dechaff undo</code> restores every byte:",
            format!("dechaff check {paths} --fix --undo-log dechaff.undo"),
        ));
    }
    if summary.unsafe_fixes > 0 {
        let text = "Review the unsafe fixes, which need a person’s judgement:";
        steps.push((text, format!("dechaff check {paths} --unsafe-fixes --diff")));
    }
    if let Some(stats) = rules.first() {
        steps.push((
            "Read about the most frequent rule:",
            format!("dechaff rule {}", shell_word(&stats.rule.code)),
        ));
        let text = "Accept everything found today, and fail only on what is new:";
        steps.push((text, format!("dechaff check {paths} --write-baseline dechaff-baseline.json")));
    }
    steps.push((
        "Make this report again:",
        format!("dechaff check {paths} --output-format html --output-file report.html"),
    ));
    html.push_str("<ol class=\"steps\">\n");
    for (text, command) in steps {
        let _ = writeln!(html, "<li>{text}<pre><code>{}</code></pre></li>", escaped(&command));
    }
    html.push_str("</ol>\n</section>\n");
}

/// Quotes paths for a shell. Too many or too long ones become a placeholder.
fn shell_words(paths: &[String]) -> String {
    const MAX_BYTES: usize = 400;
    let words = paths.iter().map(|path| shell_word(path)).collect::<Vec<_>>().join(" ");
    match words.len() {
        0 => ".".into(),
        1..=MAX_BYTES => words,
        _ => "PATHS".into(),
    }
}

/// Quotes a word for a shell.
pub fn shell_word(word: &str) -> String {
    let is_plain = |c: char| {
        c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@' | '%')
    };
    match !word.is_empty() && word.chars().all(is_plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// Opens a section with its heading; the caller closes it.
fn push_heading(id: &str, title: &str, html: &mut String) {
    let _ = write!(html, "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n");
}

/// Opens a table in a region that scrolls on narrow screens. Columns are names with their classes;
/// those without a name contain only a chart of the column before.
fn open_table(id: &str, columns: &[(&str, &str)], html: &mut String) {
    let _ = write!(
        html,
        "<div class=\"scroll\" role=\"region\" aria-label=\"Table of {id}\" tabindex=\"0\">\n<table>\n<thead><tr>"
    );
    for (name, class) in columns {
        let _ = match name.is_empty() {
            true => write!(html, "<td class=\"{class}\"></td>"),
            false => write!(html, "<th scope=\"col\" class=\"{class}\">{name}</th>"),
        };
    }
    html.push_str("</tr></thead>\n<tbody>\n");
}

fn close_table(html: &mut String) {
    html.push_str("</tbody>\n</table>\n</div>\n</section>\n");
}

/// Draws a bar of several parts, `whole` of which would fill the chart.
fn stacked_bar(parts: &[(u64, &str)], whole: u64) -> String {
    let mut svg = String::from(
        "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\" focusable=\"false\">",
    );
    let mut at = 0.0;
    for (number, class) in parts.iter().filter(|(number, _)| *number > 0) {
        // Keep small numbers visible.
        let width = (CHART_WIDTH * *number as f64 / whole.max(1) as f64).max(0.4);
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{at:.2}\" width=\"{width:.2}\" height=\"10\"/>"
        );
        at += width;
    }
    svg.push_str("</svg>");
    svg
}
