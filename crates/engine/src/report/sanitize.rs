//! Escapes characters that control a terminal, reorder text or hide it.
//!
//! Texts, file names, IDs, rules and configuration files are untrusted. Reports and messages pass
//! quoted text through [`printable`]. As a second line of defence, every output stream passes
//! through [`Medium::sanitize`] where it is written.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

/// The kind of an output stream, which determines how characters are escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// Text for people, without colours.
    Text,
    /// Text for people, with colours.
    StyledText,
    /// JSON. Escapes preserve the decoded value.
    Json,
    /// XML. Character references preserve the decoded value.
    Xml,
}

impl Medium {
    /// Escapes every unsafe character except line endings and tabs. In [`Medium::StyledText`],
    /// dechaff's own colours pass through.
    pub fn sanitize(self, text: &str) -> Cow<'_, str> {
        let is_plain = |byte: u8| (b' '..=b'~').contains(&byte) || byte == b'\n';
        if text.bytes().all(is_plain) || !text.chars().any(|character| self.escapes(character)) {
            return Cow::Borrowed(text);
        }
        let mut result = String::with_capacity(text.len() + text.len() / 8);
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let length = match self {
                Self::StyledText => style_length(rest),
                _ => 0,
            };
            if length > 0 {
                result.push_str(&rest[..length]);
                rest = &rest[length..];
                continue;
            }
            if self.escapes(character) {
                self.push_escaped(&mut result, character);
            } else {
                result.push(character);
            }
            rest = &rest[character.len_utf8()..];
        }
        Cow::Owned(result)
    }

    fn escapes(self, character: char) -> bool {
        is_unsafe(character) && !matches!(character, '\n' | '\t')
    }

    fn push_escaped(self, result: &mut String, character: char) {
        match self {
            Self::Text | Self::StyledText => push_printable(result, character),
            Self::Json => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(result, "\\u{unit:04x}");
                }
            }
            // XML 1.0 cannot represent other control characters.
            Self::Xml if character >= '\u{7F}' || character == '\r' => {
                let _ = write!(result, "&#x{:X};", u32::from(character));
            }
            Self::Xml => push_printable(result, character),
        }
    }
}

/// Returns `text` as one line in which every unsafe character is visible: control characters as
/// their Unicode pictures, tabs as spaces, and the rest as escapes such as `\u{202e}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| (b' '..=b'~').contains(&byte);
    if text.bytes().all(is_plain) || !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len());
    for character in text.chars() {
        push_printable(&mut result, character);
    }
    Cow::Owned(result)
}

const TAB: &str = "    ";

/// Appends `character` as [`printable`] shows it.
pub(super) fn push_printable(line: &mut String, character: char) {
    match character {
        '\t' => line.push_str(TAB),
        _ if !is_unsafe(character) => line.push(character),
        _ => match picture(character) {
            Some(picture) => line.push(picture),
            None => line.extend(character.escape_unicode()),
        },
    }
}

/// Returns the width of `character` in columns, as shown by [`printable`].
pub(super) fn width(character: char) -> usize {
    match character {
        '\t' => TAB.len(),
        _ if !is_unsafe(character) => character.width().unwrap_or(1),
        _ if picture(character).is_some() => 1,
        _ => character.escape_unicode().len(),
    }
}

/// Returns the picture of an ASCII control character. The pictures are in ASCII order.
fn picture(character: char) -> Option<char> {
    match character {
        '\u{7F}' => Some('␡'),
        '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(character)),
        _ => None,
    }
}

/// Whether a character controls a terminal, changes the text direction, is a line separator for
/// some programs, or is invisible. Joiners (U+200C, U+200D) and the first sixteen variation
/// selectors are safe: emoji and many scripts need them.
fn is_unsafe(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1F}'
        | '\u{7F}'..='\u{9F}'
        | '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180E}'
        | '\u{200B}'
        | '\u{200E}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{3164}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

/// Returns the length of the style sequence at the start of `text` if dechaff could have printed
/// it, and 0 otherwise. Other sequences, such as those that conceal text, are escaped.
fn style_length(text: &str) -> usize {
    const MAX_PARAMETER_BYTES: usize = 16;
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let Some(end) = rest.bytes().take(MAX_PARAMETER_BYTES).position(|byte| byte == b'm') else {
        return 0;
    };
    let is_own = |parameter: &str| {
        matches!(parameter, "" | "0" | "1" | "4")
            || parameter.len() == 2
                && parameter.starts_with(['3', '9'])
                && ('1'..='7').any(|d| parameter.ends_with(d))
    };
    let parameters = &rest[..end];
    let is_palette =
        parameters.strip_prefix("38;5;").is_some_and(|color| color.parse::<u8>().is_ok());
    let is_style = is_palette || parameters.split(';').all(is_own);
    if is_style { "\u{1b}[".len() + end + 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_control_and_invisible_characters() {
        assert_eq!(
            printable("a\u{1b}[31mb\r\u{7}\u{9b}\u{202e}c\u{e0041}\n\t"),
            "a␛[31mb␍␇\\u{9b}\\u{202e}c\\u{e0041}␊    "
        );
        for text in ["Ünïcode 中文 😀", "👩\u{200d}🔬 ❤\u{fe0f}", "می\u{200c}خواهم"]
        {
            assert!(matches!(printable(text), Cow::Borrowed(_)));
        }
    }

    #[test]
    fn each_medium_has_its_own_escapes() {
        let text = "a\u{1b}\u{202e}\u{e0041}\tb\n";
        assert_eq!(Medium::Text.sanitize(text), "a␛\\u{202e}\\u{e0041}\tb\n");
        assert_eq!(Medium::Json.sanitize("\"\u{202e}\u{e0041}\"\n"), "\"\\u202e\\udb40\\udc41\"\n");
        assert_eq!(Medium::Xml.sanitize(text), "a␛&#x202E;&#xE0041;\tb\n");
    }

    #[test]
    fn passes_only_the_styles_that_dechaff_prints() {
        for style in ["0", "1", "1;4;33", "94", "38;5;12"].map(|style| format!("\u{1b}[{style}mx"))
        {
            assert_eq!(Medium::StyledText.sanitize(&style), style);
            assert_ne!(Medium::Text.sanitize(&style), style);
        }
        for other in
            ["\u{1b}[8mx", "\u{1b}[2Jx", "\u{1b}[30mx", "\u{1b}]0;x\u{7}", "\u{1b}", "\u{1b}[1"]
        {
            assert!(!Medium::StyledText.sanitize(other).contains('\u{1b}'), "{other:?}");
        }
    }

    #[test]
    fn width_matches_the_printable_form() {
        use unicode_width::UnicodeWidthStr;
        for character in ['a', '中', '\t', '\u{1b}', '\u{9b}', '\u{202e}', '\u{e0041}', '\u{301}']
        {
            let mut shown = String::new();
            push_printable(&mut shown, character);
            assert_eq!(width(character), shown.width(), "{character:?}");
        }
    }
}
