//! Attributes for the Dolma mixer: one line per document, spans in characters.

use std::collections::BTreeMap;

use super::{Medium, Reporter, Summary};
use dechaff_findings::{Applicability, Finding};
use dechaff_text::{Document, Span, TextProvider};

/// Prints only the summary. The findings go to attribute files.
#[derive(Debug, Default)]
pub struct SummaryOnly;

impl Reporter for SummaryOnly {
    fn write_document(
        &mut self,
        _: &Document<'_>,
        _: &[Finding],
        _: &dyn TextProvider,
        _: &mut String,
    ) {
    }

    fn finish(&mut self, summary: &Summary, output: &mut String) {
        output.push_str(&summary.line());
        output.push('\n');
    }
}

/// Returns the line for a document: its ID, already encoded as JSON, and the spans of each rule. A
/// span is what the fix of a finding deletes, or the flagged text if there is no such fix.
///
/// Spans are `[start, end, score]`, half-open and in Unicode scalar values. The score is 1 for a
/// safe fix, 0.5 for an unsafe one and 0.25 for none. `dechaff__safe__span` is the union of all
/// safe fixes and `dechaff__fixes__span` that of all fixes, since the mixer skips spans that
/// overlap another attribute's.
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
    let mut counter = CharCounter { text, offset: 0, count: 0 };
    let mut offsets: Vec<usize> =
        spans.values().flatten().flat_map(|(span, _)| [span.start, span.end]).collect();
    offsets.sort_unstable();
    offsets.dedup();
    let counts: Vec<usize> = offsets.iter().map(|offset| counter.count_before(*offset)).collect();
    let count = |offset: usize| {
        offsets.binary_search(&offset).ok().and_then(|at| counts.get(at)).copied().unwrap_or(0)
    };
    let attributes: BTreeMap<String, Vec<(usize, usize, f64)>> = spans
        .into_iter()
        .map(|(key, spans)| {
            let spans = merge_spans(spans)
                .into_iter()
                .map(|(span, score)| (count(span.start), count(span.end), score));
            (key, spans.collect())
        })
        .collect();
    // Names and numbers always serialise.
    let attributes = serde_json::to_string(&attributes).unwrap_or_default();
    let line = format!("{{\"id\":{},\"attributes\":{attributes}}}", id.unwrap_or("null"));
    Medium::Json.sanitize(&line).into_owned()
}

/// Sorts the spans and merges those that overlap or touch, keeping the highest score. Drops empty
/// ones.
fn merge_spans(mut spans: Vec<(Span, f64)>) -> Vec<(Span, f64)> {
    spans.retain(|(span, _)| !span.is_empty());
    spans.sort_by_key(|(span, _)| (span.start, span.end));
    let mut merged: Vec<(Span, f64)> = Vec::with_capacity(spans.len());
    for (span, score) in spans {
        match merged.last_mut() {
            Some((last, best)) if span.start <= last.end => {
                last.end = last.end.max(span.end);
                *best = best.max(score);
            }
            _ => merged.push((span, score)),
        }
    }
    merged
}

/// Counts characters up to increasing offsets.
struct CharCounter<'t> {
    text: &'t str,
    offset: usize,
    count: usize,
}

impl CharCounter<'_> {
    fn count_before(&mut self, offset: usize) -> usize {
        self.count += self.text.get(self.offset..offset).map_or(0, |text| text.chars().count());
        self.offset = offset;
        self.count
    }
}
