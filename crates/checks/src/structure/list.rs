//! Lists whose items are run together on one line.

use super::detection::{DetectionSink, StructureDetection};
use super::text_lines::{Line, lines_containing, newline};
use super::verify::{apply_preserving_words, count_blocks};
use crate::code_spans::{code_spans, is_within};
use dechaff_findings::Edit;
use dechaff_text::{BlockKind, Document, Span};

/// Minimum number of items.
const MIN_ITEMS: usize = 3;

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    for (separator, bullet) in [(" * ", "* "), (" • ", "• ")] {
        for line in lines_containing(document, separator) {
            detections.extend(bulleted(document, &line, separator, bullet));
        }
    }
    for line in lines_containing(document, " 2. ") {
        detections.extend(numbered(document, &line));
    }
}

fn bulleted(
    document: &Document<'_>,
    line: &Line<'_, '_>,
    separator: &str,
    bullet: &str,
) -> Option<StructureDetection> {
    let text = line.text;
    let code = code_spans(text);
    let mut starts: Vec<usize> = Vec::new();
    let leads = text.starts_with(bullet);
    if leads {
        starts.push(0);
    }
    let inner = memchr::memmem::find_iter(text.as_bytes(), separator.as_bytes()).map(|at| at + 1);
    starts.extend(inner.filter(|&at| !is_within(&code, at)));
    let first = *starts.first()?;
    let before = text[..first].trim_end();
    let announced = before.trim_end_matches(['*', '_']).ends_with([':', '：']);
    if starts.len() < MIN_ITEMS || !leads && !announced {
        return None;
    }
    let items = items(text, &starts, bullet.len());
    // A list of links into the document is a table of contents.
    if items.iter().all(|item| item.contains("](#"))
        || !items.iter().all(|item| is_item(item, leads))
    {
        return None;
    }
    Some(detection_at(document, line, &starts, bullet.len(), "* "))
}

fn items<'t>(text: &'t str, starts: &[usize], marker: usize) -> Vec<&'t str> {
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| text.get(start + marker..end).unwrap_or("").trim())
        .collect()
}

/// Whether the item consists of words and is not a factor of a product. After a bullet at the start
/// of the line, an item may start with a lower-case letter.
fn is_item(item: &str, leads: bool) -> bool {
    let start = item.trim_start_matches(['*', '_', '[', '"', '“', '‘', '(']);
    let letters = start.chars().take_while(|c| c.is_alphabetic()).count();
    let is_upper = start
        .chars()
        .next()
        .is_some_and(|c| c.is_uppercase() || c.is_alphabetic() && !c.is_lowercase());
    let is_formula = item.contains(['=', '+', '^', '\\']) || item.contains(" / ");
    letters >= 2 && !is_formula && (is_upper || leads && letters >= 3)
}

/// Detects `1. … 2. … 3. …`, each followed by a capital letter.
fn numbered(document: &Document<'_>, line: &Line<'_, '_>) -> Option<StructureDetection> {
    let text = line.text;
    let code = code_spans(text);
    let first = if text.starts_with("1. ") { 0 } else { text.find(": 1. ")? + 2 };
    let mut starts = vec![first];
    let mut at = first;
    loop {
        let marker = format!(" {}. ", starts.len() + 1);
        let Some(next) = text[at..].find(&marker).map(|offset| at + offset + 1) else { break };
        if !is_within(&code, next) {
            starts.push(next);
        }
        at = next;
        if is_within(&code, next) {
            break;
        }
    }
    let opens = |start: &usize| {
        let item = text[*start..].split_once(". ").map_or("", |(_, item)| item);
        item.trim_start_matches(['*', '_', '[', '"', '“']).starts_with(char::is_uppercase)
    };
    // A number after an abbreviation or a word such as "part" does not start an item.
    if starts.len() < MIN_ITEMS || !starts.iter().all(opens) {
        return None;
    }
    Some(detection_at(document, line, &starts, 0, ""))
}

/// Marks the second item. The fix splits the line before each item, if a parser then sees them all.
fn detection_at(
    document: &Document<'_>,
    line: &Line<'_, '_>,
    starts: &[usize],
    marker: usize,
    bullet: &str,
) -> StructureDetection {
    let base = line.span.start;
    let second = starts.get(1).copied().unwrap_or(0);
    let sign = line.text[second..].split(' ').next().map_or(0, str::len);
    let detection = StructureDetection::new(Span::new(base + second, base + second + sign))
        .with_label(format!("{} items on one line", starts.len()));
    let end = newline(document, line.index);
    let first = starts.first().copied().unwrap_or(0);
    let edits: Vec<Edit> = starts
        .iter()
        .map(|&start| {
            let before = line.text[..start].trim_end().len();
            let content = match (start == 0, start == first) {
                (true, _) => bullet.to_owned(),
                (_, true) => format!("{end}{end}{bullet}"),
                _ => format!("{end}{bullet}"),
            };
            Edit { span: Span::new(base + before, base + start + marker), content }
        })
        .filter(|edit| document.slice(edit.span) != edit.content)
        .collect();
    let is_plain = matches!(line.block.kind, BlockKind::Paragraph | BlockKind::ListItem)
        && document.lines().get(line.index).is_some_and(|own| own.start == base);
    let is_verified = is_plain
        && apply_preserving_words(document.text(), line.span, &edits).is_some_and(|repaired| {
            let counts = count_blocks(&repaired);
            counts.items == starts.len() && counts.paragraphs == usize::from(first > 0)
        });
    if is_verified { detection.with_fix("put each item on its own line", edits) } else { detection }
}
