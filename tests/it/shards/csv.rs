//! CSV and TSV: findings and fixes as in other formats, every other byte kept, and malformed rows.

use std::fs;
use std::path::Path;

use dechaff::corpus::Codec;
use tempfile::TempDir;

use super::codecs::compress;
use super::{corpus, findings, texts_of};
use crate::command::{dechaff, stderr};

/// Writes a text in quotes if it needs them, and every third one in any case.
fn field(text: &str, index: usize, delimiter: char) -> String {
    if index.is_multiple_of(3) || text.contains(['"', '\n', '\r', delimiter]) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// Writes fields between others, with a byte order mark and blank lines.
fn rows_of(fields: impl Iterator<Item = String>, delimiter: char, line_end: &str) -> String {
    let mut rows = format!("\u{FEFF}id{delimiter}\"text\"{delimiter}n{line_end}");
    for (index, text) in fields.enumerate() {
        let blank = if index % 7 == 6 { line_end } else { "" };
        rows.push_str(&format!(
            "doc-{index}{delimiter}{text}{delimiter}\"a {delimiter} \"\"b\"\"\"{line_end}{blank}"
        ));
    }
    rows.push_str(line_end);
    rows
}

fn rows(texts: &[String], delimiter: char, line_end: &str) -> String {
    let fields = texts.iter().enumerate().map(|(index, text)| field(text, index, delimiter));
    rows_of(fields, delimiter, line_end)
}

#[test]
fn findings_and_fixes_are_the_same_in_csv() {
    let (folder, texts) = corpus();
    let path = |name: &str| folder.path().join(name);
    let loose = findings(folder.path(), &["loose"]);
    let fix = ["--fix-only", "--unsafe-fixes", "--max-removed", "1", "-q", "--undo-log"];
    let fix = |name: &str, log: &str| {
        let output = dechaff(folder.path(), &[&["check", name], &fix[..], &[log]].concat());
        assert!(output.status.success(), "{name}: {}", stderr(&output));
    };
    fix("shard.jsonl", "jsonl.undo");
    let fixed = texts_of(&fs::read_to_string(path("shard.jsonl")).unwrap());
    for (name, delimiter, line_end) in
        [("a.csv", ',', "\n"), ("b.csv", ',', "\r\n"), ("c.tsv", '\t', "\n")]
    {
        let before = rows(&texts, delimiter, line_end);
        fs::write(path(name), &before).unwrap();
        let found = findings(folder.path(), &[name, "--memory", "64KB"]);
        assert!(found == loose, "{name}: {} findings, not {}", found.len(), loose.len());
        fix(name, "csv.undo");
        // Everything but the text has the same bytes.
        let after = fs::read_to_string(path(name)).unwrap();
        assert!(after == expected(&texts, &fixed, delimiter, line_end), "{name}");
        let undone = dechaff(folder.path(), &["undo", "csv.undo"]);
        assert!(undone.status.success(), "{}", stderr(&undone));
        assert!(fs::read_to_string(path(name)).unwrap() == before, "{name}");
        fs::remove_file(path("csv.undo")).unwrap();
    }
    let csv = rows(&texts, ',', "\n");
    compress(&path("d.csv.lz4"), Codec::Lz4, csv.as_bytes());
    assert!(findings(folder.path(), &["d.csv.lz4"]) == loose);
}

/// Returns the rows with fixed texts. A field keeps its quotes after a fix that makes them
/// unnecessary.
fn expected(before: &[String], after: &[String], delimiter: char, line_end: &str) -> String {
    let field = |index: usize| {
        let (was, is) = (&before[index], &after[index]);
        let was_quoted = field(was, index, delimiter).starts_with('"');
        if was_quoted {
            format!("\"{}\"", is.replace('"', "\"\""))
        } else {
            field(is, 1, delimiter)
        }
    };
    rows_of((0..before.len()).map(field), delimiter, line_end)
}

#[test]
fn malformed_rows_are_reported_and_kept() {
    let folder = TempDir::new().unwrap();
    let bad = "3,too,many,fields\n4\n5,\"text\" after quotes\n";
    let huge = format!("6,\"{}\"\n", "x\n".repeat(5_000));
    let good = "The boats go out at dawn.\n\nLeave a Comment";
    let text = format!("id,text\n1,5\" disks\n2,\"{good}\"\n{bad}{huge}7,\"{good}\"\n");
    fs::write(folder.path().join("a.csv"), &text).unwrap();
    let check = |more: &[&str]| {
        let arguments = ["check", "a.csv", "--select", "BP001", "--output-format", "concise"];
        dechaff(folder.path(), &[&arguments[..], more].concat())
    };
    let output = check(&["--max-record", "4KB"]);
    assert_eq!(output.status.code(), Some(2));
    for expected in [
        "a.csv: record 3 (id \"3\"): it has 4 fields but the header has 2; is a quote missing?",
        "a.csv: record 4 (id \"4\"): it has 1 field but the header has 2; is a quote missing?",
        "a.csv: record 5 (id \"5\"): the column `text` begins with a quote that is not closed",
        "a.csv: record 6: larger than 4096 bytes; raise the limit with --max-record",
    ] {
        assert!(stderr(&output).contains(expected), "{expected} is not in\n{}", stderr(&output));
    }
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("a.csv: record 2 (id \"2\"):3:1: BP001"), "{report}");
    assert!(report.contains("a.csv: record 7 (id \"7\"):3:1: BP001"), "{report}");
    // Only the texts that are fixed change.
    assert_eq!(check(&["--fix", "--skip-bad-records"]).status.code(), Some(0));
    let fixed = fs::read_to_string(folder.path().join("a.csv")).unwrap();
    assert_eq!(fixed, text.replace("\n\nLeave a Comment", ""));
    // A quote that is never closed takes the rest of the file with it.
    fs::write(folder.path().join("a.csv"), "id,text\n1,\"one\n2,two\n3,three\n").unwrap();
    assert!(stderr(&check(&[])).contains("a.csv: record 1 (id \"1\"): the column `text` begins"));
}

