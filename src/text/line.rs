//! Lines: what stands between two line ends.

use super::Span;

/// The content of each line, without its line end.
///
/// A line ends at `\n` or `\r\n`; a text that ends with a line end has no further empty line after it. A byte order mark
/// belongs to no line.
pub(super) fn split(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut start = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    let mut lines = Vec::with_capacity(memchr::memchr_iter(b'\n', bytes).count() + 1);
    for newline in memchr::memchr_iter(b'\n', bytes) {
        let end = if newline > start && bytes[newline - 1] == b'\r' { newline - 1 } else { newline };
        lines.push(Span::new(start, end));
        start = newline + 1;
    }
    if start < bytes.len() {
        lines.push(Span::new(start, bytes.len()));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(text: &str) -> Vec<&str> {
        split(text).into_iter().map(|line| &text[line.range()]).collect()
    }

    #[test]
    fn line_ends_of_every_kind() {
        assert_eq!(contents("a\nb\r\n\r\nc"), ["a", "b", "", "c"]);
        assert_eq!(contents("a\n"), ["a"]);
        assert_eq!(contents("\n\n"), ["", ""]);
        assert_eq!(contents(""), [""; 0]);
        assert_eq!(contents("\u{FEFF}a\n"), ["a"]);
        assert_eq!(contents("\r\n"), [""]);
    }
}
