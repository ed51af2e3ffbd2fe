//! Errors in user-written files, rendered like compiler errors.

use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Medium, printable};
use dechaff_findings::user_file::UserFileError;

/// Renders an error with an excerpt of the file and its hint. Ends with a line ending.
pub fn render_user_file_error(error: &UserFileError, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut group =
        Group::with_title(Level::ERROR.primary_title(printable(&error.message).into_owned()));
    // The renderer requires a span within the text.
    let text = &error.file.text;
    let path = printable(&error.file.path).into_owned();
    let span = error.span.clone().filter(|span| text.get(span.clone()).is_some());
    match span {
        Some(span) => {
            let snippet = Snippet::source(text.as_str()).path(path).fold(true);
            group = group
                .element(snippet.annotation(AnnotationKind::Primary.span(first_line(text, span))));
        }
        None => group = group.element(annotate_snippets::Origin::path(path)),
    }
    if let Some(hint) = &error.hint {
        group = group.element(Level::HELP.message(printable(hint).into_owned()));
    }
    // The renderer escapes only some of the unsafe characters.
    let medium = if color { Medium::StyledText } else { Medium::Text };
    format!("{}\n", medium.sanitize(&renderer.render(&[group])))
}

/// Truncates a multi-line span to its first line.
fn first_line(text: &str, span: Range<usize>) -> Range<usize> {
    let end = text[span.clone()].find('\n').map_or(span.end, |length| span.start + length);
    span.start..end
}
