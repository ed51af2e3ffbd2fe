//! The parser of phrases.

use std::ops::Range;

use super::slot::{NAMES, Slot};
use super::words::{ListError, WordLists};
use super::{Body, Part, PhraseError, Sequence, Word};

/// Maximum nesting depth of brackets and lists.
pub(super) const MAX_DEPTH: usize = 20;

/// Parses one line, which starts at byte `start` of its block, into any number of phrases separated
/// by `|`.
///
/// # Errors
///
/// Returns the first error, with its span in the block.
pub(super) fn line(
    line: &str,
    start: usize,
    language: &str,
    lists: &WordLists,
) -> Result<Vec<(Range<usize>, Body)>, PhraseError> {
    nested_line(line, start, language, lists, 0)
}

/// Parses a line at nesting depth `depth`.
pub(super) fn nested_line(
    line: &str,
    start: usize,
    language: &str,
    lists: &WordLists,
    depth: usize,
) -> Result<Vec<(Range<usize>, Body)>, PhraseError> {
    let trimmed = line.trim();
    if trimmed.is_empty() || trimmed.starts_with('#') {
        return Ok(Vec::new());
    }
    let mut parser = Parser { text: line, at: 0, start, language, lists, depth, at_end: false };
    let mut phrases = Vec::new();
    loop {
        parser.skip_blanks();
        let from = parser.at;
        let at_start = parser.take("^");
        parser.at_end = false;
        let sequence = parser.sequence()?;
        let length = line.get(from..parser.at).unwrap_or_default().trim_end().len();
        if sequence.words.is_empty() {
            let hint = "remove it, or the `|` beside it";
            return Err(parser.error(from..from + length.max(1), "the phrase is empty", hint));
        }
        phrases.push((
            start + from..start + from + length,
            Body { at_start, at_end: parser.at_end, sequence },
        ));
        match parser.peek() {
            None => return Ok(phrases),
            Some('|') => parser.at += 1,
            Some(other) => {
                let hint = format!(
                    "write `\\{other}` for the character itself, or add the opening bracket"
                );
                let place = parser.at..parser.at + other.len_utf8();
                return Err(parser.error(place, format!("`{other}` closes no bracket"), hint));
            }
        }
    }
}

struct Parser<'p> {
    text: &'p str,
    /// Offset of the next byte of `text`.
    at: usize,
    /// Offset of `text` in its block.
    start: usize,
    language: &'p str,
    lists: &'p WordLists,
    depth: usize,
    /// Whether the phrase ended with a `$`.
    at_end: bool,
}