#[test]
fn a_table_without_a_text_column_is_skipped_or_an_error() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.csv"), "id,\"my body\"\n1,Leave a Comment\n").unwrap();
    fs::write(folder.path().join("b.txt"), "The boats go out at dawn.\n").unwrap();
    let output = dechaff(folder.path(), &["check", "."]);
    assert_eq!(output.status.code(), Some(0));
    let expected = "skipped a.csv: no column `text` among `id`, `my body`; give --text-field";
    assert!(stderr(&output).contains(expected), "{}", stderr(&output));
    let output = dechaff(folder.path(), &["check", "a.csv"]);
    assert_eq!(output.status.code(), Some(2));
    let output = dechaff(folder.path(), &["check", "a.csv", "--text-field", "my body"]);
    assert_eq!(output.status.code(), Some(1));
    fs::write(folder.path().join("empty.csv"), "").unwrap();
    fs::write(folder.path().join("header.csv"), "text\n").unwrap();
    let output = dechaff(folder.path(), &["check", "b.txt", "empty.csv", "header.csv"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn dropped_rows_are_restored() {
    let folder = TempDir::new().unwrap();
    let before = "text,id\n\"Leave a Comment\",1\n\nThe boats go out at dawn.,2\n";
    fs::write(folder.path().join("a.csv"), before).unwrap();
    let arguments = [
        "check",
        "a.csv",
        "--output-dir",
        "out",
        "--select",
        "BP001",
        "--max-removed",
        "1",
        "--drop-empty",
        "--keep-dropped",
        "--undo-log",
        "undo.jsonl",
        "-q",
    ];
    assert!(dechaff(folder.path(), &arguments).status.success());
    let read = |path: &str| fs::read_to_string(folder.path().join(Path::new(path))).unwrap();
    assert_eq!(read("out/a.csv"), "text,id\n\nThe boats go out at dawn.,2\n");
    let undone = dechaff(folder.path(), &["undo", "undo.jsonl"]);
    assert!(undone.status.success(), "{}", stderr(&undone));
    assert_eq!(read("out/a.csv"), before);
}
