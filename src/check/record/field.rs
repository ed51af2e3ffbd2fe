//! Fields: `label : value` in the layouts that generators and their templates write.

use std::collections::{HashMap, HashSet};

use super::Class;
use crate::check::bloom::BloomFilter;
use crate::text::{Span, list_marker, trim, words};

/// A label of a known class and its value, as spans into the document's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) class: Class,
    pub(super) label: Span,
    pub(super) value: Span,
}

/// The labels of all classes, by their words, and the headings of records.
pub(super) struct Labels {
    classes: HashMap<String, Class>,
    known: BloomFilter,
    /// The words of lines that head records.
    headings: HashSet<String>,
    known_headings: BloomFilter,
}

/// Bytes of the longest label; Cyrillic and Thai letters take two and three.
pub(super) const LONGEST_LABEL: usize = 60;
/// Bytes of the longest line that is looked at; a record's biography may run long.
pub(super) const LONGEST_LINE: usize = 2_000;
/// What stands around values in lists, tables and serialised data.
const AROUND_VALUE: &[char] = &['*', '_', '`', ' ', '"', '\'', ',', ';', '|', '{', '}', '[', ']'];

impl Labels {
    pub(super) fn new<'l>(labels: impl Iterator<Item = (&'l str, Class)>, headings: &[String]) -> Self {
        let classes: HashMap<String, Class> = labels.map(|(label, class)| (key(label), class)).collect();
        let known = BloomFilter::new(classes.keys());
        let headings: HashSet<String> = headings.iter().map(|heading| key(heading)).collect();
        let known_headings = BloomFilter::new(headings.iter());
        Self { classes, known, headings, known_headings }
    }

    /// The class of a label, with or without what it says in parentheses.
    pub(super) fn class(&self, label: &str) -> Option<Class> {
        if label.len() > LONGEST_LABEL {
            return None;
        }
        let of = |label: &str| {
            // Most of what is asked about is no label.
            if self.known.may_contain(label) { self.classes.get(&key(label)).copied() } else { None }
        };
        of(label).or_else(|| {
            // The wide parenthesis begins with that byte, as few other characters do.
            memchr::memchr2(b'(', 0xEF, label.as_bytes())?;
            of(label.split(['(', '（']).next().filter(|head| head.len() < label.len())?)
        })
    }

    /// Whether the text may begin with a label, as far as its first letters tell.
    pub(super) fn may_begin(&self, text: &str) -> bool {
        self.known.may_start_like(text)
    }

    /// Whether the line may be a field or the label of one, as far as can be told at a glance.
    pub(super) fn may_be_field(&self, line: &str) -> bool {
        /// Bytes before a label, such as the marker of a list, and after it.
        const AROUND: usize = 20;
        let line = line.trim_start();
        let mut head = line.bytes().take(LONGEST_LABEL + AROUND);
        self.may_begin(line) && (line.len() <= LONGEST_LABEL || head.any(|byte| byte == b'|' || may_part(byte)))
    }

    /// The fields on one line: one, or three and more in a row.
    pub(super) fn fields(&self, text: &str, line: Span) -> Vec<Field> {
        let line = without_marker(text, line);
        if line.len() > LONGEST_LINE {
            return Vec::new();
        }
        if text[line.range()].starts_with('|') {
            return self.row(text, line).into_iter().collect();
        }
        let content = text[line.range()].as_bytes();
        let wide_colons = || if content.is_ascii() { 0 } else { memchr::memmem::find_iter(content, "：").count() };
        let colons = || memchr::memchr_iter(b':', content).count() + wide_colons();
        if colons() >= 3 {
            let in_a_row = self.in_a_row(text, line);
            if in_a_row.len() >= 3 {
                return in_a_row;
            }
        }
        self.field(text, line).into_iter().collect()
    }

    /// Whether the words head records or groups of their fields.
    pub(super) fn heads(&self, line: &str) -> bool {
        line.len() <= LONGEST_LABEL && self.known_headings.may_contain(line) && self.headings.contains(&key(line))
    }

    /// The field that a table row of two cells is.
    fn row(&self, text: &str, line: Span) -> Option<Field> {
        let cells = cells(text, line);
        let [label, value] = cells[..] else { return None };
        let class = self.class(&text[label.range()])?;
        (!value.is_empty()).then_some(Field { class, label, value })
    }

    /// The field that the whole line is, whatever stands between label and value.
    fn field(&self, text: &str, line: Span) -> Option<Field> {
        let content = &text[line.range()];
        let head = head(content);
        if !head.bytes().any(may_part) {
            return None;
        }
        // Each with the character in it that is searched for.
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
        separators.iter().filter(|(_, sign)| sign.is_ascii() || !is_ascii).find_map(|(separator, sign)| {
            let lead = separator.find(*sign)?;
            let starts = head.match_indices(*sign).filter_map(|(at, _)| at.checked_sub(lead));
            let at = starts.into_iter().find(|&at| head.as_bytes()[at..].starts_with(separator.as_bytes()))?;
            let label = trim(text, Span::new(line.start, line.start + at));
            let class = self.class(&text[label.range()])?;
            let value = value(text, Span::new(line.start + at + separator.len(), line.end));
            (!value.is_empty()).then_some(Field { class, label, value })
        })
    }

    /// Fields that follow each other on one line, as `Name: … | User name: …` or as serialised data.
    fn in_a_row(&self, text: &str, line: Span) -> Vec<Field> {
        let content = &text[line.range()];
        let mut heads: Vec<(Class, Span, usize)> = Vec::new();
        let mut segment = line.start;
        for (offset, character) in content.char_indices() {
            let after = line.start + offset + character.len_utf8();
            match character {
                ':' | '：' => {
                    let before = Span::new(segment, line.start + offset);
                    if let Some((class, label)) = self.last_label(text, before) {
                        heads.push((class, label, after));
                    }
                    segment = after;
                }
                '|' | ';' | ',' | '•' | '·' | '/' | '[' | ']' | '{' | '}' | '；' | '，' | '、' | '。' => {
                    segment = after;
                }
                _ => {}
            }
        }
        let ends = heads.iter().skip(1).map(|head| head.1.start).chain([line.end]);
        heads
            .iter()
            .zip(ends)
            .map(|(&(class, label, start), end)| Field { class, label, value: value(text, Span::new(start, end)) })
            .filter(|field| !field.value.is_empty())
            .collect()
    }

    /// The label that `before` ends with: the longest that is known, of at most five words.
    fn last_label(&self, text: &str, before: Span) -> Option<(Class, Span)> {
        let before = trim(text, before);
        let mut start = before.end.saturating_sub(LONGEST_LABEL).max(before.start);
        while !text.is_char_boundary(start) {
            start += 1;
        }
        const MOST_WORDS: usize = 5;
        let tail = &text[start..before.end];
        let mut starts: Vec<usize> = vec![start];
        let is_cut = start > before.start && !text[..start].ends_with(char::is_whitespace);
        starts.extend(tail.match_indices(char::is_whitespace).map(|(at, blank)| start + at + blank.len()));
        let first = starts.len().saturating_sub(MOST_WORDS).max(usize::from(is_cut));
        starts[first.min(starts.len())..].iter().find_map(|&at| {
            let label = trim(text, Span::new(at, before.end));
            Some((self.class(&text[label.range()])?, label))
        })
    }
}

