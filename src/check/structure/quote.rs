//! Quotations whose lines follow each other on one line.

use super::proof::{mended, shape};
use super::{Found, lines_with, newline};
use crate::finding::Edit;
use crate::text::{BlockKind, Document, Span};

pub(super) fn find(document: &Document<'_>, found: &mut Vec<Found>) {
    for line in lines_with(document, " > ") {
        if line.block.kind != BlockKind::Quotation || !line.text.starts_with("> ") {
            continue;
        }
        // Paths such as `File > Open` have no mark before the sign.
        let base = line.span.start;
        let breaks: Vec<usize> = memchr::memmem::find_iter(line.text.as_bytes(), b" > ")
            .filter(|&at| line.text[..at].ends_with(['.', '!', '?', ',', ';', ':', '”', '"', '—', '…']))
            .collect();
        let Some(&first) = breaks.first() else { continue };
        let end = newline(document, line.index);
        let edits: Vec<Edit> = breaks
            .iter()
            .map(|&at| Edit { span: Span::new(base + at, base + at + 1), content: end.to_owned() })
            .collect();
        let one =
            Found::new(Span::new(base + first + 1, base + first + 2)).label("a line of the quotation begins here");
        let proven = mended(document.text(), line.span, &edits).is_some_and(|mended| {
            let shape = shape(&mended);
            shape.quotes == 1 && shape.paragraphs == 0 && !line.text[2..].starts_with('>')
        });
        found.push(if proven { one.fix("put each line of the quotation on a line of its own", edits) } else { one });
    }
}
