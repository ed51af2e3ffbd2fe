//! Links cut in half.

use super::{Found, code_spans, is_within, lines_with};
use crate::text::{Document, Span};

pub(super) fn find(document: &Document<'_>, found: &mut Vec<Found>) {
    for line in lines_with(document, "](") {
        let Some(hit) = memchr::memmem::rfind(line.text.as_bytes(), b"](") else { continue };
        let target = &line.text[hit + 2..];
        let is_cut = !target.contains([')', ' ', '<', '`']) && is_target(target);
        let Some(open) = line.text[..hit].rfind('[') else { continue };
        // What a wrapped line goes on with may close it.
        let next = document.lines().get(line.index + 1).map_or("", |&next| document.slice(next));
        if is_cut && !next.contains(')') && !is_within(&code_spans(line.text), hit) {
            let base = line.span.start;
            let open = if line.text[..open].ends_with('!') { open - 1 } else { open };
            let span = Span::new(base + open, base + line.text.len());
            found.push(Found::new(span).label("the target has no end"));
        }
    }
}

/// Nothing, or the beginning of an address.
fn is_target(target: &str) -> bool {
    target.is_empty()
        || target.starts_with(['/', '#', '.'])
        || "https://".starts_with(target)
        || target.contains("://")
        || target.starts_with("mailto:")
        || target.starts_with("www")
}
