//! Licence texts: paragraphs that mean nothing without each other.

use std::ops::Range;

use crate::text::{BlockKind, Document, count_words};

/// What the paragraphs of a licence speak of.
const WORDS: &[&str] = &[
    "licen",
    "lizenz",
    "лиценз",
    "许可",
    "ライセンス",
    "copyright",
    "permission",
    "warrant",
    "redistribut",
    "liable",
    "liability",
    "\"as is\"",
];
/// What only a licence says, or a notice that refers to one.
const CLAUSES: &[&str] = &[
    "licensed under",
    "under the terms of",
    "permission is hereby",
    "permission to use",
    "without warrant",
    "without any warrant",
    "warranty of any kind",
    "warranties of any kind",
    "warranties or conditions",
    "redistribution and use",
    "copyright notice",
    "except in compliance with",
    "\"as is\"",
];

/// The runs of blocks that are one licence text: two or more, with the title and the copyright line above them.
pub(super) fn licence_texts(document: &Document<'_>) -> Vec<Range<usize>> {
    let mut texts = Vec::new();
    // Most documents hold none of these, and folding the case of all their text would take time.
    let has = |word: &&str| memchr::memmem::find(document.text().as_bytes(), word.as_bytes()).is_some();
    if !["icen", "ICEN", "arrant", "ARRANT", "ermission", "ERMISSION"].iter().any(has) {
        return texts;
    }
    let blocks = document.blocks();
    let mut block = 0;
    while block < blocks.len() {
        let (start, mut end, mut paragraphs, mut has_clause) = (block, block, 0, false);
        while block < blocks.len() {
            let kind = blocks[block].kind;
            if kind != BlockKind::Blank {
                let Some(is_clause) = legal(document, block) else { break };
                has_clause |= is_clause;
                paragraphs += 1;
                end = block + 1;
            }
            block += 1;
        }
        if has_clause && paragraphs > 1 {
            texts.push(start..end);
        }
        block = block.max(start) + 1;
    }
    texts
}

/// Whether the block may be part of a licence text, and then whether it has a clause that only such a text has.
fn legal(document: &Document<'_>, block: usize) -> Option<bool> {
    const LONGEST: usize = 8_000;
    const LONGEST_TITLE: usize = 120;
    const MIN_WORDS: usize = 8;
    let one = &document.blocks()[block];
    let text = document.slice(one.content);
    if !one.kind.is_text() || text.len() > LONGEST {
        return None;
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase().replace(['“', '”'], "\"");
    let is_legal = WORDS.iter().any(|word| text.contains(word)) || text.len() <= LONGEST_TITLE && text.contains('©');
    is_legal.then(|| CLAUSES.iter().any(|clause| text.contains(clause)) && count_words(&text, MIN_WORDS) == MIN_WORDS)
}
