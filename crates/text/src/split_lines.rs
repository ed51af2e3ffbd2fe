//! Splitting of a text into lines.

use super::Span;

/// Returns the content of each line, without its line ending (`\n` or `\r\n`).
///
/// A final line ending does not start another, empty line. A byte order mark belongs to no line.
pub(super) fn split_lines(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut start = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    let mut lines = Vec::with_capacity(memchr::memchr_iter(b'\n', bytes).count() + 1);
    for newline in memchr::memchr_iter(b'\n', bytes) {
        let end =
            if newline > start && bytes[newline - 1] == b'\r' { newline - 1 } else { newline };
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
        split_lines(text).into_iter().map(|line| &text[line.range()]).collect()
    }

    #[test]
    fn splits_at_every_kind_of_line_ending() {
        assert_eq!(contents("a\nb\r\n\r\nc"), ["a", "b", "", "c"]);
        assert_eq!(contents("a\n"), ["a"]);
        assert_eq!(contents("\n\n"), ["", ""]);
        assert_eq!(contents(""), [""; 0]);
        assert_eq!(contents("\u{FEFF}a\n"), ["a"]);
        assert_eq!(contents("\r\n"), [""]);
    }
}
