//! Bullets that Markdown does not recognise.

use super::detection::{DetectionSink, StructureDetection};
use super::verify::{apply_preserving_words, count_blocks};
use dechaff_findings::Edit;
use dechaff_text::{BlockKind, Document, Span, list_marker, trim};

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    for block in document.blocks().iter().filter(|block| block.kind == BlockKind::ListItem) {
        let span = trim(document.text(), block.span);
        let text = document.slice(span);
        let Some(sign) = text.chars().next().filter(|sign| !sign.is_ascii()) else { continue };
        if list_marker(text).is_none() {
            continue;
        }
        let bullet = Span::new(span.start, span.start + sign.len_utf8());
        let edits = vec![Edit { span: bullet, content: "-".to_owned() }];
        let is_verified = apply_preserving_words(document.text(), span, &edits)
            .is_some_and(|repaired| count_blocks(&repaired).items == 1);
        let detection = StructureDetection::new(bullet);
        detections.push(if is_verified {
            detection.with_fix("replace it with `-`", edits)
        } else {
            detection
        });
    }
}
