//! Repairs of broken tables and flattened structure, checked with an independent parser.

use std::sync::{Arc, LazyLock};

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, parse_document};
use dechaff::config::Settings;
use dechaff::finding::Applicability;
use dechaff::fix;
use dechaff::linter::Linter;
use dechaff::rule::Registry;
use dechaff::text::{Document, Origin, words};
use proptest::prelude::*;

fn linter(select: &[&str], ignore: &[&str]) -> Linter {
    let registry = Registry::embedded().unwrap();
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let settings = Settings::new(&registry, &owned(select), &[], &owned(ignore)).unwrap();
    Linter::new(&registry, &settings).unwrap()
}

/// The rules for tables.
static LINTER: LazyLock<Linter> = LazyLock::new(|| linter(&["MT"], &[]));
/// The rules for headings, lists and inline markup.
static STRUCTURE: LazyLock<Linter> = LazyLock::new(|| linter(&["MS"], &[]));
/// The rules for tables whose fixes delete no words.
static KEEPER: LazyLock<Linter> = LazyLock::new(|| {
    linter(
        &["MT"],
        &["repeated-table-header", "cut-off-row", "table-without-data", "share-bar-table"],
    )
});

fn fixed(linter: &Linter, text: &str, most: Applicability) -> String {
    let document = Document::parse(Arc::new(Origin::file("a.txt")), text);
    fix::fix(linter, &document, most).unwrap().text
}

fn word_list(text: &str) -> Vec<&str> {
    words(text).map(|word| &text[word.range()]).collect()
}

/// Returns each table as comrak sees it: the text of its cells, row by row, starting with the
/// header.
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
    ("000", include_str!("../../seeds/000_f959cded76acab99.txt")),
    ("003", include_str!("../../seeds/003_da060c371bad79b4.txt")),
];

#[test]
fn seed_tables_are_parsed_whole_after_fixing() {
    let expected = [vec![4, 3, 3, 4], vec![3, 3, 3, 3]];
    for ((name, text), expected) in SEEDS.iter().zip(expected) {
        let fixed = fixed(&LINTER, text, Applicability::Safe);
        let tables = tables(&fixed);
        assert_eq!(
            tables.iter().map(|table| table.len() - 1).collect::<Vec<_>>(),
            expected,
            "{name}"
        );
        for row in tables.iter().flatten() {
            assert!(
                row.iter().all(|cell| !cell.is_empty() && !cell.starts_with(['*', '-'])),
                "{row:?}"
            );
            assert!(row.len() == tables[0][0].len() || *name == "003", "{row:?}");
        }
        assert_eq!(word_list(text), word_list(&fixed), "{name}");
    }
}

/// The titles in the table of contents of the fifth article.
const TITLES: [&str; 10] = [
    "A Deep-Rooted Enmity: The Historical Context",
    "The Imperative for Dialogue: Why Talks Matter Now",
    "Navigating the Diplomatic Labyrinth: Key Players and Processes",
    "The Role of Mediators and Envoys",
    "The Substance of Negotiations: Beyond the Nuclear Deal",
    "Internal Pressures: The Domestic Landscape of Iran",
    "External Influences: Regional Dynamics and Global Concerns",
    "Challenges and Obstacles on the Path to Peace",
    "Glimmers of Hope: Positive Signals and Future Prospects",
    "Conclusion: The Long Road Ahead",
];

#[test]
fn seed_headings_match_the_table_of_contents() {
    let text = include_str!("../../seeds/004_717946b0a72bbb5c.txt");
    let alone = fixed(&STRUCTURE, text, Applicability::Safe);
    assert_eq!(headings(&alone), TITLES);
    assert_eq!(word_list(text), word_list(&alone));
    // The rules that delete the table of contents run in the same round.
    let registry = Registry::embedded().unwrap();
    let all = Linter::new(&registry, &Settings::default()).unwrap();
    assert_eq!(headings(&fixed(&all, text, Applicability::Safe)), TITLES);
}

