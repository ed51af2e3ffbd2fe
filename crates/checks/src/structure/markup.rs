//! HTML left behind by extraction, in text that is neither HTML nor Markdown.

use super::detection::{DetectionSink, StructureDetection};
use super::text_lines::{Line, lines_containing};
use crate::code_spans::{code_spans, is_within};
use dechaff_findings::Edit;
use dechaff_text::{Document, Span};

/// Tags for layout and formatting.
const TAGS: &[&str] = &[
    "a",
    "article",
    "aside",
    "b",
    "blockquote",
    "body",
    "br",
    "button",
    "center",
    "div",
    "em",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "label",
    "li",
    "main",
    "nav",
    "noscript",
    "ol",
    "p",
    "section",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
    "ul",
];

/// Maximum number of edits of a finding. A longer line has several findings.
const MAX_EDITS: usize = 10_000;

pub(super) fn detect_tags(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    if document.origin().is_markdown() {
        return;
    }
    for line in lines_containing(document, "<") {
        let tags = outside_code(&line, tags(line.text));
        for tags in tags.chunks(MAX_EDITS) {
            let edits = tags
                .iter()
                .map(|&tag| Edit { span: tag, content: replacement(document, tag).to_owned() })
                .collect();
            detections.push(
                StructureDetection::new(tags[0])
                    .with_label(count_label(tags.len()))
                    .with_fix("remove the tags on this line", edits),
            );
        }
    }
}

fn outside_code(line: &Line<'_, '_>, spans: Vec<Span>) -> Vec<Span> {
    let code = code_spans(line.text);
    let kept = spans.into_iter().filter(|span| !is_within(&code, span.start));
    kept.map(|span| span.shift(line.span.start)).collect()
}

fn count_label(count: usize) -> String {
    if count == 1 {
        "markup, not text".to_owned()
    } else {
        format!("first of {count} on this line")
    }
}

/// Returns the replacement for a tag: a space if its removal would join two words.
fn replacement(document: &Document<'_>, tag: Span) -> &'static str {
    let before = &document.text()[..tag.start];
    let after = &document.text()[tag.end..];
    let rest = after.trim_start_matches(['.', ',', ';', ':', '!', '?', ')']);
    let is_text = |character: char| !character.is_whitespace();
    // Punctuation belongs to the text before the tag, unless a word follows it directly, as in
    // `.net`.
    let follows = if rest.len() == after.len() {
        rest.starts_with(is_text)
    } else {
        rest.starts_with(char::is_alphabetic)
    };
    if before.ends_with(is_text) && follows { " " } else { "" }
}

/// Returns the spans of `<name …>` and `</name>` for known tags.
fn tags(line: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(offset) = memchr::memchr(b'<', &line.as_bytes()[at..]) {
        let start = at + offset;
        at = start + 1;
        let body = line[at..].strip_prefix('/').unwrap_or(&line[at..]);
        let name: String = body.chars().take(12).take_while(char::is_ascii_alphanumeric).collect();
        let Some(after) = body.get(name.len()..) else { continue };
        let is_tag = TAGS.iter().any(|tag| tag.eq_ignore_ascii_case(&name))
            && after.starts_with(['>', ' ', '/']);
        // Attributes look like `name="value"`. Anything else in between is a comparison.
        const MAX_BYTES: usize = 1_000;
        let close = after.bytes().take(MAX_BYTES).position(|byte| byte == b'>' || byte == b'<');
        if let Some(close) = close.filter(|&close| is_tag && after.as_bytes()[close] == b'>') {
            let inside = after[..close].trim_matches(['/', ' ']);
            if inside.is_empty() || inside.contains('=') {
                let end = line.len() - after.len() + close + 1;
                spans.push(Span::new(start, end));
                at = end;
            }
        }
    }
    spans
}

pub(super) fn detect_entities(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    for line in lines_containing(document, "&") {
        let is_markdown = document.origin().is_markdown();
        let code = code_spans(line.text);
        let places: Vec<(Span, char)> = entities(line.text)
            .into_iter()
            .filter(|(span, _)| !is_markdown || is_escaped(line.text, *span))
            .filter(|(span, _)| !is_within(&code, span.start))
            .map(|(span, character)| (span.shift(line.span.start), character))
            .collect();
        for places in places.chunks(MAX_EDITS) {
            // Characters that would open or close a tag stay escaped.
            let plain = places.iter().filter(|(_, character)| !matches!(character, '<' | '>'));
            let edits = plain
                .map(|&(span, character)| Edit { span, content: character.to_string() })
                .collect();
            let label = if places.len() == 1 {
                "an HTML entity".to_owned()
            } else {
                format!("first of {} on this line", places.len())
            };
            let detection = StructureDetection::new(places[0].0).with_label(label);
            detections.push(detection.with_fix("write the characters instead", edits));
        }
    }
}

/// Whether this is a doubly escaped entity such as `&amp;nbsp;`, which no browser renders as
/// intended.
fn is_escaped(line: &str, span: Span) -> bool {
    let rest = &line[span.end..];
    let name = rest
        .bytes()
        .take(10)
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
        .count();
    &line[span.range()] == "&amp;" && name >= 2 && rest[name..].starts_with(';')
}

/// Returns the spans of numeric entities and of common named ones, with the characters they encode.
fn entities(line: &str) -> Vec<(Span, char)> {
    let mut entities = Vec::new();
    for start in memchr::memchr_iter(b'&', line.as_bytes()) {
        let rest = &line[start + 1..];
        let length = rest
            .bytes()
            .take(10)
            .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'#')
            .count();
        if !rest[length..].starts_with(';') {
            continue;
        }
        let name = &rest[..length];
        let number =
            name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok(),
                None => digits.parse().ok(),
            });
        let named =
            ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
        let character = number.and_then(char::from_u32).filter(|c| !c.is_control()).or(named);
        entities
            .extend(character.map(|character| (Span::new(start, start + length + 2), character)));
    }
    entities
}

const ENTITIES: &[(&str, char)] = &[
    ("amp", '&'),
    ("apos", '\''),
    ("bull", '•'),
    ("cent", '¢'),
    ("copy", '©'),
    ("deg", '°'),
    ("emsp", '\u{2003}'),
    ("ensp", '\u{2002}'),
    ("euro", '€'),
    ("gt", '>'),
    ("hellip", '…'),
    ("laquo", '«'),
    ("ldquo", '“'),
    ("lsquo", '‘'),
    ("lt", '<'),
    ("mdash", '—'),
    ("middot", '·'),
    ("nbsp", '\u{a0}'),
    ("ndash", '–'),
    ("pound", '£'),
    ("quot", '"'),
    ("raquo", '»'),
    ("rdquo", '”'),
    ("reg", '®'),
    ("rsquo", '’'),
    ("shy", '\u{ad}'),
    ("times", '×'),
    ("trade", '™'),
    ("zwnj", '\u{200c}'),
];
