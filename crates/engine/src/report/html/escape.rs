//! Writes untrusted text into HTML.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::report::printable;

/// Appends `text` as one line of text, also for attribute values in double quotes.
pub(super) fn push_text(html: &mut String, text: &str) {
    for character in printable(text).chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            // Quotes end attributes, and braces are the syntax of templates.
            '"' | '\'' | '{' | '}' | '`' => {
                let _ = write!(html, "&#{};", u32::from(character));
            }
            _ => html.push(character),
        }
    }
}

/// Appends `text` like [`push_text`], but keeps its line endings. With `shows_ends`, each is marked
/// with a symbol.
pub(super) fn push_lines(html: &mut String, text: &str, shows_ends: bool) {
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            html.push_str(if shows_ends { "↵\n" } else { "\n" });
        }
        push_text(html, line.strip_suffix('\r').unwrap_or(line));
    }
}

/// Returns `text` escaped as by `push_text`.
pub fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    push_text(&mut html, text);
    html
}

/// Cuts `text` after `max_bytes`.
pub(super) fn cut(text: &str, max_bytes: usize) -> Cow<'_, str> {
    match text.len() <= max_bytes {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(max_bytes)])),
    }
}

/// Returns the name of a file or record, escaped and without its middle if it is long.
pub fn escaped_name(name: &str) -> String {
    const MAX_BYTES: usize = 300;
    if name.len() <= MAX_BYTES {
        return escaped(name);
    }
    let head = name.floor_char_boundary(MAX_BYTES / 2);
    let tail = name.ceil_char_boundary(name.len() - MAX_BYTES / 2);
    escaped(&format!("{}…{}", &name[..head], &name[tail..]))
}

/// Formats a number with a comma between groups of three digits.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut result = String::new();
    for (index, digit) in digits.char_indices() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            result.push(',');
        }
        result.push(digit);
    }
    result
}

/// Formats a number and its noun.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// Formats a size in decimal units.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["kB", "MB", "GB", "TB"];
    if bytes < 1_000 {
        return counted(bytes, "byte");
    }
    let mut value = bytes as f64 / 1_000.0;
    let mut unit = 0;
    // 999.95 would be rounded to 1000.0.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    format!("{value:.1}\u{a0}{}", UNITS.get(unit).unwrap_or(&""))
}

/// Formats `part` of `whole` as a percentage.
pub(super) fn percent(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".into();
    }
    let percent = 100.0 * part as f64 / whole as f64;
    match percent {
        _ if part == 0 => "0\u{a0}%".into(),
        _ if percent < 0.01 => "< 0.01\u{a0}%".into(),
        _ if percent < 1.0 => format!("{percent:.2}\u{a0}%"),
        _ if part < whole && percent > 99.9 => "> 99.9\u{a0}%".into(),
        _ => format!("{percent:.1}\u{a0}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_markup_templates_and_controls() {
        assert_eq!(
            escaped("<a href=\"x\" b='y'>&amp; {{x}}\u{202e}\n\u{1b}"),
            "&lt;a href=&#34;x&#34; b=&#39;y&#39;&gt;&amp;amp; &#123;&#123;x&#125;&#125;\\u&#123;202e&#125;␊␛"
        );
    }

    #[test]
    fn formats_numbers() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [1, 999, 1_000, 999_999, 1_500_000].map(size),
            ["1 byte", "999 bytes", "1.0\u{a0}kB", "1.0\u{a0}MB", "1.5\u{a0}MB"]
        );
        assert_eq!(percent(1, 100_000), "< 0.01\u{a0}%");
        assert_eq!(percent(99_999, 100_000), "> 99.9\u{a0}%");
        assert_eq!(percent(1, 0), "–");
    }
}
