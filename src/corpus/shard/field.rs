//! The fields of a JSON line, found as the bytes they are, and a string changed within its own bytes.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::text::Span;

/// Finds the fields with the names `wanted` in a line that holds one JSON object, each as the JSON it is; `None` where there
/// is no such field. A name with dots is that of a field, or leads into objects; of fields that stand twice, the last counts.
///
/// # Errors
///
/// The line is no JSON object.
pub(super) fn fields<'l, const N: usize>(
    line: &'l str,
    wanted: [&str; N],
) -> Result<[Option<&'l RawValue>; N], serde_json::Error> {
    let mut found = [None; N];
    let mut parser = serde_json::Deserializer::from_str(line);
    parser.deserialize_map(Object { wanted: wanted.map(Some), found: &mut found })?;
    parser.end()?;
    Ok(found)
}

/// One object: what is wanted of it, and where to put it.
struct Object<'w, 'f, 'l, const N: usize> {
    wanted: [Option<&'w str>; N],
    found: &'f mut [Option<&'l RawValue>; N],
}

impl<'l, const N: usize> Visitor<'l> for Object<'_, '_, 'l, N> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'l>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let is_wanted = self.wanted.map(|wanted| wanted == Some(&*key));
            let below = self.wanted.map(|wanted| wanted?.strip_prefix(&*key)?.strip_prefix('.'));
            if !is_wanted.contains(&true) && below.iter().all(Option::is_none) {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let value: &'l RawValue = map.next_value()?;
            if value.get().starts_with('{') && below.iter().any(Option::is_some) {
                // What is not there is told by its absence; it has been parsed once, so nothing else can go wrong.
                let mut parser = serde_json::Deserializer::from_str(value.get());
                let _ = parser.deserialize_map(Object { wanted: below, found: &mut *self.found });
            }
            for (slot, _) in self.found.iter_mut().zip(is_wanted).filter(|(_, is_wanted)| *is_wanted) {
                *slot = Some(value);
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Key<'l>(#[serde(borrow)] Cow<'l, str>);

/// What follows the name of a field that is not there: those that are, and the option that names one.
pub(super) fn among(names: &[String]) -> String {
    const MAX_NAMES: usize = 12;
    if names.is_empty() {
        return String::new();
    }
    let mut listed = names.iter().take(MAX_NAMES).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > MAX_NAMES {
        listed.push_str(&format!(" and {} more", names.len() - MAX_NAMES));
    }
    format!("{FIELDS}{listed}; give --text-field")
}

/// Begins the list of `among`. The lists of two records can differ where their fault is the same.
pub const FIELDS: &str = " among ";

/// The names of the fields in a line that holds one JSON object; those within objects after the name of that, with a dot between.
pub(super) fn names(line: &str) -> Vec<String> {
    let mut names = Vec::new();
    if let Ok(Value::Object(fields)) = serde_json::from_str(line) {
        for (name, value) in fields {
            match value {
                Value::Object(inner) => names.extend(inner.keys().map(|below| format!("{name}.{below}"))),
                _ => names.push(name),
            }
        }
    }
    names
}

/// Where `value` stands in `line`, of which it is a part.
pub(super) fn place(line: &str, value: &RawValue) -> Range<usize> {
    let start = (value.get().as_ptr() as usize).saturating_sub(line.as_ptr() as usize);
    start..start + value.get().len()
}

/// Escapes that name half of a surrogate pair without the other half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LoneSurrogates {
    /// The first of them.
    pub(super) first: u16,
    /// How many there are.
    pub(super) count: usize,
}

/// Returns the text of a JSON string, with U+FFFD for each lone surrogate; `None` if `literal` is no string.
pub(super) fn decode(literal: &str) -> Option<(String, Option<LoneSurrogates>)> {
    if !literal.starts_with('"') {
        return None;
    }
    match serde_json::from_str::<String>(literal) {
        Ok(text) => Some((text, None)),
        Err(_) => decode_slowly(literal),
    }
}

