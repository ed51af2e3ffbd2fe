//! The parts of the page that quote the corpus: copies side by side, and samples per rule.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::MAX_SAMPLE_BYTES;
use super::copies::{CopyGroup, CopyGroups, Extract};
use super::escape::{counted, escaped, grouped, push_text, size};
use super::rules::{RuleStats, Sample};

/// Samples shown before those that have to be unfolded.
const OPEN_SAMPLES: usize = 3;
/// A longer note is cut.
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
    let _ = write!(html, "<figure><figcaption>{name}: <bdi>{}</bdi></figcaption>", escaped(place));
    match passage {
        Some(passage) => {
            let _ = write!(html, "<pre dir=\"auto\">{}</pre>", passage.html);
        }
        None => html.push_str("<p class=\"note\">The text of this document is no longer available.</p>"),
    }
    html.push_str("</figure>\n");
}

pub(super) fn push_samples(rules: &[&RuleStats], reasons: &HashMap<String, String>, html: &mut String) {
    html.push_str(
        "<section aria-labelledby=\"samples\">\n<h2 id=\"samples\">Samples</h2>\n\
         <p>A random choice among the different texts that each rule flags; the same corpus gives the same choice. \
         <del>Struck out</del> is what the fix removes, <ins>underlined</ins> what it adds; \
         <mark>marked</mark> text is reported, but stays.</p>\n",
    );
    let start = html.len();
    let mut left_out = 0;
    for stats in rules {
        if html.len() - start > MAX_SAMPLE_BYTES {
            left_out += 1;
            continue;
        }
        push_rule(stats, reasons, html);
    }
    if left_out > 0 {
        let _ = writeln!(html, "<p>The samples of {} are left out.</p>", counted(left_out, "more rule"));
    }
    html.push_str("</section>\n");
}

fn push_rule(stats: &RuleStats, reasons: &HashMap<String, String>, html: &mut String) {
    let (code, name) = (escaped(&stats.rule.code), escaped(&stats.rule.name));
    let _ = writeln!(
        html,
        "<section class=\"rule\" aria-labelledby=\"{code}\">\n<h3 id=\"{code}\"><span class=\"code\">{code}</span> {name} \
         <small>{}, {}</small></h3>",
        stats.rule.severity,
        counted(stats.findings, "finding"),
    );
    if let Some(reason) = reasons.get(&stats.rule.code).filter(|reason| !reason.is_empty()) {
        let _ = writeln!(html, "<p class=\"why\">{}</p>", escaped(&cut(reason)));
    }
    let samples: Vec<&Sample> = stats.samples.values().collect();
    let (open, folded) = samples.split_at(samples.len().min(OPEN_SAMPLES));
    push_list(open, html);
    if !folded.is_empty() {
        let _ = writeln!(html, "<details><summary>{}</summary>", counted(folded.len() as u64, "more sample"));
        push_list(folded, html);
        html.push_str("</details>\n");
    }
    html.push_str("</section>\n");
}

fn push_list(samples: &[&Sample], html: &mut String) {
    html.push_str("<ul class=\"samples\">\n");
    for sample in samples {
        let Sample { place, message, notes, passage, occurrences } = sample;
        let _ = write!(html, "<li><p class=\"place\"><bdi>{}</bdi></p>", escaped(&cut(place)));
        let _ = write!(html, "<pre dir=\"auto\">{}</pre><p class=\"note\">", passage.html);
        push_text(html, &cut(message));
        for note in notes {
            html.push_str("<br>");
            push_text(html, &cut(note));
        }
        if *occurrences > 1 {
            let _ = write!(html, "<br>{} with this text", counted(*occurrences, "finding"));
        }
        html.push_str("</p></li>\n");
    }
    html.push_str("</ul>\n");
}

fn cut(text: &str) -> String {
    match text.len() <= MAX_NOTE_BYTES {
        true => text.to_owned(),
        false => format!("{}…", &text[..text.floor_char_boundary(MAX_NOTE_BYTES)]),
    }
}
