//! Lines below a table that belong to it: attribute lists, captions, anchors and container fences.

/// Whether `line`, directly below a table, belongs to it in some Markdown dialect.
pub(super) fn belongs_to_table(line: &str) -> bool {
    const MAX_BYTES: usize = 400;
    let line = line.trim_matches(['>', ' ', '\t']).trim_end();
    line.len() <= MAX_BYTES
        && (is_attribute_list(line)
            || is_bracketed_caption(line)
            || is_named_caption(line)
            || is_anchor(line))
        || is_container_fence(line)
}

/// `{: .wide }` in kramdown, `{#id .wide}` in Pandoc and others.
fn is_attribute_list(line: &str) -> bool {
    let Some(inner) = line.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
        return false;
    };
    let inner = inner.strip_prefix(':').unwrap_or(inner).trim();
    let begins =
        inner.starts_with(['.', '#', ':']) || inner.contains('=') || line.starts_with("{:");
    begins && !inner.contains(['{', '}'])
}

/// `[Caption]` or `[Caption][label]` in MultiMarkdown.
fn is_bracketed_caption(line: &str) -> bool {
    let Some((caption, rest)) = bracketed(line) else { return false };
    let is_label = |rest: &str| matches!(bracketed(rest), Some((_, "")));
    !caption.trim().is_empty()
        && !caption.starts_with('^')
        && (rest.is_empty() || is_label(rest.trim_start()))
}

/// Splits `text` into what is in brackets at its start, and the rest.
fn bracketed(text: &str) -> Option<(&str, &str)> {
    let (inner, rest) = text.strip_prefix('[')?.split_once(']')?;
    (!inner.contains('[')).then_some((inner, rest))
}

/// `: caption` or `Table: caption` in Pandoc.
fn is_named_caption(line: &str) -> bool {
    let caption = line.strip_prefix("Table").or_else(|| line.strip_prefix("table")).unwrap_or(line);
    caption
        .strip_prefix(':')
        .is_some_and(|caption| !caption.starts_with([':', '-']) && !caption.trim().is_empty())
}

/// `^block-id` in Obsidian.
fn is_anchor(line: &str) -> bool {
    line.strip_prefix('^').is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|character| character.is_alphanumeric() || matches!(character, '-' | '_'))
    })
}

/// `:::`, which closes a container before a parser that supports containers looks for rows.
fn is_container_fence(line: &str) -> bool {
    line.len() >= 3 && line.bytes().all(|byte| byte == b':')
}

#[cfg(test)]
mod tests {
    use super::belongs_to_table;

    #[test]
    fn recognises_lines_that_belong_to_the_table_above() {
        for line in [
            "{: .table .table-striped}",
            "{:.wide}",
            "{: #prices }",
            "{:class=\"wide\"}",
            "{#prices .wide}",
            "{ .wide width=50% }",
            "[Keys of the form]",
            "[Keys of the form][keys]",
            "[Keys of the form] [keys]",
            ": Keys of the form",
            ": Keys of the form {#tbl:keys}",
            "Table: Keys of the form",
            "table: keys of the form",
            "^keys-of-the-form",
            "> ^anchor1",
            ":::",
        ] {
            assert!(belongs_to_table(line), "{line}");
        }
        for line in [
            "[Home](index.html)",
            "[keys]: https://example.com",
            "[^1]: A note.",
            "[^1]",
            "Table 3: Keys",
            "{placeholder}",
            "{{ template }}",
            "^ see above",
            ":---",
            "::: note",
            "Text.",
            "",
        ] {
            assert!(!belongs_to_table(line), "{line}");
        }
    }
}
