//! `--documents` and `--drop-verdict`: one row per document with a verdict, and copies without the
//! documents that are dropped.

mod near_copies;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Output};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

const NOISE: &str =
    "Leave a Comment\n\nShare this:\n\nRelated Posts\n\nSubscribe to our newsletter\n";

fn dechaff(folder: &Path, arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code().is_some_and(|code| code < 2), "{arguments:?}: {stderr}");
    output
}

/// Returns the rows of a JSON Lines file by path, or by ID for records.
fn rows(path: &Path) -> BTreeMap<String, Value> {
    let text = fs::read_to_string(path).unwrap();
    let all: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let key =
        |row: &Value| row["record_id"].as_str().unwrap_or(row["path"].as_str().unwrap()).to_owned();
    let by_key: BTreeMap<_, _> = all.iter().map(|row| (key(row), row.clone())).collect();
    assert_eq!(by_key.len(), all.len(), "one row per document");
    by_key
}

/// Returns a value of a Parquet file as JSON.
fn json(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Str(text) => text.as_str().into(),
        Field::Long(number) => (*number).into(),
        Field::Double(number) => (*number).into(),
        Field::MapInternal(map) => {
            let entries = map
                .entries()
                .iter()
                .map(|(key, value)| (json(key).as_str().unwrap().to_owned(), json(value)));
            Value::Object(entries.collect())
        }
        other => panic!("no such column: {other}"),
    }
}

fn verdicts(path: &Path) -> BTreeMap<String, String> {
    rows(path)
        .into_iter()
        .map(|(key, row)| (key, row["verdict"].as_str().unwrap().to_owned()))
        .collect()
}

/// Returns a sentence that is different for each seed.
fn prose(seed: &str) -> String {
    const WORDS: [&str; 16] = [
        "river", "council", "market", "school", "harbour", "winter", "report", "engine", "garden",
        "village", "museum", "budget", "bridge", "orchard", "ferry", "library",
    ];
    let digest = Sha256::digest(seed);
    let words: Vec<&str> =
        digest.iter().map(|byte| WORDS[usize::from(*byte) % WORDS.len()]).collect();
    format!("The {} opened.", words.join(" and the "))
}

/// Returns three paragraphs that are different for each seed.
fn article(seed: &str) -> String {
    let paragraphs: Vec<String> = (0..3).map(|part| prose(&format!("{seed} {part}"))).collect();
    format!("{}\n", paragraphs.join("\n\n"))
}

/// Texts by ID, in order, with the verdict that each must get.
fn planted() -> Vec<(String, String, &'static str)> {
    let mut all = Vec::new();
    for number in 0..20 {
        let text = article(&number.to_string());
        all.push((format!("clean-{number:02}"), text.clone(), "keep"));
        all.push((format!("copy-{number:02}"), text.replace('\n', "\r\n"), "drop"));
        all.push((format!("footer-{number:02}"), format!("{text}\n{NOISE}"), "drop"));
        let own = article(&format!("own {number}"));
        all.push((format!("share-{number:02}"), format!("{own}\nLeave a Comment\n"), "fix"));
    }
    all.push(("noise".into(), NOISE.into(), "drop"));
    all.push(("blank".into(), " \n".into(), "drop"));
    // The same list twice: nothing in it is compared, but the second is a copy all the same.
    all.push(("list".into(), "red\n\ngreen\n\nblue\n".into(), "keep"));
    all.push(("list-copy".into(), "red\n\ngreen\n\nblue\n".into(), "drop"));
    all
}

fn write_planted(folder: &Path) -> HashMap<String, &'static str> {
    let mut lines = String::new();
    let mut expected = HashMap::new();
    for (id, text, verdict) in planted() {
        lines.push_str(&serde_json::json!({"id": id, "text": text}).to_string());
        lines.push('\n');
        expected.insert(id, verdict);
    }
    fs::write(folder.join("a.jsonl"), lines).unwrap();
    expected
}

