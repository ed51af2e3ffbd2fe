//! Python's definitions of whitespace, lines and letters. The filters that measures and line
//! filters reproduce are written in Python, and thresholds are only comparable if counts are.

use std::sync::LazyLock;

use regex_syntax::hir::{Class, HirKind};

use dechaff_text::Span;

/// Whether `str.isspace` holds: Unicode whitespace, and the four ASCII separators.
pub(crate) fn is_space(character: char) -> bool {
    character.is_whitespace() || matches!(character, '\x1c'..='\x1f')
}

/// Returns the trimmed text, like `str.strip`.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Returns the words separated by whitespace, like `str.split`.
pub(crate) fn split(text: &str) -> Vec<Span> {
    let mut words = Vec::with_capacity(text.len() / 6);
    let mut start = None;
    for (at, character) in text.char_indices() {
        match (is_space(character), start) {
            (true, Some(from)) => {
                words.push(Span::new(from, at));
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
    }
    words.extend(start.map(|from| Span::new(from, text.len())));
    words
}

/// Returns the lines separated by line feeds, like `text.split("\n")`.
pub(crate) fn split_at_line_feeds(text: &str) -> Vec<Span> {
    let mut lines = Vec::new();
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', text.as_bytes()) {
        lines.push(Span::new(start, end));
        start = end + 1;
    }
    lines.push(Span::new(start, text.len()));
    lines
}

/// Returns the parts separated by two line feeds, like `text.split("\n\n")`.
pub(crate) fn split_at_two_line_feeds(text: &str) -> Vec<Span> {
    let mut parts = Vec::new();
    let mut start = 0;
    for end in memchr::memmem::find_iter(text.as_bytes(), "\n\n") {
        parts.push(Span::new(start, end));
        start = end + 2;
    }
    parts.push(Span::new(start, text.len()));
    parts
}

/// Returns the parts separated by runs of at least `min` line feeds, like `re.split`.
pub(crate) fn split_at_runs(text: &str, min: usize) -> Vec<Span> {
    let mut parts = Vec::new();
    let (bytes, mut start, mut at) = (text.as_bytes(), 0, 0);
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'\n', rest)) {
        let run = at + found;
        let end = bytes[run..].iter().position(|byte| *byte != b'\n');
        let end = end.map_or(bytes.len(), |length| run + length);
        if end - run >= min {
            parts.push(Span::new(start, run));
            start = end;
        }
        at = end;
    }
    parts.push(Span::new(start, text.len()));
    parts
}

/// Returns the lines without their ends, like `str.splitlines`.
pub(crate) fn split_lines(text: &str) -> Vec<Span> {
    let mut lines = Vec::new();
    let mut start = 0;
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let is_end = matches!(
            character,
            '\n' | '\x0b' | '\x0c' | '\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}'
        );
        if is_end {
            lines.push(Span::new(start, at));
            start = at + character.len_utf8();
            if character == '\r' && characters.next_if(|(_, next)| *next == '\n').is_some() {
                start += 1;
            }
        }
    }
    if start < text.len() {
        lines.push(Span::new(start, text.len()));
    }
    lines
}

/// Whether a word contains a letter.
pub(crate) fn has_letter(word: &str) -> bool {
    word.chars().any(is_letter)
}

/// Whether `str.isalpha` holds: a letter, which excludes the combining marks that Rust counts.
pub(crate) fn is_letter(character: char) -> bool {
    static LETTERS: LazyLock<CharacterClass> = LazyLock::new(|| CharacterClass::new(r"\p{L}"));
    match character.is_ascii() {
        true => character.is_ascii_alphabetic(),
        false => LETTERS.contains(character),
    }
}

/// Returns the number of characters.
pub(crate) fn length(text: &str) -> usize {
    // Continuation bytes are `10xxxxxx`; count the others, as the standard library does.
    text.chars().count()
}

/// A set of characters: a bitset for the Basic Multilingual Plane, and sorted ranges for the rest.
pub(crate) struct CharacterClass {
    basic: Vec<u64>,
    others: Vec<(u32, u32)>,
}

impl CharacterClass {
    /// Parses a character class of regular expressions; one that does not parse is empty.
    pub(crate) fn new(class: &str) -> Self {
        const BASIC: u32 = 1 << 16;
        let mut set = Self { basic: vec![0; BASIC as usize / 64], others: Vec::new() };
        let hir = regex_syntax::parse(class).ok();
        if let Some(HirKind::Class(Class::Unicode(class))) = hir.as_ref().map(|hir| hir.kind()) {
            for range in class.iter() {
                let (start, end) = (u32::from(range.start()), u32::from(range.end()));
                for character in start..(end + 1).min(BASIC) {
                    set.basic[character as usize / 64] |= 1 << (character % 64);
                }
                if end >= BASIC {
                    set.others.push((start.max(BASIC), end));
                }
            }
        }
        set
    }

    /// Whether the set has `character`.
    pub(crate) fn contains(&self, character: char) -> bool {
        let code = u32::from(character);
        match self.basic.get(code as usize / 64) {
            Some(bits) => bits >> (code % 64) & 1 == 1,
            None => {
                let at = self.others.partition_point(|(_, end)| *end < code);
                self.others.get(at).is_some_and(|(start, _)| *start <= code)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str, spans: &[Span]) -> Vec<String> {
        spans.iter().map(|span| text[span.range()].to_owned()).collect()
    }

    #[test]
    fn texts_are_split_as_python_does() {
        let text = "a\x1cb  c\u{a0}d\n";
        assert_eq!(texts(text, &split(text)), ["a", "b", "c", "d"]);
        let text = "a\r\nb\x0b\u{2028}c\r";
        assert_eq!(texts(text, &split_lines(text)), ["a", "b", "", "c"]);
        let text = "\n\na\nb\n\nc";
        assert_eq!(texts(text, &split_at_runs(text, 1)), ["", "a", "b", "c"]);
        assert_eq!(texts(text, &split_at_runs(text, 2)), ["", "a\nb", "c"]);
        assert_eq!(texts(text, &split_at_line_feeds(text)), ["", "", "a", "b", "", "c"]);
        assert!(split_lines("").is_empty());
    }

    #[test]
    fn classes_have_characters_of_all_planes() {
        let letters = CharacterClass::new(r"\p{L}");
        assert!(letters.contains('a') && letters.contains('語') && letters.contains('\u{20000}'));
        assert!(letters.contains('\u{10400}') && !letters.contains('\u{1f600}'));
        assert!(!letters.contains('\u{ffff}') && !letters.contains('\u{10ffff}'));
    }

    #[test]
    fn a_combining_vowel_is_not_a_letter() {
        assert!(is_letter('é') && is_letter('क') && is_letter('ª'));
        assert!(!is_letter('\u{93e}') && !is_letter('Ⅳ') && !is_letter('1'));
    }
}