impl Parser<'_> {
    fn error(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> PhraseError {
        PhraseError::new(self.start + span.start..self.start + span.end, message, hint)
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn take(&mut self, text: &str) -> bool {
        let is_next = self.rest().starts_with(text);
        self.at += if is_next { text.len() } else { 0 };
        is_next
    }

    fn skip_blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Parses words up to the end, a `|` or a closing bracket.
    fn sequence(&mut self) -> Result<Sequence, PhraseError> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            if self.take_end_anchor() || self.is_at_end() {
                return Ok(Sequence { words });
            }
            words.push(self.word()?);
        }
    }

    fn is_at_end(&self) -> bool {
        matches!(self.peek(), None | Some('|' | ']' | '}'))
    }

    /// Consumes a `$` that ends the phrase.
    fn take_end_anchor(&mut self) -> bool {
        let ends = self.depth == 0
            && self.rest().strip_prefix('$').is_some_and(|rest| {
                let rest = rest.trim_start();
                rest.is_empty() || rest.starts_with('|')
            });
        if ends {
            self.at += 1;
            self.at_end = true;
            self.skip_blanks();
        }
        ends
    }

    /// Parses parts up to a blank or the end of the sequence.
    fn word(&mut self) -> Result<Word, PhraseError> {
        let mut word = Word::new();
        while let Some(character) = self.peek() {
            if character.is_whitespace() || self.is_at_end() || self.take_end_anchor() {
                break;
            }
            match character {
                '[' if self.optional_blank() > 0 => {
                    self.at += self.optional_blank();
                    word.push(Part::OptionalBlank);
                }
                '[' => {
                    let alternatives = self.bracket(']')?;
                    word.push(Part::Optional(alternatives));
                }
                '{' => {
                    let alternatives = self.bracket('}')?;
                    word.push(Part::Choice(alternatives));
                }
                '<' => {
                    let slot = self.slot()?;
                    word.push(Part::Slot(slot));
                }
                '@' if self.list_name().is_some() => {
                    let alternatives = self.list()?;
                    word.push(Part::Choice(alternatives));
                }
                '*' => {
                    self.at += 1;
                    word.push(Part::Ending);
                }
                '.' if self.rest().starts_with("...") => {
                    let gap = self.gap()?;
                    word.push(gap);
                }
                '(' if self.ending(&word).is_some() => {
                    let ending = self.ending(&word).unwrap_or_default();
                    self.at += ending.len() + 2;
                    word.push(Part::Optional(vec![Sequence {
                        words: vec![vec![Part::Text(ending)]],
                    }]));
                }
                _ => self.character(&mut word)?,
            }
        }
        Ok(word)
    }

    /// Returns the length of a bracket that contains only blanks; 0 if there is none.
    fn optional_blank(&self) -> usize {
        let inner = self
            .rest()
            .strip_prefix('[')
            .and_then(|rest| rest.split_once(']'))
            .map_or("", |(inner, _)| inner);
        if !inner.is_empty() && inner.trim().is_empty() { inner.len() + 2 } else { 0 }
    }

    /// Parses a literal character.
    fn character(&mut self, word: &mut Word) -> Result<(), PhraseError> {
        let from = self.at;
        let is_quoted = self.take("\\");
        let Some(character) = self.peek().filter(|next| !(is_quoted && next.is_whitespace()))
        else {
            let hint = "write the character that is meant after it, or `\\\\` for itself";
            return Err(self.error(from..from + 1, "nothing follows the `\\`", hint));
        };
        self.at += character.len_utf8();
        match word.last_mut() {
            Some(Part::Text(text)) => text.push(character),
            _ => word.push(Part::Text(character.to_string())),
        }
        Ok(())
    }

    /// Returns the letters in parentheses after a letter, as in `comment(s)`.
    fn ending(&self, word: &Word) -> Option<String> {
        const MAX_LETTERS: usize = 3;
        let Some(Part::Text(before)) = word.last() else { return None };
        let (inner, _) = self.rest().strip_prefix('(')?.split_once(')')?;
        let is_ending = before.ends_with(char::is_alphabetic)
            && (1..=MAX_LETTERS).contains(&inner.chars().count())
            && inner.chars().all(char::is_lowercase);
        is_ending.then(|| inner.to_owned())
    }

    /// Parses the alternatives in brackets.
    fn bracket(&mut self, close: char) -> Result<Vec<Sequence>, PhraseError> {
        let open = self.at;
        self.at += 1;
        if self.depth >= MAX_DEPTH {
            let message = format!("more than {MAX_DEPTH} brackets within each other");
            return Err(self.error(open..open + 1, message, "write several phrases"));
        }
        self.depth += 1;
        let mut alternatives = Vec::new();
        loop {
            let from = self.at;
            let sequence = self.sequence()?;
            let end = self.peek();
            if sequence.words.is_empty() && end.is_some() {
                let hint = if close == '}' {
                    "remove it; write `[a | b]` where all of it may be missing"
                } else {
                    "remove it: what is in `[…]` may be missing anyway"
                };
                return Err(self.error(from..self.at + 1, "an empty alternative", hint));
            }
            alternatives.push(sequence);
            self.at += end.map_or(0, char::len_utf8);
            match end {
                Some('|') => {}
                Some(end) if end == close => break,
                Some(end) => {
                    let message = format!("`{end}` where `{close}` is expected");
                    return Err(self.error(
                        self.at - 1..self.at,
                        message,
                        "close brackets in the order they open",
                    ));
                }
                None => {
                    let opening = self.text.get(open..=open).unwrap_or_default();
                    let hint = format!(
                        "close it with `{close}`, or write `\\{opening}` for the character itself"
                    );
                    return Err(self.error(
                        open..open + 1,
                        format!("`{opening}` is not closed on this line"),
                        hint,
                    ));
                }
            }
        }
        self.depth -= 1;
        Ok(alternatives)
    }

    fn slot(&mut self) -> Result<Slot, PhraseError> {
        let open = self.at;
        let Some(end) = self.rest().find('>') else {
            let hint = "close it with `>`, or write `\\<` for the character itself";
            return Err(self.error(open..open + 1, "`<` is not closed on this line", hint));
        };
        let name = self.text.get(open + 1..open + end).unwrap_or_default();
        self.at += end + 1;
        Slot::parse(name.trim()).ok_or_else(|| {
            let hint = format!("the slots are {NAMES}; write `\\<` for the character itself");
            self.error(open..open + end + 1, format!("`<{name}>` is not a slot"), hint)
        })
    }

    /// Parses `...`, `...20`, `...3-20` or `...3+`.
    fn gap(&mut self) -> Result<Part, PhraseError> {
        const MAX_CHARACTERS: usize = 999;
        let open = self.at;
        self.at += "...".len();
        let first = self.digits();
        let (min, max) = match first {
            None => (0, None),
            Some(min) if self.take("+") => (min, None),
            Some(min)
                if self
                    .rest()
                    .strip_prefix('-')
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) =>
            {
                self.at += 1;
                (min, self.digits())
            }
            Some(max) => (0, Some(max)),
        };
        if max.unwrap_or(min).max(min) > MAX_CHARACTERS || max.is_some_and(|max| max < min.max(1)) {
            let hint = "write `...20` for at most 20 characters, `...3-20` for 3 to 20, `...3+` for at least 3";
            let message = format!("a gap is at most {MAX_CHARACTERS} characters long");
            return Err(self.error(open..self.at, message, hint));
        }
        Ok(Part::Gap { min, max })
    }

    fn digits(&mut self) -> Option<usize> {
        let length = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        let number = self.rest().get(..length)?.parse().ok();
        self.at += length;
        number
    }

    /// Returns the list name after an `@`.
    fn list_name(&self) -> Option<&str> {
        let rest = self.rest().strip_prefix('@')?;
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let length = rest.bytes().take_while(|byte| is_name(*byte)).count();
        rest.get(..length).map(|name| name.trim_end_matches('-')).filter(|name| !name.is_empty())
    }

    fn list(&mut self) -> Result<Vec<Sequence>, PhraseError> {
        let name = self.list_name().unwrap_or_default().to_owned();
        let span = self.at..self.at + 1 + name.len();
        self.at = span.end;
        self.lists.alternatives(&name, self.language, self.depth + 1).map_err(|error| {
            let unknown_list = matches!(error, ListError::Unknown).then(|| name.clone());
            let (message, hint) = error.explain(&name, self.language);
            PhraseError { hint, unknown_list, ..self.error(span, message, "") }
        })
    }
}
