//! Fields: labels and values, in the layouts that generators and their templates produce.

use std::collections::{HashMap, HashSet};

use super::field_kind::FieldKind;
use crate::bloom::BloomFilter;
use dechaff_text::{Span, list_marker, trim, words};

/// A known label and its value, as spans of the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) kind: FieldKind,
    pub(super) label: Span,
    pub(super) value: Span,
}

/// The labels of all field kinds, and the headings of records, by their normalised words.
pub(super) struct LabelIndex {
    kinds: HashMap<String, FieldKind>,
    label_filter: BloomFilter,
    /// Headings of records.
    headings: HashSet<String>,
    heading_filter: BloomFilter,
}

/// Maximum length of a label, in bytes. Cyrillic letters take two bytes, Thai letters three.
pub(super) const MAX_LABEL_BYTES: usize = 60;
/// Maximum length of an examined line, in bytes. A biography may be long.
pub(super) const MAX_LINE_BYTES: usize = 2_000;
/// Characters around values in lists, tables and serialised data.
const AROUND_VALUE: &[char] = &['*', '_', '`', ' ', '"', '\'', ',', ';', '|', '{', '}', '[', ']'];

impl LabelIndex {
    pub(super) fn new<'l>(
        labels: impl Iterator<Item = (&'l str, FieldKind)>,
        headings: &[String],
    ) -> Self {
        let kinds: HashMap<String, FieldKind> =
            labels.map(|(label, kind)| (key(label), kind)).collect();
        let label_filter = BloomFilter::new(kinds.keys());
        let headings: HashSet<String> = headings.iter().map(|heading| key(heading)).collect();
        let heading_filter = BloomFilter::new(headings.iter());
        Self { kinds, label_filter, headings, heading_filter }
    }

    /// Returns the kind of a label, with or without a suffix in parentheses.
    pub(super) fn kind(&self, label: &str) -> Option<FieldKind> {
        if label.len() > MAX_LABEL_BYTES {
            return None;
        }
        let lookup = |label: &str| {
            // Fast path: most candidates are not labels.
            if self.label_filter.may_contain(label) {
                self.kinds.get(&key(label)).copied()
            } else {
                None
            }
        };
        lookup(label).or_else(|| {
            // `（` starts with the byte 0xEF, as few other characters do.
            memchr::memchr2(b'(', 0xEF, label.as_bytes())?;
            lookup(label.split(['(', '（']).next().filter(|head| head.len() < label.len())?)
        })
    }

    /// Whether the text may start with a label, judging by its first word.
    pub(super) fn may_begin(&self, text: &str) -> bool {
        self.label_filter.may_start_like(text)
    }

    /// Prefilter: whether the line may be a field, or a label on its own.
    pub(super) fn may_be_field(&self, line: &str) -> bool {
        /// Maximum number of bytes before a label, such as a list marker, and after it.
        const AROUND: usize = 20;
        let line = line.trim_start();
        let mut head = line.bytes().take(MAX_LABEL_BYTES + AROUND);
        self.may_begin(line)
            && (line.len() <= MAX_LABEL_BYTES
                || head.any(|byte| byte == b'|' || may_start_separator(byte)))
    }

    /// Returns the fields on a line: a single one, or three or more in a row.
    pub(super) fn fields(&self, text: &str, line: Span) -> Vec<Field> {
        let line = without_marker(text, line);
        if line.len() > MAX_LINE_BYTES {
            return Vec::new();
        }
        if text[line.range()].starts_with('|') {
            return self.row(text, line).into_iter().collect();
        }
        let content = text[line.range()].as_bytes();
        let wide_colons = || {
            if content.is_ascii() { 0 } else { memchr::memmem::find_iter(content, "：").count() }
        };
        let colons = || memchr::memchr_iter(b':', content).count() + wide_colons();
        if colons() >= 3 {
            let fields_in_row = self.fields_in_row(text, line);
            if fields_in_row.len() >= 3 {
                return fields_in_row;
            }
        }
        self.field(text, line).into_iter().collect()
    }

