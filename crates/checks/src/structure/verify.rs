//! Verifies that a repair yields the intended Markdown and keeps every word.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use dechaff_findings::Edit;
use dechaff_text::{Span, words};

/// Applies `edits`, which must be sorted and within `span`. Returns `None` if words would be lost,
/// joined or moved.
pub(super) fn apply_preserving_words(text: &str, span: Span, edits: &[Edit]) -> Option<String> {
    let mut result = String::with_capacity(span.len() + 64);
    let mut at = span.start;
    for edit in edits {
        if edit.span.start < at || edit.span.end > span.end {
            return None;
        }
        result.push_str(&text[at..edit.span.start]);
        result.push_str(&edit.content);
        at = edit.span.end;
    }
    result.push_str(&text[at..span.end]);
    let before = &text[span.range()];
    let kept = words(before)
        .map(|word| &before[word.range()])
        .eq(words(&result).map(|word| &result[word.range()]));
    kept.then_some(result)
}

/// Returns the text of the first heading in `text`.
pub(super) fn first_heading(text: &str) -> Option<String> {
    let mut inside = false;
    let mut title = String::new();
    for event in Parser::new_ext(text, Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::Heading { .. }) => inside = true,
            Event::End(TagEnd::Heading(_)) => return Some(title),
            Event::Text(text) | Event::Code(text) if inside => title.push_str(&text),
            _ => {}
        }
    }
    None
}

/// Counts of what a parser sees at the top level.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct BlockCounts {
    /// List items.
    pub(super) items: usize,
    /// Paragraphs outside lists and quotations.
    pub(super) paragraphs: usize,
    /// Quotations.
    pub(super) quotes: usize,
    /// Line breaks within paragraphs.
    pub(super) breaks: usize,
}

/// Counts what a parser sees in `text`.
pub(super) fn count_blocks(text: &str) -> BlockCounts {
    let mut counts = BlockCounts::default();
    let mut depth = 0_usize;
    for event in Parser::new_ext(text, Options::ENABLE_GFM) {
        match event {
            Event::Start(Tag::List(_) | Tag::BlockQuote(_)) => {
                depth += 1;
                counts.quotes += 1;
            }
            Event::End(TagEnd::List(_)) => {
                depth -= 1;
                counts.quotes -= 1;
            }
            Event::End(TagEnd::BlockQuote(_)) => depth -= 1,
            Event::Start(Tag::Item) if depth == 1 => counts.items += 1,
            Event::Start(Tag::Paragraph) if depth == 0 => counts.paragraphs += 1,
            Event::SoftBreak | Event::HardBreak => counts.breaks += 1,
            _ => {}
        }
    }
    counts
}
