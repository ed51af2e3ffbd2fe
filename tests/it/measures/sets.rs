//! Sets whose expected values are what the implementation returns for the page.

use std::fs;

use serde_json::Value;
use tempfile::TempDir;

use super::{assert_values, row, write};
use crate::command::{dechaff, stdout};

/// A page with something for every measure.
const PAGE: &str = "\
• OUR Lamps {new} cost 20 euros. See https://example.org/lamps?a=1 (or call us).
- We sell the lamp and the shade, with a bulb of your choice.
We sell the lamp and the shade, with a bulb of your choice.

The naïve CAFÉ is open! JavaScript, Lorem Ipsum… Have ½ a cup?
This site uses cookies
Episode 3. Of The Lamps And Shades And Bulbs And Wires And Plugs And Sockets.
3 likes
Read more...
";

/// The values are those of RedPajama-Data at commit 6d2cee9, which rounds them.
#[test]
fn redpajama_signals_match_the_reference() {
    let row = row(PAGE, &["--select", "redpajama-v2"]);
    let values = [
        ("words", 73.0),
        ("mean-word-length", 3.97260274),
        ("symbols-per-word", 0.02),
        ("bullet-lines", 0.11111111),
        ("top-2-gram", 0.04137931),
        ("top-3-gram", 0.06206897),
        ("top-4-gram", 0.08965517),
        ("repeated-5-grams", 0.31034483),
        ("repeated-10-grams", 0.31034483),
        ("ellipsis-lines", 0.11111111),
        ("punctuated-lines", 0.66666667),
        ("letterless-words", 0.28),
        ("capital-words", 0.02),
        ("different-words", 0.65753425),
        ("word-entropy", 3.67639718),
        ("sentences", 11.0),
        ("lines", 9.0),
        ("braces", 0.00514139),
        ("lorem-ipsum", 0.00276243),
        ("javascript-words", 1.0),
    ];
    assert_values(&row, "redpajama-v2", &values);
    assert_eq!(row["redpajama-v2"], Value::Null);
    // Without a list there is nothing to count.
    assert_eq!(row["redpajama-v2:stop-word-share"], Value::Null);
}

#[test]
fn redpajama_counts_stop_words_of_a_list() {
    let list = "rule.redpajama-v2={stop-words=[\"the\", \"and\"]}";
    let row = row("The cat and the dog.", &["--select", "redpajama-v2", "--config", list]);
    // The full stop is a word here, and "The" has a capital.
    assert_values(&row, "redpajama-v2", &[("stop-word-share", 0.33333333)]);
}

/// The values are those of datamap-rs at commit f771794.
#[test]
fn questionable_sentences_match_datamap() {
    let row = row(PAGE, &["--select", "madlad400@datamap"]);
    let values = [
        ("sentences", 9.0),
        ("questionable-sentences", 2.0 / 9.0),
        ("list-case", 1.0 / 9.0),
        ("marked", 1.0 / 9.0),
    ];
    assert_values(&row, "madlad400@datamap", &values);
    assert_eq!(row["madlad400@datamap"], "below-questionable-sentences");
}

#[test]
fn a_fifth_of_questionable_sentences_fails() {
    let sentence = "The ferry to the island leaves at seven in the morning. ";
    let page = |clean: usize| format!("{}Download it.", sentence.repeat(clean));
    let failed = |clean| row(&page(clean), &["--select", "QM009"])["madlad400@datamap"].clone();
    assert_eq!(failed(3), "min-sentences");
    assert_eq!(failed(4), "below-questionable-sentences");
    assert_eq!(failed(5), Value::Null);
}