#[test]
fn planted_documents_get_their_verdicts() {
    let folder = TempDir::new().unwrap();
    let expected = write_planted(folder.path());
    dechaff(folder.path(), &["check", "a.jsonl", "-q", "--documents", "rows.jsonl"]);
    let rows = rows(&folder.path().join("rows.jsonl"));
    assert_eq!(rows.len(), expected.len());
    for (id, row) in &rows {
        assert_eq!(row["verdict"], expected[id], "{id}: {row:#}");
    }
    let copy = &rows["copy-03"];
    assert_eq!(copy["reason"], "it is a copy of a.jsonl: record 13 (id \"clean-03\")");
    assert_eq!(
        (&copy["nearest_record_id"], &copy["nearest_share"]),
        (&"clean-03".into(), &1.0.into())
    );
    assert_eq!(copy["unique_share"], 0.0);
    assert_eq!(rows["noise"]["threshold"], "drop-share = 0.9");
    assert_eq!(rows["blank"]["threshold"], "min-words = 1");
    assert_eq!(rows["footer-03"]["findings_by_rule"]["BP001"], 1);
    assert_eq!(rows["clean-03"]["threshold"], Value::Null);
}

#[test]
fn rows_do_not_depend_on_threads_or_baseline() {
    let folder = TempDir::new().unwrap();
    write_planted(folder.path());
    let run = |name: &str, arguments: &[&str]| {
        dechaff(
            folder.path(),
            &[&["check", "a.jsonl", "-q", "--documents", name], arguments].concat(),
        );
        fs::read_to_string(folder.path().join(name)).unwrap()
    };
    let one = run("one.jsonl", &["--jobs", "1"]);
    assert_eq!(run("four.jsonl", &["--jobs", "4"]), one);
    dechaff(folder.path(), &["check", "a.jsonl", "-q", "--write-baseline", "baseline.json"]);
    assert_eq!(run("known.jsonl", &["--baseline", "baseline.json"]), one);
    // The rows describe the documents before they are fixed.
    assert_eq!(run("fixed.jsonl", &["--output-dir", "clean"]), one);
}

#[test]
fn csv_and_parquet_have_the_same_rows() {
    let folder = TempDir::new().unwrap();
    write_planted(folder.path());
    for name in ["rows.jsonl", "rows.csv", "rows.parquet"] {
        dechaff(folder.path(), &["check", "a.jsonl", "-q", "--documents", name]);
    }
    let expected = rows(&folder.path().join("rows.jsonl"));
    let reader =
        SerializedFileReader::new(File::open(folder.path().join("rows.parquet")).unwrap()).unwrap();
    let mut count = 0;
    for row in reader.get_row_iter(None).unwrap() {
        let row = row.unwrap();
        let values: BTreeMap<&String, Value> =
            row.get_column_iter().map(|(name, field)| (name, json(field))).collect();
        let id = values[&"record_id".to_owned()].as_str().unwrap();
        for (name, value) in expected[id].as_object().unwrap() {
            let is_equal = match value.as_f64() {
                Some(number) => values[name].as_f64() == Some(number),
                None => values[name] == *value,
            };
            assert!(is_equal, "{id} {name}: {} instead of {value}", values[name]);
        }
        count += 1;
    }
    assert_eq!(count, expected.len());
    let csv = fs::read_to_string(folder.path().join("rows.csv")).unwrap();
    let (header, lines) = csv.split_once('\n').unwrap();
    assert!(header.starts_with("path,record_index,record_id,words,bytes,page_kind,"));
    assert_eq!(lines.lines().count(), expected.len());
    let reason = "\"it is a copy of a.jsonl: record 13 (id \"\"clean-03\"\")\"";
    assert!(lines.contains(reason), "{lines}");
}

