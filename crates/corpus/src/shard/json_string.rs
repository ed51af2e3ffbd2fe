//! JSON string literals: decodes them, and edits the decoded text without touching the bytes around
//! the edits.

use dechaff_text::Span;

/// `\u` escapes for one half of a surrogate pair without the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoneSurrogates {
    /// The first code unit.
    pub(super) first: u16,
    /// The number of such escapes.
    pub(super) count: usize,
}

/// Returns the text of a JSON string, with U+FFFD for each lone surrogate; `None` if `literal` is
/// not a string.
pub(super) fn decode(literal: &str) -> Option<(String, Option<LoneSurrogates>)> {
    if !literal.starts_with('"') {
        return None;
    }
    match serde_json::from_str::<String>(literal) {
        Ok(text) => Some((text, None)),
        Err(_) => decode_lossy(literal),
    }
}

fn decode_lossy(literal: &str) -> Option<(String, Option<LoneSurrogates>)> {
    let mut text = String::with_capacity(literal.len());
    let mut lost: Option<LoneSurrogates> = None;
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?;
    while let Some(first) = rest.chars().next() {
        let (length, character) =
            if first == '\\' { escape(rest)? } else { (first.len_utf8(), Some(first)) };
        if character.is_none() {
            let first = lost.map_or_else(|| code_unit(rest, 0), |lost| Some(lost.first))?;
            lost = Some(LoneSurrogates { first, count: lost.map_or(0, |lost| lost.count) + 1 });
        }
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = rest.get(length..)?;
    }
    Some((text, lost))
}

/// Returns the code unit of the `\u` escape at byte `at` of `text`.
fn code_unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

/// Parses the escape at the beginning of `text`. Returns its length in bytes and its character,
/// which is `None` for a lone surrogate.
fn escape(text: &str) -> Option<(usize, Option<char>)> {
    let unit = |at: usize| code_unit(text, at);
    let character = match text.as_bytes().get(1)? {
        b'u' => {
            let first = unit(0)?;
            let second = unit(6).filter(|second| {
                (0xD800..0xDC00).contains(&first) && (0xDC00..0xE000).contains(second)
            });
            let units = std::iter::once(first).chain(second);
            let character = char::decode_utf16(units).next()?.ok();
            return Some((if second.is_some() { 12 } else { 6 }, character));
        }
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        other => char::from(*other),
    };
    Some((2, Some(character)))
}

/// Content to insert into a JSON string.
#[derive(Debug, Clone, Copy)]
pub(super) enum Insertion<'c> {
    /// Text to be escaped.
    Text(&'c str),
    /// Escaped JSON without the quotes, inserted verbatim.
    Json(&'c str),
}

/// Edits the text of the JSON string `literal`. Everything outside the edits keeps its bytes,
/// escapes included.
///
/// `edits` are spans of the decoded text with their replacements, sorted and disjoint. With
/// `ascii_only`, inserted text is escaped to ASCII. Returns `None` if the literal is malformed or
/// the edits do not fit it.
pub(super) fn splice<'c>(
    literal: &str,
    edits: impl IntoIterator<Item = (Span, Insertion<'c>)>,
    ascii_only: bool,
) -> Option<String> {
    let mut cursor = EscapeCursor::new(literal);
    let mut spliced = String::with_capacity(literal.len());
    spliced.push('"');
    for (span, content) in edits {
        let from = cursor.at;
        cursor.advance_to(span.start)?;
        spliced.push_str(literal.get(from..cursor.at)?);
        match content {
            Insertion::Text(text) => push_escaped(text, ascii_only, &mut spliced)?,
            Insertion::Json(json) => spliced.push_str(json),
        }
        cursor.advance_to(span.end)?;
    }
    spliced.push_str(literal.get(cursor.at..)?);
    Some(spliced)
}

/// Returns how `literal` escapes the passages at `spans` of its text, which are sorted and
/// disjoint. A passage that is escaped as by [`escaped`] is `None`.
pub(super) fn spellings(
    literal: &str,
    spans: impl IntoIterator<Item = Span>,
) -> Option<Vec<Option<String>>> {
    let mut cursor = EscapeCursor::new(literal);
    let mut spellings = Vec::new();
    for span in spans {
        cursor.advance_to(span.start)?;
        let from = cursor.at;
        cursor.advance_to(span.end)?;
        let json = literal.get(from..cursor.at)?;
        spellings.push((escaped(&unescaped(json)?)? != json).then(|| json.to_owned()));
    }
    Some(spellings)
}

/// Escapes a text as JSON, without the quotes.
pub(super) fn escaped(text: &str) -> Option<String> {
    let mut json = String::with_capacity(text.len());
    push_escaped(text, false, &mut json)?;
    Some(json)
}

/// Returns the text of a JSON string given without its quotes, or `None` if it is malformed.
pub(super) fn unescaped(json: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{json}\"")).ok()
}

