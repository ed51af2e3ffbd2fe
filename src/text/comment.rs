//! Comments of source code: lines that all begin with one marker, such as the header with a file's licence.

/// How far back a block comment may be open before its end is given up.
const MAX_LINES: usize = 300;

/// The number of lines in the source comment that `lines` begin with, or `None`.
///
/// `//`, `--`, `;` and `%` mark a comment on two lines in a row. `#` and `*` mark headings and list items too, so they need
/// a line with the marker alone between two lines of text. `/*` opens a comment that `*/` closes.
pub(super) fn comment_length<'t>(mut lines: impl Iterator<Item = &'t str> + Clone) -> Option<usize> {
    let first = lines.clone().next()?.trim();
    if first.starts_with("/*") {
        let end = lines.take(MAX_LINES).position(|line| line.contains("*/"))? + 1;
        return (end > 1).then_some(end);
    }
    let marker = marker(first)?;
    let is_ambiguous = matches!(marker, "#" | "*");
    let (mut length, mut last_text, mut has_gap) = (0, 0, false);
    let mut is_gap = false;
    while let Some(rest) = lines.next().map(str::trim).and_then(|line| rest_of(line, marker)) {
        length += 1;
        if rest.trim().is_empty() {
            is_gap = last_text > 0;
        } else {
            has_gap |= is_gap;
            last_text = length;
        }
        // What cannot be told by then is no comment.
        if is_ambiguous && !has_gap && length == MAX_LINES {
            return None;
        }
    }
    let is_comment = if is_ambiguous { has_gap } else { length >= 2 && last_text > 0 };
    is_comment.then_some(length)
}

/// The marker that a line begins with.
fn marker(line: &str) -> Option<&'static str> {
    ["//", "--", "#", "*", ";", "%"].into_iter().find(|marker| rest_of(line, marker).is_some())
}

/// The text behind the marker, which stands alone or before a blank; `///` and `;;` count as `//` and `;`.
fn rest_of<'l>(line: &'l str, marker: &str) -> Option<&'l str> {
    let rest = line.strip_prefix(marker)?;
    let rest = match marker {
        "//" => rest.trim_start_matches(['/', '!']),
        ";" | "%" => rest.trim_start_matches(marker),
        _ => rest,
    };
    (rest.is_empty() || rest.starts_with([' ', '\t'])).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_marked_lines_is_a_comment() {
        for (text, length) in [
            ("// a\n//\n// b\nc", Some(3)),
            ("# a\n#\n# b", Some(3)),
            ("-- a\n-- b", Some(2)),
            ("; a\n;; b", Some(2)),
            ("% a\n% b", Some(2)),
            ("/*\n * a\n */\nb", Some(3)),
            ("* a\n*\n* b", Some(3)),
            ("# a\n# b", None),
            ("* a\n* b", None),
            ("-- Jane", None),
            ("--------\n--------", None),
            ("/* a */", None),
            ("//cdn.org/a\n//cdn.org/b", None),
        ] {
            assert_eq!(comment_length(text.lines()), length, "{text}");
        }
    }
}
