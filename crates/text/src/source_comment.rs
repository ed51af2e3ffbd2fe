//! Multi-line source code comments, such as a licence header at the top of a file.

/// Limit on the lines scanned for the end of a comment.
const MAX_LINES: usize = 300;

/// Returns the number of lines of the source comment at the start of `lines`.
///
/// `//`, `--`, `;` and `%` need two lines in a row. `#` and `*` also mark headings and list items,
/// so they need a line with nothing but the marker between two lines of text. `/*` runs to `*/`.
pub(super) fn comment_length<'t>(
    mut lines: impl Iterator<Item = &'t str> + Clone,
) -> Option<usize> {
    let first = lines.clone().next()?.trim();
    if first.starts_with("/*") {
        let end = lines.take(MAX_LINES).position(|line| line.contains("*/"))? + 1;
        return (end > 1).then_some(end);
    }
    let marker = marker(first)?;
    let is_ambiguous = matches!(marker, "#" | "*");
    let (mut length, mut last_text, mut has_gap) = (0, 0, false);
    let mut is_gap = false;
    while let Some(rest) = lines.next().map(str::trim).and_then(|line| strip_marker(line, marker)) {
        length += 1;
        if rest.trim().is_empty() {
            is_gap = last_text > 0;
        } else {
            has_gap |= is_gap;
            last_text = length;
        }
        // Still undecided: give up.
        if is_ambiguous && !has_gap && length == MAX_LINES {
            return None;
        }
    }
    let is_comment = if is_ambiguous { has_gap } else { length >= 2 && last_text > 0 };
    is_comment.then_some(length)
}

/// Returns the comment marker at the start of a line.
fn marker(line: &str) -> Option<&'static str> {
    ["//", "--", "#", "*", ";", "%"].into_iter().find(|marker| strip_marker(line, marker).is_some())
}

/// Strips the marker if whitespace or the end of the line follows. `///` counts as `//`, `;;` as
/// `;`.
fn strip_marker<'l>(line: &'l str, marker: &str) -> Option<&'l str> {
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
    fn measures_source_comments() {
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
