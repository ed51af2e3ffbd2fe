//! Links that were cut off.

use super::detection::{DetectionSink, StructureDetection};
use super::text_lines::lines_containing;
use crate::code_spans::{code_spans, is_within};
use dechaff_text::{Document, Span};

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    for line in lines_containing(document, "](") {
        let Some(hit) = memchr::memmem::rfind(line.text.as_bytes(), b"](") else { continue };
        let target = &line.text[hit + 2..];
        let is_cut = !target.contains([')', ' ', '<', '`']) && is_target(target);
        let Some(open) = line.text[..hit].rfind('[') else { continue };
        // A link may be closed on the next line.
        let next = document.lines().get(line.index + 1).map_or("", |&next| document.slice(next));
        if is_cut && !next.contains(')') && !is_within(&code_spans(line.text), hit) {
            let base = line.span.start;
            let open = if line.text[..open].ends_with('!') { open - 1 } else { open };
            let span = Span::new(base + open, base + line.text.len());
            detections
                .push(StructureDetection::new(span).with_label("the link target is not closed"));
        }
    }
}

/// Whether the target is empty or starts like a URL.
fn is_target(target: &str) -> bool {
    target.is_empty()
        || target.starts_with(['/', '#', '.'])
        || "https://".starts_with(target)
        || target.contains("://")
        || target.starts_with("mailto:")
        || target.starts_with("www")
}