#[test]
fn dropped_records_are_left_out_of_copies_and_can_be_restored() {
    let folder = TempDir::new().unwrap();
    let expected = write_planted(folder.path());
    let original = fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
    let run = ["check", "a.jsonl", "--output-dir", "clean", "--drop-verdict", "drop"];
    let keep = ["--keep-dropped", "--undo-log", "undo.jsonl", "--documents", "rows.jsonl"];
    let output = dechaff(folder.path(), &[&run[..], &keep].concat());
    let stdout = String::from_utf8(output.stdout).unwrap();
    let dropped = expected.values().filter(|verdict| **verdict == "drop").count();
    assert!(stdout.contains(&format!("; {dropped} documents left out by verdict")), "{stdout}");

    let copy = folder.path().join("clean/a.jsonl");
    let text = fs::read_to_string(&copy).unwrap();
    let records: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&str> = records.iter().map(|record| record["id"].as_str().unwrap()).collect();
    let staying =
        planted().into_iter().filter(|(.., verdict)| *verdict != "drop").map(|(id, ..)| id);
    assert_eq!(ids, staying.collect::<Vec<_>>());
    assert_eq!(fs::read_to_string(folder.path().join("a.jsonl")).unwrap(), original);

    // Nothing is dropped from the remaining documents.
    dechaff(folder.path(), &["check", "clean", "-q", "--documents", "again.jsonl"]);
    assert!(verdicts(&folder.path().join("again.jsonl")).values().all(|verdict| verdict == "keep"));

    dechaff(folder.path(), &["undo", "undo.jsonl"]);
    assert_eq!(fs::read_to_string(&copy).unwrap(), original);
}

#[test]
fn dropped_files_are_not_copied() {
    let folder = TempDir::new().unwrap();
    let corpus = folder.path().join("corpus");
    fs::create_dir(&corpus).unwrap();
    fs::write(corpus.join("a.txt"), article("a")).unwrap();
    fs::write(corpus.join("b.txt"), article("a")).unwrap();
    fs::write(corpus.join("c.txt"), NOISE).unwrap();
    let run = ["check", "corpus", "--output-dir", "clean", "--drop-verdict", "drop"];
    dechaff(folder.path(), &run);
    let names = || -> Vec<String> {
        let entries = fs::read_dir(folder.path().join("clean")).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with('.'))
            .collect()
    };
    assert_eq!(names(), ["a.txt"]);

    // A copy from an earlier run is reported.
    fs::write(folder.path().join("clean/b.txt"), "old").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_dechaff"))
        .current_dir(folder.path())
        .args(run)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("corpus/b.txt: left out, but a copy from an earlier run exists")
    );
}

/// A passage must not be removed from one document because another has it, and then be dropped with
/// that one.
#[test]
fn no_passage_is_lost_between_dropping_and_fixing() {
    let folder = TempDir::new().unwrap();
    let shared = prose("shared");
    // Nine tenths of the first document are noise; the second has only what the first adds to that.
    let noise = NOISE.repeat(120);
    let texts = [("noisy", format!("{noise}\n{shared}\n")), ("short", format!("{shared}\n"))];
    let lines: Vec<String> = texts
        .iter()
        .map(|(id, text)| serde_json::json!({"id": id, "text": text}).to_string() + "\n")
        .collect();
    fs::write(folder.path().join("a.jsonl"), lines.concat()).unwrap();
    let run =
        ["check", "a.jsonl", "--output-dir", "clean", "--drop-verdict", "drop", "--unsafe-fixes"];
    dechaff(
        folder.path(),
        &[&run[..], &["--max-removed", "1", "--documents", "rows.jsonl", "-q"]].concat(),
    );
    assert_eq!(verdicts(&folder.path().join("rows.jsonl"))["noisy"], "drop");
    let copy = fs::read_to_string(folder.path().join("clean/a.jsonl")).unwrap();
    assert!(copy.contains(&shared), "{copy}");
}

#[test]
fn contradicting_arguments_are_errors() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.txt"), article("a")).unwrap();
    let message = |arguments: &[&str]| {
        let run = [&["check", "a.txt"], arguments].concat();
        let output = Command::new(env!("CARGO_BIN_EXE_dechaff"))
            .current_dir(folder.path())
            .args(run)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(
        message(&["--documents", "rows.txt"])
            .contains("the extension must be .jsonl, .csv or .parquet")
    );
    assert!(message(&["--documents", "a.txt"]).contains("the output file is also an input"));
    let same =
        ["--documents", "x.jsonl", "--output-format", "json-lines", "--output-file", "x.jsonl"];
    assert!(message(&same).contains("--documents and --output-file are the same file"));
    assert!(message(&["--drop-verdict", "drop"]).contains("--output-dir"));
    let keep = ["--output-dir", "clean", "--keep-dropped", "--undo-log", "undo.jsonl"];
    assert!(
        message(&keep)
            .contains("--keep-dropped has no effect without --drop-empty or --drop-verdict")
    );
    assert!(
        message(&["--config", "documents.drop-share = 2"])
            .contains("`drop-share` is a share of words")
    );
}

