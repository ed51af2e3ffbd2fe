//! Blocks of text that a page's layout repeats: a post that is quoted in full above its replies, or
//! a description with separate versions for wide and narrow screens.

use rustc_hash::FxHashMap;

use super::detection::DetectionSink;
use dechaff_findings::{Finding, Label};
use dechaff_text::{BlockKind, Document, Span, count_words};

/// Minimum number of consecutive units that repeat earlier consecutive ones.
const MIN_UNITS: usize = 3;
/// Minimum number of words in all of them. A chorus has fewer, or no prose.
const MIN_WORDS: usize = 60;
/// Minimum number of words of prose in one of them.
const MIN_PROSE_WORDS: usize = 20;

/// A paragraph, heading, list item or line of a table.
struct TextUnit<'t> {
    span: Span,
    text: &'t str,
    is_prose: bool,
}

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    let units = units(document);
    let mut last_seen: FxHashMap<&str, usize> = FxHashMap::default();
    let mut at = 0;
    while at < units.len() {
        let earlier = last_seen.get(units[at].text).copied();
        let length = earlier.map_or(0, |earlier| common_length(&units, earlier, at));
        let end = at + length.max(1);
        if let Some(earlier) = earlier.filter(|_| is_long(&units[at..end])) {
            let span = units[at].span.cover(units[end - 1].span);
            let mut finding = Finding::with_deletion(detections.rule, document, span);
            let first = units[earlier].span;
            finding.labels.push(Label { origin: None, span: first, message: "first here".into() });
            detections.findings.push(finding);
        }
        // If this run is too short, so is any shorter one, so no unit is compared twice.
        last_seen.extend((at..end).map(|unit| (units[unit].text, unit)));
        at = end;
    }
}

fn units<'t>(document: &'t Document<'_>) -> Vec<TextUnit<'t>> {
    let mut units = Vec::new();
    for (index, block) in document.blocks().iter().enumerate() {
        let is_prose = document.is_prose(index);
        match block.kind {
            BlockKind::Blank => {}
            BlockKind::Table => units.extend(block.lines.clone().map(|line| {
                let span = dechaff_text::trim(document.text(), document.lines()[line]);
                TextUnit { span, text: document.slice(span), is_prose: false }
            })),
            // Never equal: code repeats itself.
            kind if !kind.is_text() => {
                units.push(TextUnit { span: block.span, text: "", is_prose: false });
            }
            _ => {
                let text = document.slice(block.content).trim();
                units.push(TextUnit { span: block.span, text, is_prose });
            }
        }
    }
    units
}

/// Returns the number of units from `at` on that equal those from `earlier` on, up to `at`.
fn common_length(units: &[TextUnit<'_>], earlier: usize, at: usize) -> usize {
    let earlier = units[earlier..at].iter();
    let pairs = units[at..].iter().zip(earlier);
    pairs.take_while(|(unit, earlier)| !unit.text.is_empty() && unit.text == earlier.text).count()
}

fn is_long(units: &[TextUnit<'_>]) -> bool {
    let has_prose = units
        .iter()
        .any(|unit| unit.is_prose && count_words(unit.text, MIN_PROSE_WORDS) >= MIN_PROSE_WORDS);
    let words = units.iter().map(|unit| count_words(unit.text, MIN_WORDS)).sum::<usize>();
    units.len() >= MIN_UNITS && has_prose && words >= MIN_WORDS
}
