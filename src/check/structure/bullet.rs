//! Bullets that markdown does not know.

use super::Found;
use super::proof::{mended, shape};
use crate::finding::Edit;
use crate::text::{BlockKind, Document, Span, list_marker, trim};

pub(super) fn find(document: &Document<'_>, found: &mut Vec<Found>) {
    for block in document.blocks().iter().filter(|block| block.kind == BlockKind::ListItem) {
        let span = trim(document.text(), block.span);
        let text = document.slice(span);
        let Some(sign) = text.chars().next().filter(|sign| !sign.is_ascii()) else { continue };
        if list_marker(text).is_none() {
            continue;
        }
        let bullet = Span::new(span.start, span.start + sign.len_utf8());
        let edits = vec![Edit { span: bullet, content: "-".to_owned() }];
        let proven = mended(document.text(), span, &edits).is_some_and(|mended| shape(&mended).items == 1);
        let one = Found::new(bullet);
        found.push(if proven { one.fix("replace it with `-`", edits) } else { one });
    }
}