#[test]
fn thresholds_are_configurable() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.txt"), format!("{}\n{NOISE}", article("a"))).unwrap();
    let verdict = |setting: &str| {
        dechaff(
            folder.path(),
            &["check", "a.txt", "-q", "--config", setting, "--documents", "rows.jsonl"],
        );
        let row = rows(&folder.path().join("rows.jsonl")).remove("a.txt").unwrap();
        (row["verdict"].as_str().unwrap().to_owned(), row["threshold"].clone())
    };
    assert_eq!(verdict("documents.drop-share = 0.9").0, "fix");
    assert_eq!(verdict("documents.drop-share = 0.02"), ("drop".into(), "drop-share = 0.02".into()));
    assert_eq!(verdict("documents.min-words = 5000"), ("drop".into(), "min-words = 5000".into()));
    assert_eq!(verdict("max-removed = 0.01"), ("review".into(), "max-removed = 0.01".into()));
}

fn write_records(folder: &Path, texts: &[(&str, String)]) {
    let lines = texts
        .iter()
        .map(|(id, text)| serde_json::json!({"id": id, "text": text}).to_string() + "\n");
    fs::write(folder.join("a.jsonl"), lines.collect::<String>()).unwrap();
}

#[test]
fn all_documents_can_be_dropped() {
    let folder = TempDir::new().unwrap();
    write_records(folder.path(), &[("1", NOISE.into()), ("2", NOISE.into()), ("3", " \n".into())]);
    fs::write(folder.path().join("b.txt"), NOISE).unwrap();
    let original = fs::read(folder.path().join("a.jsonl")).unwrap();
    let run = [
        "check",
        "a.jsonl",
        "b.txt",
        "--output-dir",
        "clean",
        "--drop-verdict",
        "drop",
        "--undo-log",
        "undo.jsonl",
    ];
    let output = dechaff(folder.path(), &[&run[..], &["--keep-dropped"]].concat());
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("4 documents left out by verdict"), "{stdout}");
    assert_eq!(fs::read(folder.path().join("clean/a.jsonl")).unwrap(), b"");
    assert!(!folder.path().join("clean/b.txt").exists());
    dechaff(folder.path(), &["undo", "undo.jsonl"]);
    assert_eq!(fs::read(folder.path().join("clean/a.jsonl")).unwrap(), original);
}

#[test]
fn standard_input_has_rows_too() {
    use std::io::Write as _;
    use std::process::Stdio;
    let folder = TempDir::new().unwrap();
    let run = |arguments: &[&str], input: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_dechaff"));
        command
            .current_dir(folder.path())
            .args(["check", "-", "-q", "--documents", "rows.jsonl"])
            .args(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.code().is_some_and(|code| code < 2));
        (rows(&folder.path().join("rows.jsonl")), String::from_utf8(output.stdout).unwrap())
    };
    let text = format!("{}\nLeave a Comment\n", article("a"));
    assert_eq!(run(&[], &text).0["-"]["verdict"], "fix");
    let (rows, fixed) = run(&["--fix", "--stdin-filename", "page.txt"], &text);
    assert_eq!((&rows["page.txt"]["verdict"], fixed), (&"fix".into(), article("a")));
    let records: String = ["1", "2"]
        .iter()
        .map(|id| serde_json::json!({"id": id, "text": text}).to_string() + "\n")
        .collect();
    let (rows, _) = run(&["--format", "jsonl"], &records);
    assert_eq!((&rows["1"]["verdict"], &rows["2"]["verdict"]), (&"fix".into(), &"drop".into()));
}
