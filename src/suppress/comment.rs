//! `<!-- dechaff: … -->` as it is written.

use memchr::memmem;

use crate::text::Span;
use crate::user_file::nearest;

/// What a comment asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// Leave out what is found in the next block.
    Ignore,
    /// Leave out what is found in the document.
    File,
    /// Leave out what is found from here on.
    Start,
    /// No longer.
    End,
}

const VERBS: &[(&str, Verb)] =
    &[("ignore", Verb::Ignore), ("ignore-file", Verb::File), ("ignore-start", Verb::Start), ("ignore-end", Verb::End)];

/// A comment that speaks to dechaff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Comment {
    /// From `<!--` to `-->`.
    pub(super) span: Span,
    /// What it asks for, or why that cannot be told.
    pub(super) verb: Result<Verb, String>,
    /// What stands between the brackets.
    pub(super) selectors: Vec<(String, Span)>,
}

/// The comments of `text` that speak to dechaff, in order.
pub(super) fn all(text: &str) -> Vec<Comment> {
    const OPENING: &str = "<!--";
    const ADDRESS: &str = "dechaff:";
    // Most texts hold no such word: they are searched once.
    let mut comments: Vec<Comment> = Vec::new();
    for address in memmem::find_iter(text.as_bytes(), ADDRESS) {
        let before = text[..address].trim_end_matches([' ', '\t']);
        let Some(before) = before.strip_suffix(OPENING) else { continue };
        // In code it is an example.
        if before.ends_with('`') {
            continue;
        }
        let body = address + ADDRESS.len();
        // It ends before another begins, so that no stretch of the text is searched twice.
        let rest = &text[body..];
        let rest = &rest[..rest.find(OPENING).unwrap_or(rest.len())];
        let Some(length) = rest.find("-->") else { continue };
        comments.push(parse(text, Span::new(before.len(), body + length + 3), Span::new(body, body + length)));
    }
    comments
}

fn parse(text: &str, span: Span, body: Span) -> Comment {
    let said = &text[body.range()];
    let lead = said.len() - said.trim_start().len();
    let start = body.start + lead;
    let said = said.trim();
    let end = said.find(|character: char| character == '[' || character.is_whitespace()).unwrap_or(said.len());
    let (word, rest) = said.split_at(end);
    let names = || VERBS.iter().map(|(name, _)| *name);
    let verb = VERBS.iter().find(|(name, _)| *name == word).map(|(_, verb)| *verb).ok_or_else(|| {
        match nearest(word, names()) {
            Some(name) => format!("`{word}` is not understood; did you mean `{name}`?"),
            None => format!("`{word}` is not understood: write one of `{}`", names().collect::<Vec<_>>().join("`, `")),
        }
    });
    let Some(inner) = rest.strip_prefix('[') else { return Comment { span, verb, selectors: Vec::new() } };
    let Some(length) = inner.find(']') else {
        return Comment {
            span,
            verb: verb.and(Err("the bracket is not closed: write `]`".into())),
            selectors: Vec::new(),
        };
    };
    let mut selectors = Vec::new();
    let mut at = start + end + 1;
    for part in inner[..length].split(',') {
        let (trimmed, lead) = (part.trim(), part.len() - part.trim_start().len());
        if !trimmed.is_empty() {
            selectors.push((trimmed.to_owned(), Span::new(at + lead, at + lead + trimmed.len())));
        }
        at += part.len() + 1;
    }
    let verb = match selectors.is_empty() {
        true => verb.and(Err("no rule stands in the brackets: name one, or leave the brackets out".into())),
        false => verb,
    };
    Comment { span, verb, selectors }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_read() {
        let text = "a <!-- dechaff: ignore[BP001, ND] the author's own words --> b";
        let comments = all(text);
        assert_eq!(comments.len(), 1);
        assert_eq!(comments[0].verb, Ok(Verb::Ignore));
        assert_eq!(&text[comments[0].span.range()], &text[2..text.len() - 2]);
        let selectors: Vec<&str> = comments[0].selectors.iter().map(|(_, span)| &text[span.range()]).collect();
        assert_eq!(selectors, ["BP001", "ND"]);
        assert!(
            all("<!-- dechaff: ingore -->")[0]
                .verb
                .as_ref()
                .is_err_and(|error| error.ends_with("did you mean `ignore`?"))
        );
        assert!(all("<!-- dechaff: ignore[] -->")[0].verb.is_err());
        assert!(all("<!-- dechaff: ignore[BP -->")[0].verb.is_err());
        assert!(all("we use dechaff: it ignores").is_empty());
        assert!(all("<!-- dechaff: ignore").is_empty());
    }
}
