//! The seed articles: fixes delete all text labelled for removal, and nothing else.

use std::path::Path;
use std::sync::LazyLock;

use dechaff::config::Settings;
use dechaff::corpus::read;
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use serde::Deserialize;

#[derive(Deserialize)]
struct Label {
    file: String,
    start: usize,
    end: usize,
    label: String,
    kind: String,
}

fn labels() -> Vec<Label> {
    include_str!("../fixtures/seed-labels.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Returns the text of a seed, and for each byte whether a fix deletes it.
fn deleted(file: &str) -> (String, Vec<bool>) {
    static LINTER: LazyLock<Linter> = LazyLock::new(|| {
        Linter::new(&Registry::embedded().unwrap(), &Settings::default()).unwrap()
    });
    let source = read(&Path::new("seeds").join(file), usize::MAX).unwrap();
    let mut deleted = vec![false; source.text.len()];
    for finding in LINTER.check(&source.document()) {
        for edit in finding.fix.iter().flat_map(|fix| &fix.edits).filter(|edit| edit.is_deletion())
        {
            deleted[edit.span.range()].fill(true);
        }
    }
    (source.text.to_string(), deleted)
}

#[test]
fn text_labelled_for_removal_is_deleted() {
    for label in labels().iter().filter(|label| label.label == "remove") {
        let (text, deleted) = deleted(&label.file);
        let bytes: Vec<usize> = (label.start..label.end)
            .filter(|&at| !text.as_bytes()[at].is_ascii_whitespace())
            .collect();
        let gone = bytes.iter().filter(|&&at| deleted[at]).count();
        let passage = &text[label.start..label.end];
        assert!(
            gone * 100 >= bytes.len() * 95,
            "{} of {} bytes of {} go: {passage}",
            gone,
            bytes.len(),
            label.kind
        );
    }
}

#[test]
fn no_other_text_is_deleted() {
    let labels = labels();
    for file in [
        "000_f959cded76acab99.txt",
        "001_c939593177198e66.txt",
        "002_3f05a9ecca76c598.txt",
        "003_da060c371bad79b4.txt",
        "004_717946b0a72bbb5c.txt",
    ] {
        let (text, deleted) = deleted(file);
        for (at, character) in
            text.char_indices().filter(|(at, character)| deleted[*at] && !character.is_whitespace())
        {
            let is_punctuation = !character.is_alphanumeric();
            let is_noise = labels.iter().any(|label| {
                label.file == file
                    && (matches!(label.label.as_str(), "remove" | "optional")
                        || is_punctuation && label.label == "repair")
                    && (label.start..label.end).contains(&at)
            });
            let before = &text[text.floor_char_boundary(at.saturating_sub(40))..at];
            assert!(is_noise, "{file}: {character:?} at byte {at} goes, after {before:?}");
        }
    }
}