/// A position in a JSON string, and the corresponding position in its text.
struct EscapeCursor<'l> {
    literal: &'l str,
    at: usize,
    text_at: usize,
}

impl<'l> EscapeCursor<'l> {
    fn new(literal: &'l str) -> Self {
        Self { literal, at: 1, text_at: 0 }
    }

    /// Advances to byte `target` of the text. Fails within a character.
    fn advance_to(&mut self, target: usize) -> Option<()> {
        while self.text_at < target {
            let rest = self.literal.get(self.at..)?;
            let plain = memchr::memchr2(b'\\', b'"', rest.as_bytes())?.min(target - self.text_at);
            if plain > 0 {
                self.at += plain;
                self.text_at += plain;
                continue;
            }
            let (length, character) = escape(rest)?;
            self.at += length;
            self.text_at += character?.len_utf8();
        }
        (self.text_at == target).then_some(())
    }
}

fn push_escaped(content: &str, ascii_only: bool, output: &mut String) -> Option<()> {
    let quoted = serde_json::to_string(content).ok()?;
    let inner = quoted.get(1..quoted.len() - 1)?;
    if !ascii_only || inner.is_ascii() {
        output.push_str(inner);
        return Some(());
    }
    for character in inner.chars() {
        if character.is_ascii() {
            output.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                output.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lone_surrogates_are_replaced_and_counted() {
        assert_eq!(decode(r#""a\ud83d\ude00b""#).unwrap(), ("a😀b".into(), None));
        assert_eq!(
            decode(r#""a\ud83db\udc00\n""#).unwrap(),
            ("a\u{fffd}b\u{fffd}\n".into(), Some(LoneSurrogates { first: 0xD83D, count: 2 }))
        );
        assert_eq!(decode("1"), None);
    }

    #[test]
    fn splice_keeps_escapes_outside_edits() {
        let literal = r#""\u0041 \/ é\ud83d\ude00\n\nLeave \"it\"""#;
        let text = decode(literal).unwrap().0;
        let start = text.find("Leave").unwrap();
        let edits = [(Span::new(start, text.len()), Insertion::Text("ü\t"))];
        assert_eq!(splice(literal, edits, false).unwrap(), r#""\u0041 \/ é\ud83d\ude00\n\nü\t""#);
        assert_eq!(
            splice(literal, edits, true).unwrap(),
            r#""\u0041 \/ é\ud83d\ude00\n\n\u00fc\t""#
        );
    }

    #[test]
    fn splice_rejects_edits_within_characters_and_past_the_end() {
        let literal = r#""\u0041 \/ é\ud83d\ude00\n\nLeave \"it\"""#;
        let text = decode(literal).unwrap().0;
        let accent = text.find('é').unwrap() + 1;
        assert_eq!(splice(r#""\u00e9""#, [(Span::new(1, 2), Insertion::Text(""))], false), None);
        assert_eq!(
            splice(literal, [(Span::new(accent, accent), Insertion::Text(""))], false),
            None
        );
        assert_eq!(
            splice(literal, [(Span::new(0, text.len() + 1), Insertion::Text(""))], false),
            None
        );
    }

    #[test]
    fn reinserted_spellings_restore_the_literal() {
        let literal = r#""\u0041é \/ \u00e9 \ud83d\ude00 plain \n""#;
        let text = decode(literal).unwrap().0;
        let at = |passage: &str| text.find(passage).unwrap();
        let spans = [
            Span::new(0, at("/") + 1),
            Span::new(at("😀"), at("plain")),
            Span::new(at("plain"), text.len()),
        ];
        let spellings = spellings(literal, spans).unwrap();
        assert_eq!(spellings, [Some(r"\u0041é \/".into()), Some(r"\ud83d\ude00 ".into()), None]);
        let removed = splice(literal, spans.map(|span| (span, Insertion::Text(""))), true).unwrap();
        assert_eq!(removed, r#"" \u00e9 ""#);
        let insertions = [
            (0, spellings[0].as_deref().unwrap()),
            (4, spellings[1].as_deref().unwrap()),
            (4, r"plain \n"),
        ];
        let insertions = insertions.map(|(at, json)| (Span::new(at, at), Insertion::Json(json)));
        assert_eq!(splice(&removed, insertions, true).unwrap(), literal);
    }
}
