//! Text that cannot do anything to a terminal.

use std::borrow::Cow;

/// `text` without characters that a terminal would act on: control characters become their pictures, and those that change
/// the direction of text or show nothing become a visible sign or go.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    if text.chars().all(|character| matches!(replacement(character), Replacement::Itself)) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        push_printable(&mut result, character);
    }
    Cow::Owned(result)
}

/// Adds `character` to `line` in a form that shows and does nothing else.
pub(super) fn push_printable(line: &mut String, character: char) {
    match replacement(character) {
        Replacement::Itself => line.push(character),
        Replacement::Picture(picture) => line.push(picture),
        Replacement::Spaces => line.push_str("    "),
        Replacement::Nothing => {}
    }
}

enum Replacement {
    Itself,
    Picture(char),
    Spaces,
    Nothing,
}

fn replacement(character: char) -> Replacement {
    match character {
        '\t' => Replacement::Spaces,
        '\u{7F}' => Replacement::Picture('␡'),
        // The pictures stand in the order of the characters they picture.
        '\0'..='\u{1F}' => {
            Replacement::Picture(char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER))
        }
        '\u{80}'..='\u{9F}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2066}'..='\u{2069}'
        | '\u{FFF9}'..='\u{FFFB}' => Replacement::Picture(char::REPLACEMENT_CHARACTER),
        '\u{AD}' | '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2060}' | '\u{FEFF}' => Replacement::Nothing,
        _ => Replacement::Itself,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal() {
        assert_eq!(printable("a\u{1b}[31mb\r\u{7}\u{9b}\u{202e}c"), "a␛[31mb␍␇\u{fffd}\u{fffd}c");
        assert_eq!(printable("Ünïcode 中文 😀"), "Ünïcode 中文 😀");
    }
}