/// The values are those of datamap-rs at commit f771794, which has them in single precision.
#[test]
fn dolma_3_page_rules_match_datamap() {
    let row = row(PAGE, &["--select", "gopher@datamap"]);
    let values = [
        ("repeated-lines", 0.0),
        ("top-2-gram", 20.0 / 290.0),
        ("top-3-gram", 24.0 / 290.0),
        ("top-4-gram", 32.0 / 290.0),
        ("repeated-5-grams", 90.0 / 290.0),
        ("repeated-10-grams", 90.0 / 290.0),
        // "3 likes" and "Read more...", of 76 words.
        ("words-in-left-out-lines", 4.0 / 76.0),
    ];
    assert_values(&row, "gopher@datamap", &values);
    assert_eq!(row["gopher@datamap"], "max-repeated-5-grams");
}

/// The values are those of NeMo Curator 1.4.0. Where several runs of words are equally frequent, it
/// takes any of them, so those measures are not compared here.
#[test]
fn heuristics_match_nemo_curator() {
    let row = row(PAGE, &["--select", "heuristics@nemo-curator"]);
    let values = [
        ("other-characters", 81.0 / 389.0),
        ("symbol-words", 0.0),
        ("digits", 5.0 / 389.0),
        ("url-characters", 29.0 / 389.0),
        ("space", 75.0 / 389.0),
        ("parentheses", 4.0 / 389.0),
        ("boilerplate-paragraphs", 1.0),
        ("repeated-lines", 0.0),
        ("repeated-paragraphs", 0.0),
        ("words", 74.0),
        ("unpunctuated-lines", 0.25),
        ("alphabetic-words", 68.0 / 74.0),
        ("stop-words", 10.0),
        ("mean-word-length", 314.0 / 74.0),
        ("longest-word", 29.0),
        ("ellipsis-lines", 0.125),
        ("repeated-5-grams", 59.0 / 389.0),
        ("repeated-10-grams", 59.0 / 389.0),
        ("bullet-lines", 0.125),
    ];
    assert_values(&row, "heuristics@nemo-curator", &values);
    assert_eq!(row["heuristics@nemo-curator"], "max-boilerplate-paragraphs");
}

#[test]
fn a_threshold_can_exclude_its_value() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", "One line only.\n");
    let run = |threshold: &str| {
        let setting = format!("rule.QM008={{min-words=0, {threshold}}}");
        let arguments = ["check", "page.txt", "--select", "QM008", "--config", &setting];
        stdout(&dechaff(folder.path(), &[&arguments[..], &["--output-format", "json"]].concat()))
    };
    assert_eq!(run("max-words=3").trim(), "[]");
    let found = run("below-words=3");
    assert!(found.contains("\"3 words; less than 3 required\""), "{found}");
    assert!(found.contains("`below-words = 3` in redpajama-v2"), "{found}");
}

#[test]
fn messages_use_the_singular_for_one() {
    let folder = TempDir::new().unwrap();
    write(folder.path(), "page.txt", "Harbour\n");
    let arguments = ["check", "page.txt", "--output-format", "concise", "--select"];
    let message = |rule| stdout(&dechaff(folder.path(), &[&arguments[..], &[rule]].concat()));
    assert!(message("QM003").contains("1 word; at least 50 required"), "{}", message("QM003"));
    let found = message("gopher-quality@datatrove");
    assert!(found.contains("1 word that is not only punctuation; at least 50 required"), "{found}");
}

/// A run that fixes writes the table before it changes anything.
#[test]
fn fixing_runs_measure_the_original_text() {
    let folder = TempDir::new().unwrap();
    let text = "The harbour opens at six in the morning.\n\nShare this:\n\nNobody was hurt.\n";
    write(folder.path(), "page.txt", text);
    let arguments = ["check", "page.txt", "--isolated", "-q", "--fix", "--unsafe-fixes"];
    let more = ["--extend-select", "QM003", "--measures", "rows.jsonl"];
    dechaff(folder.path(), &[&arguments[..], &more].concat());
    let fixed = fs::read_to_string(folder.path().join("page.txt")).unwrap();
    assert!(!fixed.contains("Share"), "{fixed}");
    let rows = super::json_rows(&folder.path().join("rows.jsonl"));
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["bytes"], text.len());
    assert_eq!(rows[0]["gopher@dolma-v2:words"], 13.0);
}
