//! Broken tables and flattened structure: what the fixes make of them, seen by a parser that is not the program's own.

use std::sync::{Arc, LazyLock};

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};
use dechaff::config::Settings;
use dechaff::engine::Linter;
use dechaff::finding::Applicability;
use dechaff::fix;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, words};
use proptest::prelude::*;

fn linter(ignore: &[&str]) -> Linter {
    let registry = Registry::embedded().unwrap();
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let settings = Settings::new(&registry, &owned(&["MT"]), &[], &owned(ignore)).unwrap();
    Linter::new(&registry, &settings).unwrap()
}

/// The rules for tables.
static LINTER: LazyLock<Linter> = LazyLock::new(|| linter(&[]));
/// Those that take no words away.
static KEEPER: LazyLock<Linter> =
    LazyLock::new(|| linter(&["repeated-table-header", "cut-off-row", "table-without-data", "share-bar-table"]));

fn fixed(linter: &Linter, text: &str, most: Applicability) -> String {
    let document = Document::parse(Arc::new(Origin::file("a.txt")), text);
    fix::fix(linter, &document, most).unwrap().text
}

fn word_list(text: &str) -> Vec<&str> {
    words(text).map(|word| &text[word.range()]).collect()
}

/// Each table as comrak sees it: the text of its cells, row by row, the header first.
fn tables(text: &str) -> Vec<Vec<Vec<String>>> {
    let arena = Arena::new();
    let mut options = Options::default();
    options.extension.table = true;
    let root = parse_document(&arena, text, &options);
    let is_table = |node: &&AstNode<'_>| matches!(node.data.borrow().value, NodeValue::Table(_));
    root.descendants().filter(is_table).map(rows).collect()
}

fn rows<'a>(table: &'a AstNode<'a>) -> Vec<Vec<String>> {
    table.children().map(|row| row.children().map(cell_text).collect()).collect()
}

fn cell_text<'a>(cell: &'a AstNode<'a>) -> String {
    let texts = cell.descendants().map(|node| match &node.data.borrow().value {
        NodeValue::Text(text) => text.to_string(),
        NodeValue::Code(code) => code.literal.clone(),
        _ => String::new(),
    });
    texts.collect()
}

const SEEDS: [(&str, &str); 2] = [
    ("000", include_str!("../seeds/000_f959cded76acab99.txt")),
    ("003", include_str!("../seeds/003_da060c371bad79b4.txt")),
];

#[test]
fn the_tables_of_the_seeds_are_seen_whole() {
    let expected = [vec![4, 3, 3, 4], vec![3, 3, 3, 3]];
    for ((name, text), expected) in SEEDS.iter().zip(expected) {
        let fixed = fixed(&LINTER, text, Applicability::Safe);
        let tables = tables(&fixed);
        assert_eq!(tables.iter().map(|table| table.len() - 1).collect::<Vec<_>>(), expected, "{name}");
        for row in tables.iter().flatten() {
            assert!(row.iter().all(|cell| !cell.is_empty() && !cell.starts_with(['*', '-'])), "{row:?}");
            assert!(row.len() == tables[0][0].len() || *name == "003", "{row:?}");
        }
        assert_eq!(word_list(text), word_list(&fixed), "{name}");
    }
}

/// Lines that tables, and what looks like them, are made of.
fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "(\\| ?[a-c]{1,3} ?){1,4}\\|",
        2 => "(\\| ?[a-c]{1,3} ?\\| ?[a-c]{1,3} ?)\\|",
        2 => Just("|---|---|".to_owned()),
        1 => "\\|(:?-{1,3}:?\\|){1,3}",
        1 => "\\|([—–=]{1,3}\\|){1,3}",
        1 => Just("| |".to_owned()),
        1 => Just(String::new()),
        1 => "[A-Z]?[a-c ]{1,12}",
        1 => "[-*] [a-c ]{1,8}",
        1 => "[-*>] \\| [a-c] \\| [a-c] \\|",
        1 => "> [a-c]{1,3}",
        1 => " {1,5}\\| [a-c] \\| [a-c] \\|",
        1 => "[a-c] \\| [a-c]",
        1 => "\\| [a-c`$\\[]{1,3}[|`\\\\ ]{1,4}[a-c\\]`$]{1,3} \\| [a-c] \\|?",
        1 => "\\| [a-c]{1,3} \\| ?[a-c ]{0,5}",
        1 => Just("```".to_owned()),
        1 => "[|`$\\\\ \\-:*>ä—]{0,12}",
    ]
}

fn document() -> impl Strategy<Value = String> {
    let end = prop_oneof![12 => Just("\n"), 1 => Just("\r\n"), 2 => Just(" ")];
    prop::collection::vec((line(), end), 0..14)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn fixing_comes_to_rest(text in document()) {
        for most in [Applicability::Safe, Applicability::Unsafe] {
            let once = fixed(&LINTER, &text, most);
            prop_assert_eq!(&fixed(&LINTER, &once, most), &once);
        }
    }

    #[test]
    fn no_word_is_lost_or_moved(text in document()) {
        let fixed = fixed(&KEEPER, &text, Applicability::Unsafe);
        prop_assert_eq!(word_list(&text), word_list(&fixed), "{}", fixed);
    }

    #[test]
    fn any_text_can_be_read(text in "[|\\-: \n\\\\`a*>—]{0,80}|.{0,60}") {
        fixed(&LINTER, &text, Applicability::Unsafe);
    }
}
