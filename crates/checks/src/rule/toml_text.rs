//! Maps positions in a TOML string to positions in its file.

use std::ops::Range;

/// Returns the span in `file` of the bytes `span` of the string whose literal, including quotes, is
/// at `literal`.
pub(super) fn place_in_file(
    file: &str,
    literal: &Range<usize>,
    span: &Range<usize>,
) -> Range<usize> {
    let Some(text) = file.get(literal.clone()) else { return literal.clone() };
    let Some(quotes) =
        ["'''", "\"\"\"", "'", "\""].into_iter().find(|quotes| text.starts_with(quotes))
    else {
        return literal.clone();
    };
    let has_escapes = quotes.starts_with('"');
    let mut at = quotes.len();
    if quotes.len() == 3 {
        // A line break right after the opening quotes is not part of the string.
        at +=
            ["\r\n", "\n"].into_iter().find(|end| text[at..].starts_with(end)).map_or(0, str::len);
    }
    // Fast path: without escapes, the literal equals the string. Walking it for each phrase would
    // be quadratic.
    let has_translation = text.contains('\r') || has_escapes && text.contains('\\');
    if !has_translation && span.start < span.end && at + span.end <= text.len() {
        return literal.start + at + span.start..literal.start + at + span.end;
    }
    let (mut start, mut decoded) = (at, 0);
    while decoded < span.end && at < text.len() {
        if decoded <= span.start {
            start = at;
        }
        let rest = &text[at..];
        let (written, meant) = match rest.chars().next() {
            Some('\\') if has_escapes => escape(rest),
            Some('\r') if rest.starts_with("\r\n") && quotes.len() == 3 => (2, 1),
            Some(character) => (character.len_utf8(), character.len_utf8()),
            None => break,
        };
        at += written;
        decoded += meant;
    }
    literal.start + start..literal.start + at.max(start + 1).min(text.len())
}

/// Returns the length in bytes of the escape at the start of `text`, and of the text that it
/// represents.
fn escape(text: &str) -> (usize, usize) {
    let of_code = |digits: usize| {
        let code = text.get(2..2 + digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        (2 + digits, code.and_then(char::from_u32).map_or(0, char::len_utf8))
    };
    match text.as_bytes().get(1) {
        Some(b'x') => of_code(2),
        Some(b'u') => of_code(4),
        Some(b'U') => of_code(8),
        // A line-ending backslash also drops the whitespace up to the next text.
        Some(b'\n' | b'\r' | b' ' | b'\t') => {
            (1 + text[1..].len() - text[1..].trim_start().len(), 0)
        }
        _ => (2, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_account_for_line_ends_and_escapes() {
        for file in [
            "a = \"\"\"\nb\\\\cdé\nefg\"\"\"",
            "a = \"b\\\\cd\\u00e9\\nefg\"",
            "a = '''\nb\\cdé\nefg'''",
        ] {
            let value: toml::Table = toml::from_str(file).unwrap();
            let text = value["a"].as_str().unwrap();
            let literal = 4..file.len();
            for word in ["cd", "efg", "b"] {
                let start = text.find(word).unwrap();
                let place = place_in_file(file, &literal, &(start..start + word.len()));
                assert_eq!(&file[place], word, "{file}");
            }
        }
    }
}
