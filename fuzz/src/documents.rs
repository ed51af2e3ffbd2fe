//! Any text under all rules, with all their fixes.

use std::sync::{Arc, LazyLock};

use dechaff::corpus::{LogLine, LogLocation, OriginalText, log_entries, logged_files, restore};
use dechaff::finding::Applicability;
use dechaff::fix::{self, FixResult};
use dechaff::linter::Linter;
use dechaff::text::{Document, Origin, words};

use super::input::{self, Control};
use super::shared::{self, LINTER, OneText};

/// The rules for tables whose fixes delete no words.
static TABLE_RULES: LazyLock<Linter> = LazyLock::new(|| {
    shared::linter(
        &["MT"],
        &["repeated-table-header", "cut-off-row", "table-without-data", "share-bar-table"],
    )
});

/// Rules whose fixes create words: from an entity, a broken word or a ligature, or by separating a
/// glued mark or title.
const WORD_MAKERS: [&str; 5] = ["MS009", "EN002", "EN005", "SY007", "MS010"];

/// The first byte chooses between plain text and markdown, and between all fixes and safe ones; the
/// rest is the text.
pub fn run(input: &[u8]) {
    let (mut control, bytes) = Control::split(input, 1);
    let options = control.byte();
    let origin = Arc::new(Origin::file(if options & 1 == 0 { "page.txt" } else { "page.md" }));
    let most = if options & 2 == 0 { Applicability::Unsafe } else { Applicability::Safe };
    let text = input::text(bytes);
    let document = Document::parse(Arc::clone(&origin), &text);
    let texts = OneText(Arc::from(&*text));
    let compared =
        LINTER.compare([LINTER.sketch(&document)], &texts).expect("memory does not fail");
    shared::check_places(&document, &LINTER.lint(&document, compared));

    let fixed = fix(&LINTER, &document, most);
    check_changes(&text, &fixed);
    let fixed_document = Document::parse(Arc::clone(&origin), &fixed.text);
    assert_eq!(fix(&LINTER, &fixed_document, most).text, fixed.text, "fixing again changes more");
    let makes_words = WORD_MAKERS.iter().any(|code| fixed.applied.contains_key(*code));
    let (before, after) = (without_invisible(&text), without_invisible(&fixed.text));
    assert!(
        makes_words || is_subsequence(words_of(&after), words_of(&before)),
        "{after:?} has words that are new"
    );

    if text.contains('|') {
        let fixed = fix(&TABLE_RULES, &document, most).text;
        assert!(words_of(&text).eq(words_of(&fixed)), "{fixed:?} lacks words of a table");
    }
}

pub fn seeds() -> Vec<Vec<u8>> {
    let options = [b"0", b"1", b"2", b"3"].into_iter().cycle();
    shared::examples()
        .iter()
        .zip(options)
        .map(|(text, options)| [options, text.as_bytes()].concat())
        .collect()
}

fn fix(linter: &Linter, document: &Document<'_>, most: Applicability) -> FixResult {
    fix::fix(linter, document, most).expect("fixing comes to rest")
}

/// Checks that the changes lead from one text to the other, and back through the undo log.
fn check_changes(text: &str, fixed: &FixResult) {
    assert_eq!(input::changed(text, &fixed.changes), fixed.text);
    let place = LogLocation { base: "/", path: "page", record: None };
    let entries = log_entries(place, OriginalText { text, raw: &[] }, &fixed.text, &fixed.changes);
    let files =
        logged_files(entries.into_iter().map(|entry| LogLine::Entry(Box::new(entry))).collect());
    let steps = files.into_values().flat_map(|file| file.documents.into_values()).next();
    let restored = steps.map_or_else(
        || text.to_owned(),
        |steps| restore(&fixed.text, &steps, |_| true).expect("the undo log leads back").text,
    );
    assert_eq!(restored, text);
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    words(text).map(|word| &text[word.range()])
}

/// `text` without the characters that EN003 and EN004 remove from within words.
fn without_invisible(text: &str) -> String {
    let is_invisible = |character: &char| {
        matches!(
            character,
            '\u{ad}' | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}'
        )
    };
    text.chars().filter(|character| !is_invisible(character)).collect()
}

fn is_subsequence<'t>(
    mut part: impl Iterator<Item = &'t str>,
    mut whole: impl Iterator<Item = &'t str>,
) -> bool {
    part.all(|word| whole.any(|other| other == word))
}
