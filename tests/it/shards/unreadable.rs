//! Records and files that cannot be read.

use std::fs;

use tempfile::TempDir;

use super::{ROWS_PER_GROUP, corpus, dechaff, documents, gzip, record_line, stderr, write_parquet};

#[test]
fn json_that_is_not_json_lines_is_a_single_error_with_a_remedy() {
    let folder = TempDir::new().unwrap();
    let record = "{\"id\": 1, \"text\": \"Leave a Comment\"}";
    let array = format!("[\n  {record},\n  {record}\n]\n");
    fs::write(folder.path().join("array.json"), &array).unwrap();
    fs::write(folder.path().join("array.jsonl"), format!("[{record},{record}]")).unwrap();
    fs::write(folder.path().join("array.jsonl.gz"), gzip(&array)).unwrap();
    fs::write(
        folder.path().join("pretty.json"),
        "{\n  \"id\": 1,\n  \"text\": \"Leave a Comment\"\n}\n",
    )
    .unwrap();
    let array = "a JSON array, not JSON Lines, which has one object per line; convert it with";
    for (file, expected) in [
        ("array.json", format!("array.json: {array}: jq -c '.[]' array.json > array.jsonl")),
        (
            "array.jsonl",
            format!("array.jsonl: {array}: jq -c '.[]' array.jsonl > array-lines.jsonl"),
        ),
        (
            "array.jsonl.gz",
            format!("array.jsonl.gz: {array}: gzip -dc array.jsonl.gz | jq -c '.[]' > array.jsonl"),
        ),
        ("pretty.json", "pretty.json: pretty-printed JSON, not JSON Lines".to_owned()),
    ] {
        let output = dechaff(folder.path(), &["check", file, "--isolated"]);
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(stderr(&output).contains(&expected), "{file}: {}", stderr(&output));
        assert_eq!(stderr(&output).matches("error").count(), 1, "{file}: {}", stderr(&output));
        let report = String::from_utf8(output.stdout).unwrap();
        assert!(!report.contains("BP001"), "{report}");
    }
}

#[test]
fn unreadable_records_are_reported_counted_and_skipped() {
    let folder = TempDir::new().unwrap();
    let good = record_line(
        0,
        "The talks go on in Muscat next week, both sides said on Monday.\n\nLeave a Comment\n",
    );
    let long = record_line(9, &"x".repeat(5_000));
    let bad = "{\"text\": \"a\n{\"id\": 7, \"body\": \"a\"}\n{\"text\": null}\n{\"text\": 3}\n{\"text\": 4}\n{\"text\": 5}\n";
    fs::write(folder.path().join("a.jsonl"), format!("{good}{bad}{long}{good}")).unwrap();
    let packed = gzip(&good.repeat(200));
    fs::write(folder.path().join("b.jsonl.gz"), &packed[..packed.len() - 20]).unwrap();
    let check = |more: &[&str]| {
        let arguments = ["check", "a.jsonl", "b.jsonl.gz", "--select", "BP001"];
        dechaff(folder.path(), &[&arguments[..], more].concat())
    };
    let output = check(&["--max-record", "4KB", "--output-format", "concise"]);
    assert_eq!(output.status.code(), Some(2));
    let message = stderr(&output);
    for expected in [
        "a.jsonl: record 2: malformed JSON: ",
        "a.jsonl: record 3 (id \"7\"): no field `text`",
        "a.jsonl: record 4: the field `text` is null, not a string",
        "a.jsonl: record 5: the field `text` is a number, not a string",
        "a.jsonl: records 6 to 7: the field `text` is a number, not a string",
        "a.jsonl: record 8: larger than 4096 bytes; raise the limit with --max-record",
        "b.jsonl.gz: cannot be read past record ",
    ] {
        assert!(message.contains(expected), "{expected} is not in\n{message}");
    }
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(report.contains("a.jsonl: record 9 (id \"doc-0\"):3:1: BP001"), "{report}");
    assert!(report.contains("; 8 records could not be read"), "{report}");
    assert_eq!(check(&["--max-record", "4KB", "--skip-bad-records"]).status.code(), Some(1));

    // The truncated shard is unchanged. In the other, only the unreadable lines are.
    let before = fs::read(folder.path().join("b.jsonl.gz")).unwrap();
    let output = check(&["--fix"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("b.jsonl.gz: not changed, because a part of it cannot be read")
    );
    assert_eq!(fs::read(folder.path().join("b.jsonl.gz")).unwrap(), before);
    let fixed = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
    assert!(fixed.contains(bad) && fixed.contains(&long) && !fixed.contains("Leave"));
}

#[test]
fn corrupt_parquet_is_reported_and_never_overwritten() {
    let (folder, _) = corpus();
    let path = folder.path().join("shard.parquet");
    let whole = fs::read(&path).unwrap();
    let rows = documents().len();
    for round in 0..60_usize {
        let mut broken = whole.clone();
        // Anywhere, but mostly outside of the footer.
        let at = round * 7_919 * 31 % broken.len();
        let end = (at + 1 + round % 40).min(broken.len());
        for byte in &mut broken[at..end] {
            *byte = byte.wrapping_mul(31).wrapping_add(round as u8 + 1);
        }
        fs::write(&path, &broken).unwrap();
        let arguments =
            ["check", "shard.parquet", "--text-field", "doc.text", "--select", "BP001", "--fix"];
        let output = dechaff(folder.path(), &arguments);
        let code = output.status.code();
        assert!(matches!(code, Some(0..=2)), "round {round}: {code:?}: {}", stderr(&output));
        if code == Some(2) && fs::read(&path).unwrap() != broken {
            panic!("round {round}: a partly unreadable shard was overwritten");
        }
    }
    assert!(rows > ROWS_PER_GROUP);
    let other = TempDir::new().unwrap();
    write_parquet(&other.path().join("a.parquet"), &documents()[..2]);
    let output = dechaff(other.path(), &["check", "a.parquet"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output)
            .contains("no column `text` among `id`, `doc.text`, `doc.score`, `tags.list.element`; give --text-field")
    );
}

#[test]
fn other_json_in_a_directory_is_skipped() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.txt"), "The talks go on.\n").unwrap();
    fs::write(folder.path().join("notes.jsonl"), "{\"path\": \"a.txt\", \"removed\": \"x\"}\n")
        .unwrap();
    let output = dechaff(folder.path(), &["check", "."]);
    assert!(output.status.success());
    assert!(stderr(&output).contains("skipped notes.jsonl: no record has a field `text`"));
    assert_eq!(dechaff(folder.path(), &["check", "notes.jsonl"]).status.code(), Some(2));
}
