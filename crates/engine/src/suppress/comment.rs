//! Parses `<!-- dechaff: … -->` comments.

use memchr::memmem;

use dechaff_findings::user_file::nearest;
use dechaff_text::Span;

/// The directive of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DirectiveKind {
    /// Suppress findings in the next block.
    Ignore,
    /// Suppress findings in the whole document.
    File,
    /// Suppress findings from here on.
    Start,
    /// End of an `ignore-start`.
    End,
}

const DIRECTIVES: &[(&str, DirectiveKind)] = &[
    ("ignore", DirectiveKind::Ignore),
    ("ignore-file", DirectiveKind::File),
    ("ignore-start", DirectiveKind::Start),
    ("ignore-end", DirectiveKind::End),
];

/// A comment addressed to dechaff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    /// The comment, from `<!--` to `-->`.
    pub(super) span: Span,
    /// The directive, or what is wrong with it.
    pub(super) kind: Result<DirectiveKind, String>,
    /// The selectors between the brackets.
    pub(super) selectors: Vec<(String, Span)>,
}

/// Finds the comments addressed to dechaff, in order.
pub(super) fn find_comments(text: &str) -> Vec<Comment> {
    const OPENING: &str = "<!--";
    const ADDRESS: &str = "dechaff:";
    // Search for the rarest part: most texts do not contain it.
    let mut comments: Vec<Comment> = Vec::new();
    for address in memmem::find_iter(text.as_bytes(), ADDRESS) {
        let before = text[..address].trim_end_matches([' ', '\t']);
        let Some(before) = before.strip_suffix(OPENING) else { continue };
        // A comment in an inline code span is an example.
        if before.ends_with('`') {
            continue;
        }
        let body = address + ADDRESS.len();
        // Stop at the next comment, so that no part of the text is searched twice.
        let rest = &text[body..];
        let rest = &rest[..rest.find(OPENING).unwrap_or(rest.len())];
        let Some(length) = rest.find("-->") else { continue };
        comments.push(parse(
            text,
            Span::new(before.len(), body + length + 3),
            Span::new(body, body + length),
        ));
    }
    comments
}

fn parse(text: &str, span: Span, body: Span) -> Comment {
    let content = &text[body.range()];
    let lead = content.len() - content.trim_start().len();
    let start = body.start + lead;
    let content = content.trim();
    let end = content
        .find(|character: char| character == '[' || character.is_whitespace())
        .unwrap_or(content.len());
    let (word, rest) = content.split_at(end);
    let names = || DIRECTIVES.iter().map(|(name, _)| *name);
    let kind =
        DIRECTIVES.iter().find(|(name, _)| *name == word).map(|(_, kind)| *kind).ok_or_else(|| {
            match nearest(word, names()) {
                Some(name) => format!("unknown directive `{word}`; did you mean `{name}`?"),
                None => format!(
                    "unknown directive `{word}`: use one of `{}`",
                    names().collect::<Vec<_>>().join("`, `")
                ),
            }
        });
    let Some(inner) = rest.strip_prefix('[') else {
        return Comment { span, kind, selectors: Vec::new() };
    };
    let Some(length) = inner.find(']') else {
        return Comment {
            span,
            kind: kind.and(Err("missing closing bracket `]`".into())),
            selectors: Vec::new(),
        };
    };
    let mut selectors = Vec::new();
    let mut at = start + end + 1;
    for part in inner[..length].split(',') {
        let trimmed = part.trim();
        let lead = part.len() - part.trim_start().len();
        if !trimmed.is_empty() {
            selectors.push((trimmed.to_owned(), Span::new(at + lead, at + lead + trimmed.len())));
        }
        at += part.len() + 1;
    }
    let kind = match selectors.is_empty() {
        true => kind.and(Err("empty brackets: name a rule, or omit the brackets".into())),
        false => kind,
    };
    Comment { span, kind, selectors }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_comments() {
        let text = "a <!-- dechaff: ignore[BP001, ND] the author's own words --> b";
        let comments = find_comments(text);
        assert_eq!(comments.len(), 1);
        assert_eq!(comments[0].kind, Ok(DirectiveKind::Ignore));
        assert_eq!(&text[comments[0].span.range()], &text[2..text.len() - 2]);
        let selectors: Vec<&str> =
            comments[0].selectors.iter().map(|(_, span)| &text[span.range()]).collect();
        assert_eq!(selectors, ["BP001", "ND"]);
        assert!(
            find_comments("<!-- dechaff: ingore -->")[0]
                .kind
                .as_ref()
                .is_err_and(|error| error.ends_with("did you mean `ignore`?"))
        );
        assert!(find_comments("<!-- dechaff: ignore[] -->")[0].kind.is_err());
        assert!(find_comments("<!-- dechaff: ignore[BP -->")[0].kind.is_err());
        assert!(find_comments("we use dechaff: it ignores").is_empty());
        assert!(find_comments("<!-- dechaff: ignore").is_empty());
    }
}
