//! List markers without an item, which remain where an extractor drops an icon, an image or a
//! button, or puts the text of an item on a line below.

use super::detection::{DetectionSink, StructureDetection};
use crate::finding::Edit;
use crate::text::{Document, Span, list_marker, trim};

pub(super) fn detect(document: &Document<'_>, detections: &mut DetectionSink<'_, '_, '_>) {
    let lines = document.lines();
    for (index, line) in lines.iter().enumerate() {
        let span = trim(document.text(), *line);
        let marker = document.slice(span);
        if !is_bullet(marker) {
            continue;
        }
        let block = document.blocks().get(document.block_at(span.start));
        if block.is_some_and(|block| block.span.contains(span) && !block.kind.is_text()) {
            continue;
        }
        let above = Neighbor::new(document, lines[..index].iter().rev());
        let below = Neighbor::new(document, lines[index + 1..].iter());
        // Outside a list, other characters separate the parts of a text.
        let is_in_list = above.is_item || below.is_item;
        let indent = span.start - line.start;
        if marker != "-" && !is_in_list || below.is_text_of_item(indent) {
            continue;
        }
        let edits = vec![Edit { span: document.deletion_span(*line), content: String::new() }];
        detections.push(StructureDetection::new(span).with_fix("delete it", edits));
    }
}

fn is_bullet(text: &str) -> bool {
    matches!(text, "-" | "*" | "+" | "•" | "▪" | "◦" | "‣")
}

/// The nearest line with text above or below.
#[derive(Default)]
struct Neighbor {
    /// Blank lines in between; more than 0 if there is no such line.
    gap: usize,
    /// Bytes of its indentation.
    indent: usize,
    /// Whether it is a list item or an empty marker.
    is_item: bool,
}

impl Neighbor {
    fn new<'l>(document: &Document<'_>, lines: impl Iterator<Item = &'l Span>) -> Self {
        /// Lists with wider gaps are separate.
        const MAX_GAP: usize = 3;
        for (gap, line) in lines.take(MAX_GAP + 1).enumerate() {
            let span = trim(document.text(), *line);
            if !span.is_empty() {
                let text = document.slice(span);
                let is_item = is_bullet(text) || list_marker(text).is_some();
                return Self { gap, indent: span.start - line.start, is_item };
            }
        }
        Self { gap: MAX_GAP, ..Self::default() }
    }

    /// Whether Markdown takes it for the text of an item whose marker is alone on the line above.
    fn is_text_of_item(&self, indent: usize) -> bool {
        let inner = self.indent.saturating_sub(indent);
        self.gap == 0 && !self.is_item && (2..=4).contains(&inner)
    }
}
