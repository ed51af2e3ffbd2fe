//! Licence texts: paragraphs that only make sense together.

use std::ops::Range;

use dechaff_text::{BlockKind, Document, count_words};

/// Every paragraph of a licence contains at least one of these words.
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
/// Phrases found only in licences and in notices that refer to one.
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

/// Returns each licence text as a range of blocks. A licence text has two or more paragraphs,
/// including its title and copyright line.
pub(super) fn licence_texts(document: &Document<'_>) -> Vec<Range<usize>> {
    let mut texts = Vec::new();
    // Fast path for the many documents without any of these: lowercasing the text is slow.
    let has =
        |word: &&str| memchr::memmem::find(document.text().as_bytes(), word.as_bytes()).is_some();
    if !["icen", "ICEN", "arrant", "ARRANT", "ermission", "ERMISSION"].iter().any(has) {
        return texts;
    }
    let blocks = document.blocks();
    let mut block = 0;
    while block < blocks.len() {
        let start = block;
        let mut end = block;
        let mut paragraphs = 0;
        let mut has_clause = false;
        while block < blocks.len() {
            let kind = blocks[block].kind;
            if kind != BlockKind::Blank {
                let Some(is_clause) = licence_clause(document, block) else { break };
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

/// Returns `None` if the block cannot be part of a licence text; otherwise, whether it has one of
/// [`CLAUSES`].
fn licence_clause(document: &Document<'_>, block: usize) -> Option<bool> {
    const MAX_PARAGRAPH_BYTES: usize = 8_000;
    const MAX_TITLE_BYTES: usize = 120;
    const MIN_WORDS: usize = 8;
    let one = &document.blocks()[block];
    let text = document.slice(one.content);
    if !one.kind.is_text() || text.len() > MAX_PARAGRAPH_BYTES {
        return None;
    }
    let text = text
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .to_lowercase()
        .replace(['“', '”'], "\"");
    let is_legal = WORDS.iter().any(|word| text.contains(word))
        || text.len() <= MAX_TITLE_BYTES && text.contains('©');
    is_legal.then(|| {
        CLAUSES.iter().any(|clause| text.contains(clause))
            && count_words(&text, MIN_WORDS) == MIN_WORDS
    })
}
