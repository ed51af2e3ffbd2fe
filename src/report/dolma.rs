//! Findings as attributes that the mixer of Dolma reads: one line a document, spans in characters.

use std::collections::BTreeMap;

use super::{Medium, Report, Summary};
use crate::finding::{Applicability, Finding};
use crate::text::{Document, Span, TextProvider};

/// The summary alone, where findings go to files of attributes.
#[derive(Debug, Default)]
pub struct Total;

impl Report for Total {
    fn document(&mut self, _: &Document<'_>, _: &[Finding], _: &dyn TextProvider, _: &mut String) {}

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}

/// The line for a document: its identifier, which is JSON, and for each rule the spans that its findings would have go, or
/// mark where they have no fix.
///
/// A span is `[start, end, score]`, half-open and counted in Unicode scalar values, as the mixer does. The score is 1 for a safe
/// fix, 0.5 for an unsafe one and 0.25 for none. `dechaff__safe__span` has all that safe fixes take, `dechaff__fixes__span` what
/// any fix takes, each place once: the mixer passes over a span that overlaps another.
pub fn attributes(id: Option<&str>, text: &str, findings: &[Finding]) -> String {
    let mut spans: BTreeMap<String, Vec<(Span, f64)>> = BTreeMap::new();
    for finding in findings {
        let key = format!("dechaff__{}__span", finding.rule.code);
        let fix = finding.fix.as_ref();
        let deletions = fix.filter(|fix| fix.edits.iter().all(|edit| edit.is_deletion()));
        let score = match deletions.map(|fix| fix.applicability) {
            Some(Applicability::Safe) => 1.0,
            Some(Applicability::Unsafe) => 0.5,
            None => 0.25,
        };
        let Some(fix) = deletions else {
            spans.entry(key).or_default().push((finding.span, score));
            continue;
        };
        for edit in &fix.edits {
            spans.entry(key.clone()).or_default().push((edit.span, score));
            spans.entry("dechaff__fixes__span".into()).or_default().push((edit.span, score));
            if fix.applicability == Applicability::Safe {
                spans.entry("dechaff__safe__span".into()).or_default().push((edit.span, score));
            }
        }
    }
    let mut characters = Characters { text, offset: 0, count: 0 };
    let mut places: Vec<usize> = spans.values().flatten().flat_map(|(span, _)| [span.start, span.end]).collect();
    places.sort_unstable();
    places.dedup();
    let counts: Vec<usize> = places.iter().map(|place| characters.before(*place)).collect();
    let count = |place: usize| places.binary_search(&place).ok().and_then(|at| counts.get(at)).copied().unwrap_or(0);
    let attributes: BTreeMap<String, Vec<(usize, usize, f64)>> = spans
        .into_iter()
        .map(|(key, spans)| {
            let spans = united(spans).into_iter().map(|(span, score)| (count(span.start), count(span.end), score));
            (key, spans.collect())
        })
        .collect();
    // Names and numbers always serialise.
    let attributes = serde_json::to_string(&attributes).unwrap_or_default();
    let line = format!("{{\"id\":{},\"attributes\":{attributes}}}", id.unwrap_or("null"));
    Medium::Json.sanitize(&line).into_owned()
}

/// The spans in order, those that overlap or touch made one with the greater score; empty ones left out.
fn united(mut spans: Vec<(Span, f64)>) -> Vec<(Span, f64)> {
    spans.retain(|(span, _)| !span.is_empty());
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    let mut united: Vec<(Span, f64)> = Vec::with_capacity(spans.len());
    for (span, score) in spans {
        match united.last_mut() {
            Some((last, best)) if span.start <= last.end => {
                last.end = last.end.max(span.end);
                *best = best.max(score);
            }
            _ => united.push((span, score)),
        }
    }
    united
}

/// Counts characters from one place to the next.
struct Characters<'t> {
    text: &'t str,
    offset: usize,
    count: usize,
}

impl Characters<'_> {
    fn before(&mut self, offset: usize) -> usize {
        self.count += self.text.get(self.offset..offset).map_or(0, |text| text.chars().count());
        self.offset = offset;
        self.count
    }
}
