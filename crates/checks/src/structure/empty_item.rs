//! List markers without an item, left behind when an extractor drops an icon, an image or a button,
//! or puts the text of an item on a line below.

use super::detection::{DetectionSink, StructureDetection};
use dechaff_findings::Edit;
use dechaff_text::{Document, Span, ends_sentence, list_marker, trim};

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    for bullet in empty_bullets(document) {
        let is_safe = bullet.has_trailing_blank && !bullet.has_own_text;
        detections.push(deletion(document, bullet.line, is_safe));
    }
    for line in empty_numbers(document) {
        detections.push(deletion(document, line, false));
    }
}

fn deletion(document: &Document<'_>, line: Span, is_safe: bool) -> StructureDetection {
    let edits = vec![Edit { span: document.deletion_span(line), content: String::new() }];
    let detection = StructureDetection::new(trim(document.text(), line));
    if is_safe {
        detection.with_safe_fix("delete it", edits)
    } else {
        detection.with_fix("delete it", edits)
    }
}

/// A line with a bullet whose item is missing.
struct EmptyBullet {
    line: Span,
    has_trailing_blank: bool,
    /// Whether text directly below, or a nested list, may belong to the bullet.
    has_own_text: bool,
}

fn empty_bullets(document: &Document<'_>) -> Vec<EmptyBullet> {
    let lines = document.lines();
    let mut is_diff = None;
    let mut bullets = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let span = trim(document.text(), *line);
        let marker = document.slice(span);
        if !is_bullet(marker) || !is_in_text(document, span) {
            continue;
        }
        let above = Neighbor::new(document, lines[..index].iter().rev());
        let below = Neighbor::new(document, lines[index + 1..].iter());
        let indent = span.start - line.start;
        let has_trailing_blank = has_trailing_blank(document.slice(*line));
        let is_remnant = above.allows_empty_item_below(indent)
            && !below.is_data()
            && !below.is_text_of_item(indent)
            && is_alone(marker, has_trailing_blank, &above, &below)
            && !*is_diff.get_or_insert_with(|| is_patch(document));
        if is_remnant {
            let has_own_text = below.gap == 0 && (!below.is_item || below.indent > indent);
            bullets.push(EmptyBullet { line: *line, has_trailing_blank, has_own_text });
        }
    }
    bullets
}

fn is_in_text(document: &Document<'_>, span: Span) -> bool {
    let block = document.blocks().get(document.block_at(span.start));
    block.is_none_or(|block| block.kind.is_text() || !block.span.contains(span))
}

/// Returns the lines of numbered lists without items: at least [`MIN_NUMBERS`] numbers that ascend
/// by one, each alone on its line, with nothing but punctuation between them.
fn empty_numbers(document: &Document<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    let (mut run, mut numbers, mut last) = (Vec::new(), 0, None);
    for line in document.lines() {
        let text = document.slice(*line).trim();
        if text.is_empty() {
            continue;
        }
        let number = lone_number(text).filter(|_| is_in_text(document, *line));
        let goes_on = match (last, number) {
            (Some(last), Some(number)) => number == last + 1,
            (Some(_), None) => is_sign(text),
            (None, _) => false,
        };
        if !goes_on {
            if numbers >= MIN_NUMBERS {
                found.append(&mut run);
            }
            run.clear();
            (numbers, last) = (0, None);
            if number.is_none() {
                continue;
            }
        }
        numbers += usize::from(number.is_some());
        last = number.or(last);
        run.push(*line);
    }
    if numbers >= MIN_NUMBERS {
        found.append(&mut run);
    }
    found
}

/// Whether a line only has one or two punctuation marks.
fn is_sign(text: &str) -> bool {
    const MAX_SIGNS: usize = 2;
    text.chars().count() <= MAX_SIGNS && !text.contains(char::is_alphanumeric)
}

/// Minimum number of numbers without items that are a list.
const MIN_NUMBERS: usize = 3;

