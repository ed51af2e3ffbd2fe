//! The text model: decoding, lines, blocks, sentences and words of any bytes.

use std::sync::Arc;

use dechaff::text::{
    BlockKind, Document, Origin, Span, count_words, count_words_cjk_weighted, decode, trim,
    word_count_bounds, words,
};

use super::input::Control;
use super::shared;

/// The first byte chooses between markdown and plain text; the rest is the file.
pub fn run(input: &[u8]) {
    let (mut control, bytes) = Control::split(input, 1);
    let name = if control.byte() & 1 == 0 { "page.txt" } else { "page.md" };
    let Ok((text, decoding)) = decode(bytes.to_vec()) else { return };
    let document = Document::parse(Arc::new(Origin::file(name)), &text).with_decoding(decoding);
    check_lines(&document);
    check_blocks(&document);
    check_words(&text);
}

pub fn seeds() -> Vec<Vec<u8>> {
    let names = [b"0", b"1"].into_iter().cycle();
    shared::examples()
        .iter()
        .zip(names)
        .map(|(text, name)| [name, text.as_bytes()].concat())
        .collect()
}

fn check_lines(document: &Document<'_>) {
    let text = document.text();
    let mut end = 0;
    for (number, line) in document.lines().iter().enumerate() {
        assert!(text.get(line.range()).is_some() && line.start >= end);
        assert_eq!(document.line_at(line.start), number);
        assert_eq!(document.position(line.start).line, number + 1);
        end = line.end;
    }
}

fn check_blocks(document: &Document<'_>) {
    let mut next = 0;
    for (index, block) in document.blocks().iter().enumerate() {
        assert_eq!(block.lines.start, next, "each line is in one block");
        assert!(block.lines.end > block.lines.start);
        next = block.lines.end;
        assert!(block.span.contains(block.content) || block.content.is_empty());
        assert!(document.text().get(block.content.range()).is_some());
        check_deletion_span(document, block.span);
        if block.kind == BlockKind::Blank {
            continue;
        }
        let mut end = block.span.start;
        for &sentence in document.sentences(index) {
            assert!(block.span.contains(sentence) && sentence.start >= end && !sentence.is_empty());
            end = sentence.end;
            check_deletion_span(document, sentence);
        }
    }
    assert_eq!(next, document.lines().len());
}

/// The deletion span contains the passage and no words after it.
fn check_deletion_span(document: &Document<'_>, passage: Span) {
    let text = document.text();
    let (deleted, passage) = (document.deletion_span(passage), trim(text, passage));
    assert!(deleted.contains(passage), "{passage:?} is not in {deleted:?}");
    assert!(text.get(deleted.range()).is_some(), "{deleted:?} is not on character boundaries");
    let after = Span::new(passage.end, deleted.end);
    assert!(
        words(&text[after.range()]).next().is_none(),
        "words after {passage:?} are in {deleted:?}"
    );
}

fn check_words(text: &str) {
    let mut end = 0;
    let mut count = 0;
    for word in words(text) {
        assert!(text.get(word.range()).is_some_and(|word| word.chars().any(char::is_alphanumeric)));
        assert!(word.start >= end);
        end = word.end;
        count += 1;
    }
    assert!(
        word_count_bounds(text).contains(&count),
        "{count} words, and not {:?}",
        word_count_bounds(text)
    );
    for limit in [0, 1, 7, count, usize::MAX] {
        assert_eq!(count_words(text, limit), count.min(limit));
        assert_eq!(
            count_words_cjk_weighted(text, limit),
            count_words_cjk_weighted(text, usize::MAX).min(limit)
        );
    }
}