    /// Whether the line is a known heading of records or of groups of their fields.
    pub(super) fn is_heading(&self, line: &str) -> bool {
        line.len() <= MAX_LABEL_BYTES
            && self.heading_filter.may_contain(line)
            && self.headings.contains(&key(line))
    }

    /// Parses a table row of two cells.
    fn row(&self, text: &str, line: Span) -> Option<Field> {
        let cells = cells(text, line);
        let [label, value] = cells[..] else { return None };
        let kind = self.kind(&text[label.range()])?;
        (!value.is_empty()).then_some(Field { kind, label, value })
    }

    /// Parses a whole line as one field, with any of the usual separators.
    fn field(&self, text: &str, line: Span) -> Option<Field> {
        let content = &text[line.range()];
        let head = head(content);
        if !head.bytes().any(may_start_separator) {
            return None;
        }
        // Each separator with the character to search for.
        let separators = [
            (":", ':'),
            ("：", '：'),
            ("\t", '\t'),
            (" = ", '='),
            ("=", '='),
            (" – ", '–'),
            (" — ", '—'),
            (" - ", '-'),
        ];
        let is_ascii = head.is_ascii();
        separators.iter().filter(|(_, sign)| sign.is_ascii() || !is_ascii).find_map(
            |(separator, sign)| {
                let lead = separator.find(*sign)?;
                let starts = head.match_indices(*sign).filter_map(|(at, _)| at.checked_sub(lead));
                let at = starts
                    .into_iter()
                    .find(|&at| head.as_bytes()[at..].starts_with(separator.as_bytes()))?;
                let label = trim(text, Span::new(line.start, line.start + at));
                let kind = self.kind(&text[label.range()])?;
                let value = value(text, Span::new(line.start + at + separator.len(), line.end));
                (!value.is_empty()).then_some(Field { kind, label, value })
            },
        )
    }

    /// Parses several fields on one line, as in `Name: … | User name: …` or in serialised data.
    fn fields_in_row(&self, text: &str, line: Span) -> Vec<Field> {
        let content = &text[line.range()];
        let mut heads: Vec<(FieldKind, Span, usize)> = Vec::new();
        let mut segment = line.start;
        for (offset, character) in content.char_indices() {
            let after = line.start + offset + character.len_utf8();
            match character {
                ':' | '：' => {
                    let before = Span::new(segment, line.start + offset);
                    if let Some((kind, label)) = self.label_before(text, before) {
                        heads.push((kind, label, after));
                    }
                    segment = after;
                }
                '|' | ';' | ',' | '•' | '·' | '/' | '[' | ']' | '{' | '}' | '；' | '，' | '、'
                | '。' => {
                    segment = after;
                }
                _ => {}
            }
        }
        let ends = heads.iter().skip(1).map(|head| head.1.start).chain([line.end]);
        heads
            .iter()
            .zip(ends)
            .map(|(&(kind, label, start), end)| Field {
                kind,
                label,
                value: value(text, Span::new(start, end)),
            })
            .filter(|field| !field.value.is_empty())
            .collect()
    }

    /// Returns the longest known label, of at most five words, that `before` ends with.
    fn label_before(&self, text: &str, before: Span) -> Option<(FieldKind, Span)> {
        let before = trim(text, before);
        let mut start = before.end.saturating_sub(MAX_LABEL_BYTES).max(before.start);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        const MAX_LABEL_WORDS: usize = 5;
        let tail = &text[start..before.end];
        let mut starts: Vec<usize> = vec![start];
        let is_cut = start > before.start && !text[..start].ends_with(char::is_whitespace);
        starts.extend(
            tail.match_indices(char::is_whitespace).map(|(at, blank)| start + at + blank.len()),
        );
        let first = starts.len().saturating_sub(MAX_LABEL_WORDS).max(usize::from(is_cut));
        starts[first.min(starts.len())..].iter().find_map(|&at| {
            let label = trim(text, Span::new(at, before.end));
            Some((self.kind(&text[label.range()])?, label))
        })
    }
}

