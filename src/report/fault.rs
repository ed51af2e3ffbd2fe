//! A fault in a file that a person wrote, shown as a compiler shows it.

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::{Medium, printable};
use crate::fault::Fault;

/// The fault with its place and its remedy, ended by a line end.
pub fn render_fault(fault: &Fault, color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut group = Group::with_title(Level::ERROR.primary_title(printable(&fault.message).into_owned()));
    // The renderer wants a mark within the text.
    let text = &fault.file.text;
    let path = printable(&fault.file.path).into_owned();
    let place = fault.place.clone().filter(|place| text.get(place.clone()).is_some());
    match place {
        Some(place) => {
            let snippet = Snippet::source(text.as_str()).path(path).fold(true);
            group = group.element(snippet.annotation(AnnotationKind::Primary.span(first_line(text, place))));
        }
        None => group = group.element(annotate_snippets::Origin::path(path)),
    }
    if let Some(hint) = &fault.hint {
        group = group.element(Level::HELP.message(printable(hint).into_owned()));
    }
    // The renderer replaces only some of the characters that the excerpt must not show as they are.
    let medium = if color { Medium::StyledText } else { Medium::Text };
    format!("{}\n", medium.sanitize(&renderer.render(&[group])))
}

/// Of a place over several lines the part on the first.
fn first_line(text: &str, place: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let line = text[place.clone()].find('\n').map_or(place.end, |length| place.start + length);
    place.start..line
}
