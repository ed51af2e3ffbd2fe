//! Quotations whose lines are run together on one line.

use super::detection::{DetectionSink, StructureDetection};
use super::text_lines::{lines_containing, newline};
use super::verify::{apply_preserving_words, count_blocks};
use dechaff_findings::Edit;
use dechaff_text::{BlockKind, Document, Span};

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    for line in lines_containing(document, " > ") {
        if line.block.kind != BlockKind::Quotation || !line.text.starts_with("> ") {
            continue;
        }
        // Menu paths such as `File > Open` have no punctuation before the sign.
        let base = line.span.start;
        let breaks: Vec<usize> = memchr::memmem::find_iter(line.text.as_bytes(), b" > ")
            .filter(|&at| {
                line.text[..at].ends_with(['.', '!', '?', ',', ';', ':', '”', '"', '—', '…'])
            })
            .collect();
        let Some(&first) = breaks.first() else { continue };
        let end = newline(document, line.index);
        let edits: Vec<Edit> = breaks
            .iter()
            .map(|&at| Edit { span: Span::new(base + at, base + at + 1), content: end.to_owned() })
            .collect();
        let detection = StructureDetection::new(Span::new(base + first + 1, base + first + 2))
            .with_label("a quoted line starts here");
        let is_verified =
            apply_preserving_words(document.text(), line.span, &edits).is_some_and(|repaired| {
                let counts = count_blocks(&repaired);
                counts.quotes == 1 && counts.paragraphs == 0 && !line.text[2..].starts_with('>')
            });
        detections.push(if is_verified {
            detection.with_fix("put each line of the quotation on its own line", edits)
        } else {
            detection
        });
    }
}