/// As much of a line as a label and what parts it from its value may take.
fn head(line: &str) -> &str {
    line.get(..line.floor_char_boundary(LONGEST_LABEL + 4)).unwrap_or(line)
}

/// Whether a label may end at this byte.
fn may_part(byte: u8) -> bool {
    matches!(byte, b':' | b'\t' | b'=' | b'-') || !byte.is_ascii()
}

/// The line without the marker of a list item and without outer blanks.
pub(super) fn without_marker(text: &str, line: Span) -> Span {
    let marker = list_marker(&text[line.range()]).unwrap_or(0);
    trim(text, Span::new(line.start + marker, line.end))
}

/// The cells of a table row.
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

/// The value without the marks around it.
fn value(text: &str, span: Span) -> Span {
    let content = &text[span.range()];
    let stripped =
        content.trim_matches(|character: char| character.is_whitespace() || AROUND_VALUE.contains(&character));
    if stripped.is_empty() {
        return Span::new(span.start, span.start);
    }
    let start = span.start + content.find(stripped).unwrap_or(0);
    Span::new(start, start + stripped.len())
}

/// The words of a label, lower case, joined by single spaces.
pub(super) fn key(label: &str) -> String {
    // The Turkish capital would become two characters.
    let separated = label.replace(['_', '-'], " ").replace('İ', "i");
    let words: Vec<String> = words(&separated).map(|word| separated[word.range()].to_lowercase()).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Vec<(Class, &str)> {
        let labels =
            [("name", Class::Name), ("user name", Class::Username), ("e-mail", Class::Email), ("url", Class::Url)];
        let found = Labels::new(labels.into_iter(), &[]).fields(line, Span::new(0, line.len()));
        found.into_iter().map(|field| (field.class, &line[field.value.range()])).collect()
    }

    #[test]
    fn a_field_is_found_in_any_layout() {
        for line in
            ["• Name : Ann Lee", "- **Name:** Ann Lee", "| Name | Ann Lee |", "Name\tAnn Lee", "\"name\": \"Ann Lee\","]
        {
            assert_eq!(fields(line), [(Class::Name, "Ann Lee")], "{line}");
        }
        assert_eq!(fields("URL = https://example.org"), [(Class::Url, "https://example.org")]);
    }

    #[test]
    fn fields_in_a_row_are_told_by_their_labels() {
        let row = [(Class::Name, "Ann Lee"), (Class::Username, "ann1"), (Class::Email, "a@b.org")];
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