fn decode_slowly(literal: &str) -> Option<(String, Option<LoneSurrogates>)> {
    let mut text = String::with_capacity(literal.len());
    let mut lost: Option<LoneSurrogates> = None;
    let mut rest = literal.strip_prefix('"')?.strip_suffix('"')?;
    while let Some(first) = rest.chars().next() {
        let (length, character) = if first == '\\' { escape(rest)? } else { (first.len_utf8(), Some(first)) };
        if character.is_none() {
            let first = lost.map_or_else(|| code_unit(rest, 0), |lost| Some(lost.first))?;
            lost = Some(LoneSurrogates { first, count: lost.map_or(0, |lost| lost.count) + 1 });
        }
        text.push(character.unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = rest.get(length..)?;
    }
    Some((text, lost))
}

/// The code unit of the `\u` escape at byte `at` of `text`.
fn code_unit(text: &str, at: usize) -> Option<u16> {
    let digits = text.get(at..)?.strip_prefix("\\u")?.get(..4)?;
    u16::from_str_radix(digits, 16).ok()
}

/// The bytes of the escape that `text` begins with, and the character it stands for, if it stands for one.
fn escape(text: &str) -> Option<(usize, Option<char>)> {
    let unit = |at: usize| code_unit(text, at);
    let character = match text.as_bytes().get(1)? {
        b'u' => {
            let first = unit(0)?;
            let second =
                unit(6).filter(|second| (0xD800..0xDC00).contains(&first) && (0xDC00..0xE000).contains(second));
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

/// What is put into a JSON string.
#[derive(Debug, Clone, Copy)]
pub(super) enum Insertion<'c> {
    /// A text, to be escaped.
    Text(&'c str),
    /// A text as JSON spells it, without quotes.
    Json(&'c str),
}

/// The JSON string `literal` with `changes` made in the text that it stands for; all else keeps its bytes and its escapes.
/// Changes are in order and disjoint. If `is_ascii`, texts are escaped so that the string stays ASCII.
///
/// `None` if the string cannot be read, or the changes do not fit it.
pub(super) fn splice<'c>(
    literal: &str,
    changes: impl IntoIterator<Item = (Span, Insertion<'c>)>,
    is_ascii: bool,
) -> Option<String> {
    let mut walk = Walk { literal, at: 1, text: 0 };
    let mut spliced = String::with_capacity(literal.len());
    spliced.push('"');
    for (span, content) in changes {
        let from = walk.at;
        walk.to(span.start)?;
        spliced.push_str(literal.get(from..walk.at)?);
        match content {
            Insertion::Text(text) => push_escaped(text, is_ascii, &mut spliced)?,
            Insertion::Json(json) => spliced.push_str(json),
        }
        walk.to(span.end)?;
    }
    spliced.push_str(literal.get(walk.at..)?);
    Some(spliced)
}

/// How `literal` spells the passages at `spans`, which are in order and disjoint; `None` for one that is spelled as
/// [`Insertion::Text`] would spell it where the string need not stay ASCII.
pub(super) fn spellings(literal: &str, spans: impl IntoIterator<Item = Span>) -> Option<Vec<Option<String>>> {
    let mut walk = Walk { literal, at: 1, text: 0 };
    let mut spellings = Vec::new();
    for span in spans {
        walk.to(span.start)?;
        let from = walk.at;
        walk.to(span.end)?;
        let json = literal.get(from..walk.at)?;
        spellings.push((escaped(&meaning(json)?)? != json).then(|| json.to_owned()));
    }
    Some(spellings)
}

/// A text as JSON spells it, without quotes.
pub(super) fn escaped(text: &str) -> Option<String> {
    let mut json = String::with_capacity(text.len());
    push_escaped(text, false, &mut json)?;
    Some(json)
}

/// The text that `json`, a JSON string without its quotes, stands for; `None` if it is none.
pub(super) fn meaning(json: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{json}\"")).ok()
}

/// A place in a JSON string and in the text that it stands for.
struct Walk<'l> {
    literal: &'l str,
    at: usize,
    text: usize,
}

impl Walk<'_> {
    /// Goes on to byte `target` of the text.
    fn to(&mut self, target: usize) -> Option<()> {
        while self.text < target {
            let rest = self.literal.get(self.at..)?;
            let plain = memchr::memchr2(b'\\', b'"', rest.as_bytes())?.min(target - self.text);
            if plain > 0 {
                (self.at, self.text) = (self.at + plain, self.text + plain);
                continue;
            }
            let (length, character) = escape(rest)?;
            (self.at, self.text) = (self.at + length, self.text + character?.len_utf8());
        }
        (self.text == target).then_some(())
    }
}

fn push_escaped(content: &str, is_ascii: bool, output: &mut String) -> Option<()> {
    let quoted = serde_json::to_string(content).ok()?;
    let inner = quoted.get(1..quoted.len() - 1)?;
    if !is_ascii || inner.is_ascii() {
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

    fn found(line: &str, name: &str) -> Option<String> {
        fields(line, [name]).unwrap()[0].map(|value| value.get().to_owned())
    }

    #[test]
    fn fields_are_found_wherever_they_stand() {
        assert_eq!(found(r#"{"id": 1.50, "text" : "a"}"#, "text").unwrap(), "\"a\"");
        assert_eq!(found(r#"{"text": "a", "text": "b"}"#, "text").unwrap(), "\"b\"");
        assert_eq!(found(r#"{"te\u0078t": "a"}"#, "text").unwrap(), "\"a\"");
        assert_eq!(found(r#"{"doc": {"text": "a"}, "text": "b"}"#, "doc.text").unwrap(), "\"a\"");
        assert_eq!(found(r#"{"doc.text": "a"}"#, "doc.text").unwrap(), "\"a\"");
        assert_eq!(found(r#"{"doc": 1, "docs": {"text": "a"}}"#, "doc.text"), None);
        assert!(fields(r#"{"text": "a"} {}"#, ["text"]).is_err());
        assert!(fields(r#"["text"]"#, ["text"]).is_err());
        let deep = format!("{{\"a\": {}{}, \"text\": \"b\"}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(found(&deep, "text").unwrap(), "\"b\"");
    }

    #[test]
    fn half_a_surrogate_pair_is_replaced_and_told() {
        assert_eq!(decode(r#""a\ud83d\ude00b""#).unwrap(), ("a😀b".into(), None));
        assert_eq!(
            decode(r#""a\ud83db\udc00\n""#).unwrap(),
            ("a\u{fffd}b\u{fffd}\n".into(), Some(LoneSurrogates { first: 0xD83D, count: 2 }))
        );
        assert_eq!(decode("1"), None);
    }

    #[test]
    fn what_is_not_changed_keeps_its_escapes() {
        let literal = r#""\u0041 \/ é\ud83d\ude00\n\nLeave \"it\"""#;
        let text = decode(literal).unwrap().0;
        let start = text.find("Leave").unwrap();
        let changes = [(Span::new(start, text.len()), Insertion::Text("ü\t"))];
        assert_eq!(splice(literal, changes, false).unwrap(), r#""\u0041 \/ é\ud83d\ude00\n\nü\t""#);
        assert_eq!(splice(literal, changes, true).unwrap(), r#""\u0041 \/ é\ud83d\ude00\n\n\u00fc\t""#);
        // Into the middle of a character, or past the end.
        let accent = text.find('é').unwrap() + 1;
        assert_eq!(splice(r#""\u00e9""#, [(Span::new(1, 2), Insertion::Text(""))], false), None);
        assert_eq!(splice(literal, [(Span::new(accent, accent), Insertion::Text(""))], false), None);
        assert_eq!(splice(literal, [(Span::new(0, text.len() + 1), Insertion::Text(""))], false), None);
    }

    #[test]
    fn spellings_put_back_give_the_same_bytes() {
        let literal = r#""\u0041é \/ \u00e9 \ud83d\ude00 plain \n""#;
        let text = decode(literal).unwrap().0;
        let at = |found: &str| text.find(found).unwrap();
        let spans = [Span::new(0, at("/") + 1), Span::new(at("😀"), at("plain")), Span::new(at("plain"), text.len())];
        let found = spellings(literal, spans).unwrap();
        assert_eq!(found, [Some(r"\u0041é \/".into()), Some(r"\ud83d\ude00 ".into()), None]);
        let removed = splice(literal, spans.map(|span| (span, Insertion::Text(""))), true).unwrap();
        assert_eq!(removed, r#"" \u00e9 ""#);
        let back = [(0, found[0].as_deref().unwrap()), (4, found[1].as_deref().unwrap()), (4, r"plain \n")];
        let back = back.map(|(place, json)| (Span::new(place, place), Insertion::Json(json)));
        assert_eq!(splice(&removed, back, true).unwrap(), literal);
    }
}