fn headings(text: &str) -> Vec<String> {
    let arena = Arena::new();
    let root = parse_document(&arena, text, &Options::default());
    let headings =
        root.descendants().filter(|node| matches!(node.data.borrow().value, NodeValue::Heading(_)));
    headings.map(cell_text).collect()
}

#[test]
fn repairs_defects_that_depend_on_each_other() {
    let repaired = |text: &str| {
        tables(&fixed(&LINTER, text, Applicability::Safe)).iter().map(Vec::len).collect::<Vec<_>>()
    };
    // Below a list, without a delimiter, and with text right below.
    assert_eq!(repaired("- item\n| a | b |\n| c | d |\n| e | f |\nText.\n"), [3]);
    // A delimiter of em dashes that is too short, a blank line inside, a short row and a wrapped
    // row.
    assert_eq!(
        repaired(
            "- item\n| a | b | c |\n|——|——|\n| d | e | f |\n\n| g | h | i |\n| j |\n| k | l\nm | n |\n"
        ),
        [5]
    );
    // Flattened below a list, with prose right after it.
    assert_eq!(repaired("- item\n| a | b | |---|---| | c | d | | e | f |\nText.\n"), [3]);
    // Two tables on one line of prose.
    assert_eq!(
        repaired("One: | a | b | |---|---| | c | d | Two: | e | f | |---|---| | g | h | End.\n"),
        [2, 2]
    );
    // In a quotation, and with CRLF line endings.
    assert_eq!(repaired("> - item\n> | a | b |\n> |---|---|\n> | c | d |\n> Text.\n"), [2]);
    assert_eq!(repaired("- item\r\n| a | b |\r\n| c | d |\r\nText.\r\n"), [2]);
}

/// Lines of tables, and lines that resemble them.
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

