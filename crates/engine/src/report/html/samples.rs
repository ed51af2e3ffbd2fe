//! The parts of the page that quote the corpus: copies side by side, and samples per rule.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::MAX_SAMPLE_BYTES;
use super::copies::{CopyGroup, CopyGroups, Extract};
use super::escape::{counted, cut, escaped, escaped_name, grouped, push_text, size};
use super::rules::{FindingSample, RuleStats};

/// Number of samples shown before the folded ones.
const OPEN_SAMPLES: usize = 4;
/// Maximum length of a note.
const MAX_NOTE_BYTES: usize = 600;

pub(super) fn push_copies(copies: &CopyGroups, html: &mut String) {
    let groups = copies.sorted();
    if groups.is_empty() {
        return;
    }
    html.push_str(
        "<section aria-labelledby=\"copies\">\n<h2 id=\"copies\">Passages with the most copies</h2>\n\
         <p>Ordered by the bytes of all copies. Words that differ are marked.</p>\n<ol class=\"pairs\">\n",
    );
    let bound = if copies.is_partial { "at least " } else { "" };
    for CopyGroup { rule, message, copies, bytes, original, copy, .. } in groups {
        let count = match copies {
            1 => "1 copy".to_owned(),
            copies => format!("{} copies", grouped(*copies)),
        };
        let (rule, message) = (escaped(rule), escaped(message));
        let _ = writeln!(
            html,
            "<li><p><strong>{bound}{count}</strong>, {} in all: <a href=\"#{rule}\">{rule}</a> {message}</p>\n\
             <div class=\"pair\">",
            size(*bytes),
        );
        push_extract("Kept", original, html);
        push_extract("Copy", copy, html);
        html.push_str("</div></li>\n");
    }
    html.push_str("</ol>\n</section>\n");
}

fn push_extract(name: &str, Extract { place, passage }: &Extract, html: &mut String) {
    let _ =
        write!(html, "<figure><figcaption>{name}: <bdi>{}</bdi></figcaption>", escaped_name(place));
    match passage {
        Some(passage) => {
            let _ = write!(html, "<pre dir=\"auto\">{}</pre>", passage.html);
        }
        None => {
            html.push_str("<p class=\"note\">The text of this document is no longer available.</p>")
        }
    }
    html.push_str("</figure>\n");
}

pub(super) fn push_samples(
    rules: &[&RuleStats],
    reasons: &HashMap<String, String>,
    html: &mut String,
) {
    html.push_str(
        "<section aria-labelledby=\"samples\">\n<h2 id=\"samples\">Samples</h2>\n\
         <p>A random choice among the different texts that each rule flags; the same corpus gives the same choice. \
         <del>Struck out</del> is what the fix removes, <ins>underlined</ins> what it adds; \
         <mark>marked</mark> text is reported, but stays.</p>\n",
    );
    let start = html.len();
    let mut left_out = 0;
    for stats in rules {
        let has_room = html.len() - start <= MAX_SAMPLE_BYTES;
        push_rule(stats, reasons, has_room, html);
        left_out += u64::from(!has_room);
    }
    if left_out > 0 {
        let _ = writeln!(html, "<p>The samples of {} are left out.</p>", counted(left_out, "rule"));
    }
    html.push_str("</section>\n");
}

fn push_rule(
    stats: &RuleStats,
    reasons: &HashMap<String, String>,
    has_room: bool,
    html: &mut String,
) {
    let (code, name) = (escaped(&stats.rule.code), escaped(&stats.rule.name));
    let _ = writeln!(
        html,
        "<section class=\"rule\" aria-labelledby=\"{code}\">\n<h3 id=\"{code}\"><span class=\"code\">{code}</span> {name} \
         <small>{}, {}</small></h3>",
        stats.rule.severity,
        counted(stats.findings, "finding"),
    );
    if has_room {
        push_reasons_and_samples(stats, reasons, html);
    }
    html.push_str("</section>\n");
}

fn push_reasons_and_samples(
    stats: &RuleStats,
    reasons: &HashMap<String, String>,
    html: &mut String,
) {
    let _ = writeln!(
        html,
        "<p class=\"summary\">{}</p>",
        escaped(&cut(&stats.rule.summary, MAX_NOTE_BYTES))
    );
    if let Some(reason) = reasons.get(&stats.rule.code).filter(|reason| !reason.is_empty()) {
        let _ = writeln!(html, "<p class=\"why\">{}</p>", escaped(&cut(reason, MAX_NOTE_BYTES)));
    }
    let samples: Vec<&FindingSample> = stats.samples.values().collect();
    let (open, folded) = samples.split_at(samples.len().min(OPEN_SAMPLES));
    push_list(open, html);
    if !folded.is_empty() {
        let _ = writeln!(
            html,
            "<details><summary>{}</summary>",
            counted(folded.len() as u64, "more sample")
        );
        push_list(folded, html);
        html.push_str("</details>\n");
    }
}

fn push_list(samples: &[&FindingSample], html: &mut String) {
    html.push_str("<ul class=\"samples\">\n");
    for sample in samples {
        let FindingSample { place, notes, passage, occurrences } = sample;
        let _ = write!(html, "<li><p class=\"place\"><bdi>{}</bdi></p>", escaped_name(place));
        let _ = write!(html, "<pre dir=\"auto\">{}</pre><p class=\"note\">", passage.html);
        let occurrences = (*occurrences > 1)
            .then(|| format!("{} with this text", counted(*occurrences, "finding")));
        for (index, note) in notes.iter().chain(&occurrences).enumerate() {
            if index > 0 {
                html.push_str("<br />");
            }
            push_text(html, &cut(note, MAX_NOTE_BYTES));
        }
        html.push_str("</p></li>\n");
    }
    html.push_str("</ul>\n");
}