/// Parses `text` as a numbered marker such as `12.` or `12)`.
fn lone_number(text: &str) -> Option<u32> {
    const MAX_DIGITS: usize = 3;
    let digits = text.strip_suffix(['.', ')'])?;
    (digits.len() <= MAX_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

/// Whether the context of a marker shows that its item is missing. A lone dash can also mean "none"
/// or silence in a dialogue, but extractors leave the blank after it.
fn is_alone(
    marker: &str,
    has_trailing_blank: bool,
    above: &Neighbor<'_>,
    below: &Neighbor<'_>,
) -> bool {
    // Outside a list, other characters separate the parts of a text.
    let is_in_list = above.is_item || below.is_item;
    if has_trailing_blank {
        return is_in_list || marker == "-";
    }
    let has_deep_text = below.gap == 0 && below.indent > MAX_CONTENT_INDENT;
    let is_between_paragraphs =
        || above.gap > 0 && below.gap > 0 && above.may_end_paragraph() && below.may_end_paragraph();
    if is_in_list {
        let is_spoken = |neighbor: &Neighbor<'_>| neighbor.is_item && ends_sentence(neighbor.text);
        return !is_spoken(above) && !is_spoken(below);
    }
    marker == "-" && (has_deep_text || is_between_paragraphs())
}

fn has_trailing_blank(line: &str) -> bool {
    line.trim_end_matches(['\n', '\r']).ends_with([' ', '\t', '\u{a0}'])
}

/// Whether the document is a patch, where a dash marks a deleted blank line.
fn is_patch(document: &Document<'_>) -> bool {
    document.lines().iter().map(|line| document.slice(*line)).any(|line| {
        line.starts_with("@@ -") || line.starts_with("diff --git ") || line.starts_with("+++ ")
    })
}

/// Maximum indentation in Markdown of the text of an item below its marker.
const MAX_CONTENT_INDENT: usize = 4;

fn is_bullet(text: &str) -> bool {
    matches!(text, "-" | "*" | "+" | "•" | "▪" | "◦" | "‣")
}

/// The nearest line with text above or below.
#[derive(Default)]
struct Neighbor<'t> {
    /// The line without the blanks around it; empty if there is none nearby.
    text: &'t str,
    /// Blank lines in between; more than 0 if there is no such line.
    gap: usize,
    /// Bytes of its indentation.
    indent: usize,
    /// Whether it is a list item or an empty marker.
    is_item: bool,
}

impl<'t> Neighbor<'t> {
    fn new<'l>(document: &'t Document<'_>, lines: impl Iterator<Item = &'l Span>) -> Self {
        /// Lists with wider gaps are separate.
        const MAX_GAP: usize = 3;
        for (gap, line) in lines.take(MAX_GAP + 1).enumerate() {
            let span = trim(document.text(), *line);
            if !span.is_empty() {
                let text = document.slice(span);
                let is_item = is_bullet(text) || list_marker(text).is_some();
                return Self { text, gap, indent: span.start - line.start, is_item };
            }
        }
        Self { gap: MAX_GAP, ..Self::default() }
    }

    /// Whether Markdown parses it as the text of an item whose marker is alone on the line above.
    fn is_text_of_item(&self, indent: usize) -> bool {
        let inner = self.indent.saturating_sub(indent);
        self.gap == 0 && !self.is_item && (2..=MAX_CONTENT_INDENT).contains(&inner)
    }

    /// Whether a marker below it, indented by `indent`, can be an item: not data, the underline of
    /// a heading, or code.
    fn allows_empty_item_below(&self, indent: usize) -> bool {
        let is_underlined = self.gap == 0 && indent >= 2 && !is_bullet(self.text) && {
            let content = if self.is_item { self.indent + 2 } else { self.indent };
            !self.text.is_empty() && indent >= content
        };
        let is_code = !self.text.is_empty() && indent >= self.indent + MAX_CONTENT_INDENT;
        !self.is_data() && !self.text.ends_with([':', '：']) && !is_underlined && !is_code
    }

    /// Whether it is a key with or without a value, as in YAML, or a changed line of a patch.
    fn is_data(&self) -> bool {
        let item =
            list_marker(self.text).map_or(self.text, |marker| self.text[marker..].trim_start());
        let key_end =
            item.find(|letter: char| !letter.is_alphanumeric() && !"_-.\"'".contains(letter));
        let has_key = key_end.is_some_and(|end| {
            end > 0
                && item[end..]
                    .strip_prefix(':')
                    .is_some_and(|value| value.is_empty() || value.starts_with(' '))
        });
        let is_change = self.indent == 0
            && self
                .text
                .strip_prefix(['+', '-'])
                .is_some_and(|change| change.starts_with(|sign: char| sign != ' '));
        has_key || is_change
    }

    /// Whether it is the end of the document or a sentence.
    fn may_end_paragraph(&self) -> bool {
        self.text.is_empty() || ends_sentence(self.text)
    }
}