/// A table and what is broken in it.
#[derive(Debug, Clone)]
struct Broken {
    rows: Vec<Vec<String>>,
    delimiter: Delimiter,
    below_list: bool,
    above_text: bool,
    flattened: bool,
    /// For each data row, whether a blank line precedes it.
    gaps: Vec<bool>,
    /// The data row that is wrapped after the first word of its last cell.
    wrapped: Option<usize>,
    end: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Delimiter {
    Whole,
    Missing,
    Short,
    Signs,
}

impl Broken {
    fn text(&self) -> String {
        let line = |row: &Vec<String>| format!("| {} |", row.join(" | "));
        let columns = self.rows[0].len();
        let mut lines = vec![line(&self.rows[0])];
        match self.delimiter {
            Delimiter::Missing if !self.flattened => {}
            Delimiter::Short if !self.flattened => {
                lines.push("|".to_owned() + &"---|".repeat(columns - 1))
            }
            Delimiter::Signs if !self.flattened => {
                lines.push("|".to_owned() + &"———|".repeat(columns))
            }
            _ => lines.push("|".to_owned() + &"---|".repeat(columns)),
        }
        for (index, row) in self.rows.iter().enumerate().skip(1) {
            if self.gaps[index] && !self.flattened && index > 1 {
                lines.push(String::new());
            }
            let row = line(row);
            match row.rfind(' ').and_then(|last| row[..last].rfind(' ')) {
                Some(space)
                    if self.wrapped == Some(index)
                        && !self.flattened
                        && self.delimiter != Delimiter::Missing =>
                {
                    lines.push(row[..space].to_owned());
                    lines.push(row[space + 1..].to_owned());
                }
                _ => lines.push(row),
            }
        }
        let table = lines.join(if self.flattened { " " } else { self.end });
        let before = if self.below_list { format!("- An item{}", self.end) } else { String::new() };
        let after =
            if self.above_text { format!("{}Text goes on.", self.end) } else { String::new() };
        format!("{before}{table}{after}{}", self.end)
    }
}

fn broken() -> impl Strategy<Value = Broken> {
    let delimiter = prop_oneof![
        2 => Just(Delimiter::Whole), 1 => Just(Delimiter::Missing), 1 => Just(Delimiter::Short), 1 => Just(Delimiter::Signs)
    ];
    let rows = (2_usize..5, 3_usize..7).prop_flat_map(|(columns, rows)| {
        // Each cell has two words, and no two rows are alike.
        let cell = "[a-z]{2,5} [a-z]{1,4}";
        prop::collection::vec(prop::collection::vec(cell, columns), rows).prop_map(|rows| {
            rows.into_iter()
                .enumerate()
                .map(|(index, row)| numbered(index, row))
                .collect::<Vec<_>>()
        })
    });
    let end = prop_oneof![4 => Just("\n"), 1 => Just("\r\n")];
    (rows, delimiter, any::<[bool; 3]>(), any::<[bool; 8]>(), prop::option::of(1_usize..7), end)
        .prop_map(|(rows, delimiter, [below_list, above_text, flattened], gaps, wrapped, end)| {
            // Without a delimiter, only adjacent rows make a table.
            let gaps = if delimiter == Delimiter::Missing { vec![false; 8] } else { gaps.to_vec() };
            Broken { rows, delimiter, below_list, above_text, flattened, gaps, wrapped, end }
        })
}

fn numbered(index: usize, mut row: Vec<String>) -> Vec<String> {
    row[0] = format!("{} {index}", row[0]);
    row
}

/// Pieces of headings, lists, quotations and inline markup, run together.
fn structured() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[A-C][a-c]{1,4}( [A-Ca-c][a-c]{1,3}){0,3}[.:?]?",
        1 => "[a-c]{1,4}( [a-c]{1,4}){8,10}",
        2 => "#{1,4}",
        2 => "[*•>`]",
        1 => "[1-3]\\.",
        1 => "\\[A[a-c]{1,3}\\]\\(#?a[a-c]{1,3}\\)?",
        1 => "\\*\\*[a-c]{0,3}(\\*\\*)?",
        1 => "</?(b|br|div)( a=b)?/?>",
        1 => "&(amp|nbsp|lt|#39|amp;nbsp);",
        1 => "```(bash)?",
    ];
    let gap = prop_oneof![8 => Just(" "), 2 => Just("\n"), 1 => Just("\n\n"), 1 => Just("\r\n"), 1 => Just("")];
    prop::collection::vec((piece, gap), 0..16)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, gap)| piece + gap).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn repairs_a_broken_table(broken in broken()) {
        let text = broken.text();
        let repaired = fixed(&LINTER, &text, Applicability::Safe);
        prop_assert_eq!(tables(&repaired), [broken.rows], "{}\nbecame\n{}", text, repaired);
        prop_assert_eq!(word_list(&text), word_list(&repaired));
    }

    #[test]
    fn fixing_converges(text in document()) {
        for most in [Applicability::Safe, Applicability::Unsafe] {
            let once = fixed(&LINTER, &text, most);
            prop_assert_eq!(&fixed(&LINTER, &once, most), &once);
        }
    }

    #[test]
    fn fixes_keep_every_word_in_order(text in document()) {
        let fixed = fixed(&KEEPER, &text, Applicability::Unsafe);
        prop_assert_eq!(word_list(&text), word_list(&fixed), "{}", fixed);
    }

    #[test]
    fn accepts_any_text(text in "[|\\-: \n\\\\`a*>—]{0,80}|.{0,60}") {
        fixed(&LINTER, &text, Applicability::Unsafe);
    }

    #[test]
    fn structure_fixes_converge_and_keep_every_word(text in structured()) {
        let once = fixed(&STRUCTURE, &text, Applicability::Safe);
        prop_assert_eq!(&fixed(&STRUCTURE, &once, Applicability::Safe), &once);
        prop_assert_eq!(word_list(&text), word_list(&once));
        let most = fixed(&STRUCTURE, &text, Applicability::Unsafe);
        prop_assert_eq!(&fixed(&STRUCTURE, &most, Applicability::Unsafe), &most);
    }
}