/// Returns the start of a line, up to the maximum length of a label and its separator.
fn head(line: &str) -> &str {
    line.get(..line.floor_char_boundary(MAX_LABEL_BYTES + 4)).unwrap_or(line)
}

/// Whether a separator may start with this byte.
fn may_start_separator(byte: u8) -> bool {
    matches!(byte, b':' | b'\t' | b'=' | b'-') || !byte.is_ascii()
}

/// Returns the line without its list marker and surrounding blanks.
pub(super) fn without_marker(text: &str, line: Span) -> Span {
    let marker = list_marker(&text[line.range()]).unwrap_or(0);
    trim(text, Span::new(line.start + marker, line.end))
}

/// Returns the cells of a table row.
pub(super) fn cells(text: &str, row: Span) -> Vec<Span> {
    let row = trim(text, row);
    let content = &text[row.range()];
    let start = usize::from(content.starts_with('|'));
    let end = content.len() - usize::from(content.len() > 1 && content.ends_with('|'));
    let mut at = row.start + start;
    let cut = content[start..end.max(start)].split('|').map(|cell| {
        let span = trim(text, Span::new(at, at + cell.len()));
        at += cell.len() + 1;
        span
    });
    cut.collect()
}

/// Returns the value without surrounding punctuation.
fn value(text: &str, span: Span) -> Span {
    let content = &text[span.range()];
    let stripped = content.trim_matches(|character: char| {
        character.is_whitespace() || AROUND_VALUE.contains(&character)
    });
    if stripped.is_empty() {
        return Span::new(span.start, span.start);
    }
    let start = span.start + content.find(stripped).unwrap_or(0);
    Span::new(start, start + stripped.len())
}

/// Normalises a label: its words in lower case, joined by single spaces.
pub(super) fn key(label: &str) -> String {
    // `İ` would become two characters in lower case.
    let separated = label.replace(['_', '-'], " ").replace('İ', "i");
    let words: Vec<String> =
        words(&separated).map(|word| separated[word.range()].to_lowercase()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Vec<(FieldKind, &str)> {
        let labels = [
            ("name", FieldKind::Name),
            ("user name", FieldKind::Username),
            ("e-mail", FieldKind::Email),
            ("url", FieldKind::Url),
        ];
        let found = LabelIndex::new(labels.into_iter(), &[]).fields(line, Span::new(0, line.len()));
        found.into_iter().map(|field| (field.kind, &line[field.value.range()])).collect()
    }

    #[test]
    fn parses_a_field_in_any_layout() {
        for line in [
            "• Name : Ann Lee",
            "- **Name:** Ann Lee",
            "| Name | Ann Lee |",
            "Name\tAnn Lee",
            "\"name\": \"Ann Lee\",",
        ] {
            assert_eq!(fields(line), [(FieldKind::Name, "Ann Lee")], "{line}");
        }
        assert_eq!(fields("URL = https://example.org"), [(FieldKind::Url, "https://example.org")]);
    }

    #[test]
    fn splits_fields_in_a_row_at_known_labels() {
        let row = [
            (FieldKind::Name, "Ann Lee"),
            (FieldKind::Username, "ann1"),
            (FieldKind::Email, "a@b.org"),
        ];
        for line in [
            "Name: Ann Lee | User name: ann1 | E-mail: a@b.org",
            "Name: Ann Lee, User name: ann1, E-mail: a@b.org",
            "{\"name\": \"Ann Lee\", \"user_name\": \"ann1\", \"e-mail\": \"a@b.org\"}",
            "Name: Ann Lee User name: ann1 E-mail: a@b.org",
        ] {
            assert_eq!(fields(line), row, "{line}");
        }
        assert!(fields("She had a name: it was long, and nobody knew it.").is_empty());
    }
}
